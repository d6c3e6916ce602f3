/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/operations.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE SIM_OPERATIONS_NONE

/* Event kinds and ranks of the parts, counted from the configured first. */
enum part { PART_TRANSFER, PART_PROVISION, PART_OPERATION, PART_CAPACITY };
_Static_assert(PART_CAPACITY + 1 == SIM_INFRA_KINDS, "one kind for each part");

void sim_infra_default(struct sim_infra_config *out)
{
    struct hb_service ignored;
    *out = (struct sim_infra_config){
        .registry_mb_s = 125.0,
        .service = {
            .state_mb = 50.0,
            .working_set_mb = 10.0,
            .dirty_mb_s = 0.1,
            .lag_target_mb = 0.5,
            .copy_rounds = 8,
            .stall_timeout_s = 60.0, /* PostgreSQL's wal_receiver_timeout, Redis's repl-timeout */
            .stop_s = 1.0,
            .standby_s = 1.0,
            .resume_s = 0.5,
            .request_rate_hz = 1.0,
            .service_time_s = 0.005,
            .servers_per_slot = 1,
            .waiting_room = 1000,
        },
    };
    sim_provision_default(&out->provision);
    hb_cost_default(&out->prices, &ignored);
    sim_ledger_power_default(&out->power);
}

static int is_within(double x, double low, double high)
{
    return x >= low && x <= high;
}

static enum hb_status checked(const struct sim_infra_config *config)
{
    const struct sim_infra_service *s = &config->service;
    static const double day_s = 86400.0;
    int is_good = config->client_count > 0 && config->client_count < UINT32_C(1) << 28
        && config->site_count > 0 && is_within(s->state_mb, 0.0, 1e7)
        && is_within(s->working_set_mb, 0.0, 1e7) && is_within(s->dirty_mb_s, 0.0, 1e5)
        && is_within(s->lag_target_mb, 0.0, 1e7) && s->copy_rounds > 0 && s->copy_rounds < 65536
        && is_within(s->stop_s, 0.0, day_s) && is_within(s->standby_s, 0.0, day_s)
        && is_within(s->resume_s, 0.0, day_s) && is_within(s->stall_timeout_s, 1.0, day_s)
        && is_within(s->request_rate_hz, 0.0, 1e6)
        && s->service_time_s > 0.0 && s->service_time_s <= day_s && s->servers_per_slot > 0
        && config->first_rank + SIM_INFRA_KINDS <= SIM_EVENT_RANK_MAX + 1
        && config->first_kind + SIM_INFRA_KINDS <= 255;
    return is_good ? HB_OK : HB_ERR_RANGE;
}

/* A site's free slots: told once an instant, from the loop. */
static void note_capacity(void *ctx, uint32_t site)
{
    struct sim_infra *infra = ctx;
    if (infra->config.host.capacity == NULL || infra->sites[site].capacity_is_pending) {
        return;
    }
    infra->sites[site].capacity_is_pending = 1;
    struct sim_event event = { .at_ns = sim_loop_now_ns(infra->config.loop), .entity = site,
        .order = infra->sites[site].capacity_order++,
        .rank = (uint8_t)(infra->config.first_rank + PART_CAPACITY),
        .kind = (uint8_t)(infra->config.first_kind + PART_CAPACITY) };
    sim_loop_push(infra->config.loop, &event);
}

static void tell_capacity(void *ctx, const struct sim_event *event)
{
    struct sim_infra *infra = ctx;
    infra->sites[event->entity].capacity_is_pending = 0;
    infra->config.host.capacity(infra->config.host.ctx, event->entity,
        sim_infra_free_slots(infra, event->entity));
}

static enum hb_status create_parts(struct sim_infra *infra)
{
    const struct sim_infra_config *config = &infra->config;
    struct sim_ledger_config ledger = { .sites = config->sites,
        .site_count = config->site_count, .prices = config->prices,
        .bgp_message = config->bgp_message, .power = config->power };
    enum hb_status status = sim_ledger_create(&ledger, &infra->ledger);
    if (status != HB_OK) {
        return status;
    }
    struct sim_transfer_config transfer = { .loop = config->loop,
        .kind = (uint8_t)(config->first_kind + PART_TRANSFER),
        .rank = (uint8_t)(config->first_rank + PART_TRANSFER), .site_count = config->site_count,
        .lines = config->lines, .registry_mb_s = config->registry_mb_s,
        .capacity = config->operation_capacity };
    status = sim_transfer_create(&transfer, &infra->transfer);
    if (status != HB_OK) {
        return status;
    }
    struct sim_provision_config provision = config->provision;
    provision.loop = config->loop;
    provision.kind = (uint8_t)(config->first_kind + PART_PROVISION);
    provision.rank = (uint8_t)(config->first_rank + PART_PROVISION);
    provision.seed = config->seed;
    provision.site_count = config->site_count;
    provision.transfer = infra->transfer;
    provision.capacity = config->operation_capacity;
    provision.done = sim_operations_provisioned;
    provision.ctx = infra;
    status = sim_provision_create(&provision, &infra->provision);
    if (status != HB_OK) {
        return status;
    }
    struct sim_instances_config instances = { .sites = config->sites,
        .site_count = config->site_count, .client_count = config->client_count,
        .capacity = config->instance_capacity, .shared = config->service.shared,
        .ledger = infra->ledger, .changed = note_capacity, .ctx = infra };
    return sim_instances_create(&instances, &infra->instances);
}

