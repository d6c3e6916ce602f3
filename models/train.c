/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/memory.h"
#include "models/random.h"
#include "models/train_impl.h"
#include "models/vector.h"

static const double pi = 3.14159265358979323846;

struct model_train_config model_train_defaults(void)
{
    return (struct model_train_config) { .seed = 1, .threads = 1, .units = 128, .embedding = 64,
        .epochs = 3, .patience = 3, .batch = 8, .rows = 512, .visits = 120, .has_vocabulary = 1,
        .rate = 3e-3F, .rate_last = 1e-3F, .clip = 1.0F, .decay = 1e-4F, .average = 0.995F,
        .dropout = 0.5F, .unknown_dropout = 0.15F, .score_dropout = 0.25F,
        .curve_prior = 3e3F };
}

static double rate_at(const struct model_trainer *trainer)
{
    double all = (double)trainer->steps_per_epoch * trainer->config.epochs;
    double turn = 0.5 * (1.0 + cos(pi * (double)trainer->step / all));
    return (double)trainer->config.rate * turn + (double)trainer->config.rate_last;
}

/* What the shards work with from here on. */
static void take_up(struct model_trainer *trainer, float *numbers)
{
    const size_t *first = trainer->scene.layout.first;
    trainer->current = numbers;
    model_lstm_packed_update(trainer->lstm,
        &(struct model_lstm_weights) { numbers + first[MODEL_NET_LSTM_INPUT],
            numbers + first[MODEL_NET_LSTM_RECURRENT],
            numbers + first[MODEL_NET_LSTM_BIAS] });
    model_heads_packed_update(trainer->heads, numbers);
}

/* Gradient of the mean loss, summed shard by shard and clipped. */
static void sum_gradients(struct model_trainer *trainer, uint64_t rows)
{
    size_t n = trainer->scene.layout.count;
    memset(trainer->gradient, 0, n * sizeof *trainer->gradient);
    for (int s = 0; s < MODEL_TRAIN_SHARDS; s++) {
        model_vector_add(trainer->gradient, model_shard_gradient(trainer->shards[s]), n);
    }
    model_vector_scale(trainer->gradient, n, 1.0F / (float)rows);
    double norm = sqrt(model_vector_square_sum(trainer->gradient, n));
    if (norm > (double)trainer->config.clip) {
        model_vector_scale(trainer->gradient, n, (float)((double)trainer->config.clip / norm));
    }
}

static void move(struct model_trainer *trainer)
{
    size_t n = trainer->scene.layout.count;
    double t = (double)(trainer->step + 1), beta1 = 0.9, beta2 = 0.999;
    double correct1 = 1.0 - pow(beta1, t), correct2 = sqrt(1.0 - pow(beta2, t));
    struct model_vector_adam adam = { .rate = (float)(rate_at(trainer) * correct2 / correct1),
        .beta1 = (float)beta1,
        .beta2 = (float)beta2,
        .epsilon = (float)(1e-8 * correct2),
        .gradient_factor = 1.0F };
    for (size_t i = 0; i < n; i++) {
        trainer->gradient[i] += trainer->config.decay * trainer->numbers[i];
    }
    model_vector_adam_step(&adam, trainer->gradient, n, trainer->numbers, trainer->m, trainer->v);
}

/* The mean of the numbers over the last steps, weights falling by a factor a step; at the
 * start over all of them, so that the first numbers do not linger. */
static void average(struct model_trainer *trainer)
{
    size_t n = trainer->scene.layout.count;
    double t = (double)trainer->step, kept = (1.0 + t) / (10.0 + t);
    kept = fmin(kept, (double)trainer->config.average);
    float fresh = (float)(1.0 - kept);
    if (!(kept > 0.0)) {
        memcpy(trainer->mean, trainer->numbers, n * sizeof *trainer->mean);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        trainer->mean[i] += fresh * (trainer->numbers[i] - trainer->mean[i]);
    }
}

static double validate(struct model_trainer *trainer)
{
    struct model_shard_sum sum = { 0.0, 0 };
    /* a shard takes no more questions than it has rows for, and no more pieces than it has room */
    uint32_t at_once = trainer->scene.rows_max / model_pieces_questions_max(trainer->scene.dataset);
    at_once = at_once < trainer->scene.pieces_max ? at_once : trainer->scene.pieces_max;
    at_once = MODEL_TRAIN_SHARDS * (at_once > 0 ? at_once : 1);
    for (uint32_t i = 0; i < trainer->counts[1]; i += at_once) {
        uint32_t left = trainer->counts[1] - i;
        struct model_shard_sum one = model_trainer_batch(trainer, trainer->orders[1] + i,
            left < at_once ? left : at_once, 0, true);
        sum.loss += one.loss;
        sum.rows += one.rows;
    }
    return sum.rows > 0 ? sum.loss / (double)sum.rows : INFINITY;
}

