/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BGP on the AS graph of 2018: time to load, to announce and withdraw a prefix
 * message by message, to solve, and to converge again after each of 138 origins
 * has failed. Medians of 5 of the processor's time, so that other load on the
 * machine counts less; prints whether each target is met; exit status 1 if
 * one is missed, 77 without the data.
 *
 *   bench_bgp_scale [once]   once: a single round, for callgrind (callgrind.sh) */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/units.h"
#include "data/asrel.h"
#include "sim/net/bgp/bgp.h"
#include "sim/net/bgp/bgp_solver.h"
#include "tests/support/paths.h"

enum { round_max = 5, site_count = 138 };

/* An AS whose withdrawal without MRAI takes 2.3 million messages. */
static const uint32_t origin_as = 5089;

static bool is_all_met = true;

struct series {
    double values[round_max];
    int count;
};

static double spent_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* cannot fail for this clock */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(struct series *series)
{
    qsort(series->values, (size_t)series->count, sizeof series->values[0], compare);
    return series->values[series->count / 2];
}

static void require(const char *what, double got, const char *unit, double target)
{
    printf("  %s  %s: %.3f %s, target <= %g\n", got <= target ? "met   " : "MISSED", what, got,
        unit, target);
    is_all_met = is_all_met && got <= target;
}

static struct data_topology *loaded(const char *path, struct series *took)
{
    struct data_topology *topology = NULL;
    struct data_problem problem = { "" };
    double start_s = spent_s();
    if (data_asrel_load(path, 10000000, &topology, &problem) != HB_OK) {
        fprintf(stderr, "%s\n", problem.text);
        exit(1);
    }
    took->values[took->count++] = spent_s() - start_s;
    return topology;
}

static struct sim_bgp *bgp_made(const struct data_topology *topology, double mrai_s)
{
    struct sim_bgp_profile profile = *sim_bgp_profile_named("rfc4271");
    profile.mrai_ebgp_s = mrai_s;
    struct sim_bgp *bgp = NULL;
    struct sim_bgp_options options
        = { .topology = topology, .profiles = &profile, .profile_count = 1, .seed = 1 };
    if (sim_bgp_create(&options, &bgp) != HB_OK) {
        exit(1);
    }
    return bgp;
}

static double settled_s(struct sim_bgp *bgp)
{
    double start_s = spent_s();
    if (sim_bgp_run(bgp, HB_NEVER_NS) != HB_OK) {
        fprintf(stderr, "%s\n", sim_bgp_failure(bgp));
        exit(1);
    }
    return spent_s() - start_s;
}

static uint64_t messages(const struct sim_bgp *bgp)
{
    struct sim_bgp_counts counts = sim_bgp_counts(bgp);
    return counts.announcements + counts.withdrawals;
}

/* One prefix of one origin, without MRAI: the most messages there can be. */
static void bench_prefix(const struct data_topology *topology, int rounds)
{
    struct series announce = { 0 }, withdraw = { 0 };
    double announce_mb = 0.0, withdraw_mb = 0.0;
    uint64_t announced = 0, withdrawn = 0;
    uint32_t origin = data_topology_node(topology, origin_as);
    for (int round = 0; round < rounds; round++) {
        struct sim_bgp *bgp = bgp_made(topology, 0.0);
        sim_bgp_announce(bgp, origin, 0, NULL);
        announce.values[announce.count++] = settled_s(bgp);
        announced = messages(bgp);
        announce_mb = (double)sim_bgp_bytes(bgp) * 1e-6;
        sim_bgp_withdraw(bgp, origin, 0);
        withdraw.values[withdraw.count++] = settled_s(bgp);
        withdrawn = messages(bgp) - announced;
        withdraw_mb = (double)sim_bgp_bytes(bgp) * 1e-6;
        sim_bgp_free(bgp);
    }
    printf("announcement of AS %u: %llu messages; "
        "withdrawal: %llu messages, %.1f MB, %.0f ns each\n",
        origin_as, (unsigned long long)announced, (unsigned long long)withdrawn, withdraw_mb,
        1e9 * median(&withdraw) / (double)withdrawn);
    require("announcement", median(&announce), "s", 0.25);
    require("announcement's memory", announce_mb, "MB", 64.0);
    require("withdrawal", median(&withdraw), "s", 0.8);
}

