/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_PLAIN_H
#define MODEL_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* The plain next-place LSTM of the literature, as a yardstick: embedding of the
 * place and features -> LSTM -> softmax over all places after every step, mean
 * cross-entropy, Adam with PyTorch's defaults. The layers are those of the
 * predictor's training; the same batches give the same bits on any number of
 * threads (two are used at most). */
struct model_plain_shape {
    uint32_t places, embedding, features, units;
    uint32_t steps, batch;
    uint32_t threads; /* 0: 1 */
};

enum model_plain_tensor {
    MODEL_PLAIN_EMBEDDING,    /* embedding.weight [places][embedding] */
    MODEL_PLAIN_INPUT,        /* lstm.weight_ih_l0 [4 units][embedding + features] */
    MODEL_PLAIN_RECURRENT,    /* lstm.weight_hh_l0 [4 units][units] */
    MODEL_PLAIN_BIAS,         /* lstm.bias_ih_l0 + lstm.bias_hh_l0 [4 units] */
    MODEL_PLAIN_OUT,          /* out.weight [places][units] */
    MODEL_PLAIN_OUT_BIAS,     /* out.bias [places] */
    MODEL_PLAIN_TENSOR_COUNT
};

/* Token t * batch + b is step t of sequence b. */
struct model_plain_batch {
    const uint32_t *places;  /* [steps * batch] < shape.places */
    const float *features;   /* [steps * batch][features] */
    const uint32_t *targets; /* [steps * batch] < shape.places, or MODEL_SOFTMAX_IGNORE */
};

struct model_plain; /* opaque */

/* Starts from PyTorch's distributions: embedding normal(0, 1), the rest uniform in
 * +-1/sqrt(units). HB_ERR_RANGE: a size of 0; HB_ERR_MEMORY. */
enum hb_status model_plain_create(const struct model_plain_shape *shape, uint64_t seed,
    struct model_plain **out);
void model_plain_free(struct model_plain *plain);

/* A tensor's numbers, their count, and their gradient (of the last batch). */
float *model_plain_numbers(struct model_plain *plain, enum model_plain_tensor tensor);
size_t model_plain_len(const struct model_plain *plain, enum model_plain_tensor tensor);
const float *model_plain_gradient(const struct model_plain *plain, enum model_plain_tensor tensor);

/* One step of training; rate 0: the gradient only. Returns the mean loss of the targets that
 * count. */
double model_plain_step(struct model_plain *plain, const struct model_plain_batch *batch,
    float rate);

#endif
