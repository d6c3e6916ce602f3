/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_RUNG_H
#define SIM_ENGINE_RUNG_H

#include "sim/engine/bucket.h"

/* Internal to sim/engine/queue.c: a rung of its ladder, a row of buckets of
 * equal width. Its first bucket also takes what lies below it, its last one
 * what lies above. Zero is a rung of one bucket. */
struct sim_rung {
    struct sim_bucket *buckets; /* [2^fan_bits]: index's is at index mod 2^fan_bits */
    uint64_t start;       /* of bucket 0: an instant, or with by_tag a tag */
    uint64_t instant;     /* with by_tag: of all but the first and last bucket */
    uint64_t first, last; /* indexes of the open-ended buckets */
    uint64_t current;     /* buckets below it have been taken */
    uint64_t turn;        /* nothing in bucket last belongs below it */
    size_t pending;       /* records in all buckets */
    size_t laid, taken;   /* records at the layout; taken since that or the last turn */
    uint32_t shift;       /* a bucket is 2^shift wide */
    uint32_t fan_bits;
    bool by_tag;
    bool is_fetched;      /* what its events will touch is on its way to the cache */
};

/* Divides an empty rung for count records: evenly, or those of an open-ended
 * bucket by their mean distance, as the near ones are dense and the last ones
 * may be very far. No more than a quarter can be beyond four times the mean;
 * these go into the last bucket and wait. */
struct sim_rung_layout {
    struct sim_bucket_bounds bounds;
    uint32_t count;      /* > per_bucket */
    uint32_t per_bucket; /* aimed at */
    bool is_open;
};
void sim_rung_lay_out(struct sim_rung *rung, const struct sim_rung_layout *layout);

/* Of bucket index, without a look at its records if the rung itself bounds
 * them and has divided what was in it: not where most may share one instant.
 * Below an open first bucket there may still be pushes, down to now. */
struct sim_bucket_bounds sim_rung_bounds(const struct sim_rung *rung, uint64_t index,
    const struct sim_bucket_pool *pool, uint64_t now);

/* Buckets that have been taken come again above the others, before the
 * open-ended one. Not by_tag, and one at least has been taken. */
void sim_rung_slide(struct sim_rung *rung);

static inline uint64_t sim_rung_index(const struct sim_rung *rung,
    const struct sim_bucket_record *record)
{
    uint64_t word = record->at;
    if (rung->by_tag) {
        if (record->at != rung->instant) {
            return record->at < rung->instant ? rung->first : rung->last;
        }
        word = record->tag;
    }
    if (word < rung->start) {
        return rung->first;
    }
    uint64_t index = (word - rung->start) >> rung->shift;
    index = index < rung->last ? index : rung->last;
    return index > rung->first ? index : rung->first;
}

static inline struct sim_bucket *sim_rung_bucket(const struct sim_rung *rung, uint64_t index)
{
    return &rung->buckets[index & ((UINT64_C(1) << rung->fan_bits) - 1)];
}

static inline struct sim_bucket sim_rung_detach(struct sim_rung *rung, uint64_t index)
{
    struct sim_bucket *at = sim_rung_bucket(rung, index), bucket = *at;
    at->count = 0;
    rung->pending -= bucket.count;
    return bucket;
}

#endif
