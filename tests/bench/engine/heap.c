/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/engine/heap.h"

#include <assert.h>
#include <stdlib.h>

struct node {
    uint64_t at, tag;
    uint32_t payload;
    uint8_t rank, kind;
};

struct heap {
    struct node *nodes;
    size_t len, capacity;
    unsigned arity;
};

static bool is_before(const struct node *a, const struct node *b)
{
    return a->at < b->at || (a->at == b->at && a->tag < b->tag);
}

struct heap *heap_create(size_t capacity, unsigned arity)
{
    assert(arity == 2 || arity == 4);
    struct heap *heap = malloc(sizeof(*heap));
    struct node *nodes = malloc(capacity * sizeof(*nodes));
    assert(heap != NULL);
    assert(nodes != NULL);
    *heap = (struct heap) { .nodes = nodes, .capacity = capacity, .arity = arity };
    return heap;
}

void heap_free(struct heap *heap)
{
    if (heap != NULL) {
        free(heap->nodes);
        free(heap);
    }
}

void heap_push(struct heap *heap, const struct sim_event *event)
{
    assert(heap->len < heap->capacity);
    struct node node = {
        .at = (uint64_t)event->at_ns,
        .tag = (uint64_t)event->rank << 60 | (uint64_t)event->entity << 32 | event->order,
        .payload = event->payload,
        .rank = event->rank,
        .kind = event->kind,
    };
    size_t i = heap->len++;
    while (i > 0) {
        size_t parent = heap->arity == 2 ? (i - 1) / 2 : (i - 1) / 4;
        if (!is_before(&node, &heap->nodes[parent])) {
            break;
        }
        heap->nodes[i] = heap->nodes[parent];
        i = parent;
    }
    heap->nodes[i] = node;
}

/* The earliest of the children of i, or len if it has none. */
static inline size_t first_child(const struct heap *heap, size_t i, unsigned arity)
{
    size_t child = i * arity + 1, end = child + arity;
    if (child >= heap->len) {
        return heap->len;
    }
    end = end < heap->len ? end : heap->len;
    size_t first = child;
    for (child++; child < end; child++) {
        first = is_before(&heap->nodes[child], &heap->nodes[first]) ? child : first;
    }
    return first;
}

static inline void sift_down(struct heap *heap, unsigned arity)
{
    struct node last = heap->nodes[heap->len];
    size_t i = 0;
    for (;;) {
        size_t child = first_child(heap, i, arity);
        if (child == heap->len || !is_before(&heap->nodes[child], &last)) {
            break;
        }
        heap->nodes[i] = heap->nodes[child];
        i = child;
    }
    heap->nodes[i] = last;
}

bool heap_pop(struct heap *heap, struct sim_event *out)
{
    if (heap->len == 0) {
        return false;
    }
    const struct node first = heap->nodes[0];
    *out = (struct sim_event) {
        .at_ns = (int64_t)first.at,
        .entity = (uint32_t)(first.tag >> 32) & SIM_EVENT_ENTITY_MAX,
        .order = (uint32_t)first.tag,
        .payload = first.payload,
        .rank = first.rank,
        .kind = first.kind,
    };
    heap->len--;
    if (heap->arity == 2) {
        sift_down(heap, 2);
    } else {
        sift_down(heap, 4);
    }
    return true;
}

size_t heap_len(const struct heap *heap)
{
    return heap->len;
}
