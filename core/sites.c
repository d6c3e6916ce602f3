/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

/* Capacity: the host's word counts (SITE_CAPACITY); between two words the
 * controller's own commands are counted on top. A site that health (watch.c)
 * turns down is withdrawn and its clients are moved. */

static int is_limited(const struct hb_controller *controller, uint32_t site)
{
    return controller->setup.map->sites[site].slots != UINT32_MAX;
}

void hb_sites_take(struct hb_controller *controller, uint32_t site)
{
    struct hb_select_site *it = &controller->sites[site];
    if (is_limited(controller, site) && it->free_slots > 0) {
        it->free_slots--;
    }
}

void hb_sites_give(struct hb_controller *controller, uint32_t site)
{
    struct hb_select_site *it = &controller->sites[site];
    if (is_limited(controller, site) && it->free_slots < controller->setup.map->sites[site].slots) {
        it->free_slots++;
    }
}

void hb_sites_capacity(struct hb_controller *controller, const struct hb_event *event)
{
    double most = (double)UINT32_MAX;
    controller->sites[event->site].free_slots
        = event->value < most ? (uint32_t)event->value : UINT32_MAX;
}

/* The route's change failed: again, at most retry_max times. */
void hb_sites_route_done(struct hb_controller *controller, const struct hb_event *event)
{
    uint32_t site = hb_lane_client(event->req);
    if (site >= controller->setup.map->site_count || event->result == HB_RESULT_OK) {
        return;
    }
    struct hb_select_site *it = &controller->sites[site];
    int is_current = it->sequence == hb_lane_sequence(event->req);
    if (is_current && it->route_attempts < controller->setup.policy.retry_max) {
        it->route_attempts++;
        hb_announce_send(controller, site);
    }
}

static void go_down(struct hb_controller *controller, const struct hb_event *event, uint32_t site)
{
    for (uint32_t client = 0; client < controller->setup.client_capacity; client++) {
        struct hb_controller_client *me = hb_client(controller, client);
        enum hb_phase phase = (enum hb_phase)me->phase;
        if (me->spare == site) {
            hb_spare_evict(controller, client);
        }
        if (me->primary == site) {
            hb_controller_rule(phase, HB_INPUT_PRIMARY_DOWN)(controller, client, event);
        } else if (hb_phase_has_mirror(phase) && me->mirror == site) {
            hb_controller_rule(phase, HB_INPUT_MIRROR_DOWN)(controller, client, event);
        }
    }
}

void hb_sites_turn(struct hb_controller *controller, const struct hb_event *event, uint32_t site,
    int64_t heard_ns)
{
    struct hb_select_site *it = &controller->sites[site];
    it->is_up = !it->is_up;
    it->route_attempts = 0;
    struct hb_sample sample = { .at_ns = controller->now_ns, .kind = HB_SAMPLE_HEALTH,
        .client = HB_NONE, .place = HB_NONE, .site = site,
        .of.health = { .is_up = it->is_up, .heard_ns = heard_ns } };
    controller->ports.emit(controller->ports.ctx, &sample);
    hb_announce_send(controller, site);
    if (!it->is_up) {
        go_down(controller, event, site);
    }
}
