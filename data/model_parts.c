/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/model_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void put(struct data_model_part *parts, uint32_t *count, struct data_model_part part)
{
    if (part.dims[0] > 0) {
        assert(*count < DATA_MODEL_PARTS_MAX);
        parts[(*count)++] = part;
    }
}

static void put_tensors(const struct data_model *model, struct data_model_part *parts,
    uint32_t *count)
{
    struct hb_lstm_tensor tensors[HB_LSTM_TENSORS_MAX];
    uint32_t n = hb_lstm_tensors(&model->weights.shape, tensors);
    for (uint32_t i = 0; i < n; i++) {
        struct data_model_part part = { .type = DATA_H5_F32,
            .rank = tensors[i].columns == 0 ? 1 : 2, .is_optional = tensors[i].is_optional,
            .dims = { tensors[i].rows, tensors[i].columns },
            .offset = offsetof(struct data_model, weights) + tensors[i].offset };
        (void)snprintf(part.path, sizeof part.path, "/weights/%s", tensors[i].name);
        put(parts, count, part);
    }
}

#define AT(member) offsetof(struct data_model, member)

uint32_t data_model_parts(const struct data_model *model, struct data_model_part *parts)
{
    uint32_t n = 0;
    uint64_t places = model->weights.tables.place_count;
    uint64_t near = model->near_count, moves = model->move_count;
    put_tensors(model, parts, &n);
    put(parts, &n, (struct data_model_part) { "/places/east_km", DATA_H5_F32, 1, 0, 0,
        { places }, AT(weights.tables.east_km), "km" });
    put(parts, &n, (struct data_model_part) { "/places/north_km", DATA_H5_F32, 1, 0, 0,
        { places }, AT(weights.tables.north_km), "km" });
    put(parts, &n, (struct data_model_part) { "/places/clock_slots", DATA_H5_I32, 1, 1, 0,
        { places }, AT(weights.tables.clock_slots), "900 s" });
    put(parts, &n, (struct data_model_part) { "/places/token", DATA_H5_U32, 1, 1, 0,
        { places }, AT(weights.tokens), NULL });
    put(parts, &n, (struct data_model_part) { "/places/lat_deg", DATA_H5_F64, 1, 1, 0,
        { places }, AT(geography.lat_deg), "degree" });
    put(parts, &n, (struct data_model_part) { "/places/lon_deg", DATA_H5_F64, 1, 1, 0,
        { places }, AT(geography.lon_deg), "degree" });
    put(parts, &n, (struct data_model_part) { "/places/near_first", DATA_H5_U32, 1, 1, 0,
        { places + 1 }, AT(weights.tables.near_first), NULL });
    put(parts, &n, (struct data_model_part) { "/places/near_places", DATA_H5_U32, 1, 0, 0,
        { near }, AT(weights.tables.near_places), NULL });
#define COUNTS(name, columns, rows, member)                                                  \
    put(parts, &n, (struct data_model_part) { "/moves/" name, DATA_H5_U32, (columns) > 0 ? 2 : 1, \
        1, 1, { rows, columns }, AT(weights.tables.everybody.member), NULL })
    COUNTS("slot_counts", 0, places, slot_counts);
    COUNTS("hour_counts", 24, places, hour_counts);
    COUNTS("move_totals", HB_CANDIDATES_KNOTS, places, move_totals);
    COUNTS("move_first", 0, places + 1, move_first);
    COUNTS("move_places", 0, moves, move_places);
    COUNTS("move_counts", HB_CANDIDATES_KNOTS, moves, move_counts);
#undef COUNTS
    return n;
}

struct data_h5_array data_model_array(const struct data_model_part *part)
{
    return (struct data_h5_array) { .path = part->path, .type = part->type, .rank = part->rank,
        .dims = { part->dims[0], part->dims[1] }, .unit = part->unit };
}

uint64_t data_model_part_bytes(const struct data_model_part *part)
{
    uint64_t size = part->type == DATA_H5_F64 ? 8 : 4;
    return size * part->dims[0] * (part->rank == 2 ? part->dims[1] : 1);
}

const void *data_model_part_values(const struct data_model *model,
    const struct data_model_part *part)
{
    const void *at;
    memcpy(&at, (const char *)model + part->offset, sizeof at);
    return at;
}

int data_model_has_confidence(const struct hb_lstm_model *weights)
{
    for (int k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        if (weights->confidence[k][HB_LSTM_CONFIDENCE - 1] > 0.0F) {
            return 1;
        }
    }
    return 0;
}

int data_model_has_masks(const struct hb_lstm_model *weights)
{
    return weights->tables.masked != HB_FEATURES_FEEDS;
}

void data_model_sum(const struct data_model *model, char text[33])
{
    struct data_digest digest = { { 0 } };
#define X(name, member) data_digest_block(&digest, &model->member, sizeof model->member);
    DATA_MODEL_SIZE_LIST(X)
#undef X
#define X(name, what) data_digest_block(&digest, model->card.name, strlen(model->card.name));
    DATA_MODEL_CARD_LIST(X)
#undef X
    data_digest_block(&digest, &model->card.seed, sizeof model->card.seed);
    data_digest_block(&digest, &model->card.trained_steps, sizeof model->card.trained_steps);
    data_digest_block(&digest, model->weights.inverse_temperature,
        sizeof model->weights.inverse_temperature);
    if (data_model_has_confidence(&model->weights)) {
        data_digest_block(&digest, model->weights.confidence, sizeof model->weights.confidence);
    }
    if (data_model_has_masks(&model->weights)) {
        data_digest_block(&digest, &model->weights.tables.masked,
            sizeof model->weights.tables.masked);
    }
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    uint32_t count = data_model_parts(model, parts);
    for (uint32_t i = 0; i < count; i++) {
        const void *values = data_model_part_values(model, &parts[i]);
        if (values != NULL) {
            data_digest_block(&digest, parts[i].path, strlen(parts[i].path));
            data_digest_block(&digest, values, (size_t)data_model_part_bytes(&parts[i]));
        }
    }
    data_digest_text(&digest, text);
}
