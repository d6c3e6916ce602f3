/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "analysis/interval.h"

/* Published: NIST/SEMATECH e-Handbook 1.3.5.2, heat flow meter 1 (ZARR13.DAT):
 * 195 values, mean 9.261460, standard deviation 0.022789, 95 % interval 9.258242
 * to 9.264679. The interval depends on these three alone, so values with the
 * same three must give it: 97 pairs at mean +- deviation, and the mean. */
static void the_mean_has_the_published_interval(void **state)
{
    (void)state;
    double x[195];
    for (int i = 0; i < 194; i++) {
        x[i] = 9.261460 + (i % 2 == 0 ? 0.022789 : -0.022789);
    }
    x[194] = 9.261460;
    struct analysis_interval got;
    assert_int_equal(analysis_interval_mean(x, 195, 0.95, &got), HB_OK);
    assert_near(got.estimate, 9.261460, 1e-9);
    assert_true(fabs(got.lower - 9.258242) < 1e-6);
    assert_true(fabs(got.upper - 9.264679) < 1e-6);
    assert_int_equal(got.count, 195);
}

/* Published: NIST StRD NumAcc4, 1001 values 10000000.2 then alternately .1 and
 * .3: mean 10000000.2, standard deviation 0.1 exactly. t(0.975, 1000) = 1.962
 * (any t table). */
static void the_mean_survives_cancellation(void **state)
{
    (void)state;
    static double x[1001];
    for (int i = 0; i < 1001; i++) {
        x[i] = i == 0 ? 10000000.2 : i % 2 == 1 ? 10000000.1 : 10000000.3;
    }
    struct analysis_interval got;
    assert_int_equal(analysis_interval_mean(x, 1001, 0.95, &got), HB_OK);
    assert_true(fabs(got.estimate - 10000000.2) < 1e-7);
    double half = 0.5 * (got.upper - got.lower);
    assert_true(fabs(half - 1.962 * 0.1 / sqrt(1001.0)) < 5e-4 * 0.1 / sqrt(1001.0));
}

/* t table: t(0.975, 1) = 12.706, t(0.975, 9) = 2.262, t(0.995, 9) = 3.250. Ten
 * values of variance 1 (sum of squares 9 about 0). */
static void the_level_and_the_freedom_choose_the_quantile(void **state)
{
    (void)state;
    double d = sqrt(0.9), x[10];
    for (int i = 0; i < 10; i++) {
        x[i] = i % 2 == 0 ? d : -d;
    }
    struct analysis_interval got;
    assert_int_equal(analysis_interval_mean(x, 10, 0.95, &got), HB_OK);
    assert_true(fabs(got.upper * sqrt(10.0) - 2.262) < 5e-4);
    assert_int_equal(analysis_interval_mean(x, 10, 0.99, &got), HB_OK);
    assert_true(fabs(got.upper * sqrt(10.0) - 3.250) < 5e-4);
    double two[] = { -sqrt(0.5), sqrt(0.5) };
    assert_int_equal(analysis_interval_mean(two, 2, 0.95, &got), HB_OK);
    assert_true(fabs(got.upper * sqrt(2.0) - 12.706) < 5e-4);
}

/* What common random numbers are for: a large common part cancels. */
static void pairs_cancel_what_they_share(void **state)
{
    (void)state;
    const double shared[] = { 731.3, 12.0, 455.9, 9000.0, 77.7 };
    const double gain[] = { 2.9, 3.1, 3.0, 3.2, 2.8 };
    double a[5], b[5];
    for (int i = 0; i < 5; i++) {
        a[i] = shared[i] + gain[i];
        b[i] = shared[i];
    }
    struct analysis_interval paired, alone;
    assert_int_equal(analysis_interval_paired(a, b, 5, 0.95, &paired), HB_OK);
    assert_int_equal(analysis_interval_mean(gain, 5, 0.95, &alone), HB_OK);
    assert_near(paired.lower, alone.lower, 1e-9);
    assert_near(paired.upper, alone.upper, 1e-9);
}

/* AR(1) with coefficient 0.9: the variance of the mean is 19 times that of
 * independent values (1 + 2 x 0.9 / 0.1), so batches of 500 must widen the naive
 * interval by about sqrt(19) = 4.36; fixed numbers, so no error rate. */
