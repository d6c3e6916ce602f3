/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program of somebody else's, in what C and C++ have in common: it links the installed
 * library alone. Exit 0 if an identity, a predictor and a controller do their work. */
#include <core/controller.h>
#include <core/identity.h>
#include <core/persistence.h>
#include <core/units.h>
#include <stdio.h>

static unsigned commands;

static void on_wake(void *ctx, uint64_t req, int64_t at_ns)
{
    (void)ctx;
    (void)req;
    (void)at_ns;
}

static void on_cancel(void *ctx, uint64_t req)
{
    (void)ctx;
    (void)req;
}

static void on_provision(void *ctx, uint64_t req, uint32_t client, uint32_t site)
{
    (void)ctx;
    (void)req;
    commands += client == 0 && site == 1;
}

static void on_sample(void *ctx, const struct hb_sample *sample)
{
    (void)ctx;
    (void)sample;
}

static int has_identity(void)
{
    struct hb_identity_config config = { { 7 }, 3, 3600.0, 60.0 };
    struct hb_identity *identity = NULL;
    uint32_t client = HB_NONE;
    int is_right = hb_identity_create(&config, &identity) == HB_OK
        && hb_identity_admit(identity, 0, "imei:1", 6, 1, &client) == HB_OK && client == 0;
    hb_identity_free(identity);
    return is_right;
}

static int has_predicted(void)
{
    struct hb_predictor *predictor = NULL;
    if (hb_persistence_create(2, &predictor) != HB_OK) {
        return 0;
    }
    struct hb_observation seen = { 0, 1, 41, { 0 } };
    struct hb_question question = { HB_NS_PER_S, 1, 900.0f };
    struct hb_prediction said;
    hb_predictor_observe(predictor, &seen);
    hb_predict_location(predictor, &question, 1, &said);
    hb_predictor_free(predictor);
    return said.guess_count == 1 && said.guesses[0].place == 41;
}

static int has_controlled(void)
{
    struct hb_place place = { { 48.2, 16.4 }, HB_NONE, 0 };
    struct hb_site sites[2] = { { { 50.1, 8.7 }, 4, 1.0f }, { { 48.1, 17.1 }, 4, 1.0f } };
    float rtt_ms[2] = { 12.0f, 3.0f };
    struct hb_map map = { 1, 2, &place, sites, rtt_ms };
    struct hb_controller_setup setup = { &map, { 0 }, { 0 }, { 0 }, 1, 0 };
    hb_policy_default(HB_POLICY_NEAREST, &setup.policy);
    hb_cost_default(&setup.prices, &setup.service);
    struct hb_ports ports = { 0 };
    ports.wake_at = on_wake;
    ports.wake_cancel = on_cancel;
    ports.provision = on_provision;
    ports.emit = on_sample;
    struct hb_controller *controller = NULL;
    if (hb_controller_create(&setup, &ports, &controller) != HB_OK) {
        return 0;
    }
    struct hb_event event = { 0, 0, NULL, 1.0, 0, HB_NONE, HB_NONE, HB_EVENT_CONSENT, 0 };
    int is_right = hb_controller_handle(controller, &event) == HB_OK;
    event.kind = HB_EVENT_CONNECTED;
    event.place = 0;
    event.site = 1;
    is_right = is_right && hb_controller_handle(controller, &event) == HB_OK;
    hb_controller_free(controller);
    return is_right && commands == 1;
}

int main(void)
{
    int is_right = has_identity() && has_predicted() && has_controlled();
    printf("%s\n", is_right ? "all is there" : hb_status_text(HB_ERR_STATE));
    return !is_right;
}
