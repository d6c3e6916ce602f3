/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "sim/engine/stream.h"
#include "sim/net/bgp/bgp.h"

#define REPLICAS 7U
#define HOP_OVERHEAD_NS 70000U /* the emulator's own delay a hop, README.md */
#define PROCESSORS 2U           /* of the machine that ran all daemons */
#define SETTLE_S 3600.0
#define PHASE_S 0.6180339887 /* from run to run: no two at one phase of the timers */

/* What the simulation did in one run, as the measurement writes it down. */
struct observed {
    double *first_ms, *last_ms;                  /* [node] since T0, NaN: no change */
    uint32_t *node_announcements, *node_withdrawals;
    uint32_t announcements, withdrawals;
};

struct replay {
    const struct data_bgp_experiment *experiment;
    const struct data_topology *topology;
    struct data_problem *problem;
    struct sim_bgp *bgp;
    int64_t start_ns, first_message_ns;
    uint32_t *index;           /* [node number] */
    struct observed *now;      /* being filled by the callbacks */
    struct observed *all;      /* [replica][run] */
    bool sees_by_telling;
    bool *path_is_equal;       /* [run][node], over all replicas */
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    if (count == 0) {
        return (double)NAN;
    }
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2.0;
}

static void changed(void *ctx, const struct sim_bgp_change *change)
{
    struct replay *replay = ctx;
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
    struct replay *replay = ctx;
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

static void stimulate(struct replay *replay, enum data_bgp_event event)
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
    const struct replay *replay, uint32_t node, const struct data_bgp_outcome *outcome)
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
static bool paths_agree(const struct replay *replay, uint32_t node, uint32_t run_index)
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

static enum hb_status play_run(struct replay *replay, uint32_t run_index)
{
    const struct data_bgp_run *run = &replay->experiment->runs[run_index];
    uint32_t node_count = replay->experiment->node_count;
    replay->start_ns = sim_bgp_now_ns(replay->bgp);
    replay->first_message_ns = -1;
    for (uint32_t node = 0; node < node_count; node++) {
        replay->now->first_ms[node] = replay->now->last_ms[node] = (double)NAN;
    }
    stimulate(replay, run->event);
    enum hb_status status = sim_bgp_run(replay->bgp, hb_units_after(replay->start_ns, SETTLE_S));
    if (status != HB_OK || !sim_bgp_is_settled(replay->bgp)) {
        return data_problem_set(replay->problem, HB_ERR_DIVERGES, "%s: %s: %s",
            replay->experiment->name, data_bgp_event_text(run->event),
            status == HB_OK ? "found no end within an hour" : sim_bgp_failure(replay->bgp));
    }
    double shift_ms = run->from_first_message && replay->first_message_ns >= 0
        ? hb_units_s(replay->first_message_ns - replay->start_ns) * 1e3 : 0.0;
    for (uint32_t node = 0; node < node_count; node++) {
        replay->now->first_ms[node] -= shift_ms;
        replay->now->last_ms[node] -= shift_ms;
        bool *is_equal = &replay->path_is_equal[(size_t)run_index * node_count + node];
        *is_equal = *is_equal && paths_agree(replay, node, run_index);
    }
    return sim_bgp_run(replay->bgp, hb_units_after(sim_bgp_now_ns(replay->bgp), PHASE_S));
}

static enum hb_status play_replica(struct replay *replay, uint32_t replica, uint64_t seed)
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
        .seed = sim_stream_replica_seed(seed, replica), .check = true, .processors = PROCESSORS, .ctx = replay,
        .changed = changed, .sent = sent };
    replay->sees_by_telling = strcmp(base->name, "frr") == 0;
    enum hb_status status = sim_bgp_create(&options, &replay->bgp);
    for (uint32_t run = 0; run < experiment->run_count && status == HB_OK; run++) {
        replay->now = &replay->all[(size_t)replica * experiment->run_count + run];
        status = play_run(replay, run);
    }
    sim_bgp_free(replay->bgp);
    replay->bgp = NULL;
    return status;
}

/* The experiment's links with the emulator's overhead; every node must be there. */
static enum hb_status network_made(struct replay *replay, struct data_topology **out)
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

static enum hb_status error_add(struct sim_bgp_verify_event *event, double error_ms)
{
    /* The array doubles whenever its count reaches a power of two. */
    if ((event->error_count & (event->error_count - 1)) == 0) {
        size_t capacity = event->error_count == 0 ? 1 : 2 * event->error_count;
        double *longer = realloc(event->errors_ms, capacity * sizeof *longer);
        if (longer == NULL) {
            return HB_ERR_MEMORY;
        }
        event->errors_ms = longer;
    }
    event->errors_ms[event->error_count++] = error_ms;
    return HB_OK;
}

