/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "tests/core/fake_host.h"

static struct host host;

static const struct hb_mirror_sample *closed(void)
{
    return &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
}

static void bring(enum hb_policy_kind kind, enum hb_phase phase)
{
    host_init(&host, kind);
    host_start(&host);
    host_bring_to(&host, phase);
}

static void assert_ended(enum hb_outcome outcome, enum hb_cause cause, enum hb_phase in)
{
    assert_int_equal(closed()->outcome, outcome);
    assert_int_equal(closed()->cause, cause);
    assert_int_equal(closed()->phase, in);
    assert_int_equal(closed()->closed_ns, host.now_ns);
    assert_int_equal(closed()->promoted_ns, HB_NEVER_NS);
    assert_int_equal(closed()->epoch, 0);
}

static const enum hb_phase mirror_phases[] = { HB_PHASE_PROVISIONING, HB_PHASE_SYNCHRONISING,
    HB_PHASE_READY, HB_PHASE_STEERING, HB_PHASE_MONITORING };

static void disconnecting_cancels_in_every_phase(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mirror_phases / sizeof mirror_phases[0]; i++) {
        bring(HB_POLICY_PREDICTIVE, mirror_phases[i]);
        host_disconnect(&host, 0);
        assert_ended(HB_OUTCOME_CANCELLED, HB_CAUSE_DISCONNECTED, mirror_phases[i]);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_LINGERING);
        assert_int_equal(hb_controller_client(host.controller, 0).primary, 0);
        host_stop(&host);
    }
}

static void withdrawing_consent_ends_everything_in_every_phase(void **state)
{
    (void)state;
    for (int phase = HB_PHASE_PROVISIONING; phase <= HB_PHASE_REVERTING; phase++) {
        bring(HB_POLICY_PREDICTIVE, (enum hb_phase)phase);
        uint32_t stops = host_count(&host, HB_COMMAND_STOP);
        host_consent(&host, 0, 0);
        assert_ended(HB_OUTCOME_CANCELLED, HB_CAUSE_CONSENT, (enum hb_phase)phase);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
        assert_int_equal(host_count(&host, HB_COMMAND_STOP), stops + 2);
        assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
        assert_int_equal(hb_controller_client(host.controller, 0).place, HB_NONE);
        host_stop(&host);
    }
}

struct timeout_case {
    enum hb_phase phase;
    enum hb_command_kind command;
    enum hb_cause cause;
    double timeout_s;
};

static const struct timeout_case timeouts[] = {
    { HB_PHASE_PROVISIONING, HB_COMMAND_PROVISION, HB_CAUSE_PROVISION, 900.0 },
    { HB_PHASE_SYNCHRONISING, HB_COMMAND_COPY, HB_CAUSE_COPY, 600.0 },
    { HB_PHASE_STEERING, HB_COMMAND_DNS_POINT, HB_CAUSE_DNS, 60.0 },
};

/* retry_max 3: four attempts with pauses of 2, 4 and 8 s between them. */
static void silence_is_a_failure_after_the_phases_timeout_and_retries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        const struct timeout_case *it = &timeouts[i];
        bring(HB_POLICY_REACTIVE, it->phase);
        uint32_t first = host_count(&host, it->command);
        host_wait(&host, 4.0 * it->timeout_s + 14.0 - 0.001);
        assert_int_equal(host_phase(&host, 0), it->phase);
        assert_int_equal(host_count(&host, it->command), first + 3);
        assert_int_equal(host_sample(&host, HB_SAMPLE_RETRY)->of.retry.attempt, 3);
        host_wait(&host, 0.001);
        assert_ended(HB_OUTCOME_FAILED, it->cause, it->phase);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
        host_stop(&host);
    }
}

