/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "data/latency.h"
#include "data/trace_file.h"
#include "sim/engine/draw.h"
#include "sim/engine/stream.h"
#include "sim/run/ground.h"
#include "sim/run/trained.h"
#include "sim/world/world.h"

static const double study_h_max = 8784.0; /* a leap year; rows count hours in 16 bits */

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
    to->epr.alpha = from->alpha;
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

static enum hb_status generate(struct sim_stage *stage, const struct sim_stage_options *options,
    struct data_problem *problem)
{
    const struct sim_scenario_world *world = &stage->scenario->world;
    struct sim_world_city *cities = calloc(world->city_count, sizeof *cities);
    struct sim_world_corridor *corridors = calloc(world->corridor_count + 1, sizeof *corridors);
    enum hb_status status = HB_ERR_MEMORY;
    if (cities != NULL && corridors != NULL) {
        set_places(world, cities, corridors);
        int64_t history_s = (int64_t)(world->history_h * 3600.0);
        struct sim_world_config config = sim_world_defaults();
        set_modes(world, &config);
        config.cities = cities;
        config.corridors = corridors;
        config.city_count = (uint32_t)world->city_count;
        config.corridor_count = (uint32_t)world->corridor_count;
        config.client_count = world->clients;
        config.threads = options->threads;
        config.seed = stage->seed;
        config.interrupt = stage->interrupt;
        config.start_unix_s = world->start - history_s;
        config.duration_s = (double)history_s + world->duration_h * 3600.0;
        status = sim_world_create(&config, problem, &stage->store);
        stage->origin_s = (uint32_t)history_s;
    }
    free(corridors);
    free(cities);
    return status;
}

static enum hb_status read_trace(struct sim_stage *stage, struct data_problem *problem)
{
    const struct sim_scenario_trace *trace = &stage->scenario->trace;
    enum hb_status status = data_trace_file_read(trace->file, problem, &stage->store);
    if (status == HB_OK) {
        stage->origin_s = (uint32_t)(trace->from_h * 3600.0);
    }
    return status;
}

static enum hb_status bound(struct sim_stage *stage, struct data_problem *problem)
{
    const struct sim_scenario *scenario = stage->scenario;
    stage->trace = data_trace_view(stage->store);
    stage->client_count = stage->trace->client_count;
    stage->end_s = stage->trace->end_s;
    if (!scenario->has_world && scenario->trace.clients < stage->client_count) {
        stage->client_count = scenario->trace.clients;
    }
    if (stage->origin_s >= stage->end_s) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: from_h=\"%g\": expected less than the trace's %g h", scenario->trace.at,
            scenario->trace.from_h, stage->trace->end_s / 3600.0);
    }
    if (!scenario->has_world && sim_scenario_is_given(scenario->trace.duration_h)) {
        double end_s = stage->origin_s + scenario->trace.duration_h * 3600.0;
        stage->end_s = end_s < stage->end_s ? (uint32_t)end_s : stage->end_s;
    }
    double study_h = (stage->end_s - stage->origin_s) / 3600.0;
    if (study_h > study_h_max) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: a study of %.0f h: expected at most %.0f h; from_h and duration_h choose a part",
            scenario->has_world ? scenario->name : scenario->trace.at, study_h, study_h_max);
    }
    return HB_OK;
}

/* Where a client is at the start, or first after it: whose resolvers it uses. */
static enum hb_status settle_clients(struct sim_stage *stage)
{
    stage->regions = calloc(stage->client_count, sizeof *stage->regions);
    stage->consents = calloc(stage->client_count, sizeof *stage->consents);
    if (stage->regions == NULL || stage->consents == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t client = 0; client < stage->client_count; client++) {
        uint64_t end = stage->trace->first[client + 1];
        uint64_t visit = data_trace_visit_at(stage->trace, client, stage->origin_s);
        visit = visit == UINT64_MAX ? stage->trace->first[client] : visit;
        for (; visit < end; visit++) {
            uint32_t place = stage->trace->visits[visit].place;
            uint32_t region = place != DATA_NOWHERE ? stage->map.places[place].region : HB_NONE;
            if (region != HB_NONE) {
                stage->regions[client] = region;
                break;
            }
        }
    }
    return HB_OK;
}

