/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/order.h"
#include "sim/engine/rung.h"
#include "sim/engine/stage.h"

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
 *   bottom          ... one bucket, small enough to sort, its first record at the end
 *
 * Invariant: everything in rungs[k] comes before everything in the buckets of
 * rungs[k - 1], and the bottom comes before all. As sim_rung_index() grows with
 * the key, "index >= rung->current" alone says where a new record belongs.
 *
 * rungs[0] goes round like the dial of a clock: its buckets, once taken, come
 * again above the others, so that at a steady number of events each is moved
 * into its coarse bucket, its fine one and the bottom, and never back.
 *
 * With 1e7 events what counts is how many lines of memory are under way at a
 * time. So all is asked for well before it is needed, and in the second-level
 * cache, as the first has slots for a dozen or two such lines only: clients
 * when their event comes to a fine rung, records while the block before theirs
 * is read, the end of a coarse bucket while some other pushes are staged.
 *
 * If the records of a bucket too big to sort share one instant, its new rung
 * divides by tag (rank, entity, order) instead of time: a million events at
 * once are no special case. */

/* Tuned with tests/bench/engine; none of them can change an order. */
enum {
    leaf_count = SIM_ORDER_MAX, /* a bucket of up to so many is sorted, not spread */
    push_count = 96,            /* so many may be pushed among the sorted, or be few again */
    bottom_count = SIM_ORDER_EVEN_MAX + push_count,
    few_of = 64,                /* few are pushed among one in so many events */
    per_bucket = 24,            /* aimed at when a bucket is spread */
    rung_count = 14,            /* more are hardly ever needed; then collapse() */
    fine_rung_count = 2,        /* after the base; what needs more is of odd scales */
    odd_bits = 5,               /* of the fan of the others */
    block_bits_max = 6,         /* of records in a block */
    fetch_count = 2048,         /* a second-level cache holds what so many events touch */
};

struct sim_queue {
    size_t len, capacity;
    uint64_t now; /* instant of the last popped */
    size_t bottom_len, bottom_pushed; /* records; pushes since it was filled */
    struct sim_bucket_record bottom[bottom_count]; /* latest first */
    struct sim_bucket_record unsorted[leaf_count]; /* on their way there */
    bool is_crowded; /* the bottom was emptied: too many are pushed into the next bucket */
    uint32_t depth;  /* rungs in use, >= 1 */
    struct sim_rung rungs[rung_count];
    size_t bucket_count; /* of all rungs */
    struct sim_bucket_pool pool;
    const struct sim_queue_touch *touches; /* [256] by kind, or NULL */
    struct sim_stage stage; /* of pushes to rungs[0] */
};

/* ---- rungs ---- */

static inline void put(struct sim_queue *queue, struct sim_rung *rung, uint64_t index,
    const struct sim_bucket_record *record)
{
    sim_bucket_append(&queue->pool, sim_rung_bucket(rung, index), record);
    rung->pending++;
}

/* Has what the event's handler will touch on its way to the second-level cache:
 * the first has too few slots for lines that are on their way. */
static inline void fetch(const struct sim_queue *queue, const struct sim_bucket_record *record)
{
    const struct sim_queue_touch *touch = &queue->touches[sim_bucket_kind(record)];
    if (touch->state != NULL) {
        size_t entity = sim_bucket_entity(record);
        __builtin_prefetch((const char *)touch->state + entity * touch->stride_bytes, 0, 2);
    }
}

/* Moves the records of bucket, detached, to the rung. What they touch is asked
 * for a block at a time: the fewer instructions lie between such requests, the
 * more translations of addresses are under way at once. */
static void spread(struct sim_queue *queue, struct sim_rung *rung, struct sim_bucket bucket)
{
    const struct sim_rung shape = *rung; /* in registers, whatever is written */
    bool is_base = rung == queue->rungs; /* where records wait for long */
    bool is_fetched = !is_base && queue->touches != NULL && bucket.count <= fetch_count;
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, bucket);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_bucket_record record = sim_bucket_read(&walk, i);
            struct sim_bucket *to = sim_rung_bucket(&shape, sim_rung_index(&shape, &record));
            unsigned char *slot = sim_bucket_extend(&queue->pool, to);
            memcpy(slot, sim_bucket_walk_slot(&walk, i), SIM_BUCKET_RECORD_BYTES);
        }
        for (uint32_t i = 0; is_fetched && i < walk.count; i++) {
            struct sim_bucket_record record = sim_bucket_load(sim_bucket_walk_slot(&walk, i));
            fetch(queue, &record);
        }
        sim_bucket_give_block(&queue->pool, walk.block);
    }
    rung->pending += bucket.count;
    rung->is_fetched = is_fetched;
}

