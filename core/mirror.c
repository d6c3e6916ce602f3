/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>

double hb_mirror_horizon_s(const struct hb_controller *controller, uint32_t client)
{
    uint8_t index = controller->clients[client].horizon_index;
    return index >= HB_HORIZON_BACKUP ? 0.0 : controller->setup.policy.horizon_s[index];
}

int hb_mirror_is_better(const struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = &controller->clients[client];
    return hb_client_rtt_ms(controller, client, me->mirror)
        < hb_client_rtt_ms(controller, client, me->primary);
}

void hb_mirror_note_arrival(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_course *course = hb_course(controller, client);
    if (course->arrived_ns == HB_NEVER_NS && hb_mirror_is_better(controller, client)) {
        course->arrived_ns = controller->now_ns;
    }
}

void hb_mirror_issue(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_policy *policy = &controller->setup.policy;
    const struct hb_ports *ports = &controller->ports;
    double timeout_s = policy->fence_timeout_s;
    me->is_backing_off = 0;
    if (me->phase == HB_PHASE_STEERING) {
        hb_dns_point(controller, client, me->mirror);
        hb_lane_arm(controller, client, HB_LANE_PHASE, policy->dns_timeout_s);
        return;
    }
    uint64_t req = hb_lane_open(controller, client, HB_LANE_MIRROR);
    if (me->phase == HB_PHASE_PROVISIONING) {
        timeout_s = policy->provision_timeout_s;
        if (me->is_resuming) {
            ports->resume(ports->ctx, req, client, me->mirror);
        } else {
            ports->provision(ports->ctx, req, client, me->mirror);
        }
    } else if (me->phase == HB_PHASE_SYNCHRONISING) {
        timeout_s = policy->copy_timeout_s;
        ports->copy(ports->ctx, req, client, me->primary, me->mirror);
    } else if (me->phase == HB_PHASE_PROMOTING) {
        ports->fence(ports->ctx, req, client, me->mirror, me->epoch);
    } else {
        assert(me->phase == HB_PHASE_REVERTING);
        ports->fence(ports->ctx, req, client, me->primary, me->epoch);
    }
    hb_lane_arm(controller, client, HB_LANE_PHASE, timeout_s);
}

/* A move pays the regret off, when it is decided and when it has come true. */
static void spend_regret(struct hb_controller *controller, uint32_t client)
{
    if (controller->setup.policy.kind == HB_POLICY_SKI_RENTAL) {
        hb_client(controller, client)->debt = 0.0;
    }
}

static void begin_phase(struct hb_controller *controller, uint32_t client, enum hb_phase phase)
{
    hb_client(controller, client)->attempts = 0;
    hb_controller_enter(controller, client, phase);
    hb_mirror_issue(controller, client);
}

void hb_mirror_begin_course(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    assert(me->course == HB_NONE);
    if (controller->free_count > 0) {
        me->course = controller->free_courses[--controller->free_count];
    } else {
        me->course = controller->fresh_course++;
    }
    assert(me->course < controller->setup.client_capacity);
    *hb_course(controller, client) = (struct hb_controller_course) {
        .decided_ns = controller->now_ns,
        .provisioned_ns = HB_NEVER_NS,
        .synced_ns = HB_NEVER_NS,
        .steered_ns = HB_NEVER_NS,
        .arrived_ns = HB_NEVER_NS,
        .connected_ns = HB_NEVER_NS,
    };
}

/* The published MirrorEndpoint(client, location): a second endpoint at the
 * predicted location, kept in step with the first. Provision (or resume) an
 * instance; on its DONE copy the state; on that DONE wait, or steer, until the
 * client is to be served there; then hb_monitor_client takes over. */
