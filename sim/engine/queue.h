/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_QUEUE_H
#define SIM_ENGINE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "sim/engine/event.h"

/* The pending-event set: push at any instant from the last popped one on, pop
 * the first in content order. Amortised constant time, whatever the instants;
 * about 21 bytes an event. */
struct sim_queue;

/* Where the handler of a kind of event will look: at state + entity *
 * stride_bytes. It is prefetched up to some hundred pops before. state NULL:
 * nowhere. */
struct sim_queue_touch {
    const void *state;
    size_t stride_bytes;
};

struct sim_queue_options {
    size_t capacity;                       /* pending at once, 1..2^31; address space until used */
    const struct sim_queue_touch *touches; /* [256] by kind, borrowed; or NULL */
};

/* HB_ERR_RANGE capacity, HB_ERR_MEMORY. */
enum hb_status sim_queue_create(const struct sim_queue_options *options, struct sim_queue **out);
void sim_queue_free(struct sim_queue *queue);

/* event->at_ns >= that of the last popped (asserted). HB_ERR_FULL beyond the capacity. */
enum hb_status sim_queue_push(struct sim_queue *queue, const struct sim_event *event);

/* Takes the first event if it is due by until_ns; false if there is none. */
bool sim_queue_pop(struct sim_queue *queue, int64_t until_ns, struct sim_event *out);

/* Instant of the first event; HB_NEVER_NS: there is none. */
int64_t sim_queue_next_ns(struct sim_queue *queue);

size_t sim_queue_len(const struct sim_queue *queue);

/* Heap that events have touched so far, and all that the queue has reserved. */
size_t sim_queue_used_bytes(const struct sim_queue *queue);
size_t sim_queue_reserved_bytes(const struct sim_queue *queue);

#endif
