/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_TRAIN_IMPL_H
#define MODEL_TRAIN_IMPL_H

#include "models/train.h"

/* Of one seed: the numbers at the start, the order of pieces, what a step draws. */
enum { MODEL_TRAIN_STREAM_START, MODEL_TRAIN_STREAM_ORDER, MODEL_TRAIN_STREAM_STEP };

struct model_trainer {
    struct model_train_config config;
    struct model_shard_scene scene;
    struct model_pieces pieces;
    uint32_t *orders[2]; /* indices of the pieces of training, of validation */
    uint32_t counts[2];
    unsigned char *trails; /* of every piece, before it */
    struct model_shard *shards[MODEL_TRAIN_SHARDS];
    struct model_lstm_packed *lstm;
    struct model_heads_packed *heads;
    float *numbers, *m, *v, *mean, *best, *gradient;
    float *current; /* numbers, or their mean while validating */
    double *curves[2]; /* [epochs] loss of training, of validation */
    double epoch_loss;
    uint64_t epoch_rows, rows;
    uint32_t epoch_pieces;
    uint64_t step, steps_per_epoch;
    uint32_t epoch, best_epoch;
    double best_valid;
    char data_digest[33];
};

/* Runs a batch of pieces over the shards and threads; sums by shard. */
struct model_shard_sum model_trainer_batch(struct model_trainer *trainer, const uint32_t *order,
    uint32_t count, uint64_t stream, bool is_judged);

/* The order of the pieces in the present epoch: depends on the seed and the epoch only, so
 * that a resumed run meets the same batches. */
void model_trainer_order(struct model_trainer *trainer);

#endif
