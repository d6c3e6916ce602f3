/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_SOFTMAX_H
#define MODEL_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Softmax over places with cross-entropy, worked through in chunks of tokens:
 * the logits of a chunk are made, used and dropped, never those of a batch. */
struct model_softmax_weights {
    float *out;  /* [places][units] */
    float *bias; /* [places] */
};

struct model_softmax_packed; /* the weights as the products want them, once per step */
struct model_softmax_work;   /* one thread's chunk */

/* Room for the packed weights of such a layer; update fills it from weights, before the first use
 * and after every change. HB_ERR_MEMORY. */
enum hb_status model_softmax_packed_create(size_t places, size_t units,
    struct model_softmax_packed **out);
void model_softmax_packed_free(struct model_softmax_packed *packed);
void model_softmax_packed_update(struct model_softmax_packed *packed,
    const struct model_softmax_weights *weights);
/* HB_ERR_MEMORY. */
enum hb_status model_softmax_work_create(size_t places, size_t units,
    struct model_softmax_work **out);
void model_softmax_work_free(struct model_softmax_work *work);

#define MODEL_SOFTMAX_IGNORE UINT32_MAX /* a target that does not count */

/* h: tokens of [units], h_row floats from each other; targets [tokens]; each counted token weighs
 * `weight` in the loss. Returns the weighted sum of -log p(target); adds the derivatives to
 * gradient and writes dh [tokens][units]. gradient NULL: the loss only. */
double model_softmax_loss(const struct model_softmax_packed *packed, const float *h, size_t h_row,
    const uint32_t *targets, size_t tokens, float weight, struct model_softmax_work *work,
    const struct model_softmax_weights *gradient, float *dh);

#endif
