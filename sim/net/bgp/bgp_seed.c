/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "sim/net/bgp/bgp_solver.h"
#include "sim/net/bgp/bgp_state.h"

static bool is_default(const struct sim_bgp *bgp)
{
    const uint32_t *pref = bgp->local_pref;
    return bgp->permit_first == NULL && !bgp->has_internal
        && pref[DATA_RELATION_CUSTOMER] > pref[DATA_RELATION_PEER]
        && pref[DATA_RELATION_PEER] > pref[DATA_RELATION_PROVIDER];
}

static bool is_untouched(const struct sim_bgp *bgp, uint32_t prefix)
{
    for (uint32_t node = 0; node < bgp->node_count; node++) {
        if (bgp_best_of(bgp, prefix, node)->edge != SIM_BGP_NONE) {
            return false;
        }
    }
    return sim_bgp_is_settled(bgp);
}

/* Nodes with a route, the shortest first: each hears before it tells. Answers
 * how many; order and counts have room for node_count (+ 2). */
static uint32_t order_by_length(const struct sim_bgp *bgp, const struct sim_bgp_solved *solved,
    uint32_t *order, uint32_t *counts)
{
    uint32_t node_count = bgp->node_count, most = node_count + 1, total = 0;
    for (uint32_t node = 0; node < node_count; node++) {
        uint32_t length = solved[node].length < most ? solved[node].length : most;
        counts[length] += solved[node].edge != SIM_BGP_NONE;
    }
    for (uint32_t length = 0; length <= most; length++) {
        uint32_t count = counts[length];
        counts[length] = total;
        total += count;
    }
    for (uint32_t node = 0; node < node_count; node++) {
        uint32_t length = solved[node].length < most ? solved[node].length : most;
        if (solved[node].edge != SIM_BGP_NONE) {
            order[counts[length]++] = node;
        }
    }
    return total;
}

static void seed_node(struct sim_bgp *bgp, uint32_t prefix, uint32_t node,
    const struct sim_bgp_origin *origins, const struct sim_bgp_solved *route)
{
    struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    if (route->edge == SIM_BGP_SOLVER_OWN) {
        best->edge = BGP_OWN;
        best->own = best->path = SIM_BGP_PATH_EMPTY;
        best->prepend = (uint8_t)origins[route->origin].prepend_count;
        best->key = 0;
    } else {
        const struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, route->edge)];
        best->edge = route->edge;
        best->path = in->path;
        best->key = in->key;
    }
    if (bgp->options.check) {
        sim_bgp_check_path(bgp, node, prefix);
    }
    sim_bgp_export_seed(bgp, node, prefix);
}

enum hb_status sim_bgp_seed(struct sim_bgp *bgp, uint32_t prefix,
    const struct sim_bgp_origin *origins, const struct sim_bgp_solved *solved)
{
    if (!is_default(bgp)) {
        return HB_ERR_UNSUPPORTED;
    }
    if (!is_untouched(bgp, prefix)) {
        return HB_ERR_STATE;
    }
    uint32_t *order = malloc(bgp->node_count * sizeof *order);
    uint32_t *counts = calloc((size_t)bgp->node_count + 2, sizeof *counts);
    enum hb_status status = HB_ERR_MEMORY;
    if (order != NULL && counts != NULL) {
        uint32_t count = order_by_length(bgp, solved, order, counts);
        for (uint32_t i = 0; i < count; i++) {
            seed_node(bgp, prefix, order[i], origins, &solved[order[i]]);
        }
        status = bgp->status;
    }
    free(counts);
    free(order);
    return status;
}
