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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_can_be_reached),
        cmocka_unit_test(a_mirror_is_ready_before_the_client_and_becomes_its_primary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
