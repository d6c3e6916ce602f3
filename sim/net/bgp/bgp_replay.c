/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/bgp/bgp_order.h"
#include "sim/net/bgp/bgp_phase.h"
#include "sim/net/bgp/bgp_state.h"

#define HOP_OVERHEAD_NS 70000U /* the emulator's own delay a hop, README.md */
#define PROCESSORS 2U          /* of the machine that ran all daemons */
#define QUIET_S 4.0 /* from one run's end to the next, beside two MRAIs */

static void changed(void *ctx, const struct sim_bgp_change *change)
{
    struct sim_bgp_replay *replay = ctx;
    /* FRR's log, the measurement's clock, walks what has been told: a router
     * that told nobody loses its route unseen. */
    if (replay->sees_by_telling && change->via == SIM_BGP_NONE
        && !sim_bgp_has_told(replay->bgp, change->node, change->prefix)) {
        return;
    }
    double at_ms = hb_units_s(change->at_ns - replay->start_ns) * 1e3;
    if (isnan(replay->now->first_ms[change->node])) {
        replay->now->first_ms[change->node] = at_ms;
    }
    replay->now->last_ms[change->node] = at_ms;
}

static void sent(void *ctx, const struct sim_bgp_message *message)
{
    struct sim_bgp_replay *replay = ctx;
    if (replay->first_message_ns < 0) {
        replay->first_message_ns = message->at_ns;
    }
    if (message->is_withdrawal) {
        replay->now->withdrawals++;
        replay->now->node_withdrawals[message->from]++;
    } else {
        replay->now->announcements++;
        replay->now->node_announcements[message->from]++;
    }
}

static void stimulate(struct sim_bgp_replay *replay, enum data_bgp_event event)
{
    const struct data_bgp_experiment *experiment = replay->experiment;
    uint32_t o1 = replay->index[experiment->origin1], o2 = replay->index[experiment->origin2];
    uint32_t edge = data_topology_edge(replay->topology, replay->index[experiment->fail_a],
        replay->index[experiment->fail_b]);
    switch (event) {
    case DATA_BGP_ANNOUNCE:
    case DATA_BGP_REJOIN_O1:
        sim_bgp_announce(replay->bgp, o1, 0, NULL);
        return;
    case DATA_BGP_ANYCAST2:
        sim_bgp_announce(replay->bgp, o2, 0, NULL);
        return;
    case DATA_BGP_FAIL_O1:
    case DATA_BGP_WITHDRAW:
        sim_bgp_withdraw(replay->bgp, o1, 0);
        return;
    case DATA_BGP_WITHDRAW_O2:
        sim_bgp_withdraw(replay->bgp, o2, 0);
        return;
    case DATA_BGP_LINKFAIL:
        sim_bgp_fail(replay->bgp, edge);
        return;
    case DATA_BGP_SILENT:
        sim_bgp_silence(replay->bgp, edge);
        return;
    case DATA_BGP_LINKUP:
    case DATA_BGP_UNSILENT:
        sim_bgp_restore(replay->bgp, edge);
        return;
    case DATA_BGP_EVENT_COUNT:
        return;
    }
}

static bool path_agrees(
    const struct sim_bgp_replay *replay, uint32_t node, const struct data_bgp_outcome *outcome)
{
    uint32_t hops[DATA_BGP_HOPS_MAX];
    uint32_t index = replay->index[node + 1];
    uint32_t count = sim_bgp_path(replay->bgp, index, 0, hops, DATA_BGP_HOPS_MAX);
    bool has_route = sim_bgp_via(replay->bgp, index, 0) != SIM_BGP_NONE;
    if (has_route != outcome->has_route || count != outcome->hop_count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (replay->topology->number[hops[i]] != outcome->hops[i]) {
            return false;
        }
    }
    return true;
}

/* Where the oldest route wins ties, the repetitions themselves differ with what
 * else was on the wire: there the path of any of them is right. */
static bool paths_agree(const struct sim_bgp_replay *replay, uint32_t node, uint32_t run_index)
{
    const struct data_bgp_experiment *experiment = replay->experiment;
    const struct data_bgp_run *run = &experiment->runs[run_index];
    bool agrees = path_agrees(replay, node, &run->nodes[node]);
    for (uint32_t i = 0; i < experiment->run_count && !experiment->by_router_id; i++) {
        agrees = agrees || (experiment->runs[i].event == run->event
            && path_agrees(replay, node, &experiment->runs[i].nodes[node]));
    }
    return agrees;
}

