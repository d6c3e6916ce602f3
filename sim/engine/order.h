/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_ORDER_H
#define SIM_ENGINE_ORDER_H

#include "sim/engine/bucket.h"

/* Internal to sim/engine/queue.c: sorting a handful of records. */

enum { SIM_ORDER_MAX = 40 }; /* beyond, spreading once more is faster */

/* order[k] is the index of the k-th latest of records [count <= SIM_ORDER_MAX]. */
void sim_order_latest_first(const struct sim_bucket_record *records, uint32_t count,
    uint8_t *order);

/* Bits that value takes, 0 for 0. */
static inline uint32_t sim_order_bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(value);
}

#endif