/* Times of one node, first or last change, in the runs of one kind of event. */
struct sample {
    double *values;
    size_t count, missing;
};

static void sample_add(struct sample *sample, double value)
{
    if (isnan(value)) {
        sample->missing++;
    } else {
        sample->values[sample->count++] = value;
    }
}

static enum hb_status compare_node(struct sim_bgp_verify_event *event,
    const struct replay *replay, enum data_bgp_event kind, uint32_t node, bool is_last)
{
    uint32_t run_count = replay->experiment->run_count;
    struct sample measured = { .values = malloc(run_count * sizeof(double)) };
    struct sample simulated = { .values = malloc(REPLICAS * run_count * sizeof(double)) };
    enum hb_status status = HB_ERR_MEMORY;
    if (measured.values == NULL || simulated.values == NULL) {
        goto done;
    }
    for (uint32_t run = 0; run < run_count; run++) {
        if (replay->experiment->runs[run].event != kind) {
            continue;
        }
        const struct data_bgp_outcome *was = &replay->experiment->runs[run].nodes[node];
        sample_add(&measured, is_last ? was->last_ms : was->first_ms);
        for (uint32_t replica = 0; replica < REPLICAS; replica++) {
            const struct observed *is = &replay->all[(size_t)replica * run_count + run];
            sample_add(&simulated, is_last ? is->last_ms[node] : is->first_ms[node]);
        }
    }
    status = HB_OK;
    if (measured.count > measured.missing) { /* it does change, as a rule */
        double error_ms = simulated.count == 0 ? INFINITY
            : fabs(median(simulated.values, simulated.count)
                - median(measured.values, measured.count));
        status = error_add(event, error_ms);
    }
done:
    free(simulated.values);
    free(measured.values);
    return status;
}

/* One count in all measured and all simulated runs of a kind. */
struct tally {
    double simulated[REPLICAS * 64];
    uint32_t least, most;
    size_t simulated_count;
};

static void tally_start(struct tally *tally)
{
    tally->least = UINT32_MAX;
    tally->most = 0;
    tally->simulated_count = 0;
}

static void tally_measured(struct tally *tally, uint32_t count)
{
    tally->least = count < tally->least ? count : tally->least;
    tally->most = count > tally->most ? count : tally->most;
}

static void tally_simulated(struct tally *tally, uint32_t count)
{
    if (tally->simulated_count < sizeof tally->simulated / sizeof tally->simulated[0]) {
        tally->simulated[tally->simulated_count++] = count;
    }
}

/* The median of the simulation lies in the range measured. */
static bool tally_agrees(struct tally *tally)
{
    double middle = median(tally->simulated, tally->simulated_count);
    return middle >= tally->least && middle <= tally->most;
}

/* quantity 0: announcements, 1: withdrawals; node HB_NONE: of all nodes. */
static void tally_fill(struct tally *tally, const struct replay *replay,
    enum data_bgp_event kind, uint32_t node, int quantity)
{
    uint32_t run_count = replay->experiment->run_count;
    tally_start(tally);
    for (uint32_t run = 0; run < run_count; run++) {
        const struct data_bgp_run *was = &replay->experiment->runs[run];
        if (was->event != kind) {
            continue;
        }
        bool is_total = node == SIM_BGP_NONE;
        uint32_t announcements = is_total ? was->announcements : was->nodes[node].announcements;
        uint32_t withdrawals = is_total ? was->withdrawals : was->nodes[node].withdrawals;
        tally_measured(tally, quantity == 0 ? announcements : withdrawals);
        for (uint32_t replica = 0; replica < REPLICAS; replica++) {
            const struct observed *is = &replay->all[(size_t)replica * run_count + run];
            announcements = is_total ? is->announcements : is->node_announcements[node];
            withdrawals = is_total ? is->withdrawals : is->node_withdrawals[node];
            tally_simulated(tally, quantity == 0 ? announcements : withdrawals);
        }
    }
}

static void compare_counts(
    struct sim_bgp_verify_event *event, const struct replay *replay, enum data_bgp_event kind)
{
    struct tally tally;
    for (int quantity = 0; quantity < 2; quantity++) {
        tally_fill(&tally, replay, kind, SIM_BGP_NONE, quantity);
        bool agrees = tally_agrees(&tally);
        if (tally.least == tally.most) {
            event->counts_fixed++;
            event->counts_exact += agrees;
        } else {
            event->counts_ranged++;
            event->counts_within += agrees;
        }
        for (uint32_t node = 0; node < replay->experiment->node_count; node++) {
            tally_fill(&tally, replay, kind, node, quantity);
            event->node_counts++;
            event->node_counts_good += tally_agrees(&tally);
        }
    }
}

