/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>

static void issue(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_policy *policy = &controller->setup.policy;
    const struct hb_ports *ports = &controller->ports;
    me->is_backing_off = 0;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_PRIMARY);
    if (me->is_fencing) {
        ports->fence(ports->ctx, req, client, me->primary, me->epoch);
        hb_lane_arm(controller, client, HB_LANE_PHASE, policy->fence_timeout_s);
        return;
    }
    if (me->is_resuming) {
        ports->resume(ports->ctx, req, client, me->primary);
    } else {
        ports->provision(ports->ctx, req, client, me->primary);
    }
    hb_lane_arm(controller, client, HB_LANE_PHASE, policy->provision_timeout_s);
}

/* Anycast alone serves the client; its record is the caller's to clear. */
static void rest(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    hb_lane_disarm(controller, client, HB_LANE_PHASE);
    me->calm_ns = hb_units_after(controller->now_ns, controller->setup.policy.cooldown_s);
    hb_controller_enter(controller, client, HB_PHASE_ANYCAST);
}

static void fall_back(struct hb_controller *controller, uint32_t client)
{
    rest(controller, client);
    hb_dns_clear(controller, client);
}

/* The instance at the primary's site is given up. */
static void abandon(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    assert(me->primary != HB_NONE);
    uint32_t site = me->primary;
    int was_primary = me->phase != HB_PHASE_STARTING || (me->is_resuming && !me->is_taking_over);
    hb_lane_drop(controller, client, HB_LANE_PRIMARY);
    hb_lane_disarm(controller, client, HB_LANE_PHASE);
    me->primary = HB_NONE;
    me->is_taking_over = 0;
    hb_spare_stop(controller, client, site);
    if (was_primary) {
        hb_controller_emit_primary(controller, client, HB_NONE);
    }
}

static int is_usable(const struct hb_controller *controller, uint32_t site)
{
    return site != HB_NONE && hb_select_is_open(&controller->sites[site]);
}

/* A new primary at site, or where there is room nearby; 0: there is none. */
static int try_start(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    struct hb_controller_client *me = hb_client(controller, client);
    int has_home = controller->setup.policy.kind == HB_POLICY_STATIC;
    if (has_home && me->mirror != HB_NONE) {
        site = me->mirror;
    }
    if (!is_usable(controller, site)) {
        site = hb_select_nearest(controller->select, controller->sites, me->place, site);
    }
    if (site == HB_NONE) {
        return 0;
    }
    if (has_home && me->mirror == HB_NONE) {
        me->mirror = site;
    }
    if (me->spare == site) {
        hb_spare_evict(controller, client);
    }
    me->primary = site;
    me->misses = 0;
    me->attempts = 0;
    me->is_resuming = 0;
    me->is_taking_over = 0;
    me->is_fencing = 0;
    hb_sites_take(controller, site);
    hb_controller_enter(controller, client, HB_PHASE_STARTING);
    issue(controller, client);
    return 1;
}

static void start(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    if (!try_start(controller, client, site)) {
        fall_back(controller, client);
    }
}

void hb_primary_connected(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    if (!me->has_consent || controller->setup.policy.kind == HB_POLICY_ANYCAST) {
        hb_controller_enter(controller, client, HB_PHASE_ANYCAST);
        return;
    }
    start(controller, client, event->site);
}

/* ANYCAST for want of consent or room before: the next change of place tries again. */
void hb_primary_seen_unserved(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    const struct hb_controller_client *me = hb_client(controller, client);
    int is_own = me->has_consent && controller->setup.policy.kind != HB_POLICY_ANYCAST;
    if (is_own && controller->now_ns >= me->calm_ns) {
        start(controller, client, HB_NONE);
    }
}

void hb_primary_reconnected(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    struct hb_controller_client *me = hb_client(controller, client);
    me->attempts = 0;
    me->is_resuming = 1;
    me->is_taking_over = 0;
    me->is_fencing = 0;
    hb_controller_enter(controller, client, HB_PHASE_STARTING);
    issue(controller, client);
}

static void repoint(struct hb_controller *controller, uint32_t client)
{
    if (hb_client(controller, client)->is_record_stale) {
        hb_dns_refresh(controller, client);
    }
}

/* SERVED from here on. */
static void serve(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    hb_lane_disarm(controller, client, HB_LANE_PHASE);
    me->debt_at_ns = controller->now_ns;
    hb_controller_enter(controller, client, HB_PHASE_SERVED);
    hb_decide_start_ticking(controller, client);
    repoint(controller, client);
    hb_decide_begin(controller, client);
}