static enum hb_status create_tables(struct sim_infra *infra)
{
    const struct sim_infra_config *config = &infra->config;
    infra->operations = calloc(config->operation_capacity, sizeof *infra->operations);
    infra->sites = calloc(config->site_count, sizeof *infra->sites);
    infra->served = calloc(config->client_count, sizeof *infra->served);
    if (infra->operations == NULL || infra->sites == NULL || infra->served == NULL) {
        return HB_ERR_MEMORY;
    }
    if (config->has_cuts) {
        infra->stream_reqs = calloc(config->instance_capacity, sizeof *infra->stream_reqs);
        if (infra->stream_reqs == NULL) {
            return HB_ERR_MEMORY;
        }
    }
    infra->free_operation = NONE;
    for (uint32_t site = 0; site < config->site_count; site++) {
        infra->sites[site].shared_job = infra->sites[site].shared_waiting = NONE;
        infra->sites[site].break_operation = NONE;
    }
    for (uint32_t client = 0; client < config->client_count; client++) {
        infra->served[client] = HB_NONE;
    }
    infra->timers = (struct sim_timer_set){ .loop = config->loop,
        .first = &infra->operations[0].timer, .stride_bytes = sizeof *infra->operations,
        .expire = sim_operations_expire, .ctx = infra,
        .kind = (uint8_t)(config->first_kind + PART_OPERATION),
        .rank = (uint8_t)(config->first_rank + PART_OPERATION) };
    sim_timer_attach(&infra->timers);
    struct sim_loop_handler handler = { .handle = tell_capacity, .ctx = infra };
    sim_loop_handle(config->loop, (uint8_t)(config->first_kind + PART_CAPACITY), &handler);
    return HB_OK;
}

enum hb_status sim_infra_create(const struct sim_infra_config *config, struct sim_infra **out)
{
    static const uint32_t operations_max = UINT32_C(1) << 24; /* an event's payload and more */
    enum hb_status status = checked(config);
    if (status != HB_OK) {
        return status;
    }
    struct sim_infra *infra = calloc(1, sizeof *infra);
    if (infra == NULL) {
        return HB_ERR_MEMORY;
    }
    infra->config = *config;
    if (config->instance_capacity == 0) {
        infra->config.instance_capacity = config->client_count * 4 + 64;
    }
    if (config->operation_capacity == 0) {
        infra->config.operation_capacity = config->client_count * 2 + 1024;
    }
    if (infra->config.operation_capacity > operations_max) {
        infra->config.operation_capacity = operations_max;
    }
    status = create_parts(infra);
    if (status == HB_OK) {
        status = create_tables(infra);
    }
    if (status != HB_OK) {
        sim_infra_free(infra);
        return status;
    }
    infra->config.lines = NULL; /* copied by the transfers */
    infra->config.provision.image_cached = NULL;
    *out = infra;
    return HB_OK;
}

void sim_infra_free(struct sim_infra *infra)
{
    if (infra == NULL) {
        return;
    }
    free(infra->stream_reqs);
    free(infra->served);
    free(infra->sites);
    free(infra->operations);
    sim_instances_free(infra->instances);
    sim_provision_free(infra->provision);
    sim_transfer_free(infra->transfer);
    sim_ledger_free(infra->ledger);
    free(infra);
}

static void load(struct sim_infra *infra, uint32_t client, uint32_t site, int is_more)
{
    if (site == HB_NONE) {
        return;
    }
    assert(site < infra->config.site_count);
    infra->sites[site].served += is_more ? 1u : UINT32_MAX; /* up or down by one */
    infra->sites[site].version++;
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (i != SIM_INSTANCES_NONE
        && sim_instances_at(infra->instances, i)->phase == SIM_INSTANCES_RUNNING) {
        sim_instances_set_power(infra->instances, i, is_more ? HB_POWER_BUSY : HB_POWER_IDLE,
            sim_loop_now_ns(infra->config.loop));
    }
}

