/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the clients of a dead primary go, and the mirror that is kept for them: the part
 * of primary.c, mirror.c and decide.c that policy.failover and policy.backup rule. */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

static struct host host;

static int stop(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

static void start(enum hb_policy_kind kind, enum hb_failover failover, uint32_t backup)
{
    host_init(&host, kind);
    host.setup.policy.failover = failover;
    host.setup.policy.backup = backup;
    host.setup.policy.probe_fall = 2;
    host.setup.policy.failback_s = 731.0;
    host_start(&host);
}

static void kill_site(uint32_t site)
{
    host_probe(&host, site, 0);
    assert_true(hb_controller_site_is_up(host.controller, site));
    host_probe(&host, site, 0);
    assert_false(hb_controller_site_is_up(host.controller, site));
}

static void assert_failover(uint32_t from, enum hb_failover how, uint32_t to)
{
    const struct hb_sample *sample = host_sample(&host, HB_SAMPLE_FAILOVER);
    assert_int_equal(sample->client, 0);
    assert_int_equal(sample->site, from);
    assert_int_equal(sample->of.failover.how, how);
    assert_int_equal(sample->of.failover.to, to);
}

static void anycast_serves_until_failback(void **state)
{
    (void)state;
    start(HB_POLICY_STATIC, HB_FAILOVER_ANYCAST, 0);
    host_bring_served(&host);
    kill_site(0);
    assert_failover(0, HB_FAILOVER_ANYCAST, HB_NONE);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_ANYCAST);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_CLEAR)->client, 0);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
    host_wait(&host, 100.0);
    host_see(&host, 0, 0); /* still there, but it waits */
    host_wait(&host, 630.999);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 1);
    host_wait(&host, 0.001);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 2);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
}

/* Promoted to site 1, with what was left at site 0 on standby. */
static void bring_promoted(void)
{
    host_bring_to(&host, HB_PHASE_PROMOTING);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_STANDBY, HB_RESULT_OK);
    const struct hb_client_view view = hb_controller_client(host.controller, 0);
    assert_int_equal(view.primary, 1);
    assert_int_equal(view.spare, 0);
}

static void standby_is_resumed_and_fenced_in_with_its_state(void **state)
{
    (void)state;
    start(HB_POLICY_PREDICTIVE, HB_FAILOVER_STANDBY, 0);
    bring_promoted();
    uint32_t before = host_count(&host, HB_COMMAND_PROVISION);
    kill_site(1);
    assert_failover(1, HB_FAILOVER_STANDBY, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_STOP)->site, 1);
    assert_int_equal(host_last(&host, HB_COMMAND_RESUME)->site, 0);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), before);
    host_answer(&host, HB_COMMAND_RESUME, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->site, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 3); /* after 1 at 0, 2 at 1 */
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(hb_controller_client(host.controller, 0).primary, 0);
}

/* Standby dies first: it is no help then, and the next policy down is a new instance. */
static void a_dead_standby_is_no_failover(void **state)
{
    (void)state;
    start(HB_POLICY_PREDICTIVE, HB_FAILOVER_STANDBY, 0);
    bring_promoted();
    kill_site(0);
    kill_site(1);
    assert_failover(1, HB_FAILOVER_NEW, 2);
    assert_int_equal(host_count(&host, HB_COMMAND_RESUME), 0);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
}

static void with_every_site_dead_only_anycast_is_left(void **state)
{
    (void)state;
    start(HB_POLICY_STATIC, HB_FAILOVER_NEW, 0);
    host_bring_served(&host);
    kill_site(1);
    kill_site(2);
    kill_site(0);
    assert_failover(0, HB_FAILOVER_ANYCAST, HB_NONE);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), 1);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
}

static void a_mirror_in_sync_is_promoted(void **state)
{
    (void)state;
    start(HB_POLICY_PREDICTIVE, HB_FAILOVER_MIRROR, 0);
    host_bring_to(&host, HB_PHASE_READY);
    kill_site(0);
    assert_failover(0, HB_FAILOVER_MIRROR, 1);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROMOTING);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->site, 1);
}

/* A client of site 0 with its backup at site 1, the next nearest, in sync. */
static void bring_backed(void)
{
    start(HB_POLICY_REACTIVE, HB_FAILOVER_MIRROR, 1);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    host_answer(&host, HB_COMMAND_COPY, HB_RESULT_OK);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_READY);
}

static void a_backup_waits_for_ever_and_steers_nobody(void **state)
{
    (void)state;
    bring_backed();
    host_answer(&host, HB_COMMAND_DNS_POINT, HB_RESULT_OK);
    uint32_t before = host_count(&host, HB_COMMAND_DNS_POINT);
    host_wait(&host, 1e5);
    host_see(&host, 0, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_READY);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_POINT), before);
    kill_site(0);
    assert_failover(0, HB_FAILOVER_MIRROR, 1);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(hb_controller_client(host.controller, 0).primary, 1);
}

/* Place 1 is nearest to site 1: the copy that is there already serves. */
static void a_decision_for_the_backups_site_takes_the_backup(void **state)
{
    (void)state;
    bring_backed();
    uint32_t before = host_count(&host, HB_COMMAND_PROVISION);
    host_see(&host, 0, 1);
    assert_int_equal(host_reason(&host), HB_REASON_MIRROR);
    assert_int_equal(host_count(&host, HB_COMMAND_PROVISION), before);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STEERING);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 1);
}

static void a_decision_for_another_site_replaces_the_backup(void **state)
{
    (void)state;
    bring_backed();
    host_see(&host, 0, 2);
    const struct hb_mirror_sample *closed = &host_sample(&host, HB_SAMPLE_MIRROR)->of.mirror;
    assert_int_equal(closed->to, 1);
    assert_int_equal(closed->outcome, HB_OUTCOME_CANCELLED);
    assert_int_equal(closed->cause, HB_CAUSE_RETARGETED);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 2);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_PROVISIONING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, stop)
    const struct CMUnitTest tests[] = {
        TEST(anycast_serves_until_failback),
        TEST(standby_is_resumed_and_fenced_in_with_its_state),
        TEST(a_dead_standby_is_no_failover),
        TEST(with_every_site_dead_only_anycast_is_left),
        TEST(a_mirror_in_sync_is_promoted),
        TEST(a_backup_waits_for_ever_and_steers_nobody),
        TEST(a_decision_for_the_backups_site_takes_the_backup),
        TEST(a_decision_for_another_site_replaces_the_backup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
