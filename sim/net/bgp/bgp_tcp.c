/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

/* What Linux does with small segments, in ticks of its 250 Hz clock. A sender
 * holds a small segment back while another is unacknowledged (Nagle). A
 * receiver acknowledges at once, unless it has lately answered data with data
 * ("ping-pong"): then it waits for its own next answer, 40 ms at least.
 * Sources: RFC 896, RFC 1122 s. 4.2.3.2; tcp_input.c and tcp_output.c, read as
 * descriptions of behaviour. */
#define RTO_TICKS 50U   /* 200 ms, beside the round trip */
#define RESEND_NS INT64_C(1000000000)

int64_t sim_bgp_tcp_tick(const struct sim_bgp *bgp, int64_t at_ns)
{
    return (at_ns + bgp->tick_phase_ns) / BGP_TICK_NS;
}

static uint32_t piece_taken(struct sim_bgp *bgp)
{
    uint32_t id = bgp->piece_free;
    if (id != 0) {
        bgp->piece_free = bgp->pieces[id].next;
        return id;
    }
    if (bgp->piece_count == bgp->pool_capacity) {
        sim_bgp_fault(bgp, HB_ERR_FULL, "found more than %u messages in sockets: "
            "expected message_capacity to do", bgp->pool_capacity);
        return 0;
    }
    return bgp->piece_count++;
}

void sim_bgp_tcp_drop(struct sim_bgp *bgp, uint32_t id)
{
    bgp->paths.hops[bgp->pieces[id].path].held--;
    bgp->pieces[id].next = bgp->piece_free;
    bgp->piece_free = id;
}

static void pieces_dropped(struct sim_bgp *bgp, uint32_t first)
{
    while (first != 0) {
        uint32_t next = bgp->pieces[first].next;
        sim_bgp_tcp_drop(bgp, first);
        first = next;
    }
}

static uint32_t segment_taken(struct sim_bgp *bgp)
{
    uint32_t id = bgp->segment_free;
    if (id != 0) {
        bgp->segment_free = bgp->segments[id].next;
        return id;
    }
    assert(bgp->segment_count < bgp->pool_capacity); /* a segment has a piece at least */
    return bgp->segment_count++;
}

static void segment_dropped(struct sim_bgp *bgp, uint32_t id)
{
    bgp->segments[id].next = bgp->segment_free;
    bgp->segment_free = id;
}

static void count_sent(struct sim_bgp *bgp, uint32_t edge, uint32_t first)
{
    for (uint32_t id = first; id != 0; id = bgp->pieces[id].next) {
        bool is_withdrawal = bgp->pieces[id].path == SIM_BGP_PATH_NONE;
        bgp->counts.withdrawals += is_withdrawal;
        bgp->counts.announcements += !is_withdrawal;
        if (bgp->options.sent != NULL) {
            struct sim_bgp_message message = { .at_ns = bgp->stamp_ns, .from = bgp->in[edge].owner,
                .to = bgp->topology->peer[edge], .prefix = bgp->pieces[id].prefix,
                .path = bgp->pieces[id].path };
            sim_bgp_tell_sent(bgp, &message);
        }
    }
}

/* Any segment of ours carries the acknowledgement that was due. */
static uint32_t acknowledgement(struct bgp_tcp *tcp)
{
    tcp->delack_pending = false;
    return tcp->received;
}

/* Sends what is queued as one segment, unless Nagle's rule holds it back. */
static bool push_queue(struct sim_bgp *bgp, uint32_t edge)
{
    struct bgp_tcp *tcp = &bgp->io[edge].tcp;
    sim_bgp_keepalive_note(bgp, edge);
    bool holds = bgp_profile(bgp, bgp->in[edge].owner)->nagle && tcp->acked != tcp->sent;
    if (tcp->first == 0 || holds) {
        return false;
    }
    uint32_t id = segment_taken(bgp);
    bgp->segments[id] = (struct bgp_segment){ .first = tcp->first,
        .ack = acknowledgement(tcp), .epoch = bgp->epoch[edge] };
    count_sent(bgp, edge, tcp->first);
    tcp->first = tcp->last = 0;
    tcp->sent++;
    tcp->sent_ns = bgp->stamp_ns;
    if (sim_bgp_tcp_tick(bgp, bgp->stamp_ns) - tcp->received_tick < (int64_t)tcp->ato_ticks) {
        tcp->pingpong = true;
    }
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_SEGMENT, .rank = 1,
        .entity = bgp->topology->back[edge], .payload = id, .order = ++bgp->order,
        .at_ns = bgp->stamp_ns + bgp->topology->delay_ns[edge] });
    return true;
}

void sim_bgp_tcp_write(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path)
{
    struct bgp_tcp *tcp = &bgp->io[edge].tcp;
    uint32_t id = piece_taken(bgp);
    if (id == 0) {
        return;
    }
    bgp->paths.hops[path].held++;
    bgp->pieces[id] = (struct bgp_piece){ .path = path, .prefix = (uint8_t)prefix };
    if (tcp->first == 0) {
        tcp->first = id;
    } else {
        bgp->pieces[tcp->last].next = id;
    }
    tcp->last = id;
    (void)push_queue(bgp, edge); /* held: the acknowledgement will push it */
}

void sim_bgp_tcp_open(struct sim_bgp *bgp, uint32_t edge)
{
    struct bgp_edge_io *io = &bgp->io[edge];
    pieces_dropped(bgp, io->tcp.first);
    pieces_dropped(bgp, io->in_first);
    io->in_first = io->in_last = 0;
    /* OPEN and KEEPALIVE have been answered with data on either side. */
    io->tcp = (struct bgp_tcp){ .ato_ticks = BGP_ATO_TICKS, .pingpong = true,
        .received_tick = sim_bgp_tcp_tick(bgp, bgp->now_ns), .delack_order = ++bgp->order,
        .round_trip_ns = 2 * (int64_t)bgp->topology->delay_ns[edge] };
}

