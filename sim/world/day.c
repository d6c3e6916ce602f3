/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/day.h"

#include <math.h>

#include "core/units.h"
#include "sim/engine/draw.h"

static const double day_s = 86400.0, hour_s = 3600.0;
static const double day_start_s = 3.0 * 3600.0; /* when hardly anyone is up */

/* Ours, round: minutes between getting up and leaving for work, and hours there. */
static const double breakfast_min_s = 1800.0, breakfast_max_s = 4500.0;
static const double work_mean_s = 8.5 * 3600.0, work_sd_s = 2700.0;
static const double lunch_out_chance = 0.4, lunch_s = 2700.0, lunch_km_max = 2.0;
static const double detour_chance = 0.4; /* another place between work and home */
/* Ours: after a stay at home to go out. With sim_person_turns_home it leaves 60 % at home on a
 * Sunday noon and two thirds on a weekday's late evening. Where to, and for how long, is EPR's. */
static const double out_chance = 0.4;
/* The way to the platform, and what a traveller allows for. */
static const double station_wait_s = 600.0;
/* Journeys: a day trip must leave five hours there. */
static const double day_trip_chance = 0.5, day_trip_way_s_max = 3.5 * 3600.0;

struct life {
    const struct sim_model *model;
    struct sim_person person;
    struct sim_walker walker;
    struct sim_stream activity, trip;
    struct sim_epr at_home, away;
    uint32_t base_city, base_zone;
    uint32_t nights_left; /* of a journey, after the coming one */
    uint32_t link; /* of the journey */
};

static double local_s(const struct life *life, double at_s)
{
    return (double)life->model->config->start_unix_s + at_s
        + life->model->cities[life->walker.city].utc_offset_s;
}

/* The day (since 1970) that is lived here and now. */
static double today(const struct life *life)
{
    return floor((local_s(life, life->walker.at_s) - day_start_s) / day_s);
}

/* Scenario time of a time of day here. */
static double clock_s(const struct life *life, double day, double time_of_day_s)
{
    return day * day_s + time_of_day_s - local_s(life, 0.0);
}

static bool is_away(const struct life *life)
{
    return life->base_city != life->person.home_city;
}

static uint32_t zone_here(const struct life *life)
{
    return life->walker.place - life->model->cities[life->walker.city].first_zone;
}

static void go(struct life *life, uint32_t zone)
{
    const struct sim_land *land = life->model->cities[life->walker.city].land;
    double km = hypot(
        land->zones[zone].x_km - life->walker.x_km, land->zones[zone].y_km - life->walker.y_km);
    bool has_car = life->person.owns_car && !is_away(life);
    struct sim_modes_trip trip =
        sim_modes_choose(&life->model->config->modes, km, has_car, &life->trip);
    sim_walker_go(&life->walker, zone, &trip);
}

/* The next place by exploration and preferential return. */
static uint32_t next_zone(struct life *life)
{
    struct sim_epr *memory =
        life->walker.city == life->person.home_city ? &life->at_home : &life->away;
    uint32_t here = zone_here(life), next = HB_NONE;
    if (!sim_epr_explores(memory, &life->model->config->epr, &life->activity)) {
        next = sim_epr_return(memory, here, &life->activity);
    }
    if (next == HB_NONE) {
        next = sim_person_discovery(life->model, life->walker.city, here, &life->activity);
    }
    sim_epr_visit(memory, next, 1);
    return next;
}

/* Free time: stays and moves until until_s. */
static void roam(struct life *life, double until_s)
{
    struct sim_walker *walker = &life->walker;
    while (walker->at_s < until_s && !sim_walker_is_done(walker)) {
        bool at_base = walker->city == life->base_city && zone_here(life) == life->base_zone;
        double stay_s = sim_epr_stay_s(&life->model->config->epr, &life->activity);
        sim_walker_stay(walker, at_base ? DATA_ACTIVITY_HOME : DATA_ACTIVITY_LEISURE,
            fmin(walker->at_s + stay_s, until_s));
        if (walker->at_s >= until_s || (at_base && !sim_draw_chance(&life->activity, out_chance))) {
            continue;
        }
        bool returns = !at_base && walker->city == life->base_city
            && sim_person_turns_home(&life->activity);
        go(life, returns ? life->base_zone : next_zone(life));
    }
}

