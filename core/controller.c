/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <math.h>
#include <stdlib.h>

static const int64_t furthest_ns = INT64_MAX / 2; /* differences of instants do not overflow */
static const uint32_t candidate_count = 8; /* nearest sites kept for each place */

static int is_point(struct hb_point at)
{
    return fabs(at.lat_deg) <= 90.0 && fabs(at.lon_deg) <= 180.0;
}

static int is_map_sound(const struct hb_map *map)
{
    int is_sound = 1;
    for (uint32_t place = 0; place < map->place_count; place++) {
        is_sound &= is_point(map->places[place].at);
    }
    for (uint32_t site = 0; site < map->site_count; site++) {
        float factor = map->sites[site].price_factor;
        is_sound &= is_point(map->sites[site].at) && factor >= 0.0f && isfinite(factor);
    }
    size_t pair_count = (size_t)map->place_count * map->site_count;
    for (size_t i = 0; i < pair_count; i++) {
        is_sound &= map->rtt_ms[i] >= 0.0f && isfinite(map->rtt_ms[i]);
    }
    return is_sound;
}

static enum hb_status check(const struct hb_controller_setup *setup)
{
    const struct hb_map *map = setup->map;
    uint32_t index_max = UINT32_C(1) << HB_LANE_CLIENT_BITS; /* of sites one is the tick's */
    int is_sized = setup->client_capacity > 0 && setup->client_capacity <= index_max
        && map->place_count > 0 && map->site_count > 0 && map->site_count < index_max;
    if (!is_sized || hb_policy_check(&setup->policy, NULL) != HB_OK
        || !is_map_sound(map)) {
        return HB_ERR_RANGE;
    }
    if (setup->policy.kind == HB_POLICY_PREDICTIVE && !setup->has_predictor) {
        return HB_ERR_UNSUPPORTED;
    }
    return hb_cost_check(&setup->prices, &setup->service);
}

static const struct hb_controller_client nobody = {
    .calm_ns = INT64_MIN,
    .asked_ns = INT64_MIN,
    .place = HB_NONE,
    .served = HB_NONE,
    .primary = HB_NONE,
    .mirror = HB_NONE,
    .spare = HB_NONE,
    .course = HB_NONE,
    .phase = HB_PHASE_ABSENT,
};

static void fill(struct hb_controller *controller)
{
    const struct hb_map *map = controller->setup.map;
    for (uint32_t client = 0; client < controller->setup.client_capacity; client++) {
        controller->clients[client] = nobody;
    }
    for (uint32_t site = 0; site < map->site_count; site++) {
        controller->sites[site] = (struct hb_select_site) {
            .free_slots = map->sites[site].slots, .is_up = 1, .is_announced = 1, .region = HB_NONE,
            .route = { .local_pref = 100 }
        };
    }
}

enum hb_status hb_controller_create(const struct hb_controller_setup *setup,
    const struct hb_ports *ports, struct hb_controller **out)
{
    enum hb_status status = check(setup);
    if (status != HB_OK) {
        return status;
    }
    struct hb_controller *controller = malloc(sizeof *controller);
    if (controller == NULL) {
        return HB_ERR_MEMORY;
    }
    *controller = (struct hb_controller) { .setup = *setup, .ports = *ports,
        .now_ns = -furthest_ns };
    controller->clients = malloc(setup->client_capacity * sizeof *controller->clients);
    controller->courses = malloc(setup->client_capacity * sizeof *controller->courses);
    controller->free_courses = malloc(setup->client_capacity * sizeof *controller->free_courses);
    controller->sites = malloc(setup->map->site_count * sizeof *controller->sites);
    status = hb_select_create(setup->map, candidate_count, &controller->select);
    status = status == HB_OK ? hb_watch_create(setup, &controller->watch) : status;
    int is_whole = controller->clients != NULL && controller->courses != NULL
        && controller->free_courses != NULL && controller->sites != NULL;
    if (status != HB_OK || !is_whole) {
        hb_controller_free(controller);
        return HB_ERR_MEMORY;
    }
    fill(controller);
    *out = controller;
    return HB_OK;
}

void hb_controller_free(struct hb_controller *controller)
{
    if (controller == NULL) {
        return;
    }
    hb_watch_free(controller->watch);
    hb_select_free(controller->select);
    free(controller->sites);
    free(controller->free_courses);
    free(controller->courses);
    free(controller->clients);
    free(controller);
}

size_t hb_controller_bytes(const struct hb_controller *controller)
{
    return sizeof *controller + hb_select_bytes(controller->select)
        + hb_watch_bytes(controller->watch)
        + controller->setup.client_capacity * sizeof *controller->clients
        + controller->fresh_course
            * (sizeof *controller->courses + sizeof *controller->free_courses)
        + controller->setup.map->site_count * sizeof *controller->sites;
}

