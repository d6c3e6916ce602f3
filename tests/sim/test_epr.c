/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/map.h"
#include "sim/world/epr.h"

static const uint64_t seed = 731;

static struct sim_world_epr published(void)
{
    return sim_world_defaults().epr;
}

/* One move of the pure process: explore (a place never seen before) or return. */
static uint32_t move(struct sim_epr *epr, const struct sim_world_epr *law, uint32_t at,
    uint32_t *unseen, struct sim_stream *stream)
{
    uint32_t next = sim_epr_explores(epr, law, stream) ? HB_NONE : sim_epr_return(epr, at, stream);
    next = next == HB_NONE ? (*unseen)++ : next;
    sim_epr_visit(epr, next, 1);
    return next;
}

/* Binomial, 40,000 draws: sd of the share at most 0.0025; four of them, one run in 16,000. */
static void exploration_falls_as_rho_s_to_the_minus_gamma(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 1);
    static struct sim_epr epr;
    uint32_t unseen = 0;
    for (uint32_t s = 1; s <= 400; s++) {
        sim_epr_visit(&epr, unseen++, 1);
        if (s != 1 && s != 7 && s != 60 && s != 400) {
            continue;
        }
        uint32_t explored = 0;
        for (uint32_t i = 0; i < 40000; i++) {
            explored += sim_epr_explores(&epr, &law, &stream);
        }
        double want = 0.6 * pow(s, -0.21);
        assert_true(fabs(explored / 40000.0 - want) < 4.0 * 0.0025);
    }
}

/* dS/dn = rho S^-gamma gives S^(1 + gamma) = 1 + (1 + gamma) rho n. 100 walkers: the sd of the
 * mean is below 1 % (S is nearly normal with variance of the order of S). */
static void places_grow_as_the_theory_says(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    static struct sim_epr epr;
    double mean[2] = { 0.0 };
    for (uint32_t walker = 0; walker < 100; walker++) {
        struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 100 + walker);
        epr = (struct sim_epr) { 0 };
        uint32_t unseen = 1, at = 0;
        sim_epr_visit(&epr, 0, 1);
        for (uint32_t i = 1; i <= 2000; i++) {
            at = move(&epr, &law, at, &unseen, &stream);
            mean[0] += i == 100 ? epr.len / 100.0 : 0.0;
        }
        mean[1] += epr.len / 100.0;
    }
    assert_near(mean[0], pow(1.0 + 1.21 * 0.6 * 100.0, 1.0 / 1.21), 0.03);
    assert_near(mean[1], pow(1.0 + 1.21 * 0.6 * 2000.0, 1.0 / 1.21), 0.03);
}

static int descending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x > y ? -1 : x < y;
}

/* Least squares slope of log y on log x over count points. */
static double log_slope(const double *x, const double *y, uint32_t count)
{
    double sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        double u = log(x[i]), v = log(y[i]);
        sx += u;
        sy += v;
        sxx += u * u;
        sxy += u * v;
    }
    return (count * sxy - sx * sy) / (count * sxx - sx * sx);
}

enum { ranks = 60, zipf_walkers = 100 };

/* Exponent of frequency over rank 2..60 of moves moves, mean of the walkers. */
static double zipf_exponent(const struct sim_world_epr *law, uint32_t moves, uint64_t entity)
{
    static struct sim_epr epr;
    double frequency[ranks] = { 0.0 }, rank[ranks];
    for (uint32_t walker = 0; walker < zipf_walkers; walker++) {
        struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, entity + walker);
        epr = (struct sim_epr) { 0 };
        uint32_t unseen = 1, at = 0;
        sim_epr_visit(&epr, 0, 1);
        for (uint32_t i = 0; i < moves; i++) {
            at = move(&epr, law, at, &unseen, &stream);
        }
        qsort(epr.counts, epr.len, sizeof epr.counts[0], descending);
        for (uint32_t k = 0; k < ranks; k++) {
            frequency[k] += epr.counts[k];
        }
    }
    for (uint32_t k = 0; k < ranks; k++) {
        rank[k] = k + 1.0;
    }
    return -log_slope(rank + 1, frequency + 1, ranks - 1);
}

