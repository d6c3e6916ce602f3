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
#include "sim/run/people.h"
#include "sim/run/trained.h"

static const double study_h_max = 8784.0; /* a leap year; rows count hours in 16 bits */

static enum hb_status generate(struct sim_stage *stage, const struct sim_stage_options *options,
    struct data_problem *problem)
{
    struct sim_people_options people = { .seed = stage->seed, .threads = options->threads,
        .interrupt = stage->interrupt };
    stage->origin_s = (uint32_t)(stage->scenario->world.history_h * 3600.0);
    return sim_people_create(stage->scenario, &people, problem, &stage->store);
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
    sim_topo_free(stage->topo);
    free((void *)stage->least);
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

static uint32_t bits_of(float ms)
{
    uint32_t bits;
    memcpy(&bits, &ms, sizeof bits);
    return bits;
}

/* Of the setting before: the map may be another now. */
static enum hb_status forget_rtts(struct sim_stage *stage)
{
    size_t entries = (size_t)stage->map.place_count * stage->map.site_count;
    free((void *)stage->least);
    stage->least = malloc(entries * sizeof *stage->least);
    if (stage->least == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < entries; i++) {
        atomic_init(&stage->least[i], bits_of(stage->map.rtt_ms[i]));
    }
    return HB_OK;
}

enum hb_status sim_stage_prepare(struct sim_stage *stage, uint32_t threads,
    struct data_problem *problem)
{
    set_access(stage);
    enum hb_status status = register_clients(stage);
    if (status != HB_OK) {
        return status;
    }
    status = sim_ground_paths(stage, threads, problem);
    return status == HB_OK && stage->topo != NULL ? forget_rtts(stage) : status;
}

void sim_stage_see_rtt(const struct sim_stage *stage, uint32_t place, uint32_t site, double rtt_ms)
{
    if (stage->least == NULL) {
        return;
    }
    _Atomic uint32_t *at = &stage->least[(size_t)place * stage->map.site_count + site];
    uint32_t bits = bits_of((float)rtt_ms), was = atomic_load_explicit(at, memory_order_relaxed);
    while (bits < was
        && !atomic_compare_exchange_weak_explicit(at, &was, bits, memory_order_relaxed,
            memory_order_relaxed)) {
    }
}

double sim_stage_least_ms(const struct sim_stage *stage, uint32_t place, uint32_t site)
{
    if (stage->least == NULL) {
        return hb_map_rtt_ms(&stage->map, place, site);
    }
    uint32_t bits = atomic_load_explicit(
        &stage->least[(size_t)place * stage->map.site_count + site], memory_order_relaxed);
    float ms;
    memcpy(&ms, &bits, sizeof ms);
    return (double)ms;
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
        + places * sites * sizeof *stage->map.rtt_ms
        + (stage->least != NULL ? places * sites * sizeof *stage->least : 0)
        + (stage->topo != NULL ? sim_topo_bytes(stage->topo) : 0);
}
