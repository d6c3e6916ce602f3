/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From safetensors to a model: the card and the order of things; sizes and arrays are in
 * model_tensors_take.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/model_tensors_impl.h"

static enum hb_status bad_text(const struct data_model_taking *in, const char *key,
    const char *found, const char *expected)
{
    return data_problem_set(in->problem, HB_ERR_FORMAT,
        "%s: metadata %s: found \"%.60s\": expected %s", in->path, key, found, expected);
}

/* A whole number 0..most in decimal; *value is left alone where the file has none. */
static enum hb_status take_number(const struct data_model_taking *in, const char *key,
    uint64_t most, uint64_t *value)
{
    const char *text = data_safetensors_text(in->file, key);
    char *end = NULL;
    if (text == NULL) {
        return HB_OK;
    }
    errno = 0;
    uint64_t got = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || got > most) {
        return bad_text(in, key, text, "a whole number >= 0 that is not too large");
    }
    *value = got;
    return HB_OK;
}

static enum hb_status take_version(const struct data_model_taking *in)
{
    uint64_t version = 0;
    enum hb_status status = take_number(in, "harbinger_model", UINT32_MAX, &version);
    if (status == HB_OK && version > DATA_MODEL_TENSORS_VERSION) {
        return data_problem_set(in->problem, HB_ERR_VERSION,
            "%s: metadata harbinger_model: found %" PRIu64 ": expected at most %d; a newer program "
            "wrote it", in->path, version, DATA_MODEL_TENSORS_VERSION);
    }
    return status;
}

/* Texts of the file, else of the model that it is like, else none. */
static enum hb_status take_texts(struct data_model_taking *in)
{
    struct data_model_card *card = &in->model->card;
    const struct {
        const char *key, *other;
        char *to;
    } texts[] = {
#define X(name, what) { #name, in->like != NULL ? in->like->card.name : "", card->name },
        DATA_MODEL_CARD_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = data_safetensors_text(in->file, texts[i].key);
        text = text == NULL ? texts[i].other : text;
        if (strlen(text) >= DATA_MODEL_TEXT_BYTES) {
            return bad_text(in, texts[i].key, text, "at most 255 bytes");
        }
        (void)snprintf(texts[i].to, DATA_MODEL_TEXT_BYTES, "%s", text);
    }
    return HB_OK;
}

static enum hb_status take_card(struct data_model_taking *in)
{
    struct data_model_card *card = &in->model->card;
    uint64_t steps = 0, stay = 0, masked = HB_FEATURES_FEEDS;
    if (in->like != NULL) {
        card->seed = in->like->card.seed;
        steps = (uint64_t)in->like->card.trained_steps;
        stay = in->like->weights.stay_step_max;
        masked = in->like->weights.tables.masked;
    }
    enum hb_status status = take_texts(in);
    if (status == HB_OK) {
        status = take_number(in, "seed", UINT64_MAX, &card->seed);
    }
    if (status == HB_OK) {
        status = take_number(in, "trained_steps", INT64_MAX, &steps);
    }
    if (status == HB_OK) {
        status = take_number(in, "stay_step_max", UINT32_MAX, &stay);
    }
    if (status == HB_OK) {
        status = take_number(in, DATA_MODEL_MASKED, HB_FEATURES_ALL, &masked);
    }
    card->trained_steps = (int64_t)steps;
    in->model->weights.stay_step_max = (uint32_t)stay;
    in->model->weights.tables.masked = (uint32_t)masked;
    return status;
}

/* Nothing in the file may be left unread: it would be somebody else's network. */
static enum hb_status check_names(const struct data_model_taking *in)
{
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    char name[DATA_SAFETENSORS_NAME_BYTES];
    uint32_t part_count = data_model_parts(in->model, parts);
    for (size_t i = 0; i < data_safetensors_count(in->file); i++) {
        const struct data_safetensors_tensor *tensor = data_safetensors_at(in->file, i);
        int is_known = strcmp(tensor->name, DATA_MODEL_TENSORS_TEMPERATURE) == 0
            || strcmp(tensor->name, DATA_MODEL_TENSORS_CONFIDENCE) == 0;
        for (uint32_t j = 0; j < part_count && !is_known; j++) {
            data_model_tensors_name(&parts[j], name);
            is_known = strcmp(tensor->name, name) == 0;
        }
        if (!is_known && tensor->bytes > 0) {
            return data_problem_set(in->problem, HB_ERR_FORMAT,
                "%s: %s: found a tensor that is no part of this network: expected only its own",
                in->path, tensor->name);
        }
    }
    return HB_OK;
}

static enum hb_status take(struct data_model_taking *in)
{
    enum hb_status status = take_version(in);
    if (status == HB_OK) {
        status = take_card(in);
    }
    if (status == HB_OK) {
        status = data_model_tensors_sizes(in);
    }
    if (status == HB_OK) {
        status = check_names(in);
    }
    if (status == HB_OK) {
        status = data_model_tensors_arrays(in);
    }
    if (status == HB_OK) {
        status = data_model_check(in->path, in->model, in->problem);
    }
    if (status == HB_OK) {
        data_model_sum(in->model, in->model->digest);
    }
    return status;
}

static enum hb_status make(const char *path, const struct data_safetensors *file,
    const struct data_model *like, struct data_model **out, struct data_problem *problem)
{
    struct data_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    struct data_model_taking in = { path, file, like, model, problem };
    enum hb_status status = take(&in);
    if (status != HB_OK) {
        data_model_free(model);
        return status;
    }
    *out = model;
    return HB_OK;
}

enum hb_status data_model_tensors_read(const char *path, const struct data_model *like,
    struct data_model **out, struct data_problem *problem)
{
    struct data_safetensors *file = NULL;
    enum hb_status status = data_safetensors_read(path, &file, problem);
    if (status == HB_OK) {
        status = make(path, file, like, out, problem);
    }
    data_safetensors_free(file);
    return status;
}

enum hb_status data_model_tensors_parse(const char *path, const uint8_t *bytes, size_t count,
    const struct data_model *like, struct data_model **out, struct data_problem *problem)
{
    struct data_safetensors *file = NULL;
    enum hb_status status = data_safetensors_parse(path, bytes, count, &file, problem);
    if (status == HB_OK) {
        status = make(path, file, like, out, problem);
    }
    data_safetensors_free(file);
    return status;
}
