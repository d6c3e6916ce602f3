/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/world.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/day.h"
#include "sim/world/model.h"

enum { threads_max = 256 };

struct sim_world_config sim_world_defaults(void)
{
    return (struct sim_world_config) {
        .threads = 1,
        .duration_s = 86400.0,
        .zone_km = 1.0,
        .worker_share = 0.6,
        .intercity_trips_day = 0.02,
        .intercity_nights = 2.0,
        .law = SIM_WORLD_GRAVITY,
        .gravity_km = 5.0,
        .epr = { .rho = 0.6,
            .gamma = 0.21,
            .beta = 0.8,
            .tau_h = 17.0,
            .stay_min_h = 1.0,
            .alpha = 0.55,
            .jump_min_km = 1.0 },
        .modes = { .walk_km_h = 4.8,
            .car_km_h = 27.0,
            .transit_km_h = 24.0,
            .car_intercity_km_h = 95.0,
            .rail_km_h = 160.0,
            .air_km_h = 800.0,
            .car_owner_share = 0.6,
            .rail_max_km = 800.0,
            .way_place_km = 10.0 },
    };
}

struct range {
    const char *name;
    double value, min, max;
};

static enum hb_status check_ranges(
    const struct range *ranges, size_t count, struct data_problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        if (!(ranges[i].value >= ranges[i].min && ranges[i].value <= ranges[i].max)) {
            return data_problem_set(problem, HB_ERR_RANGE, "%s=%g: expected %g..%g", ranges[i].name,
                ranges[i].value, ranges[i].min, ranges[i].max);
        }
    }
    return HB_OK;
}

static enum hb_status check_numbers(
    const struct sim_world_config *config, struct data_problem *problem)
{
    const struct sim_world_epr *epr = &config->epr;
    const struct sim_world_modes *modes = &config->modes;
    const struct range ranges[] = {
        { "city_count", config->city_count, 1, 100000 },
        { "client_count", config->client_count, 1, DATA_TRACE_CLIENTS_MAX },
        { "threads", config->threads, 0, threads_max },
        { "start_unix_s", (double)config->start_unix_s, 0, 4102444800.0 },
        { "duration_s", config->duration_s, 1, 366.0 * 86400.0 },
        { "zone_km", config->zone_km, 0.25, 5 },
        { "worker_share", config->worker_share, 0, 1 },
        { "intercity_trips_day", config->intercity_trips_day, 0, 1 },
        { "intercity_nights", config->intercity_nights, 1, 365 },
        { "gravity_km", config->gravity_km, 0.5, 1000 },
        { "rho", epr->rho, 0, 1 },
        { "gamma", epr->gamma, 0, 10 },
        { "beta", epr->beta, 0.01, 10 },
        { "tau_h", epr->tau_h, 0.1, 1e6 },
        { "stay_min_h", epr->stay_min_h, 0.01, 24 },
        { "alpha", epr->alpha, 0.01, 10 },
        { "jump_min_km", epr->jump_min_km, 0.01, 100 },
        { "walk_km_h", modes->walk_km_h, 1, 20 },
        { "car_km_h", modes->car_km_h, 1, 300 },
        { "transit_km_h", modes->transit_km_h, 1, 300 },
        { "car_intercity_km_h", modes->car_intercity_km_h, 1, 300 },
        { "rail_km_h", modes->rail_km_h, 1, 1000 },
        { "air_km_h", modes->air_km_h, 50, 5000 },
        { "car_owner_share", modes->car_owner_share, 0, 1 },
        { "rail_max_km", modes->rail_max_km, 0, 20100 },
        { "way_place_km", modes->way_place_km, 1, 1000 },
    };
    return check_ranges(ranges, sizeof ranges / sizeof ranges[0], problem);
}

static enum hb_status check_cities(
    const struct sim_world_config *config, struct data_problem *problem)
{
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < config->city_count && status == HB_OK; i++) {
        const struct range weight = { "weight", config->cities[i].weight, 0, 1e12 };
        status = check_ranges(&weight, 1, problem);
    }
    return status;
}

