/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_CREW_H
#define SIM_RUN_CREW_H

#include <stdint.h>

#include "core/status.h"

/* Work of one task, by one of the threads; lane is that thread's number. What
 * a task writes must depend on task alone. */
typedef enum hb_status sim_crew_task_fn(void *ctx, uint32_t task, uint32_t lane);

/* Runs tasks 0..task_count-1 on thread_count threads (1: the caller's), begun in
 * order. The status of the lowest task that failed; after a failure no more
 * are begun. HB_ERR_MEMORY if no thread can be started at all. */
enum hb_status sim_crew_run(uint32_t thread_count, uint32_t task_count, sim_crew_task_fn *work,
    void *ctx);

#endif
