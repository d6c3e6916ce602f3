/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_NEAREST_H
#define SIM_SERVE_NEAREST_H

#include <stdint.h>

#include "core/map.h"

/* The nearest place to a point: a k-d tree over unit vectors, so that poles and
 * the 180th meridian are no special case. Exact; the lowest index among places
 * at the same point. */
struct sim_nearest;

/* places are copied. HB_ERR_RANGE if there are none, HB_ERR_MEMORY. */
enum hb_status sim_nearest_create(const struct hb_place *places, uint32_t place_count,
    struct sim_nearest **out);
void sim_nearest_free(struct sim_nearest *nearest);

/* The place and its distance along the sphere. */
uint32_t sim_nearest_place(const struct sim_nearest *nearest, struct hb_point at,
    double *distance_km);

/* BLAKE2b-256 over all places: whether two tables are the same. */
void sim_nearest_digest(const struct sim_nearest *nearest, uint8_t digest[32]);

#endif