static void batches_see_the_correlation(void **state)
{
    (void)state;
    static double x[20000];
    uint64_t seed = 731;
    double level = 0.0;
    for (int i = 0; i < 20000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        level = 0.9 * level + (double)(seed >> 11) * 0x1p-53 - 0.5;
        x[i] = level;
    }
    struct analysis_interval naive, batched;
    assert_int_equal(analysis_interval_mean(x, 20000, 0.95, &naive), HB_OK);
    assert_int_equal(analysis_interval_batches(x, 20000, 40, 0.95, &batched), HB_OK);
    double ratio = (batched.upper - batched.lower) / (naive.upper - naive.lower);
    assert_true(ratio > 3.3);
    assert_true(ratio < 5.6);
    assert_near(batched.estimate, naive.estimate, 1e-9);
}

/* Published table of ranks for the median (Conover, table of the sign test):
 * n = 10: 2 and 9; n = 20: 6 and 15; n = 5 has no 95 % interval. */
static void the_median_lies_between_the_published_ranks(void **state)
{
    (void)state;
    double x[20];
    for (int i = 0; i < 20; i++) {
        x[i] = i + 1;
    }
    struct analysis_interval got;
    struct analysis_interval_quantile median = { 0.5, 0.95 };
    assert_int_equal(analysis_interval_of_quantile(x, 10, median, &got), HB_OK);
    assert_true(got.lower == 2.0 && got.upper == 9.0);
    assert_int_equal(analysis_interval_of_quantile(x, 20, median, &got), HB_OK);
    assert_true(got.lower == 6.0 && got.upper == 15.0);
    assert_int_equal(analysis_interval_of_quantile(x, 5, median, &got), HB_OK);
    assert_true(isinf(got.lower) && isinf(got.upper));
    assert_true(got.estimate == 3.0);
}

static double mean_of(void *context, const double *x, size_t n)
{
    (void)context;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n;
}

/* For the mean of many values the bootstrap tends to the normal interval,
 * 1.96 sigma / sqrt(n); 2000 resamples estimate its ends to about 5 % of the half-width. */
static void the_bootstrap_agrees_with_theory_for_a_mean(void **state)
{
    (void)state;
    double x[400];
    for (int i = 0; i < 400; i++) {
        x[i] = fmod(i * 0.6180339887498949, 1.0);
    }
    struct analysis_interval_bootstrap how = { .statistic = mean_of, .resample_count = 2000,
        .seed = 731, .level = 0.95 };
    struct analysis_interval got, again;
    assert_int_equal(analysis_interval_bootstrapped(x, 400, &how, &got), HB_OK);
    double half = 1.96 * sqrt(1.0 / 12.0 / 400.0);
    assert_true(fabs(got.upper - got.estimate - half) < 0.15 * half);
    assert_true(fabs(got.estimate - got.lower - half) < 0.15 * half);
    assert_int_equal(analysis_interval_bootstrapped(x, 400, &how, &again), HB_OK);
    assert_memory_equal(&got, &again, sizeof got);
}

static void too_few_or_no_level_is_out_of_range(void **state)
{
    (void)state;
    double x[] = { 1.5, 2.5, 3.5 };
    struct analysis_interval got = { .estimate = 7.0 };
    struct analysis_interval_quantile over = { 1.5, 0.95 };
    struct analysis_interval_bootstrap few = { .statistic = mean_of, .resample_count = 9,
        .level = 0.95 };
    assert_int_equal(analysis_interval_mean(x, 1, 0.95, &got), HB_ERR_RANGE);
    assert_int_equal(analysis_interval_mean(x, 3, 1.0, &got), HB_ERR_RANGE);
    assert_int_equal(analysis_interval_mean(x, 3, 0.0, &got), HB_ERR_RANGE);
    assert_int_equal(analysis_interval_paired(x, x, 1, 0.95, &got), HB_ERR_RANGE);
    assert_int_equal(analysis_interval_batches(x, 3, 4, 0.95, &got), HB_ERR_RANGE);
    assert_int_equal(analysis_interval_of_quantile(x, 3, over, &got), HB_ERR_RANGE);
    assert_int_equal(analysis_interval_bootstrapped(x, 3, &few, &got), HB_ERR_RANGE);
    assert_true(got.estimate == 7.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_has_the_published_interval),
        cmocka_unit_test(the_mean_survives_cancellation),
        cmocka_unit_test(the_level_and_the_freedom_choose_the_quantile),
        cmocka_unit_test(pairs_cancel_what_they_share),
        cmocka_unit_test(batches_see_the_correlation),
        cmocka_unit_test(the_median_lies_between_the_published_ranks),
        cmocka_unit_test(the_bootstrap_agrees_with_theory_for_a_mean),
        cmocka_unit_test(too_few_or_no_level_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
