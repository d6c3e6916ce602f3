/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "tests/core/fake_host.h"

static struct host host;

static const struct hb_mirror_sample *closed(void)
{
    return &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
}

static struct hb_client_view view(void)
{
    return hb_controller_client(host.controller, 0);
}

static void bring(enum hb_phase phase)
{
    host_init(&host, HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_bring_to(&host, phase);
}

static void a_client_is_promoted_only_after_it_stayed(void **state)
{
    (void)state;
    bring(HB_PHASE_MONITORING);
    host_serve(&host, 0, 1);
    host_wait(&host, 20.0);
    host_serve(&host, 0, 0); /* a stale DNS answer: back to the old one */
    host_wait(&host, 20.0);
    host_serve(&host, 0, 1);
    host_serve(&host, 0, 1);
    host_wait(&host, 29.999);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_MONITORING);
    host_wait(&host, 0.001);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    assert_int_equal(view().primary, 0); /* until the fence is answered */
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(view().primary, 1);
    assert_int_equal(closed()->connected_ns, 0);
    assert_int_equal(host_sample(&host, HB_SAMPLE_PRIMARY)->of.primary.epoch, 2);
    host_stop(&host);
}

static void a_client_served_before_dns_reports_counts_as_connected(void **state)
{
    (void)state;
    bring(HB_PHASE_STEERING);
    host_wait(&host, 3.0);
    host_serve(&host, 0, 1);
    host_wait(&host, 2.0);
    host_serve(&host, 0, 1); /* told again: the first one counts */
    host_wait(&host, 2.0);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_wait(&host, 30.0);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(closed()->connected_ns, 3 * HB_NS_PER_S);
    assert_int_equal(closed()->steered_ns, 7 * HB_NS_PER_S);
    host_stop(&host);
}

static void a_client_that_is_served_and_goes_back_rolls_the_mirror_back(void **state)
{
    (void)state;
    bring(HB_PHASE_MONITORING);
    host_serve(&host, 0, 1);
    host_wait(&host, 12.0);
    host_see(&host, 0, 0);
    assert_int_equal(closed()->outcome, HB_OUTCOME_ROLLED_BACK);
    assert_int_equal(closed()->cause, HB_CAUSE_LEFT);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 0);
    /* Stale DNS answers expire before the instance goes to rest. */
    assert_int_equal(host_count(&host, HB_COMMAND_STANDBY), 0);
    host_wait(&host, 30.0);
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 1);
    host_stop(&host);
}

/* At 45 ms from the mirror a tenth is 4.5: at 40.4 ms the primary is better by more, at
 * 40.6 it is not. */
static void a_client_has_left_only_beyond_the_hysteresis(void **state)
{
    (void)state;
    for (int is_left = 0; is_left < 2; is_left++) {
        host_init(&host, HB_POLICY_PREDICTIVE);
        host.rtt_ms[3 * HOST_SITES + 0] = is_left ? 40.4f : 40.6f;
        host.rtt_ms[3 * HOST_SITES + 1] = 45.0f;
        host.rtt_ms[3 * HOST_SITES + 2] = 60.0f;
        host_start(&host);
        host_bring_to(&host, HB_PHASE_MONITORING);
        host_see(&host, 0, 3);
        uint32_t want = is_left ? HB_PHASE_SERVED : HB_PHASE_MONITORING;
        assert_int_equal(host_phase(&host, 0), want);
        host_stop(&host);
    }
}

static void the_first_arrival_counts(void **state)
{
    (void)state;
    bring(HB_PHASE_SYNCHRONISING);
    host_wait(&host, 5.0);
    host_see(&host, 0, 1);
    host_wait(&host, 5.0);
    host_see(&host, 0, 2); /* there the mirror is the better one, too */
    host_disconnect(&host, 0);
    assert_int_equal(closed()->arrived_ns, 5 * HB_NS_PER_S);
    host_stop(&host);
}

/* Decided at 100 s, steered 1200 s later, past the horizon of 900: the grace of 600 s
 * runs from the steering. */
static void who_is_steered_late_has_the_whole_grace(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host_start(&host);
    host_wait(&host, 100.0);
    host_bring_to(&host, HB_PHASE_READY);
    host_wait(&host, 1200.0);
    host_see(&host, 0, 1);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_MONITORING);
    host_wait(&host, 599.999);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_MONITORING);
    host_wait(&host, 0.002);
    assert_int_equal(closed()->outcome, HB_OUTCOME_UNUSED);
    host_stop(&host);
}

static void being_served_for_a_while_and_no_more_is_a_roll_back_at_the_deadline(void **state)
{
    (void)state;
    bring(HB_PHASE_MONITORING);
    host_serve(&host, 0, 1);
    host_wait(&host, 1.0);
    host_serve(&host, 0, HB_NONE);
    host_wait(&host, 1499.0); /* decided at 0: horizon 900 and grace 600 */
    assert_int_equal(closed()->outcome, HB_OUTCOME_ROLLED_BACK);
    assert_int_equal(closed()->connected_ns, 0);
    host_stop(&host);
}

