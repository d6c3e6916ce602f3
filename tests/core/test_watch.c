/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes of one client's instance; those of sites and their laws are in test_health.c. */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

static struct host host;

static int stop(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

static void start(enum hb_policy_kind kind)
{
    host_init(&host, kind);
    host.setup.policy.probe_fall = 3;
    host_start(&host);
}

/* What the supervisor on the site says of client 0's instance there. */
static void tell(uint32_t site, int is_answered)
{
    host_send(&host, (struct hb_event) {
        .kind = is_answered ? HB_EVENT_PROBE_ANSWERED : HB_EVENT_PROBE_MISSED, .client = 0,
        .place = HB_NONE, .site = site, .value = 7.3 });
}

static uint32_t provisions(void)
{
    return host_count(&host, HB_COMMAND_PROVISION);
}

static void a_primary_is_dead_after_as_many_misses_in_a_row(void **state)
{
    (void)state;
    start(HB_POLICY_STATIC);
    host_bring_served(&host);
    uint32_t before = provisions();
    for (int i = 0; i < 5; i++) {
        tell(0, 0);
        tell(0, 0);
        tell(0, 1); /* an answer: the row begins anew */
    }
    tell(0, 0);
    tell(0, 0);
    assert_int_equal(provisions(), before);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 0);
    tell(0, 0);
    assert_int_equal(host_count(&host, HB_COMMAND_STOP), 1);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(provisions(), before + 1);
    const struct hb_sample *failover = host_sample(&host, HB_SAMPLE_FAILOVER);
    assert_int_equal(failover->client, 0);
    assert_int_equal(failover->site, 0);
    /* one instance is no site: its neighbours stay where they are */
    assert_true(hb_controller_site_is_up(host.controller, 0));
}

/* The count starts from zero for the next primary, also at the same site. */
static void a_new_primary_has_no_misses_yet(void **state)
{
    (void)state;
    start(HB_POLICY_STATIC);
    host_bring_served(&host);
    for (int i = 0; i < 3; i++) {
        tell(0, 0);
    }
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SERVED);
    uint32_t site = hb_controller_client(host.controller, 0).primary, before = provisions();
    tell(site, 0);
    tell(site, 0);
    assert_int_equal(provisions(), before);
    tell(site, 0);
    assert_int_equal(provisions(), before + 1);
}

/* Nor has a mirror that was promoted any of its predecessor's, nor the next session's. */
static void misses_are_of_one_instance(void **state)
{
    (void)state;
    start(HB_POLICY_PREDICTIVE);
    host_bring_to(&host, HB_PHASE_MONITORING);
    tell(0, 0);
    tell(0, 0);
    host_serve(&host, 0, 1);
    host_wait(&host, 30.0);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(hb_controller_client(host.controller, 0).primary, 1);
    tell(1, 0);
    tell(1, 0);
    assert_int_equal(hb_controller_client(host.controller, 0).primary, 1);
    host_disconnect(&host, 0);
    host_wait(&host, 600.0);
    host_connect(&host, 0, 1, 1);
    tell(1, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(hb_controller_client(host.controller, 0).primary, 1);
    uint32_t before = provisions();
    tell(1, 0);
    assert_int_equal(provisions(), before);
    tell(1, 0);
    assert_int_equal(provisions(), before + 1);
}

static void a_mirror_is_given_up_at_the_first_miss(void **state)
{
    (void)state;
    start(HB_POLICY_PREDICTIVE);
    host_bring_to(&host, HB_PHASE_MONITORING);
    tell(1, 1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_MONITORING);
    tell(1, 0);
    const struct hb_mirror_sample *closed = &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
    assert_int_equal(closed->outcome, HB_OUTCOME_FAILED);
    assert_int_equal(closed->cause, HB_CAUSE_SITE_DOWN);
    assert_int_equal(closed->to, 1);
    assert_int_equal(hb_controller_client(host.controller, 0).primary, 0);
}

static void misses_elsewhere_mean_nothing(void **state)
{
    (void)state;
    start(HB_POLICY_PREDICTIVE);
    host_bring_to(&host, HB_PHASE_MONITORING);
    uint32_t before = host.log_count;
    for (int i = 0; i < 7; i++) {
        tell(2, 0);
    }
    assert_int_equal(host.log_count, before);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_MONITORING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_primary_is_dead_after_as_many_misses_in_a_row),
        TEST(a_new_primary_has_no_misses_yet),
        TEST(misses_are_of_one_instance),
        TEST(a_mirror_is_given_up_at_the_first_miss),
        TEST(misses_elsewhere_mean_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
