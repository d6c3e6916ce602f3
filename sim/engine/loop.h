/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_LOOP_H
#define SIM_ENGINE_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "sim/engine/event.h"
#include "sim/engine/queue.h"

struct sim_progress; /* sim/engine/progress.h */

/* The virtual clock and the events that move it. A run owns one loop; loops
 * share nothing, so several run side by side in threads. */
struct sim_loop;

struct sim_loop_options {
    size_t event_capacity;         /* pending at once, see sim_queue_options */
    bool check;                    /* verify order, conservation and the added checks as it runs */
    const volatile int *interrupt; /* or NULL; non-zero ends the run (a signal handler's flag) */
    struct sim_progress *progress; /* or NULL; borrowed for the loop's life */
    uint32_t progress_lane;
};

typedef void sim_loop_handle_fn(void *ctx, const struct sim_event *event);

/* What to do with the events of one kind. */
struct sim_loop_handler {
    sim_loop_handle_fn *handle;
    void *ctx;
    struct sim_queue_touch touch; /* prefetched for coming events; zero: nothing is */
};

/* Answers whether an invariant holds; if not, writes why into why [why_bytes]. */
typedef bool sim_loop_check_fn(void *ctx, char *why, size_t why_bytes);

struct sim_loop_counts {
    uint64_t pushed, popped;
    size_t pending;
};

/* HB_ERR_RANGE event_capacity, HB_ERR_MEMORY. */
enum hb_status sim_loop_create(const struct sim_loop_options *options, struct sim_loop **out);
void sim_loop_free(struct sim_loop *loop);

/* Each kind < 255 has one handler, set before its first event. */
void sim_loop_handle(struct sim_loop *loop, uint8_t kind, const struct sim_loop_handler *handler);

/* With options.check, holds is asked every 2^16 events and at the end of each
 * sim_loop_run. name is kept. HB_ERR_FULL beyond 32 checks. */
enum hb_status sim_loop_add_check(struct sim_loop *loop, const char *name,
    sim_loop_check_fn *holds, void *ctx);

/* Schedules event, at_ns >= now. A full queue ends the run with HB_ERR_FULL,
 * so there is nothing to handle here. */
void sim_loop_push(struct sim_loop *loop, const struct sim_event *event);

/* Ends the run after the current event; reason HB_OK: sim_loop_run returns
 * early but well, and may be called again. */
void sim_loop_stop(struct sim_loop *loop, enum hb_status reason);

/* Handles every event due by until_ns, then leaves the clock there.
 * HB_ERR_FULL, HB_ERR_INTERRUPTED, HB_ERR_STATE (a check failed), or what
 * sim_loop_stop was told; sim_loop_failure says more. */
enum hb_status sim_loop_run(struct sim_loop *loop, int64_t until_ns);

int64_t sim_loop_now_ns(const struct sim_loop *loop);
struct sim_loop_counts sim_loop_counts(const struct sim_loop *loop);

/* One sentence for people on why the last run failed; "" if it did not. */
const char *sim_loop_failure(const struct sim_loop *loop);

/* Heap that the loop has touched. */
size_t sim_loop_bytes(const struct sim_loop *loop);

#endif