/* Mean field: the i-th place is found at n_i = (i^(1 + gamma) - 1) / ((1 + gamma) rho) and then
 * grows by dm/dn = (1 - rho S(n)^-gamma) m / n. Its exponent over the same ranks. */
static double zipf_of_mean_field(const struct sim_world_epr *law, uint32_t moves)
{
    double m[ranks], rank[ranks];
    for (uint32_t k = 0; k < ranks; k++) {
        rank[k] = k + 1.0;
        double found = (pow(rank[k], 1.0 + law->gamma) - 1.0) / ((1.0 + law->gamma) * law->rho);
        double grown = 0.0;
        for (double i = fmax(found, 1.0); i < moves; i += 1.0) {
            double s = pow(1.0 + (1.0 + law->gamma) * law->rho * i, 1.0 / (1.0 + law->gamma));
            grown += (1.0 - law->rho * pow(s, -law->gamma)) / i;
        }
        m[k] = exp(grown);
    }
    return -log_slope(rank + 1, m + 1, ranks - 1);
}

/* Song et al. 2010: the k-th most visited place has frequency ~ k^-zeta; 1.2 +- 0.1 measured,
 * zeta = 1 + gamma where exploring has become rare (soon with gamma = 1); before that the mean
 * field tells. */
static void visits_follow_zipf(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    double zeta = zipf_exponent(&law, 2000, 1000), theory = zipf_of_mean_field(&law, 2000);
    law.gamma = 1.0;
    double rare = zipf_exponent(&law, 20000, 2000);
    printf("zeta %.3f (mean field %.3f); gamma 1: %.3f (limit 2)\n", zeta, theory, rare);
    assert_true(fabs(zeta - theory) < 0.08);
    assert_true(fabs(rare - 2.0) < 0.2);
}

/* Without cut-off, stays ~ t^-(1 + beta) make S(t) ~ t^mu, mu = beta / (1 + gamma) = 0.661 in the
 * limit; with the cut-off at 17 h and data of three months 0.6 +- 0.02 was measured. */
static void places_grow_with_time_as_published(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    law.tau_h = 1e6;
    static struct sim_epr epr;
    enum { times = 11, walkers = 100 };
    double hours[times], places[times] = { 0.0 };
    for (uint32_t k = 0; k < times; k++) {
        hours[k] = 24.0 * pow(2.0, k + 1.0);
    }
    for (uint32_t walker = 0; walker < walkers; walker++) {
        struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 5000 + walker);
        epr = (struct sim_epr) { 0 };
        uint32_t unseen = 1, at = 0, k = 0;
        sim_epr_visit(&epr, 0, 1);
        for (double h = 0.0; k < times;) {
            h += sim_epr_stay_s(&law, &stream) / 3600.0;
            for (; k < times && h > hours[k]; k++) {
                places[k] += (double)epr.len / walkers;
            }
            at = move(&epr, &law, at, &unseen, &stream);
        }
    }
    double mu = log_slope(hours + 5, places + 5, times - 5);
    printf("mu %.3f, limit %.3f, measured 0.6 +- 0.02\n", mu, 0.8 / 1.21);
    assert_true(fabs(mu - 0.8 / 1.21) < 0.05);
}

/* P(stay > t) by Simpson's rule on the density, against 40,000 draws; sd <= 0.0025. */
static double tail(const struct sim_world_epr *law, double from_h)
{
    double sum = 0.0, step = 0.0005; /* in log t, up to 40 tau */
    double end = log(40.0 * law->tau_h);
    uint32_t i = 0;
    for (double x = log(from_h); x < end; x += step, i++) {
        double t = exp(x);
        sum += (i == 0 ? 1.0 : i % 2 == 1 ? 4.0 : 2.0) * pow(t, -law->beta) * exp(-t / law->tau_h);
    }
    return sum * step / 3.0;
}

