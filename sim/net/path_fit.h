/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_PATH_FIT_H
#define SIM_NET_PATH_FIT_H

#include "sim/net/path.h"

/* Fits detour_ms and stretch (detour_km stays the default's, which nothing
 * longer than 176 km can tell) to a measured matrix, by least median of
 * |predicted - measured| / measured over all pairs of different nodes without
 * `left` (HB_NONE: none left out). aggregation_ms is the median of what the
 * nodes measure to themselves, or the default's.
 * HB_ERR_RANGE: fewer than three pairs; HB_ERR_MEMORY. */
enum hb_status sim_path_fit(
    const struct data_latency *measured, uint32_t left, struct sim_path *out);

/* A measured pair beside what geography says. */
struct sim_path_pair {
    uint32_t from, to;
    double km, measured_ms;
    double fitted_ms;   /* by the fit to all pairs */
    double unseen_ms;   /* by the fit that did not see any measurement of `from` */
};

/* Leave-one-node-out: the pair (i, j) is predicted by the fit without i and,
 * for (j, i), without j. out [*count] for free(). As sim_path_fit. */
enum hb_status sim_path_fit_pairs(const struct data_latency *measured,
    struct sim_path_pair **out, size_t *count);

#endif