/* Waits for the next run's start: T0 has the measured phase against the kernel's
 * ticks, or any. The origin's first message leaves shift_s after the stimulus. */
static enum hb_status wait_for_start(
    struct sim_bgp_replay *replay, uint32_t run_index, double shift_s)
{
    double phase_ms = replay->phase_ms[run_index];
    int64_t tick_ns = sim_bgp_tick_ns(replay->bgp);
    int64_t start_ns = tick_ns + (int64_t)sim_draw_below(replay->stream, BGP_TICK_NS);
    if (!isnan(phase_ms)) {
        start_ns = tick_ns + 2 * BGP_TICK_NS - hb_units_ns(phase_ms * 1e-3 + shift_s);
    }
    return sim_bgp_run(replay->bgp, start_ns);
}

static enum hb_status play_run(struct sim_bgp_replay *replay, uint32_t run_index)
{
    const struct data_bgp_run *run = &replay->experiment->runs[run_index];
    uint32_t node_count = replay->experiment->node_count;
    double send_s = bgp_profile(replay->bgp, 0)->send_s;
    (void)wait_for_start(replay, run_index, run->from_first_message ? send_s : 0.0);
    replay->start_ns = sim_bgp_now_ns(replay->bgp);
    replay->first_message_ns = -1;
    for (uint32_t node = 0; node < node_count; node++) {
        replay->now->first_ms[node] = replay->now->last_ms[node] = (double)NAN;
    }
    stimulate(replay, run->event);
    enum hb_status status = sim_bgp_run(replay->bgp, HB_NEVER_NS);
    if (status != HB_OK) {
        return data_problem_set(replay->problem, HB_ERR_DIVERGES, "%s: %s: %s",
            replay->experiment->name, data_bgp_event_text(run->event),
            sim_bgp_failure(replay->bgp));
    }
    double shift_ms = run->from_first_message && replay->first_message_ns >= 0
        ? hb_units_s(replay->first_message_ns - replay->start_ns) * 1e3 : 0.0;
    for (uint32_t node = 0; node < node_count; node++) {
        replay->now->first_ms[node] -= shift_ms;
        replay->now->last_ms[node] -= shift_ms;
        bool *is_equal = &replay->path_is_equal[(size_t)run_index * node_count + node];
        *is_equal = *is_equal && paths_agree(replay, node, run_index);
    }
    double quiet_s = QUIET_S + 2.0 * replay->experiment->mrai_s;
    return sim_bgp_run(replay->bgp, hb_units_after(sim_bgp_now_ns(replay->bgp), quiet_s));
}

/* The sessions that stand at the start are as old as the messages show. */
static enum hb_status order_sessions(struct sim_bgp_replay *replay)
{
    if (replay->bgp->io == NULL) {
        return HB_OK; /* a profile without daemons' rounds: nobody waits for a turn */
    }
    uint32_t *edges = malloc(replay->topology->edge_count * sizeof *edges);
    if (edges == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t node = 0; node < replay->experiment->node_count; node++) {
        uint32_t first = replay->topology->first[node];
        uint32_t count = replay->topology->first[node + 1] - first;
        for (uint32_t i = 0; i < count; i++) {
            edges[i] = replay->bgp->io[first + i].turn;
        }
        sim_bgp_order_sort(replay->order, node, edges);
        for (uint32_t i = 0; i < count; i++) {
            replay->bgp->io[first + i].turn = edges[i];
        }
    }
    free(edges);
    return HB_OK;
}

