/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pace of the Internet: the `internet` profile on the AS graph of 2018
 * against three published measurements. Prints each beside the simulation; exit
 * status 1 if one is off by more than 20 %, 77 without the data.
 */

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/units.h"
#include "data/asrel.h"
#include "sim/engine/draw.h"
#include "sim/net/bgp/bgp.h"
#include "tests/support/paths.h"

enum { trial_count = 40, monitor_count = 100 };

static const uint32_t collector_as = 4200000000U; /* private */

static bool is_all_met = true;

struct world {
    const struct data_topology *topology;
    struct sim_bgp_profile profile;
    uint32_t monitors[monitor_count], collector;
    double *seen_s; /* [node] first route told to the collector, and ... */
    double *gone_s; /* ... last withdrawal, since start_ns */
    int64_t start_ns;
    struct sim_bgp *bgp;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void require(const char *what, double got, const char *unit, double want)
{
    bool is_met = fabs(got - want) <= 0.2 * want;
    printf("  %s  %s: %.3g %s, measured %.3g\n", is_met ? "met   " : "MISSED", what, got, unit,
        want);
    is_all_met = is_all_met && is_met;
}

/* What a collector logs: the first route and the last withdrawal of a monitor. */
static void sent(void *ctx, const struct sim_bgp_message *message)
{
    struct world *world = ctx;
    if (message->to != world->collector) {
        return;
    }
    double at_s = hb_units_s(message->at_ns - world->start_ns);
    if (message->is_withdrawal) {
        world->gone_s[message->from] = at_s;
    } else if (isnan(world->seen_s[message->from])) {
        world->seen_s[message->from] = at_s;
    }
}

static bool has_relation(const struct data_topology *topology, uint32_t node,
    enum data_relation relation)
{
    for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
        if (topology->relation[e] == relation) {
            return true;
        }
    }
    return false;
}

/* The graph with a route collector: a stub that buys transit from every monitor,
 * so that each tells it all, at its own pace. Monitors are networks with
 * customers, as the peers of collectors are. */
static struct data_topology *with_collector(
    const struct data_topology *bare, struct sim_stream *stream, uint32_t *numbers)
{
    size_t count = 0;
    struct data_link *links = malloc((bare->edge_count / 2 + monitor_count) * sizeof *links);
    uint8_t *is_taken = calloc(bare->node_count, 1);
    struct data_topology *topology = NULL;
    if (links == NULL || is_taken == NULL) {
        exit(1);
    }
    for (uint32_t node = 0; node < bare->node_count; node++) {
        for (uint32_t e = bare->first[node]; e < bare->first[node + 1]; e++) {
            if (bare->peer[e] > node) {
                links[count++] = (struct data_link){ .a = bare->number[node],
                    .b = bare->number[bare->peer[e]], .delay_ns = bare->delay_ns[e],
                    .relation = bare->relation[e] };
            }
        }
    }
    for (uint32_t i = 0; i < monitor_count;) {
        uint32_t node = sim_draw_below(stream, bare->node_count);
        if (has_relation(bare, node, DATA_RELATION_CUSTOMER) && is_taken[node] == 0) {
            is_taken[node] = 1;
            numbers[i++] = bare->number[node];
            links[count++] = (struct data_link){ .a = bare->number[node], .b = collector_as,
                .delay_ns = 10000000, .relation = DATA_RELATION_CUSTOMER };
        }
    }
    if (data_topology_create(links, count, "graph", &topology, NULL) != HB_OK) {
        exit(1);
    }
    free(is_taken);
    free(links);
    return topology;
}

/* An origin is a stub with two providers or three. */
static uint32_t origin_drawn(const struct data_topology *topology, struct sim_stream *stream)
{
    for (;;) {
        uint32_t node = sim_draw_below(stream, topology->node_count);
        uint32_t degree = topology->first[node + 1] - topology->first[node];
        if (degree >= 2 && degree <= 3 && !has_relation(topology, node, DATA_RELATION_CUSTOMER)
            && !has_relation(topology, node, DATA_RELATION_PEER)) {
            return node;
        }
    }
}