static void a_deadline_in_the_past_is_now(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.grace_s = 10.0;
    host_start(&host);
    host_bring_to(&host, HB_PHASE_MONITORING);
    host_serve(&host, 0, 1);
    host_wait(&host, 29.0);
    host_serve(&host, 0, 0);
    host_wait(&host, 0.0);
    assert_int_equal(closed()->outcome, HB_OUTCOME_ROLLED_BACK);
    host_stop(&host);
}

static void a_session_that_ends_at_the_mirror_has_stayed(void **state)
{
    (void)state;
    bring(HB_PHASE_MONITORING);
    host_serve(&host, 0, 1);
    host_wait(&host, 2.0);
    host_disconnect(&host, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(closed()->outcome, HB_OUTCOME_HIT);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_LINGERING);
    assert_int_equal(view().primary, 1);
    assert_int_equal(host_last(&host, HB_COMMAND_STANDBY)->site, 1);
    host_stop(&host);
}

static void an_unanswered_promotion_is_undone_by_a_newer_epoch(void **state)
{
    (void)state;
    bring(HB_PHASE_PROMOTING);
    /* fence_timeout 10 s, four attempts, pauses of 2, 4, 8 s. */
    host_wait(&host, 4.0 * 10.0 + 14.0 - 0.001);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 2);
    assert_int_equal(host_count(&host, HB_COMMAND_FENCE), 1 + 4);
    host_wait(&host, 0.001);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_REVERTING);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 3);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->site, 0);
    /* Its first pause is of 2 s again. */
    host_wait(&host, 12.0 - 0.001);
    assert_int_equal(host_count(&host, HB_COMMAND_FENCE), 1 + 4 + 1);
    host_wait(&host, 0.001);
    assert_int_equal(host_count(&host, HB_COMMAND_FENCE), 1 + 4 + 2);
    /* However long it takes: the pauses stop growing at backoff_max_s. */
    host_wait(&host, 3600.0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_REVERTING);
    uint32_t fences = host_count(&host, HB_COMMAND_FENCE);
    host_wait(&host, 700.0);
    assert_int_equal(host_count(&host, HB_COMMAND_FENCE), fences + 10);
    if (host_last(&host, HB_COMMAND_FENCE)->epoch != 3) {
        fail_msg("a repeated fence has a new epoch");
    }
    while (host_count(&host, HB_COMMAND_FENCE) == fences + 10) {
        host_wait(&host, 1.0);
    }
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    assert_int_equal(closed()->outcome, HB_OUTCOME_FAILED);
    assert_int_equal(closed()->cause, HB_CAUSE_FENCE);
    assert_int_equal(view().primary, 0);
    assert_int_equal(host_sample(&host, HB_SAMPLE_PRIMARY)->site, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 0);
    host_stop(&host);
}

static void down(uint32_t site)
{
    host_probe(&host, site, 0);
    host_probe(&host, site, 0);
}

static void a_mirror_lost_in_promotion_gives_the_primary_back(void **state)
{
    (void)state;
    bring(HB_PHASE_PROMOTING);
    down(1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_REVERTING);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(view().primary, 0);
    assert_int_equal(view().epoch, 3);
    host_stop(&host);
}

static void a_primary_lost_in_reverting_gives_way_to_the_mirror(void **state)
{
    (void)state;
    bring(HB_PHASE_REVERTING);
    down(0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->site, 1);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 4);
    /* There is no way back: promotion is tried for as long as it takes. */
    for (int i = 0; i < 20; i++) {
        host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_FAILED);
        host_wait(&host, 60.0);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    }
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(view().primary, 1);
    host_stop(&host);
}

static void both_sites_lost_start_a_new_primary_elsewhere(void **state)
{
    (void)state;
    bring(HB_PHASE_PROMOTING);
    down(0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    down(1);
    assert_int_equal(closed()->cause, HB_CAUSE_SITE_DOWN);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    host_stop(&host);

    bring(HB_PHASE_REVERTING);
    down(1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_REVERTING);
    host_disconnect(&host, 0);
    down(0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ABSENT);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_promoted_only_after_it_stayed),
        cmocka_unit_test(a_client_served_before_dns_reports_counts_as_connected),
        cmocka_unit_test(a_client_that_is_served_and_goes_back_rolls_the_mirror_back),
        cmocka_unit_test(a_client_has_left_only_beyond_the_hysteresis),
        cmocka_unit_test(the_first_arrival_counts),
        cmocka_unit_test(who_is_steered_late_has_the_whole_grace),
        cmocka_unit_test(being_served_for_a_while_and_no_more_is_a_roll_back_at_the_deadline),
        cmocka_unit_test(a_deadline_in_the_past_is_now),
        cmocka_unit_test(a_session_that_ends_at_the_mirror_has_stayed),
        cmocka_unit_test(an_unanswered_promotion_is_undone_by_a_newer_epoch),
        cmocka_unit_test(a_mirror_lost_in_promotion_gives_the_primary_back),
        cmocka_unit_test(a_primary_lost_in_reverting_gives_way_to_the_mirror),
        cmocka_unit_test(both_sites_lost_start_a_new_primary_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
