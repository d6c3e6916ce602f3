/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients feel of failures: each failing segment counts for what the client
 * waits for, and requests that head for a site after the bound at which nobody
 * should any more are counted: a site that is withdrawn is left
 *   by anycast  as soon as the routes have settled
 *   by record   a TTL and a request's gap after all authoritative servers have the next
 *               record (which waits for a fence that is under way), unless the resolver
 *               extends TTLs, or gives stale answers because the authoritative servers are
 *               out (RFC 8767). */
#include "sim/run/outage_impl.h"

#include <stdio.h>

static int64_t bound_ns(const struct sim_episode *episode, uint32_t client)
{
    const struct sim_outage_client *it = &episode->outage->clients[client];
    double ttl_s = sim_dns_record(episode->dns, client).ttl_ms * 1e-3;
    double gap_s = 1.0 / episode->scenario->service.request_rate_hz;
    return it->said_ns == HB_NEVER_NS ? HB_NEVER_NS : hb_units_after(it->said_ns, ttl_s + gap_s);
}

/* The resolver keeps answers for longer than their TTL, always or now. */
static bool is_violator(const struct sim_episode *episode, uint32_t client)
{
    const struct sim_outage *outage = episode->outage;
    double stale_s = episode->scenario->network.stale_answer_s
        + 2.0 / episode->scenario->service.request_rate_hz;
    bool is_stale = outage->dns_outages > 0 || (outage->dns_back_ns != HB_NEVER_NS
        && sim_episode_now_ns(episode) <= hb_units_after(outage->dns_back_ns, stale_s));
    return sim_dns_is_violator(episode->dns, client)
        || (is_stale && sim_dns_serves_stale(episode->dns, client));
}

/* The mirror's site has been withdrawn while a fence was under way: the record is changed
 * when the older endpoint is fenced in again, not before. */
static bool is_fencing(const struct sim_episode *episode, uint32_t client)
{
    uint32_t core = episode->core_of[client];
    if (core == HB_NONE) {
        return false;
    }
    uint32_t phase = hb_controller_client(episode->controller, core).phase;
    return phase == HB_PHASE_PROMOTING || phase == HB_PHASE_REVERTING;
}

/* Requests of [from_ns, now) that go to a withdrawn site later than they may. */
static void count_late(struct sim_episode *episode, uint32_t client, int64_t from_ns)
{
    struct sim_outage *outage = episode->outage;
    struct sim_outage_client *it = &outage->clients[client];
    int64_t now_ns = sim_episode_now_ns(episode);
    if (it->heading == HB_NONE || outage->sites[it->heading].withdrawn_ns == HB_NEVER_NS) {
        return;
    }
    int64_t withdrawn_ns = outage->sites[it->heading].withdrawn_ns;
    if (it->by_record && it->said_ns < withdrawn_ns && is_fencing(episode, client)) {
        return;
    }
    int64_t late_ns = it->by_record ? bound_ns(episode, client)
        : it->is_routed ? withdrawn_ns : HB_NEVER_NS;
    late_ns = late_ns > withdrawn_ns ? late_ns : withdrawn_ns;
    late_ns = late_ns > from_ns ? late_ns : from_ns;
    if (late_ns >= now_ns) {
        return;
    }
    double requests
        = episode->scenario->service.request_rate_hz * hb_units_s(now_ns - late_ns);
    if (it->by_record && is_violator(episode, client)) {
        outage->violators += !it->is_late;
        it->is_late = 1;
        outage->violator_requests += requests;
    } else {
        outage->late_requests += requests;
    }
}

void sim_outage_segment(struct sim_episode *episode, uint32_t client, int64_t from_ns)
{
    if (episode->outage == NULL) {
        return;
    }
    struct sim_outage_client *it = &episode->outage->clients[client];
    if (it->began_ns != HB_NEVER_NS) {
        it->part_s[it->part] += (float)hb_units_s(sim_episode_now_ns(episode) - from_ns);
    }
    count_late(episode, client, from_ns);
}

static bool is_believed_up(const struct sim_episode *episode, uint32_t site)
{
    return hb_controller_site_is_up(episode->controller, site);
}

