/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "sim/net/steer_impl.h"

/* Gao-Rexford from where the prefix really went. A site's neighbour tells some
 * of its providers and not others, and prepends: relationships do not say so,
 * the ends of the collectors' paths do. The site's neighbour and the AS that
 * heard it from there have the route as seen; all others inherit. */
#define HOPS 2U
#define SITE_LENGTH 2U /* of the testbed's own route, beyond the path's last AS */

/* What paths' ends say of one node; order: kind of neighbour, then length. */
struct heard {
    uint32_t length[2]; /* 0: nothing of that site */
    enum data_relation relation[2];
};

static void hear(struct heard *heard, int side, uint32_t length, enum data_relation relation)
{
    bool is_better = heard->length[side] == 0 || relation < heard->relation[side]
        || (relation == heard->relation[side] && length < heard->length[side]);
    if (is_better) {
        heard->length[side] = length;
        heard->relation[side] = relation;
    }
}

static void path_heard(const struct sim_steer_input *input, const struct data_peering_path *path,
    int side, struct heard *heard, uint8_t *bound)
{
    const struct data_topology *topology = input->topology;
    const uint32_t *hops = &input->peering->hops[path->first];
    uint32_t next = STEER_NONE, met = 0;
    for (uint32_t i = path->count; i > 0 && met < HOPS; i--) {
        if (i < path->count && hops[i - 1] == hops[i]) {
            continue; /* prepended; the first of them has the whole length */
        }
        uint32_t node = data_topology_node(topology, hops[i - 1]), first = i - 1;
        while (first > 0 && hops[first - 1] == hops[i - 1]) {
            first--;
        }
        if (node != STEER_NONE) {
            enum data_relation relation = DATA_RELATION_PROVIDER;
            if (met == 0) {
                bool pays = sim_steer_is_transit(input->peering, path->site, hops[i - 1]);
                relation = pays ? DATA_RELATION_CUSTOMER : DATA_RELATION_PEER;
                bound[node] = 1;
            } else {
                uint32_t edge = next == STEER_NONE
                    ? STEER_NONE : data_topology_edge(topology, node, next);
                relation = edge == STEER_NONE
                    ? relation : (enum data_relation)topology->relation[edge];
            }
            hear(&heard[node], side, path->count - first + SITE_LENGTH, relation);
        }
        next = node;
        met++;
    }
}

static void decide(const struct heard *heard, struct steer_state *state)
{
    *state = (struct steer_state){ .share = 0.0 };
    int side = heard->length[0] == 0;
    if (heard->length[0] == 0 && heard->length[1] == 0) {
        return;
    }
    bool is_tie = heard->length[0] != 0 && heard->length[0] == heard->length[1]
        && heard->relation[0] == heard->relation[1];
    if (heard->length[0] != 0 && heard->length[1] != 0 && !is_tie) {
        bool first_pays = heard->relation[0] < heard->relation[1];
        bool is_first = heard->relation[0] == heard->relation[1]
            ? heard->length[0] < heard->length[1] : first_pays;
        side = is_first ? 0 : 1;
    }
    *state = (struct steer_state){ .length = heard->length[side],
        .relation = heard->relation[side],
        .share = is_tie ? 0.5 : side == 0 ? 1.0 : 0.0 };
}

enum hb_status sim_steer_announced(const struct sim_steer_input *input, const uint32_t site[2],
    struct steer_state *states)
{
    const struct data_peering *peering = input->peering;
    uint32_t nodes = input->topology->node_count;
    struct heard *heard = calloc(nodes, sizeof *heard);
    uint8_t *bound = calloc(nodes, 1);
    enum hb_status status = heard == NULL || bound == NULL ? HB_ERR_MEMORY : HB_OK;
    for (size_t p = 0; p < peering->path_count && status == HB_OK; p++) {
        for (int side = 0; side < 2; side++) {
            if (peering->paths[p].site == site[side]) {
                path_heard(input, &peering->paths[p], side, heard, bound);
            }
        }
    }
    for (uint32_t node = 0; node < nodes && status == HB_OK; node++) {
        decide(&heard[node], &states[node]);
    }
    if (status == HB_OK) {
        status = sim_steer_inherit(input, site, bound, states);
    }
    free(bound);
    free(heard);
    return status;
}