static void stays_follow_their_law(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 3);
    static const double hours[] = { 1.0, 1.3, 2.0, 5.0, 17.0, 40.0 };
    uint32_t above[6] = { 0 };
    for (uint32_t i = 0; i < 40000; i++) {
        double stay_h = sim_epr_stay_s(&law, &stream) / 3600.0;
        for (uint32_t k = 0; k < 6; k++) {
            above[k] += stay_h > hours[k];
        }
    }
    assert_true(above[0] >= 39999); /* none shorter than stay_min_h */
    for (uint32_t k = 1; k < 6; k++) {
        double want = tail(&law, hours[k]) / tail(&law, hours[0]);
        assert_true(fabs(above[k] / 40000.0 - want) < 4.0 * 0.0025);
    }
}

/* P(jump > r) = (r^-a - max^-a) / (min^-a - max^-a). */
static void jumps_follow_their_law(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 4);
    uint32_t above = 0;
    for (uint32_t i = 0; i < 40000; i++) {
        double km = sim_epr_jump_km(&law, 30.0, &stream);
        assert_true(km >= 1.0 && km <= 30.0);
        above += km > 7.31;
    }
    double want = (pow(7.31, -0.55) - pow(30.0, -0.55)) / (1.0 - pow(30.0, -0.55));
    assert_true(fabs(above / 40000.0 - want) < 4.0 * 0.0025);
    assert_near(sim_epr_jump_km(&law, 0.7, &stream), 0.7, 0.0);
}

static void returns_go_by_number_of_visits_but_never_to_where_one_is(void **state)
{
    (void)state;
    struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 5);
    static struct sim_epr epr;
    assert_int_equal(sim_epr_return(&epr, 5, &stream), HB_NONE);
    sim_epr_visit(&epr, 5, 90);
    assert_int_equal(sim_epr_return(&epr, 5, &stream), HB_NONE);
    sim_epr_visit(&epr, 7, 1);
    sim_epr_visit(&epr, 9, 3);
    sim_epr_visit(&epr, 7, 1);
    uint32_t seven = 0;
    for (uint32_t i = 0; i < 40000; i++) {
        uint32_t place = sim_epr_return(&epr, 5, &stream);
        assert_true(place == 7 || place == 9);
        seven += place == 7;
    }
    assert_true(fabs(seven / 40000.0 - 0.4) < 4.0 * 0.0025);
}

static void a_full_memory_explores_no_more(void **state)
{
    (void)state;
    struct sim_world_epr law = published();
    law.gamma = 0.0;
    law.rho = 1.0;
    struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_TEST, 6);
    static struct sim_epr epr;
    for (uint32_t i = 0; i < SIM_EPR_PLACES_MAX; i++) {
        assert_true(sim_epr_explores(&epr, &law, &stream));
        sim_epr_visit(&epr, i, 1);
    }
    assert_false(sim_epr_explores(&epr, &law, &stream));
    sim_epr_visit(&epr, SIM_EPR_PLACES_MAX, 1);
    assert_int_equal(epr.len, SIM_EPR_PLACES_MAX);
    assert_int_equal(epr.visits, SIM_EPR_PLACES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exploration_falls_as_rho_s_to_the_minus_gamma),
        cmocka_unit_test(places_grow_as_the_theory_says),
        cmocka_unit_test(visits_follow_zipf),
        cmocka_unit_test(places_grow_with_time_as_published),
        cmocka_unit_test(stays_follow_their_law),
        cmocka_unit_test(jumps_follow_their_law),
        cmocka_unit_test(returns_go_by_number_of_visits_but_never_to_where_one_is),
        cmocka_unit_test(a_full_memory_explores_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
