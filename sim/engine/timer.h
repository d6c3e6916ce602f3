/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_TIMER_H
#define SIM_ENGINE_TIMER_H

#include "sim/engine/loop.h"

/* One restartable timer, a plain value in its owner's state (zero = idle).
 * To put off or cancel it is one store: the event already pending finds out
 * when it comes up, and goes back with the new deadline or away. At most one
 * event is pending for a timer, unless it was brought forward: then the old
 * one too, until it comes up and goes away. */
struct sim_timer {
    int64_t deadline_ns; /* 0: idle */
    int64_t armed_ns;    /* of the event that is pending for it; 0: none */
    uint32_t order;      /* of that event */
};

/* How a set of timers appears in the loop. Its rank is its own, as `order`
 * here is the timer's counter. timers are stride_bytes apart, so they can be
 * members of client records; timer of entity e: first + e * stride_bytes. */
struct sim_timer_set {
    struct sim_loop *loop;
    struct sim_timer *first;
    size_t stride_bytes;
    sim_loop_handle_fn *expire; /* event->entity's timer is due and idle again */
    void *ctx;
    uint8_t kind, rank;
};

/* Registers the set's kind with its loop; set outlives the loop. */
void sim_timer_attach(const struct sim_timer_set *set);

/* The timer will expire at at_ns (> 0, >= now) and not before. */
void sim_timer_start(const struct sim_timer_set *set, uint32_t entity, int64_t at_ns);

/* The timer will not expire. */
static inline void sim_timer_cancel(struct sim_timer *timer)
{
    timer->deadline_ns = 0;
}

#endif
