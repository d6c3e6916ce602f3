/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_BUCKET_H
#define SIM_ENGINE_BUCKET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/status.h"
#include "sim/engine/event.h"

/* Internal to sim/engine/queue.c: unordered buckets of packed events, all fed
 * from one pool of blocks. Inline, because a push and a pop spend most of
 * their time here. */

/* An event, ordered by (at, tag). A bucket stores 20 bytes of it. */
struct sim_bucket_record {
    uint64_t at;
    uint64_t tag;  /* rank : 4, entity : 28, order : 32 */
    uint32_t load; /* kind : 8, payload : 24 */
};

enum { SIM_BUCKET_RECORD_BYTES = offsetof(struct sim_bucket_record, load) + sizeof(uint32_t) };

/* Without a branch: the first difference decides. */
static inline bool sim_bucket_is_before(const struct sim_bucket_record *a,
    const struct sim_bucket_record *b)
{
    return (a->at < b->at) | ((a->at == b->at) & (a->tag < b->tag));
}

/* A chain of blocks, the newest first; only that one may be part-filled.
 * Zero is empty. */
struct sim_bucket {
    uint32_t block;
    uint32_t count;
};

struct sim_bucket_pool {
    unsigned char *blocks;
    uint32_t *next;       /* [block_count] older block of the chain */
    uint32_t block_bits;  /* a block holds 2^block_bits records */
    uint32_t block_count;
    uint32_t fresh;       /* blocks from here on were never used */
    uint32_t free_head, free_count; /* chain of blocks given back */
};

/* A walk through a bucket, block by block, newest first. Each block can be
 * given back, and filled anew, once it has been passed. */
struct sim_bucket_walk {
    struct sim_bucket rest;
    const unsigned char *slots; /* of block */
    const unsigned char *ahead; /* of a block further on, fetched while this one is read */
    uint32_t block;
    uint32_t count; /* records in block */
    uint32_t far;   /* the block after that */
};

/* HB_ERR_MEMORY. Costs address space only, until used. */
enum hb_status sim_bucket_pool_init(struct sim_bucket_pool *pool, uint32_t block_bits,
    size_t block_count);
void sim_bucket_pool_fini(struct sim_bucket_pool *pool);

/* Least and greatest instant and tag of a bucket's records; how far from
 * at_min they are on average. */
struct sim_bucket_bounds {
    uint64_t at_min, at_max, tag_min, tag_max;
    uint64_t distance_mean;
};
struct sim_bucket_bounds sim_bucket_bounds_of(const struct sim_bucket_pool *pool,
    struct sim_bucket bucket);

/* Moves the records of a bucket, which is thereby used up, to records [count]. */
void sim_bucket_drain(struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_bucket_record *records);

/* Moves all records of from, which is thereby used up, to another bucket. */
void sim_bucket_pour(struct sim_bucket_pool *pool, struct sim_bucket from, struct sim_bucket *to);

static inline struct sim_bucket_record sim_bucket_pack(const struct sim_event *event)
{
    assert(event->at_ns >= 0);
    assert((event->entity >> 28 | event->payload >> 24 | event->rank >> 4) == 0);
    return (struct sim_bucket_record) {
        .at = (uint64_t)event->at_ns,
        .tag = (uint64_t)event->rank << 60 | (uint64_t)event->entity << 32 | event->order,
        .load = (uint32_t)event->kind << 24 | event->payload,
    };
}

static inline uint32_t sim_bucket_entity(const struct sim_bucket_record *record)
{
    return (uint32_t)(record->tag >> 32) & SIM_EVENT_ENTITY_MAX;
}

static inline uint8_t sim_bucket_kind(const struct sim_bucket_record *record)
{
    return (uint8_t)(record->load >> 24);
}

static inline struct sim_event sim_bucket_unpack(const struct sim_bucket_record *record)
{
    return (struct sim_event) {
        .at_ns = (int64_t)record->at,
        .entity = sim_bucket_entity(record),
        .order = (uint32_t)record->tag,
        .payload = record->load & SIM_EVENT_PAYLOAD_MAX,
        .rank = (uint8_t)(record->tag >> 60),
        .kind = sim_bucket_kind(record),
    };
}

