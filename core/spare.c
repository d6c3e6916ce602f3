/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

/* The instance of a client that is neither its primary nor its mirror: a
 * mirror rolled back or a primary left behind. One a client; a second one
 * that comes evicts the first, whose stop nobody then waits for. */

static void forget(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    hb_lane_disarm(controller, client, HB_LANE_SPARE_TIMER);
    hb_lane_drop(controller, client, HB_LANE_SPARE);
    hb_sites_give(controller, me->spare);
    me->spare = HB_NONE;
    me->spare_state = HB_SPARE_NONE;
}

static void send_stop(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    me->spare_state = HB_SPARE_STOPPING;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_SPARE);
    controller->ports.stop(controller->ports.ctx, req, client, me->spare);
    hb_lane_arm(controller, client, HB_LANE_SPARE_TIMER,
        controller->setup.policy.provision_timeout_s);
}

/* Ski rental: standby until the rent has eaten what a return would save. */
static void rest(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_controller_setup *setup = &controller->setup;
    double price_factor = (double)setup->map->sites[me->spare].price_factor;
    double buy = (double)me->spare_confidence
        * hb_cost_provision(&setup->prices, &setup->service, price_factor);
    double keep_s = hb_cost_standby_s(&setup->prices, price_factor, buy);
    if (!(keep_s > 0.0)) {
        send_stop(controller, client);
        return;
    }
    me->spare_state = HB_SPARE_STANDBY;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_SPARE);
    controller->ports.standby(controller->ports.ctx, req, client, me->spare);
    hb_lane_arm(controller, client, HB_LANE_SPARE_TIMER, keep_s);
}

void hb_spare_evict(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (me->spare == HB_NONE) {
        return;
    }
    if (me->spare_state != HB_SPARE_STOPPING) {
        uint64_t req = hb_lane_open(controller, client, HB_LANE_NONE);
        controller->ports.stop(controller->ports.ctx, req, client, me->spare);
    }
    forget(controller, client);
}

static void hold(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    struct hb_controller_client *me = hb_client(controller, client);
    hb_spare_evict(controller, client);
    me->spare = site;
    me->spare_attempts = 0;
}

void hb_spare_put(struct hb_controller *controller, uint32_t client, uint32_t site,
    double confidence, int is_draining)
{
    hold(controller, client, site);
    hb_client(controller, client)->spare_confidence = (float)confidence;
    if (!is_draining) {
        rest(controller, client);
        return;
    }
    hb_client(controller, client)->spare_state = HB_SPARE_DRAINING;
    hb_lane_arm(controller, client, HB_LANE_SPARE_TIMER, controller->setup.policy.dns_ttl_s);
}

void hb_spare_stop(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    hold(controller, client, site);
    send_stop(controller, client);
}

enum hb_spare_state hb_spare_take(struct hb_controller *controller, uint32_t client,
    uint32_t site)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (me->spare != site) {
        return HB_SPARE_NONE;
    }
    enum hb_spare_state state = (enum hb_spare_state)me->spare_state;
    forget(controller, client);
    return state == HB_SPARE_STOPPING ? HB_SPARE_NONE : state;
}

void hb_spare_done(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    int is_ok = event->result == HB_RESULT_OK;
    if (me->spare_state == HB_SPARE_STANDBY) {
        if (!is_ok) {
            send_stop(controller, client);
        }
        return;
    }
    if (is_ok) {
        forget(controller, client);
        return;
    }
    hb_lane_arm(controller, client, HB_LANE_SPARE_TIMER,
        hb_lane_backoff_s(&controller->setup.policy, me->spare_attempts + 1u));
}

void hb_spare_due(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    struct hb_controller_client *me = hb_client(controller, client);
    switch ((enum hb_spare_state)me->spare_state) {
    case HB_SPARE_DRAINING:
        rest(controller, client);
        return;
    case HB_SPARE_STANDBY:
        send_stop(controller, client);
        return;
    case HB_SPARE_STOPPING:
        if (me->spare_attempts >= controller->setup.policy.retry_max) {
            forget(controller, client);
            return;
        }
        me->spare_attempts++;
        send_stop(controller, client);
        return;
    case HB_SPARE_NONE:
        return;
    }
}
