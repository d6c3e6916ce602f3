/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/parts.h"

#include <math.h>
#include <stdlib.h>

#include "core/route.h"
#include "sim/net/catchment_bgp.h"
#include "sim/run/routes.h"

/* Between two requests as DNS sees it: the most that sim/net/dns.h takes, a month. */
static const double request_gap_max_s = 30.0 * 86400.0;

struct hb_prices sim_parts_prices(const struct sim_scenario *scenario)
{
    const struct sim_scenario_prices *prices = &scenario->prices;
    return (struct hb_prices) { .request_ms = prices->request_ms,
        .target_ms = prices->target_ms,
        .over_target_request_ms = prices->over_target_request_ms,
        .hour = { [HB_POWER_OFF] = prices->off_hour,
            [HB_POWER_STANDBY] = prices->standby_hour,
            [HB_POWER_IDLE] = prices->idle_hour,
            [HB_POWER_BUSY] = prices->busy_hour },
        .state_gb = prices->state_gb,
        .image_gb = prices->image_gb,
        .dns_update = prices->dns_update,
        .route_update = prices->route_update,
        .failed_request = prices->failed_request };
}

double sim_parts_lead_s(const struct sim_stage *stage, const struct hb_policy *policy)
{
    const struct sim_scenario_service *service = &stage->scenario->service;
    double start_s = service->lead_s;
    if (!sim_scenario_is_given(start_s)) {
        double sigma = 0.0;
        sim_provision_technology_start((enum sim_provision_technology)service->technology,
            &start_s, &sigma);
        start_s += service->restore_s + service->readiness_period_s / 2.0;
        start_s += service->image_cached ? 0.0 : service->image_mb / service->registry_mb_s;
    }
    double copy_s = service->state_mb / stage->scenario->sites.size.link_mb_s;
    double dns_s = stage->scenario->network.update_delay_s + policy->dns_ttl_s / 2.0;
    return start_s + copy_s + dns_s;
}

enum hb_status sim_parts_loop(struct sim_episode *episode)
{
    struct sim_loop_options options = {
        .event_capacity = (size_t)16 * episode->stage->client_count + 65536,
        .check = episode->options.check,
        .interrupt = episode->options.interrupt,
        .progress = episode->options.progress,
        .progress_lane = episode->options.progress_lane,
    };
    return sim_loop_create(&options, &episode->loop);
}

static void touch_places(void *ctx, const uint32_t *places, size_t count)
{
    struct sim_episode *episode = ctx;
    (void)places;
    for (uint32_t client = 0; count > 0 && client < episode->stage->client_count; client++) {
        if (episode->riders[client].is_connected) {
            sim_serve_touch(episode, client);
        }
    }
}

static struct sim_bgp_profile profile_of(const struct sim_scenario_topology *topology)
{
    static const char *const names[] = { "bird", "frr", "rfc4271", "internet" };
    struct sim_bgp_profile profile = *sim_bgp_profile_named(names[topology->profile]);
    if (sim_scenario_is_given(topology->mrai_s)) {
        profile.mrai_ebgp_s = topology->mrai_s;
        profile.mrai_share = 0.0; /* all ASes have it */
    }
    if (sim_scenario_is_given(topology->mrai_jitter)) {
        profile.mrai_jitter = topology->mrai_jitter;
    }
    if (sim_scenario_is_given(topology->hold_s)) {
        profile.hold_s = topology->hold_s;
    }
    return profile;
}

/* The common prefix, and one for each region if the policy uses them. */
static uint32_t prefix_count(const struct sim_episode *episode)
{
    uint32_t regions = episode->stage->trace->region_count;
    bool has_own = episode->policy->set.route == HB_ROUTE_MORE_SPECIFIC;
    return has_own ? 1 + (regions < 254 ? regions : 254) : 1;
}

static enum hb_status create_catchment(struct sim_episode *episode)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_scenario_topology *topology = &episode->scenario->topology;
    if (stage->topo == NULL) {
        struct sim_catchment_nearest nearest = { .map = &stage->map, .seed = stage->seed,
            .suboptimal = episode->scenario->network.suboptimal };
        return sim_catchment_create_nearest(&nearest, &episode->catchment);
    }
    struct sim_catchment_bgp config = { .topo = stage->topo, .profile = profile_of(topology),
        .prefix_count = prefix_count(episode), .seed = stage->seed, .check = episode->options.check,
        .loop = episode->loop, .kind = SIM_EPISODE_ROUTING, .rank = SIM_RANK_ROUTING,
        .mrt = sim_routes_mrt(episode->routes),
        .mrt_as = topology->mrt_as == SIM_SCENARIO_ABSENT ? 0 : topology->mrt_as,
        .epoch_ns = (stage->trace->epoch_unix_s + stage->origin_s) * HB_NS_PER_S };
    enum hb_status status = sim_catchment_create_bgp(&config, &episode->catchment);
    if (status == HB_ERR_RANGE) {
        return data_problem_set(episode->problem, status,
            "%s: mrt_as=\"%u\": expected the number of an AS of the topology", topology->at,
            topology->mrt_as);
    }
    return status;
}

