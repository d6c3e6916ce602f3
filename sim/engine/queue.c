/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/bucket.h"

/* A ladder of buckets (after the ladder queue of Tang, Goh and Thng, ACM
 * TOMACS 15(3), 2005), changed so that ties and hostile instants cost no more
 * than others.
 *
 * A heap follows a path of keys: once the set is out of cache, each pop waits
 * for log(n) misses, one after another. Here a record is only appended to a
 * bucket and later read in sequence, so that the misses overlap:
 *
 *   rungs[0]   ........ coarse buckets, unsorted; the last is open-ended
 *   rungs[1]       .... one bucket of rungs[0], spread over finer ones
 *   ...
 *   bottom          ... one small bucket, sorted, its first record at the end
 *
 * Invariant: everything in rungs[k] comes before everything in the buckets of
 * rungs[k - 1], and the bottom comes before all. As index_of() grows with the
 * key, "index >= rung->current" alone says where a new record belongs. The
 * first bucket of a rung also takes what lies below it, the last one what lies
 * above.
 *
 * If the records of a bucket too big to sort share one instant, its new rung
 * divides by tag (rank, entity, order) instead of time: a million events at
 * once are no special case. */

enum {
    leaf_count = 40,   /* sorted by insertion: beyond about 50, spreading is faster */
    bottom_count = 96, /* room for what is pushed among the sorted */
    per_bucket = 6,    /* aimed at when a bucket is spread */
    rung_count = 10,
    block_bits_max = 6,
};

struct rung {
    struct sim_bucket *buckets;
    uint64_t start;   /* of bucket 0: an instant, or with by_tag a tag */
    uint64_t instant; /* with by_tag: of all but the first and last bucket */
    size_t pending;   /* records in all buckets */
    uint32_t shift;   /* a bucket is 2^shift wide */
    uint32_t current; /* buckets below it have been taken */
    uint32_t last;    /* index of the open-ended bucket */
    bool by_tag;
};

struct sim_queue {
    size_t len, capacity;
    uint64_t now; /* instant of the last popped */
    size_t bottom_len;
    struct sim_record bottom[bottom_count]; /* latest first */
    uint32_t depth;                         /* rungs in use, >= 1 */
    struct rung rungs[rung_count];
    uint32_t fan_bits; /* a rung has up to 2^fan_bits buckets */
    struct sim_bucket_pool pool;
    const struct sim_queue_touch *touches; /* [256] by kind, or NULL */
};

/* Without a branch: the first difference decides. */
static bool is_before(const struct sim_record *a, const struct sim_record *b)
{
    return (a->at < b->at) | ((a->at == b->at) & (a->tag < b->tag));
}

static uint32_t bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(value);
}

/* ---- rungs ---- */

static uint32_t index_of(const struct rung *rung, const struct sim_record *record)
{
    uint64_t word = record->at;
    if (rung->by_tag) {
        if (record->at != rung->instant) {
            return record->at < rung->instant ? 0 : rung->last;
        }
        word = record->tag;
    }
    if (word < rung->start) {
        return 0;
    }
    uint64_t index = (word - rung->start) >> rung->shift;
    return index < rung->last ? (uint32_t)index : rung->last;
}

static void put(struct sim_queue *queue, struct rung *rung, uint32_t index,
    const struct sim_record *record)
{
    sim_bucket_append(&queue->pool, &rung->buckets[index], record);
    rung->pending++;
}

static struct sim_bucket detach(struct rung *rung, uint32_t index)
{
    struct sim_bucket bucket = rung->buckets[index];
    rung->buckets[index].count = 0;
    rung->pending -= bucket.count;
    return bucket;
}

/* First and last key that a rung has to tell apart. */
struct bounds {
    uint64_t at_min, at_max, tag_min, tag_max;
};

