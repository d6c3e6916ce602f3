/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_SEEN_H
#define SIM_RUN_SEEN_H

#include "data/trace.h"
#include "sim/run/scenario.h"

/* What a predictor of a run sees of a part of its people: everything before the study, from
 * then on only who is connected; otherwise a client is nowhere. */
struct sim_seen_config {
    const struct sim_scenario *scenario; /* its sessions */
    uint64_t seed;     /* of the replication */
    uint32_t origin_s; /* the study's start in the trace */
    uint32_t first;    /* the part's first client */
};

/* HB_ERR_MEMORY, HB_ERR_RANGE. */
enum hb_status sim_seen_create(const struct sim_seen_config *config,
    const struct data_trace *part, struct data_trace_store **out);

#endif
