/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_HEADS_IMPL_H
#define MODEL_HEADS_IMPL_H

#include <stdbool.h>

#include "models/heads.h"
#include "models/linear.h"

struct model_heads_packed {
    struct model_net_layout layout;
    const float *numbers; /* of the last update; the caller's */
    struct model_linear context, gate, score1, score1_context, score2, query, words;
};

struct model_heads_work {
    uint32_t candidates_max;
    size_t first[MODEL_HEADS_ROWS + 1]; /* candidates of row i: first[i] .. first[i + 1] */
    float *wide, *dwide;   /* [rows][units + context + horizon] */
    float *state, *dstate; /* [rows][units + horizon] */
    float *k, *dk;         /* [rows][context_size] */
    float *gate, *dgate, *blame;  /* [rows][2]; blame: weight x share in the target's chance */
    float *base, *dbase;   /* [rows][hidden1]: what all candidates of a row share */
    float *f;              /* [candidates][features] */
    float *u1, *du1;       /* [candidates][hidden1] */
    float *u2;             /* [candidates][hidden2], then their derivatives */
    float *score;          /* [candidates]; chances, then derivatives of the scores */
    float *query, *dquery; /* [rows][embedding] */
    float *words;          /* [rows][places] */
    float *word_sum, *at_target; /* [rows] */
    float *right;          /* right sides of weight gradients */
};

/* One chunk on its way through the heads. */
struct model_heads_pass {
    const struct model_heads_packed *packed;
    const struct model_heads_config *config;
    const struct model_heads_row *rows;
    size_t count;
    const float *h;
    struct model_heads_work *work;
    uint32_t stream;
};

static inline const float *model_heads_number(const struct model_heads_packed *packed,
    enum model_net_tensor tensor)
{
    return packed->numbers + packed->layout.first[tensor];
}

/* Chances of the candidates into score; their derivatives: needs blame, writes dk. */
void model_heads_score(const struct model_heads_pass *pass);
void model_heads_score_back(const struct model_heads_pass *pass, float *gradient);

/* Exponentials of the vocabulary, at_target; their derivatives: needs blame, adds to dh. */
void model_heads_words(const struct model_heads_pass *pass);
void model_heads_words_back(const struct model_heads_pass *pass, float *gradient, float *dh);

/* Adds the derivative de [horizon] of row i's horizon embedding to gradient. */
void model_heads_horizon_back(const struct model_heads_pass *pass, size_t i, const float *de,
    float *gradient);

#endif