static struct bounds bounds_of_records(const struct sim_queue *queue, struct sim_bucket bucket)
{
    struct bounds bounds = { .at_min = UINT64_MAX, .tag_min = UINT64_MAX };
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, bucket);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_record record = sim_bucket_record(&queue->pool, &walk, i);
            bounds.at_min = record.at < bounds.at_min ? record.at : bounds.at_min;
            bounds.at_max = record.at > bounds.at_max ? record.at : bounds.at_max;
            bounds.tag_min = record.tag < bounds.tag_min ? record.tag : bounds.tag_min;
            bounds.tag_max = record.tag > bounds.tag_max ? record.tag : bounds.tag_max;
        }
    }
    return bounds;
}

/* Of bucket index, without a look at its records if the rung itself bounds
 * them. Below an open first bucket there may still be pushes, down to now. */
static struct bounds bounds_of(const struct sim_queue *queue, const struct rung *rung,
    uint32_t index, struct sim_bucket bucket)
{
    if (index == 0 || index == rung->last || rung->shift == 0) {
        struct bounds bounds = bounds_of_records(queue, bucket);
        bool is_open = index == 0 && index < rung->last;
        bounds.at_min = is_open ? queue->now : bounds.at_min;
        bounds.tag_min = is_open ? 0 : bounds.tag_min;
        return bounds;
    }
    uint64_t first = rung->start + ((uint64_t)index << rung->shift);
    uint64_t last = first + ((UINT64_C(1) << rung->shift) - 1);
    if (rung->by_tag) {
        return (struct bounds) { rung->instant, rung->instant, first, last };
    }
    return (struct bounds) { first, last, 0, UINT64_MAX };
}

/* Divides an empty rung for count records. */
static void lay_out(struct rung *rung, struct bounds bounds, uint32_t count, uint32_t fan_bits)
{
    rung->by_tag = bounds.at_min == bounds.at_max;
    rung->instant = bounds.at_max;
    rung->start = rung->by_tag ? bounds.tag_min : bounds.at_min;
    uint64_t span = (rung->by_tag ? bounds.tag_max : bounds.at_max) - rung->start;
    assert(span > 0); /* no two events have the same key */
    uint32_t bits = bit_length(count / per_bucket);
    bits = bits < fan_bits ? bits : fan_bits;
    rung->shift = bit_length(span) > bits ? bit_length(span) - bits : 0;
    rung->last = (uint32_t)(span >> rung->shift);
    rung->current = 0;
}

/* Moves the records of bucket, detached, to the rung. */
static void spread(struct sim_queue *queue, struct rung *rung, struct sim_bucket bucket)
{
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, bucket);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_record record = sim_bucket_record(&queue->pool, &walk, i);
            put(queue, rung, index_of(rung, &record), &record);
        }
        sim_bucket_give_block(&queue->pool, walk.block);
    }
}

/* Moves the records of from, detached, to another bucket. */
static void pour(struct sim_queue *queue, struct sim_bucket from, struct sim_bucket *to)
{
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, from);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_record record = sim_bucket_record(&queue->pool, &walk, i);
            sim_bucket_append(&queue->pool, to, &record);
        }
        sim_bucket_give_block(&queue->pool, walk.block);
    }
}

/* Starts over with one rung, for the records of bucket: all others wait in its
 * last bucket. Only hostile instants need as many rungs as there are. */
static struct rung *collapse(struct sim_queue *queue, struct sim_bucket bucket)
{
    struct rung *base = &queue->rungs[0];
    struct sim_bucket others = { 0 };
    for (; queue->depth > 0; queue->depth--) {
        struct rung *rung = &queue->rungs[queue->depth - 1];
        for (uint32_t i = rung->current; i <= rung->last; i++) {
            pour(queue, detach(rung, i), &others);
        }
    }
    queue->depth = 1;
    lay_out(base, bounds_of_records(queue, bucket), bucket.count, queue->fan_bits);
    base->buckets[base->last] = others;
    base->pending = others.count;
    return base;
}

/* ---- bottom ---- */