void sim_infra_serve(struct sim_infra *infra, uint32_t client, uint32_t site)
{
    assert(client < infra->config.client_count);
    uint32_t before = infra->served[client];
    if (before != site) {
        infra->served[client] = site;
        load(infra, client, before, 0);
        load(infra, client, site, 1);
    }
}

bool sim_infra_is_running(const struct sim_infra *infra, uint32_t client, uint32_t site)
{
    uint32_t i = sim_instances_find(infra->instances, client, site);
    return i != SIM_INSTANCES_NONE
        && sim_instances_at(infra->instances, i)->phase == SIM_INSTANCES_RUNNING;
}

void sim_infra_delay(struct sim_infra *infra, uint32_t site, struct sim_queueing_delay *out)
{
    static const uint32_t servers_max = 1000000; /* of sim_queueing_delay */
    struct sim_infra_site *s = &infra->sites[site];
    const struct sim_infra_service *service = &infra->config.service;
    uint32_t slots = infra->config.sites[site].slots;
    if (s->delay_version != s->version + 1) {
        uint64_t servers = (uint64_t)slots * service->servers_per_slot;
        struct sim_queueing in = { .arrival_hz = s->served * service->request_rate_hz,
            .service_s = service->service_time_s,
            .servers = servers < servers_max ? (uint32_t)servers : servers_max,
            .waiting_room = service->waiting_room };
        s->delay = (struct sim_queueing_delay){ .wait_s = 0.0 };
        if (slots == 0) {
            s->delay.loss_share = s->served > 0 ? 1.0 : 0.0;
        } else if (slots != UINT32_MAX && sim_queueing_delay(&in, &s->delay) != HB_OK) {
            s->delay = (struct sim_queueing_delay){ .wait_s = INFINITY, .wait_share = 1.0,
                .utilization = 1.0 };
        }
        s->delay_version = s->version + 1;
    }
    *out = s->delay;
}

uint32_t sim_infra_load_version(const struct sim_infra *infra, uint32_t site)
{
    return infra->sites[site].version;
}

uint32_t sim_infra_free_slots(const struct sim_infra *infra, uint32_t site)
{
    return sim_instances_free_slots(infra->instances, site);
}

uint32_t sim_infra_used_slots(const struct sim_infra *infra, uint32_t site)
{
    return sim_instances_used(infra->instances, site);
}

void sim_infra_settle(struct sim_infra *infra)
{
    sim_instances_settle(infra->instances, sim_loop_now_ns(infra->config.loop));
    for (uint32_t client = 0; client < infra->config.client_count; client++) {
        uint32_t i = sim_instances_first(infra->instances, client);
        while (i != SIM_INSTANCES_NONE) {
            struct sim_instances_one *one = sim_instances_at(infra->instances, i);
            if (one->stream_from != HB_NONE) {
                sim_operations_book_stream(infra, one, SIM_LEDGER_PURPOSE_STREAM);
            }
            i = one->next;
        }
    }
}

struct sim_ledger *sim_infra_ledger(struct sim_infra *infra)
{
    return infra->ledger;
}

struct sim_infra_counts sim_infra_counts(const struct sim_infra *infra)
{
    return infra->counts;
}

bool sim_infra_is_consistent(void *ctx, char *why, size_t why_bytes)
{
    struct sim_infra *infra = ctx;
    uint64_t served = 0, load_sum = 0;
    for (uint32_t client = 0; client < infra->config.client_count; client++) {
        served += infra->served[client] != HB_NONE;
    }
    for (uint32_t site = 0; site < infra->config.site_count; site++) {
        load_sum += infra->sites[site].served;
    }
    if (served != load_sum) {
        (void)snprintf(why, why_bytes, "%llu clients are served, the sites count %llu",
            (unsigned long long)served, (unsigned long long)load_sum);
        return false;
    }
    return sim_instances_is_consistent(infra->instances, why, why_bytes)
        && sim_ledger_is_balanced(infra->ledger, why, why_bytes);
}

size_t sim_infra_bytes(const struct sim_infra *infra)
{
    return sizeof *infra + infra->fresh_operation * sizeof *infra->operations
        + infra->config.site_count * sizeof *infra->sites
        + infra->config.client_count * sizeof *infra->served
        + sim_instances_bytes(infra->instances) + sim_provision_bytes(infra->provision)
        + sim_transfer_bytes(infra->transfer);
}
