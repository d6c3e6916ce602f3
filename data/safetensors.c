/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/safetensors.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "data/whole.h"

static const char metadata_name[] = "__metadata__";
static const size_t file_bytes_max = (size_t)1 << 34;
enum { length_bytes = 8, type_name_bytes = 24 };

static const struct {
    const char *name;
    uint64_t bytes;
} types[] = {
#define X(name, bytes) { #name, bytes },
    DATA_SAFETENSORS_TYPE_LIST(X)
#undef X
};

struct data_safetensors {
    const char *path;
    uint8_t *own; /* the bytes, if they are the file's own */
    const uint8_t *values;
    uint64_t value_bytes;
    json_t *root;
    struct data_safetensors_tensor *tensors;
    size_t count;
};

/* Sentences about a file that is being read. */
struct reading {
    struct data_safetensors *file;
    struct data_problem *problem;
};

const char *data_safetensors_type_name(enum data_safetensors_type type)
{
    return types[type].name;
}

uint64_t data_safetensors_bytes(const struct data_safetensors_tensor *tensor)
{
    uint64_t bytes = types[tensor->type].bytes;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] == 0) {
            return 0;
        }
    }
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] > UINT64_MAX / 2 / bytes) {
            return UINT64_MAX;
        }
        bytes *= tensor->dims[i];
    }
    return bytes;
}

static enum hb_status read_type(const struct reading *in, const json_t *value,
    struct data_safetensors_tensor *tensor)
{
    const char *text = json_string_value(value);
    for (int i = 0; text != NULL && i < DATA_SAFETENSORS_TYPE_COUNT; i++) {
        if (strcmp(text, types[i].name) == 0) {
            tensor->type = (enum data_safetensors_type)i;
            return HB_OK;
        }
    }
    return data_problem_set(in->problem, HB_ERR_FORMAT,
        "%s: %s: found dtype \"%.*s\": expected one like F32 or I64", in->file->path,
        tensor->name, type_name_bytes, text == NULL ? "" : text);
}

static enum hb_status read_shape(const struct reading *in, const json_t *value,
    struct data_safetensors_tensor *tensor)
{
    size_t rank = json_array_size(value);
    if (!json_is_array(value) || rank > DATA_SAFETENSORS_RANK_MAX) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found a shape of %zu dimensions: expected an array of at most %d",
            in->file->path, tensor->name, rank, DATA_SAFETENSORS_RANK_MAX);
    }
    tensor->rank = (uint32_t)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(value, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0) {
            return data_problem_set(in->problem, HB_ERR_FORMAT,
                "%s: %s: found a shape with no whole number >= 0 at %zu: expected lengths",
                in->file->path, tensor->name, i);
        }
        tensor->dims[i] = (uint64_t)json_integer_value(dim);
    }
    return HB_OK;
}

static enum hb_status read_offsets(const struct reading *in, const json_t *value,
    struct data_safetensors_tensor *tensor)
{
    const struct data_safetensors *file = in->file;
    const json_t *ends[] = { json_array_get(value, 0), json_array_get(value, 1) };
    if (json_array_size(value) != 2 || !json_is_integer(ends[0]) || !json_is_integer(ends[1])) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found no pair of whole numbers as data_offsets: expected begin and end",
            file->path, tensor->name);
    }
    int64_t begin = json_integer_value(ends[0]), end = json_integer_value(ends[1]);
    if (begin < 0 || end < begin || (uint64_t)end > file->value_bytes) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found data_offsets %" PRId64 ", %" PRId64 ": expected them within 0, %" PRIu64,
            file->path, tensor->name, begin, end, file->value_bytes);
    }
    uint64_t wanted = data_safetensors_bytes(tensor);
    tensor->bytes = (uint64_t)(end - begin);
    tensor->values = file->values + begin;
    return tensor->bytes == wanted
        ? HB_OK
        : data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found %" PRIu64 " bytes: expected %" PRIu64 " for its dtype and shape",
            file->path, tensor->name, tensor->bytes, wanted);
}

static enum hb_status read_tensor(const struct reading *in, const char *name, const json_t *value)
{
    struct data_safetensors *file = in->file;
    size_t length = strlen(name);
    if (length == 0 || length >= DATA_SAFETENSORS_NAME_BYTES) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %.40s...: found a name of %zu bytes: expected 1 to %d", file->path, name,
            length, DATA_SAFETENSORS_NAME_BYTES - 1);
    }
    struct data_safetensors_tensor *tensor = &file->tensors[file->count];
    memcpy(tensor->name, name, length + 1);
    if (!json_is_object(value) || json_object_size(value) != 3) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found another form: expected {dtype, shape, data_offsets}", file->path, name);
    }
    enum hb_status status = read_type(in, json_object_get(value, "dtype"), tensor);
    if (status == HB_OK) {
        status = read_shape(in, json_object_get(value, "shape"), tensor);
    }
    if (status == HB_OK) {
        status = read_offsets(in, json_object_get(value, "data_offsets"), tensor);
    }
    file->count += status == HB_OK;
    return status;
}

static int by_offset(const void *a, const void *b)
{
    const struct data_safetensors_tensor *x = a, *y = b;
    const uint8_t *p = x->values, *q = y->values;
    if (p != q) {
        return p < q ? -1 : 1;
    }
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? -1 : 1) : strcmp(x->name, y->name);
}

