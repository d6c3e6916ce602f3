/* SPDX-License-Identifier: Apache-2.0 */
/* Routes of the sites: what core/route.h says of each, sent when it changes. Weights are
 * summed anew every route_interval_s, over all clients, so that routes follow the
 * endpoints but do not flap with them. */
#include "core/controller_impl.h"

/* Of the timers on HB_LANE_STEER, the one for all sites. */
static uint32_t tick_number(const struct hb_controller *controller)
{
    return controller->setup.map->site_count;
}

static struct hb_route_rule rule_of(const struct hb_controller *controller)
{
    const struct hb_policy *policy = &controller->setup.policy;
    return (struct hb_route_rule) { policy->route, policy->route_levels,
        controller->weight_max };
}

static void wake(struct hb_controller *controller, uint32_t number, double after_s)
{
    controller->steer_sequence
        = controller->steer_sequence == UINT32_MAX ? 1 : controller->steer_sequence + 1;
    uint64_t req = (uint64_t)controller->steer_sequence << 32
        | (uint64_t)HB_LANE_STEER << HB_LANE_CLIENT_BITS | number;
    int64_t at_ns = hb_units_after(controller->now_ns, after_s);
    if (number < controller->setup.map->site_count) {
        controller->sites[number].drain_sequence = controller->steer_sequence;
    }
    if (at_ns != HB_NEVER_NS) {
        controller->ports.wake_at(controller->ports.ctx, req, at_ns);
    }
}

void hb_announce_begin(struct hb_controller *controller)
{
    if (!controller->is_steering && controller->setup.policy.route != HB_ROUTE_PLAIN) {
        controller->is_steering = 1;
        wake(controller, tick_number(controller), controller->setup.policy.route_interval_s);
    }
}

void hb_announce_send(struct hb_controller *controller, uint32_t site)
{
    struct hb_select_site *it = &controller->sites[site];
    const struct hb_ports *ports = &controller->ports;
    struct hb_route_rule rule = rule_of(controller);
    struct hb_route_site view = { it->weight, it->region, it->is_up, it->drain };
    it->sequence = it->sequence == UINT32_MAX ? 1 : it->sequence + 1;
    uint64_t req = (uint64_t)it->sequence << 32
        | (uint64_t)HB_LANE_ROUTE << HB_LANE_CLIENT_BITS | site;
    it->is_announced = (uint8_t)hb_route_plan(&rule, &view, &it->route);
    if (it->is_announced) {
        ports->route_announce(ports->ctx, req, site, &it->route);
    } else {
        ports->route_withdraw(ports->ctx, req, site);
    }
}

/* One endpoint for a client of that place. Which region most of a site's clients are
 * in is found in one pass (Boyer, Moore 1981): right if one has the majority. */
static void weigh(struct hb_controller *controller, uint32_t site, uint32_t place)
{
    struct hb_select_site *it = &controller->sites[site];
    const struct hb_map *map = controller->setup.map;
    uint32_t region = map->places[place].region;
    double rtt_ms = hb_map_rtt_ms(map, place, site);
    it->weight += hb_route_nearness(controller->setup.policy.route_near_ms, rtt_ms);
    if (it->votes == 0) {
        it->region = region;
    }
    it->votes += it->region == region ? 1 : UINT32_MAX;
}

static void weigh_all(struct hb_controller *controller)
{
    uint32_t sites = controller->setup.map->site_count;
    for (uint32_t site = 0; site < sites; site++) {
        struct hb_select_site *it = &controller->sites[site];
        it->weight = 0.0;
        it->votes = 0;
        it->region = HB_NONE;
    }
    for (uint32_t client = 0; client < controller->setup.client_capacity; client++) {
        const struct hb_controller_client *me = hb_client(controller, client);
        if (me->place == HB_NONE || !me->is_connected) {
            continue;
        }
        if (me->primary != HB_NONE) {
            weigh(controller, me->primary, me->place);
        }
        if (me->phase >= HB_PHASE_READY && me->phase <= HB_PHASE_PROMOTING) {
            weigh(controller, me->mirror, me->place);
        }
    }
    controller->weight_max = 0.0;
    for (uint32_t site = 0; site < sites; site++) {
        double weight = controller->sites[site].weight;
        controller->weight_max = weight > controller->weight_max ? weight : controller->weight_max;
    }
}

static void tick(struct hb_controller *controller)
{
    weigh_all(controller);
    struct hb_route_rule rule = rule_of(controller);
    for (uint32_t site = 0; site < controller->setup.map->site_count; site++) {
        struct hb_select_site *it = &controller->sites[site];
        struct hb_route_site view = { it->weight, it->region, it->is_up, it->drain };
        struct hb_route wanted;
        int is_wanted = hb_route_plan(&rule, &view, &wanted);
        if (is_wanted != it->is_announced
            || (is_wanted && !hb_route_is_same(&wanted, &it->route))) {
            it->route_attempts = 0;
            hb_announce_send(controller, site);
        }
    }
    wake(controller, tick_number(controller), controller->setup.policy.route_interval_s);
}

/* Graceful drain: de-preferred at once, so that routes move while packets still
 * arrive; withdrawn after drain_s. New endpoints go elsewhere from the start. */
void hb_announce_drain(struct hb_controller *controller, const struct hb_event *event)
{
    struct hb_select_site *it = &controller->sites[event->site];
    int is_wanted = event->value > 0.0;
    if (is_wanted == (it->drain != HB_ROUTE_IN_USE)) {
        return;
    }
    it->drain = is_wanted ? HB_ROUTE_DRAINING : HB_ROUTE_IN_USE;
    it->drain_sequence = 0;
    it->route_attempts = 0;
    if (it->is_up) {
        hb_announce_send(controller, event->site);
    }
    if (is_wanted) {
        wake(controller, event->site, controller->setup.policy.drain_s);
    }
}

void hb_announce_due(struct hb_controller *controller, const struct hb_event *event)
{
    uint32_t number = hb_lane_client(event->req);
    if (number == tick_number(controller)) {
        tick(controller);
        return;
    }
    if (number > tick_number(controller)) {
        return;
    }
    struct hb_select_site *it = &controller->sites[number];
    if (it->drain == HB_ROUTE_DRAINING && it->drain_sequence == hb_lane_sequence(event->req)) {
        it->drain = HB_ROUTE_DRAINED;
        if (it->is_up) {
            hb_announce_send(controller, number);
        }
    }
}