static enum hb_status check_corridors(
    const struct sim_world_config *config, struct data_problem *problem)
{
    for (uint32_t i = 0; i < config->corridor_count; i++) {
        const struct sim_world_corridor *corridor = &config->corridors[i];
        if (corridor->from >= config->city_count || corridor->to >= config->city_count
            || corridor->from == corridor->to) {
            return data_problem_set(problem, HB_ERR_RANGE,
                "corridor %u: found from=%u to=%u: expected two cities, each less than %u", i,
                corridor->from, corridor->to, config->city_count);
        }
        if (corridor->mode != DATA_ACTIVITY_RAIL && corridor->mode != DATA_ACTIVITY_CAR) {
            return data_problem_set(problem, HB_ERR_RANGE,
                "corridor %u: found mode %d: expected rail or car", i, (int)corridor->mode);
        }
        double share = 0.0;
        for (uint32_t k = 0; k <= i; k++) {
            bool same = config->corridors[k].from == corridor->from;
            share += same ? config->corridors[k].commuter_share : 0.0;
        }
        const struct range ranges[] = {
            { "commuter_share", corridor->commuter_share, 0, 1 },
            { "commuter_share of a city's corridors", share, 0, 1.0 + 1e-9 },
            { "speed_km_h", corridor->speed_km_h, 0, 1000 },
        };
        enum hb_status status = check_ranges(ranges, 3, problem);
        if (status != HB_OK) {
            return status;
        }
    }
    return HB_OK;
}

/* Clients from..to-1. */
struct span {
    uint32_t from, to;
};

/* One thread's share, whose visits it logs. visit_counts is of all that are wanted, from client
 * origin on, each thread writing its own. */
struct share {
    const struct sim_model *model;
    struct sim_walker_log log;
    uint64_t *visit_counts;
    uint32_t origin, from, to;
};

static bool is_interrupted(const struct sim_world_config *config)
{
    return config->interrupt != NULL && *config->interrupt != 0;
}

static void *live_share(void *ctx)
{
    struct share *share = ctx;
    const struct sim_model_city *cities = share->model->cities;
    uint32_t city = 0;
    for (uint32_t client = share->from; client < share->to && !share->log.failed; client++) {
        if (is_interrupted(share->model->config)) {
            break;
        }
        while (client - cities[city].first_client >= cities[city].client_count) {
            city++;
        }
        size_t before = share->log.len;
        sim_day_live(share->model, city, client - cities[city].first_client, &share->log);
        share->visit_counts[client - share->origin] = share->log.len - before;
    }
    return NULL;
}

static void live_all(struct share *shares, uint32_t count)
{
    pthread_t threads[threads_max];
    bool started[threads_max] = { false };
    for (uint32_t i = 1; i < count; i++) {
        started[i] = pthread_create(&threads[i], NULL, live_share, &shares[i]) == 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (started[i]) {
            (void)pthread_join(threads[i], NULL); /* cannot fail on a thread just made */
        } else {
            (void)live_share(&shares[i]); /* ours, or one for which no thread could be had */
        }
    }
}

/* Moves a log's visits to where they belong, from the last on and giving back
 * what is moved, so that the trace never exists twice. */
static void move_log(struct sim_walker_log *log, struct data_visit *visits)
{
    const size_t slice = (size_t)1 << 20;
    while (log->len > 0) {
        size_t count = log->len < slice ? log->len : slice;
        log->len -= count;
        memcpy(&visits[log->len], &log->visits[log->len], count * sizeof *visits);
        struct data_visit *shrunk =
            log->len > 0 ? realloc(log->visits, log->len * sizeof *shrunk) : NULL;
        log->visits = shrunk != NULL ? shrunk : log->visits;
    }
    free(log->visits);
    *log = (struct sim_walker_log) { 0 };
}

