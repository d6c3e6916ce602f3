/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/bucket.h"
#include "sim/engine/order.h"

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

/* Tuned with tests/bench/engine; none of them can change an order. */
enum {
    leaf_count = SIM_ORDER_MAX, /* a bucket of up to so many is sorted, not spread */
    bottom_count = 96,          /* room for what is pushed among the sorted */
    per_bucket = 24,             /* aimed at when a bucket is spread */
    rung_count = 10,            /* more are hardly ever needed; then collapse() */
    block_bits_max = 6,         /* of records in a block */
};

struct rung {
    struct sim_bucket *buckets;
    uint64_t start;    /* of bucket 0: an instant, or with by_tag a tag */
    uint64_t instant;  /* with by_tag: of all but the first and last bucket */
    size_t pending;    /* records in all buckets */
    uint32_t shift;    /* a bucket is 2^shift wide */
    uint32_t current;  /* buckets below it have been taken */
    uint32_t last;     /* index of the open-ended bucket */
    uint32_t fetched;  /* what buckets below it will touch is on its way */
    uint32_t fan_bits; /* there are up to 2^fan_bits buckets */
    bool by_tag;
};

struct sim_queue {
    size_t len, capacity;
    uint64_t now; /* instant of the last popped */
    size_t bottom_len;
    struct sim_bucket_record bottom[bottom_count]; /* latest first */
    struct sim_bucket_record unsorted[leaf_count]; /* on their way there */
    uint32_t depth; /* rungs in use, >= 1 */
    struct rung rungs[rung_count];
    size_t bucket_count; /* of all rungs */
    struct sim_bucket_pool pool;
    const struct sim_queue_touch *touches; /* [256] by kind, or NULL */
    struct sim_bucket ahead; /* what of the next bucket has not been fetched */
};

/* ---- rungs ---- */

static uint32_t index_of(const struct rung *rung, const struct sim_bucket_record *record)
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
    const struct sim_bucket_record *record)
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

/* Of bucket index, without a look at its records if the rung itself bounds
 * them. Below an open first bucket there may still be pushes, down to now. */
static struct sim_bucket_bounds bounds_of(const struct sim_queue *queue, const struct rung *rung,
    uint32_t index, struct sim_bucket bucket)
{
    if (index == 0 || index == rung->last || rung->shift == 0) {
        struct sim_bucket_bounds bounds = sim_bucket_bounds_of(&queue->pool, bucket);
        bool is_open_below = index == 0 && index < rung->last;
        bounds.at_min = is_open_below ? queue->now : bounds.at_min;
        bounds.tag_min = is_open_below ? 0 : bounds.tag_min;
        return bounds;
    }
    uint64_t first = rung->start + ((uint64_t)index << rung->shift);
    uint64_t last = first + ((UINT64_C(1) << rung->shift) - 1);
    if (rung->by_tag) {
        return (struct sim_bucket_bounds) { rung->instant, rung->instant, first, last, 0 };
    }
    return (struct sim_bucket_bounds) { first, last, 0, UINT64_MAX, 0 };
}

/* Divides an empty rung for count records: evenly, or those of an open-ended
 * bucket by their mean distance, as the near ones are dense and the last ones
 * may be very far. No more than a quarter can be beyond four times the mean;
 * these go into the last bucket and wait. */
static void lay_out(struct rung *rung, const struct sim_bucket_bounds *bounds, uint32_t count,
    bool is_open)
{
    rung->by_tag = bounds->at_min == bounds->at_max;
    rung->instant = bounds->at_max;
    rung->start = rung->by_tag ? bounds->tag_min : bounds->at_min;
    uint64_t span = (rung->by_tag ? bounds->tag_max : bounds->at_max) - rung->start;
    assert(span > 0); /* no two events have the same key */
    bool is_even = !is_open || rung->by_tag || bounds->distance_mean > span;
    uint64_t typical = is_even ? span : bounds->distance_mean;
    uint64_t reach = typical < span / 4 ? 4 * typical : span;
    uint32_t width_bits = sim_order_bit_length(typical / (count / per_bucket));
    uint32_t reach_bits = sim_order_bit_length(reach);
    uint32_t shift_min = reach_bits > rung->fan_bits ? reach_bits - rung->fan_bits : 0;
    rung->shift = width_bits > shift_min + 1 ? width_bits - 1 : shift_min;
    uint64_t last_max = (UINT64_C(1) << rung->fan_bits) - 1;
    uint64_t last = span >> rung->shift;
    rung->last = (uint32_t)(last < last_max ? last : last_max);
    rung->current = 0;
    rung->fetched = 0;
}

