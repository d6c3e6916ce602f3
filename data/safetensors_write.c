/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "data/safetensors.h"
#include "data/whole.h"

enum { length_bytes = 8, align_bytes = 8 };

static uint64_t width(enum data_safetensors_type type)
{
    return data_safetensors_bytes(&(struct data_safetensors_tensor) { .type = type });
}

/* Widest type first, then as given. */
static int is_before(const struct data_safetensors_tensor *tensors, size_t a, size_t b)
{
    uint64_t x = width(tensors[a].type), y = width(tensors[b].type);
    return x != y ? x > y : a < b;
}

static void sort(const struct data_safetensors_tensor *tensors, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t j = i;
        for (; j > 0 && is_before(tensors, i, order[j - 1]); j--) {
            order[j] = order[j - 1];
        }
        order[j] = i;
    }
}

/* 0: taken. A name that is there already, or is no UTF-8, is refused by the caller. */
static int put_tensor(json_t *root, const struct data_safetensors_tensor *tensor, uint64_t begin)
{
    uint64_t end = begin + data_safetensors_bytes(tensor);
    json_t *shape = json_array();
    for (uint32_t i = 0; i < tensor->rank; i++) {
        (void)json_array_append_new(shape, json_integer((json_int_t)tensor->dims[i]));
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype",
        data_safetensors_type_name(tensor->type), "shape", shape, "data_offsets",
        (json_int_t)begin, (json_int_t)end);
    if (json_object_get(root, tensor->name) != NULL) {
        json_decref(entry);
        return -1;
    }
    return json_object_set_new(root, tensor->name, entry);
}

static enum hb_status put_texts(const char *path, json_t *root,
    const struct data_safetensors_pair *texts, size_t count, struct data_problem *problem)
{
    json_t *metadata = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *text = json_string(texts[i].text);
        if (json_object_set_new(metadata, texts[i].key, text) != 0) {
            json_decref(metadata);
            return data_problem_set(problem, HB_ERR_RANGE,
                "%s: metadata %s: found no UTF-8: expected a text", path, texts[i].key);
        }
    }
    return json_object_set_new(root, "__metadata__", metadata) == 0 ? HB_OK : HB_ERR_MEMORY;
}

static enum hb_status make_header(const char *path, const struct data_safetensors_tensor *tensors,
    const size_t *order, size_t count, json_t *root, struct data_problem *problem)
{
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const struct data_safetensors_tensor *tensor = &tensors[order[i]];
        if (put_tensor(root, tensor, at) != 0) {
            return data_problem_set(problem, HB_ERR_RANGE,
                "%s: found a tensor name that is there twice or no UTF-8: expected others", path);
        }
        at += data_safetensors_bytes(tensor);
    }
    return HB_OK;
}

/* The header's text, filled up with blanks so that values begin at a multiple of 8; NULL:
 * no memory. */
static char *padded(json_t *root, size_t *length)
{
    char *text = json_dumps(root, JSON_COMPACT);
    if (text == NULL) {
        return NULL;
    }
    size_t bare = strlen(text);
    *length = (bare + align_bytes - 1) / align_bytes * align_bytes;
    char *filled = malloc(*length + 1);
    if (filled != NULL) {
        memcpy(filled, text, bare);
        memset(filled + bare, ' ', *length - bare);
        filled[*length] = '\0';
    }
    free(text);
    return filled;
}

static enum hb_status write_file(const char *path, const struct data_safetensors_tensor *tensors,
    const size_t *order, size_t count, json_t *root, struct data_problem *problem)
{
    size_t length = 0;
    uint8_t prefix[length_bytes];
    char *header = padded(root, &length);
    struct data_whole_part *parts = calloc(count + 2, sizeof *parts);
    enum hb_status status = header == NULL || parts == NULL ? HB_ERR_MEMORY : HB_OK;
    if (status == HB_OK) {
        for (int i = 0; i < length_bytes; i++) {
            prefix[i] = (uint8_t)((uint64_t)length >> (8 * i));
        }
        parts[0] = (struct data_whole_part) { prefix, sizeof prefix };
        parts[1] = (struct data_whole_part) { header, length };
        for (size_t i = 0; i < count; i++) {
            const struct data_safetensors_tensor *tensor = &tensors[order[i]];
            parts[i + 2] = (struct data_whole_part) { tensor->values,
                (size_t)data_safetensors_bytes(tensor) };
        }
        status = data_whole_write(path, DATA_PART_PUBLIC, parts, count + 2, problem);
    }
    free(parts);
    free(header);
    return status;
}

enum hb_status data_safetensors_write(const char *path,
    const struct data_safetensors_tensor *tensors, size_t count,
    const struct data_safetensors_pair *texts, size_t text_count, struct data_problem *problem)
{
    json_t *root = json_object();
    size_t *order = calloc(count + 1, sizeof *order);
    enum hb_status status = root == NULL || order == NULL
        ? data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path)
        : put_texts(path, root, texts, text_count, problem);
    if (status == HB_OK) {
        sort(tensors, count, order);
        status = make_header(path, tensors, order, count, root, problem);
    }
    if (status == HB_OK) {
        status = write_file(path, tensors, order, count, root, problem);
    }
    free(order);
    json_decref(root);
    return status;
}
