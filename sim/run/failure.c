/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failures strike and are repaired. A failure at a rate is a process of its own
 * at each site; all draws are by (failure, site). Events carry the failure in
 * entity, the site in payload, and an even order for a beginning, odd for its end. */
#include "sim/run/outage_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/draw.h"
#include "sim/run/routes.h"

#define FAILURE_BIT (UINT32_C(1) << 27) /* entities beyond all clients */
#define MISSED_BIT (UINT32_C(1) << 26)
#define EVERYWHERE SIM_EVENT_PAYLOAD_MAX /* of DNS: no site */

static bool is_dns(uint32_t kind)
{
    return kind == SIM_FAILURE_DNS_AUTHORITY || kind == SIM_FAILURE_DNS_RESOLVERS;
}

static const struct sim_scenario_failure *failure_of(const struct sim_outage *outage,
    uint32_t index)
{
    return &outage->scenario->failures[index];
}

/* Which sites the failure strikes; false: none. */
static bool find_scope(const struct sim_episode *episode,
    const struct sim_scenario_failure *failure, uint8_t *scope)
{
    const struct hb_map *map = &episode->stage->map;
    bool is_any = is_dns(failure->kind);
    for (uint32_t site = 0; site < map->site_count; site++) {
        bool is_named = failure->site[0] != '\0';
        bool is_near = !sim_scenario_is_given(failure->lat_deg)
            || hb_geo_distance_km(map->sites[site].at,
                   (struct hb_point) { failure->lat_deg, failure->lon_deg })
                <= failure->radius_km;
        scope[site] = is_named
            ? strcmp(failure->site, sim_sites_name(episode->stage->sites, site)) == 0 : is_near;
        is_any = is_any || scope[site] != 0;
    }
    return is_any;
}

static struct sim_stream draws_of(const struct sim_episode *episode, uint32_t failure,
    uint32_t site, uint32_t order)
{
    struct sim_stream draws = sim_stream_of(episode->stage->seed, SIM_STREAM_FAULT,
        (uint64_t)failure << 52 | (uint64_t)site << 24 | order);
    return draws;
}

/* Of a failure at a set instant: how much later in this replication. */
static double late_s(const struct sim_episode *episode, uint32_t failure)
{
    struct sim_stream draws = draws_of(episode, failure, EVERYWHERE, UINT32_C(1) << 23);
    double spread_s = failure_of(episode->outage, failure)->spread_s;
    return spread_s > 0.0 ? sim_draw_between(&draws, 0.0, spread_s) : 0.0;
}

static void schedule(struct sim_episode *episode, uint32_t failure, uint32_t site, uint32_t order)
{
    const struct sim_scenario_failure *it = failure_of(episode->outage, failure);
    int64_t now_ns = sim_episode_now_ns(episode), at_ns;
    bool is_rate = sim_scenario_is_given(it->mtbf_h);
    struct sim_stream draws = draws_of(episode, failure, site, order);
    if (order % 2 == 0) {
        at_ns = is_rate ? hb_units_after(now_ns, sim_draw_exponential(&draws, it->mtbf_h * 3600.0))
                        : hb_units_ns(it->at_h * 3600.0 + late_s(episode, failure));
    } else {
        at_ns = hb_units_after(now_ns,
            is_rate ? sim_draw_exponential(&draws, it->mttr_s) : it->duration_s);
    }
    bool is_again = is_rate || order < 2;
    if (is_again && at_ns < episode->end_ns) {
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = at_ns,
                .entity = FAILURE_BIT | failure << 16 | (site & 0xffffu), .order = order,
                .payload = site, .rank = SIM_RANK_VISIT, .kind = SIM_EPISODE_FAILURE });
    }
}

void sim_failure_begin(struct sim_episode *episode)
{
    const struct sim_outage *outage = episode->outage;
    for (uint32_t i = 0; outage != NULL && i < outage->scenario->failure_count; i++) {
        if (is_dns(failure_of(outage, i)->kind)) {
            schedule(episode, i, EVERYWHERE, 0);
            continue;
        }
        for (uint32_t site = 0; site < outage->site_count; site++) {
            if (outage->scope[(size_t)i * outage->site_count + site]) {
                schedule(episode, i, site, 0);
            }
        }
    }
}