/* Moves the records of bucket, detached, to the rung. */
static void spread(struct sim_queue *queue, struct rung *rung, struct sim_bucket bucket)
{
    const struct rung shape = *rung; /* in registers, whatever is written */
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, bucket);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_bucket_record record = sim_bucket_read(&walk, i);
            uint32_t index = index_of(&shape, &record);
            sim_bucket_append(&queue->pool, &shape.buckets[index], &record);
        }
        sim_bucket_give_block(&queue->pool, walk.block);
    }
    rung->pending += bucket.count;
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
            sim_bucket_pour(&queue->pool, detach(rung, i), &others);
        }
    }
    queue->depth = 1;
    struct sim_bucket_bounds bounds = sim_bucket_bounds_of(&queue->pool, bucket);
    lay_out(base, &bounds, bucket.count, false);
    base->buckets[base->last] = others;
    base->pending = others.count;
    return base;
}

/* ---- bottom ---- */

/* Has what the event's handler will touch on its way to the cache. */
static void fetch(const struct sim_queue *queue, const struct sim_bucket_record *record)
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
static void insert(struct sim_queue *queue, const struct sim_bucket_record *record)
{
    size_t i = queue->bottom_len++;
    for (; i > 0 && sim_bucket_is_before(&queue->bottom[i - 1], record); i--) {
        queue->bottom[i] = queue->bottom[i - 1];
    }
    queue->bottom[i] = *record;
}

/* The same for one more record of the bucket that comes next: a few at each
 * pop, as a burst of prefetches would wait for one another. What is pushed to
 * that bucket meanwhile is not seen, and a record read too late does no harm. */
static inline void fetch_ahead(struct sim_queue *queue)
{
    if (queue->ahead.count > 0) {
        struct sim_bucket_record record = sim_bucket_peel(&queue->pool, &queue->ahead);
        fetch(queue, &record);
    }
}

static uint32_t next_filled(const struct rung *rung, uint32_t index)
{
    do {
        index++;
    } while (index < rung->last && rung->buckets[index].count == 0);
    return index;
}

/* Bucket index, detached, is served now: what it touches shall be on its way.
 * Meanwhile what the next one touches is fetched, and the one after that. */
static void fetch_next(struct sim_queue *queue, struct rung *rung, uint32_t index,
    struct sim_bucket bucket)
{
    if (index >= rung->fetched) {
        queue->ahead = bucket;
    }
    while (queue->ahead.count > 0) {
        fetch_ahead(queue);
    }
    uint32_t next = next_filled(rung, index);
    rung->fetched = next;
    if (next <= rung->last && rung->buckets[next].count <= leaf_count) {
        queue->ahead = rung->buckets[next];
        rung->fetched++;
    }
    if (next < rung->last) {
        sim_bucket_fetch(&queue->pool, rung->buckets[next_filled(rung, next)]);
    }
}

/* Moves a small bucket, detached, to the empty bottom. */
static void sort_into_bottom(struct sim_queue *queue, struct sim_bucket bucket)
{
    uint8_t order[leaf_count];
    sim_bucket_drain(&queue->pool, bucket, queue->unsorted);
    sim_order_latest_first(queue->unsorted, bucket.count, order);
    for (uint32_t i = 0; i < bucket.count; i++) {
        queue->bottom[i] = queue->unsorted[order[i]];
    }
    queue->bottom_len = bucket.count;
}

/* Makes room in a full bottom: everything goes back to the finest rung, to be
 * spread over a finer one when its turn comes. */
