/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/walker.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "data/grow.h"

/* Zones left sooner than this are not worth a visit. */
static const double visit_s_min = 60.0;
/* Round values of airlines' advice and schedules: at the airport before and
 * after a flight; taxi, climb and approach against cruising the distance. */
static const double airport_before_s = 5400.0, airport_after_s = 1800.0;
static const double flight_overhead_s = 1800.0;

static void write_visit(struct sim_walker *walker, enum data_activity activity)
{
    struct sim_walker_log *log = walker->log;
    if (sim_walker_is_done(walker) || log->failed) {
        return;
    }
    uint32_t start_s = walker->at_s > 0.0 ? (uint32_t)walker->at_s : 0;
    walker->written_s = walker->at_s;
    if (log->len > walker->first && log->visits[log->len - 1].start_s == start_s) {
        log->len--; /* a visit of no length */
    }
    if (log->len > walker->first && log->visits[log->len - 1].place == walker->place
        && log->visits[log->len - 1].activity == activity) {
        return;
    }
    struct data_visit *grown = data_grow(log->visits, log->len, &log->capacity,
        sizeof *log->visits);
    if (grown == NULL) {
        log->failed = true;
        return;
    }
    log->visits = grown;
    log->visits[log->len++] = (struct data_visit) { .start_s = start_s,
        .place = walker->place & DATA_NOWHERE,
        .activity = (uint32_t)activity & 63u };
}

void sim_walker_place(struct sim_walker *walker, uint32_t city, uint32_t zone)
{
    const struct sim_model_city *there = &walker->model->cities[city];
    assert(zone < there->land->zone_count);
    walker->city = city;
    walker->place = there->first_zone + zone;
    walker->x_km = there->land->zones[zone].x_km;
    walker->y_km = there->land->zones[zone].y_km;
}

bool sim_walker_is_done(const struct sim_walker *walker)
{
    return walker->at_s >= walker->model->end_s;
}

void sim_walker_stay(struct sim_walker *walker, enum data_activity activity, double until_s)
{
    write_visit(walker, activity);
    walker->at_s = fmax(walker->at_s, until_s);
}

static double factor_here(const struct sim_walker *walker, enum data_activity mode)
{
    const struct sim_world_config *config = walker->model->config;
    if (config->conditions.speed_factor == NULL) {
        return 1.0;
    }
    double factor = config->conditions.speed_factor(config->conditions.ctx, walker->place,
        config->start_unix_s + (int64_t)floor(walker->at_s), mode);
    assert(factor > 0.0);
    return factor;
}

/* Kilometres to the next border of cells of zone_km, along one axis with
 * direction cosine step; cells have their middles at the multiples of zone_km. */
static double to_border_km(double position_km, double zone_km, double step)
{
    if (step > 0.0) {
        return ((floor(position_km / zone_km + 0.5) + 0.5) * zone_km - position_km) / step;
    }
    if (step < 0.0) {
        return ((ceil(position_km / zone_km - 0.5) - 0.5) * zone_km - position_km) / step;
    }
    return HUGE_VAL;
}

static void go_straight(
    struct sim_walker *walker, double x_km, double y_km, const struct sim_modes_trip *trip)
{
    const struct sim_model_city *city = &walker->model->cities[walker->city];
    double left_km = hypot(x_km - walker->x_km, y_km - walker->y_km);
    double step_x = (x_km - walker->x_km) / left_km, step_y = (y_km - walker->y_km) / left_km;
    while (left_km > 0.0 && !sim_walker_is_done(walker)) {
        double border_km = fmin(to_border_km(walker->x_km, city->land->zone_km, step_x),
            to_border_km(walker->y_km, city->land->zone_km, step_y));
        /* A little beyond the border, so that the next zone is that beyond it. */
        double move_km = fmin(border_km + 1e-6, left_km);
        walker->at_s += move_km / (trip->speed_km_s * factor_here(walker, trip->mode));
        walker->x_km += move_km * step_x;
        walker->y_km += move_km * step_y;
        left_km -= move_km;
        uint32_t zone = sim_land_zone_at(city->land, walker->x_km, walker->y_km);
        if (left_km > 0.0 && zone != HB_NONE && walker->at_s - walker->written_s >= visit_s_min) {
            walker->place = city->first_zone + zone;
            write_visit(walker, trip->mode);
        }
    }
}

void sim_walker_go(struct sim_walker *walker, uint32_t zone, const struct sim_modes_trip *trip)
{
    const struct sim_model_city *city = &walker->model->cities[walker->city];
    assert(zone < city->land->zone_count);
    if (walker->place == city->first_zone + zone) {
        return;
    }
    write_visit(walker, trip->mode);
    walker->at_s += trip->overhead_s;
    go_straight(walker, city->land->zones[zone].x_km, city->land->zones[zone].y_km, trip);
    sim_walker_place(walker, walker->city, zone);
}

static uint32_t other_end(const struct sim_walker *walker, uint32_t link)
{
    const struct sim_link *way = &walker->model->links->links[link];
    assert(walker->city == way->from || walker->city == way->to);
    return walker->city == way->from ? way->to : way->from;
}

static void arrive_in_centre(struct sim_walker *walker, uint32_t city)
{
    uint32_t centre = sim_land_zone_at(walker->model->cities[city].land, 0.0, 0.0);
    assert(centre != HB_NONE);
    sim_walker_place(walker, city, centre);
}

void sim_walker_ride(
    struct sim_walker *walker, uint32_t link, enum data_activity mode, double speed_km_h)
{
    const struct sim_link *way = &walker->model->links->links[link];
    uint32_t goal = other_end(walker, link);
    bool forward = walker->city == way->from;
    double step_s = way->km / (way->place_count + 1) / speed_km_h * 3600.0;
    write_visit(walker, mode);
    for (uint32_t k = 0; k < way->place_count && !sim_walker_is_done(walker); k++) {
        walker->at_s += step_s / factor_here(walker, mode);
        walker->place = way->first_place + (forward ? k : way->place_count - 1 - k);
        write_visit(walker, mode);
    }
    walker->at_s += step_s / factor_here(walker, mode);
    arrive_in_centre(walker, goal);
}

void sim_walker_fly(
    struct sim_walker *walker, uint32_t link, const struct sim_modes_trip *trip_to_airport)
{
    const struct sim_model *model = walker->model;
    const struct sim_model_city *here = &model->cities[walker->city];
    uint32_t goal = other_end(walker, link);
    write_visit(walker, trip_to_airport->mode);
    walker->at_s += trip_to_airport->overhead_s;
    go_straight(walker, here->airport_x_km, here->airport_y_km, trip_to_airport);
    walker->place = here->airport_place;
    sim_walker_stay(walker, DATA_ACTIVITY_AIR, walker->at_s + airport_before_s);
    double flight_s =
        flight_overhead_s + model->links->links[link].km / model->config->modes.air_km_h * 3600.0;
    walker->place = DATA_NOWHERE;
    sim_walker_stay(walker, DATA_ACTIVITY_AIR, walker->at_s + flight_s);
    const struct sim_model_city *there = &model->cities[goal];
    walker->city = goal;
    walker->place = there->airport_place;
    walker->x_km = there->airport_x_km;
    walker->y_km = there->airport_y_km;
    sim_walker_stay(walker, DATA_ACTIVITY_AIR, walker->at_s + airport_after_s);
}
