/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "sim/net/steer_impl.h"

#define LENGTH_MAX 70 /* with prepending; nothing on the Internet is as long */
#define SITE_LENGTH 3 /* of the testbed's own route: itself, the prepended AS, itself */

struct heir {
    const struct data_topology *topology;
    struct steer_state *states;
    const uint8_t *bound; /* or NULL */
    double *sums;      /* [node] of the shares of equally good offers ... */
    uint32_t *counts;  /* ... and how many; 0: none */
    uint32_t *touched; /* [node] with offers */
    uint32_t touched_count;
};

static void offer(struct heir *heir, uint32_t node, double share)
{
    if (heir->counts[node]++ == 0) {
        heir->touched[heir->touched_count++] = node;
        heir->sums[node] = 0.0;
    }
    heir->sums[node] += share;
}

static void take(struct heir *heir, uint32_t length, enum data_relation relation)
{
    for (uint32_t i = 0; i < heir->touched_count; i++) {
        uint32_t node = heir->touched[i];
        heir->states[node] = (struct steer_state){ .length = length, .relation = relation,
            .share = heir->sums[node] / heir->counts[node] };
        heir->counts[node] = 0;
    }
    heir->touched_count = 0;
}

/* What nodes of a length tell over their links towards relation; those without
 * a route take it as one from `from`. Customer routes only, or all. */
static void level(struct heir *heir, uint32_t length, enum data_relation towards, bool all)
{
    const struct data_topology *topology = heir->topology;
    for (uint32_t node = 0; node < topology->node_count; node++) {
        const struct steer_state *state = &heir->states[node];
        if (state->length != length || (!all && state->relation != DATA_RELATION_CUSTOMER)) {
            continue;
        }
        bool is_bound = heir->bound != NULL && heir->bound[node] != 0
            && towards != DATA_RELATION_CUSTOMER;
        for (uint32_t e = topology->first[node]; !is_bound && e < topology->first[node + 1]; e++) {
            bool is_told = topology->relation[e] == towards
                && heir->states[topology->peer[e]].length == 0;
            if (is_told) {
                offer(heir, topology->peer[e], state->share);
            }
        }
    }
}

/* Over peerings, once: the shortest customer route of any peer, or the site's own. */
static void cross(struct heir *heir, const struct sim_steer_input *input, const uint32_t site[2],
    struct steer_state *crossed)
{
    for (uint32_t length = 1; length < LENGTH_MAX; length++) {
        level(heir, length, DATA_RELATION_PEER, false);
        for (size_t i = 0; i < input->peering->link_count && heir->bound == NULL
             && length + 1 == SITE_LENGTH; i++) {
            const struct data_peering_link *link = &input->peering->links[i];
            uint32_t node = data_topology_node(heir->topology, link->as);
            bool is_one = (link->site == site[0] || link->site == site[1]) && !link->is_transit;
            if (is_one && node != STEER_NONE && heir->states[node].length == 0) {
                offer(heir, node, link->site == site[0] ? 1.0 : 0.0);
            }
        }
        for (uint32_t i = 0; i < heir->touched_count; i++) {
            uint32_t node = heir->touched[i];
            if (crossed[node].length == 0) {
                crossed[node] = (struct steer_state){ .length = length + 1,
                    .relation = DATA_RELATION_PEER,
                    .share = heir->sums[node] / heir->counts[node] };
            }
            heir->counts[node] = 0;
        }
        heir->touched_count = 0;
    }
    for (uint32_t node = 0; node < heir->topology->node_count; node++) {
        if (crossed[node].length > 0) {
            heir->states[node] = crossed[node];
        }
    }
}

enum hb_status sim_steer_inherit(const struct sim_steer_input *input, const uint32_t site[2],
    const uint8_t *bound, struct steer_state *states)
{
    size_t nodes = input->topology->node_count;
    struct heir heir = { .topology = input->topology, .states = states,
        .bound = bound,
        .sums = calloc(nodes, sizeof(double)), .counts = calloc(nodes, sizeof(uint32_t)),
        .touched = calloc(nodes, sizeof(uint32_t)) };
    struct steer_state *crossed = calloc(nodes, sizeof *crossed);
    enum hb_status status = HB_ERR_MEMORY;
    if (heir.sums != NULL && heir.counts != NULL && heir.touched != NULL && crossed != NULL) {
        for (uint32_t length = 1; length < LENGTH_MAX; length++) {
            level(&heir, length, DATA_RELATION_PROVIDER, false);
            take(&heir, length + 1, DATA_RELATION_CUSTOMER);
        }
        cross(&heir, input, site, crossed);
        for (uint32_t length = 1; length < LENGTH_MAX; length++) {
            level(&heir, length, DATA_RELATION_CUSTOMER, true);
            take(&heir, length + 1, DATA_RELATION_PROVIDER);
        }
        status = HB_OK;
    }
    free(crossed);
    free(heir.touched);
    free(heir.counts);
    free(heir.sums);
    return status;
}
