/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/bucket.h"

#include "sim/engine/pages.h"

static size_t block_bytes(const struct sim_bucket_pool *pool)
{
    return ((size_t)pool->block_count << pool->block_bits) * SIM_BUCKET_RECORD_BYTES;
}

static size_t next_bytes(const struct sim_bucket_pool *pool)
{
    return pool->block_count * sizeof(*pool->next);
}

enum hb_status sim_bucket_pool_init(struct sim_bucket_pool *pool, uint32_t block_bits,
    size_t block_count)
{
    assert(block_count > 0);
    assert(block_count <= UINT32_MAX);
    *pool = (struct sim_bucket_pool) {
        .block_bits = block_bits,
        .block_count = (uint32_t)block_count,
    };
    pool->blocks = sim_pages_create(block_bytes(pool));
    pool->next = sim_pages_create(next_bytes(pool));
    if (pool->blocks == NULL || pool->next == NULL) {
        sim_bucket_pool_fini(pool);
        return HB_ERR_MEMORY;
    }
    return HB_OK;
}

void sim_bucket_pool_fini(struct sim_bucket_pool *pool)
{
    sim_pages_free(pool->next, next_bytes(pool));
    sim_pages_free(pool->blocks, block_bytes(pool));
    *pool = (struct sim_bucket_pool) { 0 };
}

struct sim_bucket_bounds sim_bucket_bounds_of(const struct sim_bucket_pool *pool,
    struct sim_bucket bucket)
{
    struct sim_bucket_bounds bounds = { .at_min = UINT64_MAX, .tag_min = UINT64_MAX };
    struct sim_bucket_walk walk = sim_bucket_walk_of(pool, bucket);
    uint64_t origin = 0;
    double sum = 0.0; /* of the distances from origin, one of the instants */
    while (sim_bucket_walk_on(pool, &walk)) {
        origin = origin == 0 ? sim_bucket_read(&walk, 0).at : origin;
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_bucket_record record = sim_bucket_read(&walk, i);
            sum += (double)(int64_t)(record.at - origin);
            bounds.at_min = record.at < bounds.at_min ? record.at : bounds.at_min;
            bounds.at_max = record.at > bounds.at_max ? record.at : bounds.at_max;
            bounds.tag_min = record.tag < bounds.tag_min ? record.tag : bounds.tag_min;
            bounds.tag_max = record.tag > bounds.tag_max ? record.tag : bounds.tag_max;
        }
    }
    double mean = sum / bucket.count + (double)(origin - bounds.at_min);
    bounds.distance_mean = mean > 0.0 ? (uint64_t)mean : 0; /* rounding may go below */
    return bounds;
}

void sim_bucket_drain(struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_bucket_record *records)
{
    struct sim_bucket_walk walk = sim_bucket_walk_of(pool, bucket);
    while (sim_bucket_walk_on(pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            *records++ = sim_bucket_read(&walk, i);
        }
        sim_bucket_give_block(pool, walk.block);
    }
}

void sim_bucket_pour(struct sim_bucket_pool *pool, struct sim_bucket from, struct sim_bucket *to)
{
    struct sim_bucket_walk walk = sim_bucket_walk_of(pool, from);
    while (sim_bucket_walk_on(pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_bucket_record record = sim_bucket_read(&walk, i);
            sim_bucket_append(pool, to, &record);
        }
        sim_bucket_give_block(pool, walk.block);
    }
}
