/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/model_tensors_impl.h"

/* Length of dimension `at` of a tensor, 0 if there is no such tensor; what is too long
 * for any model reads as too long. */
static uint32_t length(const struct data_model_taking *in, const char *name, uint32_t at)
{
    const struct data_safetensors_tensor *tensor = data_safetensors_find(in->file, name);
    if (tensor == NULL || at >= tensor->rank) {
        return 0;
    }
    return tensor->dims[at] > UINT32_MAX ? UINT32_MAX : (uint32_t)tensor->dims[at];
}

/* a - b; what no check lets pass if b is larger. */
static uint32_t rest(uint32_t a, uint32_t b)
{
    return a >= b ? a - b : UINT32_MAX;
}

static enum hb_status take_shape(struct data_model_taking *in)
{
    struct hb_lstm_shape *s = &in->model->weights.shape;
    const char *what;
    s->vocabulary_count = rest(length(in, "embedding.weight", 0), 1);
    s->embedding = length(in, "embedding.weight", 1);
    s->units = length(in, "lstm.weight_hh_l0", 1);
    s->feature_count = rest(length(in, "lstm.weight_ih_l0", 1), s->embedding);
    s->layer_count = length(in, "lstm.weight_hh_l1", 1) > 0 ? 2 : 1;
    s->horizon_size = length(in, "horizon.weight", 1);
    s->query_size = length(in, "query.weight", 0);
    s->score1_size = length(in, "score1.weight", 0);
    if (s->score1_size > 0) {
        s->score2_size = length(in, "score2.weight", 0);
        s->context_size = length(in, "context.weight", 0);
        s->context_count = rest(length(in, "context.weight", 1), s->units);
        s->context_count = rest(s->context_count, s->horizon_size);
    }
    if (hb_lstm_shape_check(s, &what) != HB_OK) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: found tensors of which %s is out of bounds or absent: expected those of this "
            "network (core/lstm.h)", in->path, what);
    }
    if (in->like != NULL && data_safetensors_find(in->file, "places.east_km") == NULL
        && s->vocabulary_count != in->like->weights.shape.vocabulary_count) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: embedding.weight: found %" PRIu32 " rows: expected %" PRIu32
            " as in the model whose places it takes", in->path, s->vocabulary_count + 1,
            in->like->weights.shape.vocabulary_count + 1);
    }
    return HB_OK;
}

enum hb_status data_model_tensors_sizes(struct data_model_taking *in)
{
    struct data_model *model = in->model;
    const struct data_model *like = in->like;
    int is_own = data_safetensors_find(in->file, "places.east_km") != NULL;
    enum hb_status status = take_shape(in);
    if (status != HB_OK) {
        return status;
    }
    if (!is_own && like == NULL) {
        return data_problem_set(in->problem, HB_ERR_NOT_FOUND,
            "%s: places.east_km: found nothing: expected the tables of places, or a model to "
            "take them from (--like)", in->path);
    }
    uint32_t places = is_own ? length(in, "places.east_km", 0)
                             : like->weights.tables.place_count;
    model->near_count = is_own ? length(in, "places.near_places", 0) : like->near_count;
    model->move_count = is_own ? length(in, "moves.move_places", 0) : like->move_count;
    model->weights.tables.place_count = places;
    if (places == 0 || places > HB_TRAIL_PLACE_MAX + 1 || model->near_count > DATA_MODEL_LIST_MAX
        || model->move_count > DATA_MODEL_LIST_MAX) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: found %" PRIu32 " places, %" PRIu32 " neighbours, %" PRIu32 " moves: expected 1 "
            "to %u places, at most %" PRIu32 " of the others", in->path, places,
            model->near_count, model->move_count, HB_TRAIL_PLACE_MAX + 1, DATA_MODEL_LIST_MAX);
    }
    return HB_OK;
}

