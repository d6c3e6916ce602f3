/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "tests/core/fake_host.h"

static struct host host; /* large; each test starts it anew */

static void each_phase_can_be_reached(void **state)
{
    (void)state;
    for (int phase = 0; phase < HB_PHASE_COUNT; phase++) {
        host_init(&host, HB_POLICY_PREDICTIVE);
        host_start(&host);
        host_bring_to(&host, (enum hb_phase)phase);
        host_stop(&host);
    }
}

static void a_mirror_is_ready_before_the_client_and_becomes_its_primary(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_to(&host, HB_PHASE_READY);
    host_wait(&host, 500.0);
    host_see(&host, 0, 1);
    host_wait(&host, 4.0);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_wait(&host, 7.0);
    host_serve(&host, 0, 1);
    host_wait(&host, 30.0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->site, 1);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 2);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);

    struct hb_client_view view = hb_controller_client(host.controller, 0);
    assert_int_equal(view.phase, HB_PHASE_SERVED);
    assert_int_equal(view.primary, 1);
    assert_int_equal(view.mirror, HB_NONE);
    const struct hb_mirror_sample *mirror = &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
    assert_int_equal(mirror->outcome, HB_OUTCOME_HIT);
    assert_int_equal(mirror->cause, HB_CAUSE_PROMOTED);
    assert_int_equal(mirror->from, 0);
    assert_int_equal(mirror->to, 1);
    assert_int_equal(mirror->epoch, 2);
    assert_int_equal(mirror->decided_ns, 0);
    assert_int_equal(mirror->synced_ns, 0);
    assert_int_equal(mirror->arrived_ns, 500 * HB_NS_PER_S);
    assert_int_equal(mirror->steered_ns, 504 * HB_NS_PER_S);
    assert_int_equal(mirror->connected_ns, 511 * HB_NS_PER_S);
    assert_int_equal(mirror->promoted_ns, 541 * HB_NS_PER_S);
    assert_near(mirror->bytes, 51.7e6, 0.0);
    assert_near((double)mirror->confidence, 0.9, 1e-6);
    /* The primary left behind rests on standby until its rent is eaten up. */
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 0);
    host_stop(&host);
}

static enum hb_status create_status(void)
{
    struct hb_ports ports = hb_record_tap_ports(&host.tap);
    struct hb_controller *controller = NULL;
    enum hb_status status = hb_controller_create(&host.setup, &ports, &controller);
    assert_int_equal(controller != NULL, status == HB_OK);
    hb_controller_free(controller);
    return status;
}

static void a_setup_out_of_range_is_refused(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    assert_int_equal(create_status(), HB_OK);
    host.setup.client_capacity = 0;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host.setup.client_capacity = (UINT32_C(1) << 28) + 1;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.policy.interval_s = 0.0;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.prices.request_ms = -1.0;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.map.site_count = 0;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.map.place_count = 0;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.map.site_count = UINT32_C(1) << 28;
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.has_predictor = 0;
    assert_int_equal(create_status(), HB_ERR_UNSUPPORTED);
    hb_controller_free(NULL);
}

static void assert_unsound(void)
{
    assert_int_equal(create_status(), HB_ERR_RANGE);
    host_init(&host, HB_POLICY_PREDICTIVE);
}

static void a_map_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const double bad[] = { NAN, INFINITY, -INFINITY, -1.0 };
    host_init(&host, HB_POLICY_PREDICTIVE);
    for (int i = 0; i < 4; i++) {
        host.rtt_ms[HOST_PLACES * HOST_SITES - 1] = (float)bad[i];
        assert_unsound();
        host.sites[HOST_SITES - 1].price_factor = (float)bad[i];
        assert_unsound();
        host.sites[0].at.lat_deg = i < 3 ? bad[i] : 90.01;
        assert_unsound();
        host.places[HOST_PLACES - 1].at.lon_deg = i < 3 ? bad[i] : -180.01;
        assert_unsound();
    }
    host.rtt_ms[0] = 0.0f;
    host.sites[0].price_factor = 0.0f;
    host.sites[0].at = (struct hb_point) { -90.0, 180.0 };
    assert_int_equal(create_status(), HB_OK);
}