static inline unsigned char *sim_bucket_slot(const struct sim_bucket_pool *pool, uint32_t block,
    uint32_t index)
{
    return pool->blocks + (((size_t)block << pool->block_bits) + index) * SIM_BUCKET_RECORD_BYTES;
}

static inline struct sim_bucket_record sim_bucket_load(const unsigned char *slot)
{
    struct sim_bucket_record record;
    memcpy(&record.at, slot, 8);
    memcpy(&record.tag, slot + 8, 8);
    memcpy(&record.load, slot + 16, 4);
    return record;
}

static inline uint32_t sim_bucket_take_block(struct sim_bucket_pool *pool)
{
    if (pool->free_count == 0) {
        assert(pool->fresh < pool->block_count);
        return pool->fresh++;
    }
    uint32_t block = pool->free_head;
    pool->free_head = pool->next[block];
    pool->free_count--;
    return block;
}

static inline void sim_bucket_give_block(struct sim_bucket_pool *pool, uint32_t block)
{
    pool->next[block] = pool->free_head;
    pool->free_head = block;
    pool->free_count++;
}

/* Makes place for one more record. A line of memory ahead is fetched while this
 * one is filled: with many buckets filled in turn, each store would else wait
 * for memory. 80 bytes on is the next line or the one after, whatever part of a
 * line a record takes. */
static inline unsigned char *sim_bucket_extend(struct sim_bucket_pool *pool,
    struct sim_bucket *bucket)
{
    uint32_t index = bucket->count++ & ((1U << pool->block_bits) - 1);
    if (index == 0) {
        uint32_t block = sim_bucket_take_block(pool);
        pool->next[block] = bucket->count > 1 ? bucket->block : block; /* ends in itself */
        bucket->block = block;
    }
    unsigned char *slot = sim_bucket_slot(pool, bucket->block, index);
    __builtin_prefetch(slot + 80, 0, 2);
    return slot;
}

static inline void sim_bucket_append(struct sim_bucket_pool *pool, struct sim_bucket *bucket,
    const struct sim_bucket_record *record)
{
    unsigned char *slot = sim_bucket_extend(pool, bucket);
    memcpy(slot, &record->at, 8);
    memcpy(slot + 8, &record->tag, 8);
    memcpy(slot + 16, &record->load, 4);
}

/* Has the place of the next record on its way to the first-level cache. */
static inline void sim_bucket_fetch_end(const struct sim_bucket_pool *pool,
    const struct sim_bucket *bucket)
{
    uint32_t index = bucket->count & ((1U << pool->block_bits) - 1);
    __builtin_prefetch(sim_bucket_slot(pool, bucket->block, index), 1);
}

static inline struct sim_bucket_walk sim_bucket_walk_of(const struct sim_bucket_pool *pool,
    struct sim_bucket bucket)
{
    return (struct sim_bucket_walk) {
        .rest = bucket,
        .far = bucket.count > 0 ? pool->next[bucket.block] : bucket.block,
    };
}

/* Steps to the next block; false at the end. */
static inline bool sim_bucket_walk_on(const struct sim_bucket_pool *pool,
    struct sim_bucket_walk *walk)
{
    struct sim_bucket *rest = &walk->rest;
    if (rest->count == 0) {
        return false;
    }
    walk->block = rest->block;
    walk->slots = sim_bucket_slot(pool, rest->block, 0);
    walk->ahead = sim_bucket_slot(pool, walk->far, 0);
    walk->count = ((rest->count - 1) & ((1U << pool->block_bits) - 1)) + 1;
    rest->count -= walk->count;
    rest->block = pool->next[rest->block];
    walk->far = pool->next[walk->far];
    __builtin_prefetch(&pool->next[walk->far], 0, 2);
    return true;
}

static inline const unsigned char *sim_bucket_walk_slot(const struct sim_bucket_walk *walk,
    uint32_t index)
{
    return walk->slots + (size_t)index * SIM_BUCKET_RECORD_BYTES;
}

/* A record of the present block; reading one after the other fetches the block
 * ahead. */
static inline struct sim_bucket_record sim_bucket_read(const struct sim_bucket_walk *walk,
    uint32_t index)
{
    __builtin_prefetch(walk->ahead + (size_t)index * SIM_BUCKET_RECORD_BYTES, 0, 2);
    return sim_bucket_load(sim_bucket_walk_slot(walk, index));
}

#endif
