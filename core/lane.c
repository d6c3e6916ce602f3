/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>

uint64_t hb_lane_open(struct hb_controller *controller, uint32_t client, enum hb_lane lane)
{
    struct hb_controller_client *me = hb_client(controller, client);
    me->sequence = me->sequence == UINT32_MAX ? 1 : me->sequence + 1;
    if (lane < HB_LANE_COUNT) {
        me->waiting[lane] = me->sequence;
    }
    return (uint64_t)me->sequence << 32 | (uint64_t)lane << HB_LANE_CLIENT_BITS | client;
}

uint64_t hb_lane_req(const struct hb_controller *controller, uint32_t client, enum hb_lane lane)
{
    uint32_t sequence = controller->clients[client].waiting[lane];
    if (sequence == 0) {
        return 0;
    }
    return (uint64_t)sequence << 32 | (uint64_t)lane << HB_LANE_CLIENT_BITS | client;
}

int hb_lane_close(struct hb_controller *controller, uint64_t req)
{
    uint32_t client = hb_lane_client(req);
    enum hb_lane lane = hb_lane_of(req);
    if (client >= controller->setup.client_capacity || lane >= HB_LANE_COUNT || req == 0) {
        return 0;
    }
    struct hb_controller_client *me = hb_client(controller, client);
    if (me->waiting[lane] == 0 || me->waiting[lane] != hb_lane_sequence(req)) {
        return 0;
    }
    me->waiting[lane] = 0;
    return 1;
}

void hb_lane_drop(struct hb_controller *controller, uint32_t client, enum hb_lane lane)
{
    hb_client(controller, client)->waiting[lane] = 0;
}

void hb_lane_disarm(struct hb_controller *controller, uint32_t client, enum hb_lane lane)
{
    uint64_t req = hb_lane_req(controller, client, lane);
    if (req != 0) {
        controller->ports.wake_cancel(controller->ports.ctx, req);
        hb_lane_drop(controller, client, lane);
    }
}

void hb_lane_arm(struct hb_controller *controller, uint32_t client, enum hb_lane lane,
    double after_s)
{
    assert(after_s >= 0.0);
    hb_lane_disarm(controller, client, lane);
    int64_t at_ns = hb_units_after(controller->now_ns, after_s);
    if (at_ns == HB_NEVER_NS) {
        return;
    }
    uint64_t req = hb_lane_open(controller, client, lane);
    controller->ports.wake_at(controller->ports.ctx, req, at_ns);
}

double hb_lane_backoff_s(const struct hb_policy *policy, uint32_t attempt)
{
    double pause_s = policy->backoff_s;
    for (uint32_t i = 1; i < attempt && pause_s < policy->backoff_max_s; i++) {
        pause_s *= 2.0;
    }
    return pause_s < policy->backoff_max_s ? pause_s : policy->backoff_max_s;
}

int hb_lane_retry(struct hb_controller *controller, uint32_t client, uint32_t attempt_max)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (me->attempts >= attempt_max) {
        return 0;
    }
    me->attempts = me->attempts < UINT8_MAX ? (uint8_t)(me->attempts + 1) : UINT8_MAX;
    me->is_backing_off = 1;
    hb_lane_arm(controller, client, HB_LANE_PHASE,
        hb_lane_backoff_s(&controller->setup.policy, me->attempts));
    struct hb_sample sample = { .kind = HB_SAMPLE_RETRY, .site = HB_NONE,
        .of.retry = { .phase = me->phase, .attempt = me->attempts } };
    hb_controller_emit(controller, client, &sample);
    return 1;
}