/* To a zone of the city at the other end of a link. mode: AIR, RAIL or CAR. */
static void travel(
    struct life *life, uint32_t link, enum data_activity mode, double speed_km_h, uint32_t zone)
{
    const struct sim_world_modes *modes = &life->model->config->modes;
    struct sim_walker *walker = &life->walker;
    if (mode == DATA_ACTIVITY_AIR) {
        const struct sim_model_city *city = &life->model->cities[walker->city];
        double km = hypot(city->airport_x_km - walker->x_km, city->airport_y_km - walker->y_km);
        struct sim_modes_trip trip = sim_modes_choose(modes, km, false, &life->trip);
        sim_walker_fly(walker, link, &trip);
    } else {
        uint32_t centre = sim_land_zone_at(life->model->cities[walker->city].land, 0.0, 0.0);
        if (mode == DATA_ACTIVITY_RAIL) {
            go(life, centre);
            sim_walker_stay(walker, mode, walker->at_s + station_wait_s);
        } else {
            const struct sim_modes_trip drive = { .mode = mode,
                .speed_km_s = modes->car_km_h / hour_s };
            sim_walker_go(walker, centre, &drive);
        }
        sim_walker_ride(walker, link, mode, speed_km_h);
    }
    go(life, zone);
}

/* How one goes along a journey's link; the same way out and back. */
static enum data_activity journey_mode(const struct life *life, double *speed_km_h)
{
    const struct sim_world_modes *modes = &life->model->config->modes;
    const struct sim_link *link = &life->model->links->links[life->link];
    if (link->by_air) {
        *speed_km_h = modes->air_km_h;
        return DATA_ACTIVITY_AIR;
    }
    bool drives =
        life->person.owns_car && life->person.drive_level < sim_modes_drive_share(modes, link->km);
    *speed_km_h = drives ? modes->car_intercity_km_h : modes->rail_km_h;
    return drives ? DATA_ACTIVITY_CAR : DATA_ACTIVITY_RAIL;
}

static void journey(struct life *life, uint32_t zone)
{
    double speed_km_h = 0.0;
    enum data_activity mode = journey_mode(life, &speed_km_h);
    travel(life, life->link, mode, speed_km_h, zone);
}

static void go_home(struct life *life)
{
    journey(life, life->person.home_zone);
    life->base_city = life->person.home_city;
    life->base_zone = life->person.home_zone;
}

/* Chooses where to, and how long: nights beyond the first, or 0 with day_trip. */
static uint32_t plan_journey(struct life *life)
{
    const struct sim_links *links = life->model->links;
    const struct sim_partner *partners =
        &links->partners[(size_t)life->person.home_city * SIM_LINKS_PARTNERS_MAX];
    double level = sim_draw_uniform(&life->trip);
    uint32_t k = 0;
    while (
        k + 1 < links->partner_counts[life->person.home_city] && partners[k].share_sum <= level) {
        k++;
    }
    life->link = partners[k].link;
    double more = life->model->config->intercity_nights - 1.0;
    life->nights_left =
        more > 0.0 ? (uint32_t)fmin(sim_draw_exponential(&life->trip, more), 1e3) : 0;
    return partners[k].city;
}

static void settle(struct life *life, uint32_t city)
{
    life->base_city = city;
    life->base_zone = sim_commute_any_work(life->model->cities[city].commute, &life->trip);
    life->away.len = 0;
    life->away.visits = 0;
    sim_epr_visit(&life->away, life->base_zone, 2);
}

static void start_journey(struct life *life, double day)
{
    struct sim_walker *walker = &life->walker;
    uint32_t city = plan_journey(life);
    double speed_km_h = 0.0;
    enum data_activity mode = journey_mode(life, &speed_km_h);
    double way_s = life->model->links->links[life->link].km / speed_km_h * hour_s;
    bool day_trip = mode != DATA_ACTIVITY_AIR && way_s <= day_trip_way_s_max
        && sim_draw_chance(&life->trip, day_trip_chance);
    double leave_s = clock_s(life, day,
        day_trip ? 7.5 * hour_s : sim_draw_between(&life->trip, 7.0 * hour_s, 17.0 * hour_s));
    sim_walker_stay(walker, DATA_ACTIVITY_HOME, leave_s);
    settle(life, city);
    journey(life, life->base_zone);
    if (day_trip) {
        roam(life, clock_s(life, day, sim_draw_between(&life->trip, 16.0, 19.0) * hour_s));
        go_home(life);
    }
}

static void commute(struct life *life, uint32_t zone)
{
    if (life->person.corridor == HB_NONE) {
        go(life, zone);
        return;
    }
    const struct sim_world_config *config = life->model->config;
    const struct sim_world_corridor *corridor = &config->corridors[life->person.corridor];
    double usual_km_h = corridor->mode == DATA_ACTIVITY_RAIL ? config->modes.rail_km_h
                                                             : config->modes.car_intercity_km_h;
    travel(life, sim_links_find(life->model->links, corridor->from, corridor->to), corridor->mode,
        corridor->speed_km_h > 0.0 ? corridor->speed_km_h : usual_km_h, zone);
}

