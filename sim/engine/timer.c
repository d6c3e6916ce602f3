/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/timer.h"

#include <assert.h>

static struct sim_timer *timer_of(const struct sim_timer_set *set, uint32_t entity)
{
    return (struct sim_timer *)((char *)set->first + (size_t)entity * set->stride_bytes);
}

static void arm(const struct sim_timer_set *set, struct sim_timer *timer, uint32_t entity)
{
    timer->armed_ns = timer->deadline_ns;
    timer->order++;
    struct sim_event event = {
        .at_ns = timer->deadline_ns,
        .entity = entity,
        .order = timer->order,
        .rank = set->rank,
        .kind = set->kind,
    };
    sim_loop_push(set->loop, &event);
}

static void on_event(void *ctx, const struct sim_event *event)
{
    const struct sim_timer_set *set = ctx;
    struct sim_timer *timer = timer_of(set, event->entity);
    if (event->order != timer->order) {
        return; /* brought forward since */
    }
    timer->armed_ns = 0;
    if (timer->deadline_ns > event->at_ns) {
        arm(set, timer, event->entity);
    } else if (timer->deadline_ns != 0) {
        timer->deadline_ns = 0;
        set->expire(set->ctx, event);
    }
}

void sim_timer_attach(const struct sim_timer_set *set)
{
    assert(set->stride_bytes >= sizeof(struct sim_timer));
    struct sim_loop_handler handler = {
        .handle = on_event,
        .ctx = (void *)set, /* only read through it */
        .touch = { .state = set->first, .stride_bytes = set->stride_bytes },
    };
    sim_loop_handle(set->loop, set->kind, &handler);
}

void sim_timer_start(const struct sim_timer_set *set, uint32_t entity, int64_t at_ns)
{
    assert(at_ns > 0);
    assert(at_ns >= sim_loop_now_ns(set->loop));
    struct sim_timer *timer = timer_of(set, entity);
    timer->deadline_ns = at_ns;
    if (timer->armed_ns == 0 || timer->armed_ns > at_ns) {
        arm(set, timer, entity);
    }
}