static enum hb_status status_of(struct hb_event event)
{
    return hb_controller_handle(host.controller, &event);
}

/* Each of these events is in range but for the one field that the line changes. */
static void an_event_out_of_range_changes_nothing(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host_start(&host);
    host_wait(&host, 7.0);
    host_bring_served(&host);
    uint32_t before = host.log_count;
    int64_t now_ns = host.now_ns;
    const struct hb_event wrong[] = {
        { .kind = HB_EVENT_COUNT, .at_ns = now_ns },
        { .kind = HB_EVENT_SEEN, .at_ns = now_ns - 1, .client = 0, .place = 1 },
        { .kind = HB_EVENT_CONNECTED, .at_ns = now_ns, .client = HOST_CLIENTS },
        { .kind = HB_EVENT_CONNECTED, .at_ns = now_ns, .place = HOST_PLACES },
        { .kind = HB_EVENT_CONNECTED, .at_ns = now_ns, .site = HOST_SITES },
        { .kind = HB_EVENT_SEEN, .at_ns = now_ns, .place = HB_NONE },
        { .kind = HB_EVENT_SERVED, .at_ns = now_ns, .site = HOST_SITES },
        { .kind = HB_EVENT_DISCONNECTED, .at_ns = now_ns, .client = HB_NONE },
        { .kind = HB_EVENT_CONSENT, .at_ns = now_ns, .client = HOST_CLIENTS },
        { .kind = HB_EVENT_SEEN, .at_ns = INT64_MAX / 2 + 1, .client = 0, .place = 1 },
        { .kind = HB_EVENT_DONE, .at_ns = now_ns, .result = HB_RESULT_COUNT },
        { .kind = HB_EVENT_DONE, .at_ns = now_ns, .value = NAN },
        { .kind = HB_EVENT_DONE, .at_ns = now_ns, .value = -1.0 },
        { .kind = HB_EVENT_PREDICTED, .at_ns = now_ns, .result = HB_RESULT_COUNT },
        { .kind = HB_EVENT_SITE_CAPACITY, .at_ns = now_ns, .site = HOST_SITES },
        { .kind = HB_EVENT_SITE_CAPACITY, .at_ns = now_ns, .value = -1.0 },
        { .kind = HB_EVENT_SITE_CAPACITY, .at_ns = now_ns, .value = NAN },
        { .kind = HB_EVENT_PROBE_MISSED, .at_ns = now_ns, .site = HB_NONE },
        { .kind = HB_EVENT_PROBE_ANSWERED, .at_ns = now_ns, .site = HOST_SITES },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(status_of(wrong[i]), HB_ERR_RANGE);
    }
    assert_int_equal(host.log_count, before);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    host_stop(&host);
}

static void a_forecast_out_of_range_is_refused_whole(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_served(&host);
    struct hb_prediction prediction = { .guess_count = 1,
        .guesses = { { .place = 1, .confidence = 0.9f } } };
    struct hb_event event = { .kind = HB_EVENT_PREDICTED, .at_ns = host.now_ns,
        .req = host_last(&host, HB_COMMAND_PREDICT)->req, .prediction = &prediction };
    prediction.guess_count = HB_GUESS_MAX + 1;
    assert_int_equal(status_of(event), HB_ERR_RANGE);
    prediction.guess_count = 1;
    prediction.guesses[0].place = HOST_PLACES;
    assert_int_equal(status_of(event), HB_ERR_RANGE);
    prediction.guesses[0].place = 1;
    prediction.guesses[0].confidence = 1.01f;
    assert_int_equal(status_of(event), HB_ERR_RANGE);
    prediction.guesses[0].confidence = (float)NAN;
    assert_int_equal(status_of(event), HB_ERR_RANGE);
    prediction.guess_count = 2; /* more than certain in sum */
    prediction.guesses[0].confidence = 0.6f;
    prediction.guesses[1] = (struct hb_guess) { .place = 2, .confidence = 0.5f };
    assert_int_equal(status_of(event), HB_ERR_RANGE);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    prediction.guess_count = 1;
    prediction.guesses[0].confidence = 0.9f;
    assert_int_equal(status_of(event), HB_OK); /* the question is still open */
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROVISIONING);
    host_stop(&host);
}

