/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_LSTM_H
#define MODEL_LSTM_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* One LSTM layer over a shard of sequences, time-major: token t * batch + b.
 * Gates in PyTorch's order i, f, g, o; both biases are one here. An input is
 * a row that tokens may share (the embedding of a place), followed by features
 * of the token alone: products with a row are worked out once however many
 * tokens have it, forward and backward. */
struct model_lstm_shape {
    size_t steps, batch, inputs, units;
    size_t features; /* the last of inputs that each token has to itself; 0: none */
};

/* Weights as they are stored and trained (row-major), and their gradients. */
struct model_lstm_weights {
    float *input;     /* [4 units][inputs] */
    float *recurrent; /* [4 units][units] */
    float *bias;      /* [4 units] */
};

struct model_lstm_input {
    const float *rows;      /* [row_count][inputs - features] */
    size_t row_count;
    const uint32_t *row_of; /* [tokens]; NULL: token i has row i */
    const float *features;  /* [tokens][features] */
};

/* The same weights in the forms that the products want; made once per step. */
struct model_lstm_packed;

/* Activations of one shard, kept from forward to backward. */
struct model_lstm_tape;

/* shape: its inputs, units and features count. HB_ERR_MEMORY. */
enum hb_status model_lstm_packed_create(const struct model_lstm_shape *shape,
    struct model_lstm_packed **out);
void model_lstm_packed_free(struct model_lstm_packed *packed);
void model_lstm_packed_update(struct model_lstm_packed *packed,
    const struct model_lstm_weights *weights);

/* HB_ERR_MEMORY. shape: the largest that will be run. */
enum hb_status model_lstm_tape_create(const struct model_lstm_shape *shape,
    struct model_lstm_tape **out);
void model_lstm_tape_free(struct model_lstm_tape *tape);

/* Floats from one token's h to the next. */
size_t model_lstm_state_row(const struct model_lstm_shape *shape);

/* The state starts at zero. Returns h, tokens of [units] at model_lstm_state_row() floats from
 * each other, valid until the tape's next use. */
const float *model_lstm_forward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape);

/* Exact back-propagation through all steps. dh [tokens][units] is used up. Adds to
 * gradient; writes drows [row_count][inputs - features] unless it is NULL. */
void model_lstm_backward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, float *dh, const struct model_lstm_weights *gradient,
    float *drows);

/* The parts of the two, for threads that share one tape. Part `part` of `parts` has its own
 * rows or sequences or gates; results do not depend on parts. All parts of one call must be over
 * before the next. */
struct model_lstm_part {
    size_t part, parts;
};
struct model_lstm_range {
    size_t begin, end;
};
void model_lstm_forward_rows(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, struct model_lstm_part part);
const float *model_lstm_forward_steps(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, struct model_lstm_part part);
void model_lstm_back_steps(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, struct model_lstm_tape *tape, float *dh,
    struct model_lstm_part part);
void model_lstm_back_pack(const struct model_lstm_shape *shape,
    const struct model_lstm_input *input, struct model_lstm_tape *tape,
    struct model_lstm_part part);
void model_lstm_back_weights(const struct model_lstm_shape *shape,
    const struct model_lstm_input *input, struct model_lstm_tape *tape,
    const struct model_lstm_weights *gradient, struct model_lstm_part part);
/* Returns the rows of this part. */
struct model_lstm_range model_lstm_back_rows(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, float *drows, struct model_lstm_part part);

#endif