enum hb_status sim_outage_create(struct sim_episode *episode)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_scenario *scenario = episode->scenario;
    if (!sim_outage_is_possible(scenario)) {
        return HB_OK;
    }
    struct sim_outage *outage = calloc(1, sizeof *outage);
    if (outage == NULL) {
        return HB_ERR_MEMORY;
    }
    episode->outage = outage;
    outage->scenario = scenario;
    outage->dns_back_ns = HB_NEVER_NS;
    outage->site_count = stage->map.site_count;
    outage->clients = calloc(stage->client_count, sizeof *outage->clients);
    outage->sites = calloc(outage->site_count, sizeof *outage->sites);
    outage->scope = calloc(outage->site_count, scenario->failure_count);
    if (outage->clients == NULL || outage->sites == NULL || outage->scope == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t client = 0; client < stage->client_count; client++) {
        outage->clients[client] = (struct sim_outage_client) { .began_ns = HB_NEVER_NS,
            .said_ns = INT64_MIN, .site = HB_NONE, .heading = HB_NONE };
    }
    for (uint32_t site = 0; site < outage->site_count; site++) {
        outage->sites[site] = (struct sim_outage_site) { .began_ns = HB_NEVER_NS,
            .ended_ns = HB_NEVER_NS, .detected_ns = HB_NEVER_NS, .withdrawn_ns = HB_NEVER_NS };
    }
    for (uint32_t i = 0; i < scenario->failure_count; i++) {
        const struct sim_scenario_failure *failure = failure_of(outage, i);
        if (!find_scope(episode, failure, &outage->scope[(size_t)i * outage->site_count])) {
            return data_problem_set(episode->problem, HB_ERR_FORMAT,
                "%s: site=\"%s\" radius_km=\"%g\": expected a failure that strikes one of the "
                "sites at least",
                failure->at, failure->site, failure->radius_km);
        }
    }
    return HB_OK;
}

void sim_outage_free(struct sim_outage *outage)
{
    if (outage == NULL) {
        return;
    }
    free(outage->scope);
    free(outage->sites);
    free(outage->clients);
    free(outage);
}

bool sim_failure_is_struck(const struct sim_episode *episode, uint32_t site)
{
    return episode->outage->sites[site].struck > 0
        || sim_catchment_is_cut(episode->catchment, site);
}

/* Everything at one client's place of the site dies. Anycast's own instance leaves
 * no trace, so that the next site opens one. */
static void kill_at(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    struct sim_rider *rider = &episode->riders[client];
    sim_infra_kill(episode->infra, client, site);
    if (rider->home == site || rider->source == site) {
        uint32_t other = rider->home == site ? rider->source : rider->home;
        rider->source = HB_NONE;
        rider->home = other;
    }
}

static void note_lag(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    struct sim_outage_client *it = &episode->outage->clients[client];
    uint32_t core = episode->core_of[client];
    it->lag_mb = -1.0f;
    if (core == HB_NONE || episode->riders[client].primary != site) {
        return;
    }
    struct hb_client_view view = hb_controller_client(episode->controller, core);
    bool is_synced = view.phase >= HB_PHASE_READY && view.phase <= HB_PHASE_MONITORING;
    if (is_synced && view.mirror != HB_NONE) {
        it->lag_mb = (float)sim_infra_lag_mb(episode->infra, client, view.mirror);
    }
}

/* The supervisor of the site misses the dead endpoint's next probes. */
static void await_supervisor(struct sim_episode *episode, uint32_t client, uint32_t site,
    struct sim_stream *draws)
{
    const struct hb_policy *policy = &episode->policy->set;
    double phase_s = sim_draw_between(draws, 0.0, policy->probe_interval_s);
    for (uint32_t i = 0; i < policy->probe_fall; i++) {
        double after_s = phase_s + i * policy->probe_interval_s + policy->probe_timeout_s;
        int64_t at_ns = hb_units_after(sim_episode_now_ns(episode), after_s);
        if (at_ns < episode->end_ns) {
            sim_loop_push(episode->loop,
                &(struct sim_event) { .at_ns = at_ns, .entity = MISSED_BIT | client,
                    .order = episode->outage->misses++,
                    .payload = site << 1 | (i + 1 == policy->probe_fall),
                    .rank = SIM_RANK_ANSWER, .kind = SIM_EPISODE_MISSED });
        }
    }
}

