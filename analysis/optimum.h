/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_OPTIMUM_H
#define ANALYSIS_OPTIMUM_H

#include <stdint.h>

#include "core/map.h"

/* One client's true path as segments in which nothing changes. Serving costs
 * and prices are in one money unit of the caller's.
 *   start_s, end_s   [segment_count], start_s[k + 1] >= end_s[k]
 *   serve            writes cost[site] of being served by site during the whole
 *                    segment (latency price x requests, running instance rent, ...)
 *   enter, leave     [site_count] price of making site the server and of leaving
 *                    it (image and state bytes, DNS, overlap rent of the lead)
 *   lead_s           a move takes effect at the earliest lead_s after the
 *                    first segment starts; being clairvoyant it begins in time
 *   enter_early      [site_count] price of entering before that; NULL: no move may
 *   initial_site     serves at the start; HB_NONE: any, free of charge */
struct analysis_optimum_path {
    uint32_t segment_count, site_count;
    const double *start_s, *end_s;
    void (*serve)(void *ctx, uint32_t segment, double *cost);
    void *ctx;
    const double *enter, *leave, *enter_early;
    double lead_s;
    uint32_t initial_site;
};

struct analysis_optimum_plan {
    double cost, serve_cost, move_cost;
    uint32_t move_count;
};

struct analysis_optimum; /* opaque workspace, reused from client to client */

/* For paths of at most segment_capacity segments and site_capacity sites;
 * solve_slots needs no segments. HB_ERR_MEMORY. */
enum hb_status analysis_optimum_create(uint32_t segment_capacity, uint32_t site_capacity,
    struct analysis_optimum **out);
void analysis_optimum_free(struct analysis_optimum *optimum);

/* The cheapest site trajectory over the path, capacity unlimited: no policy
 * under the same prices and lead costs less. Time O(segments x sites).
 * sites [segment_count] (or NULL) receives the server at the end of each segment.
 * HB_ERR_RANGE if the path is over a capacity or has no segment. Derivation in optimum.c. */
enum hb_status analysis_optimum_solve(struct analysis_optimum *optimum,
    const struct analysis_optimum_path *path, struct analysis_optimum_plan *out, uint32_t *sites);

/* The same for any move price, in at most O(slots x sites^2), slot by slot:
 * first move, then be served. A move that takes effect before slot t was
 * decided lead_slots earlier, not before slot 0, and only one is under way at a time.
 *   serve       writes cost[site] as above
 *   move        writes price[to] of a move from `from` before slot, 0 for to == from
 *   move_floor  no move before slot to another site is cheaper; a close floor saves time
 *   watch       NULL, or is shown after each slot least[site], the cheapest way
 *               so far to end there: with lead_slots 0 the work function */
struct analysis_optimum_slots {
    uint32_t slot_count, site_count, lead_slots, initial_site;
    void (*serve)(void *ctx, uint32_t slot, double *cost);
    void (*move)(void *ctx, uint32_t slot, uint32_t from, double *price);
    double (*move_floor)(void *ctx, uint32_t slot);
    void (*watch)(void *ctx, uint32_t slot, const double *least);
    void *ctx;
};

/* HB_ERR_RANGE if there is no slot or the sites do not fit, HB_ERR_MEMORY. */
enum hb_status analysis_optimum_solve_slots(struct analysis_optimum *optimum,
    const struct analysis_optimum_slots *slots, double *cost);

#endif