static enum hb_status compare_all(struct sim_bgp_verify_report *report, struct replay *replay)
{
    const struct data_bgp_experiment *experiment = replay->experiment;
    bool is_there[DATA_BGP_EVENT_COUNT] = { false };
    for (uint32_t run = 0; run < experiment->run_count; run++) {
        struct sim_bgp_verify_event *event = &report->events[experiment->runs[run].event];
        is_there[experiment->runs[run].event] = true;
        for (uint32_t node = 0; node < experiment->node_count; node++) {
            event->pairs++;
            event->paths_equal
                += replay->path_is_equal[(size_t)run * experiment->node_count + node];
        }
    }
    enum hb_status status = HB_OK;
    for (uint32_t kind = 0; kind < DATA_BGP_EVENT_COUNT; kind++) {
        struct sim_bgp_verify_event *event = &report->events[kind];
        for (uint32_t i = 0; is_there[kind] && status == HB_OK
            && i < 2 * experiment->node_count; i++) {
            status = compare_node(event, replay, (enum data_bgp_event)kind, i / 2, i % 2 == 1);
        }
        if (is_there[kind]) {
            compare_counts(event, replay, (enum data_bgp_event)kind);
        }
    }
    return status;
}

static void observed_free(struct observed *all, size_t count)
{
    for (size_t i = 0; all != NULL && i < count; i++) {
        free(all[i].first_ms);
        free(all[i].last_ms);
        free(all[i].node_announcements);
        free(all[i].node_withdrawals);
    }
    free(all);
}

static struct observed *observed_alloc(size_t count, uint32_t node_count)
{
    struct observed *all = calloc(count, sizeof *all);
    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i].first_ms = malloc(node_count * sizeof(double));
        all[i].last_ms = malloc(node_count * sizeof(double));
        all[i].node_announcements = calloc(node_count, sizeof(uint32_t));
        all[i].node_withdrawals = calloc(node_count, sizeof(uint32_t));
        if (all[i].first_ms == NULL || all[i].last_ms == NULL
            || all[i].node_announcements == NULL || all[i].node_withdrawals == NULL) {
            observed_free(all, count);
            return NULL;
        }
    }
    return all;
}

enum hb_status sim_bgp_verify_add(struct sim_bgp_verify_report *report,
    const struct data_bgp_experiment *experiment, uint64_t seed, struct data_problem *problem)
{
    size_t pairs = (size_t)experiment->run_count * experiment->node_count;
    size_t observed_count = (size_t)REPLICAS * experiment->run_count;
    struct data_topology *topology = NULL;
    struct replay replay = { .experiment = experiment, .problem = problem,
        .index = calloc((size_t)experiment->node_count + 1, sizeof(uint32_t)),
        .path_is_equal = malloc(pairs * sizeof(bool)),
        .all = observed_alloc(observed_count, experiment->node_count) };
    enum hb_status status = HB_ERR_MEMORY;
    if (replay.index != NULL && replay.path_is_equal != NULL && replay.all != NULL) {
        memset(replay.path_is_equal, 1, pairs * sizeof(bool));
        status = network_made(&replay, &topology);
    }
    for (uint32_t replica = 0; replica < REPLICAS && status == HB_OK; replica++) {
        status = play_replica(&replay, replica, seed);
    }
    if (status == HB_OK) {
        status = compare_all(report, &replay);
    }
    data_topology_free(topology);
    observed_free(replay.all, observed_count);
    free(replay.path_is_equal);
    free(replay.index);
    return status;
}

double sim_bgp_verify_quantile_ms(const struct sim_bgp_verify_report *report,
    const enum data_bgp_event *kinds, size_t kind_count, double p)
{
    size_t count = 0;
    for (size_t i = 0; i < kind_count; i++) {
        count += report->events[kinds[i]].error_count;
    }
    double *errors = malloc((count + 1) * sizeof *errors);
    if (count == 0 || errors == NULL) {
        free(errors);
        return (double)NAN;
    }
    size_t used = 0;
    for (size_t i = 0; i < kind_count; i++) {
        const struct sim_bgp_verify_event *event = &report->events[kinds[i]];
        for (size_t k = 0; k < event->error_count; k++) {
            errors[used++] = event->errors_ms[k];
        }
    }
    qsort(errors, count, sizeof *errors, compare);
    double rank = ceil(p * (double)count);
    double value = errors[rank < 1.0 ? 0 : (size_t)rank - 1];
    free(errors);
    return value;
}

void sim_bgp_verify_fini(struct sim_bgp_verify_report *report)
{
    for (uint32_t kind = 0; kind < DATA_BGP_EVENT_COUNT; kind++) {
        free(report->events[kind].errors_ms);
    }
    *report = (struct sim_bgp_verify_report){ 0 };
}