static void crash_endpoints(struct sim_episode *episode, uint32_t failure, uint32_t site,
    uint32_t order)
{
    double share = failure_of(episode->outage, failure)->share;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        struct sim_stream draws = sim_stream_of(episode->stage->seed, SIM_STREAM_FAULT,
            UINT64_C(1) << 63 | (uint64_t)failure << 48 | (uint64_t)order << 28 | client);
        bool is_there = sim_infra_is_running(episode->infra, client, site);
        if (is_there && sim_draw_uniform(&draws) < share) {
            const struct sim_rider *rider = &episode->riders[client];
            note_lag(episode, client, site);
            episode->outage->clients[client].is_crashed
                = rider->primary == site || rider->home == site;
            sim_infra_kill(episode->infra, client, site);
            await_supervisor(episode, client, site, &draws);
        }
    }
}

void sim_failure_missed(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    uint32_t client = event->entity & ~MISSED_BIT, core = episode->core_of[client];
    struct sim_rider *rider = &episode->riders[client];
    uint32_t site = event->payload >> 1;
    bool is_last = event->payload % 2 != 0;
    if (is_last) {
        episode->outage->clients[client].is_crashed = 0; /* the controller knows */
    }
    if (sim_infra_is_running(episode->infra, client, site)) {
        return; /* it has been started anew */
    }
    if (is_last && rider->home == site) {
        rider->home = HB_NONE; /* anycast's own is opened again */
    }
    if (core != HB_NONE) {
        sim_episode_tell_of(episode, client, (struct hb_event) { .kind = HB_EVENT_PROBE_MISSED,
            .place = HB_NONE, .site = site });
    }
    sim_serve_touch(episode, client);
    sim_serve_settle(episode);
}

/* The servers are back, what ran on them is not: the site's supervisor finds that out. */
static void miss_the_dead(struct sim_episode *episode, uint32_t failure, uint32_t site)
{
    int64_t now_ns = sim_episode_now_ns(episode);
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        uint32_t core = episode->core_of[client];
        if (core == HB_NONE || sim_infra_is_running(episode->infra, client, site)) {
            continue;
        }
        struct hb_client_view view = hb_controller_client(episode->controller, core);
        bool was_running = view.phase >= HB_PHASE_SERVED && view.phase != HB_PHASE_LINGERING;
        if (view.primary == site && was_running) {
            struct sim_stream draws = sim_stream_of(episode->stage->seed, SIM_STREAM_FAULT,
                UINT64_C(3) << 62 ^ (uint64_t)failure << 48 ^ (uint64_t)client << 20
                    ^ (uint64_t)(now_ns / HB_NS_PER_MS));
            episode->outage->clients[client].is_crashed = 1;
            await_supervisor(episode, client, site, &draws);
        }
    }
}

enum line { LINE_WHOLE, LINE_SILENT, LINE_CUT };

static enum line line_of(const struct sim_outage_site *at)
{
    if (at->severed > at->silenced) {
        return LINE_CUT;
    }
    return at->silenced > 0 ? LINE_SILENT : LINE_WHOLE;
}

/* Failures overlap: the line is whole again when the last of its own has ended. One that
 * has been seen to be cut is not silent any more. */
static void change_line(struct sim_episode *episode, uint32_t site, enum line was)
{
    enum line is = line_of(&episode->outage->sites[site]);
    if (is == was || (was == LINE_CUT && is == LINE_SILENT)) {
        return;
    }
    enum sim_catchment_fault fault = is == LINE_WHOLE ? SIM_CATCHMENT_RESTORE
        : is == LINE_SILENT ? SIM_CATCHMENT_SILENCE : SIM_CATCHMENT_CUT;
    enum hb_status status = sim_routes_fault(episode, site, fault);
    if (status != HB_OK) {
        sim_loop_stop(episode->loop, status);
    }
}

static void strike_site(struct sim_episode *episode, uint32_t failure, uint32_t site, bool is_begin)
{
    const struct sim_scenario_failure *it = failure_of(episode->outage, failure);
    struct sim_outage_site *at = &episode->outage->sites[site];
    bool is_crash = it->kind != SIM_FAILURE_PARTITION, was_struck = at->struck > 0;
    bool is_line = it->kind != SIM_FAILURE_SERVER_CRASH;
    enum line was = line_of(at);
    uint32_t step = is_begin ? 1u : UINT32_MAX; /* one more or less */
    at->struck += step;
    at->crashed += is_crash ? step : 0;
    at->severed += is_line ? step : 0;
    at->silenced += is_line && it->silent ? step : 0;
    if (is_begin && !was_struck) {
        sim_outage_add_failure(episode, site, HB_NEVER_NS); /* one before may have gone unseen */
        at->kind = (uint8_t)it->kind;
        at->began_ns = sim_episode_now_ns(episode);
        at->ended_ns = at->detected_ns = HB_NEVER_NS;
        at->has_row = 1;
        at->clients = 0;
        episode->outage->failures++;
        for (uint32_t client = 0; client < episode->stage->client_count; client++) {
            at->clients += episode->riders[client].serve == site;
            note_lag(episode, client, site);
        }
    }
    for (uint32_t client = 0; is_crash && is_begin && client < episode->stage->client_count;
         client++) {
        kill_at(episode, client, site);
    }
    if (is_crash) {
        sim_infra_set_dead(episode->infra, site, at->crashed > 0);
        if (at->crashed == 0) {
            miss_the_dead(episode, failure, site);
        }
    }
    at->ended_ns = at->struck > 0 ? HB_NEVER_NS : sim_episode_now_ns(episode);
    change_line(episode, site, was);
}