/* Nothing answers at the site although the controller counts on it: the site is struck,
 * or the client's endpoint has crashed. A live site at which an endpoint of the client
 * is only being made is neither: the client waits for the reaction there. */
static bool is_unnoticed(const struct sim_episode *episode, uint32_t client, uint32_t site)
{
    const struct sim_outage *outage = episode->outage;
    bool is_dead
        = sim_failure_is_struck(episode, site) || outage->clients[client].is_crashed;
    return is_dead && is_believed_up(episode, site);
}

static enum sim_outage_part part_of(const struct sim_episode *episode, uint32_t client,
    const struct sim_outage_view *view)
{
    if (view->is_failed) {
        return SIM_OUTAGE_DNS;
    }
    if (view->site == HB_NONE) {
        return SIM_OUTAGE_CONVERGENCE;
    }
    bool is_primary = episode->riders[client].primary == view->site;
    bool is_unseen = is_unnoticed(episode, client, view->site);
    if (view->is_anycast && !view->is_proxied) {
        return is_unseen ? SIM_OUTAGE_DETECTION
            : is_believed_up(episode, view->site) ? SIM_OUTAGE_REACTION : SIM_OUTAGE_CONVERGENCE;
    }
    if (is_unseen && is_primary) {
        return SIM_OUTAGE_DETECTION;
    }
    uint32_t said = sim_dns_record(episode->dns, client).now_site;
    return !view->is_proxied && said != view->site ? SIM_OUTAGE_DNS : SIM_OUTAGE_REACTION;
}

/* Failing for another reason than a start or resume that takes its time. */
static bool is_fault(const struct sim_episode *episode, uint32_t client,
    const struct sim_outage_view *view)
{
    if (view->is_failed || view->site == HB_NONE) {
        return true;
    }
    const struct sim_outage *outage = episode->outage;
    const struct sim_outage_site *at = &outage->sites[view->site];
    return sim_failure_is_struck(episode, view->site) || at->withdrawn_ns != HB_NEVER_NS
        || outage->clients[client].is_crashed;
}

void sim_outage_look(struct sim_episode *episode, uint32_t client,
    const struct sim_outage_view *view)
{
    struct sim_outage *outage = episode->outage;
    if (outage == NULL || !outage->has_begun) {
        return;
    }
    struct sim_outage_client *it = &outage->clients[client];
    bool is_failing = episode->riders[client].is_failing;
    it->heading = view->is_failed || view->is_proxied ? HB_NONE : view->site;
    it->by_record = !view->is_anycast;
    it->is_routed = view->is_anycast && sim_catchment_is_settled(episode->catchment);
    bool is_begun = it->began_ns != HB_NEVER_NS;
    if (is_failing && !is_begun && is_fault(episode, client, view)) {
        it->began_ns = sim_episode_now_ns(episode);
        it->site = view->site != HB_NONE ? view->site : it->site;
        it->failover = DATA_FAILOVER_NONE;
        it->lost_mb = 0.0f;
        for (int part = 0; part < SIM_OUTAGE_PARTS; part++) {
            it->part_s[part] = 0.0f;
        }
    } else if (!is_failing && is_begun) {
        it->is_crashed = 0;
        sim_outage_add_row(episode, client, false);
    }
    it->part = (uint8_t)part_of(episode, client, view);
}

void sim_outage_close(struct sim_episode *episode, uint32_t client)
{
    if (episode->outage != NULL) {
        struct sim_outage_client *it = &episode->outage->clients[client];
        if (it->began_ns != HB_NEVER_NS) {
            sim_outage_add_row(episode, client, true);
        }
        it->heading = HB_NONE;
    }
}

void sim_outage_said(struct sim_episode *episode, uint32_t client, int64_t effective_ns)
{
    if (episode->outage == NULL) {
        return;
    }
    episode->outage->clients[client].said_ns = effective_ns;
    struct sim_dns_neighbours shared = sim_dns_neighbours(episode->dns, client);
    for (uint32_t i = 0; i < shared.count; i++) {
        episode->outage->clients[shared.clients[i]].said_ns = effective_ns;
    }
}