enum hb_status sim_parts_net(struct sim_episode *episode)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_scenario_network *network = &episode->scenario->network;
    struct sim_dns_config dns;
    sim_dns_default(&dns);
    dns.seed = stage->seed;
    dns.client_count = stage->client_count;
    dns.client_regions = stage->regions;
    dns.region_count = stage->trace->region_count > 0 ? stage->trace->region_count : 1;
    dns.resolvers_per_region = network->resolvers_per_region;
    dns.naming = (enum sim_dns_naming)network->naming;
    dns.ecs_share = network->ecs_share;
    dns.subnet_clients = network->subnet_clients;
    dns.anycast_ttl_s = network->anycast_ttl_s;
    dns.update_delay_s = network->update_delay_s;
    dns.request_gap_s = fmin(1.0 / episode->scenario->service.request_rate_hz, request_gap_max_s);
    dns.extend_share = network->extend_share;
    dns.extend_floor_s = network->extend_floor_s;
    dns.extend_sigma = network->extend_sigma;
    dns.secondaries = network->secondaries;
    dns.publish_s = network->publish_s;
    dns.transfer_s = network->transfer_s;
    dns.notify_loss = network->notify_loss;
    dns.refresh_s = network->refresh_s;
    dns.negative_ttl_s = network->negative_ttl_s;
    dns.stale_share = network->stale_share;
    dns.stale_answer_s = network->stale_answer_s;
    dns.stale_max_s = network->stale_max_s;
    dns.failure_ttl_s = network->failure_ttl_s;
    dns.stagger = true;
    enum hb_status status = sim_dns_create(&dns, &episode->dns);
    if (status == HB_ERR_RANGE) {
        return data_problem_set(episode->problem, status,
            "resolvers_per_region=\"%u\" in %u regions: expected fewer than 2^24 in all",
            dns.resolvers_per_region, dns.region_count);
    }
    status = status == HB_OK ? create_catchment(episode) : status;
    const struct hb_route plain = { .local_pref = 100 };
    for (uint32_t site = 0; site < stage->map.site_count && status == HB_OK; site++) {
        status = sim_catchment_announce(episode->catchment, site, &plain, 0);
    }
    if (status == HB_OK) {
        status = sim_catchment_begin(episode->catchment);
        const char *why = sim_catchment_failure(episode->catchment);
        if (status != HB_OK && why[0] != '\0') {
            data_problem_set(episode->problem, status, "policy %s: %s", episode->policy->name, why);
        }
    }
    if (status == HB_OK) {
        sim_catchment_listen(episode->catchment, touch_places, episode);
    }
    return status;
}

static void set_provision(const struct sim_scenario_service *service,
    struct sim_provision_config *out)
{
    out->technology = (enum sim_provision_technology)service->technology;
    out->image_mb = service->image_mb;
    out->workers = service->workers;
    out->restore_s = service->restore_s;
    out->readiness_period_s = service->readiness_period_s;
    out->failure_share = service->failure_share;
    out->lead_s = sim_scenario_is_given(service->lead_s) ? service->lead_s : -1.0;
}

static void set_service(const struct sim_scenario *scenario, struct sim_infra_service *out)
{
    const struct sim_scenario_service *service = &scenario->service;
    out->state_mb = service->state_mb;
    out->working_set_mb = service->working_set_mb;
    out->dirty_mb_s = service->dirty_mb_s;
    out->lag_target_mb = service->lag_target_mb;
    out->copy_rounds = service->copy_rounds;
    out->stop_s = service->stop_s;
    out->standby_s = service->standby_s;
    out->resume_s = service->resume_s;
    out->stall_timeout_s = service->stall_timeout_s;
    out->request_rate_hz = service->request_rate_hz;
    out->service_time_s = service->service_ms * 1e-3;
    out->servers_per_slot = scenario->sites.servers_per_slot;
    out->waiting_room = scenario->sites.waiting_room;
    out->shared = service->shared;
}

static enum hb_status create_infra(struct sim_episode *episode, struct sim_transfer_line *lines,
    uint8_t *cached)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_scenario_sites *sites = &episode->scenario->sites;
    struct sim_infra_config config;
    sim_infra_default(&config);
    for (uint32_t site = 0; site < stage->map.site_count; site++) {
        lines[site] = (struct sim_transfer_line) { stage->link_mb_s[site],
            stage->link_mb_s[site] };
        cached[site] = 1;
    }
    set_provision(&episode->scenario->service, &config.provision);
    set_service(episode->scenario, &config.service);
    config.provision.image_cached = episode->scenario->service.image_cached ? cached : NULL;
    config.loop = episode->loop;
    config.first_kind = SIM_EPISODE_INFRA;
    config.first_rank = SIM_RANK_INFRA;
    config.seed = stage->seed;
    config.client_count = stage->client_count;
    config.sites = stage->map.sites;
    config.site_count = stage->map.site_count;
    config.lines = lines;
    config.registry_mb_s = episode->scenario->service.registry_mb_s;
    config.prices = episode->prices;
    config.bgp_message = episode->scenario->prices.bgp_message;
    config.has_cuts = sim_outage_is_possible(episode->scenario)
        || episode->scenario->topology.change_count > 0;
    if (sim_outage_is_possible(episode->scenario)) { /* all move at once, and perhaps back */
        config.operation_capacity = 16 * stage->client_count + 4096;
        config.instance_capacity = 8 * stage->client_count + 4096;
    }
    config.power = (struct sim_ledger_power) { .instance_w = { [HB_POWER_OFF] = sites->off_w,
                                                   [HB_POWER_STANDBY] = sites->standby_w,
                                                   [HB_POWER_IDLE] = sites->idle_w,
                                                   [HB_POWER_BUSY] = sites->busy_w },
        .byte_j = sites->byte_j };
    config.host = (struct sim_infra_host) {
        .ctx = episode, .done = sim_ports_done, .capacity = sim_ports_capacity
    };
    return sim_infra_create(&config, &episode->infra);
}

enum hb_status sim_parts_infra(struct sim_episode *episode)
{
    uint32_t count = episode->stage->map.site_count;
    struct sim_transfer_line *lines = calloc(count, sizeof *lines);
    uint8_t *cached = calloc(count, 1);
    enum hb_status status = lines != NULL && cached != NULL
        ? create_infra(episode, lines, cached) : HB_ERR_MEMORY;
    free(cached);
    free(lines);
    return status;
}
