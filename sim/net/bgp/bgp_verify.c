/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/bgp/bgp_replay.h"

#define REPLICAS SIM_BGP_REPLAY_COUNT

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
    const struct sim_bgp_replay *replay, enum data_bgp_event kind, uint32_t node, bool is_last)
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
            const struct sim_bgp_observed *is = &replay->all[(size_t)replica * run_count + run];
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
static void tally_fill(struct tally *tally, const struct sim_bgp_replay *replay,
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
            const struct sim_bgp_observed *is = &replay->all[(size_t)replica * run_count + run];
            announcements = is_total ? is->announcements : is->node_announcements[node];
            withdrawals = is_total ? is->withdrawals : is->node_withdrawals[node];
            tally_simulated(tally, quantity == 0 ? announcements : withdrawals);
        }
    }
}

static void compare_counts(struct sim_bgp_verify_event *event,
    const struct sim_bgp_replay *replay, enum data_bgp_event kind)
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

static enum hb_status compare_all(
    struct sim_bgp_verify_report *report, struct sim_bgp_replay *replay)
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

static void observed_free(struct sim_bgp_observed *all, size_t count)
{
    for (size_t i = 0; all != NULL && i < count; i++) {
        free(all[i].first_ms);
        free(all[i].last_ms);
        free(all[i].node_announcements);
        free(all[i].node_withdrawals);
    }
    free(all);
}

static struct sim_bgp_observed *observed_alloc(size_t count, uint32_t node_count)
{
    struct sim_bgp_observed *all = calloc(count, sizeof *all);
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
    struct sim_bgp_replay replay = { .experiment = experiment, .problem = problem,
        .index = calloc((size_t)experiment->node_count + 1, sizeof(uint32_t)),
        .path_is_equal = malloc(pairs * sizeof(bool)),
        .all = observed_alloc(observed_count, experiment->node_count) };
    enum hb_status status = HB_ERR_MEMORY;
    if (replay.index != NULL && replay.path_is_equal != NULL && replay.all != NULL) {
        memset(replay.path_is_equal, 1, pairs * sizeof(bool));
        status = sim_bgp_replay_play(&replay, seed);
    }
    if (status == HB_OK) {
        status = compare_all(report, &replay);
    }
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