/* Has what the event's handler will touch on its way to the cache. */
static void fetch(const struct sim_queue *queue, const struct sim_record *record)
{
    if (queue->touches != NULL) {
        const struct sim_queue_touch *touch = &queue->touches[sim_bucket_kind(record)];
        if (touch->state != NULL) {
            size_t entity = sim_bucket_entity(record);
            __builtin_prefetch((const char *)touch->state + entity * touch->stride_bytes, 1);
        }
    }
}

/* Puts record in its place among the sorted; it is more often early than late. */
static void insert(struct sim_queue *queue, const struct sim_record *record)
{
    size_t i = queue->bottom_len++;
    for (; i > 0 && is_before(&queue->bottom[i - 1], record); i--) {
        queue->bottom[i] = queue->bottom[i - 1];
    }
    queue->bottom[i] = *record;
}

/* The clients of the small bucket after index are fetched while those of
 * index are served. */
static void fetch_next(const struct sim_queue *queue, const struct rung *rung, uint32_t index)
{
    do {
        index++;
    } while (index < rung->last && rung->buckets[index].count == 0);
    if (index > rung->last || rung->buckets[index].count > leaf_count) {
        return;
    }
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, rung->buckets[index]);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_record record = sim_bucket_record(&queue->pool, &walk, i);
            fetch(queue, &record);
        }
    }
}

/* Moves a small bucket, detached, to the empty bottom. The sort counts for
 * each record those that come after it: more comparisons than by insertion,
 * but none that a processor can guess wrong. */
static void sort_into_bottom(struct sim_queue *queue, struct sim_bucket bucket)
{
    struct sim_record found[leaf_count];
    uint32_t after[leaf_count], count = 0;
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, bucket);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            found[count] = sim_bucket_record(&queue->pool, &walk, i);
            fetch(queue, &found[count]);
            uint32_t later = 0;
            for (uint32_t j = 0; j < count; j++) {
                uint32_t is_later = is_before(&found[count], &found[j]);
                later += is_later;
                after[j] += 1 - is_later;
            }
            after[count++] = later;
        }
        sim_bucket_give_block(&queue->pool, walk.block);
    }
    for (uint32_t i = 0; i < count; i++) {
        queue->bottom[after[i]] = found[i];
    }
    queue->bottom_len = count;
}

/* Makes room in a full bottom: everything goes back to the finest rung, to be
 * spread over a finer one when its turn comes. */
static void empty_bottom(struct sim_queue *queue)
{
    struct rung *rung = &queue->rungs[queue->depth - 1];
    for (size_t i = 0; i < queue->bottom_len; i++) {
        uint32_t index = index_of(rung, &queue->bottom[i]);
        rung->current = index < rung->current ? index : rung->current;
        put(queue, rung, index, &queue->bottom[i]);
    }
    queue->bottom_len = 0;
}

/* Takes the next bucket of the finest rung: to the bottom if it is small,
 * else over a finer rung, or, if it is open-ended, over this one anew. */
static void refine(struct sim_queue *queue, struct rung *rung)
{
    while (rung->buckets[rung->current].count == 0) {
        rung->current++;
    }
    uint32_t index = rung->current++;
    struct sim_bucket bucket = detach(rung, index);
    if (bucket.count <= leaf_count) {
        fetch_next(queue, rung, index);
        sort_into_bottom(queue, bucket);
        return;
    }
    if (index < rung->last && queue->depth == rung_count) {
        rung = collapse(queue, bucket);
    } else {
        struct bounds bounds = bounds_of(queue, rung, index, bucket);
        rung = index < rung->last ? &queue->rungs[queue->depth++] : rung;
        lay_out(rung, bounds, bucket.count, queue->fan_bits);
    }
    spread(queue, rung, bucket);
}

/* Fills the empty bottom; false if nothing is pending. */
static bool fill_bottom(struct sim_queue *queue)
{
    while (queue->bottom_len == 0) {
        while (queue->depth > 1 && queue->rungs[queue->depth - 1].pending == 0) {
            queue->depth--;
        }
        struct rung *rung = &queue->rungs[queue->depth - 1];
        if (rung->pending == 0) {
            return false;
        }
        refine(queue, rung);
    }
    return true;
}

