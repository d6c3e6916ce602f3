/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

static struct host host;

static uint32_t spare(void)
{
    return hb_controller_client(host.controller, 0).spare;
}

/* A promoted client: primary at site 1, what it left behind at site 0. */
static void bring_promoted(void)
{
    host_start(&host);
    host_bring_to(&host, HB_PHASE_PROMOTING);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
}

/* Ski rental by hand. Buying again: image 0.2 GB x 0.02 = 0.004, and 60 s idle
 * at 0.0104 an hour = 0.000173333; together 0.004173333. Rent on standby 0.001
 * an hour: bought off after 4.173333 h = 15024 s. */
static const double break_even_s = 15024.0;

static void a_primary_left_behind_rests_until_rent_equals_purchase(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    bring_promoted();
    assert_int_equal(spare(), 0);
    host_wait(&host, break_even_s - 0.01);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    host_wait(&host, 0.02);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_OK);
    assert_int_equal(spare(), HB_NONE);
    assert_int_equal(hb_controller_site_free(host.controller, 0), 4);
    host_stop(&host);
}

/* As likely to be needed again as the forecast said: 0.9 of that time. */
static void a_mirror_rolled_back_rests_for_its_confidences_share(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_to(&host, HB_PHASE_READY);
    host_wait(&host, 1500.0);
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 1);
    host_wait(&host, 0.9 * break_even_s - 0.01);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    host_wait(&host, 0.02);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 1);
    host_stop(&host);
}

/* Not for the share of the mirror that came after it. Without an image the purchase is
 * 0.000173333, so 0.9 of the rent is eaten up 561.6 s after the 300 s of draining. */
static void each_spare_rests_for_its_own_confidence(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.service.image_mb = 0.0;
    host.setup.policy.dns_ttl_s = 300.0;
    host.setup.policy.cooldown_s = 0.0;
    host.setup.policy.interval_s = 100.0;
    host_start(&host);
    host_bring_to(&host, HB_PHASE_MONITORING);
    host_see(&host, 0, 1);
    host_serve(&host, 0, 1);
    host_see(&host, 0, 0); /* rolled back */
    assert_int_equal(spare(), 1);
    host_wait(&host, 299.0);
    host_predict(&host, 2, 0.4f);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    host_wait(&host, 1.0 + 561.6 - 0.01);
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 1);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    host_wait(&host, 0.02);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 1);
    host_stop(&host);
}

static void a_spare_that_costs_more_than_it_saves_is_stopped_at_once(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.service.image_mb = 0.0;
    host.setup.service.lead_s = 0.0;
    bring_promoted();
    assert_int_equal(host_count(&host, HB_COMMAND_STANDBY), 0);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    host_stop(&host);
}

static void free_standby_is_kept_for_ever(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.prices.hour[HB_POWER_STANDBY] = 0.0;
    bring_promoted();
    host_wait(&host, 1e5);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    assert_int_equal(spare(), 0);
    host_stop(&host);
}

static void a_refused_standby_is_a_stop(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    bring_promoted();
    host_answer(&host, HB_COMMAND_STANDBY, HB_RESULT_OK);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    host_stop(&host);
    host_init(&host, HB_POLICY_PREDICTIVE);
    bring_promoted();
    host_answer(&host, HB_COMMAND_STANDBY, HB_RESULT_FAILED);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 1);
    host_stop(&host);
}

static void a_stop_is_asked_for_again_after_failure_and_silence_then_given_up(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.service.image_mb = 0.0;
    host.setup.service.lead_s = 0.0;
    bring_promoted();
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_FAILED);
    host_wait(&host, 2.0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 2);
    host_wait(&host, 900.0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 3);
    host_wait(&host, 900.0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 4);
    assert_int_equal(spare(), 0);
    host_wait(&host, 900.0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 4);
    assert_int_equal(spare(), HB_NONE);
    host_stop(&host);
}

/* The second one's stop has all its attempts, too. */
static void each_stop_is_asked_for_as_often(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.linger_s = 0.0;
    host_start(&host);
    for (uint32_t session = 1; session <= 2; session++) {
        host_bring_served(&host);
        host_disconnect(&host, 0);
        host_wait(&host, 5000.0);
        assert_int_equal(host_count(&host, HB_COMMAND_STOP), 4 * session);
        assert_int_equal(spare(), HB_NONE);
    }
    host_stop(&host);
}

static void a_spare_on_standby_is_resumed_instead_of_provisioned(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    bring_promoted();
    uint32_t provisions = host_count(&host, HB_COMMAND_PROVISION);
    host_wait(&host, 400.0); /* cool-down over, next question asked */
    host_predict(&host, 0, 0.8f);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROVISIONING);
    assert_int_equal(host_last(&host, HB_COMMAND_RESUME)->site, 0);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), provisions);
    assert_int_equal(spare(), HB_NONE);
    /* A resume that is not answered is a stop, then an instance anew. */
    host_wait(&host, 902.0);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 0);
    host_stop(&host);
}

static void a_spare_that_still_runs_needs_no_start_at_all(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_NEAREST);
    host.setup.policy.dns_ttl_s = 300.0;
    host_start(&host);
    host_bring_to(&host, HB_PHASE_MONITORING);
    host_serve(&host, 0, 1);
    host_see(&host, 0, 0); /* rolled back, draining */
    host_wait(&host, 10.0);
    host_see(&host, 0, 1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SYNCHRONISING);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 2);
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK);
    host_disconnect(&host, 0);
    host_stop(&host);
}

static void a_second_spare_evicts_the_first(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_NEAREST);
    bring_promoted(); /* spare at 0 */
    host_see(&host, 0, 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_serve(&host, 0, 2);
    host_wait(&host, 30.0);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(spare(), 1);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 1);
    host_stop(&host);
}

static void a_new_primary_at_the_spares_site_ends_the_spare_first(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.linger_s = 0.0;
    host_start(&host);
    host_bring_served(&host);
    host_disconnect(&host, 0); /* its stop is not answered yet */
    host_connect(&host, 0, 0, 0);
    assert_int_equal(spare(), HB_NONE);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_FAILED); /* of the former instance */
    host_wait(&host, 5000.0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 1);
    host_stop(&host);
}

static void a_spare_on_a_site_that_goes_down_is_let_go(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    bring_promoted();
    host_probe(&host, 0, 0);
    host_probe(&host, 0, 0);
    assert_int_equal(spare(), HB_NONE);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_primary_left_behind_rests_until_rent_equals_purchase),
        cmocka_unit_test(a_mirror_rolled_back_rests_for_its_confidences_share),
        cmocka_unit_test(each_spare_rests_for_its_own_confidence),
        cmocka_unit_test(a_spare_that_costs_more_than_it_saves_is_stopped_at_once),
        cmocka_unit_test(free_standby_is_kept_for_ever),
        cmocka_unit_test(a_refused_standby_is_a_stop),
        cmocka_unit_test(a_stop_is_asked_for_again_after_failure_and_silence_then_given_up),
        cmocka_unit_test(each_stop_is_asked_for_as_often),
        cmocka_unit_test(a_spare_on_standby_is_resumed_instead_of_provisioned),
        cmocka_unit_test(a_spare_that_still_runs_needs_no_start_at_all),
        cmocka_unit_test(a_second_spare_evicts_the_first),
        cmocka_unit_test(a_new_primary_at_the_spares_site_ends_the_spare_first),
        cmocka_unit_test(a_spare_on_a_site_that_goes_down_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
