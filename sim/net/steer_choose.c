/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/steer_impl.h"

#define ROUNDS_MAX 25 /* a path has fewer ASes; policy disputes end undecided */
/* How sharply a tie between two observed routes follows geography, and how
 * often it does not: the logistic's slope per 1000 km. */
static const double tie_per_1000_km = 0.3;

struct chooser {
    const struct sim_steer_input *input;
    const uint32_t *site;
    struct steer_route *routes[2];
    size_t counts[2];
};

bool sim_steer_is_transit(const struct data_peering *peering, uint32_t site, uint32_t as)
{
    bool is = false;
    for (size_t i = 0; i < peering->link_count; i++) {
        const struct data_peering_link *link = &peering->links[i];
        is |= link->site == site && link->as == as && link->is_transit;
    }
    return is;
}

/* What the next hop is to the node; a link that nobody lists is to a provider. */
static enum data_relation relation_of(const struct chooser *chooser, int side, uint32_t node,
    const struct steer_route *route)
{
    const struct data_topology *topology = chooser->input->topology;
    if (route->via == STEER_NONE) {
        return sim_steer_is_transit(chooser->input->peering, chooser->site[side], route->as)
            ? DATA_RELATION_CUSTOMER : DATA_RELATION_PEER;
    }
    uint32_t via = data_topology_node(topology, route->via);
    uint32_t edge = via == STEER_NONE ? STEER_NONE : data_topology_edge(topology, node, via);
    return edge == STEER_NONE ? DATA_RELATION_PROVIDER
                              : (enum data_relation)topology->relation[edge];
}

/* The node's observed route towards a side as its next hop uses it now. */
static bool route_now(const struct chooser *chooser, int side, uint32_t node,
    const struct steer_state *states, struct steer_state *out)
{
    const struct data_topology *topology = chooser->input->topology;
    const struct steer_route *route = sim_steer_route_of(
        chooser->routes[side], chooser->counts[side], topology->number[node]);
    if (route == NULL) {
        return false;
    }
    *out = (struct steer_state){ .share = side == 0 ? 1.0 : 0.0, .length = route->length,
        .relation = relation_of(chooser, side, node, route) };
    if (route->via == STEER_NONE) {
        return true;
    }
    uint32_t via = data_topology_node(topology, route->via);
    const struct steer_route *theirs
        = sim_steer_route_of(chooser->routes[side], chooser->counts[side], route->via);
    if (via == STEER_NONE || states[via].length == 0) {
        return false;
    }
    uint32_t step = theirs != NULL && route->length > theirs->length
        ? route->length - theirs->length : 1;
    out->share = states[via].share;
    out->length = states[via].length + step;
    return true;
}

static struct steer_state better(const struct chooser *chooser, uint32_t node,
    const struct steer_state *first, const struct steer_state *second)
{
    bool first_pays = first->relation == DATA_RELATION_CUSTOMER;
    bool second_pays = second->relation == DATA_RELATION_CUSTOMER;
    if (first_pays != second_pays) {
        return first_pays ? *first : *second;
    }
    if (first->length != second->length) {
        return first->length < second->length ? *first : *second;
    }
    double nearer
        = sim_steer_nearer(chooser->input, chooser->site, chooser->input->topology->number[node]);
    double weight = 1.0 / (1.0 + exp(-tie_per_1000_km * nearer));
    struct steer_state both = *first;
    both.share = weight * fmax(first->share, second->share)
        + (1.0 - weight) * fmin(first->share, second->share);
    return both;
}

/* One round of all nodes on what the round before left; true if any changed. */
static bool round_of(const struct chooser *chooser, const struct steer_state *before,
    struct steer_state *after)
{
    bool has_changed = false;
    for (uint32_t node = 0; node < chooser->input->topology->node_count; node++) {
        struct steer_state sides[2];
        bool has_first = route_now(chooser, 0, node, before, &sides[0]);
        bool has_second = route_now(chooser, 1, node, before, &sides[1]);
        struct steer_state now = { .share = 0.0 };
        if (has_first && has_second) {
            now = better(chooser, node, &sides[0], &sides[1]);
        } else if (has_first || has_second) {
            now = sides[has_first ? 0 : 1];
        }
        has_changed |= now.length != before[node].length
            || fabs(now.share - before[node].share) > 1e-12;
        after[node] = now;
    }
    return has_changed;
}

/* Mean share of the collectors' neighbours, each counted once. */
static double monitors_share(const struct chooser *chooser, const struct steer_state *states,
    uint8_t *seen)
{
    const struct data_topology *topology = chooser->input->topology;
    const struct data_peering *peering = chooser->input->peering;
    double sum = 0.0;
    uint32_t count = 0;
    for (size_t p = 0; p < peering->path_count; p++) {
        const struct data_peering_path *path = &peering->paths[p];
        uint32_t node = data_topology_node(topology, peering->hops[path->first]);
        bool is_one = path->site == chooser->site[0] || path->site == chooser->site[1];
        if (is_one && node != STEER_NONE && !seen[node] && states[node].length > 0) {
            seen[node] = 1;
            sum += states[node].share;
            count++;
        }
    }
    return count == 0 ? 0.5 : sum / count;
}

enum hb_status sim_steer_choose(const struct sim_steer_input *input, const uint32_t site[2],
    struct steer_state *states, double *prior)
{
    size_t nodes = input->topology->node_count;
    struct chooser chooser = { .input = input, .site = site };
    struct steer_state *other = calloc(nodes, sizeof *other);
    uint8_t *seen = calloc(nodes, 1);
    enum hb_status status = other == NULL || seen == NULL ? HB_ERR_MEMORY : HB_OK;
    for (int side = 0; side < 2 && status == HB_OK; side++) {
        status = sim_steer_routes(
            input->peering, site[side], &chooser.routes[side], &chooser.counts[side]);
    }
    if (status == HB_OK) {
        memset(states, 0, nodes * sizeof *states);
        bool has_changed = true;
        for (int round = 0; round < ROUNDS_MAX && has_changed; round++) {
            has_changed = round_of(&chooser, states, other);
            memcpy(states, other, nodes * sizeof *states);
        }
        *prior = monitors_share(&chooser, states, seen);
    }
    free(chooser.routes[1]);
    free(chooser.routes[0]);
    free(seen);
    free(other);
    return status;
}
