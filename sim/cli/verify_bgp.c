/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/verify.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/bgp/bgp_replay.h"
#include "sim/net/bgp/bgp_verify.h"

static const char help[]
    = "usage: harbinger verify bgp [--seed N] FILE...\n\n"
      "Simulates the experiments of measured BGP convergence and compares, by kind of\n"
      "event: final best paths, messages (exact where all repetitions agree, else within\n"
      "their range), and the errors of each node's first and last change of route.\n"
      "What is left to chance is drawn anew in each of %u replicas, whose medians count.\n";

static const uint64_t seed_default = 20260101;

static void print_report(const char *name, const struct sim_bgp_verify_report *report)
{
    printf("%s\n", name);
    printf("  %-12s %11s %9s %9s %11s %9s %9s %9s %9s\n", "event", "paths", "counts =",
        "in range", "node counts", "times", "p50 ms", "p90 ms", "p99 ms");
    for (uint32_t kind = 0; kind < DATA_BGP_EVENT_COUNT; kind++) {
        const struct sim_bgp_verify_event *event = &report->events[kind];
        enum data_bgp_event one = (enum data_bgp_event)kind;
        if (event->pairs == 0) {
            continue;
        }
        printf("  %-12s %5u/%-5u %4u/%-4u %4u/%-4u %5u/%-5u %9zu %9.3f %9.3f %9.3f\n",
            data_bgp_event_text(one), event->paths_equal, event->pairs, event->counts_exact,
            event->counts_fixed, event->counts_within, event->counts_ranged,
            event->node_counts_good, event->node_counts, event->error_count,
            sim_bgp_verify_quantile_ms(report, &one, 1, 0.50),
            sim_bgp_verify_quantile_ms(report, &one, 1, 0.90),
            sim_bgp_verify_quantile_ms(report, &one, 1, 0.99));
    }
}

static int file_verified(const char *path, uint64_t seed, struct sim_bgp_verify_report *total)
{
    struct data_bgp_experiment *experiment = NULL;
    struct data_problem problem = { "" };
    struct sim_bgp_verify_report report = { 0 };
    enum hb_status status = data_bgp_experiment_load(path, &experiment, &problem);
    if (status == HB_OK) {
        status = sim_bgp_verify_add(&report, experiment, seed, &problem);
    }
    if (status == HB_OK) {
        print_report(experiment->name, &report);
        status = sim_bgp_verify_add(total, experiment, seed, &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "harbinger: %s\n",
            problem.text[0] == '\0' ? hb_status_text(status) : problem.text);
    }
    sim_bgp_verify_fini(&report);
    data_bgp_experiment_free(experiment);
    return status == HB_OK ? 0 : 1;
}

/* Whole numbers only; false if it is none. */
static bool seed_read(const char *text, uint64_t *out)
{
    char *end = NULL;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

int verify_bgp(int argc, char **argv)
{
    uint64_t seed = seed_default;
    int first = 1;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf(help, SIM_BGP_REPLAY_COUNT);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
        if (!seed_read(argv[2], &seed)) {
            fprintf(stderr, "harbinger: --seed %s: expected a whole number\n", argv[2]);
            return 2;
        }
        first = 3;
    }
    if (argc <= first || argv[first][0] == '-') {
        fprintf(stderr, help, SIM_BGP_REPLAY_COUNT);
        return 2;
    }
    struct sim_bgp_verify_report total = { 0 };
    int exit_status = 0;
    for (int i = first; i < argc; i++) {
        exit_status |= file_verified(argv[i], seed, &total);
    }
    if (argc > first + 1) {
        print_report("all files", &total);
    }
    sim_bgp_verify_fini(&total);
    return exit_status;
}
