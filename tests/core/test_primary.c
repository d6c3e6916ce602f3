/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

static struct host host;

static struct hb_client_view view(void)
{
    return hb_controller_client(host.controller, 0);
}

static void start_with(enum hb_policy_kind kind)
{
    host_init(&host, kind);
    host_start(&host);
}

static void without_consent_a_client_is_neither_seen_nor_served(void **state)
{
    (void)state;
    start_with(HB_POLICY_PREDICTIVE);
    host_connect(&host, 3, 2, 2);
    host_see(&host, 3, 1);
    host_serve(&host, 3, 1);
    assert_int_equal(host_phase(&host, 3), HB_PHASE_ANYCAST);
    assert_int_equal(host.log_count, 0);
    assert_int_equal(hb_controller_client(host.controller, 3).place, HB_NONE);
    assert_int_equal(hb_controller_client(host.controller, 3).served, HB_NONE);
    host_disconnect(&host, 3);
    assert_int_equal(host_phase(&host, 3), HB_PHASE_ABSENT);
    host_stop(&host);
}

static void policy_anycast_gives_no_client_anything_of_its_own(void **state)
{
    (void)state;
    start_with(HB_POLICY_ANYCAST);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    host_see(&host, 0, 2);
    host_wait(&host, 86400.0);
    host_disconnect(&host, 0);
    assert_int_equal(host.log_count, 0);
    host_stop(&host);
}

static void the_first_primary_is_provisioned_fenced_in_and_named(void **state)
{
    (void)state;
    start_with(HB_POLICY_PREDICTIVE);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 2); /* anycast errs: site 0 would be nearer */
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    assert_int_equal(hb_controller_site_free(host.controller, 2), 3);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->site, 2);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 1);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 0);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 2);
    assert_near(host_last(&host, HB_COMMAND_DNS_POINT)->value, 30.0, 0.0);
    assert_int_equal(host_sample(&host, HB_SAMPLE_PRIMARY)->site, 2);
    assert_int_equal(view().primary, 2);
    /* Connecting triggers a prediction. */
    assert_near(host_last(&host, HB_COMMAND_PREDICT)->value, 900.0, 0.0);
    host_stop(&host);
}

static void provisioning_is_retried_with_doubling_pauses_then_anycast_serves(void **state)
{
    (void)state;
    start_with(HB_POLICY_PREDICTIVE);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    const double pauses_s[] = { 2.0, 4.0, 8.0 };
    for (uint32_t i = 0; i < 3; i++) {
        host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_FAILED);
        host_wait(&host, pauses_s[i] - 0.001);
        assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), i + 1);
        host_wait(&host, 0.001);
        assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), i + 2);
    }
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_FAILED);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(view().primary, HB_NONE);
    /* It is left alone until the cool-down is over; then the next move tries. */
    host_see(&host, 0, 1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
    host_wait(&host, 300.0);
    host_see(&host, 0, 2);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    host_stop(&host);
}

static void a_silent_provisioner_is_asked_to_stop_before_it_is_asked_again(void **state)
{
    (void)state;
    start_with(HB_POLICY_STATIC);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    host_wait(&host, 899.9);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    host_wait(&host, 0.1);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 1);
    host_wait(&host, 2.0);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    /* A silent fence is the same fence again: same site, same epoch. */
    host_wait(&host, 12.1);
    assert_int_equal(host_count(&host, HB_COMMAND_FENCE), 2);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 1);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    host_stop(&host);
}

static void without_room_the_next_nearest_site_is_taken(void **state)
{
    (void)state;
    start_with(HB_POLICY_STATIC);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_NO_ROOM);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
    assert_int_equal(hb_controller_site_free(host.controller, 0), 0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_NO_ROOM);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_NO_ROOM);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
    /* Nor does a new client find room. */
    host_consent(&host, 1, 1);
    host_connect(&host, 1, 1, 1);
    assert_int_equal(host_phase(&host, 1), HB_PHASE_ANYCAST);
    host_stop(&host);
}