/* Moves all that the rung still has to bucket to. */
static void pour_all(struct sim_queue *queue, struct sim_rung *rung, struct sim_bucket *to)
{
    for (uint64_t i = rung->current; i <= rung->last; i++) {
        sim_bucket_pour(&queue->pool, sim_rung_detach(rung, i), to);
    }
}

static void lay_out(struct sim_rung *rung, struct sim_bucket_bounds bounds, uint32_t count,
    bool is_open)
{
    sim_rung_lay_out(rung, &(struct sim_rung_layout) {
        .bounds = bounds,
        .count = count,
        .per_bucket = per_bucket,
        .is_open = is_open,
    });
}

/* Starts over with one rung, for the records of bucket: all others wait in its
 * last bucket. Only hostile instants need as many rungs as there are. */
static struct sim_rung *collapse(struct sim_queue *queue, struct sim_bucket bucket)
{
    struct sim_rung *base = &queue->rungs[0];
    struct sim_bucket others = { 0 };
    for (; queue->depth > 0; queue->depth--) {
        pour_all(queue, &queue->rungs[queue->depth - 1], &others);
    }
    queue->depth = 1;
    lay_out(base, sim_bucket_bounds_of(&queue->pool, bucket), bucket.count, false);
    *sim_rung_bucket(base, base->last) = others;
    base->pending = others.count;
    return base;
}

/* ---- bottom ---- */

/* Moves a small bucket, detached, to the empty bottom. */
static void sort_into_bottom(struct sim_queue *queue, struct sim_bucket bucket, bool is_fetched)
{
    uint8_t order[leaf_count];
    sim_bucket_drain(&queue->pool, bucket, queue->unsorted);
    for (uint32_t i = 0; !is_fetched && i < bucket.count; i++) {
        fetch(queue, &queue->unsorted[i]);
    }
    sim_order_latest_first(queue->unsorted, bucket.count, order);
    for (uint32_t i = 0; i < bucket.count; i++) {
        queue->bottom[i] = queue->unsorted[order[i]];
    }
    queue->bottom_len = bucket.count;
}

/* Has what the events of bucket will touch on its way. */
static void fetch_bucket(const struct sim_queue *queue, struct sim_bucket bucket)
{
    struct sim_bucket_walk walk = sim_bucket_walk_of(&queue->pool, bucket);
    while (sim_bucket_walk_on(&queue->pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            struct sim_bucket_record record = sim_bucket_read(&walk, i);
            fetch(queue, &record);
        }
    }
}

/* Moves a bucket, detached, that was at index of the rung, to the empty bottom,
 * though it is not so small. False, with nothing moved, if spreading it over a
 * finer rung promises more. */
static bool sort_many_into_bottom(struct sim_queue *queue, const struct sim_rung *rung,
    uint64_t index, struct sim_bucket bucket)
{
    bool is_bounded = !rung->by_tag && index > rung->first && index < rung->last;
    if (!is_bounded || bucket.count > SIM_ORDER_EVEN_MAX || bucket.count > queue->len / few_of) {
        return false;
    }
    if (!rung->is_fetched && queue->touches != NULL) {
        fetch_bucket(queue, bucket);
    }
    struct sim_order_span span = { rung->start + (index << rung->shift), rung->shift };
    if (!sim_order_even(&queue->pool, bucket, span, queue->bottom)) {
        return false;
    }
    queue->bottom_len = bucket.count;
    return true;
}

/* Makes room in a full bottom: everything goes back to the finest rung, to be
 * spread over a finer one when its turn comes. */
__attribute__((noinline)) static void empty_bottom(struct sim_queue *queue)
{
    struct sim_rung *rung = &queue->rungs[queue->depth - 1];
    for (size_t i = 0; i < queue->bottom_len; i++) {
        uint64_t index = sim_rung_index(rung, &queue->bottom[i]);
        rung->current = index < rung->current ? index : rung->current;
        put(queue, rung, index, &queue->bottom[i]);
    }
    queue->bottom_len = 0;
    queue->is_crowded = true;
}

/* Puts record in its place among the sorted; it is more often early than late.
 * Where many are not, each of them moves half a bottom: it is emptied. */
static void insert(struct sim_queue *queue, const struct sim_bucket_record *record)
{
    size_t i = queue->bottom_len++;
    for (; i > 0 && sim_bucket_is_before(&queue->bottom[i - 1], record); i--) {
        queue->bottom[i] = queue->bottom[i - 1];
    }
    queue->bottom[i] = *record;
    queue->bottom_pushed++;
    if (queue->bottom_len >= push_count && queue->bottom_pushed >= push_count) {
        empty_bottom(queue);
    }
}

/* All buckets below the open-ended one have been taken, or, if the rung goes
 * round, those that were there when it was looked at last. Its records are
 * spread over the rung; if they are many against what was taken, or these many
 * more or fewer than at the layout, the rung is laid out anew for all. Either
 * costs no more than a constant times the events pushed and popped since. */
