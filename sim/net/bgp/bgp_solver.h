/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_SOLVER_H
#define SIM_NET_BGP_SOLVER_H

#include "data/topology.h"

/* The state that BGP with Gao-Rexford policies settles in, without messages:
 * customer routes climb from the origins, cross one peering, then descend to
 * whoever has nothing better. Same preferences as sim_bgp by default (customer,
 * peer, provider; path length; lowest node), so the same routes.
 * Source: the three phases of Gill, Schapira, Goldberg, CCR 2011. */
struct sim_bgp_solver;

struct sim_bgp_origin {
    uint32_t node, prepend_count;
};

/* Route of a node: by which half-link (its own route: SIM_BGP_SOLVER_OWN; none:
 * UINT32_MAX), how many ASes long, and to which of the origins (index; UINT32_MAX). */
struct sim_bgp_solved {
    uint32_t edge, origin;
    uint16_t length;
    uint8_t relation; /* enum data_relation of the neighbour; of an own route: CUSTOMER */
};
#define SIM_BGP_SOLVER_OWN (UINT32_MAX - 1)

/* topology is borrowed for life. HB_ERR_UNSUPPORTED: it has sibling or internal
 * links; HB_ERR_MEMORY. */
enum hb_status sim_bgp_solver_create(const struct data_topology *topology,
    struct sim_bgp_solver **out);
void sim_bgp_solver_free(struct sim_bgp_solver *solver);

/* Routes to one prefix announced by origins [origin_count], each node once, into
 * out [node_count]. HB_ERR_RANGE: a node out of range or there twice, a prepend
 * count above 255. */
enum hb_status sim_bgp_solver_solve(struct sim_bgp_solver *solver,
    const struct sim_bgp_origin *origins, size_t origin_count, struct sim_bgp_solved *out);

#endif
