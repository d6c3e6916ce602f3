/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/loop.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/progress.h"
#include "sim/engine/queue.h"

enum {
    kind_count = 256,
    check_max = 32,
    pulse_events = 1 << 16,     /* between looks at the checks and the progress */
    interrupt_events = 1 << 11, /* and at the interrupt: handlers may take milliseconds */
};

struct check {
    const char *name;
    sim_loop_check_fn *holds;
    void *ctx;
};

struct sim_loop {
    struct sim_queue *queue;
    int64_t now_ns;
    uint64_t pushed, popped;
    struct sim_event last; /* popped */
    bool stop, check;
    enum hb_status reason;
    const volatile int *interrupt;
    struct sim_progress *progress;
    uint32_t progress_lane;
    uint32_t check_count;
    struct check checks[check_max];
    struct sim_loop_handler handlers[kind_count];
    struct sim_queue_touch touches[kind_count];
    char failure[256];
};

/* ---- the end of a run ---- */

__attribute__((format(printf, 3, 4))) static void fail(struct sim_loop *loop,
    enum hb_status reason, const char *format, ...)
{
    if (loop->failure[0] == '\0') {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(loop->failure, sizeof(loop->failure), format, args); /* cut is fine */
        va_end(args);
    }
    sim_loop_stop(loop, reason);
}

void sim_loop_stop(struct sim_loop *loop, enum hb_status reason)
{
    loop->stop = true;
    loop->reason = loop->reason == HB_OK ? reason : loop->reason;
}

/* ---- checks ---- */

static bool is_after(const struct sim_event *a, const struct sim_event *b)
{
    if (a->at_ns != b->at_ns) {
        return a->at_ns > b->at_ns;
    }
    if (a->rank != b->rank) {
        return a->rank > b->rank;
    }
    return a->entity != b->entity ? a->entity > b->entity : a->order > b->order;
}

/* Within an instant an event may be pushed that comes before the one being
 * handled; but nothing goes back in time, and no key is used twice. */
static void check_order(struct sim_loop *loop, const struct sim_event *event)
{
    const struct sim_event *last = &loop->last;
    bool is_same = !is_after(event, last) && !is_after(last, event);
    if (loop->popped > 0 && (event->at_ns < last->at_ns || is_same)) {
        fail(loop, HB_ERR_STATE,
            "check order: event (%" PRId64 " ns, rank %u, entity %u, order %u) after (%" PRId64
            " ns, %u, %u, %u)",
            event->at_ns, event->rank, event->entity, event->order, last->at_ns, last->rank,
            last->entity, last->order);
    }
}

static void check_all(struct sim_loop *loop)
{
    size_t pending = sim_queue_len(loop->queue);
    if (loop->pushed != loop->popped + pending) {
        fail(loop, HB_ERR_STATE,
            "check conservation: %" PRIu64 " events pushed, %" PRIu64 " popped, %zu pending",
            loop->pushed, loop->popped, pending);
    }
    for (uint32_t i = 0; i < loop->check_count; i++) {
        char why[160] = "";
        const struct check *check = &loop->checks[i];
        if (!check->holds(check->ctx, why, sizeof(why))) {
            fail(loop, HB_ERR_STATE, "check %s at %.9f s: %s", check->name,
                hb_units_s(loop->now_ns), why);
        }
    }
}

static void look_for_interrupt(struct sim_loop *loop)
{
    if (loop->interrupt != NULL && *loop->interrupt != 0) {
        fail(loop, HB_ERR_INTERRUPTED, "interrupted at %.9f s", hb_units_s(loop->now_ns));
    }
}

/* What need not be done at every event. */
static void pulse(struct sim_loop *loop)
{
    look_for_interrupt(loop);
    if (loop->progress != NULL) {
        sim_progress_step(loop->progress, loop->progress_lane, loop->now_ns, loop->popped);
    }
    if (loop->check) {
        check_all(loop);
    }
}

/* ---- the interface ---- */

enum hb_status sim_loop_create(const struct sim_loop_options *options, struct sim_loop **out)
{
    struct sim_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return HB_ERR_MEMORY;
    }
    struct sim_queue_options queue_options = {
        .capacity = options->event_capacity,
        .touches = loop->touches,
    };
    enum hb_status status = sim_queue_create(&queue_options, &loop->queue);
    if (status != HB_OK) {
        free(loop);
        return status;
    }
    loop->check = options->check;
    loop->interrupt = options->interrupt;
    loop->progress = options->progress;
    loop->progress_lane = options->progress_lane;
    *out = loop;
    return HB_OK;
}

void sim_loop_free(struct sim_loop *loop)
{
    if (loop != NULL) {
        sim_queue_free(loop->queue);
        free(loop);
    }
}

void sim_loop_handle(struct sim_loop *loop, uint8_t kind, const struct sim_loop_handler *handler)
{
    assert(kind < kind_count - 1);
    assert(handler->handle != NULL);
    assert(loop->handlers[kind].handle == NULL);
    loop->handlers[kind] = *handler;
    loop->touches[kind] = handler->touch;
}

enum hb_status sim_loop_add_check(struct sim_loop *loop, const char *name,
    sim_loop_check_fn *holds, void *ctx)
{
    if (loop->check_count == check_max) {
        return HB_ERR_FULL;
    }
    loop->checks[loop->check_count++] = (struct check) { name, holds, ctx };
    return HB_OK;
}

void sim_loop_push(struct sim_loop *loop, const struct sim_event *event)
{
    assert(event->at_ns >= loop->now_ns);
    assert(loop->handlers[event->kind].handle != NULL);
    if (sim_queue_push(loop->queue, event) == HB_OK) {
        loop->pushed++;
        return;
    }
    fail(loop, HB_ERR_FULL, "more than %zu events pending at %.9f s",
        sim_queue_len(loop->queue), hb_units_s(loop->now_ns));
}

enum hb_status sim_loop_run(struct sim_loop *loop, int64_t until_ns)
{
    assert(until_ns >= loop->now_ns);
    struct sim_event event;
    while (!loop->stop && sim_queue_pop(loop->queue, until_ns, &event)) {
        if (loop->check) {
            check_order(loop, &event);
            loop->last = event;
        }
        loop->now_ns = event.at_ns;
        loop->popped++;
        const struct sim_loop_handler *handler = &loop->handlers[event.kind];
        handler->handle(handler->ctx, &event);
        if (loop->popped % interrupt_events == 0) {
            look_for_interrupt(loop);
        }
        if (loop->popped % pulse_events == 0) {
            pulse(loop);
        }
    }
    loop->now_ns = loop->stop ? loop->now_ns : until_ns;
    pulse(loop);
    enum hb_status reason = loop->reason;
    loop->stop = reason != HB_OK; /* a failed loop stays where it is */
    return reason;
}

int64_t sim_loop_now_ns(const struct sim_loop *loop)
{
    return loop->now_ns;
}

struct sim_loop_counts sim_loop_counts(const struct sim_loop *loop)
{
    return (struct sim_loop_counts) {
        .pushed = loop->pushed,
        .popped = loop->popped,
        .pending = sim_queue_len(loop->queue),
    };
}

const char *sim_loop_failure(const struct sim_loop *loop)
{
    return loop->failure;
}

size_t sim_loop_bytes(const struct sim_loop *loop)
{
    return sizeof(*loop) + sim_queue_used_bytes(loop->queue);
}
