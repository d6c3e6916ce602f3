/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_COASTLINE_H
#define DATA_COASTLINE_H

#include <stdbool.h>

#include "core/geo.h"
#include "data/problem.h"

/* The outlines of the land at 1:110 million (coastline.tsv): good to some tens
 * of kilometres; lakes and small islands are not in it. */
struct data_coastline;

/* Reads the shipped table. HB_ERR_NOT_FOUND, HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_MEMORY. */
enum hb_status data_coastline_create(struct data_problem *problem, struct data_coastline **out);
void data_coastline_free(struct data_coastline *coastline);

bool data_coastline_is_land(const struct data_coastline *coastline, struct hb_point at);

/* The longest stretch over water of the great circle between two points,
 * looked at every 5 km. */
double data_coastline_water_km(
    const struct data_coastline *coastline, struct hb_point from, struct hb_point to);

#endif