static int is_accepted(enum data_h5_type wanted, enum data_safetensors_type found)
{
    switch (found) {
    case DATA_SAFETENSORS_F32:
        return wanted == DATA_H5_F32;
    case DATA_SAFETENSORS_F64:
        return wanted == DATA_H5_F64;
    case DATA_SAFETENSORS_I32:
        return wanted == DATA_H5_I32;
    case DATA_SAFETENSORS_I64:
    case DATA_SAFETENSORS_U32:
        return wanted == DATA_H5_U32;
    case DATA_SAFETENSORS_BOOL:
    case DATA_SAFETENSORS_U8:
    case DATA_SAFETENSORS_I8:
    case DATA_SAFETENSORS_I16:
    case DATA_SAFETENSORS_U16:
    case DATA_SAFETENSORS_F16:
    case DATA_SAFETENSORS_BF16:
    case DATA_SAFETENSORS_U64:
    case DATA_SAFETENSORS_TYPE_COUNT:
        break;
    }
    return 0;
}

static const char *type_text(enum data_h5_type type)
{
    return type == DATA_H5_F32 ? "F32"
        : type == DATA_H5_F64  ? "F64"
        : type == DATA_H5_I32  ? "I32"
                               : "I64 or U32";
}

static enum hb_status check_form(const struct data_model_taking *in,
    const struct data_model_part *part, const struct data_safetensors_tensor *tensor)
{
    if (!is_accepted(part->type, tensor->type)) {
        return data_problem_set(in->problem, HB_ERR_FORMAT, "%s: %s: found %s: expected %s",
            in->path, tensor->name, data_safetensors_type_name(tensor->type),
            type_text(part->type));
    }
    if (tensor->rank != part->rank) {
        return data_problem_set(in->problem, HB_ERR_FORMAT,
            "%s: %s: found %" PRIu32 " dimensions: expected %" PRIu32, in->path, tensor->name,
            tensor->rank, part->rank);
    }
    for (uint32_t i = 0; i < part->rank; i++) {
        if (tensor->dims[i] != part->dims[i]) {
            return data_problem_set(in->problem, HB_ERR_FORMAT,
                "%s: %s: found length %" PRIu64 " in dimension %" PRIu32 ": expected %" PRIu64,
                in->path, tensor->name, tensor->dims[i], i, part->dims[i]);
        }
    }
    return HB_OK;
}

/* 64-bit integers into unsigned ones. */
static enum hb_status narrow(const struct data_model_taking *in,
    const struct data_safetensors_tensor *tensor, uint64_t count, uint32_t *to)
{
    for (uint64_t i = 0; i < count; i++) {
        int64_t value;
        memcpy(&value, (const char *)tensor->values + i * sizeof value, sizeof value);
        if (value < 0 || value > UINT32_MAX) {
            return data_problem_set(in->problem, HB_ERR_FORMAT,
                "%s: %s: found %" PRId64 " at %" PRIu64 ": expected 0 to 4294967295", in->path,
                tensor->name, value, i);
        }
        to[i] = (uint32_t)value;
    }
    return HB_OK;
}

/* A block of the model for a part, or NULL. */
static void *block_for(struct data_model *model, const struct data_model_part *part)
{
    void *block = malloc((size_t)data_model_part_bytes(part) + 1);
    if (block != NULL) {
        model->blocks[model->block_count++] = block;
        memcpy((char *)model + part->offset, &block, sizeof block);
    }
    return block;
}

static enum hb_status take_part(struct data_model_taking *in, const struct data_model_part *part,
    const struct data_safetensors_tensor *tensor)
{
    enum hb_status status = check_form(in, part, tensor);
    if (status != HB_OK) {
        return status;
    }
    void *block = block_for(in->model, part);
    if (block == NULL) {
        return data_problem_set(in->problem, HB_ERR_MEMORY, "%s: out of memory", in->path);
    }
    uint64_t bytes = data_model_part_bytes(part);
    if (tensor->type == DATA_SAFETENSORS_I64) {
        status = narrow(in, tensor, bytes / sizeof(uint32_t), block);
    } else {
        memcpy(block, tensor->values, (size_t)bytes);
    }
    if (status != HB_OK) {
        return status;
    }
    struct data_model_part named = *part; /* sentences name what the file has */
    memcpy(named.path, tensor->name, sizeof named.path);
    named.path[sizeof named.path - 1] = '\0';
    return data_model_part_check(in->path, &named, block, in->problem);
}