/* Sites spread over the ASes that have customers: transit is what a site buys. */
static void place_sites(const struct data_topology *topology, struct sim_bgp_origin *sites)
{
    uint32_t found = 0, seen = 0, stride = 0;
    for (int pass = 0; pass < 2; pass++) {
        seen = 0;
        for (uint32_t node = 0; node < topology->node_count && found < site_count; node++) {
            bool has_customer = false;
            for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
                has_customer = has_customer || topology->relation[e] == DATA_RELATION_CUSTOMER;
            }
            seen += has_customer;
            if (pass == 1 && has_customer && seen % stride == 0) {
                sites[found++] = (struct sim_bgp_origin){ .node = node };
            }
        }
        stride = seen / site_count;
    }
}

static void bench_solver(const struct data_topology *topology, struct sim_bgp_solved *solved,
    int rounds)
{
    struct sim_bgp_solver *solver = NULL;
    if (sim_bgp_solver_create(topology, &solver) != HB_OK) {
        exit(1);
    }
    struct series solve = { 0 };
    struct sim_bgp_origin one = { .node = data_topology_node(topology, origin_as) };
    for (int round = 0; round < rounds; round++) {
        double start_s = spent_s();
        if (sim_bgp_solver_solve(solver, &one, 1, solved) != HB_OK) {
            exit(1);
        }
        solve.values[solve.count++] = spent_s() - start_s;
    }
    require("three-phase solution", 1e3 * median(&solve), "ms", 30.0);
    sim_bgp_solver_free(solver);
}

static void fail_each(const struct data_topology *topology, const struct sim_bgp_origin *sites,
    const struct sim_bgp_solved *solved, double mrai_s)
{
    struct sim_bgp *bgp = bgp_made(topology, mrai_s);
    double start_s = spent_s(), total_s = 0.0, worst_s = 0.0;
    if (sim_bgp_seed(bgp, 0, sites, solved) != HB_OK) {
        exit(1);
    }
    double seed_s = spent_s() - start_s;
    for (int i = 0; i < site_count; i++) {
        sim_bgp_withdraw(bgp, sites[i].node, 0);
        double took_s = settled_s(bgp);
        total_s += took_s;
        worst_s = took_s > worst_s ? took_s : worst_s;
        sim_bgp_announce(bgp, sites[i].node, 0, NULL);
        (void)settled_s(bgp);
    }
    printf("%d origins, MRAI %.0f s: seeded in %.1f ms; %llu messages in all\n", site_count,
        mrai_s, 1e3 * seed_s, (unsigned long long)messages(bgp));
    require("re-convergence, mean", 1e3 * total_s / site_count, "ms", 100.0);
    require("re-convergence, worst", 1e3 * worst_s, "ms", 100.0);
    sim_bgp_free(bgp);
}

static void bench_sites(const struct data_topology *topology, struct sim_bgp_solved *solved)
{
    struct sim_bgp_origin sites[site_count] = { { 0 } };
    struct sim_bgp_solver *solver = NULL;
    place_sites(topology, sites);
    if (sim_bgp_solver_create(topology, &solver) != HB_OK
        || sim_bgp_solver_solve(solver, sites, site_count, solved) != HB_OK) {
        exit(1);
    }
    fail_each(topology, sites, solved, 0.0);
    fail_each(topology, sites, solved, 30.0);
    sim_bgp_solver_free(solver);
}

int main(int argc, char **argv)
{
    const char *path = path_of_shared("caida-as-rel/20180101.as-rel.txt");
    if (path == NULL) {
        return 77;
    }
    int rounds = argc > 1 && strcmp(argv[1], "once") == 0 ? 1 : round_max;
    struct series load = { 0 };
    struct data_topology *topology = NULL;
    for (int round = 0; round < rounds; round++) {
        data_topology_free(topology);
        topology = loaded(path, &load);
    }
    printf("%u ASes, %u links\n", topology->node_count, topology->edge_count / 2);
    require("load", median(&load), "s", 0.2);
    bench_prefix(topology, rounds);
    struct sim_bgp_solved *solved = malloc(topology->node_count * sizeof *solved);
    if (solved == NULL) {
        return 1;
    }
    bench_solver(topology, solved, rounds);
    if (rounds > 1) {
        bench_sites(topology, solved);
    }
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage); /* cannot fail for oneself */
    printf("peak of the whole process: %.0f MB\n", (double)usage.ru_maxrss / 1024.0);
    free(solved);
    data_topology_free(topology);
    return is_all_met ? 0 : 1;
}