static void a_failed_command_is_given_again_after_a_doubling_pause(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        const struct timeout_case *it = &timeouts[i];
        bring(HB_POLICY_REACTIVE, it->phase);
        uint32_t first = host_count(&host, it->command);
        double pause_s = 2.0;
        for (uint32_t attempt = 1; attempt <= 3; attempt++) {
            host_answer(&host, it->command, HB_RESULT_FAILED);
            host_wait(&host, pause_s - 0.001);
            assert_int_equal(host_count(&host, it->command), first + attempt - 1);
            host_wait(&host, 0.001);
            assert_int_equal(host_count(&host, it->command), first + attempt);
            pause_s *= 2.0;
        }
        host_answer(&host, it->command, HB_RESULT_FAILED);
        assert_ended(HB_OUTCOME_FAILED, it->cause, it->phase);
        host_stop(&host);
    }
}

static void a_retry_that_succeeds_leaves_no_trace(void **state)
{
    (void)state;
    bring(HB_POLICY_REACTIVE, HB_PHASE_PROVISIONING);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_FAILED);
    host_wait(&host, 2.0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SYNCHRONISING);
    /* The copy has all of its attempts again. */
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_FAILED);
    assert_int_equal(host_sample(&host, HB_SAMPLE_RETRY)->of.retry.attempt, 1);
    host_stop(&host);
}

static void late_doubled_and_foreign_answers_change_nothing(void **state)
{
    (void)state;
    bring(HB_POLICY_REACTIVE, HB_PHASE_PROVISIONING);
    uint64_t stale = host_last(&host, HB_COMMAND_PROVISION)->req;
    host_wait(&host, 902.0); /* timed out and given again */
    const struct hb_command again = *host_last(&host, HB_COMMAND_PROVISION);
    assert_true(again.req != stale);
    struct hb_event answer = { .kind = HB_EVENT_DONE, .req = stale, .place = HB_NONE, .site = 1 };
    host_send(&host, answer);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROVISIONING);
    answer.req = again.req;
    host_send(&host, answer);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SYNCHRONISING);
    uint32_t before = host.log_count;
    host_send(&host, answer); /* doubled */
    answer.req = again.req ^ 5; /* of another client */
    host_send(&host, answer);
    answer.req = UINT64_MAX;
    host_send(&host, answer);
    answer.req = 0;
    host_send(&host, answer);
    answer.kind = HB_EVENT_TIMER; /* an answer of the wrong kind */
    answer.req = host_last(&host, HB_COMMAND_COPY)->req;
    host_send(&host, answer);
    assert_int_equal(host.log_count, before);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SYNCHRONISING);
    host_stop(&host);
}

static void no_room_closes_at_once_and_is_remembered(void **state)
{
    (void)state;
    bring(HB_POLICY_REACTIVE, HB_PHASE_PROVISIONING);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_NO_ROOM);
    assert_ended(HB_OUTCOME_FAILED, HB_CAUSE_NO_ROOM, HB_PHASE_PROVISIONING);
    assert_int_equal(hb_controller_site_free(host.controller, 1), 0);
    host_wait(&host, 300.0);
    assert_int_equal(host_reason(&host), HB_REASON_NO_ROOM);
    host_stop(&host);
}

static void a_broken_stream_ends_the_mirror(void **state)
{
    (void)state;
    const enum hb_phase phases[] = { HB_PHASE_READY, HB_PHASE_STEERING, HB_PHASE_MONITORING };
    for (size_t i = 0; i < 3; i++) {
        bring(HB_POLICY_PREDICTIVE, phases[i]);
        host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK); /* doubled: nothing */
        assert_int_equal(host_phase(&host, 0), phases[i]);
        host_answer(&host, HB_COMMAND_COPY, HB_RESULT_FAILED);
        assert_ended(HB_OUTCOME_FAILED, HB_CAUSE_COPY, phases[i]);
        host_stop(&host);
    }
}

static void a_client_that_never_comes_leaves_the_mirror_unused(void **state)
{
    (void)state;
    bring(HB_POLICY_PREDICTIVE, HB_PHASE_READY);
    host_wait(&host, 900.0 + 600.0 - 0.001); /* horizon and grace */
    assert_int_equal(host_phase(&host, 0), HB_PHASE_READY);
    host_wait(&host, 0.001);
    assert_ended(HB_OUTCOME_UNUSED, HB_CAUSE_DEADLINE, HB_PHASE_READY);
    assert_int_equal(host_count(&host, HB_COMMAND_COPY_ABORT), 1);
    /* DNS was never touched: only the primary's own record was set. */
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), 1);
    host_stop(&host);
}

