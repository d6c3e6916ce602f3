/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/batch.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/units.h"

struct sim_batch {
    struct sim_batch_config config;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on CLOCK_MONOTONIC */
    pthread_t thread;
    struct sim_batch_item *first, **last;
    size_t count;
    bool is_ending;
};

static int64_t now_ns(clockid_t clock)
{
    struct timespec time;
    int failed = clock_gettime(clock, &time);
    assert(failed == 0);
    return (int64_t)time.tv_sec * HB_NS_PER_S + time.tv_nsec;
}

static bool is_ripe(const struct sim_batch *batch)
{
    return batch->is_ending || batch->count >= batch->config.count_max
        || batch->count >= batch->config.askers(batch->config.host);
}

/* Under the lock: until the batch is ripe or its time is up. */
static void wait_until_ripe(struct sim_batch *batch)
{
    int64_t due_ns = hb_units_after(now_ns(CLOCK_MONOTONIC), batch->config.delay_s);
    struct timespec due = { (time_t)(due_ns / HB_NS_PER_S), (long)(due_ns % HB_NS_PER_S) };
    int outcome = 0;
    while (!is_ripe(batch) && outcome != ETIMEDOUT) {
        outcome = pthread_cond_timedwait(&batch->changed, &batch->lock, &due);
        assert(outcome == 0 || outcome == ETIMEDOUT);
    }
}

static size_t taken(struct sim_batch *batch, struct sim_batch_item **items)
{
    size_t count = 0;
    while (batch->first != NULL && count < batch->config.count_max) {
        items[count++] = batch->first;
        batch->first = batch->first->next;
    }
    if (batch->first == NULL) {
        batch->last = &batch->first;
    }
    batch->count -= count;
    return count;
}

static void answer(struct sim_batch *batch, struct sim_batch_item **items, size_t count)
{
    struct sim_book_question *questions[SIM_BOOK_BATCH_MAX];
    for (size_t i = 0; i < count; i++) {
        questions[i] = &items[i]->question;
    }
    sim_book_predict(batch->config.book, now_ns(CLOCK_REALTIME), questions, count);
    for (size_t i = 0; i < count; i++) {
        batch->config.answered(batch->config.host, items[i], i == 0 ? count : 0);
    }
}

static void *work(void *ctx)
{
    struct sim_batch *batch = ctx;
    struct sim_batch_item *items[SIM_BOOK_BATCH_MAX];
    int failed = pthread_mutex_lock(&batch->lock);
    assert(failed == 0);
    while (!batch->is_ending || batch->count > 0) {
        if (batch->count == 0) {
            failed = pthread_cond_wait(&batch->changed, &batch->lock);
            assert(failed == 0);
            continue;
        }
        wait_until_ripe(batch);
        size_t count = taken(batch, items);
        failed = pthread_mutex_unlock(&batch->lock);
        assert(failed == 0);
        answer(batch, items, count);
        failed = pthread_mutex_lock(&batch->lock);
        assert(failed == 0);
    }
    failed = pthread_mutex_unlock(&batch->lock);
    assert(failed == 0);
    return NULL;
}

enum hb_status sim_batch_create(const struct sim_batch_config *config, struct sim_batch **out)
{
    assert(config->count_max >= 1);
    assert(config->count_max <= SIM_BOOK_BATCH_MAX);
    struct sim_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return HB_ERR_MEMORY;
    }
    batch->config = *config;
    batch->last = &batch->first;
    pthread_condattr_t monotonic;
    int failed = pthread_condattr_init(&monotonic);
    failed |= pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    failed |= pthread_cond_init(&batch->changed, &monotonic);
    failed |= pthread_condattr_destroy(&monotonic);
    failed |= pthread_mutex_init(&batch->lock, NULL);
    assert(failed == 0);
    if (pthread_create(&batch->thread, NULL, work, batch) != 0) {
        free(batch);
        return HB_ERR_UNSUPPORTED;
    }
    *out = batch;
    return HB_OK;
}

void sim_batch_end(struct sim_batch *batch)
{
    int failed = pthread_mutex_lock(&batch->lock);
    batch->is_ending = true;
    failed |= pthread_cond_signal(&batch->changed);
    failed |= pthread_mutex_unlock(&batch->lock);
    failed |= pthread_join(batch->thread, NULL);
    assert(failed == 0);
}

void sim_batch_free(struct sim_batch *batch)
{
    if (batch == NULL) {
        return;
    }
    int failed = pthread_cond_destroy(&batch->changed);
    failed |= pthread_mutex_destroy(&batch->lock);
    assert(failed == 0);
    free(batch);
}

bool sim_batch_put(struct sim_batch *batch, struct sim_batch_item *item)
{
    item->next = NULL;
    int failed = pthread_mutex_lock(&batch->lock);
    bool is_taken = !batch->is_ending;
    if (is_taken) {
        *batch->last = item;
        batch->last = &item->next;
        batch->count++;
    }
    if (batch->count == 1 || is_ripe(batch)) {
        failed |= pthread_cond_signal(&batch->changed);
    }
    failed |= pthread_mutex_unlock(&batch->lock);
    assert(failed == 0);
    return is_taken;
}
