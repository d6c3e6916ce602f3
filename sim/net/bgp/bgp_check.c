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

static void check_hop(struct sim_bgp *bgp, uint32_t from, uint32_t to, enum stage *stage)
{
    uint32_t edge = data_topology_edge(bgp->topology, from, to);
    const uint32_t *number = bgp->topology->number;
    if (edge == SIM_BGP_NONE) {
        sim_bgp_fault(bgp, HB_ERR_STATE, "found a path from %u to %u: expected a link of them",
            number[from], number[to]);
    } else if (is_valley(stage, bgp->topology->relation[edge])) {
        sim_bgp_fault(bgp, HB_ERR_STATE, "found a path with a valley at %u: expected none",
            number[from]);
    }
}

/* Only where every router is an AS: hops of a path are nodes then. Explicit
 * permits may allow valleys, but never loops. */
void sim_bgp_check_path(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    uint32_t path = bgp_best_of(bgp, prefix, node)->path;
    if (bgp->options.as_of != NULL) {
        return;
    }
    enum stage stage = GOING_UP;
    uint32_t from = node;
    const struct sim_bgp_hop *hops = bgp->paths.hops;
    while (path > SIM_BGP_PATH_EMPTY && hops[path].as != UINT32_MAX) {
        uint32_t to = hops[path].as;
        if (to == node) {
            sim_bgp_fault(bgp, HB_ERR_STATE, "found %u in its own path: expected no loop",
                bgp->topology->number[node]);
        }
        if (to != from && bgp->options.permits == NULL) { /* else prepended */
            check_hop(bgp, from, to, &stage);
        }
        from = to;
        path = hops[path].rest;
        for (uint32_t p = path; p > SIM_BGP_PATH_EMPTY && to != node; p = hops[p].rest) {
            if (hops[p].as == to && hops[path].as != to) {
                sim_bgp_fault(bgp, HB_ERR_STATE, "found %u twice in a path: expected no loop",
                    bgp->topology->number[to]);
                return;
            }
        }
    }
}