/* Losses that overlap are independent. */
static void strike_probes(struct sim_outage *outage, uint32_t failure, uint32_t site,
    bool is_begin)
{
    double kept = 1.0;
    outage->scope[(size_t)failure * outage->site_count + site] = is_begin ? 3 : 1;
    for (uint32_t i = 0; i < outage->scenario->failure_count; i++) {
        const struct sim_scenario_failure *it = failure_of(outage, i);
        bool is_now = outage->scope[(size_t)i * outage->site_count + site] == 3;
        kept *= it->kind == SIM_FAILURE_LOSS && is_now ? 1.0 - it->share : 1.0;
    }
    outage->sites[site].loss = 1.0 - kept;
}

static void strike(struct sim_episode *episode, uint32_t failure, uint32_t site, uint32_t order)
{
    struct sim_outage *outage = episode->outage;
    const struct sim_scenario_failure *it = failure_of(outage, failure);
    bool is_begin = order % 2 == 0;
    int64_t now_ns = sim_episode_now_ns(episode);
    uint32_t step = is_begin ? 1u : UINT32_MAX;
    switch ((enum sim_failure_kind)it->kind) {
    case SIM_FAILURE_SITE_CRASH:
    case SIM_FAILURE_PARTITION:
    case SIM_FAILURE_SERVER_CRASH:
        strike_site(episode, failure, site, is_begin);
        break;
    case SIM_FAILURE_ENDPOINT_CRASH:
        if (is_begin) {
            crash_endpoints(episode, failure, site, order);
        }
        break;
    case SIM_FAILURE_LOSS:
        strike_probes(outage, failure, site, is_begin);
        break;
    case SIM_FAILURE_DNS_AUTHORITY:
        outage->dns_outages += step;
        outage->dns_back_ns = now_ns;
        sim_dns_authority_outage(episode->dns, outage->dns_outages > 0, now_ns);
        break;
    case SIM_FAILURE_DNS_RESOLVERS:
        outage->resolver_outages += step;
        for (uint32_t region = 0; region <= sim_dns_region_count(episode->dns); region++) {
            sim_dns_resolver_outage(episode->dns, region, outage->resolver_outages > 0, now_ns);
        }
        break;
    }
}

void sim_failure_strike(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    uint32_t failure = (event->entity & ~FAILURE_BIT) >> 16;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        if (episode->riders[client].is_connected) {
            sim_account_end(episode, client);
        }
    }
    episode->outage->has_begun = true;
    strike(episode, failure, event->payload, event->order);
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        if (episode->riders[client].is_connected) {
            sim_serve_touch(episode, client);
        }
    }
    sim_serve_settle(episode);
    schedule(episode, failure, event->payload, event->order + 1);
}

/* The controller sits beside the first site. */
void sim_failure_probe(struct sim_episode *episode, uint64_t req, uint32_t site)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_outage_site *at = &episode->outage->sites[site];
    bool is_lost = sim_failure_is_struck(episode, site);
    if (at->loss > 0.0 && !is_lost) {
        struct sim_stream draws = sim_stream_of(stage->seed, SIM_STREAM_FAULT,
            UINT64_C(1) << 62 | (uint64_t)site << 32 | req >> 32);
        is_lost = sim_draw_uniform(&draws) < at->loss;
    }
    if (!is_lost) {
        double rtt_ms = sim_path_rtt_ms(&stage->path, stage->map.sites[0].at,
            stage->map.sites[site].at);
        sim_ports_probed(episode, req, site,
            hb_units_after(sim_episode_now_ns(episode), rtt_ms * 1e-3));
    }
}
