/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_GRID_H
#define DATA_GRID_H

#include <stdbool.h>

#include "data/cities.h"
#include "data/trace.h"

/* Turns fixes into a trace: places are cells of about cell_km (rows of equal
 * latitude, each split into equal longitudes, so that cells keep their area
 * towards the poles) named by their middle; region and clock (standard time)
 * of a cell are those of the nearest city within city_km, else HB_NONE and the
 * whole hour of its longitude. A client stays in a cell until its next fix,
 * and is nowhere gap_s after a fix that no other follows. Of fixes of one
 * client in the same second the one in the cell seen first counts. Heap: 16
 * bytes a fix, and O(clients + cells + visits). */
struct data_grid;

struct data_grid_config {
    double cell_km; /* 0.05 .. 500; with is_exact 0 */
    double gap_s; /* 60 .. 31536000 */
    double city_km; /* 0 .. 1000 */
    bool is_exact; /* every distinct coordinate (to 1e-6 degree) is a place of its own */
    bool folds_days; /* every client's day (UTC) is a client of its own, and all have the first
                        day's date */
};

/* cities is borrowed until data_grid_free. HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status data_grid_create(const struct data_grid_config *config,
    const struct data_cities *cities, struct data_grid **out);
void data_grid_free(struct data_grid *grid);

struct data_fix {
    int64_t unix_s;
    struct hb_point at;
};

/* One fix of the client so named (1..63 bytes), in any order of time and client.
 * Clients are numbered in order of appearance.
 * HB_ERR_RANGE: latitude, longitude or time (years 1970..2100) or name out of range;
 * HB_ERR_FULL: too many cells, clients or fixes; HB_ERR_MEMORY. */
enum hb_status data_grid_add(
    struct data_grid *grid, const char *client, const struct data_fix *fix);

uint64_t data_grid_fix_count(const struct data_grid *grid);

/* Sorts and builds the trace; the epoch is the first fix's midnight UTC.
 * HB_ERR_FORMAT if there is no fix, HB_ERR_RANGE if they span over 136 years. */
enum hb_status data_grid_finish(struct data_grid *grid, struct data_trace_store **out);

#endif