enum hb_status sim_stage_create(const struct sim_scenario *scenario,
    const struct sim_stage_options *options, struct data_problem *problem,
    struct sim_stage **out)
{
    struct sim_stage *stage = calloc(1, sizeof *stage);
    if (stage == NULL) {
        return HB_ERR_MEMORY;
    }
    stage->scenario = scenario;
    stage->interrupt = options->interrupt;
    stage->seed = sim_stream_replica_seed(options->seed, options->replication);
    enum hb_status status = scenario->has_world ? generate(stage, options, problem)
                                                : read_trace(stage, problem);
    if (status == HB_OK) {
        status = bound(stage, problem);
    }
    if (status == HB_OK) {
        status = sim_ground_sites(stage, problem);
    }
    if (status == HB_OK) {
        status = settle_clients(stage);
    }
    if (status == HB_OK) {
        status = sim_trained_read(scenario, stage->trace->place_count, problem, &stage->trained);
    }
    if (status != HB_OK) {
        sim_stage_free(stage);
        return status;
    }
    *out = stage;
    return HB_OK;
}

void sim_stage_free(struct sim_stage *stage)
{
    if (stage == NULL) {
        return;
    }
    sim_trained_free(stage->trained);
    free((void *)(uintptr_t)stage->map.rtt_ms);
    data_latency_free(stage->measured);
    sim_registry_free(stage->registry);
    free(stage->consents);
    free(stage->regions);
    free(stage->link_mb_s);
    sim_sites_free(stage->sites);
    data_trace_free(stage->store);
    free(stage);
}

static void set_access(struct sim_stage *stage)
{
    const struct sim_scenario_network *network = &stage->scenario->network;
    struct sim_path_access_plan plan;
    sim_path_access_plan_default(&plan);
    memcpy(stage->access_of, plan.of, sizeof stage->access_of);
    for (size_t i = 0; i < network->access_count; i++) {
        stage->access_of[network->access[i].activity] = (uint8_t)network->access[i].technology;
    }
    for (int line = 0; line < SIM_PATH_ACCESS_COUNT; line++) {
        for (int i = 0; i < SIM_STAGE_QUANTILES; i++) {
            double share = (i + 0.5) / SIM_STAGE_QUANTILES;
            stage->access_ms[line][i]
                = (float)sim_path_access_ms((enum sim_path_access)line, share);
        }
    }
}

/* Who opts in may be another with each setting. It is drawn per client, so a
 * larger share keeps those of a smaller. */
static enum hb_status register_clients(struct sim_stage *stage)
{
    for (uint32_t client = 0; client < stage->client_count; client++) {
        struct sim_stream stream = sim_stream_of(stage->seed, SIM_STREAM_CONSENT, client);
        stage->consents[client] = sim_draw_uniform(&stream) < stage->scenario->consent.share;
    }
    struct sim_registry_config config = { .seed = stage->seed,
        .client_count = stage->client_count, .consents = stage->consents,
        .epoch_s = stage->scenario->consent.epoch_h * 3600.0 };
    sim_registry_free(stage->registry);
    stage->registry = NULL;
    return sim_registry_create(&config, &stage->registry);
}

enum hb_status sim_stage_prepare(struct sim_stage *stage, uint32_t threads,
    struct data_problem *problem)
{
    set_access(stage);
    enum hb_status status = register_clients(stage);
    if (status != HB_OK) {
        return status;
    }
    return sim_ground_paths(stage, threads, problem);
}

double sim_stage_access_ms(const struct sim_stage *stage, uint32_t client, uint64_t visit)
{
    uint64_t entity = (uint64_t)client << 32 | (visit - stage->trace->first[client]);
    struct sim_stream stream = sim_stream_of(stage->seed, SIM_STREAM_ACCESS, entity);
    uint32_t quantile = (uint32_t)(sim_stream_next(&stream) % SIM_STAGE_QUANTILES);
    uint8_t line = stage->access_of[stage->trace->visits[visit].activity];
    return (double)stage->access_ms[line][quantile];
}

size_t sim_stage_bytes(const struct sim_stage *stage)
{
    size_t places = stage->map.place_count, sites = stage->map.site_count;
    return sizeof *stage + sim_registry_bytes(stage->registry)
        + stage->client_count * (sizeof *stage->regions + 1)
        + sites * (sizeof *stage->link_mb_s + sizeof(struct hb_site))
        + places * sites * sizeof *stage->map.rtt_ms;
}
