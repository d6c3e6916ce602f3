/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_state.h"

/* A daemon serves its neighbours in the order in which their sessions were
 * established, whatever their numbers: seen in the order of the messages that
 * BIRD and FRR send for one change, which stays for as long as the sessions do
 * and moves a neighbour to the end when its session has been set up again. */

/* The sessions that stand at the start were set up in an order by lot. */
void sim_bgp_turn_init(struct sim_bgp *bgp)
{
    struct sim_stream stream = sim_stream_of(bgp->options.seed, SIM_STREAM_BGP, BGP_STREAM_TURN);
    const struct data_topology *topology = bgp->topology;
    for (uint32_t edge = 0; edge < bgp->edge_count; edge++) {
        uint32_t back = topology->back[edge];
        bgp->io[edge].born = back < edge ? bgp->io[back].born
                                         : sim_draw_below(&stream, UINT32_MAX);
    }
    for (uint32_t node = 0; node < bgp->node_count; node++) {
        uint32_t first = topology->first[node], end = topology->first[node + 1];
        for (uint32_t edge = first; edge < end; edge++) {
            uint32_t at = edge;
            while (at > first && bgp->io[bgp->io[at - 1].turn].born > bgp->io[edge].born) {
                bgp->io[at].turn = bgp->io[at - 1].turn;
                at--;
            }
            bgp->io[at].turn = edge;
        }
    }
    bgp->sessions = UINT32_MAX;
}

void sim_bgp_turn_last(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t node = bgp->in[edge].owner;
    uint32_t at = bgp->topology->first[node], end = bgp->topology->first[node + 1];
    while (bgp->io[at].turn != edge) {
        at++;
    }
    for (; at + 1 < end; at++) {
        bgp->io[at].turn = bgp->io[at + 1].turn;
    }
    bgp->io[at].turn = edge;
    bgp->io[edge].born = ++bgp->sessions;
}
