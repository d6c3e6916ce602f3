/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/people.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "data/trace_file.h"
#include "sim/run/seen.h"
#include "sim/world/world.h"

enum { at_once_default = 16384 }; /* clients: 7 MB of a day */

static void set_modes(const struct sim_scenario_world *from, struct sim_world_config *to)
{
    to->zone_km = from->zone_km;
    to->worker_share = from->worker_share;
    to->intercity_trips_day = from->intercity_trips_day;
    to->intercity_nights = from->intercity_nights;
    to->law = from->law == 1 ? SIM_WORLD_RADIATION : SIM_WORLD_GRAVITY;
    to->epr.rho = from->rho;
    to->epr.gamma = from->gamma;
    to->epr.beta = from->beta;
    to->epr.tau_h = from->tau_h;
    to->epr.stay_min_h = from->stay_min_h;
    to->gravity_km = from->gravity_km;
    to->epr.alpha = from->alpha;
    to->epr.jump_min_km = from->jump_min_km;
    to->modes.walk_km_h = from->walk_km_h;
    to->modes.car_km_h = from->car_km_h;
    to->modes.transit_km_h = from->transit_km_h;
    to->modes.car_intercity_km_h = from->car_intercity_km_h;
    to->modes.rail_km_h = from->rail_km_h;
    to->modes.air_km_h = from->air_km_h;
    to->modes.car_owner_share = from->car_owner_share;
    to->modes.rail_max_km = from->rail_max_km;
    to->modes.way_place_km = from->way_place_km;
}

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static uint32_t city_index(const struct sim_scenario_world *world, const char *name)
{
    uint32_t index = 0;
    while (index < world->city_count && strcmp(world->cities[index].name, name) != 0) {
        index++;
    }
    assert(index < world->city_count); /* sim/run/rules.c has checked it */
    return index;
}

static void set_places(const struct sim_scenario_world *world, struct sim_world_city *cities,
    struct sim_world_corridor *corridors)
{
    for (size_t i = 0; i < world->city_count; i++) {
        const struct sim_scenario_city *city = &world->cities[i];
        cities[i] = (struct sim_world_city) { .weight = city->weight,
            .query = { .name = city->name, .country = text_or_null(city->country),
                .admin = text_or_null(city->admin) } };
    }
    for (size_t i = 0; i < world->corridor_count; i++) {
        const struct sim_scenario_corridor *corridor = &world->corridors[i];
        bool has_speed = sim_scenario_is_given(corridor->speed_km_h);
        corridors[i] = (struct sim_world_corridor) { .from = city_index(world, corridor->from),
            .to = city_index(world, corridor->to),
            .mode = corridor->mode == SIM_CORRIDOR_CAR ? DATA_ACTIVITY_CAR : DATA_ACTIVITY_RAIL,
            .commuter_share = corridor->commuter_share,
            .speed_km_h = has_speed ? corridor->speed_km_h : 0.0 };
    }
}

/* A world's configuration with the arrays that it borrows. */
struct plan {
    struct sim_world_config config;
    struct sim_world_city *cities;
    struct sim_world_corridor *corridors;
};

static void plan_fini(struct plan *plan)
{
    free(plan->corridors);
    free(plan->cities);
}

static enum hb_status plan_init(struct plan *plan, const struct sim_scenario *scenario,
    const struct sim_people_options *options)
{
    const struct sim_scenario_world *world = &scenario->world;
    assert(scenario->has_world);
    *plan = (struct plan) { .config = sim_world_defaults(),
        .cities = calloc(world->city_count, sizeof *plan->cities),
        .corridors = calloc(world->corridor_count + 1, sizeof *plan->corridors) };
    if (plan->cities == NULL || plan->corridors == NULL) {
        return HB_ERR_MEMORY;
    }
    struct sim_world_config *config = &plan->config;
    int64_t history_s = (int64_t)(world->history_h * 3600.0);
    set_places(world, plan->cities, plan->corridors);
    set_modes(world, config);
    config->cities = plan->cities;
    config->corridors = plan->corridors;
    config->city_count = (uint32_t)world->city_count;
    config->corridor_count = (uint32_t)world->corridor_count;
    config->client_count = world->clients;
    config->threads = options->threads;
    config->seed = options->seed;
    config->interrupt = options->interrupt;
    config->start_unix_s = world->start - history_s;
    config->duration_s = (double)history_s + world->duration_h * 3600.0;
    return HB_OK;
}

enum hb_status sim_people_create(const struct sim_scenario *scenario,
    const struct sim_people_options *options, struct data_problem *problem,
    struct data_trace_store **out)
{
    struct plan plan;
    enum hb_status status = plan_init(&plan, scenario, options);
    if (status == HB_OK) {
        status = sim_world_create(&plan.config, problem, out);
    }
    plan_fini(&plan);
    return status;
}

struct file {
    const char *path;
    const struct sim_scenario *scenario;
    const struct sim_people_options *options;
    struct data_trace_writer *writer; /* NULL before the first part */
    struct sim_people_written written;
};

static enum hb_status append(struct file *file, const struct data_trace *part,
    struct data_problem *problem)
{
    enum hb_status status = HB_OK;
    if (file->writer == NULL) {
        status = data_trace_writer_create(file->path, part, problem, &file->writer);
    }
    if (status == HB_OK) {
        status = data_trace_writer_add(file->writer, part, problem);
    }
    file->written.client_count += part->client_count;
    file->written.visit_count += part->first[part->client_count];
    file->written.place_count = part->place_count;
    return status;
}

static enum hb_status take(void *ctx, const struct data_trace *part, uint32_t first,
    struct data_problem *problem)
{
    struct file *file = ctx;
    if (!file->options->is_seen_only) {
        return append(file, part, problem);
    }
    struct sim_seen_config config = { .scenario = file->scenario, .seed = file->options->seed,
        .origin_s = (uint32_t)(file->scenario->world.history_h * 3600.0), .first = first };
    struct data_trace_store *seen = NULL;
    enum hb_status status = sim_seen_create(&config, part, &seen);
    if (status == HB_OK) {
        status = append(file, data_trace_view(seen), problem);
    }
    data_trace_free(seen);
    return status;
}

enum hb_status sim_people_write(const struct sim_scenario *scenario,
    const struct sim_people_options *options, const char *path, struct data_problem *problem,
    struct sim_people_written *out)
{
    struct plan plan;
    struct file file = { .path = path, .scenario = scenario, .options = options };
    enum hb_status status = plan_init(&plan, scenario, options);
    if (status == HB_OK) {
        uint32_t at_once = options->clients_at_once;
        struct sim_world_sink sink = { .take = take, .ctx = &file,
            .client_max = at_once > 0 ? at_once : at_once_default };
        status = sim_world_walk(&plan.config, &sink, problem);
    }
    if (status == HB_OK) {
        status = data_trace_writer_commit(file.writer, problem);
        file.writer = NULL;
    }
    data_trace_writer_free(file.writer);
    plan_fini(&plan);
    if (status == HB_OK) {
        *out = file.written;
    }
    return status;
}