static void linger(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_ports *ports = &controller->ports;
    me->attempts = 0;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_PRIMARY);
    ports->standby(ports->ctx, req, client, me->primary);
    hb_controller_enter(controller, client, HB_PHASE_LINGERING);
    repoint(controller, client);
    hb_lane_arm(controller, client, HB_LANE_PHASE, controller->setup.policy.linger_s);
}

static void leave(struct hb_controller *controller, uint32_t client)
{
    abandon(controller, client);
    hb_controller_enter(controller, client, HB_PHASE_ABSENT);
    hb_dns_clear(controller, client);
}

void hb_primary_settle(struct hb_controller *controller, uint32_t client)
{
    if (hb_client(controller, client)->is_connected) {
        serve(controller, client);
    } else if (controller->setup.policy.linger_s > 0.0) {
        linger(controller, client);
    } else {
        leave(controller, client);
    }
}

/* No room there after all: try the next nearest, as often as a retry. */
static void start_elsewhere(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    uint32_t full = me->primary;
    uint8_t attempts = me->attempts;
    int has_record = me->is_resuming && !me->is_taking_over;
    if (me->is_resuming) {
        abandon(controller, client);
    } else {
        me->primary = HB_NONE; /* nothing came to be there */
    }
    controller->sites[full].free_slots = 0;
    uint32_t site = hb_select_nearest(controller->select, controller->sites, me->place, full);
    if (attempts >= controller->setup.policy.retry_max || site == HB_NONE) {
        fall_back(controller, client);
        return;
    }
    if (controller->setup.policy.kind == HB_POLICY_STATIC) {
        me->mirror = site;
    }
    if (has_record) {
        hb_dns_clear(controller, client);
    }
    start(controller, client, site);
    me->attempts = (uint8_t)(attempts + 1);
}

static void failed(struct hb_controller *controller, uint32_t client, enum hb_result result)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    if (result == HB_RESULT_NO_ROOM && !me->is_fencing) {
        start_elsewhere(controller, client);
        return;
    }
    if (hb_lane_retry(controller, client, controller->setup.policy.retry_max)) {
        return;
    }
    abandon(controller, client);
    fall_back(controller, client);
}

void hb_primary_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (event->result != HB_RESULT_OK) {
        failed(controller, client, (enum hb_result)event->result);
        return;
    }
    if (me->is_resuming && !me->is_taking_over) {
        serve(controller, client);
        return;
    }
    if (!me->is_fencing) {
        me->is_resuming = 0;
        me->is_taking_over = 0;
        me->is_fencing = 1;
        me->attempts = 0;
        me->epoch++;
        issue(controller, client);
        return;
    }
    hb_controller_emit_primary(controller, client, me->primary);
    me->is_record_stale = 1;
    serve(controller, client);
}

void hb_primary_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    struct hb_controller_client *me = hb_client(controller, client);
    if (me->is_backing_off) {
        issue(controller, client);
        return;
    }
    hb_lane_drop(controller, client, HB_LANE_PRIMARY);
    if (!me->is_fencing && !me->is_resuming) {
        /* It may still come up later: ask for its end before asking anew. */
        uint64_t req = hb_lane_open(controller, client, HB_LANE_NONE);
        controller->ports.stop(controller->ports.ctx, req, client, me->primary);
    }
    failed(controller, client, HB_RESULT_TIMED_OUT);
}

void hb_primary_disconnected_unserved(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    hb_lane_disarm(controller, client, HB_LANE_PHASE);
    hb_controller_enter(controller, client, HB_PHASE_ABSENT);
}

void hb_primary_disconnected_starting(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    const struct hb_controller_client *me = hb_client(controller, client);
    if (me->is_resuming && !me->is_taking_over) {
        hb_lane_drop(controller, client, HB_LANE_PRIMARY);
        hb_primary_settle(controller, client);
        return;
    }
    leave(controller, client);
}

void hb_primary_disconnected(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    hb_primary_settle(controller, client);
}

void hb_primary_standby_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    int is_over = me->attempts >= controller->setup.policy.retry_max;
    if (event->result == HB_RESULT_OK || is_over) {
        return;
    }
    me->attempts++;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_PRIMARY);
    controller->ports.standby(controller->ports.ctx, req, client, me->primary);
}

