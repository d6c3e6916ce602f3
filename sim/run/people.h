/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_PEOPLE_H
#define SIM_RUN_PEOPLE_H

#include <stdbool.h>

#include "data/trace.h"
#include "sim/run/scenario.h"

/* The people of a scenario's world, history and study in one trace. */
struct sim_people_options {
    uint64_t seed; /* of the replication */
    uint32_t threads;
    const volatile int *interrupt; /* or NULL; non-zero: HB_ERR_INTERRUPTED soon */
    /* Of sim_people_write: in memory, 0: 16384; only what predictors see (sim/run/seen.h). */
    uint32_t clients_at_once;
    bool is_seen_only;
};

/* scenario->has_world. As sim_world_create. */
enum hb_status sim_people_create(const struct sim_scenario *scenario,
    const struct sim_people_options *options, struct data_problem *problem,
    struct data_trace_store **out);

struct sim_people_written {
    uint32_t client_count, place_count;
    uint64_t visit_count;
};

/* The same into a trace file, whole or not at all. The bytes depend on the seed, not on
 * threads. As sim_world_create and data_trace_file_write. */
enum hb_status sim_people_write(const struct sim_scenario *scenario,
    const struct sim_people_options *options, const char *path, struct data_problem *problem,
    struct sim_people_written *out);

#endif
