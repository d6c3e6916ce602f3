/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

/* Rounds of a single-threaded daemon: it reads a few sockets, decides, and
 * sends at the end. The daemons of an emulation share its processors. */

/* When a shared processor takes up the node's round, which reads and sends. */
static int64_t processor_free(struct sim_bgp *bgp, uint32_t node, double delay_s)
{
    uint32_t first = 0;
    if (bgp->options.processors == 0) {
        return bgp->stamp_ns;
    }
    for (uint32_t i = 1; i < bgp->options.processors; i++) {
        first = bgp->processor_ns[i] < bgp->processor_ns[first] ? i : first;
    }
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    uint32_t degree = bgp->topology->first[node + 1] - bgp->topology->first[node];
    int64_t free_ns = bgp->processor_ns[first];
    int64_t start_ns = free_ns > bgp->stamp_ns ? free_ns : bgp->stamp_ns;
    bgp->processor_ns[first] = hb_units_after(
        start_ns, delay_s + profile->send_s + degree * profile->send_next_s);
    return start_ns;
}

void sim_bgp_round_wake(struct sim_bgp *bgp, uint32_t node)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    bgp->nodes[node].busy = true;
    double delay_s = profile->process_s;
    if (profile->process_sd_s > 0.0) {
        delay_s += sim_draw_exponential(&bgp->stream, profile->process_sd_s);
    }
    int64_t start_ns = profile->round_sockets == 0 ? bgp->stamp_ns
        : processor_free(bgp, node, delay_s);
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_ROUND, .rank = 7, .entity = node,
        .order = ++bgp->order, .at_ns = hb_units_after(start_ns, delay_s) });
}

/* Data for the daemon: read when it gets round to that socket. */
void sim_bgp_round_deliver(struct sim_bgp *bgp, uint32_t edge, uint32_t first)
{
    uint32_t node = bgp->in[edge].owner;
    struct bgp_edge_io *io = &bgp->io[edge];
    struct bgp_node *state = &bgp->nodes[node];
    if (io->in_first == 0) {
        io->in_first = first;
    } else {
        bgp->pieces[io->in_last].next = first;
    }
    io->in_last = first;
    while (bgp->pieces[io->in_last].next != 0) {
        io->in_last = bgp->pieces[io->in_last].next;
    }
    if (!io->queued) {
        /* Sockets are read in the order of their sessions. */
        uint32_t *link = &state->first;
        while (*link != SIM_BGP_NONE && bgp->io[*link].born < io->born) {
            link = &bgp->io[*link].next;
        }
        io->queued = true;
        io->next = *link;
        *link = edge;
    }
    if (!state->busy) {
        sim_bgp_round_wake(bgp, node);
    }
}

static void read_socket(struct sim_bgp *bgp, uint32_t edge, double next_s)
{
    struct bgp_edge_io *io = &bgp->io[edge];
    uint32_t id = io->in_first;
    io->in_first = io->in_last = 0;
    while (id != 0) {
        struct bgp_piece piece = bgp->pieces[id];
        sim_bgp_rib_learn(bgp, edge, piece.prefix, piece.path);
        sim_bgp_tcp_drop(bgp, id);
        id = piece.next;
        bgp->stamp_ns = hb_units_after(bgp->stamp_ns, next_s);
    }
}

static bool has_waiting(const struct sim_bgp *bgp, uint32_t node)
{
    for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
        const uint8_t *waiting = &bgp->waiting[bgp_at(bgp, prefix, 0)];
        for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
            if (waiting[e] == 1) {
                return true;
            }
        }
    }
    return false;
}

void sim_bgp_round_run(struct sim_bgp *bgp, uint32_t node)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    struct bgp_node *state = &bgp->nodes[node];
    uint32_t limit = profile->round_sockets == 0 ? UINT32_MAX : profile->round_sockets;
    int64_t start_ns = bgp->stamp_ns;
    state->in_round = profile->round_sockets != 0;
    uint32_t *link = &state->first;
    while (*link != SIM_BGP_NONE && bgp->io[*link].born <= state->last_born) {
        link = &bgp->io[*link].next; /* had its turn in this pass */
    }
    for (uint32_t i = 0; i < limit && *link != SIM_BGP_NONE; i++) {
        uint32_t edge = *link;
        *link = bgp->io[edge].next;
        bgp->io[edge].queued = false;
        state->last_born = bgp->io[edge].born;
        read_socket(bgp, edge, profile->process_next_s);
    }
    state->last_born = *link == SIM_BGP_NONE ? 0 : state->last_born;
    state->in_round = false;
    state->busy = false;
    if (profile->round_sockets == 0) {
        return;
    }
    if (has_waiting(bgp, node) && !state->flush_due) {
        /* The last message's own share is part of send_s. */
        int64_t spent_ns = bgp->stamp_ns - hb_units_ns(profile->process_next_s);
        spent_ns = spent_ns > start_ns ? spent_ns : start_ns;
        state->flush_due = true;
        sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_FLUSH, .rank = 5, .entity = node,
            .order = ++bgp->order, .at_ns = hb_units_after(spent_ns, profile->send_s) });
        state->busy = true;
    } else if (state->first != SIM_BGP_NONE) {
        sim_bgp_round_wake(bgp, node);
    }
}
