/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

/* Sessions and the links under them. Hold timers cost nothing while links are
 * sound: when one falls silent, the instant at which each end will notice is
 * drawn from the phase of the last keepalive that came through. */

/* answers: 1 at the end that is established second. */
static void push_answer(
    struct sim_bgp *bgp, enum sim_bgp_kind kind, uint32_t edge, int64_t at_ns, uint32_t answers)
{
    sim_bgp_push(bgp, &(struct sim_event){ .kind = (uint8_t)kind, .rank = 0, .entity = edge,
        .order = (uint32_t)bgp->epoch[edge] << 8 | (uint32_t)kind, .payload = answers,
        .at_ns = at_ns });
}

static void push_edge(struct sim_bgp *bgp, enum sim_bgp_kind kind, uint32_t edge, int64_t at_ns)
{
    push_answer(bgp, kind, edge, at_ns, 0);
}

/* value less a share of it drawn from [0, jitter]. */
static double jittered(struct sim_bgp *bgp, double value_s, double jitter)
{
    return value_s * (1.0 - jitter * sim_draw_uniform(&bgp->stream));
}

static void new_epoch(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t back = bgp->topology->back[edge];
    bgp->epoch[edge]++;
    bgp->epoch[back] = bgp->epoch[edge];
}

static void lose(struct sim_bgp *bgp, uint32_t edge)
{
    if ((bgp->edge_flags[edge] & EDGE_UP) == 0) {
        return;
    }
    bgp->edge_flags[edge] &= (uint8_t)~(EDGE_UP | EDGE_DUMPED | EDGE_TIMER | EDGE_WAITING);
    for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
        size_t at = bgp_at(bgp, prefix, edge);
        bgp->queued[at] = bgp->told[at] = SIM_BGP_PATH_NONE;
        bgp->waiting[at] = 0;
    }
    new_epoch(bgp, edge);
    double clear_s = bgp_profile(bgp, bgp->in[edge].owner)->clear_s;
    if (clear_s > 0.0) {
        push_edge(bgp, SIM_BGP_CLEAR, edge, hb_units_after(bgp->now_ns, clear_s));
    } else {
        sim_bgp_rib_drop(bgp, edge);
    }
}

/* Of two connections the one that the higher id opened stays (RFC 4271 s. 6.8), so
 * the lower end is called, and established first: after address resolution, TCP
 * and OPEN, five delays. The other end is up to one more delay behind, less, by
 * chance, if its timer was about to fire as well. */
static void establish(struct sim_bgp *bgp, uint32_t either)
{
    uint32_t other = bgp->topology->back[either];
    uint32_t edge = bgp->in[either].owner < bgp->in[other].owner ? either : other;
    uint32_t back = bgp->topology->back[edge];
    lose(bgp, edge);
    lose(bgp, back);
    new_epoch(bgp, edge);
    int64_t delay_ns = bgp->topology->delay_ns[edge];
    double jitter = bgp_profile(bgp, bgp->in[edge].owner)->timer_jitter;
    double share = jitter > 0.0 ? sim_draw_between(&bgp->stream, 0.4, 1.05) : 1.0;
    bgp->edge_flags[edge] |= EDGE_CONNECTING;
    bgp->edge_flags[back] |= EDGE_CONNECTING;
    if (bgp->io != NULL) {
        sim_bgp_tcp_open(bgp, edge);
        sim_bgp_tcp_open(bgp, back);
    }
    int64_t up_ns = bgp->now_ns + 5 * delay_ns;
    push_answer(bgp, SIM_BGP_UP, edge, up_ns, 0);
    push_answer(bgp, SIM_BGP_UP, back, hb_units_after(up_ns, share * hb_units_s(delay_ns)), 1);
}

static uint32_t established_count(const struct sim_bgp *bgp, uint32_t node)
{
    uint32_t count = 0;
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        count += (bgp->edge_flags[e] & EDGE_UP) != 0;
    }
    return count;
}

static void come_up(struct sim_bgp *bgp, uint32_t edge, uint32_t answers)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, bgp->in[edge].owner);
    bgp->edge_flags[edge] |= EDGE_UP;
    bgp->edge_flags[edge] &= (uint8_t)~EDGE_CONNECTING;
    if (bgp->io == NULL) {
        bgp->mrai_ns[edge] = 0;
    } else {
        sim_bgp_turn_last(bgp, edge);
        sim_bgp_keepalive_start(bgp, edge);
    }
    double wait_s = profile->first_dump_s
        + profile->first_dump_each_s * established_count(bgp, bgp->in[edge].owner);
    push_answer(bgp, SIM_BGP_DUMP, edge, hb_units_after(bgp->now_ns, wait_s), answers);
}

