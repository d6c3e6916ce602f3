/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "data/model_parts.h"

static enum hb_status write_card(struct data_h5 *file, const struct data_model *model,
    struct data_problem *problem)
{
    enum hb_status status = data_h5_group(file, "/card", problem);
#define X(name, what)                                                                        \
    if (status == HB_OK) {                                                                   \
        status = data_h5_attribute_write(file, "/card", #name, model->card.name, problem);   \
    }
    DATA_MODEL_CARD_LIST(X)
#undef X
    if (status == HB_OK) {
        status = data_h5_integer_write(file, "/card", "seed", (int64_t)model->card.seed, problem);
    }
    if (status == HB_OK) {
        status = data_h5_integer_write(file, "/card", "trained_steps", model->card.trained_steps,
            problem);
    }
    return status;
}

static enum hb_status write_root(struct data_h5 *file, const struct data_model *model,
    struct data_problem *problem)
{
    enum hb_status status
        = data_h5_attribute_write(file, "/", "format", DATA_MODEL_FORMAT, problem);
    if (status == HB_OK) {
        status = data_h5_integer_write(file, "/", "version", DATA_MODEL_VERSION, problem);
    }
    if (status == HB_OK) {
        status = data_h5_attribute_write(file, "/", "digest", model->digest, problem);
    }
#define X(name, member)                                                                      \
    if (status == HB_OK) {                                                                   \
        status = data_h5_integer_write(file, "/", #name, model->member, problem);            \
    }
    DATA_MODEL_SIZE_LIST(X)
#undef X
    if (status == HB_OK && data_model_has_masks(&model->weights)) {
        status = data_h5_integer_write(file, "/", DATA_MODEL_MASKED, model->weights.tables.masked,
            problem);
    }
    return status;
}

static enum hb_status write_arrays(struct data_h5 *file, const struct data_model *model,
    struct data_problem *problem)
{
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    uint32_t count = data_model_parts(model, parts);
    enum hb_status status = data_h5_group(file, "/weights", problem);
    if (status == HB_OK) {
        status = data_h5_group(file, "/places", problem);
    }
    if (status == HB_OK) {
        status = data_h5_group(file, "/moves", problem);
    }
    struct data_h5_array temperature = { .path = "/weights/inverse_temperature",
        .type = DATA_H5_F32, .rank = 2, .dims = { HB_CANDIDATES_KNOTS, HB_LSTM_HEADS } };
    if (status == HB_OK) {
        status = data_h5_write(file, &temperature, model->weights.inverse_temperature, problem);
    }
    struct data_h5_array confidence = { .path = "/weights/confidence", .type = DATA_H5_F32,
        .rank = 2, .dims = { HB_CANDIDATES_KNOTS, HB_LSTM_CONFIDENCE } };
    if (status == HB_OK && data_model_has_confidence(&model->weights)) {
        status = data_h5_write(file, &confidence, model->weights.confidence, problem);
    }
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        const void *values = data_model_part_values(model, &parts[i]);
        struct data_h5_array array = data_model_array(&parts[i]);
        if (values != NULL) {
            status = data_h5_write(file, &array, values, problem);
        }
    }
    return status;
}

enum hb_status data_model_write(const char *path, const struct hb_lstm_model *weights,
    const struct data_model_geography *geography, const struct data_model_card *card,
    struct data_problem *problem)
{
    const char *what;
    if (hb_lstm_check(weights, &what) != HB_OK) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "%s: %s: found a value out of bounds: expected a sound model", path, what);
    }
    struct data_model model = { .weights = *weights };
    model.geography = geography != NULL ? *geography : model.geography;
    model.card = card != NULL ? *card : model.card;
    uint32_t places = weights->tables.place_count;
    const struct hb_candidates_tables *tables = &weights->tables;
    model.near_count = tables->near_first != NULL ? tables->near_first[places] : 0;
    model.move_count = tables->everybody.row_count > 0 ? tables->everybody.move_first[places] : 0;
    data_model_sum(&model, model.digest);
    struct data_h5 *file;
    enum hb_status status = data_h5_create(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    status = write_root(file, &model, problem);
    status = status == HB_OK ? write_card(file, &model, problem) : status;
    status = status == HB_OK ? write_arrays(file, &model, problem) : status;
    if (status != HB_OK) {
        data_h5_free(file);
        return status;
    }
    return data_h5_commit(file, problem);
}
