/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_BENCH_ENGINE_HEAP_H
#define TESTS_BENCH_ENGINE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/engine/event.h"

/* The plain implicit heap that the queue is compared with: 2 or 4 children a
 * node, the same 24-byte keys. Also the oracle of the pop order. */
struct heap;

struct heap *heap_create(size_t capacity, unsigned arity);
void heap_free(struct heap *heap);
void heap_push(struct heap *heap, const struct sim_event *event);
bool heap_pop(struct heap *heap, struct sim_event *out);
size_t heap_len(const struct heap *heap);

#endif