/* ---- the interface ---- */

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

enum hb_status sim_queue_create(const struct sim_queue_options *options, struct sim_queue **out)
{
    size_t capacity = options->capacity;
    if (capacity == 0 || capacity > UINT32_C(1) << 31) {
        return HB_ERR_RANGE;
    }
    uint32_t fan_bits = clamp(bit_length(capacity) * 2 / 5, 7, 9);
    size_t bucket_count = (size_t)rung_count << fan_bits;
    struct sim_queue *queue = calloc(1, sizeof(*queue));
    struct sim_bucket *buckets = calloc(bucket_count, sizeof(*buckets));
    if (queue == NULL || buckets == NULL) {
        goto no_memory;
    }
    /* Part-filled blocks, at worst one in every bucket, shall cost at most
     * about 3 bytes an event (from 1e5 events on). */
    size_t fits = capacity * 3 / (bucket_count * SIM_RECORD_BYTES);
    uint32_t block_bits = clamp(bit_length(fits), 3, block_bits_max + 1) - 1;
    if (sim_bucket_pool_init(&queue->pool, block_bits,
            (capacity >> block_bits) + bucket_count + 2) != HB_OK) {
        goto no_memory;
    }
    for (uint32_t k = 0; k < rung_count; k++) {
        queue->rungs[k].buckets = buckets + (k << fan_bits);
    }
    queue->fan_bits = fan_bits;
    queue->capacity = capacity;
    queue->depth = 1;
    queue->touches = options->touches;
    *out = queue;
    return HB_OK;
no_memory:
    free(buckets);
    free(queue);
    return HB_ERR_MEMORY;
}

void sim_queue_free(struct sim_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    sim_bucket_pool_fini(&queue->pool);
    free(queue->rungs[0].buckets);
    free(queue);
}

enum hb_status sim_queue_push(struct sim_queue *queue, const struct sim_event *event)
{
    if (queue->len == queue->capacity) {
        return HB_ERR_FULL;
    }
    struct sim_record record = sim_bucket_pack(event);
    assert(record.at >= queue->now);
    queue->len++;
    if (queue->bottom_len == bottom_count) {
        empty_bottom(queue);
    }
    for (uint32_t k = 0; k < queue->depth; k++) {
        struct rung *rung = &queue->rungs[k];
        uint32_t index = index_of(rung, &record);
        if (index >= rung->current) {
            put(queue, rung, index, &record);
            return HB_OK;
        }
    }
    fetch(queue, &record);
    insert(queue, &record);
    return HB_OK;
}

bool sim_queue_pop(struct sim_queue *queue, int64_t until_ns, struct sim_event *out)
{
    if (queue->bottom_len == 0 && !fill_bottom(queue)) {
        return false;
    }
    const struct sim_record *first = &queue->bottom[queue->bottom_len - 1];
    if ((int64_t)first->at > until_ns) {
        return false;
    }
    *out = sim_bucket_unpack(first);
    queue->now = first->at;
    queue->bottom_len--;
    queue->len--;
    return true;
}

size_t sim_queue_len(const struct sim_queue *queue)
{
    return queue->len;
}

static size_t bytes_of(const struct sim_queue *queue, size_t block_count)
{
    size_t block_bytes = ((size_t)SIM_RECORD_BYTES << queue->pool.block_bits) + sizeof(uint32_t);
    size_t bucket_bytes = (size_t)rung_count * sizeof(struct sim_bucket) << queue->fan_bits;
    return sizeof(*queue) + bucket_bytes + block_count * block_bytes;
}

size_t sim_queue_used_bytes(const struct sim_queue *queue)
{
    return bytes_of(queue, queue->pool.fresh);
}

size_t sim_queue_reserved_bytes(const struct sim_queue *queue)
{
    return bytes_of(queue, queue->pool.block_count);
}
