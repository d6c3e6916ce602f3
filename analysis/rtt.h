/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_RTT_H
#define ANALYSIS_RTT_H

#include <stddef.h>

#include "data/problem.h"

struct analysis_rtt_point {
    const char *from, *to;
    double km, measured_ms, predicted_ms; /* all > 0 */
};

/* The p-quantile of |predicted - measured| / measured. NaN: no point, or no memory. */
double analysis_rtt_error(const struct analysis_rtt_point *points, size_t count, double p);

/* Draws measured against predicted round trips into directory as
 * rtt-geography.pdf, .png, .gp and .tsv. HB_ERR_RANGE: no point; HB_ERR_IO,
 * HB_ERR_UNSUPPORTED (no gnuplot). */
enum hb_status analysis_rtt_draw(const char *directory, const struct analysis_rtt_point *points,
    size_t count, struct data_problem *problem);

#endif