void hb_mirror_endpoint(struct hb_controller *controller, uint32_t client,
    const struct hb_mirror_plan *plan)
{
    struct hb_controller_client *me = hb_client(controller, client);
    assert(me->phase == HB_PHASE_SERVED);
    assert(plan->site != me->primary);
    me->mirror = plan->site;
    me->confidence = plan->confidence;
    me->horizon_index = plan->horizon_index;
    hb_mirror_begin_course(controller, client);
    spend_regret(controller, client);
    hb_mirror_note_arrival(controller, client);
    enum hb_spare_state spare = hb_spare_take(controller, client, plan->site);
    hb_sites_take(controller, plan->site);
    if (spare == HB_SPARE_DRAINING) {
        hb_course(controller, client)->provisioned_ns = controller->now_ns;
        begin_phase(controller, client, HB_PHASE_SYNCHRONISING);
        return;
    }
    me->is_resuming = spare == HB_SPARE_STANDBY;
    begin_phase(controller, client, HB_PHASE_PROVISIONING);
}

static enum hb_outcome outcome_of(const struct hb_controller_course *course,
    enum hb_cause cause)
{
    switch (cause) {
    case HB_CAUSE_PROMOTED:
        return course->arrived_ns < course->synced_ns ? HB_OUTCOME_LATE : HB_OUTCOME_HIT;
    case HB_CAUSE_DEADLINE:
    case HB_CAUSE_LEFT:
        return course->connected_ns == HB_NEVER_NS ? HB_OUTCOME_UNUSED : HB_OUTCOME_ROLLED_BACK;
    case HB_CAUSE_DISCONNECTED:
    case HB_CAUSE_CONSENT:
    case HB_CAUSE_RETARGETED:
        return HB_OUTCOME_CANCELLED;
    case HB_CAUSE_PROVISION:
    case HB_CAUSE_NO_ROOM:
    case HB_CAUSE_COPY:
    case HB_CAUSE_DNS:
    case HB_CAUSE_FENCE:
    case HB_CAUSE_SITE_DOWN:
    case HB_CAUSE_PRIMARY_DOWN:
    case HB_CAUSE_COUNT:
        break;
    }
    return HB_OUTCOME_FAILED;
}

static void report(struct hb_controller *controller, uint32_t client, enum hb_cause cause)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_controller_course *course = hb_course(controller, client);
    int is_promoted = cause == HB_CAUSE_PROMOTED;
    struct hb_sample sample = {
        .kind = HB_SAMPLE_MIRROR,
        .site = me->mirror,
        .of.mirror = {
            .decided_ns = course->decided_ns,
            .provisioned_ns = course->provisioned_ns,
            .synced_ns = course->synced_ns,
            .steered_ns = course->steered_ns,
            .arrived_ns = course->arrived_ns,
            .connected_ns = course->connected_ns,
            .promoted_ns = is_promoted ? controller->now_ns : HB_NEVER_NS,
            .closed_ns = controller->now_ns,
            .epoch = is_promoted ? me->epoch : 0,
            .bytes = course->bytes,
            .confidence = me->confidence,
            .horizon_s = (float)hb_mirror_horizon_s(controller, client),
            .from = me->primary,
            .to = me->mirror,
            .outcome = (uint16_t)outcome_of(course, cause),
            .cause = (uint16_t)cause,
            .phase = me->phase,
        },
    };
    hb_controller_emit(controller, client, &sample);
}

/* The replica that did not become primary. */
static void dismiss(struct hb_controller *controller, uint32_t client, enum hb_cause cause)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    int is_streaming = me->phase >= HB_PHASE_SYNCHRONISING && me->phase <= HB_PHASE_MONITORING;
    uint64_t copy_req = hb_lane_req(controller, client, HB_LANE_MIRROR);
    if (is_streaming && copy_req != 0) {
        controller->ports.copy_abort(controller->ports.ctx, copy_req, client);
    }
    if (cause == HB_CAUSE_NO_ROOM && !me->is_resuming) {
        return; /* nothing came to be there */
    }
    int is_steered = me->phase >= HB_PHASE_STEERING;
    int is_ended = cause == HB_CAUSE_SITE_DOWN || cause == HB_CAUSE_PROVISION
        || cause == HB_CAUSE_NO_ROOM || cause == HB_CAUSE_CONSENT
        || cause == HB_CAUSE_PRIMARY_DOWN
        || me->phase == HB_PHASE_PROVISIONING;
    if (is_ended) {
        hb_spare_stop(controller, client, me->mirror);
    } else {
        hb_spare_put(controller, client, me->mirror, (double)me->confidence, is_steered);
    }
}

