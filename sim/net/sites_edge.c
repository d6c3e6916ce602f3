/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "sim/net/sites.h"

static const double pi = 3.14159265358979323846;
static const double km_per_deg = 111.19508; /* of a great circle, core/geo.h's radius */

double sim_sites_city_radius_km(double population)
{
    static const double people_per_km2 = 4000.0; /* Demographia, World Urban Areas 2023, R */
    return fmax(2.0, sqrt(population / people_per_km2 / pi));
}

/* The k-th of count on Vogel's sunflower: radius R sqrt(k / count), k golden
 * angles round; the first stands in the centre. */
static void spiral(const struct sim_sites_city *city, struct hb_point *out, uint32_t count)
{
    static const double golden_angle = 2.399963229728653;
    double radius_deg = sim_sites_city_radius_km(city->population) / km_per_deg;
    double narrow = fmax(0.05, cos(city->at.lat_deg * pi / 180.0));
    for (uint32_t k = 0; k < count; k++) {
        double r = radius_deg * sqrt((double)k / count), angle = golden_angle * k;
        double lon_deg = city->at.lon_deg + r * sin(angle) / narrow;
        out[k].lat_deg = fmin(90.0, fmax(-90.0, city->at.lat_deg + r * cos(angle)));
        out[k].lon_deg = remainder(lon_deg, 360.0);
    }
}

static uint32_t nearest(const struct hb_point *sites, uint32_t count, struct hb_point at)
{
    uint32_t best = 0;
    double best_km = hb_geo_distance_km(sites[0], at);
    for (uint32_t k = 1; k < count; k++) {
        double km = hb_geo_distance_km(sites[k], at);
        best = km < best_km ? k : best;
        best_km = fmin(km, best_km);
    }
    return best;
}

/* One round: every site moves to the mean of the places nearest to it. */
static void divide(const struct sim_sites_city *city, struct hb_point *sites, uint32_t count)
{
    double lat[SIM_SITES_PER_CITY_MAX] = { 0 }, lon[SIM_SITES_PER_CITY_MAX] = { 0 };
    uint32_t places[SIM_SITES_PER_CITY_MAX] = { 0 };
    for (size_t i = 0; i < city->place_count; i++) {
        if (city->places[i].region == city->region) {
            uint32_t k = nearest(sites, count, city->places[i].at);
            lat[k] += city->places[i].at.lat_deg - city->at.lat_deg;
            lon[k] += remainder(city->places[i].at.lon_deg - city->at.lon_deg, 360.0);
            places[k]++;
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        if (places[k] > 0) {
            sites[k].lat_deg = city->at.lat_deg + lat[k] / places[k];
            sites[k].lon_deg = remainder(city->at.lon_deg + lon[k] / places[k], 360.0);
        }
    }
}

/* Each site to the nearest place of the city that no earlier site has taken. */
static void snap(const struct sim_sites_city *city, struct hb_point *sites, uint32_t count)
{
    size_t taken[SIM_SITES_PER_CITY_MAX];
    for (uint32_t k = 0; k < count; k++) {
        size_t best = SIZE_MAX;
        double best_km = INFINITY;
        for (size_t i = 0; i < city->place_count; i++) {
            double km = hb_geo_distance_km(city->places[i].at, sites[k]);
            int is_free = city->places[i].region == city->region;
            for (uint32_t j = 0; j < k; j++) {
                is_free = is_free && taken[j] != i;
            }
            best = is_free && km < best_km ? i : best;
            best_km = is_free ? fmin(km, best_km) : best_km;
        }
        taken[k] = best;
        sites[k] = best == SIZE_MAX ? sites[k] : city->places[best].at;
    }
}

void sim_sites_edge_points(const struct sim_sites_city *city, uint32_t count,
    struct hb_point *out)
{
    spiral(city, out, count);
    for (int round = 0; round < 16 && city->place_count > 0; round++) {
        divide(city, out, count);
    }
    snap(city, out, count);
}
