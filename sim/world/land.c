/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/land.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/draw.h"

static const double pi = 3.14159265358979323846;
static const double km_per_deg = 111.19492664455873; /* 2 pi 6371.0088 / 360 */

/* People per km2 that Clark's law has at the centre. A round value within what large cities of
 * five continents show (10,000 to 40,000 between Clark 1951 and today's census grids); it sets
 * scale_km = sqrt(population / (2 pi density)): 3.3 km for a million, 10 km for ten. */
static const double central_density_km2 = 15000.0;
/* The law holds 91 % of its people within four scales: 1 - (1 + 4) exp(-4). */
static const double radius_scales = 4.0;
static const double radius_km_min = 2.5, radius_km_max = 50.0;
/* One subcentre for every half million, with together 30 % of the people and of the jobs. */
static const double people_per_subcentre = 5e5, subcentre_share = 0.3;
static const double job_main_share = 0.6,
                    job_scale_factor = 0.5; /* 10 % of jobs are where homes are */
/* sd of the logarithm of each zone's own factor */
static const double home_sigma = 0.4, leisure_sigma = 1.0;

enum { subcentre_max = 8 };

struct centre {
    double x_km, y_km, home_share, job_share, home_scale_km, job_scale_km;
};

/* Share of a centre's law in one km2 at a distance. */
static double clark(double r_km, double scale_km)
{
    return exp(-r_km / scale_km) / (2.0 * pi * scale_km * scale_km);
}

static uint32_t place_centres(const struct sim_land *land, double population,
    struct sim_stream *stream, struct centre centres[subcentre_max + 1])
{
    double wanted = floor(population / people_per_subcentre);
    uint32_t count = wanted > subcentre_max ? subcentre_max : (uint32_t)wanted;
    double subcentres = count == 0 ? 0.0 : subcentre_share;
    centres[0] = (struct centre) { .home_share = 1.0 - subcentres,
        .job_share = job_main_share + (subcentre_share - subcentres),
        .home_scale_km = land->scale_km,
        .job_scale_km = land->scale_km * job_scale_factor };
    for (uint32_t i = 1; i <= count; i++) {
        double r_km = land->scale_km * sim_draw_between(stream, 1.0, 2.5);
        double bearing = sim_draw_between(stream, 0.0, 2.0 * pi);
        centres[i] = (struct centre) { .x_km = r_km * cos(bearing),
            .y_km = r_km * sin(bearing),
            .home_share = subcentres / count,
            .job_share = subcentres / count,
            .home_scale_km = land->scale_km * 0.3,
            .job_scale_km = land->scale_km * 0.2 };
    }
    return count + 1;
}

static void use_land(struct sim_land *land, double population, struct sim_stream *stream)
{
    struct centre centres[subcentre_max + 1];
    uint32_t centre_count = place_centres(land, population, stream, centres);
    double people = 0.0, jobs = 0.0, leisure = 0.0;
    for (uint32_t i = 0; i < land->zone_count; i++) {
        struct sim_land_zone *zone = &land->zones[i];
        for (uint32_t c = 0; c < centre_count; c++) {
            double r_km = hypot(zone->x_km - centres[c].x_km, zone->y_km - centres[c].y_km);
            zone->people += centres[c].home_share * clark(r_km, centres[c].home_scale_km);
            zone->jobs += centres[c].job_share * clark(r_km, centres[c].job_scale_km);
        }
        zone->people *= sim_draw_lognormal(stream, 1.0, home_sigma);
        people += zone->people;
        jobs += zone->jobs;
    }
    double local_jobs = 1.0 - job_main_share - subcentre_share;
    for (uint32_t i = 0; i < land->zone_count; i++) {
        struct sim_land_zone *zone = &land->zones[i];
        zone->jobs = (1.0 - local_jobs) * zone->jobs / jobs + local_jobs * zone->people / people;
        zone->leisure = (0.5 * zone->jobs + 0.5 * zone->people / people)
            * sim_draw_lognormal(stream, 1.0, leisure_sigma);
        leisure += zone->leisure;
    }
    for (uint32_t i = 0; i < land->zone_count; i++) {
        land->zones[i].people *= population / people;
        land->zones[i].leisure /= leisure;
    }
}

