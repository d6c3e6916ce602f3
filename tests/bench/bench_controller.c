/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/controller.h"

/* Cost of one event and memory of one client: 200,000 clients on 2,000 places
 * and 30 sites move at random under policy predictive; every command is
 * answered OK as soon as the event that gave it is over. */

enum { CLIENTS = 200000, PLACES = 2000, SITES = 30, OUTBOX = 64, ROUNDS = 12 };

struct outbox {
    struct hb_event answers[OUTBOX];
    uint32_t count;
    uint64_t command_count;
    struct hb_prediction prediction;
};

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void owe(void *ctx, uint64_t req, enum hb_event_kind kind)
{
    struct outbox *box = ctx;
    assert(box->count < OUTBOX);
    box->command_count++;
    box->answers[box->count++] = (struct hb_event) { .kind = (uint16_t)kind, .req = req,
        .prediction = kind == HB_EVENT_PREDICTED ? &box->prediction : NULL };
}

static int64_t now_ns(void *ctx)
{
    (void)ctx;
    return 0;
}

static void wake_at(void *ctx, uint64_t req, int64_t at_ns)
{
    struct outbox *box = ctx;
    (void)req;
    (void)at_ns;
    box->command_count++;
}

static void wake_cancel(void *ctx, uint64_t req)
{
    wake_at(ctx, req, 0);
}

static void predict(void *ctx, uint64_t req, uint32_t client, double horizon_s)
{
    (void)client;
    (void)horizon_s;
    owe(ctx, req, HB_EVENT_PREDICTED);
}

static void instance(void *ctx, uint64_t req, uint32_t client, uint32_t site)
{
    (void)client;
    (void)site;
    owe(ctx, req, HB_EVENT_DONE);
}

static void copy(void *ctx, uint64_t req, uint32_t client, uint32_t from, uint32_t to)
{
    (void)from;
    instance(ctx, req, client, to);
}

static void on_client(void *ctx, uint64_t req, uint32_t client)
{
    instance(ctx, req, client, HB_NONE);
}

static void copy_abort(void *ctx, uint64_t req, uint32_t client)
{
    (void)client;
    wake_at(ctx, req, 0);
}

static void fence(void *ctx, uint64_t req, uint32_t client, uint32_t site, uint64_t epoch)
{
    (void)epoch;
    instance(ctx, req, client, site);
}

static void dns_point(void *ctx, uint64_t req, uint32_t client, uint32_t site, double ttl_s)
{
    (void)ttl_s;
    instance(ctx, req, client, site);
}

static void emit(void *ctx, const struct hb_sample *sample)
{
    (void)ctx;
    (void)sample;
}

struct town {
    struct hb_place places[PLACES];
    struct hb_site sites[SITES];
    float rtt_ms[PLACES * SITES];
    struct hb_map map;
};

static void build(struct town *town, uint64_t *random)
{
    for (uint32_t i = 0; i < PLACES; i++) {
        town->places[i].at = (struct hb_point) { 40.0, (double)(next_random(random) % 60) };
    }
    for (uint32_t i = 0; i < SITES; i++) {
        town->sites[i] = (struct hb_site) { .at = { 40.0, 2.0 * i }, .slots = UINT32_MAX,
            .price_factor = 1.0f };
    }
    for (uint32_t i = 0; i < PLACES * SITES; i++) {
        double km = hb_geo_distance_km(town->places[i / SITES].at, town->sites[i % SITES].at);
        town->rtt_ms[i] = (float)(4.0 + km / 50.0);
    }
    town->map = (struct hb_map) { PLACES, SITES, town->places, town->sites, town->rtt_ms };
}

static uint64_t handle(struct hb_controller *controller, struct outbox *box,
    struct hb_event event)
{
    uint64_t count = 1;
    enum hb_status status = hb_controller_handle(controller, &event);
    assert(status == HB_OK);
    while (box->count > 0) {
        struct hb_event answer = box->answers[--box->count];
        answer.at_ns = event.at_ns;
        status = hb_controller_handle(controller, &answer);
        assert(status == HB_OK);
        count++;
    }
    return count;
}

int main(void)
{
    struct town *town = calloc(1, sizeof *town);
    struct outbox box = { .prediction = { .guess_count = 3 } };
    uint64_t random = 731, events = 0;
    assert(town != NULL);
    build(town, &random);
    struct hb_controller_setup setup = { .map = &town->map, .client_capacity = CLIENTS,
        .has_predictor = 1 };
    hb_policy_default(HB_POLICY_PREDICTIVE, &setup.policy);
    hb_cost_default(&setup.prices, &setup.service);
    struct hb_ports ports = { &box, now_ns, wake_at, wake_cancel, predict, instance, instance,
        instance, instance, copy, copy_abort, fence, dns_point, on_client, NULL, NULL, NULL, emit };
    struct hb_controller *controller;
    enum hb_status status = hb_controller_create(&setup, &ports, &controller);
    assert(status == HB_OK);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint32_t i = 0; i < CLIENTS * ROUNDS; i++) {
        uint32_t client = (uint32_t)(next_random(&random) % CLIENTS);
        uint32_t place = (uint32_t)(next_random(&random) % PLACES);
        for (int guess = 0; guess < 3; guess++) {
            box.prediction.guesses[guess] = (struct hb_guess) {
                (uint32_t)(next_random(&random) % PLACES), guess == 0 ? 0.6f : 0.15f };
        }
        struct hb_event event = { .kind = HB_EVENT_CONSENT, .client = client, .value = 1.0,
            .at_ns = (int64_t)i * 1000000 };
        events += handle(controller, &box, event);
        event.kind = HB_EVENT_CONNECTED;
        event.place = place;
        events += handle(controller, &box, event);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ns = 1e9 * (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec);
    printf("controller: %.0f ns an event (%.1f million events, %.2f commands each), "
           "%.0f bytes a client at %d clients\n",
        ns / (double)events, 1e-6 * (double)events, (double)box.command_count / (double)events,
        (double)hb_controller_bytes(controller) / CLIENTS, CLIENTS);
    hb_controller_free(controller);
    free(town);
    return 0;
}