static void clients_do_not_touch_each_other(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host_start(&host);
    host_bring_to(&host, HB_PHASE_READY - 1);
    struct hb_client_view before = hb_controller_client(host.controller, 0);
    host_consent(&host, 5, 1);
    host_connect(&host, 5, 2, 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_see(&host, 5, 0);
    host_disconnect(&host, 5);
    struct hb_client_view after = hb_controller_client(host.controller, 0);
    assert_memory_equal(&before, &after, sizeof before);
    host_stop(&host);
}

/* A controller of many clients is an array of them and little else. */
static void a_client_takes_at_most_160_bytes(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.client_capacity = 200000;
    host_start(&host);
    assert_true(hb_controller_bytes(host.controller) / 200000 <= 160);
    assert_true(hb_controller_bytes(host.controller) >= 200000u * 100u);
    host_stop(&host);
}

static void every_enumerator_has_its_text(void **state)
{
    (void)state;
    assert_string_equal(hb_controller_phase_name(HB_PHASE_SYNCHRONISING), "synchronising");
    assert_string_equal(hb_controller_outcome_name(HB_OUTCOME_ROLLED_BACK), "rolled_back");
    assert_string_equal(hb_controller_cause_text(HB_CAUSE_LEFT), "client left");
    assert_string_equal(hb_controller_reason_text(HB_REASON_WORTH),
        "expected saving below the cost");
    assert_string_equal(hb_record_command_name(HB_COMMAND_COPY_ABORT), "copy_abort");
    assert_string_equal(hb_controller_phase_name(HB_PHASE_COUNT), "unknown phase");
    assert_string_equal(hb_controller_outcome_name(HB_OUTCOME_COUNT), "unknown outcome");
    assert_string_equal(hb_controller_cause_text(HB_CAUSE_COUNT), "unknown cause");
    assert_string_equal(hb_controller_reason_text(HB_REASON_COUNT), "unknown reason");
    assert_string_equal(hb_record_command_name(HB_COMMAND_COUNT), "unknown command");
}

struct heard {
    struct hb_record_tap *tap;
    uint32_t calls[HB_COMMAND_COUNT];
};

static void hear_wake(void *ctx, uint64_t req, int64_t at_ns)
{
    struct heard *heard = ctx;
    assert_true(req != 0 && at_ns > 0);
    heard->calls[HB_COMMAND_WAKE_AT]++;
}

static void hear_cancel(void *ctx, uint64_t req)
{
    struct heard *heard = ctx;
    assert_true(req != 0);
    heard->calls[HB_COMMAND_WAKE_CANCEL]++;
}

static void hear_predict(void *ctx, uint64_t req, uint32_t client, double horizon_s)
{
    struct heard *heard = ctx;
    assert_true(req == 21 && client == 3);
    assert_near(horizon_s, 917.0, 0.0);
    heard->calls[HB_COMMAND_PREDICT]++;
}

#define HEAR_INSTANCE(name, kind)                                                     \
    static void hear_##name(void *ctx, uint64_t req, uint32_t client, uint32_t site)  \
    {                                                                                 \
        struct heard *heard = ctx;                                                    \
        assert_true(req == 22 && client == 4 && site == 2);                           \
        heard->calls[HB_COMMAND_##kind]++;                                            \
    }
HEAR_INSTANCE(provision, PROVISION)
HEAR_INSTANCE(stop, STOP)
HEAR_INSTANCE(standby, STANDBY)
HEAR_INSTANCE(resume, RESUME)

static void hear_copy(void *ctx, uint64_t req, uint32_t client, uint32_t from, uint32_t to)
{
    struct heard *heard = ctx;
    assert_true(req == 23 && client == 5 && from == 1 && to == 2);
    heard->calls[HB_COMMAND_COPY]++;
}

static void hear_client(void *ctx, uint64_t req, uint32_t client)
{
    struct heard *heard = ctx;
    assert_true(client == 5);
    heard->calls[req == 24 ? HB_COMMAND_COPY_ABORT : HB_COMMAND_DNS_CLEAR]++;
}

static void hear_fence(void *ctx, uint64_t req, uint32_t client, uint32_t site, uint64_t epoch)
{
    struct heard *heard = ctx;
    assert_true(req == 25 && client == 5 && site == 2 && epoch == 8);
    heard->calls[HB_COMMAND_FENCE]++;
}

static void hear_dns(void *ctx, uint64_t req, uint32_t client, uint32_t site, double ttl_s)
{
    struct heard *heard = ctx;
    assert_true(req == 26 && client == 5 && site == 2);
    assert_near(ttl_s, 31.5, 0.0);
    heard->calls[HB_COMMAND_DNS_POINT]++;
}

static void hear_announce(void *ctx, uint64_t req, uint32_t site, const struct hb_route *route)
{
    struct heard *heard = ctx;
    assert_true(req == 28 && site == 2 && route->med == 20);
    heard->calls[HB_COMMAND_ROUTE_ANNOUNCE]++;
}

static void hear_withdraw(void *ctx, uint64_t req, uint32_t site)
{
    struct heard *heard = ctx;
    assert_true(req == 29 && site == 2);
    heard->calls[HB_COMMAND_ROUTE_WITHDRAW]++;
}

static void hear_probe(void *ctx, uint64_t req, uint32_t site)
{
    struct heard *heard = ctx;
    assert_true(req == 30 && site == 1);
    heard->calls[HB_COMMAND_PROBE]++;
}

/* The tap shows each command once and passes it on with all that it carries. */
static void the_tap_passes_every_command_on(void **state)
{
    (void)state;
    struct heard heard = { .tap = NULL };
    struct hb_record_tap tap = { .inner = { .ctx = &heard, .wake_at = hear_wake,
        .wake_cancel = hear_cancel, .predict = hear_predict, .provision = hear_provision,
        .stop = hear_stop, .standby = hear_standby, .resume = hear_resume, .copy = hear_copy,
        .copy_abort = hear_client, .fence = hear_fence, .dns_point = hear_dns,
        .dns_clear = hear_client, .route_announce = hear_announce,
        .route_withdraw = hear_withdraw, .probe = hear_probe } };
    struct hb_ports ports = hb_record_tap_ports(&tap);
    struct hb_event event = { .at_ns = 9731 };
    hb_record_tap_event(&tap, &event);
    assert_int_equal(ports.now_ns(ports.ctx), 9731);
    const struct hb_route route = { .med = 20 };
    ports.wake_at(ports.ctx, 20, 5);
    ports.wake_cancel(ports.ctx, 20);
    ports.predict(ports.ctx, 21, 3, 917.0);
    ports.provision(ports.ctx, 22, 4, 2);
    ports.stop(ports.ctx, 22, 4, 2);
    ports.standby(ports.ctx, 22, 4, 2);
    ports.resume(ports.ctx, 22, 4, 2);
    ports.copy(ports.ctx, 23, 5, 1, 2);
    ports.copy_abort(ports.ctx, 24, 5);
    ports.fence(ports.ctx, 25, 5, 2, 8);
    ports.dns_point(ports.ctx, 26, 5, 2, 31.5);
    ports.dns_clear(ports.ctx, 27, 5);
    ports.route_announce(ports.ctx, 28, 2, &route);
    ports.route_withdraw(ports.ctx, 29, 2);
    ports.probe(ports.ctx, 30, 1);
    ports.emit(ports.ctx, NULL); /* nobody listens */
    for (int kind = 0; kind < HB_COMMAND_COUNT; kind++) {
        assert_int_equal(heard.calls[kind], 1);
    }
    assert_int_equal(tap.command_count, HB_COMMAND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setup_out_of_range_is_refused),
        cmocka_unit_test(a_map_that_cannot_be_is_refused),
        cmocka_unit_test(an_event_out_of_range_changes_nothing),
        cmocka_unit_test(a_forecast_out_of_range_is_refused_whole),
        cmocka_unit_test(clients_do_not_touch_each_other),
        cmocka_unit_test(a_client_takes_at_most_160_bytes),
        cmocka_unit_test(every_enumerator_has_its_text),
        cmocka_unit_test(the_tap_passes_every_command_on),
        cmocka_unit_test(each_phase_can_be_reached),
        cmocka_unit_test(a_mirror_is_ready_before_the_client_and_becomes_its_primary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