static void finish_epoch(struct model_trainer *trainer)
{
    double valid = validate(trainer);
    trainer->curves[0][trainer->epoch] = trainer->epoch_loss / (double)trainer->epoch_rows;
    trainer->curves[1][trainer->epoch] = valid;
    trainer->epoch++;
    trainer->epoch_loss = 0.0;
    trainer->epoch_rows = 0;
    if (valid < trainer->best_valid) {
        trainer->best_valid = valid;
        trainer->best_epoch = trainer->epoch;
        memcpy(trainer->best, trainer->mean,
            trainer->scene.layout.count * sizeof *trainer->best);
    }
}

static enum hb_status refuse(const struct model_trainer *trainer, struct data_problem *problem,
    const char *what, enum model_net_tensor tensor)
{
    return data_problem_set(problem, HB_ERR_DIVERGES,
        "training: step %llu: %s of %s: found a number that is not finite: expected finite ones;"
        " try a lower rate",
        (unsigned long long)trainer->step + 1, what,
        tensor < MODEL_NET_TENSOR_COUNT ? model_net_tensor_name(tensor) : "the loss");
}

void model_trainer_order(struct model_trainer *trainer)
{
    for (uint32_t i = 0, p = 0; p < trainer->pieces.count; p++) {
        if (trainer->pieces.at[p].part == MODEL_PART_TRAIN) {
            trainer->orders[0][i++] = p;
        }
    }
    uint64_t stream = trainer->config.seed + MODEL_TRAIN_STREAM_ORDER;
    model_random_shuffle(model_random_mix(stream, trainer->epoch), trainer->orders[0],
        trainer->counts[0]);
}

enum hb_status model_trainer_step(struct model_trainer *trainer, struct data_problem *problem)
{
    uint64_t in_epoch = trainer->step % trainer->steps_per_epoch;
    uint32_t first = (uint32_t)in_epoch * trainer->config.batch;
    uint32_t left = trainer->epoch_pieces - first;
    if (in_epoch == 0) {
        model_trainer_order(trainer);
    }
    take_up(trainer, trainer->numbers);
    struct model_shard_sum sum = model_trainer_batch(trainer, trainer->orders[0] + first,
        left < trainer->config.batch ? left : trainer->config.batch,
        model_random_mix(trainer->config.seed + MODEL_TRAIN_STREAM_STEP, trainer->step), false);
    if (!isfinite(sum.loss)) {
        enum model_net_tensor bad
            = model_net_not_finite(&trainer->scene.layout, trainer->numbers);
        return refuse(trainer, problem, bad == MODEL_NET_TENSOR_COUNT ? "value" : "weights", bad);
    }
    if (sum.rows > 0) {
        sum_gradients(trainer, sum.rows);
        enum model_net_tensor bad
            = model_net_not_finite(&trainer->scene.layout, trainer->gradient);
        if (bad != MODEL_NET_TENSOR_COUNT) {
            return refuse(trainer, problem, "gradient", bad);
        }
        move(trainer);
    }
    average(trainer);
    trainer->step++;
    trainer->epoch_loss += sum.loss;
    trainer->epoch_rows += sum.rows;
    trainer->rows += sum.rows;
    if (trainer->step % trainer->steps_per_epoch == 0) {
        take_up(trainer, trainer->mean);
        finish_epoch(trainer);
    }
    return HB_OK;
}

struct model_train_state model_trainer_state(const struct model_trainer *trainer)
{
    uint32_t epoch = trainer->epoch, patience = trainer->config.patience;
    bool is_stale = patience > 0 && epoch >= trainer->best_epoch + patience;
    return (struct model_train_state) { .step = trainer->step,
        .steps = trainer->steps_per_epoch * trainer->config.epochs,
        .epoch = epoch,
        .epochs = trainer->config.epochs,
        .loss = trainer->epoch_rows > 0 ? trainer->epoch_loss / (double)trainer->epoch_rows
            : epoch > 0                 ? trainer->curves[0][epoch - 1]
                                        : NAN,
        .valid = epoch > 0 ? trainer->curves[1][epoch - 1] : NAN,
        .best_valid = trainer->best_valid,
        .rows = trainer->rows,
        .is_done = epoch == trainer->config.epochs || is_stale };
}

const struct model_net_layout *model_trainer_layout(const struct model_trainer *trainer)
{
    return &trainer->scene.layout;
}

const float *model_trainer_numbers(const struct model_trainer *trainer)
{
    return trainer->best_epoch > 0 ? trainer->best : trainer->numbers;
}

const double *model_trainer_curve(const struct model_trainer *trainer, int is_valid)
{
    return trainer->curves[is_valid != 0];
}
