/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/world.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/day.h"
#include "sim/world/model.h"

enum { block_clients = 256, threads_max = 256 };

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
        .gravity_km = 6.0,
        .epr = { .rho = 0.6,
            .gamma = 0.21,
            .beta = 0.8,
            .tau_h = 17.0,
            .stay_min_h = 1.0,
            .alpha = 0.55,
            .jump_min_km = 1.0 },
        .modes = { .walk_km_h = 4.8,
            .car_km_h = 27.0,
            .transit_km_h = 19.0,
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

/* Clients block_clients * i on; visit_count of each stands in first + 1 until
 * the whole is put together. */
struct work {
    const struct sim_model *model;
    struct sim_walker_log *blocks;
    uint64_t *first;
    uint32_t block_count;
    atomic_uint next_block;
};

static void live_block(struct work *work, uint32_t block)
{
    const struct sim_world_config *config = work->model->config;
    struct sim_walker_log *log = &work->blocks[block];
    uint32_t from = block * block_clients, city = 0;
    uint32_t to =
        from + block_clients < config->client_count ? from + block_clients : config->client_count;
    for (uint32_t client = from; client < to && !log->failed; client++) {
        while (client - work->model->cities[city].first_client
            >= work->model->cities[city].client_count) {
            city++;
        }
        size_t before = log->len;
        sim_day_live(work->model, city, client - work->model->cities[city].first_client, log);
        work->first[client + 1] = log->len - before;
    }
}

static void *live_blocks(void *ctx)
{
    struct work *work = ctx;
    for (;;) {
        uint32_t block = atomic_fetch_add(&work->next_block, 1);
        if (block >= work->block_count) {
            return NULL;
        }
        live_block(work, block);
    }
}

static void live_all(struct work *work, uint32_t thread_count)
{
    pthread_t threads[threads_max];
    uint32_t started = 0;
    /* A thread that cannot be had is not missed: this one does what is left. */
    while (started + 1 < thread_count
        && pthread_create(&threads[started], NULL, live_blocks, work) == 0) {
        started++;
    }
    (void)live_blocks(work);
    for (uint32_t i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL); /* cannot fail on a thread just made */
    }
}

static enum hb_status put_together(struct work *work, struct data_trace_store **out)
{
    const struct sim_world_config *config = work->model->config;
    for (uint32_t client = 0; client < config->client_count; client++) {
        work->first[client + 1] += work->first[client];
    }
    struct data_trace_sizes sizes = { .visit_count = work->first[config->client_count],
        .client_count = config->client_count,
        .place_count = work->model->place_count,
        .region_count = config->city_count };
    struct data_trace_store *store = NULL;
    enum hb_status status = data_trace_create(&sizes, &store);
    if (status != HB_OK) {
        return status;
    }
    struct data_trace_arrays arrays = data_trace_arrays(store);
    memcpy(arrays.first, work->first, ((size_t)config->client_count + 1) * sizeof *arrays.first);
    sim_model_places(work->model, arrays.places);
    uint64_t next = 0;
    for (uint32_t i = 0; i < work->block_count; i++) {
        struct sim_walker_log *log = &work->blocks[i];
        if (log->len > 0) {
            memcpy(&arrays.visits[next], log->visits, log->len * sizeof *log->visits);
        }
        next += log->len;
        free(log->visits); /* at once: the two copies never both exist as a whole */
        *log = (struct sim_walker_log) { 0 };
    }
    for (uint32_t i = 0; i < config->city_count && status == HB_OK; i++) {
        status = data_trace_name_region(store, i, work->model->cities[i].row->name);
    }
    if (status != HB_OK) {
        data_trace_free(store);
        return status;
    }
    data_trace_span(store, config->start_unix_s, (uint32_t)config->duration_s);
    *out = store;
    return HB_OK;
}

static enum hb_status generate(const struct sim_model *model, struct data_trace_store **out)
{
    const struct sim_world_config *config = model->config;
    struct work work = { .model = model,
        .block_count = (config->client_count + block_clients - 1) / block_clients };
    work.blocks = calloc(work.block_count, sizeof *work.blocks);
    work.first = calloc((size_t)config->client_count + 1, sizeof *work.first);
    enum hb_status status = HB_ERR_MEMORY;
    if (work.blocks != NULL && work.first != NULL) {
        live_all(&work, config->threads);
        status = HB_OK;
        for (uint32_t i = 0; i < work.block_count; i++) {
            status = work.blocks[i].failed ? HB_ERR_MEMORY : status;
        }
    }
    if (status == HB_OK) {
        status = put_together(&work, out);
    }
    for (uint32_t i = 0; work.blocks != NULL && i < work.block_count; i++) {
        free(work.blocks[i].visits);
    }
    free(work.first);
    free(work.blocks);
    return status;
}

enum hb_status sim_world_create(const struct sim_world_config *config, struct data_problem *problem,
    struct data_trace_store **out)
{
    enum hb_status status = check_numbers(config, problem);
    if (status == HB_OK) {
        status = check_corridors(config, problem);
    }
    struct sim_model *model = NULL;
    if (status == HB_OK) {
        status = sim_model_create(config, problem, &model);
    }
    if (status == HB_OK) {
        status = generate(model, out);
    }
    sim_model_free(model);
    return status;
}
