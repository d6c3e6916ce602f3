/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_SHARD_H
#define MODEL_SHARD_H

#include <stdbool.h>

#include "models/counts.h"
#include "models/heads.h"
#include "models/lstm.h"
#include "models/pieces.h"

/* One part of a minibatch, worked through by one thread: pieces of sequences
 * from their places to the loss and its gradient. Shards share nothing that is
 * written, so their sum does not depend on who ran which. */
struct model_shard;

/* What all shards of a run see. */
struct model_shard_scene {
    const struct model_dataset *dataset;
    const struct model_counts *counts;
    struct hb_candidates_tables tables;
    struct model_net_layout layout;
    uint32_t pieces_max, rows_max; /* of one shard; rows beyond it are left out by chance */
    uint32_t visits;               /* of a client's trail */
    float dropout, unknown_dropout, score_dropout;
};

/* The weights of the present step. */
struct model_shard_weights {
    const float *numbers;
    const struct model_lstm_packed *lstm;
    const struct model_heads_packed *heads;
};

struct model_shard_task {
    const struct model_piece *const *pieces; /* [count], count <= pieces_max */
    const struct hb_trail *const *trails;    /* of each piece's client before it */
    size_t count;
    uint64_t stream;   /* of all that is left to chance */
    bool is_judged;    /* nothing left to chance, all rows, loss only */
};

struct model_shard_sum {
    double loss;   /* sum of -log p */
    uint64_t rows;
};

/* scene is borrowed. HB_ERR_MEMORY. */
enum hb_status model_shard_create(const struct model_shard_scene *scene, struct model_shard **out);
void model_shard_free(struct model_shard *shard);

/* Works the task through: its loss, and (unless is_judged) the gradient of the sum, which replaces
 * that of the last run. Depends on weights and task only, never on what ran before. */
struct model_shard_sum model_shard_run(struct model_shard *shard,
    const struct model_shard_weights *weights, const struct model_shard_task *task);

/* Of the last run: flat, [layout.count]. */
float *model_shard_gradient(struct model_shard *shard);

#endif
