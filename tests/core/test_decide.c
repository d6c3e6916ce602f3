/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

/* Place 1 from site 0: 40 ms, from site 1: 10 ms, so a gain of 30 ms, 10
 * degrees or 1111.95 km off. One mirror costs 0.2 x 0.02 + 0.05 x 0.02 + 60 s
 * idle at 0.0104/h + 4e-7 = 0.005173733; a second at 1 request/s saves 30e-6. */
static const double mirror_cost = 0.005173733;

static struct host host;

static void init(enum hb_policy_kind kind)
{
    host_init(&host, kind);
}

/* Served at place 0, then one forecast; the criterion that speaks. */
static enum hb_reason reason_of_forecast(uint32_t place, float confidence)
{
    host_start(&host);
    host_bring_served(&host);
    host_predict(&host, place, confidence);
    enum hb_reason reason = host_reason(&host);
    int is_mirrored = host_phase(&host, 0) == HB_PHASE_PROVISIONING;
    assert_int_equal(is_mirrored, reason == HB_REASON_MIRROR);
    host_stop(&host);
    return reason;
}

static void each_criterion_speaks_on_its_side_of_its_bound(void **state)
{
    (void)state;
    init(HB_POLICY_PREDICTIVE);
    assert_int_equal(reason_of_forecast(1, 0.31f), HB_REASON_MIRROR);
    init(HB_POLICY_PREDICTIVE);
    assert_int_equal(reason_of_forecast(1, 0.29f), HB_REASON_CONFIDENCE);

    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.gain_ms = 30.0;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.gain_ms = 30.1;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_DEVIATION);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.gain_ms = 30.1;
    host.setup.policy.deviation_km = 1111.9; /* one of the two is enough */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.gain_ms = 0.0;
    host.setup.policy.deviation_km = 1112.0;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_DEVIATION);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.gain_ms = 0.0; /* both off */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);

    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.hysteresis = 0.74; /* of 40 ms: 29.6 */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.hysteresis = 0.76; /* 30.4 */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_HYSTERESIS);

    /* Expected saving 0.9 x 3600 x 30e-6 = 0.0972 = 18.787 x cost. */
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.worth_factor = 18.78;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.worth_factor = 18.79;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_WORTH);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.stay_s = 191.0; /* x 0.9 x 30e-6 = 0.005157 < cost */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_WORTH);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.stay_s = 192.0; /* 0.005184 */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.worth_factor = 0.0; /* off */
    host.setup.policy.stay_s = 1.0;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
}

static void what_cannot_help_is_told_apart(void **state)
{
    (void)state;
    init(HB_POLICY_PREDICTIVE);
    assert_int_equal(reason_of_forecast(0, 0.9f), HB_REASON_AT_BEST);
    init(HB_POLICY_PREDICTIVE);
    host.sites[1].slots = 0;
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_NO_ROOM);
    init(HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_served(&host);
    host_send(&host, (struct hb_event) { .kind = HB_EVENT_PREDICTED, .client = 0,
        .req = host_last(&host, HB_COMMAND_PREDICT)->req, .result = HB_RESULT_FAILED,
        .place = HB_NONE, .site = HB_NONE });
    assert_int_equal(host_reason(&host), HB_REASON_NO_FORECAST);
    host_stop(&host);
}

static void the_decision_tells_what_it_weighed(void **state)
{
    (void)state;
    init(HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_served(&host);
    host_predict(&host, 1, 0.9f);
    const struct hb_decision_sample *told = &host_sample(&host, HB_SAMPLE_DECISION)->of.decision;
    assert_int_equal(told->from, 0);
    assert_int_equal(told->to, 1);
    assert_near((double)told->confidence, 0.9, 1e-6);
    assert_near((double)told->gain_ms, 30.0, 1e-5);
    assert_near((double)told->deviation_km, 1111.9508, 1e-5);
    assert_near((double)told->horizon_s, 900.0, 0.0);
    assert_near(told->saving, 0.0972, 1e-6);
    assert_near(told->cost, mirror_cost, 1e-9);
    const struct hb_sample *answered = host_sample(&host, HB_SAMPLE_ANSWERED);
    assert_int_equal(answered->place, 1);
    assert_near((double)answered->of.forecast.confidence, 0.9, 1e-6);
    host_stop(&host);
}

static void a_dearer_site_must_save_its_price_too(void **state)
{
    (void)state;
    /* 30e-6 a second saved, 9 x 0.0104 / 3600 = 26e-6 paid on top. */
    init(HB_POLICY_PREDICTIVE);
    host.sites[1].price_factor = 10.0f;
    host.setup.policy.stay_s = 1500.0; /* 0.9 x 1500 x 4e-6 = 0.0054 < 0.00673 */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_WORTH);
    init(HB_POLICY_PREDICTIVE);
    host.sites[1].price_factor = 10.0f;
    host.setup.policy.stay_s = 2000.0; /* 0.0072 */
    assert_int_equal(reason_of_forecast(1, 0.9f), HB_REASON_MIRROR);
}

static void horizons_are_asked_in_turn_until_one_decides(void **state)
{
    (void)state;
    init(HB_POLICY_PREDICTIVE);
    host.setup.policy.horizon_s[1] = 1800.0;
    host.setup.policy.horizon_s[2] = 3600.0;
    host_start(&host);
    host_bring_served(&host);
    assert_near(host_last(&host, HB_COMMAND_PREDICT)->value, 900.0, 0.0);
    host_predict(&host, 0, 0.9f);
    assert_near(host_last(&host, HB_COMMAND_PREDICT)->value, 1800.0, 0.0);
    host_predict(&host, 1, 0.9f);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROVISIONING);
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK);
    host_wait(&host, 1800.0 + 600.0 - 0.001);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_READY);
    host_wait(&host, 0.001);
    const struct hb_mirror_sample *mirror = &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
    assert_near((double)mirror->horizon_s, 1800.0, 0.0);
    host_stop(&host);
}

