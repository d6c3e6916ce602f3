/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/modes.h"

#include <math.h>

#include "sim/engine/draw.h"

/* Streets against the crow: about 1.3 in cities (Newell 1980: 1.2; grid mean 4/pi = 1.27). */
static const double street_detour = 1.3;
static const double walk_km_max = 3.0;
/* Our round values: parking and the way to the car; walk to a stop and wait. */
static const double car_overhead_s = 360.0, transit_overhead_s = 600.0;
/* Utility of a minute: mode choice models of urban trips find 0.02 to 0.06. */
static const double utility_per_min = -0.05;
/* What car and transit give away to walking at equal time. */
static const double car_constant = -0.2, transit_constant = -0.4;
/* Between cities a traveller weighs hours: station and waiting count for the train. */
static const double rail_overhead_h = 1.25, utility_per_h = -0.9;

static double utility(const struct sim_modes_trip *trip, double crow_km, double constant)
{
    double door_to_door_s = trip->overhead_s + crow_km / trip->speed_km_s;
    return constant + utility_per_min * door_to_door_s / 60.0;
}

struct sim_modes_trip sim_modes_choose(
    const struct sim_world_modes *modes, double crow_km, bool owns_car, struct sim_stream *stream)
{
    const struct sim_modes_trip walk = { .mode = DATA_ACTIVITY_WALK,
        .speed_km_s = modes->walk_km_h / street_detour / 3600.0 };
    const struct sim_modes_trip car = { .mode = DATA_ACTIVITY_CAR,
        .overhead_s = car_overhead_s,
        .speed_km_s = modes->car_km_h / street_detour / 3600.0 };
    const struct sim_modes_trip transit = { .mode = DATA_ACTIVITY_TRANSIT,
        .overhead_s = transit_overhead_s,
        .speed_km_s = modes->transit_km_h / street_detour / 3600.0 };
    double walk_weight = crow_km > walk_km_max ? 0.0 : exp(utility(&walk, crow_km, 0.0));
    double car_weight = owns_car ? exp(utility(&car, crow_km, car_constant)) : 0.0;
    double transit_weight = exp(utility(&transit, crow_km, transit_constant));
    double level = sim_draw_uniform(stream) * (walk_weight + car_weight + transit_weight);
    if (level < walk_weight) {
        return walk;
    }
    return level < walk_weight + car_weight ? car : transit;
}

double sim_modes_drive_share(const struct sim_world_modes *modes, double crow_km)
{
    double drive_h = crow_km / modes->car_intercity_km_h;
    double rail_h = crow_km / modes->rail_km_h + rail_overhead_h;
    return 1.0 / (1.0 + exp(utility_per_h * (rail_h - drive_h)));
}
