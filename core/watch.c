/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>
#include <stdlib.h>

/* Health of the sites. The controller sends each a probe every interval, the
 * sites' phases spread evenly over it, and a detector (core/health.h) judges by
 * the answers; or the host probes and tells. A site that is heard again is held
 * down for a while before it is used. One timer per site waits for the next
 * beat, one for the verdict: with phi and bfd the latter only looks, when it is
 * due, whether the deadline has moved. */

struct site {
    struct hb_health health;
    uint32_t sequence; /* of the latest req on the lanes of this file */
    uint32_t sent;     /* probes */
    uint32_t beat, verdict, hold; /* sequences waited for; 0: none */
    uint32_t probe; /* count: of the probe not answered yet; else of the newest answered */
};

struct hb_watch {
    struct site *sites;    /* [site_count] */
    uint32_t *arrivals_us; /* [site_count][window], phi only */
    struct hb_health_rules rules;
    double phi_factor;
    uint32_t site_count;
    int has_begun;
};

static int is_phi(const struct hb_health_rules *rules)
{
    return rules->detector == HB_HEALTH_PHI || rules->detector == HB_HEALTH_PHI_EXPONENTIAL;
}

static struct hb_health_rules rules_of(const struct hb_policy *policy)
{
    return (struct hb_health_rules) { .detector = policy->detector,
        .rise = policy->probe_rise,
        .fall = policy->probe_fall,
        .window = policy->phi_window,
        .interval_s = policy->probe_interval_s,
        .timeout_s = policy->probe_timeout_s,
        .phi_down = policy->phi_down,
        .sd_min_s = policy->phi_sd_min_s };
}

enum hb_status hb_watch_create(const struct hb_controller_setup *setup, struct hb_watch **out)
{
    struct hb_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return HB_ERR_MEMORY;
    }
    watch->site_count = setup->map->site_count;
    watch->rules = rules_of(&setup->policy);
    watch->phi_factor = hb_health_phi_factor(watch->rules.detector, watch->rules.phi_down);
    watch->sites = calloc(watch->site_count, sizeof *watch->sites);
    size_t window = is_phi(&watch->rules) ? watch->rules.window : 1;
    watch->arrivals_us = calloc(watch->site_count * window, sizeof *watch->arrivals_us);
    if (watch->sites == NULL || watch->arrivals_us == NULL) {
        hb_watch_free(watch);
        return HB_ERR_MEMORY;
    }
    for (uint32_t site = 0; site < watch->site_count; site++) {
        hb_health_init(&watch->sites[site].health, &watch->rules,
            &watch->arrivals_us[site * window], 0);
    }
    *out = watch;
    return HB_OK;
}

void hb_watch_free(struct hb_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    free(watch->arrivals_us);
    free(watch->sites);
    free(watch);
}

size_t hb_watch_bytes(const struct hb_watch *watch)
{
    size_t window = is_phi(&watch->rules) ? watch->rules.window : 1;
    return sizeof *watch
        + watch->site_count * (sizeof *watch->sites + window * sizeof *watch->arrivals_us);
}

static uint64_t open_req(struct hb_watch *watch, uint32_t site, enum hb_lane lane)
{
    struct site *it = &watch->sites[site];
    it->sequence = it->sequence == UINT32_MAX ? 1 : it->sequence + 1;
    return (uint64_t)it->sequence << 32 | (uint64_t)lane << HB_LANE_CLIENT_BITS | site;
}

/* Sets one of the site's timers; returns what to wait for. */
static uint32_t armed(struct hb_controller *controller, uint32_t site, enum hb_lane lane,
    int64_t at_ns)
{
    uint64_t req = open_req(controller->watch, site, lane);
    controller->ports.wake_at(controller->ports.ctx, req, at_ns);
    return hb_lane_sequence(req);
}

static void end_hold(struct hb_controller *controller, uint32_t site)
{
    struct site *it = &controller->watch->sites[site];
    if (it->hold != 0) {
        uint64_t req
            = (uint64_t)it->hold << 32 | (uint64_t)HB_LANE_HOLD << HB_LANE_CLIENT_BITS | site;
        controller->ports.wake_cancel(controller->ports.ctx, req);
        it->hold = 0;
    }
}

static void beat(struct hb_controller *controller, uint32_t site)
{
    struct hb_watch *watch = controller->watch;
    struct site *it = &watch->sites[site];
    const struct hb_health_rules *rules = &watch->rules;
    int64_t now_ns = controller->now_ns;
    uint64_t req = open_req(watch, site, HB_LANE_PROBE);
    double jitter = rules->detector == HB_HEALTH_BFD
        ? hb_health_jitter(site, it->sent, rules->fall) : 1.0;
    it->sent++;
    int64_t next_ns = hb_units_after(now_ns, jitter * rules->interval_s);
    it->beat = armed(controller, site, HB_LANE_BEAT, next_ns);
    if (rules->detector == HB_HEALTH_COUNT) {
        it->probe = hb_lane_sequence(req);
        it->verdict = armed(controller, site, HB_LANE_VERDICT,
            hb_units_after(now_ns, rules->timeout_s));
    }
    controller->ports.probe(controller->ports.ctx, req, site);
}

/* Phi and bfd: the site is up, so its silence has an end. */
static void await_silence(struct hb_controller *controller, uint32_t site)
{
    struct hb_watch *watch = controller->watch;
    struct site *it = &watch->sites[site];
    int64_t at_ns = hb_health_deadline_ns(&it->health, &watch->rules, watch->phi_factor);
    int is_watched = watch->rules.interval_s > 0.0 && it->health.is_up;
    if (is_watched && it->verdict == 0 && at_ns != HB_NEVER_NS) {
        it->verdict = armed(controller, site, HB_LANE_VERDICT,
            at_ns > controller->now_ns ? at_ns : controller->now_ns);
    }
}

