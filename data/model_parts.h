/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_PARTS_H
#define DATA_MODEL_PARTS_H

/* Shared by model*.c only: a model file as one list of arrays. */
#include "core/features.h"
#include "core/lstm_tensor.h"
#include "data/digest.h"
#include "data/h5.h"
#include "data/model.h"

#define DATA_MODEL_FORMAT "harbinger model"

/* Integers of the root group: all sizes come from them. */
#define DATA_MODEL_SIZE_LIST(X)                                                            \
    X(vocabulary_count, weights.shape.vocabulary_count) X(embedding, weights.shape.embedding) \
    X(feature_count, weights.shape.feature_count) X(units, weights.shape.units)            \
    X(layer_count, weights.shape.layer_count) X(horizon_size, weights.shape.horizon_size)  \
    X(context_count, weights.shape.context_count)                                          \
    X(context_size, weights.shape.context_size) X(score1_size, weights.shape.score1_size)  \
    X(score2_size, weights.shape.score2_size) X(query_size, weights.shape.query_size)      \
    X(stay_step_max, weights.stay_step_max) X(place_count, weights.tables.place_count)     \
    X(near_count, near_count) X(move_count, move_count)

#define DATA_MODEL_LIST_MAX (UINT32_C(1) << 27) /* neighbours, moves */
#define DATA_MODEL_PARTS_MAX 48

struct data_model {
    struct hb_lstm_model weights;
    struct data_model_geography geography;
    struct data_model_card card;
    uint32_t near_count, move_count;
    char digest[33];
    void *blocks[DATA_MODEL_PARTS_MAX];
    uint32_t block_count;
};

/* One array: where it is in the file, and the offset of its pointer in struct data_model. */
struct data_model_part {
    char path[64];
    enum data_h5_type type;
    uint32_t rank, is_optional, is_counts; /* is_counts: all of /moves, or none */
    uint64_t dims[2];
    size_t offset;
    const char *unit;
};

/* Fills parts [DATA_MODEL_PARTS_MAX] from the sizes of model; returns how many. Parts of size
 * zero are not among them. */
uint32_t data_model_parts(const struct data_model *model, struct data_model_part *parts);
struct data_h5_array data_model_array(const struct data_model_part *part);
uint64_t data_model_part_bytes(const struct data_model_part *part);
const void *data_model_part_values(const struct data_model *model,
    const struct data_model_part *part);

/* NaN and infinities, with where they are; a whole model once its sizes and arrays are there.
 * HB_ERR_FORMAT. */
enum hb_status data_model_part_check(const char *path, const struct data_model_part *part,
    const void *values, struct data_problem *problem);
enum hb_status data_model_check(const char *path, const struct data_model *model,
    struct data_problem *problem);

/* Whether a model has curves of confidence; they are written and summed only then. */
int data_model_has_confidence(const struct hb_lstm_model *weights);

/* Whether the file tells what is masked: a model that looks at all that there is does not, as
 * files of the time before masks. */
#define DATA_MODEL_MASKED "masked"
int data_model_has_masks(const struct hb_lstm_model *weights);

/* The checksum over sizes, card, temperatures and all arrays that are there. */
void data_model_sum(const struct data_model *model, char text[33]);

#endif
