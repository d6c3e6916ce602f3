/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_H
#define DATA_MODEL_H

#include "core/lstm.h"
#include "data/problem.h"

/* A trained model on disk: HDF5, tensors under PyTorch's names ("/weights/lstm.weight_ih_l0"),
 * tables of places under /places and /moves, the card as attributes of /card, a checksum
 * (BLAKE2b) over all values. Written whole or not at all; read with every
 * size checked before memory is taken. */
#define DATA_MODEL_VERSION 1
#define DATA_MODEL_TEXT_BYTES 256

/* What the model says of itself; empty texts are allowed. */
#define DATA_MODEL_CARD_LIST(X)                                                            \
    X(name, "what it is called") X(data, "data set and its licence")                       \
    X(split, "how training, validation and test were told apart")                          \
    X(metrics, "measured on the test part") X(calibration, "how it was calibrated")        \
    X(recipe, "command that made it") X(versions, "of program and libraries")

struct data_model_card {
#define X(name, text) char name[DATA_MODEL_TEXT_BYTES];
    DATA_MODEL_CARD_LIST(X)
#undef X
    uint64_t seed;
    int64_t trained_steps;
};

/* Where the model's places lie on the Earth; optional, for those who ask by coordinates. */
struct data_model_geography {
    const double *lat_deg, *lon_deg; /* [place_count]; NULL: none */
};

struct data_model; /* an owner of all arrays, opaque */

/* HB_ERR_RANGE (hb_lstm_check), HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status data_model_write(const char *path, const struct hb_lstm_model *model,
    const struct data_model_geography *geography, const struct data_model_card *card,
    struct data_problem *problem);

/* HB_ERR_NOT_FOUND, HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_VERSION, HB_ERR_RANGE, HB_ERR_MEMORY. The
 * sentence is "file: /tensor: found ...: expected ...". */
enum hb_status data_model_read(const char *path, struct data_model **out,
    struct data_problem *problem);
void data_model_free(struct data_model *model);

/* Views into the owner, valid until data_model_free. */
const struct hb_lstm_model *data_model_weights(const struct data_model *model);
const struct data_model_card *data_model_card(const struct data_model *model);
const struct data_model_geography *data_model_geography(const struct data_model *model);

/* The checksum of all values as 32 hexadecimal digits. */
const char *data_model_digest(const struct data_model *model);

#endif
