/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_LSTM_H
#define MODEL_LSTM_H

#include <stddef.h>

#include "core/status.h"

/* One LSTM layer over a shard of sequences, time-major: token t * batch + b.
 * Gates in PyTorch's order i, f, g, o; both biases are one here. */
struct model_lstm_shape {
    size_t steps, batch, inputs, units;
};

/* Weights as they are stored and trained (row-major), and their gradients. */
struct model_lstm_weights {
    float *input;     /* [4 units][inputs] */
    float *recurrent; /* [4 units][units] */
    float *bias;      /* [4 units] */
};

/* The same weights in the forms that the products want; made once per step. */
struct model_lstm_packed;

/* Activations of one shard, kept from forward to backward. */
struct model_lstm_tape;

enum hb_status model_lstm_packed_create(size_t inputs, size_t units,
    struct model_lstm_packed **out);
void model_lstm_packed_free(struct model_lstm_packed *packed);
void model_lstm_packed_update(struct model_lstm_packed *packed,
    const struct model_lstm_weights *weights);

/* HB_ERR_MEMORY. shape: the largest that will be run. */
enum hb_status model_lstm_tape_create(const struct model_lstm_shape *shape,
    struct model_lstm_tape **out);
void model_lstm_tape_free(struct model_lstm_tape *tape);

/* x [steps * batch][inputs]; state starts at zero. Returns h [steps * batch]
 * [units], valid until the tape's next use. */
const float *model_lstm_forward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const float *x, struct model_lstm_tape *tape);

/* Exact back-propagation through all steps. dh [steps * batch][units] is used
 * up. Adds to gradient; writes dx [steps * batch][inputs] unless it is NULL. */
void model_lstm_backward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const float *x, struct model_lstm_tape *tape, float *dh,
    const struct model_lstm_weights *gradient, float *dx);

#endif