static void lay_out(struct sim_land *land)
{
    uint32_t *cell = land->zone_of_cell;
    for (int32_t iy = -land->half; iy <= land->half; iy++) {
        for (int32_t ix = -land->half; ix <= land->half; ix++) {
            double x_km = ix * land->zone_km, y_km = iy * land->zone_km;
            *cell = HB_NONE;
            if (x_km * x_km + y_km * y_km <= land->radius_km * land->radius_km) {
                *cell = land->zone_count;
                land->zones[land->zone_count++] =
                    (struct sim_land_zone) { .x_km = x_km, .y_km = y_km };
            }
            cell++;
        }
    }
}

enum hb_status sim_land_create(
    const struct sim_land_config *config, struct sim_stream *stream, struct sim_land **out)
{
    assert(config->population > 0.0);
    assert(config->zone_km > 0.0);
    struct sim_land *land = calloc(1, sizeof *land);
    if (land == NULL) {
        return HB_ERR_MEMORY;
    }
    land->centre = config->centre;
    land->zone_km = config->zone_km;
    land->scale_km = sqrt(config->population / (2.0 * pi * central_density_km2));
    land->radius_km = fmin(fmax(land->scale_km * radius_scales, radius_km_min), radius_km_max);
    land->half = (int32_t)floor(land->radius_km / land->zone_km);
    size_t side = (size_t)(2 * land->half + 1);
    land->zone_of_cell = calloc(side * side, sizeof *land->zone_of_cell);
    land->zones = calloc(side * side, sizeof *land->zones);
    if (land->zone_of_cell == NULL || land->zones == NULL) {
        sim_land_free(land);
        return HB_ERR_MEMORY;
    }
    lay_out(land);
    use_land(land, config->population, stream);
    *out = land;
    return HB_OK;
}

void sim_land_free(struct sim_land *land)
{
    if (land == NULL) {
        return;
    }
    free(land->zones);
    free(land->zone_of_cell);
    free(land);
}

uint32_t sim_land_zone_at(const struct sim_land *land, double x_km, double y_km)
{
    double ix = floor(x_km / land->zone_km + 0.5), iy = floor(y_km / land->zone_km + 0.5);
    if (!(fabs(ix) <= land->half) || !(fabs(iy) <= land->half)) {
        return HB_NONE;
    }
    size_t side = (size_t)(2 * land->half + 1);
    return land->zone_of_cell[(size_t)((int32_t)iy + land->half) * side
        + (size_t)((int32_t)ix + land->half)];
}

static double wrapped_deg(double lon_deg)
{
    return lon_deg > 180.0 ? lon_deg - 360.0 : lon_deg < -180.0 ? lon_deg + 360.0 : lon_deg;
}

struct hb_point sim_land_point(const struct sim_land *land, double x_km, double y_km)
{
    double east_km_per_deg = km_per_deg * cos(land->centre.lat_deg * pi / 180.0);
    return (struct hb_point) { .lat_deg = land->centre.lat_deg + y_km / km_per_deg,
        .lon_deg = wrapped_deg(land->centre.lon_deg + x_km / east_km_per_deg) };
}

void sim_land_plane(const struct sim_land *land, struct hb_point at, double *x_km, double *y_km)
{
    double east_km_per_deg = km_per_deg * cos(land->centre.lat_deg * pi / 180.0);
    *x_km = wrapped_deg(at.lon_deg - land->centre.lon_deg) * east_km_per_deg;
    *y_km = (at.lat_deg - land->centre.lat_deg) * km_per_deg;
}
