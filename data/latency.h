/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_LATENCY_H
#define DATA_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#include "core/geo.h"
#include "data/problem.h"

#define DATA_LATENCY_NODES_MAX 4096

/* A measured matrix of round-trip times between nodes of known place. */
struct data_latency {
    uint32_t node_count;
    const struct hb_point *at;  /* [node_count] */
    const char *const *names;   /* [node_count] */
    const float *rtt_ms;        /* [node_count][node_count]; NaN: not measured */
};

/* Reads two CSV files (first line = column names, order free, others ignored).
 *   nodes:  name | region | id;  lat | lat_deg;  lon | lon_deg
 *   matrix: src; dst (names of nodes); rtt_ms | rtt_ms_p50 | avg_us
 * A pair measured one way only holds for both. HB_ERR_IO, HB_ERR_FORMAT
 * (problem: file, line), HB_ERR_RANGE (over DATA_LATENCY_NODES_MAX), HB_ERR_MEMORY. */
enum hb_status data_latency_read(const char *nodes_path, const char *matrix_path,
    struct data_problem *problem, struct data_latency **out);
void data_latency_free(struct data_latency *latency);

#endif