void hb_controller_emit_at(struct hb_controller *controller, uint32_t client, uint32_t place,
    struct hb_sample *sample)
{
    sample->at_ns = controller->now_ns;
    sample->client = client;
    sample->place = place;
    controller->ports.emit(controller->ports.ctx, sample);
}

void hb_controller_emit(struct hb_controller *controller, uint32_t client,
    struct hb_sample *sample)
{
    hb_controller_emit_at(controller, client, hb_client(controller, client)->place, sample);
}

void hb_controller_emit_primary(struct hb_controller *controller, uint32_t client, uint32_t site)
{
    struct hb_sample sample = { .kind = HB_SAMPLE_PRIMARY, .site = site,
        .of.primary = { .epoch = hb_client(controller, client)->epoch } };
    hb_controller_emit(controller, client, &sample);
}

void hb_controller_enter(struct hb_controller *controller, uint32_t client, enum hb_phase phase)
{
    struct hb_controller_client *me = hb_client(controller, client);
    uint32_t was = me->phase;
    if (was == phase) {
        return;
    }
    me->phase = (uint8_t)phase;
    if (!hb_phase_has_mirror(phase) && me->course != HB_NONE) {
        controller->free_courses[controller->free_count++] = me->course;
        me->course = HB_NONE;
    }
    struct hb_sample sample = { .kind = HB_SAMPLE_PHASE, .site = me->primary,
        .of.phase = { .phase = phase, .was = was } };
    hb_controller_emit(controller, client, &sample);
}

static void apply(struct hb_controller *controller, uint32_t client, enum hb_input input,
    const struct hb_event *event)
{
    enum hb_phase phase = (enum hb_phase)hb_client(controller, client)->phase;
    hb_controller_rule(phase, input)(controller, client, event);
}

static int is_observable(const struct hb_controller *controller, uint32_t client)
{
    return controller->clients[client].has_consent
        && controller->setup.policy.kind != HB_POLICY_ANYCAST;
}

static void consent(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    struct hb_controller_client *me = hb_client(controller, client);
    if (event->value > 0.0) {
        me->has_consent = 1;
        apply(controller, client, HB_INPUT_CONSENTED, event);
    } else {
        apply(controller, client, HB_INPUT_WITHDRAWN, event);
        me->has_consent = 0;
    }
}

/* A client's own event: what it says is noted, then the phase's rule acts on it. */
static void client_event(struct hb_controller *controller, const struct hb_event *event)
{
    uint32_t client = event->client;
    struct hb_controller_client *me = hb_client(controller, client);
    int is_seen = is_observable(controller, client);
    hb_decide_accrue(controller, client);
    switch ((enum hb_event_kind)event->kind) {
    case HB_EVENT_CONNECTED:
        me->is_connected = 1;
        me->asked_ns = INT64_MIN;
        me->debt_at_ns = controller->now_ns;
        me->place = is_seen ? event->place : HB_NONE;
        me->served = is_seen ? event->site : HB_NONE;
        apply(controller, client, HB_INPUT_CONNECTED, event);
        return;
    case HB_EVENT_SEEN:
        if (is_seen && me->is_connected) {
            me->place = event->place;
            apply(controller, client, HB_INPUT_SEEN, event);
        }
        return;
    case HB_EVENT_SERVED:
        if (is_seen && me->is_connected) {
            me->served = event->site;
            apply(controller, client, HB_INPUT_SERVED, event);
        }
        return;
    case HB_EVENT_DISCONNECTED:
        me->is_connected = 0;
        me->served = HB_NONE;
        hb_lane_drop(controller, client, HB_LANE_PREDICT);
        apply(controller, client, HB_INPUT_DISCONNECTED, event);
        return;
    case HB_EVENT_CONSENT:
        consent(controller, client, event);
        return;
    case HB_EVENT_DONE:
    case HB_EVENT_PREDICTED:
    case HB_EVENT_SITE_CAPACITY:
    case HB_EVENT_PROBE_ANSWERED:
    case HB_EVENT_PROBE_MISSED:
    case HB_EVENT_TIMER:
    case HB_EVENT_SITE_DRAIN:
    case HB_EVENT_COUNT:
        return;
    }
}

static int is_timer_lane(enum hb_lane lane)
{
    return lane == HB_LANE_TICK || lane == HB_LANE_PHASE || lane == HB_LANE_SPARE_TIMER;
}

static int is_answer_of(enum hb_lane lane, uint32_t kind)
{
    if (is_timer_lane(lane)) {
        return kind == HB_EVENT_TIMER;
    }
    return kind == (lane == HB_LANE_PREDICT ? HB_EVENT_PREDICTED : HB_EVENT_DONE);
}

