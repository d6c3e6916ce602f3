/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/interval.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

static int is_level(double level)
{
    return level > 0.0 && level < 1.0;
}

enum hb_status analysis_interval_mean(
    const double *x, size_t n, double level, struct analysis_interval *out)
{
    if (n < 2 || !is_level(level)) {
        return HB_ERR_RANGE;
    }
    double mean = gsl_stats_mean(x, 1, n);
    double error = sqrt(gsl_stats_variance_m(x, 1, n, mean) / (double)n);
    double half = gsl_cdf_tdist_Pinv(0.5 + 0.5 * level, (double)(n - 1)) * error;
    *out = (struct analysis_interval) { mean, mean - half, mean + half, n };
    return HB_OK;
}

enum hb_status analysis_interval_paired(
    const double *a, const double *b, size_t n, double level, struct analysis_interval *out)
{
    if (n < 2) {
        return HB_ERR_RANGE;
    }
    double *difference = malloc(n * sizeof *difference);
    if (difference == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        difference[i] = a[i] - b[i];
    }
    enum hb_status status = analysis_interval_mean(difference, n, level, out);
    free(difference);
    return status;
}

enum hb_status analysis_interval_batches(
    const double *x, size_t n, size_t batch_count, double level, struct analysis_interval *out)
{
    if (batch_count < 2 || n / batch_count == 0) {
        return HB_ERR_RANGE;
    }
    double *means = malloc(batch_count * sizeof *means);
    if (means == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t length = n / batch_count;
    for (size_t i = 0; i < batch_count; i++) {
        means[i] = gsl_stats_mean(x + i * length, 1, length);
    }
    enum hb_status status = analysis_interval_mean(means, batch_count, level, out);
    free(means);
    if (status == HB_OK) {
        out->count = length * batch_count;
    }
    return status;
}

/* Least k with P(B <= k) >= p for B binomial (share, n), by bisection. */
static size_t binomial_quantile(double p, double share, size_t n)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (gsl_cdf_binomial_P((unsigned)middle, share, (unsigned)n) >= p) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* With B the number of observations at or below the quantile, x of rank r
 * (from 1) lies at or below it iff B >= r. So the lower rank is the largest r
 * with P(B < r) <= alpha / 2, the upper one the least r with P(B < r) >= 1 - alpha / 2. */
enum hb_status analysis_interval_of_quantile(const double *sorted, size_t n,
    struct analysis_interval_quantile which, struct analysis_interval *out)
{
    int is_share = which.share >= 0.0 && which.share <= 1.0;
    if (n < 1 || n > UINT32_MAX || !is_level(which.level) || !is_share) {
        return HB_ERR_RANGE;
    }
    double tail = 0.5 * (1.0 - which.level);
    size_t lower = binomial_quantile(tail, which.share, n);
    if (lower < n && gsl_cdf_binomial_P((unsigned)lower, which.share, (unsigned)n) <= tail) {
        lower++;
    }
    size_t upper = binomial_quantile(1.0 - tail, which.share, n) + 1;
    size_t rank = (size_t)ceil(which.share * (double)n);
    out->estimate = sorted[rank == 0 ? 0 : rank - 1];
    out->lower = lower == 0 ? -HUGE_VAL : sorted[lower - 1];
    out->upper = upper > n ? HUGE_VAL : sorted[upper - 1];
    out->count = n;
    return HB_OK;
}

enum hb_status analysis_interval_bootstrapped(const double *x, size_t n,
    const struct analysis_interval_bootstrap *how, struct analysis_interval *out)
{
    if (n < 2 || how->resample_count < 10 || !is_level(how->level)) {
        return HB_ERR_RANGE;
    }
    double *drawn = malloc(n * sizeof *drawn);
    double *estimates = malloc(how->resample_count * sizeof *estimates);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    enum hb_status status =
        drawn == NULL || estimates == NULL || random == NULL ? HB_ERR_MEMORY : HB_OK;
    if (status == HB_OK) {
        gsl_rng_set(random, how->seed);
        for (size_t k = 0; k < how->resample_count; k++) {
            for (size_t i = 0; i < n; i++) {
                drawn[i] = x[gsl_rng_uniform_int(random, n)];
            }
            estimates[k] = how->statistic(how->context, drawn, n);
        }
        gsl_sort(estimates, 1, how->resample_count);
        double tail = 0.5 * (1.0 - how->level);
        out->estimate = how->statistic(how->context, x, n);
        out->lower = gsl_stats_quantile_from_sorted_data(estimates, 1, how->resample_count, tail);
        out->upper =
            gsl_stats_quantile_from_sorted_data(estimates, 1, how->resample_count, 1.0 - tail);
        out->count = n;
    }
    if (random != NULL) {
        gsl_rng_free(random);
    }
    free(estimates);
    free(drawn);
    return status;
}