static void connect_after(struct sim_bgp *bgp, uint32_t edge, bool is_idle)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, bgp->in[edge].owner);
    double wait_s = profile->connect_s + (is_idle ? profile->idle_s : 0.0);
    wait_s = jittered(bgp, wait_s, profile->timer_jitter);
    push_edge(bgp, SIM_BGP_CONNECT, edge, hb_units_after(bgp->now_ns, wait_s));
}

static void lost_event(struct sim_bgp *bgp, uint32_t edge)
{
    uint8_t flags = bgp->edge_flags[edge];
    if ((flags & EDGE_CARRIER) == 0 || (flags & EDGE_SILENT) != 0) {
        lose(bgp, edge);
    }
}

void sim_bgp_session_event(struct sim_bgp *bgp, const struct sim_event *event)
{
    uint32_t edge = event->entity;
    bool is_current = event->order >> 8 == bgp->epoch[edge];
    uint8_t flags = bgp->edge_flags[edge];
    if (event->kind == SIM_BGP_LOST) {
        lost_event(bgp, edge);
    } else if (event->kind == SIM_BGP_CLEAR) {
        if ((flags & EDGE_UP) == 0) {
            sim_bgp_rib_drop(bgp, edge);
        }
    } else if (!is_current || (flags & (EDGE_CARRIER | EDGE_SILENT)) != EDGE_CARRIER) {
        return; /* overtaken by another failure */
    } else if (event->kind == SIM_BGP_CONNECT) {
        if ((flags & (EDGE_UP | EDGE_CONNECTING)) == 0) {
            establish(bgp, edge);
        }
    } else if (event->kind == SIM_BGP_UP) {
        come_up(bgp, edge, event->payload);
    } else {
        sim_bgp_export_dump(bgp, edge, event->payload);
    }
}

static void set_flags(struct sim_bgp *bgp, uint32_t edge, uint8_t on, uint8_t off)
{
    uint32_t back = bgp->topology->back[edge];
    bgp->edge_flags[edge] = (uint8_t)((bgp->edge_flags[edge] | on) & ~off);
    bgp->edge_flags[back] = (uint8_t)((bgp->edge_flags[back] | on) & ~off);
}

void sim_bgp_fail(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t ends[2] = { edge, bgp->topology->back[edge] };
    bgp->stamp_ns = bgp->now_ns;
    set_flags(bgp, edge, 0, EDGE_CARRIER | EDGE_CONNECTING);
    for (int i = 0; i < 2; i++) {
        const struct sim_bgp_profile *profile = bgp_profile(bgp, bgp->in[ends[i]].owner);
        push_edge(bgp, SIM_BGP_LOST, ends[i], hb_units_after(bgp->now_ns, profile->carrier_s));
    }
}

void sim_bgp_silence(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t ends[2] = { edge, bgp->topology->back[edge] };
    set_flags(bgp, edge, EDGE_SILENT, EDGE_CONNECTING);
    for (int i = 0; i < 2; i++) {
        const struct sim_bgp_profile *profile = bgp_profile(bgp, bgp->in[ends[i]].owner);
        if (profile->hold_s <= 0.0) {
            continue; /* nobody ever notices */
        }
        double keepalive_s = jittered(bgp, profile->hold_s / 3.0, profile->timer_jitter);
        double hold_s = jittered(bgp, profile->hold_s, profile->timer_jitter);
        double heard_s = keepalive_s * sim_draw_uniform(&bgp->stream);
        double left_s = hold_s > heard_s ? hold_s - heard_s : 0.0;
        push_edge(bgp, SIM_BGP_LOST, ends[i], hb_units_after(bgp->now_ns, left_s));
    }
}

void sim_bgp_restore(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t ends[2] = { edge, bgp->topology->back[edge] };
    bgp->stamp_ns = bgp->now_ns;
    set_flags(bgp, edge, EDGE_CARRIER, EDGE_SILENT);
    bool is_whole = (bgp->edge_flags[ends[0]] & bgp->edge_flags[ends[1]] & EDGE_UP) != 0;
    for (int i = 0; i < 2 && !is_whole; i++) {
        connect_after(bgp, ends[i], false);
    }
}

void sim_bgp_reset(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t back = bgp->topology->back[edge];
    bgp->stamp_ns = bgp->now_ns;
    lose(bgp, edge);
    lose(bgp, back);
    connect_after(bgp, edge, true);
    connect_after(bgp, back, true);
}