static const enum hb_input input_of_lane[HB_LANE_COUNT] = {
    [HB_LANE_PREDICT] = HB_INPUT_FORECAST,
    [HB_LANE_TICK] = HB_INPUT_TICK_DUE,
    [HB_LANE_PHASE] = HB_INPUT_PHASE_DUE,
    [HB_LANE_SPARE_TIMER] = HB_INPUT_SPARE_DUE,
    [HB_LANE_PRIMARY] = HB_INPUT_PRIMARY_DONE,
    [HB_LANE_MIRROR] = HB_INPUT_MIRROR_DONE,
    [HB_LANE_DNS] = HB_INPUT_DNS_DONE,
    [HB_LANE_SPARE] = HB_INPUT_SPARE_DONE,
};

static void answer_event(struct hb_controller *controller, const struct hb_event *event)
{
    enum hb_lane lane = hb_lane_of(event->req);
    if (lane == HB_LANE_ROUTE && event->kind == HB_EVENT_DONE) {
        hb_sites_route_done(controller, event);
        return;
    }
    if (lane == HB_LANE_STEER && event->kind == HB_EVENT_TIMER) {
        hb_announce_due(controller, event);
        return;
    }
    if (lane > HB_LANE_PROBE && event->kind == HB_EVENT_TIMER) {
        hb_watch_due(controller, event);
        return;
    }
    if (lane >= HB_LANE_COUNT || !is_answer_of(lane, event->kind)
        || !hb_lane_close(controller, event->req)) {
        return;
    }
    uint32_t client = hb_lane_client(event->req);
    hb_decide_accrue(controller, client);
    apply(controller, client, input_of_lane[lane], event);
}

static const double mass_most = 1.0 + 1e-3; /* probabilities in float32 add up to 1 so nearly */

static int is_forecast_in_range(const struct hb_controller *controller,
    const struct hb_prediction *prediction)
{
    if (prediction == NULL) {
        return 1;
    }
    if (prediction->guess_count > HB_GUESS_MAX) {
        return 0;
    }
    double mass = 0.0;
    for (uint32_t i = 0; i < prediction->guess_count; i++) {
        const struct hb_guess *guess = &prediction->guesses[i];
        int is_mass = guess->confidence >= 0.0f;
        if (guess->place >= controller->setup.map->place_count || !is_mass) {
            return 0;
        }
        mass += (double)guess->confidence;
    }
    return mass <= mass_most;
}

static int is_in_range(const struct hb_controller *controller, const struct hb_event *event)
{
    const struct hb_map *map = controller->setup.map;
    int is_client = event->client < controller->setup.client_capacity;
    int is_site = event->site < map->site_count;
    int is_place = event->place < map->place_count;
    switch ((enum hb_event_kind)event->kind) {
    case HB_EVENT_CONNECTED:
        return is_client && is_place && (is_site || event->site == HB_NONE);
    case HB_EVENT_SEEN:
        return is_client && is_place;
    case HB_EVENT_SERVED:
        return is_client && (is_site || event->site == HB_NONE);
    case HB_EVENT_DISCONNECTED:
    case HB_EVENT_CONSENT:
        return is_client;
    case HB_EVENT_DONE:
        return event->result < HB_RESULT_COUNT && event->value >= 0.0;
    case HB_EVENT_PREDICTED:
        return event->result < HB_RESULT_COUNT
            && is_forecast_in_range(controller, event->prediction);
    case HB_EVENT_SITE_CAPACITY:
        return is_site && event->value >= 0.0;
    case HB_EVENT_PROBE_ANSWERED:
    case HB_EVENT_PROBE_MISSED:
        return is_site && (is_client || event->client == HB_NONE);
    case HB_EVENT_SITE_DRAIN:
        return is_site && event->value >= 0.0;
    case HB_EVENT_TIMER:
        return 1;
    case HB_EVENT_COUNT:
        break;
    }
    return 0;
}

enum hb_status hb_controller_handle(struct hb_controller *controller,
    const struct hb_event *event)
{
    int is_time = event->at_ns >= controller->now_ns && event->at_ns <= furthest_ns;
    if (!is_time || !is_in_range(controller, event)) {
        return HB_ERR_RANGE;
    }
    controller->now_ns = event->at_ns;
    hb_watch_begin(controller);
    hb_announce_begin(controller);
    switch ((enum hb_event_kind)event->kind) {
    case HB_EVENT_CONNECTED:
    case HB_EVENT_SEEN:
    case HB_EVENT_SERVED:
    case HB_EVENT_DISCONNECTED:
    case HB_EVENT_CONSENT:
        client_event(controller, event);
        break;
    case HB_EVENT_DONE:
    case HB_EVENT_PREDICTED:
    case HB_EVENT_TIMER:
        answer_event(controller, event);
        break;
    case HB_EVENT_SITE_CAPACITY:
        hb_sites_capacity(controller, event);
        break;
    case HB_EVENT_PROBE_ANSWERED:
    case HB_EVENT_PROBE_MISSED:
        hb_watch_probe(controller, event);
        break;
    case HB_EVENT_SITE_DRAIN:
        hb_announce_drain(controller, event);
        break;
    case HB_EVENT_COUNT:
        break;
    }
    return HB_OK;
}