void hb_primary_linger_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    leave(controller, client);
}

/* Consent withdrawn without a mirror under way: nothing of the client stays. */
void hb_primary_withdrawn(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    struct hb_controller_client *me = hb_client(controller, client);
    hb_spare_evict(controller, client);
    hb_lane_disarm(controller, client, HB_LANE_PHASE);
    if (me->primary != HB_NONE) {
        abandon(controller, client);
    }
    hb_controller_enter(controller, client, me->is_connected ? HB_PHASE_ANYCAST : HB_PHASE_ABSENT);
    hb_dns_clear(controller, client);
    hb_lane_drop(controller, client, HB_LANE_PREDICT);
    me->place = HB_NONE;
    me->served = HB_NONE;
    me->mirror = HB_NONE;
    me->debt = 0.0;
}

static void report_failover(struct hb_controller *controller, uint32_t client, uint32_t from,
    enum hb_failover how, uint32_t to)
{
    struct hb_sample sample = { .kind = HB_SAMPLE_FAILOVER, .site = from,
        .of.failover = { .how = how, .to = to } };
    hb_controller_emit(controller, client, &sample);
}

void hb_primary_report_mirror(struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    report_failover(controller, client, me->primary, HB_FAILOVER_MIRROR, me->mirror);
}

/* The instance on standby elsewhere is resumed and fenced in, with the state
 * that it had. */
static void take_over(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    struct hb_controller_client *me = hb_client(controller, client);
    enum hb_spare_state state = hb_spare_take(controller, client, site);
    hb_sites_take(controller, site);
    me->primary = site;
    me->misses = 0;
    me->attempts = 0;
    me->is_resuming = state == HB_SPARE_STANDBY;
    me->is_taking_over = me->is_resuming;
    me->is_fencing = !me->is_resuming; /* a draining one runs already */
    me->epoch += me->is_fencing;
    hb_controller_enter(controller, client, HB_PHASE_STARTING);
    issue(controller, client);
}

static int has_standby(const struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = &controller->clients[client];
    int is_there = me->spare_state == HB_SPARE_STANDBY || me->spare_state == HB_SPARE_DRAINING;
    return is_there && me->spare != HB_NONE && controller->sites[me->spare].is_up
        && controller->setup.policy.failover <= HB_FAILOVER_STANDBY;
}

/* Nothing of its own until failback_s has passed (hb_primary_failback). */
static void stay_out(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    double wait_s = controller->setup.policy.failback_s;
    rest(controller, client);
    me->calm_ns = hb_units_after(controller->now_ns, wait_s);
    me->is_backing_off = 0;
    hb_lane_arm(controller, client, HB_LANE_PHASE, wait_s);
}

/* The primary is gone, and its state with it. */
void hb_primary_down(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    struct hb_controller_client *me = hb_client(controller, client);
    if (!me->is_connected) {
        leave(controller, client);
        return;
    }
    uint32_t dead = me->primary, standby = has_standby(controller, client) ? me->spare : HB_NONE;
    int is_over = standby != HB_NONE && standby != dead;
    if (is_over) {
        hb_lane_drop(controller, client, HB_LANE_PRIMARY);
        hb_lane_disarm(controller, client, HB_LANE_PHASE);
        uint64_t req = hb_lane_open(controller, client, HB_LANE_NONE);
        controller->ports.stop(controller->ports.ctx, req, client, dead);
        hb_sites_give(controller, dead);
        hb_controller_emit_primary(controller, client, HB_NONE);
    } else {
        abandon(controller, client);
    }
    if (controller->setup.policy.kind == HB_POLICY_STATIC) {
        me->mirror = HB_NONE;
    }
    hb_dns_clear(controller, client);
    if (is_over) {
        report_failover(controller, client, dead, HB_FAILOVER_STANDBY, standby);
        take_over(controller, client, standby);
    } else if (controller->setup.policy.failover == HB_FAILOVER_ANYCAST) {
        report_failover(controller, client, dead, HB_FAILOVER_ANYCAST, HB_NONE);
        stay_out(controller, client);
    } else {
        if (!try_start(controller, client, HB_NONE)) {
            rest(controller, client);
        }
        report_failover(controller, client, dead,
            me->primary == HB_NONE ? HB_FAILOVER_ANYCAST : HB_FAILOVER_NEW, me->primary);
    }
}

void hb_primary_failback(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    hb_primary_seen_unserved(controller, client, event);
}
