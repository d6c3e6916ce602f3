/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_TRAIN_H
#define MODEL_TRAIN_H

#include "data/problem.h"
#include "models/shard.h"

/* Training: minibatches of pieces in random order, always cut into
 * MODEL_TRAIN_SHARDS shards whose gradients are summed in order, so that the
 * same seed gives the same bits on any number of threads; Adam with a cosine
 * rate, clipping, weight decay; the numbers (or their moving mean) of the epoch
 * that was best on the validation part are kept. */
#define MODEL_TRAIN_SHARDS 4
#define MODEL_TRAIN_BATCH_MAX 4096
#define MODEL_TRAIN_EPOCHS_MAX 1000
#define MODEL_TRAIN_VISITS_MAX 4096

struct model_train_config {
    uint64_t seed;
    uint32_t threads;       /* 0: 1 */
    uint32_t units, embedding; /* as core/lstm.h bounds them */
    uint32_t epochs, patience; /* epochs without a better validation loss; 0: no limit */
    uint32_t batch;         /* pieces a step */
    uint32_t rows;          /* questions a step */
    uint32_t pieces;        /* an epoch, of all that there are, others in each; the validation
                               takes a quarter as many, always the same. 0: all */
    uint32_t visits;        /* of a client's trail */
    uint32_t has_vocabulary;
    uint32_t masked;        /* enum hb_features: what the model does not look at */
    float rate, rate_last, clip, decay;
    float average; /* what a step leaves of the mean of the numbers, which is what is kept; 0: the
                      numbers themselves */
    float dropout, unknown_dropout, score_dropout;
    float curve_prior; /* of the calibration of what was trained: model_calibrate */
};

/* What the measurements on GeoLife led to: models/README.md. */
struct model_train_config model_train_defaults(void);

struct model_trainer; /* opaque */

/* Where a run stands. */
struct model_train_state {
    uint64_t step, steps;      /* done, in all */
    uint32_t epoch, epochs;    /* finished, in all */
    double loss;               /* mean over the steps of the epoch so far */
    double valid, best_valid;  /* of the last finished epoch, of the best */
    uint64_t rows;             /* questions seen in all */
    int is_done;
};

/* dataset and counts are borrowed. HB_ERR_RANGE (nothing to train or to validate on, or a
 * configuration out of bounds), HB_ERR_MEMORY. */
enum hb_status model_trainer_create(const struct model_train_config *config,
    const struct model_dataset *dataset, const struct model_counts *counts,
    struct model_trainer **out);
void model_trainer_free(struct model_trainer *trainer);

/* One step; after the last of an epoch also the validation. HB_ERR_DIVERGES: a number is not
 * finite; problem names the step and the tensor, and the numbers are those before the step. */
enum hb_status model_trainer_step(struct model_trainer *trainer, struct data_problem *problem);
struct model_train_state model_trainer_state(const struct model_trainer *trainer);

/* Where the tensors of the numbers lie; lives as long as the trainer. */
const struct model_net_layout *model_trainer_layout(const struct model_trainer *trainer);
/* The best on the validation part so far; before the first epoch's end the present ones. */
const float *model_trainer_numbers(const struct model_trainer *trainer);

/* Mean loss and validation loss by epoch, [state.epoch]. */
const double *model_trainer_curve(const struct model_trainer *trainer, int is_valid);

/* Checkpoint file: written whole or not at all; refused by resume unless it is of the same
 * configuration, seed and data. HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_STATE. */
enum hb_status model_trainer_save(const struct model_trainer *trainer, const char *path,
    struct data_problem *problem);
enum hb_status model_trainer_resume(struct model_trainer *trainer, const char *path,
    struct data_problem *problem);

#endif
