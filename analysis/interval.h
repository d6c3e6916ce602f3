/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_INTERVAL_H
#define ANALYSIS_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* An estimate and its two-sided confidence interval, all in the unit of the data. */
struct analysis_interval {
    double estimate, lower, upper;
    size_t count; /* observations behind it */
};

/* Mean of independent x [n], Student t. HB_ERR_RANGE if n < 2, or unless
 * 0 < level < 1. Source: NIST/SEMATECH e-Handbook, 1.3.5.2. */
enum hb_status analysis_interval_mean(const double *x, size_t n, double level,
    struct analysis_interval *out);

/* Mean of a - b, pair by pair: for policies on common random numbers a [n] and
 * b [n] of the same replications. As above. */
enum hb_status analysis_interval_paired(const double *a, const double *b, size_t n,
    double level, struct analysis_interval *out);

/* Mean of a stationary, correlated series x [n], from the means of batch_count
 * equal batches (a rest at the end is left out). HB_ERR_RANGE also if a batch
 * would be empty. Source: Law and Kelton, Simulation Modeling and Analysis. */
enum hb_status analysis_interval_batches(const double *x, size_t n, size_t batch_count,
    double level, struct analysis_interval *out);

/* The share-quantile of independent sorted x [n], any distribution: order
 * statistics whose ranks are binomial quantiles. An end beyond the data is
 * infinite. HB_ERR_RANGE if n < 1 or share is not within 0..1.
 * Source: Conover, Practical Nonparametric Statistics, 3.2. */
struct analysis_interval_quantile {
    double share, level;
};
enum hb_status analysis_interval_of_quantile(const double *sorted, size_t n,
    struct analysis_interval_quantile which, struct analysis_interval *out);

/* Percentile bootstrap of any statistic of independent x [n]; the same seed
 * gives the same answer. Source: Efron, Tibshirani, An Introduction to the Bootstrap, 13. */
struct analysis_interval_bootstrap {
    double (*statistic)(void *context, const double *x, size_t n);
    void *context;
    size_t resample_count; /* at least 10 */
    uint32_t seed;
    double level;
};
enum hb_status analysis_interval_bootstrapped(const double *x, size_t n,
    const struct analysis_interval_bootstrap *how, struct analysis_interval *out);

#endif