static enum hb_status play_replica(struct sim_bgp_replay *replay, uint32_t replica, uint64_t seed)
{
    const struct data_bgp_experiment *experiment = replay->experiment;
    const struct sim_bgp_profile *base = sim_bgp_profile_named(experiment->implementation);
    if (base == NULL) {
        return data_problem_set(replay->problem, HB_ERR_UNSUPPORTED,
            "%s: found implementation \"%s\": expected bird or frr", experiment->name,
            experiment->implementation);
    }
    struct sim_bgp_profile profile = *base;
    profile.mrai_ebgp_s = experiment->mrai_s;
    profile.hold_s = experiment->hold_s;
    profile.prefer_oldest = !experiment->by_router_id;
    struct sim_bgp_options options = { .topology = replay->topology, .profiles = &profile,
        .profile_count = 1, .local_pref = experiment->local_pref,
        .seed = sim_stream_replica_seed(seed, replica), .check = true,
        .processors = PROCESSORS, .ctx = replay,
        .changed = changed, .sent = sent };
    struct sim_stream stream = sim_stream_of(options.seed, SIM_STREAM_BGP, BGP_STREAM_REPLAY);
    replay->stream = &stream;
    replay->sees_by_telling = strcmp(base->name, "frr") == 0;
    enum hb_status status = sim_bgp_create(&options, &replay->bgp);
    status = status == HB_OK ? order_sessions(replay) : status;
    for (uint32_t run = 0; run < experiment->run_count && status == HB_OK; run++) {
        replay->now = &replay->all[(size_t)replica * experiment->run_count + run];
        status = play_run(replay, run);
    }
    sim_bgp_free(replay->bgp);
    replay->bgp = NULL;
    return status;
}

/* The experiment's links with the emulator's overhead; every node must be there. */
static enum hb_status network_made(struct sim_bgp_replay *replay, struct data_topology **out)
{
    const struct data_bgp_experiment *experiment = replay->experiment;
    struct data_link *links = malloc(experiment->link_count * sizeof *links);
    if (links == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < experiment->link_count; i++) {
        links[i] = experiment->links[i];
        links[i].delay_ns += HOP_OVERHEAD_NS;
    }
    enum hb_status status = data_topology_create(
        links, experiment->link_count, experiment->name, out, replay->problem);
    free(links);
    if (status != HB_OK) {
        return status;
    }
    replay->topology = *out;
    for (uint32_t number = 1; number <= experiment->node_count; number++) {
        replay->index[number] = data_topology_node(*out, number);
        if (replay->index[number] != number - 1) {
            return data_problem_set(replay->problem, HB_ERR_FORMAT,
                "%s: found no link of node %u: expected one at least", experiment->name, number);
        }
    }
    if (data_topology_edge(*out, experiment->fail_a - 1, experiment->fail_b - 1)
        == SIM_BGP_NONE) {
        return data_problem_set(replay->problem, HB_ERR_FORMAT,
            "%s: found fail_link %u-%u: expected one of the links", experiment->name,
            experiment->fail_a, experiment->fail_b);
    }
    return HB_OK;
}

static enum hb_status phases_found(struct sim_bgp_replay *replay)
{
    const struct data_bgp_experiment *experiment = replay->experiment;
    size_t count = experiment->node_count;
    double *delay_ms = calloc(count * count, sizeof *delay_ms);
    replay->phase_ms = calloc(experiment->run_count, sizeof *replay->phase_ms);
    if (delay_ms == NULL || replay->phase_ms == NULL) {
        free(delay_ms);
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < experiment->link_count; i++) {
        const struct data_link *link = &experiment->links[i];
        double one_way_ms = hb_units_s(link->delay_ns + HOP_OVERHEAD_NS) * 1e3;
        delay_ms[(link->a - 1) * count + link->b - 1] = one_way_ms;
        delay_ms[(link->b - 1) * count + link->a - 1] = one_way_ms;
    }
    for (uint32_t run = 0; run < experiment->run_count; run++) {
        replay->phase_ms[run] = sim_bgp_phase_ms(
            &experiment->runs[run], delay_ms, experiment->node_count);
    }
    free(delay_ms);
    return HB_OK;
}

enum hb_status sim_bgp_replay_play(struct sim_bgp_replay *replay, uint64_t seed)
{
    struct data_topology *topology = NULL;
    enum hb_status status = network_made(replay, &topology);
    if (status == HB_OK) {
        status = phases_found(replay);
    }
    if (status == HB_OK) {
        status = sim_bgp_order_create(replay->experiment, topology, &replay->order);
    }
    for (uint32_t replica = 0; replica < SIM_BGP_REPLAY_COUNT && status == HB_OK; replica++) {
        status = play_replica(replay, replica, seed);
    }
    sim_bgp_order_free(replay->order);
    replay->order = NULL;
    data_topology_free(topology);
    replay->topology = NULL;
    free(replay->phase_ms);
    replay->phase_ms = NULL;
    return status;
}
