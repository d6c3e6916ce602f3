/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

/* The record is derived from the phase, so a lost or failed command is made
 * good by giving the present wish again. STEERING watches its own command
 * (mirror.c); all others are looked after by the tick. */

static void watch(struct hb_controller *controller, uint32_t client)
{
    if (hb_lane_req(controller, client, HB_LANE_TICK) == 0) {
        hb_lane_arm(controller, client, HB_LANE_TICK, controller->setup.policy.dns_timeout_s);
    }
}

void hb_dns_point(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    struct hb_controller_client *me = hb_client(controller, client);
    me->has_record = 1;
    me->is_record_stale = 0;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_DNS);
    controller->ports.dns_point(controller->ports.ctx, req, client, site,
        controller->setup.policy.dns_ttl_s);
    if (me->phase != HB_PHASE_STEERING) {
        watch(controller, client);
    }
}

void hb_dns_clear(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (!me->has_record) {
        return;
    }
    me->is_record_stale = 0;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_DNS);
    controller->ports.dns_clear(controller->ports.ctx, req, client);
    watch(controller, client);
}

/* HB_NONE: no record. */
static uint32_t wanted_site(const struct hb_controller_client *me)
{
    switch ((enum hb_phase)me->phase) {
    case HB_PHASE_STEERING:
    case HB_PHASE_MONITORING:
    case HB_PHASE_PROMOTING:
        return me->mirror;
    case HB_PHASE_SERVED:
    case HB_PHASE_PROVISIONING:
    case HB_PHASE_SYNCHRONISING:
    case HB_PHASE_READY:
    case HB_PHASE_REVERTING:
    case HB_PHASE_LINGERING:
        return me->primary;
    case HB_PHASE_STARTING:
        return me->is_resuming && !me->is_taking_over ? me->primary : HB_NONE;
    case HB_PHASE_ABSENT:
    case HB_PHASE_ANYCAST:
    case HB_PHASE_COUNT:
        return HB_NONE;
    }
    return HB_NONE;
}

int hb_dns_is_settled(const struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = &controller->clients[client];
    return !me->is_record_stale && me->waiting[HB_LANE_DNS] == 0;
}

void hb_dns_refresh(struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    if (me->phase == HB_PHASE_STEERING || hb_dns_is_settled(controller, client)) {
        return;
    }
    uint32_t site = wanted_site(me);
    if (site == HB_NONE) {
        hb_dns_clear(controller, client);
    } else {
        hb_dns_point(controller, client, site);
    }
}

void hb_dns_done(struct hb_controller *controller, uint32_t client, const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (event->result != HB_RESULT_OK) {
        me->is_record_stale = 1;
        hb_lane_arm(controller, client, HB_LANE_TICK, controller->setup.policy.backoff_s);
        return;
    }
    if (wanted_site(me) == HB_NONE) {
        me->has_record = 0;
    }
}
