/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_EPISODE_H
#define SIM_RUN_EPISODE_H

#include "core/record.h"
#include "data/results.h"
#include "sim/engine/progress.h"
#include "sim/run/stage.h"

/* One policy on one stage: the loop, the controller and the ports that pretend
 * the world to it. Several episodes of one stage run side by side in threads. */
struct sim_episode_options {
    uint32_t policy; /* of the scenario */
    uint32_t threads; /* >= 1: that may work on this one; results do not depend on it */
    bool check;      /* verify invariants as it runs */
    struct data_rows *rows; /* where results go; its key says setting and replication */
    bool has_places; /* rows may name places: those of the first replication are in the file */
    const volatile int *interrupt; /* or NULL */
    struct sim_progress *progress; /* or NULL */
    uint32_t progress_lane;
    /* Called with blocks of a recording of the controller (core/record.h), or NULL. */
    void (*record)(void *ctx, const uint8_t *bytes, size_t byte_count);
    void *record_ctx;
    bool has_mrt; /* this one writes the topology's MRT file */
};

/* Runs from the study's start to its end and fills summary, all but its key and
 * the optimum. What the parts give, with the sentence in problem; HB_ERR_STATE:
 * an invariant did not hold; HB_ERR_INTERRUPTED. */
enum hb_status sim_episode_run(const struct sim_stage *stage,
    const struct sim_episode_options *options, struct data_summary_row *summary,
    struct data_problem *problem);

#endif
