/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/engine/hold.h"

#include "sim/engine/queue.h"
#include "tests/support/event_heap.h"

static struct sim_event event_of(struct hold *hold, uint32_t entity, int64_t at_ns)
{
    return (struct sim_event) {
        .at_ns = at_ns + hold_increment_ns(hold),
        .entity = entity,
        .order = ++hold->clients[entity].order,
    };
}

/* ---- the engine's queue ---- */

/* The queue and where it finds its clients. */
struct ladder {
    struct sim_queue *queue;
    struct sim_queue_touch touches[256];
};

static void *ladder_create(struct hold *hold)
{
    struct ladder *ladder = calloc(1, sizeof(*ladder));
    assert(ladder != NULL);
    ladder->touches[0].state = hold->clients;
    ladder->touches[0].stride_bytes = sizeof(*hold->clients);
    struct sim_queue_options options = { .capacity = hold->pending, .touches = ladder->touches };
    enum hb_status status = sim_queue_create(&options, &ladder->queue);
    assert(status == HB_OK);
    for (uint32_t i = 0; i < hold->pending; i++) {
        struct sim_event event = event_of(hold, i, 0);
        status = sim_queue_push(ladder->queue, &event);
        assert(status == HB_OK);
    }
    return ladder;
}

static void ladder_run(void *self, struct hold *hold, size_t ops)
{
    struct sim_queue *queue = ((struct ladder *)self)->queue;
    struct sim_event event;
    for (size_t i = 0; i < ops && sim_queue_pop(queue, INT64_MAX, &event); i++) {
        hold_touch(hold, event.entity, event.at_ns);
        event = event_of(hold, event.entity, event.at_ns);
        enum hb_status status = sim_queue_push(queue, &event);
        assert(status == HB_OK);
    }
}

static void ladder_free(void *self)
{
    struct ladder *ladder = self;
    sim_queue_free(ladder->queue);
    free(ladder);
}

const struct hold_contestant hold_ladder = { "ladder", ladder_create, ladder_run, ladder_free };

void hold_ladder_bytes(const void *self, size_t *used, size_t *reserved)
{
    const struct ladder *ladder = self;
    *used = sim_queue_used_bytes(ladder->queue);
    *reserved = sim_queue_reserved_bytes(ladder->queue);
}

/* ---- implicit heaps ---- */

static inline void *heap_create(struct hold *hold, unsigned arity)
{
    struct event_heap *heap = malloc(sizeof(*heap));
    assert(heap != NULL);
    *heap = event_heap_of(hold->pending);
    for (uint32_t i = 0; i < hold->pending; i++) {
        struct sim_event event = event_of(hold, i, 0);
        event_heap_push(heap, arity, &event);
    }
    return heap;
}

static inline void heap_run(struct event_heap *heap, struct hold *hold, size_t ops, unsigned arity)
{
    struct sim_event event;
    for (size_t i = 0; i < ops && event_heap_pop(heap, arity, &event); i++) {
        hold_touch(hold, event.entity, event.at_ns);
        event = event_of(hold, event.entity, event.at_ns);
        event_heap_push(heap, arity, &event);
    }
}

static void heap_free(void *self)
{
    struct event_heap *heap = self;
    event_heap_free(heap);
    free(heap);
}

static void *heap2_create(struct hold *hold)
{
    return heap_create(hold, 2);
}

static void heap2_run(void *self, struct hold *hold, size_t ops)
{
    heap_run(self, hold, ops, 2);
}

static void *heap4_create(struct hold *hold)
{
    return heap_create(hold, 4);
}

static void heap4_run(void *self, struct hold *hold, size_t ops)
{
    heap_run(self, hold, ops, 4);
}

const struct hold_contestant hold_heap2 = { "binary heap", heap2_create, heap2_run, heap_free };
const struct hold_contestant hold_heap4 = { "4-ary heap", heap4_create, heap4_run, heap_free };
