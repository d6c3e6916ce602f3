/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_PROGRESS_H
#define SIM_ENGINE_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

/* One line on a terminal, rewritten twice a second: share of virtual time
 * done, events/s, time left; over all runs (lanes) that go on side by side.
 * Silent unless `out` is a terminal and $CI is not set. */
struct sim_progress;

/* end_ns: where each lane's clock will stop. out is borrowed. HB_ERR_MEMORY. */
enum hb_status sim_progress_create(uint32_t lane_count, int64_t end_ns, FILE *out,
    struct sim_progress **out_progress);

/* Wipes the line. */
void sim_progress_free(struct sim_progress *progress);

/* Lane has come to now_ns after events; any thread, one per lane. */
void sim_progress_step(struct sim_progress *progress, uint32_t lane, int64_t now_ns,
    uint64_t events);

#endif
