/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_STAGE_H
#define SIM_ENGINE_STAGE_H

#include "sim/engine/bucket.h"

/* Internal to sim/engine/queue.c: appends to buckets so big, or so many, that
 * their ends are seldom in the first-level cache. There a store would wait, and
 * all stores after it: so the end is asked for, and the record put there when
 * some more appends have come. */

enum { SIM_STAGE_MAX = 16 };

struct sim_stage {
    uint32_t count, next; /* with all in use, next is the oldest */
    struct {
        struct sim_bucket *bucket;
        struct sim_bucket_record record;
    } puts[SIM_STAGE_MAX];
};

static inline void sim_stage_put(struct sim_stage *stage, struct sim_bucket_pool *pool,
    struct sim_bucket *bucket, const struct sim_bucket_record *record)
{
    sim_bucket_fetch_end(pool, bucket);
    uint32_t at = stage->next;
    if (stage->count == SIM_STAGE_MAX) {
        sim_bucket_append(pool, stage->puts[at].bucket, &stage->puts[at].record);
    } else {
        stage->count++;
    }
    stage->puts[at].bucket = bucket;
    stage->puts[at].record = *record;
    stage->next = (at + 1) % SIM_STAGE_MAX;
}

/* Puts all where they belong, before anybody looks there. */
static inline void sim_stage_empty(struct sim_stage *stage, struct sim_bucket_pool *pool)
{
    for (uint32_t i = 0; i < stage->count; i++) {
        sim_bucket_append(pool, stage->puts[i].bucket, &stage->puts[i].record);
    }
    stage->count = 0;
    stage->next = 0;
}

#endif
