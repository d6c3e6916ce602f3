/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_HEADS_H
#define MODEL_HEADS_H

#include "models/net.h"

/* What answers a question from the state of the LSTM: loss and exact gradients
 * of the mixture of net.h, some questions at a time. */
struct model_heads_packed; /* the weights as the products want them, once per step */
struct model_heads_work;   /* one thread's activations */

#define MODEL_HEADS_NONE UINT32_MAX
#define MODEL_HEADS_ROWS 64 /* questions worked on together */

/* One question whose answer is known. */
struct model_heads_row {
    const float *context;  /* [context_count] */
    const float *features; /* feature-major: [features][stride] */
    uint32_t candidate_count;
    uint32_t hit;    /* the target among the candidates, or NONE */
    uint32_t target; /* the target's row of the embedding, or NONE */
    uint32_t token;  /* row of h */
    uint32_t knot;   /* of the horizon, and how far to the next one: 0..1 */
    float toward_next;
};

struct model_heads_config {
    uint32_t candidates_max, stride;
    float weight;       /* of one question in the loss */
    float dropout;      /* in the first layer of the scorer; 0: none */
    uint64_t stream;    /* of the dropout */
};

/* Room for the packed weights of a net of that layout, which is copied; update fills it from
 * numbers [layout->count], before the first use and after every change. HB_ERR_MEMORY. */
enum hb_status model_heads_packed_create(const struct model_net_layout *layout,
    struct model_heads_packed **out);
void model_heads_packed_free(struct model_heads_packed *packed);
void model_heads_packed_update(struct model_heads_packed *packed, const float *numbers);

/* For questions of at most candidates_max candidates, MODEL_HEADS_ROWS at a time. HB_ERR_MEMORY. */
enum hb_status model_heads_work_create(const struct model_net_layout *layout,
    uint32_t candidates_max, struct model_heads_work **out);
void model_heads_work_free(struct model_heads_work *work);

/* Weighted sum of -log p(target) over rows [count]; a row whose target neither
 * is a candidate nor in the vocabulary counts nothing (without a vocabulary:
 * is what is left over). Adds derivatives to gradient (flat, as numbers) and
 * to dh [tokens][units]; gradient NULL: the loss only. */
double model_heads_loss(const struct model_heads_packed *packed,
    const struct model_heads_config *config, const struct model_heads_row *rows, size_t count,
    const float *h, struct model_heads_work *work, float *gradient, float *dh);

#endif
