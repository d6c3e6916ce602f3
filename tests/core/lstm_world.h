/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_CORE_LSTM_WORLD_H
#define TESTS_CORE_LSTM_WORLD_H

#include "core/lstm_net.h"
#include "core/lstm_tensor.h"

/* A model of random weights over a random world, and the network again in double, written as its
 * formulas stand in core/lstm.h. */
struct lstm_world {
    uint64_t seed;
    struct hb_lstm_model model;
    void *blocks[64];
    int block_count;
};

/* place_count places; tokens: every second place is unknown to the vocabulary. */
struct lstm_world_shape {
    struct hb_lstm_shape shape;
    uint32_t place_count;
    int has_vocabulary, is_tied, has_tokens;
};

void lstm_world_init(struct lstm_world *world, uint64_t seed,
    const struct lstm_world_shape *shape);
void lstm_world_fini(struct lstm_world *world);
uint32_t lstm_world_draw(struct lstm_world *world, uint32_t below);
float lstm_world_real(struct lstm_world *world); /* -1..1 */

/* A set of `count` different places with features in -1..1. */
void lstm_world_candidates(struct lstm_world *world, uint32_t count,
    struct hb_candidates_set *set);

/* One step; state [2 units layers] as in core/lstm_net.h. */
void lstm_world_step(const struct hb_lstm_model *model, uint32_t place, const float *features,
    double *state);
/* The whole distribution; p [place_count]. */
void lstm_world_answer(const struct hb_lstm_model *model, const double *state,
    const float *context, const struct hb_candidates_set *set, double horizon_s, double *p);

/* The shapes that all tests go through. */
extern const struct lstm_world_shape lstm_world_plain, lstm_world_full, lstm_world_sparse,
    lstm_world_deep;

#endif