static void early_steering_points_as_soon_as_the_mirror_is_in_sync(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.policy.steer_early = 1;
    host_start(&host);
    host_bring_to(&host, HB_PHASE_STEERING);
    assert_int_equal(hb_controller_client(host.controller, 0).place, 0);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_wait(&host, 1500.0);
    assert_ended(HB_OUTCOME_UNUSED, HB_CAUSE_DEADLINE, HB_PHASE_MONITORING);
    host_stop(&host);
}

static void a_reactive_mirror_is_late_by_its_nature(void **state)
{
    (void)state;
    bring(HB_POLICY_REACTIVE, HB_PHASE_PROVISIONING);
    host_wait(&host, 40.0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_wait(&host, 5.0);
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    host_serve(&host, 0, 1);
    host_wait(&host, 30.0);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(closed()->outcome, HB_OUTCOME_LATE);
    assert_int_equal(closed()->arrived_ns, 0);
    assert_int_equal(closed()->provisioned_ns, 40 * HB_NS_PER_S);
    assert_int_equal(closed()->synced_ns, 45 * HB_NS_PER_S);
    host_stop(&host);
}

static void a_mirrors_site_that_goes_down_fails_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mirror_phases / sizeof mirror_phases[0]; i++) {
        bring(HB_POLICY_PREDICTIVE, mirror_phases[i]);
        host_probe(&host, 1, 0);
        assert_int_equal(host_phase(&host, 0), mirror_phases[i]);
        host_probe(&host, 1, 0);
        assert_ended(HB_OUTCOME_FAILED, HB_CAUSE_SITE_DOWN, mirror_phases[i]);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
        host_stop(&host);
    }
}

static void a_primary_that_goes_down_is_replaced_by_a_mirror_in_sync(void **state)
{
    (void)state;
    const enum hb_phase phases[] = { HB_PHASE_READY, HB_PHASE_STEERING, HB_PHASE_MONITORING };
    for (size_t i = 0; i < 3; i++) {
        bring(HB_POLICY_PREDICTIVE, phases[i]);
        host_probe(&host, 0, 0);
        host_probe(&host, 0, 0);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
        assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 1);
        host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
        assert_int_equal(hb_controller_client(host.controller, 0).primary, 1);
        assert_int_equal(closed()->cause, HB_CAUSE_PROMOTED);
        assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
        host_stop(&host);
    }
}

static void a_primary_that_goes_down_too_early_is_started_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bring(HB_POLICY_PREDICTIVE, mirror_phases[i]);
        host_probe(&host, 0, 0);
        host_probe(&host, 0, 0);
        assert_ended(HB_OUTCOME_FAILED, HB_CAUSE_PRIMARY_DOWN, mirror_phases[i]);
        assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
        assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
        host_stop(&host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disconnecting_cancels_in_every_phase),
        cmocka_unit_test(withdrawing_consent_ends_everything_in_every_phase),
        cmocka_unit_test(silence_is_a_failure_after_the_phases_timeout_and_retries),
        cmocka_unit_test(a_failed_command_is_given_again_after_a_doubling_pause),
        cmocka_unit_test(a_retry_that_succeeds_leaves_no_trace),
        cmocka_unit_test(late_doubled_and_foreign_answers_change_nothing),
        cmocka_unit_test(no_room_closes_at_once_and_is_remembered),
        cmocka_unit_test(a_broken_stream_ends_the_mirror),
        cmocka_unit_test(a_client_that_never_comes_leaves_the_mirror_unused),
        cmocka_unit_test(early_steering_points_as_soon_as_the_mirror_is_in_sync),
        cmocka_unit_test(a_reactive_mirror_is_late_by_its_nature),
        cmocka_unit_test(a_mirrors_site_that_goes_down_fails_it),
        cmocka_unit_test(a_primary_that_goes_down_is_replaced_by_a_mirror_in_sync),
        cmocka_unit_test(a_primary_that_goes_down_too_early_is_started_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