/* Every byte of the values belongs to one tensor. */
static enum hb_status check_cover(const struct reading *in)
{
    const struct data_safetensors *file = in->file;
    uint64_t at = 0;
    for (size_t i = 0; i < file->count; i++) {
        uint64_t begin = (uint64_t)((const uint8_t *)file->tensors[i].values - file->values);
        if (begin != at) {
            return data_problem_set(in->problem, HB_ERR_FORMAT,
                "%s: %s: found its values at %" PRIu64 ", %s: expected them at %" PRIu64,
                file->path, file->tensors[i].name, begin,
                begin < at ? "over those of another" : "after a hole", at);
        }
        at += file->tensors[i].bytes;
    }
    return at == file->value_bytes
        ? HB_OK
        : data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: found %" PRIu64 " bytes after the last tensor: expected none", file->path,
            file->value_bytes - at);
}

static enum hb_status read_metadata(const struct reading *in, json_t *value)
{
    const char *key;
    json_t *text;
    if (!json_is_object(value)) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found another form: expected an object of texts", in->file->path,
            metadata_name);
    }
    json_object_foreach(value, key, text) {
        if (!json_is_string(text)) {
            return data_problem_set(in->problem, HB_ERR_FORMAT,
                "%s: %s: %.40s: found no text: expected one", in->file->path, metadata_name, key);
        }
    }
    return HB_OK;
}

static enum hb_status read_entries(const struct reading *in)
{
    struct data_safetensors *file = in->file;
    size_t count = json_object_size(file->root);
    if (count > DATA_SAFETENSORS_COUNT_MAX) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: header: found %zu tensors: expected at most %d", file->path, count,
            DATA_SAFETENSORS_COUNT_MAX);
    }
    file->tensors = calloc(count + 1, sizeof *file->tensors);
    if (file->tensors == NULL) {
        return data_problem_set(in->problem, HB_ERR_MEMORY, "%s: out of memory", file->path);
    }
    const char *name;
    json_t *value;
    enum hb_status status = HB_OK;
    json_object_foreach(file->root, name, value) {
        status = strcmp(name, metadata_name) == 0 ? read_metadata(in, value)
                                                  : read_tensor(in, name, value);
        if (status != HB_OK) {
            return status;
        }
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, by_offset);
    return check_cover(in);
}

static enum hb_status read_header(const struct reading *in, const uint8_t *bytes, size_t count)
{
    struct data_safetensors *file = in->file;
    uint64_t length = 0;
    for (int i = 0; i < length_bytes && count >= length_bytes; i++) {
        length |= (uint64_t)bytes[i] << (8 * i);
    }
    if (count < length_bytes || length > count - length_bytes
        || length > DATA_SAFETENSORS_HEADER_BYTES_MAX) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: header: found a length of %" PRIu64 " in a file of %zu bytes: expected at most %d "
            "and what the file has", file->path, length, count,
            DATA_SAFETENSORS_HEADER_BYTES_MAX);
    }
    const char *text = (const char *)bytes + length_bytes;
    json_error_t error;
    file->root = length > 0 && text[0] == '{'
        ? json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error)
        : NULL;
    if (file->root == NULL) {
        int is_json = length > 0 && text[0] == '{';
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: header: found %.160s: expected a JSON object", file->path,
            is_json ? error.text : "another beginning than {");
    }
    file->values = bytes + length_bytes + length;
    file->value_bytes = count - length_bytes - length;
    return read_entries(in);
}

enum hb_status data_safetensors_parse(const char *path, const uint8_t *bytes, size_t count,
    struct data_safetensors **out, struct data_problem *problem)
{
    struct data_safetensors *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    file->path = path;
    struct reading in = { file, problem };
    enum hb_status status = read_header(&in, bytes, count);
    if (status != HB_OK) {
        data_safetensors_free(file);
        return status;
    }
    *out = file;
    return HB_OK;
}

enum hb_status data_safetensors_read(const char *path, struct data_safetensors **out,
    struct data_problem *problem)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    enum hb_status status = data_whole_read(path, file_bytes_max, &bytes, &count, problem);
    if (status != HB_OK) {
        return status;
    }
    struct data_safetensors *file = NULL;
    status = data_safetensors_parse(path, bytes, count, &file, problem);
    if (status != HB_OK) {
        free(bytes);
        return status;
    }
    file->own = bytes;
    *out = file;
    return HB_OK;
}

void data_safetensors_free(struct data_safetensors *file)
{
    if (file != NULL) {
        json_decref(file->root);
        free(file->tensors);
        free(file->own);
        free(file);
    }
}

size_t data_safetensors_count(const struct data_safetensors *file)
{
    return file->count;
}

const struct data_safetensors_tensor *data_safetensors_at(const struct data_safetensors *file,
    size_t i)
{
    return &file->tensors[i];
}

const struct data_safetensors_tensor *data_safetensors_find(const struct data_safetensors *file,
    const char *name)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0) {
            return &file->tensors[i];
        }
    }
    return NULL;
}

const char *data_safetensors_text(const struct data_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->root, metadata_name), key));
}
