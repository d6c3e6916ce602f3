/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/draw.h"

#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "tests/support/assert_near.h"

/* Each sample is held against its distribution function by Kolmogorov and
 * Smirnov: sqrt(n) D exceeds 2.69 with probability 1e-6 (2 exp(-2 x^2)). The
 * seed is fixed; the functions are GSL's, which share no code with its samplers. */
enum { sample_count = 100000 };

static struct sim_stream random_of(uint64_t entity)
{
    return sim_stream_of(731, SIM_STREAM_TEST, entity);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#define assert_follows(sample, cdf)                                                     \
    do {                                                                                \
        struct sim_stream random = random_of(__LINE__), *stream = &random;              \
        double *xs = malloc(sample_count * sizeof(*xs)), distance = 0.0;                \
        assert_non_null(xs);                                                            \
        for (int i = 0; i < sample_count; i++) {                                        \
            xs[i] = (sample);                                                           \
        }                                                                               \
        qsort(xs, sample_count, sizeof(*xs), by_value);                                 \
        for (int i = 0; i < sample_count; i++) {                                        \
            double x = xs[i], p = (cdf);                                                \
            distance = fmax(distance, fabs(p - (double)i / sample_count));              \
            distance = fmax(distance, fabs((double)(i + 1) / sample_count - p));        \
        }                                                                               \
        free(xs);                                                                       \
        assert_true(sqrt(sample_count) * distance < 2.69);                              \
    } while (0)

static void continuous_draws_follow_their_distributions(void **state)
{
    (void)state;
    assert_follows(sim_draw_uniform(stream), x);
    assert_follows(sim_draw_between(stream, -3.0, 73.1), (x + 3.0) / 76.1);
    assert_follows(sim_draw_exponential(stream, 7.3), gsl_cdf_exponential_P(x, 7.3));
    assert_follows(sim_draw_normal(stream, 7.3, 2.1), gsl_cdf_gaussian_P(x - 7.3, 2.1));
    assert_follows(sim_draw_lognormal(stream, 7.3, 0.6), gsl_cdf_lognormal_P(x, log(7.3), 0.6));
    assert_follows(sim_draw_gamma(stream, 2.3, 7.1), gsl_cdf_gamma_P(x, 2.3, 7.1));
    assert_follows(sim_draw_gamma(stream, 0.3, 7.1), gsl_cdf_gamma_P(x, 0.3, 7.1));
    assert_follows(sim_draw_weibull(stream, 7.3, 1.7), gsl_cdf_weibull_P(x, 7.3, 1.7));
    assert_follows(sim_draw_pareto(stream, 1.7, 7.3), gsl_cdf_pareto_P(x, 1.7, 7.3));
}

static void power_law_is_a_pareto_law_cut_at_both_ends(void **state)
{
    (void)state;
    struct sim_draw_power law = { .exponent = 0.55, .min = 0.5, .max = 731.3 };
    double above = gsl_cdf_pareto_P(law.max, law.exponent, law.min);
    assert_follows(sim_draw_power(stream, &law),
        x <= law.max ? gsl_cdf_pareto_P(x, law.exponent, law.min) / above : -1.0);
}

/* Oracle: the integral of x^(-1 - a) exp(-x / c), by the midpoint rule in log x. */
static double cutoff_mass(const struct sim_draw_cutoff *law, double from, double to)
{
    enum { steps = 20000 };
    double width = log(to / from) / steps, sum = 0.0;
    for (int i = 0; i < steps; i++) {
        double x = from * exp(((double)i + 0.5) * width);
        sum += pow(x, -law->exponent) * exp(-x / law->cutoff) * width;
    }
    return sum;
}

/* Shares below five points: binomial, bound 5 sd, error rate 6e-7 each. */
static void cutoff_law_has_the_shares_of_its_integral(void **state)
{
    (void)state;
    const struct sim_draw_cutoff laws[] = {
        { .exponent = 0.8, .min = 0.25, .cutoff = 17.0 },  /* thinned Pareto */
        { .exponent = 0.1, .min = 7.0, .cutoff = 2.0 },    /* thinned exponential */
        { .exponent = 3.0, .min = 1.3, .cutoff = 1.9 },
    };
    const double share_points[] = { 1.05, 1.3, 2.0, 5.0, 20.0 };
    for (size_t l = 0; l < 3; l++) {
        struct sim_stream random = random_of(l);
        double whole = cutoff_mass(&laws[l], laws[l].min, laws[l].min + 60.0 * laws[l].cutoff);
        int below[5] = { 0 };
        for (int i = 0; i < sample_count; i++) {
            double x = sim_draw_cutoff(&random, &laws[l]);
            assert_true(x >= laws[l].min);
            for (int k = 0; k < 5; k++) {
                below[k] += x < laws[l].min * share_points[k];
            }
        }
        for (int k = 0; k < 5; k++) {
            double p = cutoff_mass(&laws[l], laws[l].min, laws[l].min * share_points[k]) / whole;
            double sd = sqrt(fmax(p * (1.0 - p), 1e-4) / sample_count);
            assert_true(fabs((double)below[k] / sample_count - p) < 5.0 * sd);
        }
    }
}

/* Sample mean and coefficient of variation: 5 sd of the mean; the variance of
 * a lognormal sample is noisy, so its bound is 5 % at n = 1e5, cv 0.4. */
static void lognormal_by_mean_has_that_mean_and_cv(void **state)
{
    (void)state;
    struct sim_stream random = random_of(9);
    double sum = 0.0, sum2 = 0.0;
    for (int i = 0; i < sample_count; i++) {
        double x = sim_draw_lognormal_mean(&random, 11.4, 0.4);
        sum += x;
        sum2 += x * x;
    }
    double mean = sum / sample_count, var = sum2 / sample_count - mean * mean;
    assert_near(mean, 11.4, 5.0 * 0.4 / sqrt(sample_count));
    assert_near(sqrt(var) / mean, 0.4, 0.02);
    assert_near(sim_draw_lognormal_mean(&random, 11.4, 0.0), 11.4, 1e-15);
}

/* Pearson's chi-square of counts [n] against probabilities; error rate 1e-6. */
static void assert_fits(const double *counts, const double *p, uint32_t n, double total)
{
    double chi2 = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        chi2 += (counts[i] - total * p[i]) * (counts[i] - total * p[i]) / (total * p[i]);
    }
    assert_true(gsl_cdf_chisq_Q(chi2, n - 1) > 1e-6);
}

