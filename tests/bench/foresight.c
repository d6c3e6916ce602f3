/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What foresight costs: observing and predicting per kind of predictor, and
 * the clairvoyant optimum of a large case beside the form that tries every
 * pair of sites. Fails if the optimum of 20,000 clients x 100 segments x 160
 * sites would take over 4 s, or is not 10 times faster than all pairs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analysis/optimum.h"
#include "core/frequency.h"
#include "core/markov.h"
#include "core/persistence.h"
#include "core/units.h"

enum { clients = 20000, sites = 160, segments = 100, places = 5000 };

static float rtt_ms[places][sites];

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint32_t drawn(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % below);
}

/* A day of each client among 12 places of its own and 500 of everybody's. */
static void time_predictor(struct hb_predictor *predictor)
{
    uint64_t seed = 11;
    double start_s = now_s(), unlike = 0.0;
    int count = 0;
    for (int round = 0; round < 50; round++) {
        for (uint32_t client = 0; client < clients; client++, count++) {
            struct hb_observation seen = { .client = client,
                .at_ns = (round * INT64_C(1700) + drawn(&seed, 900)) * HB_NS_PER_S,
                .place = (client % 500) * 10 + drawn(&seed, 12) };
            hb_predictor_observe(predictor, &seen);
        }
    }
    double observed_s = now_s();
    for (int i = 0; i < count; i++) {
        struct hb_question question = { 86400 * HB_NS_PER_S, drawn(&seed, clients),
            900.0f + (float)drawn(&seed, 2700) };
        struct hb_prediction got;
        hb_predict_location(predictor, &question, 1, &got);
        unlike += (double)got.elsewhere;
    }
    double end_s = now_s();
    printf("%-12s observe %5.0f ns   predict %5.0f ns   %4.0f bytes a client   (elsewhere %.3f)\n",
        hb_predictor_name(predictor), (observed_s - start_s) / count * 1e9,
        (end_s - observed_s) / count * 1e9, (double)hb_predictor_bytes(predictor) / clients,
        unlike / count);
    hb_predictor_free(predictor);
}

static void serve(void *ctx, uint32_t segment, double *cost)
{
    const float *row = rtt_ms[(*(uint32_t *)ctx * 977 + segment * 131) % places];
    for (int s = 0; s < sites; s++) {
        cost[s] = (double)row[s] * 1e-3;
    }
}

static void move_row(void *ctx, uint32_t slot, uint32_t from, double *price)
{
    (void)ctx;
    (void)slot;
    for (uint32_t s = 0; s < sites; s++) {
        price[s] = s == from ? 0.0 : 0.06;
    }
}

static double no_floor(void *ctx, uint32_t slot)
{
    (void)ctx;
    (void)slot;
    return 0.0;
}

static double seconds_of_pairs(struct analysis_optimum *optimum, uint32_t count, double *sum)
{
    double start_s = now_s();
    for (uint32_t client = 0; client < count; client++) {
        struct analysis_optimum_slots slots = { .slot_count = segments, .site_count = sites,
            .initial_site = client % sites, .serve = serve, .move = move_row,
            .move_floor = no_floor, .ctx = &client };
        double cost = 0.0;
        (void)analysis_optimum_solve_slots(optimum, &slots, &cost); /* sizes fit */
        *sum += cost;
    }
    return now_s() - start_s;
}

static double seconds_of_paths(struct analysis_optimum *optimum, uint32_t count, double *sum)
{
    double start_s[segments], end_s[segments], enter[sites], leave[sites];
    for (int k = 0; k < segments; k++) {
        start_s[k] = 864.0 * k;
        end_s[k] = start_s[k] + 864.0;
    }
    for (int s = 0; s < sites; s++) {
        enter[s] = 0.05;
        leave[s] = 0.01;
    }
    double begun_s = now_s();
    for (uint32_t client = 0; client < count; client++) {
        struct analysis_optimum_path path = { .segment_count = segments, .site_count = sites,
            .start_s = start_s, .end_s = end_s, .serve = serve, .ctx = &client, .enter = enter,
            .leave = leave, .initial_site = client % sites };
        struct analysis_optimum_plan plan = { 0 };
        (void)analysis_optimum_solve(optimum, &path, &plan, NULL); /* sizes fit */
        *sum += plan.cost;
    }
    return now_s() - begun_s;
}

static int time_optimum(void)
{
    uint64_t seed = 5;
    for (int i = 0; i < places * sites; i++) {
        rtt_ms[i / sites][i % sites] = (float)drawn(&seed, 300);
    }
    struct analysis_optimum *optimum = NULL;
    if (analysis_optimum_create(segments, sites, &optimum) != HB_OK) {
        return 1;
    }
    double by_path = 0.0, by_pairs = 0.0, all = 0.0;
    double path_s = seconds_of_paths(optimum, 200, &by_path);
    double pairs_s = seconds_of_pairs(optimum, 200, &by_pairs);
    double all_s = seconds_of_paths(optimum, clients, &all);
    printf("optimum      %d clients x %d segments x %d sites: %.2f s; all pairs %.0f times\n",
        clients, segments, sites, all_s, pairs_s / path_s);
    analysis_optimum_free(optimum);
    int is_same = by_path - by_pairs < 1e-9 * by_path && by_pairs - by_path < 1e-9 * by_path;
    printf("both forms   %s\n", is_same ? "agree" : "DIFFER");
    return !is_same || all_s > 4.0 || pairs_s < 10.0 * path_s;
}

int main(void)
{
    struct hb_predictor *predictor = NULL;
    if (hb_persistence_create(clients, &predictor) != HB_OK) {
        return 1;
    }
    time_predictor(predictor);
    struct hb_frequency_config frequency = { .client_capacity = clients };
    if (hb_frequency_create(&frequency, &predictor) != HB_OK) {
        return 1;
    }
    time_predictor(predictor);
    for (uint32_t order = 1; order <= 3; order++) {
        struct hb_markov_config markov = { .client_capacity = clients, .order = order };
        if (hb_markov_create(&markov, &predictor) != HB_OK) {
            return 1;
        }
        time_predictor(predictor);
    }
    return time_optimum();
}