static void within_the_linger_time_a_client_resumes_where_it_was(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_bring_served(&host);
    host_disconnect(&host, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_LINGERING);
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 0);
    host_answer(&host, HB_COMMAND_STANDBY, HB_RESULT_OK);
    host_wait(&host, 599.0);
    host_connect(&host, 0, 1, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_RESUME)->site, 0);
    host_answer(&host, HB_COMMAND_RESUME, HB_RESULT_OK);
    assert_int_not_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(view().primary, 0);
    assert_int_equal(view().epoch, 1);
    assert_int_equal(host_count(&host, HB_COMMAND_FENCE), 1);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 1);
    host_stop(&host);
}

/* Its name must not lead to the instance that could not be resumed. */
static void without_room_to_resume_the_name_follows_to_the_next_site(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_bring_served(&host);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_disconnect(&host, 0);
    host_connect(&host, 0, 0, 0);
    host_answer(&host, HB_COMMAND_RESUME, HB_RESULT_NO_ROOM);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 1);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
    host_stop(&host);
}

/* Consent that comes late, then an app that connects again without having taken its leave. */
static void who_connects_again_with_consent_gets_its_endpoint(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_connect(&host, 0, 0, 0);
    host_consent(&host, 0, 1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST); /* nothing is known of its place */
    host_connect(&host, 0, 2, 2);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    host_stop(&host);
}

static void after_the_linger_time_all_is_stopped_and_cleared(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_bring_served(&host);
    host_disconnect(&host, 0);
    host_wait(&host, 600.0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ABSENT);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
    assert_int_equal(host_sample(&host, HB_SAMPLE_PRIMARY)->site, HB_NONE);
    assert_int_equal(hb_controller_site_free(host.controller, 0), 3);
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_OK);
    assert_int_equal(hb_controller_site_free(host.controller, 0), 4);
    assert_int_equal(view().spare, HB_NONE);
    /* The next session starts anew, with a newer epoch. */
    host_connect(&host, 0, 2, 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 2);
    host_stop(&host);
}

static void with_no_linger_time_the_primary_is_stopped_at_once(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.linger_s = 0.0;
    host_start(&host);
    host_bring_served(&host);
    host_disconnect(&host, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ABSENT);
    assert_int_equal(host_count(&host, HB_COMMAND_STANDBY), 0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 1);
    host_stop(&host);
}

static void a_refused_standby_is_asked_for_again_but_not_for_ever(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_bring_to(&host, HB_PHASE_LINGERING);
    for (int i = 0; i < 10; i++) {
        host_answer(&host, HB_COMMAND_STANDBY, HB_RESULT_FAILED);
    }
    assert_int_equal(host_count(&host, HB_COMMAND_STANDBY), 1 + 3);
    host_stop(&host);
}

static void static_stays_at_its_first_site_for_ever(void **state)
{
    (void)state;
    start_with(HB_POLICY_STATIC);
    host_bring_served(&host);
    host_see(&host, 0, 2);
    host_wait(&host, 86400.0);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 1);
    assert_int_equal(host_count(&host, HB_COMMAND_PREDICT), 0);
    host_disconnect(&host, 0);
    host_wait(&host, 86400.0);
    host_connect(&host, 0, 2, 2);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 2);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 0);
    assert_int_equal(view().mirror, HB_NONE);
    host_stop(&host);
}

static void a_client_that_leaves_while_its_primary_starts_leaves_nothing(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_bring_to(&host, HB_PHASE_STARTING);
    const struct hb_command first = *host_last(&host, HB_COMMAND_PROVISION);
    host_disconnect(&host, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ABSENT);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    /* The late answer to the first request means nothing any more. */
    uint32_t before = host.log_count;
    host_send(&host, (struct hb_event) { .kind = HB_EVENT_DONE, .req = first.req,
        .client = 0, .place = HB_NONE, .site = 0 });
    assert_int_equal(host.log_count, before);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ABSENT);
    host_stop(&host);
}

