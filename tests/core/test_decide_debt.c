/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Policies that act on what has added up: lyapunov on debt, ski_rental on regret. */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

static struct host host;

/* Served and asked every second; v: what a second's debt is weighed against. */
static void start_lyapunov(double v)
{
    host_init(&host, HB_POLICY_LYAPUNOV);
    host.setup.policy.v = v;
    host.setup.policy.debt_target_ms = 20.0;
    host.setup.policy.interval_s = 1.0;
    host_start(&host);
    host_bring_served(&host);
}

static void start_ski_rental(uint32_t has_predictor)
{
    host_init(&host, HB_POLICY_SKI_RENTAL);
    host.setup.has_predictor = has_predictor;
    host.setup.policy.interval_s = 1.0;
    host_start(&host);
    host_bring_served(&host);
}

static void bring_mirror_in_sync(void)
{
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
}

static double saving(void)
{
    return host_sample(&host, HB_SAMPLE_DECISION)->of.decision.saving;
}

/* By hand: at 40 ms against a target of 20 the debt grows by 20 a second; it
 * outweighs v x cost = 1e6 x 0.005173733 once debt x 30 > 5173.7: after 8.62 s. */
static void lyapunov_moves_when_debt_outweighs_the_penalty(void **state)
{
    (void)state;
    start_lyapunov(1e6);
    host_wait(&host, 100.0); /* 10 ms: far below target, no credit is gathered */
    host_see(&host, 0, 1);
    host_wait(&host, 8.0);
    assert_int_equal(host_reason(&host), HB_REASON_DEBT);
    const struct hb_decision_sample *told = &host_sample(&host, HB_SAMPLE_DECISION)->of.decision;
    assert_near(told->saving, 160.0 * 30.0, 1e-9);
    assert_near(told->cost, 5173.733, 1e-6);
    host_wait(&host, 1.0);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    host_stop(&host);
}

/* Decided after 9 s at a debt of 180; 20 more until it is served by the mirror, whose
 * 10 ms take 10 a second off: 150 after 5 s. */
static void who_is_served_by_the_mirror_pays_its_debt_off(void **state)
{
    (void)state;
    start_lyapunov(1e6);
    host_see(&host, 0, 1);
    host_wait(&host, 9.0);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    bring_mirror_in_sync();
    assert_int_equal(host_phase(&host, 0), HB_PHASE_MONITORING);
    host_wait(&host, 1.0);
    const struct hb_decision_sample *told = &host_sample(&host, HB_SAMPLE_DECISION)->of.decision;
    assert_near(told->saving, 200.0 * 30.0, 1e-9);
    host_serve(&host, 0, 1);
    host_wait(&host, 5.0);
    told = &host_sample(&host, HB_SAMPLE_DECISION)->of.decision;
    assert_near(told->saving, 150.0 * 30.0, 1e-9);
    host_stop(&host);
}

/* With its consent a client takes all away that was held against its place. */
static void debt_does_not_outlive_consent(void **state)
{
    (void)state;
    start_lyapunov(1e8);
    host_see(&host, 0, 1);
    host_wait(&host, 5.0);
    host_see(&host, 0, 1);
    assert_near(saving(), 3000.0, 1e-9);
    host_consent(&host, 0, 0);
    host_disconnect(&host, 0);
    host_bring_served(&host);
    host_see(&host, 0, 1);
    assert_near(saving(), 0.0, 0.0);
    host_stop(&host);
}

/* By hand: at place 1 regret grows by 30e-6 a second; 0.005173733 is reached
 * after 172.46 s. */
static void ski_rental_without_a_predictor_buys_at_break_even(void **state)
{
    (void)state;
    start_ski_rental(0);
    host_wait(&host, 50.0);
    assert_int_equal(host_reason(&host), HB_REASON_AT_BEST);
    host_see(&host, 0, 1);
    host_wait(&host, 172.0);
    assert_int_equal(host_reason(&host), HB_REASON_REGRET);
    host_wait(&host, 1.0);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 0);
    host_stop(&host);
}

/* Seconds at place 1 until the mirror is decided, with an answer to each question. */
static int wait_with_forecasts(float confidence, uint32_t target)
{
    start_ski_rental(1);
    host_see(&host, 0, 1);
    int waited_s = 0;
    while (host_phase(&host, 0) == HB_PHASE_SERVED && waited_s < 1000) {
        host_wait(&host, 1.0);
        waited_s++;
        if (confidence > 0.0f) {
            host_predict(&host, target, confidence);
        }
    }
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, target);
    host_stop(&host);
    return waited_s;
}

/* By hand, lambda 0.5: trusted at half (86.23 s), distrusted at twice (344.9 s). */
static void advice_shortens_or_lengthens_the_wait(void **state)
{
    (void)state;
    assert_int_equal(wait_with_forecasts(0.9f, 1), 87);
    assert_int_equal(wait_with_forecasts(0.9f, 2), 87); /* ... and says where to */
    assert_int_equal(wait_with_forecasts(0.01f, 1), 345);
    assert_int_equal(wait_with_forecasts(0.0f, 1), 345); /* the predictor is silent */
}

static void regret_is_spent_by_the_move(void **state)
{
    (void)state;
    start_ski_rental(0);
    host_see(&host, 0, 1);
    host_wait(&host, 173.0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_NO_ROOM);
    host_wait(&host, 1.0);
    assert_true(saving() < 1e-4);
    host_stop(&host);
    /* What waiting for the mirror has cost is not held against its site. */
    start_ski_rental(0);
    host_see(&host, 0, 1);
    host_wait(&host, 800.0); /* provisioning takes its time */
    bring_mirror_in_sync();
    host_serve(&host, 0, 1);
    host_wait(&host, 30.0);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_see(&host, 0, 2);
    assert_int_equal(host_reason(&host), HB_REASON_REGRET);
    assert_near(saving(), 0.0, 0.0);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lyapunov_moves_when_debt_outweighs_the_penalty),
        cmocka_unit_test(who_is_served_by_the_mirror_pays_its_debt_off),
        cmocka_unit_test(debt_does_not_outlive_consent),
        cmocka_unit_test(ski_rental_without_a_predictor_buys_at_break_even),
        cmocka_unit_test(advice_shortens_or_lengthens_the_wait),
        cmocka_unit_test(regret_is_spent_by_the_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
