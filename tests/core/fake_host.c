/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/fake_host.h"

#include "core/units.h"
#include "tests/support/assert_near.h"

static const float rtt_ms[HOST_PLACES][HOST_SITES] = {
    { 10.0f, 40.0f, 70.0f },
    { 40.0f, 10.0f, 40.0f },
    { 70.0f, 40.0f, 10.0f },
    { 75.0f, 45.0f, 12.0f },
};

/* No req twice; epochs never fall, and one epoch never names two sites. */
static void check_command(struct host *host, const struct hb_command *command)
{
    assert_true(command->req != 0);
    if (command->client == HB_NONE || command->kind == HB_COMMAND_COPY_ABORT) {
        return;
    }
    assert_true(command->client < HOST_CLIENTS);
    assert_int_equal(command->req & 0xfffffff, command->client);
    assert_true(command->req >> 32 > host->req_last[command->client]);
    host->req_last[command->client] = command->req >> 32;
    if (command->kind != HB_COMMAND_FENCE) {
        return;
    }
    struct host_client *client = &host->clients[command->client];
    assert_true(command->epoch >= client->epoch_max);
    assert_true(command->epoch > client->epoch_max || command->site == client->epoch_site);
    client->epoch_max = command->epoch;
    client->epoch_site = command->site;
}

static void cancel_timer(struct host *host, uint64_t req)
{
    for (uint32_t i = 0; i < host->timer_count; i++) {
        if (host->timers[i].req == req) {
            host->timers[i] = host->timers[--host->timer_count];
            return;
        }
    }
    fail_msg("a timer is cancelled that was never set");
}

static void on_command(void *ctx, const struct hb_command *command)
{
    struct host *host = ctx;
    check_command(host, command);
    if (command->kind == HB_COMMAND_WAKE_AT) {
        assert_true(host->timer_count < HOST_TIMERS);
        assert_true(command->wake_ns >= host->now_ns);
        host->timers[host->timer_count++]
            = (struct host_timer) { .req = command->req, .at_ns = command->wake_ns };
    }
    if (command->kind == HB_COMMAND_WAKE_CANCEL) {
        cancel_timer(host, command->req);
    }
    host->log[host->log_count++ % HOST_LOG] = *command;
    if (host->hook != NULL) {
        host->hook(host->hook_ctx, command);
    }
}

static void on_sample(void *ctx, const struct hb_sample *sample)
{
    struct host *host = ctx;
    assert_int_equal(sample->at_ns, host->now_ns);
    host->samples[host->sample_count++ % HOST_LOG] = *sample;
}

void host_init(struct host *host, enum hb_policy_kind kind)
{
    *host = (struct host) { .now_ns = 0 };
    for (uint32_t place = 0; place < HOST_PLACES; place++) {
        double lon_deg = place < HOST_SITES ? 10.0 * place : 20.5;
        host->places[place] = (struct hb_place) { .at = { 0.0, lon_deg }, .region = HB_NONE };
        for (uint32_t site = 0; site < HOST_SITES; site++) {
            host->rtt_ms[place * HOST_SITES + site] = rtt_ms[place][site];
        }
    }
    for (uint32_t site = 0; site < HOST_SITES; site++) {
        host->sites[site] = (struct hb_site) {
            .at = { 0.0, 10.0 * site }, .slots = 4, .price_factor = 1.0f
        };
    }
    host->map = (struct hb_map) { .place_count = HOST_PLACES, .site_count = HOST_SITES,
        .places = host->places, .sites = host->sites, .rtt_ms = host->rtt_ms };
    host->setup = (struct hb_controller_setup) { .map = &host->map,
        .client_capacity = HOST_CLIENTS, .has_predictor = 1 };
    hb_policy_default(kind, &host->setup.policy);
    hb_cost_default(&host->setup.prices, &host->setup.service);
}

void host_start(struct host *host)
{
    host->tap = (struct hb_record_tap) { .inner = { .ctx = host, .emit = on_sample },
        .ctx = host, .on_command = on_command };
    struct hb_ports ports = hb_record_tap_ports(&host->tap);
    assert_int_equal(hb_controller_create(&host->setup, &ports, &host->controller), HB_OK);
}