static void turn(struct sim_queue *queue, struct sim_rung *rung)
{
    size_t others = rung->pending - sim_rung_bucket(rung, rung->last)->count;
    bool is_steady = rung->pending / 4 <= rung->laid && rung->laid / 4 <= rung->pending;
    struct sim_bucket bucket = sim_rung_detach(rung, rung->last);
    if (others > 0 && is_steady && bucket.count <= rung->taken) {
        sim_rung_slide(rung);
        rung->turn = rung->last;
        rung->taken = 0;
        spread(queue, rung, bucket);
        return;
    }
    pour_all(queue, rung, &bucket);
    if (bucket.count <= leaf_count) {
        rung->current = rung->last + 1;
        sort_into_bottom(queue, bucket, queue->touches == NULL);
        return;
    }
    lay_out(rung, sim_bucket_bounds_of(&queue->pool, bucket), bucket.count, true);
    spread(queue, rung, bucket);
}

/* Takes the next bucket of the finest rung: to the bottom if it is small,
 * else over a finer rung. */
static void refine(struct sim_queue *queue, struct sim_rung *rung)
{
    if (rung == queue->rungs || queue->depth == rung_count) {
        sim_stage_empty(&queue->stage, &queue->pool);
    }
    while (rung->current < rung->turn && sim_rung_bucket(rung, rung->current)->count == 0) {
        rung->current++;
    }
    if (rung->current >= rung->turn) {
        turn(queue, rung);
        return;
    }
    uint64_t index = rung->current++;
    struct sim_bucket_bounds bounds = { 0 };
    if (sim_rung_bucket(rung, index)->count > leaf_count) {
        bounds = sim_rung_bounds(rung, index, &queue->pool, queue->now);
    }
    struct sim_bucket bucket = sim_rung_detach(rung, index);
    rung->taken += bucket.count;
    bool goes_round = rung == queue->rungs && !rung->by_tag;
    if (goes_round && (index - rung->first) >> (rung->fan_bits - 3) > 0) {
        sim_rung_slide(rung); /* from an eighth of the way on */
    }
    if (bucket.count <= leaf_count) {
        sort_into_bottom(queue, bucket, rung->is_fetched || queue->touches == NULL);
        return;
    }
    if (!queue->is_crowded && sort_many_into_bottom(queue, rung, index, bucket)) {
        return;
    }
    if (queue->depth == rung_count && bucket.count <= SIM_ORDER_EVEN_MAX) {
        sim_order_any(&queue->pool, bucket, queue->bottom);
        queue->bottom_len = bucket.count;
        return;
    }
    if (queue->depth == rung_count) {
        rung = collapse(queue, bucket);
    } else {
        rung = &queue->rungs[queue->depth++];
        lay_out(rung, bounds, bucket.count, false);
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
        struct sim_rung *rung = &queue->rungs[queue->depth - 1];
        if (rung->pending == 0) {
            return false;
        }
        refine(queue, rung);
    }
    queue->bottom_pushed = 0;
    queue->is_crowded = false;
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
    uint32_t base_bits = clamp(half_bits, 9, 10), fine_bits = clamp(half_bits - 3, odd_bits, 7);
    size_t bucket_count = ((size_t)1 << base_bits) + ((size_t)fine_rung_count << fine_bits)
        + ((size_t)(rung_count - 1 - fine_rung_count) << odd_bits);
    struct sim_queue *queue = calloc(1, sizeof(*queue));
    struct sim_bucket *buckets = calloc(bucket_count, sizeof(*buckets));
    if (queue == NULL || buckets == NULL) {
        goto no_memory;
    }
    /* Part-filled blocks, at worst one in every bucket, shall cost at most
     * about 3.5 bytes an event (from 1e5 events on). */
    size_t fits = capacity * 7 / (bucket_count * 2 * SIM_BUCKET_RECORD_BYTES);
    uint32_t block_bits = clamp(sim_order_bit_length(fits), 4, block_bits_max + 1) - 1;
    if (sim_bucket_pool_init(&queue->pool, block_bits,
            (capacity >> block_bits) + bucket_count + 2) != HB_OK) {
        goto no_memory;
    }
    for (uint32_t k = 0; k < rung_count; k++) {
        queue->rungs[k].fan_bits
            = k == 0 ? base_bits : k <= fine_rung_count ? fine_bits : odd_bits;
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
    for (uint32_t k = 0; k < queue->depth; k++) {
        struct sim_rung *rung = &queue->rungs[k];
        uint64_t index = sim_rung_index(rung, &record);
        if (index < rung->current) {
            continue;
        }
        if (k == 0 && queue->depth > 1) {
            sim_stage_put(&queue->stage, &queue->pool, sim_rung_bucket(rung, index), &record);
            rung->pending++;
        } else {
            put(queue, rung, index, &record);
        }
        return HB_OK;
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
