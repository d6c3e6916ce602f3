/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_BOUND_H
#define SIM_RUN_BOUND_H

#include "sim/run/stage.h"

/* The clairvoyant lower bound on what any policy pays on a stage. The solver
 * itself belongs to analysis, which sim does not see: the caller of a study
 * hands it in. Same meaning as struct analysis_optimum_path. */
struct sim_bound_path {
    uint32_t segment_count, site_count;
    const double *start_s, *end_s;
    void (*serve)(void *ctx, uint32_t segment, double *cost);
    void *ctx;
    const double *enter, *leave, *enter_early;
    double lead_s;
};

struct sim_bound_solver {
    /* A workspace for paths of at most so many segments. HB_ERR_MEMORY. */
    enum hb_status (*create)(uint32_t segment_capacity, uint32_t site_capacity, void **out);
    /* The least cost, and the site of each segment in sites. */
    enum hb_status (*solve)(void *workspace, const struct sim_bound_path *path, double *cost,
        uint32_t *sites);
    void (*free)(void *workspace);
};

struct sim_bound {
    double cost, latency_ms; /* money of all clients; mean over their requests */
};

/* Every session is a path of its own: where it starts is free, as an anycast
 * site is to a policy. Queues, images, waits for DNS and the rent of shared
 * instances are left out; whatever a policy may do, be it by misfortune, is
 * allowed: to be passed on by another site, to follow anycast without lead or DNS,
 * to go back for half the price; with a topology also to use the quickest route from
 * a place to a site that any of the stage's runs has seen, so it is solved after
 * them. So no policy pays less.
 * HB_ERR_MEMORY, HB_ERR_INTERRUPTED. */
enum hb_status sim_bound_solve(const struct sim_stage *stage, uint32_t threads,
    const struct sim_bound_solver *solver, struct sim_bound *out);

#endif