static enum hb_status put_together(const struct sim_model *model, struct share *shares,
    uint32_t share_count, struct span wanted, struct data_trace_store **out)
{
    const struct sim_world_config *config = model->config;
    struct data_trace_sizes sizes = { .client_count = wanted.to - wanted.from,
        .place_count = model->place_count,
        .region_count = config->city_count };
    for (uint32_t i = 0; i < share_count; i++) {
        sizes.visit_count += shares[i].log.len;
    }
    struct data_trace_store *store = NULL;
    enum hb_status status = data_trace_create(&sizes, &store);
    if (status != HB_OK) {
        return status;
    }
    struct data_trace_arrays arrays = data_trace_arrays(store);
    sim_model_places(model, arrays.places);
    for (uint32_t client = 0; client < sizes.client_count; client++) {
        arrays.first[client + 1] = arrays.first[client] + shares[0].visit_counts[client];
    }
    for (uint32_t i = 0; i < share_count; i++) {
        move_log(&shares[i].log, &arrays.visits[arrays.first[shares[i].from - wanted.from]]);
    }
    for (uint32_t i = 0; i < config->city_count && status == HB_OK; i++) {
        status = data_trace_name_region(store, i, model->cities[i].row->name);
    }
    if (status != HB_OK) {
        data_trace_free(store);
        return status;
    }
    data_trace_span(store, config->start_unix_s, (uint32_t)config->duration_s);
    *out = store;
    return HB_OK;
}

static enum hb_status generate(const struct sim_model *model, struct span wanted,
    struct data_trace_store **out)
{
    const struct sim_world_config *config = model->config;
    uint32_t share_count = config->threads == 0 ? 1 : config->threads;
    struct share *shares = calloc(share_count, sizeof *shares);
    uint64_t clients = wanted.to - wanted.from;
    uint64_t *visit_counts = calloc(clients, sizeof *visit_counts);
    enum hb_status status = HB_ERR_MEMORY;
    if (shares != NULL && visit_counts != NULL) {
        for (uint32_t i = 0; i < share_count; i++) {
            shares[i] = (struct share) { .model = model,
                .visit_counts = visit_counts,
                .origin = wanted.from,
                .from = wanted.from + (uint32_t)(clients * i / share_count),
                .to = wanted.from + (uint32_t)(clients * (i + 1) / share_count) };
        }
        live_all(shares, share_count);
        status = is_interrupted(config) ? HB_ERR_INTERRUPTED : HB_OK;
        for (uint32_t i = 0; i < share_count; i++) {
            status = shares[i].log.failed ? HB_ERR_MEMORY : status;
        }
    }
    if (status == HB_OK) {
        status = put_together(model, shares, share_count, wanted, out);
    }
    for (uint32_t i = 0; shares != NULL && i < share_count; i++) {
        free(shares[i].log.visits);
    }
    free(visit_counts);
    free(shares);
    return status;
}

static enum hb_status create_model(const struct sim_world_config *config,
    struct data_problem *problem, struct sim_model **out)
{
    enum hb_status status = check_numbers(config, problem);
    if (status == HB_OK) {
        status = check_cities(config, problem);
    }
    if (status == HB_OK) {
        status = check_corridors(config, problem);
    }
    return status == HB_OK ? sim_model_create(config, problem, out) : status;
}

enum hb_status sim_world_create(const struct sim_world_config *config, struct data_problem *problem,
    struct data_trace_store **out)
{
    struct sim_model *model = NULL;
    enum hb_status status = create_model(config, problem, &model);
    if (status == HB_OK) {
        status = generate(model, (struct span) { 0, config->client_count }, out);
    }
    sim_model_free(model);
    return status;
}

static enum hb_status walk(const struct sim_model *model, const struct sim_world_sink *sink,
    struct data_problem *problem)
{
    uint32_t all = model->config->client_count;
    enum hb_status status = HB_OK;
    for (uint32_t first = 0; first < all && status == HB_OK;) {
        uint32_t count = all - first < sink->client_max ? all - first : sink->client_max;
        struct data_trace_store *store = NULL;
        status = generate(model, (struct span) { first, first + count }, &store);
        if (status == HB_OK) {
            status = sink->take(sink->ctx, data_trace_view(store), first, problem);
        }
        data_trace_free(store);
        first += count;
    }
    return status;
}

enum hb_status sim_world_walk(const struct sim_world_config *config,
    const struct sim_world_sink *sink, struct data_problem *problem)
{
    assert(sink->client_max >= 1);
    struct sim_model *model = NULL;
    enum hb_status status = create_model(config, problem, &model);
    if (status == HB_OK) {
        status = walk(model, sink, problem);
    }
    sim_model_free(model);
    return status;
}
