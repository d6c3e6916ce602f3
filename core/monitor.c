/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>

static const uint32_t for_ever = UINT32_MAX;

/* From now until the client must have come: the forecast instant and the grace. */
static double left_s(const struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_course *course = hb_course(controller, client);
    double horizon_s = hb_mirror_horizon_s(controller, client);
    double since_s = hb_units_s(controller->now_ns - course->decided_ns);
    double steered_s = hb_units_s(course->steered_ns - course->decided_ns);
    double start_s = horizon_s > steered_s ? horizon_s : steered_s;
    double rest_s = start_s + controller->setup.policy.grace_s - since_s;
    return rest_s > 0.0 ? rest_s : 0.0;
}

/* The published MonitorClient(client): is it served by the mirror, and does it
 * stay? Called whenever that may have changed. Served: it has sustain_s to
 * prove that it stays, then it is promoted. Not served: it has until the
 * deadline to come, then the mirror is rolled back (hb_monitor_due). */
void hb_monitor_client(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    assert(me->phase == HB_PHASE_MONITORING);
    int is_served = me->served == me->mirror;
    if (is_served && hb_course(controller, client)->connected_ns == HB_NEVER_NS) {
        hb_course(controller, client)->connected_ns = controller->now_ns;
    }
    if (is_served && !me->is_sustaining) {
        me->is_sustaining = 1;
        hb_lane_arm(controller, client, HB_LANE_PHASE, controller->setup.policy.sustain_s);
    }
    if (!is_served && me->is_sustaining) {
        me->is_sustaining = 0;
        hb_lane_arm(controller, client, HB_LANE_PHASE, left_s(controller, client));
    }
}

void hb_monitor_begin(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    me->is_sustaining = 0;
    hb_controller_enter(controller, client, HB_PHASE_MONITORING);
    hb_lane_arm(controller, client, HB_LANE_PHASE, left_s(controller, client));
    hb_monitor_client(controller, client);
}

void hb_monitor_promote(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    int is_steered = me->phase >= HB_PHASE_STEERING;
    me->attempts = 0;
    me->epoch++;
    hb_controller_enter(controller, client, HB_PHASE_PROMOTING);
    if (!is_steered) {
        hb_dns_point(controller, client, me->mirror);
    }
    hb_mirror_issue(controller, client);
}

static void close_and_settle(struct hb_controller *controller, uint32_t client,
    enum hb_cause cause)
{
    hb_mirror_close(controller, client, cause);
    hb_primary_settle(controller, client);
}

void hb_monitor_served(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    hb_monitor_client(controller, client);
}

/* DNS has not reported yet, but the client comes already. */
void hb_monitor_served_early(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (event->site == me->mirror && hb_course(controller, client)->connected_ns == HB_NEVER_NS) {
        hb_course(controller, client)->connected_ns = controller->now_ns;
    }
}

/* It was where the mirror is the better one, and now the primary is by more
 * than the hysteresis: it did not stay. */
static int has_left(const struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = &controller->clients[client];
    double primary_ms = hb_client_rtt_ms(controller, client, me->primary);
    double mirror_ms = hb_client_rtt_ms(controller, client, me->mirror);
    double margin_ms = controller->setup.policy.hysteresis * mirror_ms;
    return hb_course(controller, client)->arrived_ns != HB_NEVER_NS
        && primary_ms < mirror_ms - margin_ms;
}

void hb_monitor_seen(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    hb_mirror_note_arrival(controller, client);
    if (has_left(controller, client)) {
        close_and_settle(controller, client, HB_CAUSE_LEFT);
    } else if (hb_client(controller, client)->phase == HB_PHASE_MONITORING) {
        hb_monitor_client(controller, client);
    }
    hb_decide_seen(controller, client, event);
}

void hb_monitor_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    const struct hb_controller_client *me = hb_client(controller, client);
    if (me->is_sustaining) {
        hb_monitor_promote(controller, client);
        return;
    }
    int has_come = hb_course(controller, client)->connected_ns != HB_NEVER_NS;
    close_and_settle(controller, client, has_come ? HB_CAUSE_LEFT : HB_CAUSE_DEADLINE);
}

/* A session that ends at the mirror has stayed; the state lives on there. */
void hb_monitor_disconnected(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    if (hb_client(controller, client)->is_sustaining) {
        hb_monitor_promote(controller, client);
        return;
    }
    close_and_settle(controller, client, HB_CAUSE_DISCONNECTED);
}

/* In sync and the only one left. */
void hb_monitor_primary_down(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    if (controller->setup.policy.failover != HB_FAILOVER_MIRROR) {
        hb_mirror_primary_down(controller, client, event);
        return;
    }
    hb_primary_report_mirror(controller, client);
    hb_monitor_promote(controller, client);
}

/* Nobody knows whether the mirror's fence took: a newer epoch settles it. */
static void revert(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    me->attempts = 0;
    me->epoch++;
    hb_controller_enter(controller, client, HB_PHASE_REVERTING);
    hb_mirror_issue(controller, client);
}

void hb_monitor_fence_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (event->result == HB_RESULT_OK) {
        hb_mirror_close(controller, client, HB_CAUSE_PROMOTED);
        hb_controller_emit_primary(controller, client, me->primary);
        hb_primary_settle(controller, client);
        return;
    }
    if (hb_lane_retry(controller, client, controller->setup.policy.retry_max)) {
        return;
    }
    if (controller->sites[me->primary].is_up) {
        revert(controller, client);
    } else {
        (void)hb_lane_retry(controller, client, for_ever); /* no way back */
    }
}

static void lose_both(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    hb_mirror_close(controller, client, HB_CAUSE_SITE_DOWN);
    hb_controller_enter(controller, client, HB_PHASE_SERVED);
    hb_primary_down(controller, client, event);
}

void hb_monitor_mirror_down(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    if (controller->sites[hb_client(controller, client)->primary].is_up) {
        revert(controller, client);
    } else {
        lose_both(controller, client, event);
    }
}

void hb_monitor_primary_down_reverting(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    if (controller->sites[hb_client(controller, client)->mirror].is_up) {
        hb_primary_report_mirror(controller, client);
        hb_monitor_promote(controller, client);
    } else {
        lose_both(controller, client, event);
    }
}

/* Gives the fence again for as long as it takes: until then nobody may write. */
void hb_monitor_revert_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    if (event->result != HB_RESULT_OK) {
        (void)hb_lane_retry(controller, client, for_ever); /* cannot run out */
        return;
    }
    hb_controller_emit_primary(controller, client, hb_client(controller, client)->primary);
    close_and_settle(controller, client, HB_CAUSE_FENCE);
}

void hb_monitor_fence_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    if (me->is_backing_off) {
        hb_mirror_issue(controller, client);
        return;
    }
    hb_lane_drop(controller, client, HB_LANE_MIRROR);
    struct hb_event timed_out = *event;
    timed_out.result = HB_RESULT_TIMED_OUT;
    if (me->phase == HB_PHASE_REVERTING) {
        hb_monitor_revert_done(controller, client, &timed_out);
    } else {
        hb_monitor_fence_done(controller, client, &timed_out);
    }
}