/* A table that the file leaves to the other model. */
static enum hb_status borrow_part(struct data_model_taking *in, const struct data_model_part *part)
{
    const void *values = data_model_part_values(in->like, part);
    if (values == NULL) {
        return HB_OK;
    }
    void *block = block_for(in->model, part);
    if (block == NULL) {
        return data_problem_set(in->problem, HB_ERR_MEMORY, "%s: out of memory", in->path);
    }
    memcpy(block, values, (size_t)data_model_part_bytes(part));
    return HB_OK;
}

/* Numbers that stand in the model itself. */
struct calibration {
    const char *name;
    uint64_t columns;
    size_t offset; /* in struct data_model */
};

static enum hb_status take_calibration(struct data_model_taking *in,
    const struct calibration *what)
{
    const struct data_safetensors_tensor *tensor = data_safetensors_find(in->file, what->name);
    struct data_model_part part = { .type = DATA_H5_F32, .rank = 2,
        .dims = { HB_CANDIDATES_KNOTS, what->columns } };
    (void)snprintf(part.path, sizeof part.path, "%s", what->name);
    size_t bytes = (size_t)data_model_part_bytes(&part);
    char *to = (char *)in->model + what->offset;
    if (tensor == NULL && in->like != NULL) {
        memcpy(to, (const char *)in->like + what->offset, bytes);
    }
    if (tensor == NULL) {
        return HB_OK;
    }
    enum hb_status status = check_form(in, &part, tensor);
    if (status == HB_OK) {
        memcpy(to, tensor->values, bytes);
        status = data_model_part_check(in->path, &part, to, in->problem);
    }
    return status;
}

static enum hb_status take_calibrations(struct data_model_taking *in)
{
    static const struct calibration all[] = {
        { DATA_MODEL_TENSORS_TEMPERATURE, HB_LSTM_HEADS,
            offsetof(struct data_model, weights.inverse_temperature) },
        { DATA_MODEL_TENSORS_CONFIDENCE, HB_LSTM_CONFIDENCE,
            offsetof(struct data_model, weights.confidence) },
    };
    enum hb_status status = take_calibration(in, &all[0]);
    return status == HB_OK ? take_calibration(in, &all[1]) : status;
}

enum hb_status data_model_tensors_arrays(struct data_model_taking *in)
{
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    char name[DATA_SAFETENSORS_NAME_BYTES];
    uint32_t count = data_model_parts(in->model, parts);
    int is_own = data_safetensors_find(in->file, "places.east_km") != NULL;
    int has_counts = is_own ? data_safetensors_find(in->file, "moves.slot_counts") != NULL
                            : in->like->weights.tables.everybody.row_count > 0;
    enum hb_status status = take_calibrations(in);
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        data_model_tensors_name(&parts[i], name);
        const struct data_safetensors_tensor *tensor = data_safetensors_find(in->file, name);
        int is_weight = strncmp(parts[i].path, "/weights/", 9) == 0;
        int is_wanted = parts[i].is_counts ? has_counts : !parts[i].is_optional;
        if (!is_weight && !is_own) {
            status = borrow_part(in, &parts[i]);
        } else if (tensor != NULL) {
            status = take_part(in, &parts[i], tensor);
        } else if (is_wanted) {
            status = data_problem_set(in->problem, HB_ERR_NOT_FOUND,
                "%s: %s: found nothing: expected a tensor", in->path, name);
        }
    }
    in->model->weights.tables.everybody.row_count
        = has_counts ? in->model->weights.tables.place_count : 0;
    return status;
}