/* An anycast site stands where networks meet: several providers and peers. */
static uint32_t site_drawn(const struct data_topology *topology, struct sim_stream *stream)
{
    for (;;) {
        uint32_t node = sim_draw_below(stream, topology->node_count), count[3] = { 0 };
        for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
            count[topology->relation[e]]++;
        }
        if (count[DATA_RELATION_PROVIDER] >= 2 && count[DATA_RELATION_PEER] >= 10) {
            return node;
        }
    }
}

static void restart(struct world *world)
{
    world->start_ns = sim_bgp_now_ns(world->bgp);
    for (uint32_t node = 0; node < world->topology->node_count; node++) {
        world->seen_s[node] = world->gone_s[node] = (double)NAN;
    }
}

static void settle(struct world *world)
{
    int64_t until_ns = sim_bgp_now_ns(world->bgp) + 7200 * HB_NS_PER_S;
    if (sim_bgp_run(world->bgp, until_ns) != HB_OK) {
        fprintf(stderr, "%s\n", sim_bgp_failure(world->bgp));
        exit(1);
    }
}

static void open_bgp(struct world *world, uint64_t seed)
{
    struct sim_bgp_options options = { .topology = world->topology, .profiles = &world->profile,
        .profile_count = 1, .seed = seed, .ctx = world, .sent = sent };
    if (sim_bgp_create(&options, &world->bgp) != HB_OK) {
        exit(1);
    }
}

static double share_within(const double *sorted, size_t count, double limit_s)
{
    size_t within = 0;
    while (within < count && sorted[within] <= limit_s) {
        within++;
    }
    return (double)within / (double)count;
}

/* Two-hourly beacons: announced from nothing, later withdrawn. */
static void bench_beacon(struct world *world, struct sim_stream *stream)
{
    static double seen[trial_count * monitor_count], gone[trial_count * monitor_count];
    double last_gone_s[trial_count], last_seen_s[trial_count];
    uint64_t up = 0, down = 0;
    size_t seen_count = 0, gone_count = 0;
    double removal_s = 0.0;
    for (uint64_t trial = 0; trial < trial_count; trial++) {
        open_bgp(world, 100 + trial);
        uint32_t origin = origin_drawn(world->topology, stream);
        restart(world);
        sim_bgp_announce(world->bgp, origin, 0, NULL);
        settle(world);
        struct sim_bgp_counts before = sim_bgp_counts(world->bgp);
        last_seen_s[trial] = last_gone_s[trial] = 0.0;
        for (int i = 0; i < monitor_count; i++) {
            double at_s = world->seen_s[world->monitors[i]];
            if (!isnan(at_s)) {
                seen[seen_count++] = at_s;
                last_seen_s[trial] = fmax(last_seen_s[trial], at_s);
            }
        }
        restart(world);
        sim_bgp_withdraw(world->bgp, origin, 0);
        settle(world);
        struct sim_bgp_counts after = sim_bgp_counts(world->bgp);
        up += before.announcements + before.withdrawals;
        down += after.announcements + after.withdrawals
            - before.announcements - before.withdrawals;
        for (int i = 0; i < monitor_count; i++) {
            double at_s = world->gone_s[world->monitors[i]];
            if (!isnan(at_s)) {
                gone[gone_count++] = at_s;
                last_gone_s[trial] = fmax(last_gone_s[trial], at_s);
            }
        }
        removal_s += last_gone_s[trial] / trial_count;
        sim_bgp_free(world->bgp);
    }
    qsort(seen, seen_count, sizeof seen[0], compare);
    qsort(gone, gone_count, sizeof gone[0], compare);
    printf("beacon: seen by 40 %% at %.1f s, 50 %% at %.1f s, 80 %% at %.1f s, 99.5 %% at %.1f s\n",
        seen[seen_count * 40 / 100], seen[seen_count / 2], seen[seen_count * 80 / 100],
        seen[seen_count * 995 / 1000]);
    qsort(last_seen_s, trial_count, sizeof last_seen_s[0], compare);
    printf("  last monitor, median trial %.1f s\n", last_seen_s[trial_count / 2]);
    printf("withdrawal: median %.1f s, 90 %% at %.1f s; still there after 120 s: %.3f; "
        "messages x %.1f\n", gone[gone_count / 2], gone[gone_count * 90 / 100],
        1.0 - share_within(gone, gone_count, 120.0), (double)down / (double)up);
    require("share of monitors that see a beacon within 10 s",
        share_within(seen, seen_count, 10.0), "", 0.5);
    require("last monitor sees it after", last_seen_s[trial_count / 2], "s", 38.0);
    require("mean time until a route is gone everywhere", removal_s, "s", 121.0);
}