__attribute__((noinline)) static void empty_bottom(struct sim_queue *queue)
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
        fetch_next(queue, rung, index, bucket);
        sort_into_bottom(queue, bucket);
        return;
    }
    if (index < rung->last && queue->depth == rung_count) {
        rung = collapse(queue, bucket);
    } else {
        bool is_open = index == rung->last;
        struct sim_bucket_bounds bounds = bounds_of(queue, rung, index, bucket);
        rung = is_open ? rung : &queue->rungs[queue->depth++];
        lay_out(rung, &bounds, bucket.count, is_open);
    }
    spread(queue, rung, bucket);
}

/* Fills the empty bottom; false if nothing is pending. Like empty_bottom, rare
 * and out of line, so that push and pop save fewer registers. */
__attribute__((noinline)) static bool fill_bottom(struct sim_queue *queue)
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
    uint32_t half_bits = sim_order_bit_length(capacity) / 2;
    uint32_t base_bits = clamp(half_bits, 9, 11), fine_bits = clamp(half_bits - 1, 5, 11);
    size_t bucket_count = ((size_t)1 << base_bits) + ((size_t)(rung_count - 1) << fine_bits);
    struct sim_queue *queue = calloc(1, sizeof(*queue));
    struct sim_bucket *buckets = calloc(bucket_count, sizeof(*buckets));
    if (queue == NULL || buckets == NULL) {
        goto no_memory;
    }
    /* Part-filled blocks, at worst one in every bucket, shall cost at most
     * about 3 bytes an event (from 1e5 events on). */
    size_t fits = capacity * 3 / (bucket_count * SIM_BUCKET_RECORD_BYTES);
    uint32_t block_bits = clamp(sim_order_bit_length(fits), 4, block_bits_max + 1) - 1;
    if (sim_bucket_pool_init(&queue->pool, block_bits,
            (capacity >> block_bits) + bucket_count + 2) != HB_OK) {
        goto no_memory;
    }
    for (uint32_t k = 0; k < rung_count; k++) {
        queue->rungs[k].fan_bits = k == 0 ? base_bits : fine_bits;
        queue->rungs[k].buckets = buckets;
        buckets += (size_t)1 << queue->rungs[k].fan_bits;
    }
    queue->capacity = capacity;
    queue->bucket_count = bucket_count;
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
    struct sim_bucket_record record = sim_bucket_pack(event);
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
    insert(queue, &record); /* too near to be worth fetching for */
    return HB_OK;
}

bool sim_queue_pop(struct sim_queue *queue, int64_t until_ns, struct sim_event *out)
{
    if (queue->bottom_len == 0 && !fill_bottom(queue)) {
        return false;
    }
    const struct sim_bucket_record *first = &queue->bottom[queue->bottom_len - 1];
    if ((int64_t)first->at > until_ns) {
        return false;
    }
    *out = sim_bucket_unpack(first);
    fetch_ahead(queue);
    queue->now = first->at;
    queue->bottom_len--;
    queue->len--;
    return true;
}

int64_t sim_queue_next_ns(struct sim_queue *queue)
{
    bool has_any = queue->bottom_len > 0 || fill_bottom(queue);
    return has_any ? (int64_t)queue->bottom[queue->bottom_len - 1].at : HB_NEVER_NS;
}

size_t sim_queue_len(const struct sim_queue *queue)
{
    return queue->len;
}

static size_t bytes_of(const struct sim_queue *queue, size_t block_count)
{
    size_t block_bytes = (size_t)SIM_BUCKET_RECORD_BYTES << queue->pool.block_bits;
    return sizeof(*queue) + queue->bucket_count * sizeof(struct sim_bucket)
        + block_count * (block_bytes + sizeof(*queue->pool.next));
}

size_t sim_queue_used_bytes(const struct sim_queue *queue)
{
    return bytes_of(queue, queue->pool.fresh);
}

size_t sim_queue_reserved_bytes(const struct sim_queue *queue)
{
    return bytes_of(queue, queue->pool.block_count);
}
