/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/bucket.h"

#include <stdlib.h>

enum hb_status sim_bucket_pool_init(struct sim_bucket_pool *pool, uint32_t block_bits,
    size_t block_count)
{
    assert(block_count <= UINT32_MAX);
    *pool = (struct sim_bucket_pool) {
        .block_bits = block_bits,
        .block_count = (uint32_t)block_count,
        .blocks = malloc((block_count << block_bits) * SIM_RECORD_BYTES),
        .next = malloc(block_count * sizeof(*pool->next)),
    };
    if (pool->blocks == NULL || pool->next == NULL) {
        sim_bucket_pool_fini(pool);
        return HB_ERR_MEMORY;
    }
    return HB_OK;
}

void sim_bucket_pool_fini(struct sim_bucket_pool *pool)
{
    free(pool->next);
    free(pool->blocks);
    *pool = (struct sim_bucket_pool) { 0 };
}