static void work(struct life *life)
{
    struct sim_walker *walker = &life->walker;
    struct sim_stream *stream = &life->activity;
    sim_walker_stay(walker, DATA_ACTIVITY_HOME,
        walker->at_s + sim_draw_between(stream, breakfast_min_s, breakfast_max_s));
    commute(life, life->person.work_zone);
    double work_s = fmax(sim_draw_normal(stream, work_mean_s, work_sd_s), 4.0 * hour_s);
    double leave_s = walker->at_s + work_s;
    if (sim_draw_chance(stream, lunch_out_chance)) {
        sim_walker_stay(walker, DATA_ACTIVITY_WORK, walker->at_s + 0.45 * work_s);
        const struct sim_land *land = life->model->cities[walker->city].land;
        double r_km = sim_draw_between(stream, 0.0, lunch_km_max);
        double bearing = sim_draw_between(stream, 0.0, 6.283185307179586);
        uint32_t zone = sim_land_zone_at(
            land, walker->x_km + r_km * cos(bearing), walker->y_km + r_km * sin(bearing));
        if (zone != HB_NONE) {
            go(life, zone);
            sim_walker_stay(walker, DATA_ACTIVITY_LEISURE, walker->at_s + lunch_s);
            go(life, life->person.work_zone);
        }
    }
    sim_walker_stay(walker, DATA_ACTIVITY_WORK, leave_s);
    if (life->person.corridor == HB_NONE && sim_draw_chance(stream, detour_chance)) {
        go(life, next_zone(life));
        sim_walker_stay(walker, DATA_ACTIVITY_LEISURE,
            walker->at_s + sim_draw_between(stream, 0.5, 2.0) * hour_s);
        go(life, life->person.home_zone);
    } else {
        commute(life, life->person.home_zone);
    }
}

static bool is_workday(double day)
{
    double weekday = fmod(fmod(day + 4.0, 7.0) + 7.0, 7.0); /* 1970-01-01: a Thursday; 0: Sunday */
    return weekday > 0.5 && weekday < 5.5;
}

static void live_day(struct life *life)
{
    struct sim_walker *walker = &life->walker;
    double day = today(life);
    double early_s = clock_s(life, day, life->person.wake_s);
    double bed_s = clock_s(life, day, life->person.bed_s);
    sim_walker_stay(
        walker, DATA_ACTIVITY_HOME, early_s + sim_draw_normal(&life->activity, 0.0, 900.0));
    double trips_day = life->model->links->partner_counts[life->person.home_city] > 0
        ? life->model->config->intercity_trips_day
        : 0.0;
    if (is_away(life) && life->nights_left == 0) {
        roam(life, clock_s(life, day, sim_draw_between(&life->trip, 9.0, 18.0) * hour_s));
        go_home(life);
    } else if (is_away(life)) {
        life->nights_left--;
        roam(life, bed_s);
    } else if (sim_draw_chance(&life->trip, trips_day)) {
        start_journey(life, day);
    } else if (life->person.works && is_workday(day)) {
        work(life);
        roam(life, bed_s);
    } else {
        roam(life, bed_s);
    }
    if (zone_here(life) != life->base_zone) {
        go(life, life->base_zone);
    }
    /* Whoever comes in by the morning has slept on the way; else to bed until the day's end. */
    double here = today(life);
    double until_s = here > day && local_s(life, walker->at_s) - here * day_s > 5.0 * hour_s
        ? walker->at_s
        : clock_s(life, here + 1.0, day_start_s);
    sim_walker_stay(walker, DATA_ACTIVITY_HOME, until_s);
}

/* Somebody is on a journey at any time: the share r n / (1 + r n) of r a day, n nights. */
static void start_away(struct life *life)
{
    const struct sim_world_config *config = life->model->config;
    double nights = config->intercity_trips_day * config->intercity_nights;
    if (life->model->links->partner_counts[life->person.home_city] == 0
        || !sim_draw_chance(&life->trip, nights / (1.0 + nights))) {
        return;
    }
    uint32_t city = plan_journey(life);
    settle(life, city);
    sim_walker_place(&life->walker, city, life->base_zone);
}

void sim_day_live(
    const struct sim_model *model, uint32_t city, uint32_t number, struct sim_walker_log *log)
{
    uint64_t entity = sim_person_entity(model, city, number);
    struct life life = { .model = model,
        .person = sim_person_of(model, city, number),
        .walker = { .model = model, .log = log, .first = log->len, .written_s = -HUGE_VAL },
        .activity = sim_stream_of(model->config->seed, SIM_STREAM_ACTIVITY, entity),
        .trip = sim_stream_of(model->config->seed, SIM_STREAM_TRIP, entity),
        .base_city = city };
    life.base_zone = life.person.home_zone;
    sim_person_remember(model, &life.person, &life.activity, &life.at_home);
    sim_walker_place(&life.walker, city, life.base_zone);
    start_away(&life);
    /* From the last 3:00 before the start on, so that the start finds everyone about. */
    life.walker.at_s = clock_s(&life, today(&life), day_start_s);
    while (!sim_walker_is_done(&life.walker) && !log->failed) {
        live_day(&life);
    }
}
