/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_EVENT_HEAP_H
#define TESTS_SUPPORT_EVENT_HEAP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "sim/engine/event.h"

/* The plain implicit heap that the queue is held against: the oracle of its
 * pop order and the opponent of its benchmark. Inline, with arity 2 or 4 a
 * constant of the caller, so that it is as fast as one written for its arity. */
struct event_node {
    uint64_t at, tag;
    uint32_t payload;
    uint8_t rank, kind;
};

struct event_heap {
    struct event_node *nodes;
    size_t len, capacity;
};

static inline struct event_heap event_heap_of(size_t capacity)
{
    struct event_node *nodes = malloc(capacity * sizeof(*nodes));
    assert(nodes != NULL);
    return (struct event_heap) { .nodes = nodes, .capacity = capacity };
}

static inline void event_heap_free(struct event_heap *heap)
{
    free(heap->nodes);
}

static inline bool event_node_is_before(const struct event_node *a, const struct event_node *b)
{
    return a->at < b->at || (a->at == b->at && a->tag < b->tag);
}

static inline void event_heap_push(struct event_heap *heap, unsigned arity,
    const struct sim_event *event)
{
    assert(heap->len < heap->capacity);
    struct event_node node = {
        .at = (uint64_t)event->at_ns,
        .tag = (uint64_t)event->rank << 60 | (uint64_t)event->entity << 32 | event->order,
        .payload = event->payload,
        .rank = event->rank,
        .kind = event->kind,
    };
    size_t i = heap->len++;
    while (i > 0 && event_node_is_before(&node, &heap->nodes[(i - 1) / arity])) {
        heap->nodes[i] = heap->nodes[(i - 1) / arity];
        i = (i - 1) / arity;
    }
    heap->nodes[i] = node;
}

/* The earliest child of node i, or len if it has none. */
static inline size_t event_heap_child(const struct event_heap *heap, unsigned arity, size_t i)
{
    size_t first = i * arity + 1, end = first + arity;
    if (first >= heap->len) {
        return heap->len;
    }
    end = end < heap->len ? end : heap->len;
    for (size_t child = first + 1; child < end; child++) {
        bool is_earlier = event_node_is_before(&heap->nodes[child], &heap->nodes[first]);
        first = is_earlier ? child : first;
    }
    return first;
}

static inline bool event_heap_pop(struct event_heap *heap, unsigned arity, struct sim_event *out)
{
    if (heap->len == 0) {
        return false;
    }
    const struct event_node first = heap->nodes[0];
    const struct event_node last = heap->nodes[--heap->len];
    size_t i = 0, child = event_heap_child(heap, arity, 0);
    while (child < heap->len && event_node_is_before(&heap->nodes[child], &last)) {
        heap->nodes[i] = heap->nodes[child];
        i = child;
        child = event_heap_child(heap, arity, i);
    }
    heap->nodes[i] = last;
    *out = (struct sim_event) {
        .at_ns = (int64_t)first.at,
        .entity = (uint32_t)(first.tag >> 32) & SIM_EVENT_ENTITY_MAX,
        .order = (uint32_t)first.tag,
        .payload = first.payload,
        .rank = first.rank,
        .kind = first.kind,
    };
    return true;
}

#endif
