/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_LAND_H
#define SIM_WORLD_LAND_H

#include <stdint.h>

#include "core/geo.h"
#include "core/map.h"
#include "sim/engine/stream.h"

/* A square of land and what is on it. x east, y north of the city's centre. */
struct sim_land_zone {
    double x_km, y_km; /* of its middle */
    double people, jobs, leisure; /* people sum to the city's; jobs and leisure to 1 */
};

/* A city's zones: squares of zone_km whose middles lie within radius_km of the
 * centre, row by row from the south-west. People live by Clark's law (density
 * falls exponentially from the centre) around a main centre and, in large
 * cities, subcentres; work is more central, leisure in between and patchy.
 * Sources: Clark, J. Royal Statistical Society A, 1951; land.c has the numbers. */
struct sim_land {
    struct hb_point centre;
    double zone_km, radius_km;
    double scale_km; /* over which the density of homes falls to 1/e */
    int32_t half; /* cells run from -half to half on either axis */
    uint32_t zone_count;
    struct sim_land_zone *zones;
    uint32_t *zone_of_cell; /* [(2 half + 1)^2], HB_NONE outside */
};

struct sim_land_config {
    struct hb_point centre;
    double population, zone_km; /* > 0 */
};

/* stream is the city's own. HB_ERR_MEMORY. */
enum hb_status sim_land_create(
    const struct sim_land_config *config, struct sim_stream *stream, struct sim_land **out);
void sim_land_free(struct sim_land *land);

/* The zone that holds a point, or HB_NONE outside the city. */
uint32_t sim_land_zone_at(const struct sim_land *land, double x_km, double y_km);

/* Between plane and globe: equirectangular about the centre, true to 0.2 %
 * within 60 km of it below 60 degrees of latitude. */
struct hb_point sim_land_point(const struct sim_land *land, double x_km, double y_km);
void sim_land_plane(const struct sim_land *land, struct hb_point at, double *x_km, double *y_km);

#endif