void hb_mirror_close(struct hb_controller *controller, uint32_t client, enum hb_cause cause)
{
    struct hb_controller_client *me = hb_client(controller, client);
    assert(hb_phase_has_mirror(me->phase));
    report(controller, client, cause);
    hb_lane_disarm(controller, client, HB_LANE_PHASE);
    int is_calm = cause != HB_CAUSE_RETARGETED && cause != HB_CAUSE_DISCONNECTED;
    if (is_calm) {
        me->calm_ns = hb_units_after(controller->now_ns, controller->setup.policy.cooldown_s);
    }
    if (cause == HB_CAUSE_PROMOTED) {
        spend_regret(controller, client);
        uint32_t old = me->primary;
        me->primary = me->mirror;
        me->misses = 0;
        me->mirror = HB_NONE;
        hb_lane_drop(controller, client, HB_LANE_MIRROR);
        if (controller->sites[old].is_up) {
            hb_spare_put(controller, client, old, 1.0, 0);
        } else {
            hb_spare_stop(controller, client, old);
        }
        return;
    }
    int is_steered = me->phase >= HB_PHASE_STEERING;
    dismiss(controller, client, cause);
    hb_lane_drop(controller, client, HB_LANE_MIRROR);
    me->mirror = HB_NONE;
    if (is_steered && cause != HB_CAUSE_CONSENT) {
        me->is_record_stale = 1; /* points at the mirror: settling points it back */
    }
}

static enum hb_cause cause_of(const struct hb_controller_client *me)
{
    if (me->phase == HB_PHASE_PROVISIONING) {
        return HB_CAUSE_PROVISION;
    }
    return me->phase == HB_PHASE_SYNCHRONISING ? HB_CAUSE_COPY : HB_CAUSE_DNS;
}

static void end(struct hb_controller *controller, uint32_t client, enum hb_cause cause)
{
    hb_mirror_close(controller, client, cause);
    hb_primary_settle(controller, client);
}

static void fail(struct hb_controller *controller, uint32_t client, enum hb_result result)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (result == HB_RESULT_NO_ROOM && me->phase == HB_PHASE_PROVISIONING) {
        uint32_t full = me->mirror;
        end(controller, client, HB_CAUSE_NO_ROOM);
        controller->sites[full].free_slots = 0;
        return;
    }
    if (!hb_lane_retry(controller, client, controller->setup.policy.retry_max)) {
        end(controller, client, cause_of(me));
    }
}

/* READY -> STEERING as soon as it serves the client. */
static void steer_if_due(struct hb_controller *controller, uint32_t client)
{
    int is_early = controller->setup.policy.steer_early != 0;
    if (is_early || hb_mirror_is_better(controller, client)) {
        begin_phase(controller, client, HB_PHASE_STEERING);
    }
}

static void wait_ready(struct hb_controller *controller, uint32_t client)
{
    hb_controller_enter(controller, client, HB_PHASE_READY);
    if (hb_mirror_is_backup(controller, client)) {
        hb_lane_disarm(controller, client, HB_LANE_PHASE); /* it waits for ever */
        return;
    }
    double waited_s = hb_units_s(controller->now_ns - hb_course(controller, client)->decided_ns);
    double left_s = hb_mirror_horizon_s(controller, client) - waited_s;
    double wait_s = (left_s > 0.0 ? left_s : 0.0) + controller->setup.policy.grace_s;
    hb_lane_arm(controller, client, HB_LANE_PHASE, wait_s);
    steer_if_due(controller, client);
}

