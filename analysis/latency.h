/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_LATENCY_H
#define ANALYSIS_LATENCY_H

#include "analysis/study.h"

/* Merged latency histograms of every series under its file's shown setting,
 * all replications together. hours: the client's local hour of the day, its
 * region's standard time rounded down to whole hours. */
struct analysis_latency {
    size_t series_count;
    struct data_histogram *whole;       /* [series_count] */
    struct data_histogram (*hours)[24]; /* [series_count] */
};

/* HB_ERR_MEMORY, HB_ERR_FORMAT, HB_ERR_NOT_FOUND: no request in any series. */
enum hb_status analysis_latency_load(const struct analysis_study *study,
    struct analysis_latency *out, struct data_problem *problem);
/* The first file's base; the first series with requests if that has none. */
size_t analysis_latency_base(const struct analysis_study *study,
    const struct analysis_latency *latency);
void analysis_latency_fini(struct analysis_latency *latency);

#endif