void hb_watch_begin(struct hb_controller *controller)
{
    struct hb_watch *watch = controller->watch;
    if (watch->has_begun) {
        return;
    }
    watch->has_begun = 1;
    double interval_s = watch->rules.interval_s;
    for (uint32_t site = 0; site < watch->site_count; site++) {
        struct site *it = &watch->sites[site];
        double after_s = interval_s * (site + 0.5) / watch->site_count;
        it->health.heard_ns = hb_units_after(controller->now_ns, after_s);
        if (interval_s > 0.0) {
            it->beat = armed(controller, site, HB_LANE_BEAT, it->health.heard_ns);
            await_silence(controller, site);
        }
    }
}

/* The detector has changed its mind. */
static void turned(struct hb_controller *controller, const struct hb_event *event, uint32_t site)
{
    struct site *it = &controller->watch->sites[site];
    double hold_s = controller->setup.policy.hold_down_s;
    if (!it->health.is_up) {
        end_hold(controller, site);
        if (controller->sites[site].is_up) {
            hb_sites_turn(controller, event, site, it->health.heard_ns);
        }
        return;
    }
    await_silence(controller, site);
    if (hold_s > 0.0) {
        it->hold = armed(controller, site, HB_LANE_HOLD,
            hb_units_after(controller->now_ns, hold_s));
        return;
    }
    hb_sites_turn(controller, event, site, it->health.heard_ns);
}

static void miss(struct hb_controller *controller, const struct hb_event *event, uint32_t site)
{
    struct hb_watch *watch = controller->watch;
    if (hb_health_miss(&watch->sites[site].health, &watch->rules)) {
        turned(controller, event, site);
    }
}

/* Of one client's instance: the supervisor on its site cannot reach it. A mirror
 * is given up at the first miss, which costs a copy; a primary after probe_fall. */
static void probe_instance(struct hb_controller *controller, const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, event->client);
    enum hb_phase phase = (enum hb_phase)me->phase;
    int is_answered = event->kind == HB_EVENT_PROBE_ANSWERED;
    if (me->primary == event->site) {
        uint32_t misses = is_answered ? 0 : me->misses + 1u;
        int is_down = misses >= controller->setup.policy.probe_fall;
        me->misses = is_down ? 0 : misses & 127u;
        if (is_down) {
            hb_controller_rule(phase, HB_INPUT_PRIMARY_DOWN)(controller, event->client, event);
        }
    } else if (hb_phase_has_mirror(me->phase) && me->mirror == event->site && !is_answered) {
        hb_controller_rule(phase, HB_INPUT_MIRROR_DOWN)(controller, event->client, event);
    }
}

/* Whether the answer still says something: with `count` that of the probe
 * waited for, else any newer than the newest heard. */
static int is_news(struct hb_watch *watch, const struct hb_event *event)
{
    struct site *it = &watch->sites[event->site];
    uint32_t sequence = hb_lane_sequence(event->req);
    if (hb_lane_of(event->req) != HB_LANE_PROBE || hb_lane_client(event->req) != event->site) {
        return 0;
    }
    if (watch->rules.detector == HB_HEALTH_COUNT) {
        int is_waited = it->probe == sequence && it->probe != 0;
        it->probe = is_waited ? 0 : it->probe;
        return is_waited;
    }
    int is_newer = sequence - it->probe - 1u < UINT32_MAX / 2;
    it->probe = is_newer ? sequence : it->probe;
    return is_newer;
}

void hb_watch_probe(struct hb_controller *controller, const struct hb_event *event)
{
    struct hb_watch *watch = controller->watch;
    if (event->client != HB_NONE) {
        probe_instance(controller, event);
        return;
    }
    if (event->req != 0 && !is_news(watch, event)) {
        return;
    }
    struct hb_health *health = &watch->sites[event->site].health;
    if (event->kind == HB_EVENT_PROBE_MISSED) {
        miss(controller, event, event->site);
    } else if (hb_health_hear(health, &watch->rules, controller->now_ns)) {
        turned(controller, event, event->site);
    }
}

static void judge(struct hb_controller *controller, const struct hb_event *event, uint32_t site)
{
    struct hb_watch *watch = controller->watch;
    struct site *it = &watch->sites[site];
    if (watch->rules.detector == HB_HEALTH_COUNT) {
        int is_missed = it->probe != 0;
        it->probe = 0;
        if (is_missed) {
            miss(controller, event, site);
        }
    } else if (hb_health_expire(&it->health, &watch->rules, watch->phi_factor,
                   controller->now_ns)) {
        turned(controller, event, site);
    } else {
        await_silence(controller, site);
    }
}

void hb_watch_due(struct hb_controller *controller, const struct hb_event *event)
{
    uint32_t site = hb_lane_client(event->req), sequence = hb_lane_sequence(event->req);
    enum hb_lane lane = hb_lane_of(event->req);
    if (site >= controller->watch->site_count || sequence == 0) {
        return;
    }
    struct site *it = &controller->watch->sites[site];
    if (lane == HB_LANE_BEAT && it->beat == sequence) {
        beat(controller, site);
    } else if (lane == HB_LANE_VERDICT && it->verdict == sequence) {
        it->verdict = 0;
        judge(controller, event, site);
    } else if (lane == HB_LANE_HOLD && it->hold == sequence) {
        it->hold = 0;
        hb_sites_turn(controller, event, site, it->health.heard_ns);
    }
}