static void questions_keep_their_interval(void **state)
{
    (void)state;
    init(HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_served(&host);
    host_wait(&host, 299.0);
    host_see(&host, 0, 3);
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 1);
    host_wait(&host, 1.0); /* the tick */
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 2);
    host_wait(&host, 3000.0);
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 12);
    host_stop(&host);
}

static void a_forecast_for_another_instant_does_not_replace_a_mirror(void **state)
{
    (void)state;
    init(HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_to(&host, HB_PHASE_READY);
    host_wait(&host, 301.0);
    host_predict(&host, 2, 0.99f);
    assert_int_equal(host_reason(&host), HB_REASON_UNDER_WAY);
    host_wait(&host, 600.0); /* past its own instant it does */
    host_predict(&host, 2, 0.99f);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    const struct hb_mirror_sample *mirror = &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
    assert_int_equal(mirror->outcome, HB_OUTCOME_CANCELLED);
    assert_int_equal(mirror->cause, HB_CAUSE_RETARGETED);
    host_stop(&host);
}

static void reactive_goes_where_the_client_is_and_follows_it(void **state)
{
    (void)state;
    init(HB_POLICY_REACTIVE);
    host_start(&host);
    host_bring_served(&host);
    assert_int_equal(host_reason(&host), HB_REASON_AT_BEST);
    host_see(&host, 0, 1);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
    host_see(&host, 0, 2); /* gain 60 ms there against 30 of the site under way */
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    assert_int_equal(host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror.cause,
        HB_CAUSE_RETARGETED);
    host_see(&host, 0, 0); /* back home: no mirror has a point */
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 0);
    host_stop(&host);
}

static void ping_pong_is_suppressed_by_the_cool_down(void **state)
{
    (void)state;
    init(HB_POLICY_REACTIVE);
    host_start(&host);
    host_bring_to(&host, HB_PHASE_PROMOTING);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    uint32_t resumed = host_count(&host, HB_COMMAND_RESUME);
    for (int i = 0; i < 20; i++) {
        host_wait(&host, 14.0);
        host_see(&host, 0, i % 2 == 0 ? 0 : 1);
    }
    host_see(&host, 0, 0); /* 280 s after the promotion */
    assert_int_equal(host_reason(&host), HB_REASON_COOL_DOWN);
    assert_int_equal(host_count(&host, HB_COMMAND_RESUME), resumed);
    host_wait(&host, 20.0);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    assert_int_equal(host_last(&host, HB_COMMAND_RESUME)->site, 0);
    host_stop(&host);
}

/* With react, predictive is reactive where its forecasts say nothing. */
static void predictive_may_react_to_the_present_as_well(void **state)
{
    (void)state;
    for (uint32_t react = 0; react < 2; react++) {
        init(HB_POLICY_PREDICTIVE);
        host.setup.policy.react = react;
        host_start(&host);
        host_bring_served(&host);
        host_see(&host, 0, 1);
        uint32_t want = react ? HB_PHASE_PROVISIONING : HB_PHASE_SERVED;
        assert_int_equal(host_phase(&host, 0), want);
        assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 1);
        host_see(&host, 0, 0); /* back: what the present decided, the present undoes */
        assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
        host_predict(&host, 2, 0.9f); /* what a forecast decided, it does not */
        host_see(&host, 0, 0);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_PROVISIONING);
        assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
        host_stop(&host);
    }
}

static void nearest_knows_neither_threshold_nor_cool_down(void **state)
{
    (void)state;
    init(HB_POLICY_NEAREST);
    host.setup.policy.gain_ms = 1000.0;
    host.setup.policy.worth_factor = 1e9;
    host_start(&host);
    host_bring_to(&host, HB_PHASE_PROMOTING);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_see(&host, 0, 0);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    host_stop(&host);
}

static void a_mirror_that_serves_is_not_given_up_for_a_better_site(void **state)
{
    (void)state;
    for (int is_served = 0; is_served < 2; is_served++) {
        init(HB_POLICY_REACTIVE);
        host_start(&host);
        host_bring_to(&host, HB_PHASE_MONITORING); /* from site 0 to site 1 */
        if (is_served) {
            host_serve(&host, 0, 1);
        }
        host_see(&host, 0, 2);
        enum hb_reason want = is_served ? HB_REASON_UNDER_WAY : HB_REASON_MIRROR;
        assert_int_equal(host_reason(&host), want);
        uint32_t phase = is_served ? HB_PHASE_MONITORING : HB_PHASE_PROVISIONING;
        assert_int_equal(host_phase(&host, 0), phase);
        host_stop(&host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_criterion_speaks_on_its_side_of_its_bound),
        cmocka_unit_test(what_cannot_help_is_told_apart),
        cmocka_unit_test(the_decision_tells_what_it_weighed),
        cmocka_unit_test(a_dearer_site_must_save_its_price_too),
        cmocka_unit_test(horizons_are_asked_in_turn_until_one_decides),
        cmocka_unit_test(questions_keep_their_interval),
        cmocka_unit_test(a_forecast_for_another_instant_does_not_replace_a_mirror),
        cmocka_unit_test(reactive_goes_where_the_client_is_and_follows_it),
        cmocka_unit_test(ping_pong_is_suppressed_by_the_cool_down),
        cmocka_unit_test(predictive_may_react_to_the_present_as_well),
        cmocka_unit_test(nearest_knows_neither_threshold_nor_cool_down),
        cmocka_unit_test(a_mirror_that_serves_is_not_given_up_for_a_better_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
