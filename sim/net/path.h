/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_PATH_H
#define SIM_NET_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "data/latency.h"
#include "data/trace.h"
#include "sim/engine/stream.h"

/* Entries of one RTT matrix (places x sites, 4 bytes each): 1 GiB at most. */
#define SIM_PATH_MATRIX_MAX (UINT64_C(1) << 28)

/* Round trip between a place and a site, without the client's access line:
 *   aggregation_ms + detour_ms (1 - exp(-d / detour_km)) + stretch x 2 d / 204 km/ms
 * Fields at 0 mean 0; sim_path_default fills in the fitted values, path.c says how. */
struct sim_path {
    double aggregation_ms; /* metropolitan network and peering */
    double detour_ms;      /* routing through exchange points elsewhere ... */
    double detour_km;      /* ... which a path shorter than this mostly does without */
    double stretch;        /* cable length over great circle, >= 1 */
    const struct data_latency *measured; /* or NULL; borrowed */
};

void sim_path_default(struct sim_path *out);

/* HB_ERR_RANGE: negative, not finite, or stretch under 1. */
enum hb_status sim_path_check(const struct sim_path *path);

/* With a measured matrix: the RTT between the nodes nearest to the two ends
 * plus the geographic rest at both ends, where these nodes are different,
 * measured, and the rest is at most half of the way; geography elsewhere. */
double sim_path_rtt_ms(const struct sim_path *path, struct hb_point place, struct hb_point site);

/* The matrix of struct hb_map, [place_count][site_count], for free(); the same
 * bits for any number of threads (1..64). HB_ERR_RANGE (no place, no site, over
 * SIM_PATH_MATRIX_MAX), HB_ERR_MEMORY. map->rtt_ms is not read. */
enum hb_status sim_path_matrix(const struct sim_path *path, const struct hb_map *map,
    unsigned threads, float **out);

/* The client's last mile: round trip between the device and the edge of its
 * provider's network, idle. A floor plus a lognormal part; median and 95th
 * percentile are of the sum. R = recalled, see path_access.c for sources.
 *        name         text          floor  median  p95   ms */
#define SIM_PATH_ACCESS_LIST(X)                              \
    X(FIBRE,     "fibre",       0.5,   3.0,    8.0)          \
    X(CABLE,     "cable",       4.0,  12.0,   28.0)          \
    X(DSL,       "dsl",         6.0,  18.0,   40.0)          \
    X(WIFI,      "wifi",        1.5,  10.0,   45.0)          \
    X(LTE,       "4g",         15.0,  34.0,   85.0)          \
    X(NR,        "5g",          6.0,  17.0,   48.0)          \
    X(SATELLITE, "satellite",  18.0,  33.0,   68.0)

enum sim_path_access {
#define X(name, text, floor, median, p95) SIM_PATH_ACCESS_##name,
    SIM_PATH_ACCESS_LIST(X)
#undef X
        SIM_PATH_ACCESS_COUNT
};

const char *sim_path_access_text(enum sim_path_access access);
/* HB_ERR_NOT_FOUND. */
enum hb_status sim_path_access_of(const char *text, enum sim_path_access *out);

/* Quantile of the access round trip; 0 <= p < 1. The median is p = 0.5. */
double sim_path_access_ms(enum sim_path_access access, double p);
double sim_path_access_mean_ms(enum sim_path_access access);

/* Which technology an activity uses: home on Wi-Fi, work on fibre, out of doors
 * on the mobile network, aloft by satellite; change any entry. */
struct sim_path_access_plan {
    uint8_t of[DATA_ACTIVITY_COUNT]; /* enum sim_path_access */
};

void sim_path_access_plan_default(struct sim_path_access_plan *out);

#endif
