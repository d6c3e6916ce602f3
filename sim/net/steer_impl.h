/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_STEER_IMPL_H
#define SIM_NET_STEER_IMPL_H

#include "sim/net/steer.h"

#define STEER_NONE UINT32_MAX

/* An AS's route to a site that announces alone, as collectors saw it. */
struct steer_route {
    uint32_t as, via; /* via STEER_NONE: the site itself */
    uint32_t length;  /* ASes with prepending */
};

/* What a node does; length 0: nothing known yet. share: of the first site. */
struct steer_state {
    double share;
    uint32_t length;
    enum data_relation relation; /* of the neighbour it came from */
};

/* The routes that most collectors' paths tell, ascending in AS; for free(). */
enum hb_status sim_steer_routes(const struct data_peering *peering, uint32_t site,
    struct steer_route **out, size_t *count);
const struct steer_route *sim_steer_route_of(const struct steer_route *routes, size_t count,
    uint32_t as);

/* Where the site's announcement meets the large carriers; HB_ERR_NOT_FOUND. */
enum hb_status sim_steer_site_at(const char *name, struct hb_point *out);

/* How much nearer the AS is to the first site, 1000 km; 0 if not known. */
double sim_steer_nearer(const struct sim_steer_input *input, const uint32_t site[2], uint32_t as);

/* Fills states [node_count] for the ASes with observed routes, and prior with
 * the mean share of the collectors' neighbours. */
enum hb_status sim_steer_choose(const struct sim_steer_input *input, const uint32_t site[2],
    struct steer_state *states, double *prior);

/* Lets the rest of states inherit. bound [node_count]: 1 where a node tells its
 * customers only and no listed link to a site counts; NULL: nowhere. */
enum hb_status sim_steer_inherit(const struct sim_steer_input *input, const uint32_t site[2],
    const uint8_t *bound, struct steer_state *states);

/* Gao-Rexford from the last two ASes of the collectors' paths on. */
enum hb_status sim_steer_announced(const struct sim_steer_input *input, const uint32_t site[2],
    struct steer_state *states);

bool sim_steer_is_transit(const struct data_peering *peering, uint32_t site, uint32_t as);

/* Sides (0, 1; 2: no route) of all nodes by plain Gao-Rexford; sides [node_count]. */
enum hb_status sim_steer_plain(const struct sim_steer_input *input, const uint32_t site[2],
    uint8_t *sides, struct data_problem *problem);

#endif