static void below_is_uniform_and_stays_below(void **state)
{
    (void)state;
    struct sim_stream random = random_of(10);
    double counts[7] = { 0 }, p[7];
    for (int i = 0; i < sample_count; i++) {
        counts[sim_draw_below(&random, 7)]++;
    }
    for (int i = 0; i < 7; i++) {
        p[i] = 1.0 / 7.0;
    }
    assert_fits(counts, p, 7, sample_count);
    assert_int_equal(sim_draw_below(&random, 1), 0);
}

/* Of 3 * 2^30 values a biased multiply would give the first third twice as
 * often as the others: 1/2 instead of 1/3. Bound: 5 sd. */
static void below_is_fair_for_a_large_count(void **state)
{
    (void)state;
    struct sim_stream random = random_of(11);
    int thirds = 0;
    for (int i = 0; i < sample_count; i++) {
        thirds += sim_draw_below(&random, UINT32_C(3) << 30) % 3 == 0;
    }
    assert_near((double)thirds / sample_count, 1.0 / 3.0, 5.0 * sqrt(2.0 / 9.0 / sample_count));
}

static void index_comes_up_in_proportion_to_its_weight(void **state)
{
    (void)state;
    const double weights[] = { 7.0, 0.0, 1.0, 0.25, 31.0 };
    struct sim_draw_table *table = NULL;
    assert_int_equal(sim_draw_table_create(weights, 5, &table), HB_OK);
    struct sim_stream random = random_of(12);
    double counts[5] = { 0 };
    for (int i = 0; i < sample_count; i++) {
        counts[sim_draw_index(&random, table)]++;
    }
    sim_draw_table_free(table);
    assert_true(counts[1] == 0.0);
    const double seen[] = { counts[0], counts[2], counts[3], counts[4] };
    const double p[] = { 7.0 / 39.25, 1.0 / 39.25, 0.25 / 39.25, 31.0 / 39.25 };
    assert_fits(seen, p, 4, sample_count);
}

static void a_table_of_bad_weights_is_refused(void **state)
{
    (void)state;
    const double negative[] = { 1.0, -0.1 }, zero[] = { 0.0, 0.0 }, nan[] = { 1.0, NAN },
                 infinite[] = { 1.0, INFINITY };
    struct sim_draw_table *table = NULL;
    assert_int_equal(sim_draw_table_create(negative, 2, &table), HB_ERR_RANGE);
    assert_int_equal(sim_draw_table_create(zero, 2, &table), HB_ERR_RANGE);
    assert_int_equal(sim_draw_table_create(nan, 2, &table), HB_ERR_RANGE);
    assert_int_equal(sim_draw_table_create(infinite, 2, &table), HB_ERR_RANGE);
    assert_int_equal(sim_draw_table_create(zero, 0, &table), HB_ERR_RANGE);
    assert_null(table);
}

static void poisson_has_the_closed_form_counts(void **state)
{
    (void)state;
    struct sim_stream random = random_of(13);
    double counts[12] = { 0 }, p[12], left = 1.0;
    for (int i = 0; i < sample_count; i++) {
        uint32_t k = sim_draw_poisson(&random, 3.7);
        counts[k < 11 ? k : 11]++;
    }
    p[0] = exp(-3.7);
    for (int k = 1; k < 11; k++) {
        p[k] = p[k - 1] * 3.7 / k;
    }
    for (int k = 0; k < 11; k++) {
        left -= p[k];
    }
    p[11] = left;
    assert_fits(counts, p, 12, sample_count);
    assert_int_equal(sim_draw_poisson(&random, 0.0), 0);
}

static void chance_is_exact_at_its_ends(void **state)
{
    (void)state;
    struct sim_stream random = random_of(14);
    int hits = 0;
    for (int i = 0; i < sample_count; i++) {
        assert_false(sim_draw_chance(&random, 0.0));
        assert_true(sim_draw_chance(&random, 1.0));
        hits += sim_draw_chance(&random, 0.087);
    }
    assert_near((double)hits / sample_count, 0.087, 5.0 * sqrt(0.087 * 0.913 / sample_count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(continuous_draws_follow_their_distributions),
        cmocka_unit_test(power_law_is_a_pareto_law_cut_at_both_ends),
        cmocka_unit_test(cutoff_law_has_the_shares_of_its_integral),
        cmocka_unit_test(lognormal_by_mean_has_that_mean_and_cv),
        cmocka_unit_test(below_is_uniform_and_stays_below),
        cmocka_unit_test(below_is_fair_for_a_large_count),
        cmocka_unit_test(index_comes_up_in_proportion_to_its_weight),
        cmocka_unit_test(a_table_of_bad_weights_is_refused),
        cmocka_unit_test(poisson_has_the_closed_form_counts),
        cmocka_unit_test(chance_is_exact_at_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
