/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_state.h"

/* Traffic goes up through providers, over one peering at most, then down. */
enum stage { GOING_UP, GOING_DOWN };

static bool is_valley(enum stage *stage, enum data_relation relation)
{
    switch (relation) {
    case DATA_RELATION_PROVIDER:
        return *stage == GOING_DOWN;
    case DATA_RELATION_PEER:
        if (*stage == GOING_DOWN) {
            return true;
        }
        *stage = GOING_DOWN;
        return false;
    case DATA_RELATION_CUSTOMER:
        *stage = GOING_DOWN;
        return false;
    case DATA_RELATION_SIBLING:
    case DATA_RELATION_INTERNAL:
    case DATA_RELATION_COUNT:
        break;
    }
    return false;
}

/* A link from any router of AS from to any of AS to. Routers of an AS usually
 * stand together, from its first on. */
static uint32_t edge_of_ases(const struct sim_bgp *bgp, uint32_t from, uint32_t to)
{
    const struct data_topology *topology = bgp->topology;
    for (uint32_t i = 0; i < bgp->node_count; i++) {
        uint32_t node = (from + i) % bgp->node_count;
        for (uint32_t e = topology->first[node];
             e < topology->first[node + 1] && bgp_as(bgp, node) == from; e++) {
            if (bgp_as(bgp, topology->peer[e]) == to) {
                return e;
            }
        }
    }
    return SIM_BGP_NONE;
}

static void check_hop(struct sim_bgp *bgp, uint32_t from, uint32_t to, enum stage *stage)
{
    uint32_t edge = bgp->options.as_of != NULL ? edge_of_ases(bgp, from, to)
                                               : data_topology_edge(bgp->topology, from, to);
    const uint32_t *number = bgp->topology->number;
    if (edge == SIM_BGP_NONE) {
        sim_bgp_fault(bgp, HB_ERR_STATE, "found a path from %u to %u: expected a link of them",
            number[from], number[to]);
    } else if (is_valley(stage, bgp->topology->relation[edge])) {
        sim_bgp_fault(bgp, HB_ERR_STATE, "found a path with a valley at %u: expected none",
            number[from]);
    }
}

/* Hops of a path are ASes: nodes, or the as_of of nodes. Explicit permits may
 * allow valleys, but never loops. */
void sim_bgp_check_path(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    uint32_t path = bgp_best_of(bgp, prefix, node)->path;
    enum stage stage = GOING_UP;
    uint32_t self = bgp_as(bgp, node), from = self;
    const struct sim_bgp_hop *hops = bgp->paths.hops;
    while (path > SIM_BGP_PATH_EMPTY && hops[path].as != UINT32_MAX) {
        uint32_t to = hops[path].as;
        if (to == self) {
            sim_bgp_fault(bgp, HB_ERR_STATE, "found %u in its own path: expected no loop",
                bgp->topology->number[node]);
        }
        if (to != from && bgp->options.permits == NULL) { /* else prepended */
            check_hop(bgp, from, to, &stage);
        }
        from = to;
        path = hops[path].rest;
        for (uint32_t p = path; p > SIM_BGP_PATH_EMPTY && to != self; p = hops[p].rest) {
            if (hops[p].as == to && hops[path].as != to) {
                sim_bgp_fault(bgp, HB_ERR_STATE, "found %u twice in a path: expected no loop",
                    bgp->topology->number[to]);
                return;
            }
        }
    }
}
