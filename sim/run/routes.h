/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_ROUTES_H
#define SIM_RUN_ROUTES_H

#include "data/mrt.h"
#include "data/results.h"
#include "sim/run/episode_impl.h"

/* Only in runs with a <topology>: who is where, so that a change of routes finds its
 * clients; every routing change until it has settled, as a row of /bgp; the changes
 * that the scenario schedules. 8 bytes a client, about 40 a place. */
struct sim_routes;

/* NULL without a topology. HB_ERR_MEMORY; others of data_mrt_create. */
enum hb_status sim_routes_create(struct sim_episode *episode, struct sim_routes **out);
/* Closes the MRT file: under its name if keep. */
enum hb_status sim_routes_close(struct sim_routes *routes, bool keep,
    struct data_problem *problem);
void sim_routes_free(struct sim_routes *routes);
struct data_mrt *sim_routes_mrt(const struct sim_routes *routes);

/* Once routes stand: listens to them, schedules the scenario's changes, first maps. */
void sim_routes_begin(struct sim_episode *episode);

/* A routing change begins: rows count from here. Call it before the change. Nothing
 * without a topology, as all below. */
void sim_routes_open(struct sim_episode *episode, uint32_t site, enum data_change change);

/* The client has gone from place was to where it is now (either may be HB_NONE). */
void sim_routes_move(struct sim_episode *episode, uint32_t client, uint32_t was);
/* A client at place has connected (step 1) or disconnected (-1). */
void sim_routes_count(struct sim_episode *episode, uint32_t place, int step);

/* Faults of a site's lines, for whoever injects them: rows, routes and clients. */
enum hb_status sim_routes_fault(struct sim_episode *episode, uint32_t site,
    enum sim_catchment_fault fault);

/* Handler of SIM_EPISODE_CHANGE. */
void sim_routes_change(void *ctx, const struct sim_event *event);
/* The end of the run: what has not settled is written as it is. */
void sim_routes_finish(struct sim_episode *episode);

/* For sim_loop_add_check: once routes have settled, no packet goes round in circles. */
bool sim_routes_check(void *ctx, char *why, size_t why_bytes);

#endif
