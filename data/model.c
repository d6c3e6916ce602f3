/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/model_parts.h"

static enum hb_status wrong(const struct data_h5 *file, const char *what,
    struct data_problem *problem, const char *found, const char *expected)
{
    return data_problem_set(problem, HB_ERR_FORMAT, "%s: %s: found %s: expected %s",
        data_h5_path(file), what, found, expected);
}

/* A size, 0..2^32 - 1. */
static enum hb_status read_size(struct data_h5 *file, const char *name, uint32_t *size,
    struct data_problem *problem)
{
    int64_t value;
    enum hb_status status = data_h5_integer_read(file, "/", name, &value, problem);
    if (status != HB_OK) {
        return status;
    }
    if (value < 0 || value > UINT32_MAX) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: / attribute %s: found %" PRId64 ": expected a size", data_h5_path(file), name,
            value);
    }
    *size = (uint32_t)value;
    return HB_OK;
}

static enum hb_status read_version(struct data_h5 *file, struct data_problem *problem)
{
    char format[64];
    int64_t version;
    enum hb_status status
        = data_h5_attribute_read(file, "/", "format", format, sizeof format, problem);
    if (status != HB_OK) {
        return status == HB_ERR_NOT_FOUND
            ? wrong(file, "/", problem, "no attribute 'format'", "'" DATA_MODEL_FORMAT "'")
            : status;
    }
    if (strcmp(format, DATA_MODEL_FORMAT) != 0) {
        return wrong(file, "/ attribute format", problem, format, DATA_MODEL_FORMAT);
    }
    status = data_h5_integer_read(file, "/", "version", &version, problem);
    if (status == HB_OK && version != DATA_MODEL_VERSION) {
        return data_problem_set(problem, HB_ERR_VERSION,
            "%s: / attribute version: found %" PRId64 ": expected %d%s", data_h5_path(file),
            version, DATA_MODEL_VERSION,
            version > DATA_MODEL_VERSION ? "; a newer program wrote it" : "");
    }
    return status;
}

static enum hb_status read_sizes(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    enum hb_status status = HB_OK;
#define X(name, member)                                                                      \
    if (status == HB_OK) {                                                                   \
        status = read_size(file, #name, &model->member, problem);                            \
    }
    DATA_MODEL_SIZE_LIST(X)
#undef X
    const char *what;
    if (status != HB_OK) {
        return status;
    }
    if (hb_lstm_shape_check(&model->weights.shape, &what) != HB_OK) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: / attribute %s: found a size out of bounds: expected that of a network",
            data_h5_path(file), what);
    }
    uint32_t places = model->weights.tables.place_count;
    if (places == 0 || places > HB_TRAIL_PLACE_MAX + 1) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: / attribute place_count: found %" PRIu32 ": expected 1 to %u",
            data_h5_path(file), places, HB_TRAIL_PLACE_MAX + 1);
    }
    if (model->near_count > DATA_MODEL_LIST_MAX || model->move_count > DATA_MODEL_LIST_MAX) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: / attribute %s: found %" PRIu32 ": expected at most %" PRIu32,
            data_h5_path(file), model->near_count > DATA_MODEL_LIST_MAX ? "near_count"
                                                                        : "move_count",
            model->near_count > DATA_MODEL_LIST_MAX ? model->near_count : model->move_count,
            DATA_MODEL_LIST_MAX);
    }
    return HB_OK;
}

static enum hb_status read_masks(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    uint32_t *masked = &model->weights.tables.masked;
    enum hb_status status = read_size(file, DATA_MODEL_MASKED, masked, problem);
    if (status == HB_ERR_NOT_FOUND) {
        *masked = HB_FEATURES_FEEDS;
        problem->text[0] = '\0';
        return HB_OK;
    }
    return status;
}

static enum hb_status read_card(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    int64_t seed = 0;
    enum hb_status status = data_h5_integer_read(file, "/card", "seed", &seed, problem);
    model->card.seed = (uint64_t)seed;
#define X(name, what)                                                                        \
    if (status == HB_OK) {                                                                   \
        status = data_h5_attribute_read(file, "/card", #name, model->card.name,              \
            sizeof model->card.name, problem);                                               \
    }
    DATA_MODEL_CARD_LIST(X)
#undef X
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/card", "trained_steps",
            &model->card.trained_steps, problem);
    }
    return status;
}