/* A second site of an anycast prefix comes up: when do packets go there? The
 * ASes on the way decide, so a network may move before its own router does. */
static void bench_anycast(struct world *world, struct sim_stream *stream)
{
    const uint32_t nodes = world->topology->node_count;
    static const double grid_s[] = { 1, 2, 5, 10, 20, 30, 40, 60 };
    double moved[8] = { 0.0 }, settled_10 = 0.0;
    uint64_t final_total = 0;
    for (uint64_t trial = 0; trial < trial_count; trial++) {
        open_bgp(world, 200 + trial);
        uint32_t first = site_drawn(world->topology, stream);
        uint32_t second = site_drawn(world->topology, stream);
        sim_bgp_announce(world->bgp, first, 0, NULL);
        settle(world);
        restart(world);
        sim_bgp_announce(world->bgp, second, 0, NULL);
        uint64_t counts[9] = { 0 };
        for (int k = 0; k <= 8; k++) {
            double at_s = k < 8 ? grid_s[k] : 7200.0;
            if (sim_bgp_run(world->bgp, hb_units_after(world->start_ns, at_s)) != HB_OK) {
                exit(1);
            }
            for (uint32_t node = 0; node < nodes; node += 7) {
                counts[k] += sim_bgp_catchment(world->bgp, node, 0) == second;
            }
        }
        for (int k = 0; k < 8; k++) {
            moved[k] += (double)counts[k];
        }
        final_total += counts[8];
        settled_10 += 1.0 - ((double)counts[8] - (double)counts[3]) * 7.0 / nodes;
        sim_bgp_free(world->bgp);
    }
    printf("anycast, second site:");
    for (int k = 0; k < 8; k++) {
        moved[k] /= (double)final_total;
        printf(" %.0f s %.2f", grid_s[k], moved[k]);
    }
    printf("\n  all at their site after 10 s: %.3f\n", settled_10 / trial_count);
    require("share of networks that have moved within 10 s", moved[3], "", 0.8);
}

int main(void)
{
    const char *path = path_of_shared("caida-as-rel/20180101.as-rel.txt");
    if (path == NULL) {
        return 77;
    }
    struct data_topology *bare = NULL;
    struct data_problem problem = { "" };
    if (data_asrel_load(path, 10000000, &bare, &problem) != HB_OK) {
        fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    struct sim_stream stream = sim_stream_of(2018, SIM_STREAM_TEST, 1);
    struct world world = { .profile = *sim_bgp_profile_named("internet") };
    struct data_topology *topology = with_collector(bare, &stream, world.monitors);
    data_topology_free(bare);
    world.topology = topology;
    world.collector = data_topology_node(topology, collector_as);
    for (uint32_t i = 0; i < monitor_count; i++) {
        world.monitors[i] = data_topology_node(topology, world.monitors[i]);
    }
    world.seen_s = malloc(topology->node_count * sizeof(double));
    world.gone_s = malloc(topology->node_count * sizeof(double));
    if (world.seen_s == NULL || world.gone_s == NULL) {
        return 1;
    }
    bench_beacon(&world, &stream);
    bench_anycast(&world, &stream);
    free(world.gone_s);
    free(world.seen_s);
    data_topology_free(topology);
    return is_all_met ? 0 : 1;
}
