/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_ORDER_H
#define SIM_ENGINE_ORDER_H

#include "sim/engine/bucket.h"

/* Internal to sim/engine/queue.c: sorting what is in a bucket. */

enum {
    SIM_ORDER_MAX = 40,       /* beyond, either of the following is faster */
    SIM_ORDER_EVEN_MAX = 640, /* beyond, spreading once more: the sorted shall fit in the cache */
};

/* order[k] is the index of the k-th latest of records [count <= SIM_ORDER_MAX]. */
void sim_order_latest_first(const struct sim_bucket_record *records, uint32_t count,
    uint8_t *order);

/* Instants start .. start + 2^bits - 1. */
struct sim_order_span {
    uint64_t start;
    uint32_t bits;
};

/* Moves the records of a bucket, detached, of up to SIM_ORDER_EVEN_MAX in the
 * span, to sorted [bucket.count], latest first. False, and nothing is moved, if
 * they crowd at a few instants. */
bool sim_order_even(struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_order_span span, struct sim_bucket_record *sorted);

/* Moves the records of a bucket, detached, to sorted [bucket.count], latest
 * first, however they crowd: a few times slower. */
void sim_order_any(struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_bucket_record *sorted);

/* Bits that value takes, 0 for 0. */
static inline uint32_t sim_order_bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(value);
}

#endif