static enum hb_status read_part(struct data_h5 *file, const struct data_model_part *part,
    struct data_model *model, struct data_problem *problem)
{
    void *values;
    struct data_h5_array array = data_model_array(part);
    enum hb_status status
        = data_h5_read_all(file, &array, data_model_part_bytes(part), &values, problem);
    if (status != HB_OK) {
        return status;
    }
    model->blocks[model->block_count++] = values;
    memcpy((char *)model + part->offset, &values, sizeof values);
    return data_model_part_check(data_h5_path(file), part, values, problem);
}

static enum hb_status read_parts(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    uint32_t count = data_model_parts(model, parts);
    int has_counts = data_h5_has(file, "/moves/slot_counts");
    enum hb_status status = HB_OK;
    /* All shapes first, so that nothing is held of a file whose end is wrong. */
    for (int is_reading = 0; is_reading < 2; is_reading++) {
        for (uint32_t i = 0; i < count && status == HB_OK; i++) {
            int is_wanted = parts[i].is_counts
                ? has_counts
                : !parts[i].is_optional || data_h5_has(file, parts[i].path);
            struct data_h5_array array = data_model_array(&parts[i]);
            if (is_wanted) {
                status = is_reading ? read_part(file, &parts[i], model, problem)
                                    : data_h5_check(file, &array, problem);
            }
        }
    }
    model->weights.tables.everybody.row_count
        = has_counts ? model->weights.tables.place_count : 0;
    return status;
}

static enum hb_status read_temperature(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    void *values;
    struct data_h5_array array = { .path = "/weights/inverse_temperature", .type = DATA_H5_F32,
        .rank = 2, .dims = { HB_CANDIDATES_KNOTS, HB_LSTM_HEADS } };
    size_t bytes = sizeof model->weights.inverse_temperature;
    enum hb_status status = data_h5_read_all(file, &array, bytes, &values, problem);
    if (status == HB_OK) {
        memcpy(model->weights.inverse_temperature, values, bytes);
        free(values);
    }
    return status;
}

static enum hb_status read_confidence(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    void *values;
    struct data_h5_array array = { .path = "/weights/confidence", .type = DATA_H5_F32,
        .rank = 2, .dims = { HB_CANDIDATES_KNOTS, HB_LSTM_CONFIDENCE } };
    size_t bytes = sizeof model->weights.confidence;
    if (!data_h5_has(file, array.path)) {
        return HB_OK;
    }
    enum hb_status status = data_h5_read_all(file, &array, bytes, &values, problem);
    if (status == HB_OK) {
        memcpy(model->weights.confidence, values, bytes);
        free(values);
    }
    return status;
}

static enum hb_status check_digest(struct data_h5 *file, struct data_model *model,
    struct data_problem *problem)
{
    char stored[40];
    enum hb_status status
        = data_h5_attribute_read(file, "/", "digest", stored, sizeof stored, problem);
    if (status != HB_OK) {
        return status;
    }
    data_model_sum(model, model->digest);
    return strcmp(stored, model->digest) == 0
        ? HB_OK
        : wrong(file, "/ attribute digest", problem, model->digest, stored);
}

enum hb_status data_model_read(const char *path, struct data_model **out,
    struct data_problem *problem)
{
    struct data_h5 *file;
    enum hb_status status = data_h5_open(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    struct data_model *model = calloc(1, sizeof *model);
    status = model == NULL
        ? data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path)
        : read_version(file, problem);
    status = status == HB_OK ? read_sizes(file, model, problem) : status;
    status = status == HB_OK ? read_masks(file, model, problem) : status;
    status = status == HB_OK ? read_card(file, model, problem) : status;
    status = status == HB_OK ? read_temperature(file, model, problem) : status;
    status = status == HB_OK ? read_confidence(file, model, problem) : status;
    status = status == HB_OK ? read_parts(file, model, problem) : status;
    status = status == HB_OK ? data_model_check(data_h5_path(file), model, problem) : status;
    status = status == HB_OK ? check_digest(file, model, problem) : status;
    data_h5_free(file);
    if (status != HB_OK) {
        data_model_free(model);
        return status;
    }
    *out = model;
    return HB_OK;
}

void data_model_free(struct data_model *model)
{
    if (model == NULL) {
        return;
    }
    for (uint32_t i = model->block_count; i-- > 0;) {
        free(model->blocks[i]);
    }
    free(model);
}

const struct hb_lstm_model *data_model_weights(const struct data_model *model)
{
    return &model->weights;
}

const struct data_model_card *data_model_card(const struct data_model *model)
{
    return &model->card;
}

const struct data_model_geography *data_model_geography(const struct data_model *model)
{
    return &model->geography;
}

const char *data_model_digest(const struct data_model *model)
{
    return model->digest;
}
