/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_STAGE_H
#define SIM_RUN_STAGE_H

#include <stdatomic.h>

#include "data/trace.h"
#include "sim/net/path.h"
#include "sim/net/sites.h"
#include "sim/net/topo/topo.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

/* What all policies of one replication share and only read: people, sites,
 * paths, who opted in. Instants of a run count from the study's start, which
 * is origin_s after the trace's first second; what is before is history. */
#define SIM_STAGE_QUANTILES 1024

struct sim_stage {
    const struct sim_scenario *scenario; /* borrowed: may be changed for the next setting */
    const volatile int *interrupt; /* borrowed, or NULL; non-zero: stop soon */
    uint64_t seed;
    struct data_trace_store *store;
    const struct data_trace *trace; /* the store's */
    uint32_t client_count; /* the first so many of the trace's clients take part */
    uint32_t origin_s, end_s; /* of the study, in the trace's seconds */
    struct sim_sites *sites;
    double *link_mb_s; /* [site_count] */
    struct hb_map map; /* rtt_ms is the stage's; the rest of trace and sites */
    struct sim_path path;
    struct data_latency *measured;
    struct sim_topo *topo; /* NULL: no topology */
    /* With a topology: the least round trips that any policy's run has seen, by an address
     * of the site's own or by anycast's route: [place_count][site_count], bits of floats, which
     * are not negative, so they order as integers. The one thing that runs write. */
    _Atomic uint32_t *least;
    struct sim_trained *trained; /* the predictors' models */
    uint32_t *regions; /* [client_count] where each client is first seen */
    uint8_t *consents; /* [client_count] 1: has opted in */
    struct sim_registry *registry; /* of those; all policies show their devices to it */
    uint8_t access_of[DATA_ACTIVITY_COUNT]; /* enum sim_path_access */
    float access_ms[SIM_PATH_ACCESS_COUNT][SIM_STAGE_QUANTILES];
};

struct sim_stage_options {
    uint32_t replication;
    uint32_t threads;
    uint64_t seed; /* of the study */
    const volatile int *interrupt; /* or NULL: see struct sim_stage */
};

/* Builds everything but the paths. HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_MEMORY and
 * HB_ERR_INTERRUPTED, what the parts give, with the sentence in problem. */
enum hb_status sim_stage_create(const struct sim_scenario *scenario,
    const struct sim_stage_options *options, struct data_problem *problem,
    struct sim_stage **out);
void sim_stage_free(struct sim_stage *stage);

/* Builds what a setting of the scenario may have changed: paths, access, consent. */
enum hb_status sim_stage_prepare(struct sim_stage *stage, uint32_t threads,
    struct data_problem *problem);

static inline bool sim_stage_is_interrupted(const struct sim_stage *stage)
{
    return stage->interrupt != NULL && *stage->interrupt != 0;
}

/* The access line's round trip during a visit: drawn once for each visit. */
double sim_stage_access_ms(const struct sim_stage *stage, uint32_t client, uint64_t visit);

/* A route to the site has been seen on which it is so near; from any thread, and in any
 * order to the same end. */
void sim_stage_see_rtt(const struct sim_stage *stage, uint32_t place, uint32_t site, double rtt_ms);
/* The map's, or less if less has been seen. */
double sim_stage_least_ms(const struct sim_stage *stage, uint32_t place, uint32_t site);

/* Heap of the stage without the trace. */
size_t sim_stage_bytes(const struct sim_stage *stage);

#endif
