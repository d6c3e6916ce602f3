/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/person.h"

#include <math.h>

#include "sim/engine/draw.h"

/* People get up around 6:45 and go to bed around 23:00 (time use surveys: within
 * half an hour of that in most countries), each with a habit of their own. */
static const double wake_mean_s = 6.75 * 3600.0, wake_sd_s = 2700.0;
static const double bed_mean_s = 23.0 * 3600.0, bed_sd_s = 2700.0;
/* Ours: after a stay elsewhere. In German cities seven trips in eight start or end at home
 * (mobilogisch 2/2016); with 0.7, more than eight in ten do here. */
static const double turn_home_chance = 0.7;

enum {
    remembered_nights = 30,
    remembered_moves = 60,
    candidate_count = 3, /* of an exploration */
};

uint64_t sim_person_entity(const struct sim_model *model, uint32_t city, uint32_t number)
{
    return (uint64_t)model->cities[city].row->geoname_id << 32 | number;
}

/* Clips a normal draw to two and a half sd, so that nobody gets up at night. */
static double habit_s(struct sim_stream *stream, double mean_s, double sd_s)
{
    double draw_s = sim_draw_normal(stream, mean_s, sd_s);
    return fmin(fmax(draw_s, mean_s - 2.5 * sd_s), mean_s + 2.5 * sd_s);
}

/* Whether, and along which corridor, a worker of city works elsewhere. */
static uint32_t draw_corridor(
    const struct sim_world_config *config, uint32_t city, struct sim_stream *stream)
{
    double level = sim_draw_uniform(stream);
    for (uint32_t i = 0; i < config->corridor_count; i++) {
        if (config->corridors[i].from == city) {
            level -= config->corridors[i].commuter_share;
            if (level < 0.0) {
                return i;
            }
        }
    }
    return HB_NONE;
}

struct sim_person sim_person_of(const struct sim_model *model, uint32_t city, uint32_t number)
{
    const struct sim_world_config *config = model->config;
    uint64_t entity = sim_person_entity(model, city, number);
    struct sim_stream home = sim_stream_of(config->seed, SIM_STREAM_HOME, entity);
    struct sim_stream work = sim_stream_of(config->seed, SIM_STREAM_WORK, entity);
    struct sim_person person = { .home_city = city,
        .home_zone = sim_commute_home(model->cities[city].commute, &home),
        .owns_car = sim_draw_chance(&home, config->modes.car_owner_share),
        .wake_s = habit_s(&home, wake_mean_s, wake_sd_s),
        .bed_s = habit_s(&home, bed_mean_s, bed_sd_s),
        .drive_level = sim_draw_uniform(&home),
        .works = sim_draw_chance(&work, config->worker_share),
        .work_city = city,
        .corridor = draw_corridor(config, city, &work) };
    if (person.corridor == HB_NONE) {
        person.work_zone = sim_commute_work(model->cities[city].commute, person.home_zone, &work);
    } else {
        person.work_city = config->corridors[person.corridor].to;
        person.work_zone = sim_commute_any_work(model->cities[person.work_city].commute, &work);
    }
    return person;
}

uint32_t sim_person_discovery(
    const struct sim_model *model, uint32_t city, uint32_t from_zone, struct sim_stream *stream)
{
    const struct sim_land *land = model->cities[city].land;
    uint32_t zones[candidate_count];
    double sums[candidate_count], total = 0.0;
    const struct sim_land_zone *from = &land->zones[from_zone];
    for (uint32_t i = 0; i < candidate_count; i++) {
        double r_km = sim_epr_jump_km(&model->config->epr, land->radius_km, stream);
        double bearing = sim_draw_between(stream, 0.0, 6.283185307179586);
        zones[i] = sim_land_zone_at(
            land, from->x_km + r_km * cos(bearing), from->y_km + r_km * sin(bearing));
        total += zones[i] == HB_NONE ? 0.0 : land->zones[zones[i]].leisure;
        sums[i] = total;
    }
    double level = sim_draw_uniform(stream) * total;
    for (uint32_t i = 0; i < candidate_count; i++) {
        if (level < sums[i]) {
            return zones[i];
        }
    }
    return from_zone;
}

bool sim_person_turns_home(struct sim_stream *stream)
{
    return sim_draw_chance(stream, turn_home_chance);
}

void sim_person_remember(const struct sim_model *model, const struct sim_person *person,
    struct sim_stream *stream, struct sim_epr *epr)
{
    epr->len = 0;
    epr->visits = 0;
    sim_epr_visit(epr, person->home_zone, remembered_nights);
    uint32_t at = person->home_zone;
    for (uint32_t move = 0; move < remembered_moves; move++) {
        uint32_t next = sim_epr_explores(epr, &model->config->epr, stream)
            ? sim_person_discovery(model, person->home_city, at, stream)
            : sim_epr_return(epr, at, stream);
        if (next != HB_NONE && next != at) {
            sim_epr_visit(epr, next, 1);
            at = sim_person_turns_home(stream) ? person->home_zone : next;
        }
    }
}