void host_stop(struct host *host)
{
    hb_controller_free(host->controller);
    host->controller = NULL;
}

void host_send(struct host *host, struct hb_event event)
{
    event.at_ns = host->now_ns;
    hb_record_tap_event(&host->tap, &event);
    assert_int_equal(hb_controller_handle(host->controller, &event), HB_OK);
}

static uint32_t earliest(const struct host *host)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < host->timer_count; i++) {
        const struct host_timer *a = &host->timers[i], *b = &host->timers[best];
        if (a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->req < b->req)) {
            best = i;
        }
    }
    return best;
}

void host_wait(struct host *host, double seconds)
{
    int64_t until_ns = hb_units_after(host->now_ns, seconds);
    while (host->timer_count > 0) {
        uint32_t next = earliest(host);
        struct host_timer timer = host->timers[next];
        if (timer.at_ns > until_ns) {
            break;
        }
        host->timers[next] = host->timers[--host->timer_count];
        host->now_ns = timer.at_ns;
        host_send(host, (struct hb_event) { .kind = HB_EVENT_TIMER, .req = timer.req,
            .client = HB_NONE, .place = HB_NONE, .site = HB_NONE });
    }
    host->now_ns = until_ns;
}

static struct hb_event event_of(enum hb_event_kind kind, uint32_t client)
{
    return (struct hb_event) { .kind = (uint16_t)kind, .client = client, .place = HB_NONE,
        .site = HB_NONE };
}

void host_consent(struct host *host, uint32_t client, int is_given)
{
    struct hb_event event = event_of(HB_EVENT_CONSENT, client);
    event.value = is_given;
    host_send(host, event);
}

void host_connect(struct host *host, uint32_t client, uint32_t place, uint32_t site)
{
    struct hb_event event = event_of(HB_EVENT_CONNECTED, client);
    event.place = place;
    event.site = site;
    host_send(host, event);
}

void host_see(struct host *host, uint32_t client, uint32_t place)
{
    struct hb_event event = event_of(HB_EVENT_SEEN, client);
    event.place = place;
    host_send(host, event);
}

void host_serve(struct host *host, uint32_t client, uint32_t site)
{
    struct hb_event event = event_of(HB_EVENT_SERVED, client);
    event.site = site;
    host_send(host, event);
}

void host_disconnect(struct host *host, uint32_t client)
{
    host_send(host, event_of(HB_EVENT_DISCONNECTED, client));
}

void host_probe(struct host *host, uint32_t site, int is_answered)
{
    struct hb_event event = event_of(
        is_answered ? HB_EVENT_PROBE_ANSWERED : HB_EVENT_PROBE_MISSED, HB_NONE);
    event.site = site;
    event.value = 7.3;
    host_send(host, event);
}

const struct hb_command *host_last(const struct host *host, enum hb_command_kind kind)
{
    assert_true(host->log_count <= HOST_LOG);
    for (uint32_t i = host->log_count; i > 0; i--) {
        if (host->log[i - 1].kind == kind) {
            return &host->log[i - 1];
        }
    }
    fail_msg("no %s was commanded", hb_record_command_name(kind));
    return NULL;
}

uint32_t host_count(const struct host *host, enum hb_command_kind kind)
{
    assert_true(host->log_count <= HOST_LOG);
    uint32_t count = 0;
    for (uint32_t i = 0; i < host->log_count; i++) {
        count += host->log[i].kind == kind;
    }
    return count;
}

void host_answer(struct host *host, enum hb_command_kind kind, enum hb_result result)
{
    const struct hb_command *command = host_last(host, kind);
    struct hb_event event = event_of(HB_EVENT_DONE, command->client);
    event.req = command->req;
    event.site = command->site;
    event.result = (uint16_t)result;
    event.value = kind == HB_COMMAND_COPY ? 51.7e6 : 0.0;
    host_send(host, event);
}

