/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/episode_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run/parts.h"
#include "sim/run/registry.h"
#include "sim/run/routes.h"

#define RECORD_BUFFER_BYTES 65536

static void write_block(struct sim_episode *episode)
{
    size_t bytes = hb_record_seal(&episode->writer);
    if (bytes > 0) {
        episode->options.record(episode->options.record_ctx, episode->record_buffer, bytes);
    }
}

static void record_event(struct sim_episode *episode, const struct hb_event *event)
{
    hb_record_tap_event(&episode->tap, event);
    if (hb_record_put_event(&episode->writer, event) == HB_ERR_FULL) {
        write_block(episode);
        enum hb_status status = hb_record_put_event(&episode->writer, event);
        assert(status == HB_OK);
    }
}

static void record_command(void *ctx, const struct hb_command *command)
{
    struct sim_episode *episode = ctx;
    if (hb_record_put_command(&episode->writer, command) == HB_ERR_FULL) {
        write_block(episode);
        enum hb_status status = hb_record_put_command(&episode->writer, command);
        assert(status == HB_OK);
    }
}

void sim_episode_tell(struct sim_episode *episode, const struct hb_event *event)
{
    if (episode->record_buffer != NULL) {
        record_event(episode, event);
    }
    enum hb_status status = hb_controller_handle(episode->controller, event);
    assert(status == HB_OK);
}

void sim_episode_tell_of(struct sim_episode *episode, uint32_t client, struct hb_event event)
{
    event.client = episode->core_of[client];
    event.at_ns = sim_episode_now_ns(episode);
    if (event.client != HB_NONE) {
        sim_episode_tell(episode, &event);
    }
}

static enum hb_status start_recording(struct sim_episode *episode,
    const struct hb_controller_setup *setup)
{
    size_t bytes = hb_record_setup_bytes(setup);
    uint8_t *block = malloc(bytes);
    episode->record_buffer = malloc(RECORD_BUFFER_BYTES);
    if (block == NULL || episode->record_buffer == NULL) {
        free(block);
        return HB_ERR_MEMORY;
    }
    hb_record_setup_put(setup, block);
    episode->options.record(episode->options.record_ctx, block, bytes);
    hb_record_writer_init(&episode->writer, episode->record_buffer, RECORD_BUFFER_BYTES);
    free(block);
    return HB_OK;
}

static enum hb_status create_controller(struct sim_episode *episode)
{
    const struct sim_scenario_service *service = &episode->scenario->service;
    struct hb_controller_setup setup = { .map = &episode->stage->map,
        .policy = episode->policy->set,
        .prices = episode->prices,
        .service = { .request_rate_hz = service->request_rate_hz,
            .image_mb = service->image_cached ? 0.0 : service->image_mb,
            .state_mb = service->state_mb,
            .lead_s = sim_parts_lead_s(episode->stage, &episode->policy->set) },
        .client_capacity = sim_registry_capacity(episode->stage->registry),
        .has_predictor = episode->team != NULL };
    if (episode->outage == NULL) {
        setup.policy.probe_interval_s = 0.0; /* every probe would be answered */
    }
    struct hb_ports ports = sim_ports(episode);
    enum hb_status status = HB_OK;
    if (episode->options.record != NULL) {
        episode->tap = (struct hb_record_tap) {
            .inner = ports, .ctx = episode, .on_command = record_command
        };
        ports = hb_record_tap_ports(&episode->tap);
        status = start_recording(episode, &setup);
    }
    return status == HB_OK ? hb_controller_create(&setup, &ports, &episode->controller) : status;
}

static enum hb_status size_tables(struct sim_episode *episode)
{
    const struct sim_stage *stage = episode->stage;
    uint32_t clients = stage->client_count, samples = episode->scenario->output.sample_clients;
    episode->sample_stride = samples == 0 ? 0 : (clients + samples - 1) / samples;
    uint32_t sampled = samples == 0 ? 1 : clients / episode->sample_stride + 1;
    episode->riders = calloc(clients, sizeof *episode->riders);
    episode->trace_of = sim_registry_clients(stage->registry);
    episode->core_of = sim_registry_cores(stage->registry);
    episode->dirty = calloc(clients, sizeof *episode->dirty);
    episode->loads = calloc(stage->map.site_count, sizeof *episode->loads);
    episode->sampled = calloc(sampled, sizeof *episode->sampled);
    episode->histograms
        = calloc((size_t)stage->trace->region_count + 2, sizeof *episode->histograms);
    bool is_whole = episode->riders != NULL && episode->dirty != NULL && episode->loads != NULL
        && episode->sampled != NULL && episode->histograms != NULL;
    return is_whole ? HB_OK : HB_ERR_MEMORY;
}

