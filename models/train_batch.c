/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch over shards, shards over threads. */
#include <pthread.h>
#include <stdatomic.h>

#include "core/lstm_vector.h"
#include "models/random.h"
#include "models/train_impl.h"
#include "models/vector.h"

enum { shards = MODEL_TRAIN_SHARDS, per_shard_max = 1024 };

struct crew {
    struct model_trainer *trainer;
    struct model_shard_weights weights;
    struct model_shard_task tasks[shards];
    struct model_shard_sum sums[shards];
    atomic_int next;
};

static void *work(void *ctx)
{
    struct crew *crew = ctx;
    uint32_t before = hb_lstm_flush_on();
    for (;;) {
        int shard = atomic_fetch_add(&crew->next, 1);
        if (shard >= shards) {
            break;
        }
        crew->sums[shard] = model_shard_run(crew->trainer->shards[shard], &crew->weights,
            &crew->tasks[shard]);
    }
    hb_lstm_flush_restore(before);
    return NULL;
}

static void run(struct crew *crew)
{
    pthread_t threads[shards];
    uint32_t wanted = crew->trainer->config.threads, started = 0;
    while (started + 1 < wanted && started + 1 < shards
        && pthread_create(&threads[started], NULL, work, crew) == 0) {
        started++;
    }
    work(crew);
    for (uint32_t i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL); /* a thread that was started can be joined */
    }
}

struct model_shard_sum model_trainer_batch(struct model_trainer *trainer, const uint32_t *order,
    uint32_t count, uint64_t stream, bool is_judged)
{
    const struct model_piece *pieces[shards * per_shard_max];
    const struct hb_trail *trails[shards * per_shard_max];
    size_t trail_bytes = hb_trail_bytes(trainer->scene.visits);
    uint32_t per_shard = (count + shards - 1) / shards;
    struct crew crew = { .trainer = trainer,
        .weights = { trainer->current, trainer->lstm, trainer->heads } };
    for (uint32_t i = 0; i < count; i++) {
        pieces[i] = &trainer->pieces.at[order[i]];
        trails[i] = (const struct hb_trail *)(const void *)(trainer->trails
            + order[i] * trail_bytes);
    }
    for (uint32_t s = 0; s < shards; s++) {
        uint32_t first = s * per_shard < count ? s * per_shard : count;
        uint32_t end = first + per_shard < count ? first + per_shard : count;
        crew.tasks[s] = (struct model_shard_task) { .pieces = pieces + first,
            .trails = trails + first,
            .count = end - first,
            .stream = model_random_mix(stream, s),
            .is_judged = is_judged };
    }
    run(&crew);
    struct model_shard_sum sum = { 0.0, 0 };
    for (uint32_t s = 0; s < shards; s++) {
        sum.loss += crew.sums[s].loss;
        sum.rows += crew.sums[s].rows;
    }
    return sum;
}