static void send_acknowledgement(struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t ack = acknowledgement(&bgp->io[edge].tcp);
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_ACK, .rank = 1,
        .entity = bgp->topology->back[edge], .order = ++bgp->order,
        .payload = (ack & 0xFFFFU) << 8 | (bgp->epoch[edge] & 0xFFU),
        .at_ns = bgp->stamp_ns + bgp->topology->delay_ns[edge] });
}

static void note_received(struct bgp_tcp *tcp, int64_t tick)
{
    int64_t gap = tick - tcp->received_tick;
    if (gap <= (int64_t)(BGP_ATO_TICKS / 2)) {
        tcp->ato_ticks = tcp->ato_ticks / 2 + BGP_ATO_TICKS / 2;
    } else if (gap < (int64_t)tcp->ato_ticks) {
        uint32_t ato = tcp->ato_ticks / 2 + (uint32_t)gap;
        tcp->ato_ticks = ato < RTO_TICKS ? ato : RTO_TICKS;
    }
    tcp->received_tick = tick;
    tcp->received++;
}

/* The round trip is smoothed as RFC 6298 has it, an eighth of each news. */
static void note_acknowledged(const struct sim_bgp *bgp, struct bgp_tcp *tcp, uint32_t ack)
{
    if ((int32_t)(ack - tcp->acked) > 0) {
        tcp->acked = ack;
        tcp->round_trip_ns += (bgp->now_ns - tcp->sent_ns - tcp->round_trip_ns) / 8;
    }
}

static void delay_acknowledgement(struct sim_bgp *bgp, uint32_t edge)
{
    struct bgp_tcp *tcp = &bgp->io[edge].tcp;
    int64_t tick = sim_bgp_tcp_tick(bgp, bgp->now_ns);
    /* The kernel counts a begun tick of the round trip as a whole one. */
    uint32_t round_trip = (uint32_t)((tcp->round_trip_ns + BGP_TICK_NS - 1) / BGP_TICK_NS);
    uint32_t most = round_trip > BGP_ATO_TICKS ? round_trip : BGP_ATO_TICKS;
    uint32_t ticks = tcp->ato_ticks < most ? tcp->ato_ticks : most;
    tcp->delack_pending = true;
    tcp->delack_order = ++bgp->order;
    /* The timer wheel rounds up to the tick after. */
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_DELACK, .rank = 6, .entity = edge,
        .order = bgp->order,
        .at_ns = (tick + ticks + 1) * BGP_TICK_NS - bgp->tick_phase_ns });
}

static bool is_current(struct sim_bgp *bgp, uint32_t edge, uint32_t epoch)
{
    return (bgp->edge_flags[edge] & EDGE_CARRIER) != 0 && (uint16_t)epoch == bgp->epoch[edge];
}

/* Lost on a silent link: TCP sends it again. */
static void push_again(struct sim_bgp *bgp, const struct sim_event *event)
{
    struct sim_event again = *event;
    again.at_ns += RESEND_NS;
    sim_bgp_push(bgp, &again);
}

static void segment_arrived(struct sim_bgp *bgp, const struct sim_event *event)
{
    uint32_t edge = event->entity;
    struct bgp_segment segment = bgp->segments[event->payload];
    if (!is_current(bgp, edge, segment.epoch)) {
        pieces_dropped(bgp, segment.first);
        segment_dropped(bgp, event->payload);
        return;
    }
    if ((bgp->edge_flags[edge] & EDGE_SILENT) != 0) {
        push_again(bgp, event);
        return;
    }
    segment_dropped(bgp, event->payload);
    struct bgp_tcp *tcp = &bgp->io[edge].tcp;
    sim_bgp_keepalive_note(bgp, edge);
    note_received(tcp, sim_bgp_tcp_tick(bgp, bgp->now_ns));
    note_acknowledged(bgp, tcp, segment.ack);
    if (!push_queue(bgp, edge)) {
        if (tcp->pingpong && !tcp->delack_pending) {
            delay_acknowledgement(bgp, edge);
        } else {
            send_acknowledgement(bgp, edge);
        }
    }
    sim_bgp_round_deliver(bgp, edge, segment.first);
}

static void ack_arrived(struct sim_bgp *bgp, const struct sim_event *event)
{
    uint32_t edge = event->entity;
    struct bgp_tcp *tcp = &bgp->io[edge].tcp;
    if ((bgp->edge_flags[edge] & EDGE_CARRIER) == 0
        || (event->payload & 0xFFU) != (bgp->epoch[edge] & 0xFFU)) {
        return;
    }
    if ((bgp->edge_flags[edge] & EDGE_SILENT) != 0) {
        push_again(bgp, event);
        return;
    }
    uint16_t ahead = (uint16_t)((event->payload >> 8) - tcp->acked);
    note_acknowledged(bgp, tcp, tcp->acked + (ahead < 0x8000U ? ahead : 0U));
    (void)push_queue(bgp, edge); /* there may be nothing to push */
}

void sim_bgp_tcp_event(struct sim_bgp *bgp, const struct sim_event *event)
{
    if (event->kind == SIM_BGP_SEGMENT) {
        segment_arrived(bgp, event);
    } else if (event->kind == SIM_BGP_ACK) {
        ack_arrived(bgp, event);
    } else {
        struct bgp_tcp *tcp = &bgp->io[event->entity].tcp;
        if (tcp->delack_pending && tcp->delack_order == event->order) {
            tcp->pingpong = false;
            tcp->ato_ticks = BGP_ATO_TICKS;
            send_acknowledgement(bgp, event->entity);
        }
    }
}