static void handle_all(struct sim_episode *episode)
{
    static const struct {
        uint8_t kind;
        sim_loop_handle_fn *handle;
    } handlers[] = { { SIM_EPISODE_VISIT, sim_presence_visit },
        { SIM_EPISODE_SESSION, sim_presence_session },
        { SIM_EPISODE_VISIBLE, sim_serve_visible },
        { SIM_EPISODE_ANSWER, sim_ports_answer },
        { SIM_EPISODE_ROUTED, sim_ports_answer },
        { SIM_EPISODE_CAPACITY, sim_ports_room },
        { SIM_EPISODE_TIMER, sim_ports_timer },
        { SIM_EPISODE_BATCH, sim_ask_batch },
        { SIM_EPISODE_HOUR, sim_harvest_hour },
        { SIM_EPISODE_WINDOW, sim_presence_window },
        { SIM_EPISODE_CHANGE, sim_routes_change },
        { SIM_EPISODE_FAILURE, sim_failure_strike },
        { SIM_EPISODE_MISSED, sim_failure_missed },
        { SIM_EPISODE_PROBED, sim_ports_probe_answered } };
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        bool is_client = handlers[i].kind <= SIM_EPISODE_VISIBLE;
        struct sim_loop_handler handler = { .handle = handlers[i].handle, .ctx = episode,
            .touch = { .state = is_client ? episode->riders : NULL,
                .stride_bytes = sizeof *episode->riders } };
        sim_loop_handle(episode->loop, handlers[i].kind, &handler);
    }
}

static enum hb_status create_all(struct sim_episode *episode)
{
    enum hb_status status = size_tables(episode);
    status = status == HB_OK ? sim_parts_loop(episode) : status;
    if (status == HB_OK) {
        handle_all(episode);
        status = sim_routes_create(episode, &episode->routes);
        status = status == HB_OK ? sim_parts_net(episode) : status;
    }
    status = status == HB_OK ? sim_parts_infra(episode) : status;
    status = status == HB_OK ? sim_outage_create(episode) : status;
    status = status == HB_OK ? sim_ask_create(episode) : status;
    status = status == HB_OK ? create_controller(episode) : status;
    if (status == HB_OK && episode->options.check) {
        status = sim_loop_add_check(episode->loop, "ledgers balance", sim_ledger_is_balanced,
            sim_infra_ledger(episode->infra));
    }
    if (status == HB_OK && episode->options.check) {
        status = sim_loop_add_check(episode->loop, "slots and instances agree",
            sim_infra_is_consistent, episode->infra);
    }
    if (status == HB_OK && episode->options.check) {
        status = sim_loop_add_check(episode->loop, "requests reach running instances",
            sim_serve_check, episode);
    }
    if (status == HB_OK && episode->options.check && episode->routes != NULL) {
        status = sim_loop_add_check(episode->loop, "settled routes have no loop",
            sim_routes_check, episode);
    }
    if (status == HB_OK && episode->options.check && episode->outage != NULL) {
        status = sim_loop_add_check(episode->loop, "withdrawn sites are left in time",
            sim_outage_check, episode);
    }
    return status;
}

static void free_all(struct sim_episode *episode)
{
    hb_controller_free(episode->controller);
    sim_ask_free(episode);
    sim_outage_free(episode->outage);
    sim_infra_free(episode->infra);
    sim_catchment_free(episode->catchment);
    sim_routes_free(episode->routes);
    sim_dns_free(episode->dns);
    sim_loop_free(episode->loop);
    free(episode->record_buffer);
    free(episode->histograms);
    free(episode->sampled);
    free(episode->loads);
    free(episode->dirty);
    free(episode->riders);
}

static enum hb_status play(struct sim_episode *episode, struct data_summary_row *summary)
{
    sim_ask_history(episode);
    sim_routes_begin(episode);
    sim_presence_begin(episode);
    sim_failure_begin(episode);
    enum hb_status status = sim_loop_run(episode->loop, episode->end_ns);
    if (status != HB_OK) {
        const char *routing = sim_catchment_failure(episode->catchment);
        const char *loop = sim_loop_failure(episode->loop);
        return data_problem_set(episode->problem, status, "policy %s: %s", episode->policy->name,
            routing[0] != '\0'  ? routing
                : loop[0] != '\0' ? loop
                                  : hb_status_text(status));
    }
    sim_presence_finish(episode);
    sim_outage_finish(episode);
    sim_routes_finish(episode);
    sim_harvest_finish(episode, summary);
    if (episode->record_buffer != NULL) {
        write_block(episode);
    }
    status = sim_routes_close(episode->routes, true, episode->problem);
    return status == HB_OK ? data_rows_status(episode->options.rows) : status;
}

enum hb_status sim_episode_run(const struct sim_stage *stage,
    const struct sim_episode_options *options, struct data_summary_row *summary,
    struct data_problem *problem)
{
    struct sim_episode *episode = calloc(1, sizeof *episode);
    if (episode == NULL) {
        return HB_ERR_MEMORY;
    }
    episode->stage = stage;
    episode->scenario = stage->scenario;
    episode->policy = &stage->scenario->policies[options->policy];
    episode->options = *options;
    episode->problem = problem;
    episode->prices = sim_parts_prices(stage->scenario);
    episode->end_ns = ((int64_t)stage->end_s - stage->origin_s) * HB_NS_PER_S;
    enum hb_status status = create_all(episode);
    if (status == HB_OK) {
        status = play(episode, summary);
    } else if (problem->text[0] == '\0') {
        data_problem_set(problem, status, "policy %s: %s", episode->policy->name,
            hb_status_text(status));
    }
    free_all(episode);
    free(episode);
    return status;
}
