/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

/* KEEPALIVEs come in now and then without being events: whoever looks at the
 * connection accounts for those since. All that they do here is to the
 * acknowledgements of Linux: a KEEPALIVE that nobody answers with data has its
 * delayed acknowledgement run out, which ends the ping-pong; one that the own
 * KEEPALIVE follows soon enough begins it. */

static double interval_s(struct sim_bgp *bgp, const struct sim_bgp_profile *profile)
{
    double jitter = profile->timer_jitter > 0.0
        ? profile->timer_jitter * sim_draw_uniform(&bgp->stream) : 0.0;
    return profile->hold_s / 3.0 * (1.0 - jitter);
}

void sim_bgp_keepalive_start(struct sim_bgp *bgp, uint32_t edge)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, bgp->in[edge].owner);
    if (profile->hold_s > 0.0) {
        bgp->io[bgp->topology->back[edge]].tcp.keepalive_ns
            = hb_units_after(bgp->now_ns + bgp->topology->delay_ns[edge],
                interval_s(bgp, profile));
    }
}

struct birth {
    int64_t at_ns;
    uint32_t edge;
};

static int by_age(const void *a, const void *b)
{
    const struct birth *x = a, *y = b;
    int later = (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
    return later != 0 ? later : (x->edge > y->edge) - (x->edge < y->edge);
}

/* A daemon without jitter keeps the rhythm in which its sessions began, all within
 * start_spread_s, the called end a delay before the other; but whatever is due
 * within keepalive_merge_s goes with the first, and stays with it. */
static void start_node(
    struct sim_bgp *bgp, uint32_t node, int64_t common_ns, struct birth *births)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    const struct data_topology *topology = bgp->topology;
    uint32_t first = topology->first[node], count = topology->first[node + 1] - first;
    for (uint32_t i = 0; i < count; i++) {
        double share = (double)bgp->io[first + i].born / (double)UINT32_MAX;
        bool is_called = node < topology->peer[first + i];
        births[i] = (struct birth){ .edge = first + i,
            .at_ns = common_ns + hb_units_ns(share * profile->start_spread_s)
                + (is_called ? 0 : (int64_t)topology->delay_ns[first + i]) };
    }
    qsort(births, count, sizeof *births, by_age);
    int64_t interval_ns = hb_units_ns(profile->hold_s / 3.0);
    int64_t merge_ns = hb_units_ns(profile->keepalive_merge_s), phase_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || births[i].at_ns - phase_ns >= merge_ns) {
            phase_ns = births[i].at_ns;
        }
        bgp->io[topology->back[births[i].edge]].tcp.keepalive_ns
            = phase_ns % interval_ns + topology->delay_ns[births[i].edge];
    }
}

bool sim_bgp_keepalive_init(struct sim_bgp *bgp)
{
    struct sim_stream stream = sim_stream_of(
        bgp->options.seed, SIM_STREAM_BGP, BGP_STREAM_KEEPALIVE);
    double common = sim_draw_uniform(&stream);
    struct birth *births = malloc(bgp->edge_count * sizeof *births);
    for (uint32_t node = 0; births != NULL && node < bgp->node_count; node++) {
        const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
        if (profile->start_spread_s > 0.0 && profile->hold_s > 0.0) {
            start_node(bgp, node, hb_units_ns(common * profile->hold_s / 3.0), births);
        }
    }
    bool is_done = births != NULL;
    free(births);
    return is_done;
}

/* Whether the owner's own KEEPALIVE left after the one that came in at at_ns and
 * soon enough to count as an answer. Unknown rhythms never meet. */
static bool is_answered(const struct sim_bgp *bgp, uint32_t edge, int64_t at_ns)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, bgp->in[edge].owner);
    uint32_t back = bgp->topology->back[edge];
    int64_t theirs_ns = bgp->io[back].tcp.keepalive_ns;
    if (profile->timer_jitter > 0.0 || profile->hold_s <= 0.0 || theirs_ns == 0) {
        return false;
    }
    int64_t interval_ns = hb_units_ns(profile->hold_s / 3.0);
    int64_t after_ns = (theirs_ns - bgp->topology->delay_ns[edge] - at_ns) % interval_ns;
    after_ns += after_ns < 0 ? interval_ns : 0;
    return sim_bgp_tcp_tick(bgp, at_ns + after_ns) - sim_bgp_tcp_tick(bgp, at_ns)
        < (int64_t)bgp->io[edge].tcp.ato_ticks;
}

void sim_bgp_keepalive_note(struct sim_bgp *bgp, uint32_t edge)
{
    struct bgp_tcp *tcp = &bgp->io[edge].tcp;
    const struct sim_bgp_profile *theirs = bgp_profile(bgp, bgp->topology->peer[edge]);
    if (theirs->hold_s <= 0.0 || bgp->stamp_ns < tcp->keepalive_ns) {
        return;
    }
    bool is_first = tcp->keepalive_ns == 0; /* its phase is anybody's guess */
    double every_s = interval_s(bgp, theirs);
    int64_t interval_ns = hb_units_ns(every_s), late_ns = bgp->stamp_ns - tcp->keepalive_ns;
    int64_t past_ns = is_first ? hb_units_ns(every_s * sim_draw_uniform(&bgp->stream))
                               : late_ns % interval_ns;
    tcp->keepalive_ns = bgp->stamp_ns - past_ns + interval_ns;
    if (!is_first && !tcp->delack_pending) {
        int64_t at_ns = bgp->stamp_ns - past_ns;
        tcp->pingpong = is_answered(bgp, edge, at_ns);
        tcp->ato_ticks = tcp->pingpong ? tcp->ato_ticks : BGP_ATO_TICKS;
        tcp->received_tick = sim_bgp_tcp_tick(bgp, at_ns);
    }
}