/* The last probe that a failure ate may be judged when the site is whole again. */
static bool is_seen_late(const struct sim_episode *episode, const struct sim_outage_site *at,
    int64_t now_ns)
{
    const struct hb_policy *policy = &episode->policy->set;
    int64_t until_ns = at->ended_ns == HB_NEVER_NS ? INT64_MIN
        : hb_units_after(at->ended_ns, policy->probe_interval_s + policy->probe_timeout_s);
    return at->has_row && at->detected_ns == HB_NEVER_NS && now_ns <= until_ns;
}

static void site_turned(struct sim_episode *episode, const struct hb_sample *sample)
{
    struct sim_outage *outage = episode->outage;
    struct sim_outage_site *at = &outage->sites[sample->site];
    bool is_up = sample->of.health.is_up != 0;
    at->withdrawn_ns = is_up ? HB_NEVER_NS : sample->at_ns;
    if (is_up) {
        sim_outage_add_failure(episode, sample->site, sample->at_ns);
    } else if (at->struck > 0 && at->detected_ns == HB_NEVER_NS) {
        at->detected_ns = sample->at_ns;
        outage->detected++;
        outage->detection_s += hb_units_s(sample->at_ns - at->began_ns);
    } else if (is_seen_late(episode, at, sample->at_ns)) {
        at->detected_ns = sample->at_ns;
    } else if (!sim_failure_is_struck(episode, sample->site)) {
        sim_outage_add_failure(episode, sample->site, HB_NEVER_NS);
        outage->false_positives++;
        *at = (struct sim_outage_site) { .began_ns = HB_NEVER_NS, .ended_ns = HB_NEVER_NS,
            .detected_ns = sample->at_ns, .withdrawn_ns = sample->at_ns, .loss = at->loss,
            .crashed = at->crashed, .severed = at->severed, .silenced = at->silenced,
            .kind = DATA_FAILURE_HEALTHY, .has_row = 1 };
    }
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        bool is_there = outage->clients[client].heading == sample->site;
        if (episode->riders[client].is_connected
            && (is_there || episode->riders[client].is_failing)) {
            sim_account_end(episode, client);
            sim_serve_touch(episode, client);
        }
    }
}

static void failed_over(struct sim_episode *episode, const struct hb_sample *sample)
{
    const struct sim_scenario_service *service = &episode->scenario->service;
    uint32_t client = episode->trace_of[sample->client];
    struct sim_outage_client *it = &episode->outage->clients[client];
    double lost_mb = service->state_mb;
    it->failover = (uint8_t)sample->of.failover.how; /* the same order, none comes last */
    it->is_crashed = 0;
    if (sample->of.failover.how == HB_FAILOVER_MIRROR) {
        lost_mb = it->lag_mb >= 0.0f ? (double)it->lag_mb : 0.0;
    } else if (sample->of.failover.how == HB_FAILOVER_STANDBY) {
        double since_s = sim_infra_resting_s(episode->infra, client, sample->of.failover.to);
        double written_mb = service->dirty_mb_s * since_s;
        lost_mb = written_mb < lost_mb ? written_mb : lost_mb;
    }
    it->lost_mb = (float)lost_mb;
    episode->outage->lost_mb += lost_mb;
}

void sim_outage_sample(struct sim_episode *episode, const struct hb_sample *sample)
{
    if (episode->outage == NULL) {
        return;
    }
    if (sample->kind == HB_SAMPLE_HEALTH) {
        site_turned(episode, sample);
    } else if (sample->kind == HB_SAMPLE_FAILOVER) {
        failed_over(episode, sample);
    }
}

bool sim_outage_check(void *ctx, char *why, size_t why_bytes)
{
    const struct sim_episode *episode = ctx;
    if (episode->outage->late_requests > 0.0) {
        snprintf(why, why_bytes, "%.3g requests went to a withdrawn site after the bound that TTL "
            "and convergence give", episode->outage->late_requests);
        return false;
    }
    return true;
}