void host_predict(struct host *host, uint32_t place, float confidence)
{
    const struct hb_command *command = host_last(host, HB_COMMAND_PREDICT);
    struct hb_prediction prediction = { .horizon_s = (float)command->value,
        .elsewhere = 1.0f - confidence, .guess_count = 1,
        .guesses = { { .place = place, .confidence = confidence } } };
    struct hb_event event = event_of(HB_EVENT_PREDICTED, command->client);
    event.req = command->req;
    event.prediction = &prediction;
    host_send(host, event);
}

const struct hb_sample *host_sample(const struct host *host, enum hb_sample_kind kind)
{
    assert_true(host->sample_count <= HOST_LOG);
    for (uint32_t i = host->sample_count; i > 0; i--) {
        if (host->samples[i - 1].kind == kind) {
            return &host->samples[i - 1];
        }
    }
    fail_msg("no sample of kind %d", (int)kind);
    return NULL;
}

enum hb_reason host_reason(const struct host *host)
{
    return (enum hb_reason)host_sample(host, HB_SAMPLE_DECISION)->of.decision.reason;
}

uint32_t host_phase(const struct host *host, uint32_t client)
{
    return hb_controller_client(host->controller, client).phase;
}

void host_bring_served(struct host *host)
{
    host_consent(host, 0, 1);
    host_connect(host, 0, 0, 0);
    host_answer(host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_answer(host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    assert_int_equal(host_phase(host, 0), HB_PHASE_SERVED);
}

static void decide_mirror(struct host *host)
{
    if (host->setup.policy.kind == HB_POLICY_PREDICTIVE) {
        host_predict(host, 1, 0.9f);
    } else {
        host_see(host, 0, 1);
    }
}

static void bring_monitoring(struct host *host, enum hb_phase phase)
{
    host_answer(host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    if (phase == HB_PHASE_MONITORING) {
        return;
    }
    host_serve(host, 0, 1);
    host_wait(host, host->setup.policy.sustain_s);
    if (phase == HB_PHASE_PROMOTING) {
        return;
    }
    for (uint32_t i = 0; i <= host->setup.policy.retry_max; i++) {
        host_answer(host, HB_COMMAND_FENCE, HB_RESULT_FAILED);
        host_wait(host, host->setup.policy.backoff_max_s - 1e-3);
        host_wait(host, 1e-3);
        if (host_phase(host, 0) == HB_PHASE_REVERTING) {
            return;
        }
    }
}

static void bring_mirror(struct host *host, enum hb_phase phase)
{
    decide_mirror(host);
    if (phase == HB_PHASE_PROVISIONING) {
        return;
    }
    host_answer(host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    if (phase == HB_PHASE_SYNCHRONISING) {
        return;
    }
    host_answer(host, HB_COMMAND_COPY, HB_RESULT_OK);
    if (phase == HB_PHASE_READY) {
        return;
    }
    if (host_phase(host, 0) == HB_PHASE_READY) {
        host_see(host, 0, 1);
    }
    if (phase != HB_PHASE_STEERING) {
        bring_monitoring(host, phase);
    }
}

void host_bring_to(struct host *host, enum hb_phase phase)
{
    switch (phase) {
    case HB_PHASE_ABSENT:
        host_consent(host, 0, 1);
        break;
    case HB_PHASE_ANYCAST:
        host_connect(host, 0, 0, 0);
        host_consent(host, 0, 1);
        break;
    case HB_PHASE_STARTING:
        host_consent(host, 0, 1);
        host_connect(host, 0, 0, 0);
        break;
    case HB_PHASE_LINGERING:
        host_bring_served(host);
        host_disconnect(host, 0);
        break;
    case HB_PHASE_SERVED:
        host_bring_served(host);
        break;
    case HB_PHASE_PROVISIONING:
    case HB_PHASE_SYNCHRONISING:
    case HB_PHASE_READY:
    case HB_PHASE_STEERING:
    case HB_PHASE_MONITORING:
    case HB_PHASE_PROMOTING:
    case HB_PHASE_REVERTING:
        host_bring_served(host);
        bring_mirror(host, phase);
        break;
    case HB_PHASE_COUNT:
        break;
    }
    assert_int_equal(host_phase(host, 0), phase);
}