static void a_client_that_leaves_while_resuming_lingers_again(void **state)
{
    (void)state;
    start_with(HB_POLICY_REACTIVE);
    host_bring_to(&host, HB_PHASE_LINGERING);
    host_connect(&host, 0, 0, 0);
    host_disconnect(&host, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_LINGERING);
    assert_int_equal(host_count(&host, HB_COMMAND_STANDBY), 2);
    host_stop(&host);
}

static void a_resume_that_fails_ends_at_anycast_with_the_instance_stopped(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.retry_max = 0;
    host_start(&host);
    host_bring_to(&host, HB_PHASE_LINGERING);
    host_connect(&host, 0, 0, 0);
    host_answer(&host, HB_COMMAND_RESUME, HB_RESULT_ABORTED);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
    assert_int_equal(host_sample(&host, HB_SAMPLE_PRIMARY)->site, HB_NONE);
    host_stop(&host);
}

static void consent_withdrawn_forgets_the_client_but_not_its_epoch(void **state)
{
    (void)state;
    start_with(HB_POLICY_STATIC);
    host_bring_served(&host);
    host_consent(&host, 0, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
    assert_int_equal(view().place, HB_NONE);
    assert_int_equal(view().primary, HB_NONE);
    assert_int_equal(view().has_consent, 0);
    host_see(&host, 0, 2);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 1);
    host_consent(&host, 0, 1);
    host_see(&host, 0, 2); /* the home site is forgotten, too */
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 2);
    host_stop(&host);
}

static void a_failed_or_lost_dns_answer_is_made_good_by_the_tick(void **state)
{
    (void)state;
    start_with(HB_POLICY_STATIC);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_FAILED);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 1);
    host_wait(&host, 2.0);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 2);
    host_wait(&host, 60.0); /* no answer at all */
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 3);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_wait(&host, 3600.0);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 3);
    /* The same for the end of the record. */
    host_disconnect(&host, 0);
    host_wait(&host, 600.0);
    host_answer(&host, HB_COMMAND_DNS_CLEAR, HB_RESULT_FAILED);
    host_wait(&host, 2.0);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 2);
    host_answer(&host, HB_COMMAND_DNS_CLEAR, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_OK);
    host_wait(&host, 1e5);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 2);
    assert_int_equal(host.timer_count, 0);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_consent_a_client_is_neither_seen_nor_served),
        cmocka_unit_test(policy_anycast_gives_no_client_anything_of_its_own),
        cmocka_unit_test(the_first_primary_is_provisioned_fenced_in_and_named),
        cmocka_unit_test(provisioning_is_retried_with_doubling_pauses_then_anycast_serves),
        cmocka_unit_test(a_silent_provisioner_is_asked_to_stop_before_it_is_asked_again),
        cmocka_unit_test(without_room_the_next_nearest_site_is_taken),
        cmocka_unit_test(within_the_linger_time_a_client_resumes_where_it_was),
        cmocka_unit_test(without_room_to_resume_the_name_follows_to_the_next_site),
        cmocka_unit_test(who_connects_again_with_consent_gets_its_endpoint),
        cmocka_unit_test(after_the_linger_time_all_is_stopped_and_cleared),
        cmocka_unit_test(with_no_linger_time_the_primary_is_stopped_at_once),
        cmocka_unit_test(a_refused_standby_is_asked_for_again_but_not_for_ever),
        cmocka_unit_test(static_stays_at_its_first_site_for_ever),
        cmocka_unit_test(a_client_that_leaves_while_its_primary_starts_leaves_nothing),
        cmocka_unit_test(a_client_that_leaves_while_resuming_lingers_again),
        cmocka_unit_test(a_resume_that_fails_ends_at_anycast_with_the_instance_stopped),
        cmocka_unit_test(consent_withdrawn_forgets_the_client_but_not_its_epoch),
        cmocka_unit_test(a_failed_or_lost_dns_answer_is_made_good_by_the_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