void hb_mirror_adopt(struct hb_controller *controller, uint32_t client,
    const struct hb_mirror_plan *plan)
{
    struct hb_controller_client *me = hb_client(controller, client);
    me->horizon_index = plan->horizon_index;
    me->confidence = plan->confidence;
    hb_course(controller, client)->decided_ns = controller->now_ns;
    spend_regret(controller, client);
    if (me->phase == HB_PHASE_READY) {
        wait_ready(controller, client);
    }
}

/* DONE of provision, resume or copy. */
void hb_mirror_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (event->result != HB_RESULT_OK) {
        fail(controller, client, (enum hb_result)event->result);
        return;
    }
    if (me->phase == HB_PHASE_PROVISIONING) {
        hb_course(controller, client)->provisioned_ns = controller->now_ns;
        begin_phase(controller, client, HB_PHASE_SYNCHRONISING);
        return;
    }
    hb_course(controller, client)->synced_ns = controller->now_ns;
    hb_course(controller, client)->bytes = event->value;
    /* The stream lives on under the copy's req. */
    me->waiting[HB_LANE_MIRROR] = hb_lane_sequence(event->req);
    wait_ready(controller, client);
}

/* A second DONE of the copy: not OK says that the live stream broke. */
void hb_mirror_stream_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    if (event->result != HB_RESULT_OK) {
        end(controller, client, HB_CAUSE_COPY);
        return;
    }
    hb_client(controller, client)->waiting[HB_LANE_MIRROR] = hb_lane_sequence(event->req);
}

void hb_mirror_dns_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    if (event->result != HB_RESULT_OK) {
        fail(controller, client, (enum hb_result)event->result);
        return;
    }
    hb_course(controller, client)->steered_ns = controller->now_ns;
    hb_monitor_begin(controller, client);
}

void hb_mirror_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_ports *ports = &controller->ports;
    if (me->is_backing_off) {
        hb_mirror_issue(controller, client);
        return;
    }
    if (me->phase == HB_PHASE_PROVISIONING) {
        uint64_t req = hb_lane_open(controller, client, HB_LANE_NONE);
        ports->stop(ports->ctx, req, client, me->mirror);
        me->is_resuming = 0;
        hb_lane_drop(controller, client, HB_LANE_MIRROR);
    } else if (me->phase == HB_PHASE_SYNCHRONISING) {
        ports->copy_abort(ports->ctx, hb_lane_req(controller, client, HB_LANE_MIRROR), client);
        hb_lane_drop(controller, client, HB_LANE_MIRROR);
    } else {
        hb_lane_drop(controller, client, HB_LANE_DNS);
    }
    fail(controller, client, HB_RESULT_TIMED_OUT);
}

void hb_mirror_ready_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    end(controller, client, HB_CAUSE_DEADLINE);
}

void hb_mirror_seen(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    hb_mirror_note_arrival(controller, client);
    int is_ready = hb_client(controller, client)->phase == HB_PHASE_READY;
    if (is_ready && !hb_mirror_is_backup(controller, client)) {
        steer_if_due(controller, client);
    }
    hb_decide_seen(controller, client, event);
}

void hb_mirror_disconnected(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    end(controller, client, HB_CAUSE_DISCONNECTED);
}

void hb_mirror_withdrawn(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    hb_mirror_close(controller, client, HB_CAUSE_CONSENT);
    hb_controller_enter(controller, client, HB_PHASE_SERVED);
    hb_primary_withdrawn(controller, client, event);
}

void hb_mirror_down(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    end(controller, client, HB_CAUSE_SITE_DOWN);
}

/* Not in sync yet: the mirror is of no help. */
void hb_mirror_primary_down(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    hb_mirror_close(controller, client, HB_CAUSE_PRIMARY_DOWN);
    hb_controller_enter(controller, client, HB_PHASE_SERVED);
    hb_primary_down(controller, client, event);
}
