/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "data/histogram.h"

#define SAMPLES 20000

/* Odd latencies over five decades, from a Weyl sequence. */
static double latency_at(int i)
{
    double u = fmod((double)i * 0.6180339887498949 + 0.731, 1.0);
    return 0.05 * pow(10.0, 5.0 * u);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_within_one_percent_of_the_sorted_data(void **state)
{
    (void)state;
    static double sorted[SAMPLES];
    static struct data_histogram histogram;
    double sum = 0.0;
    for (int i = 0; i < SAMPLES; i++) {
        sorted[i] = latency_at(i);
        sum += sorted[i];
        data_histogram_add(&histogram, sorted[i], 3.0);
    }
    qsort(sorted, SAMPLES, sizeof sorted[0], by_value);
    for (double share = 0.0005; share < 1.0; share += 0.0131) {
        double exact = sorted[(int)ceil(share * SAMPLES) - 1];
        double got = data_histogram_quantile_ms(&histogram, share);
        assert_true(fabs(got - exact) <= 0.0079 * exact);
    }
    assert_true(fabs(data_histogram_quantile_ms(&histogram, 1.0) - sorted[SAMPLES - 1])
        <= 0.0079 * sorted[SAMPLES - 1]);
    assert_near(data_histogram_mean_ms(&histogram), sum / SAMPLES, 0.0079);
    assert_near(data_histogram_total(&histogram), 3.0 * SAMPLES, 0.0);
    int below = 0;
    double edge = data_histogram_edge_ms(data_histogram_bin(137.0) + 1);
    for (int i = 0; i < SAMPLES; i++) {
        below += sorted[i] < edge;
    }
    assert_near(data_histogram_share_below(&histogram, 137.0), (double)below / SAMPLES, 1e-15);
}

/* Uniform in one bin: interpolation follows, the middle would not. */
static void a_quantile_moves_within_its_bin(void **state)
{
    (void)state;
    static struct data_histogram histogram;
    data_histogram_add(&histogram, 16.01, 10.0); /* bin 16 .. 16.125 */
    assert_near(data_histogram_quantile_ms(&histogram, 0.25), 16.03125, 1e-12);
    assert_near(data_histogram_quantile_ms(&histogram, 1.0), 16.125, 1e-12);
    assert_near(data_histogram_quantile_ms(&histogram, 0.0), 16.0, 1e-12);
}

static void merged_parts_equal_the_whole(void **state)
{
    (void)state;
    static struct data_histogram whole, parts[3], forth, back;
    for (int i = 0; i < SAMPLES; i++) {
        data_histogram_add(&whole, latency_at(i), 7.0);
        data_histogram_add(&parts[i % 3], latency_at(i), 7.0);
    }
    for (int i = 0; i < 3; i++) {
        data_histogram_merge(&forth, &parts[i]);
        data_histogram_merge(&back, &parts[2 - i]);
    }
    assert_memory_equal(&forth, &whole, sizeof whole);
    assert_memory_equal(&back, &whole, sizeof whole);
}

static void each_bin_holds_its_lower_edge_and_not_its_upper(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        double lower = data_histogram_edge_ms(i), upper = data_histogram_edge_ms(i + 1);
        assert_int_equal(data_histogram_bin(lower), i);
        assert_int_equal(data_histogram_bin(nextafter(upper, 0.0)), i);
        assert_true(lower < upper);
    }
    assert_near(data_histogram_edge_ms(1), 0.03125, 0.0);
    assert_near(data_histogram_edge_ms(DATA_HISTOGRAM_BINS - 1), 131072.0, 0.0);
}

static void what_lies_outside_goes_to_the_ends(void **state)
{
    (void)state;
    assert_int_equal(data_histogram_bin(-3.0), 0);
    assert_int_equal(data_histogram_bin(0.0), 0);
    assert_int_equal(data_histogram_bin(1e9), DATA_HISTOGRAM_BINS - 1);
    assert_int_equal(data_histogram_bin((double)INFINITY), DATA_HISTOGRAM_BINS - 1);
    assert_int_equal(data_histogram_bin((double)NAN), DATA_HISTOGRAM_BINS - 1);
    assert_int_equal(data_histogram_bin(-(double)NAN), DATA_HISTOGRAM_BINS - 1);
}

static void nothing_has_no_quantile(void **state)
{
    (void)state;
    static const struct data_histogram empty;
    assert_true(isnan(data_histogram_quantile_ms(&empty, 0.5)));
    assert_true(isnan(data_histogram_mean_ms(&empty)));
    assert_true(isnan(data_histogram_share_below(&empty, 10.0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_one_percent_of_the_sorted_data),
        cmocka_unit_test(a_quantile_moves_within_its_bin),
        cmocka_unit_test(merged_parts_equal_the_whole),
        cmocka_unit_test(each_bin_holds_its_lower_edge_and_not_its_upper),
        cmocka_unit_test(what_lies_outside_goes_to_the_ends),
        cmocka_unit_test(nothing_has_no_quantile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
