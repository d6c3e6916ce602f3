/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "tests/core/fake_host.h"

static struct host host;

static int start(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.probe_fall = 3;
    host_start(&host);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

static void only_misses_in_a_row_turn_a_site_down(void **state)
{
    (void)state;
    host_probe(&host, 1, 0);
    host_probe(&host, 1, 0);
    host_probe(&host, 1, 1);
    host_probe(&host, 1, 0);
    host_probe(&host, 1, 0);
    assert_true(hb_controller_site_is_up(host.controller, 1));
    host_probe(&host, 1, 0);
    assert_false(hb_controller_site_is_up(host.controller, 1));
    assert_int_equal(host_last(&host, HB_COMMAND_ROUTE_WITHDRAW)->site, 1);
    assert_int_equal(host_sample(&host, HB_SAMPLE_HEALTH)->of.health.is_up, 0);
    host_probe(&host, 1, 1);
    host_probe(&host, 1, 0);
    host_probe(&host, 1, 1);
    assert_false(hb_controller_site_is_up(host.controller, 1));
    host_probe(&host, 1, 1);
    assert_true(hb_controller_site_is_up(host.controller, 1));
    assert_int_equal(host_last(&host, HB_COMMAND_ROUTE_ANNOUNCE)->site, 1);
    assert_int_equal(host_last(&host, HB_COMMAND_ROUTE_ANNOUNCE)->route.local_pref, 100);
    assert_int_equal(host_sample(&host, HB_SAMPLE_HEALTH)->of.health.is_up, 1);
}

static void take_down(uint32_t site)
{
    for (int i = 0; i < 3; i++) {
        host_probe(&host, site, 0);
    }
}

static void a_failed_withdrawal_is_repeated_but_a_stale_one_is_not(void **state)
{
    (void)state;
    take_down(2);
    const struct hb_command first = *host_last(&host, HB_COMMAND_ROUTE_WITHDRAW);
    for (uint32_t i = 0; i < 10; i++) {
        host_answer(&host, HB_COMMAND_ROUTE_WITHDRAW, HB_RESULT_FAILED);
    }
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_WITHDRAW), 1 + 3);
    struct hb_event stale = { .kind = HB_EVENT_DONE, .req = first.req,
        .result = HB_RESULT_FAILED, .client = HB_NONE, .place = HB_NONE, .site = 2 };
    host_send(&host, stale);
    stale.req = first.req | 0xfffffff; /* no such site */
    host_send(&host, stale);
    host_answer(&host, HB_COMMAND_ROUTE_WITHDRAW, HB_RESULT_OK);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_WITHDRAW), 1 + 3);
}

static void nothing_is_placed_on_a_site_that_is_down(void **state)
{
    (void)state;
    take_down(1);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 1, 1); /* anycast has not noticed yet */
    assert_true(host_last(&host, HB_COMMAND_PROVISION)->site != 1);
}

static void a_site_that_goes_down_concerns_nobody_elsewhere(void **state)
{
    (void)state;
    host_bring_to(&host, HB_PHASE_SYNCHRONISING); /* from site 0 to site 1 */
    uint32_t before = host.log_count;
    take_down(2);
    assert_int_equal(host.log_count, before + 1);
    assert_int_equal(host_last(&host, HB_COMMAND_ROUTE_WITHDRAW)->site, 2);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_SYNCHRONISING);
}

static void a_lost_primary_starts_anew_at_the_nearest_site_that_is_up(void **state)
{
    (void)state;
    host_bring_served(&host);
    take_down(0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_STARTING);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
    assert_int_equal(host_count(&host, HB_COMMAND_DNS_CLEAR), 1);
    host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_FENCE)->epoch, 2);
    host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    assert_int_equal(host_last(&host, HB_COMMAND_DNS_POINT)->site, 1);
}

static void a_lost_home_is_given_up_by_static_too(void **state)
{
    (void)state;
    host_stop(&host);
    host_init(&host, HB_POLICY_STATIC);
    host.setup.policy.probe_fall = 3;
    host_start(&host);
    host_bring_served(&host);
    take_down(0);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
}

static void the_hosts_word_on_capacity_counts(void **state)
{
    (void)state;
    struct hb_event event = { .kind = HB_EVENT_SITE_CAPACITY, .client = HB_NONE,
        .place = HB_NONE, .site = 0, .value = 0.0 };
    host_send(&host, event);
    host_consent(&host, 0, 1);
    host_connect(&host, 0, 0, 0);
    assert_int_equal(host_last(&host, HB_COMMAND_PROVISION)->site, 1);
    assert_int_equal(hb_controller_site_free(host.controller, 1), 3);
    event.value = 7.0;
    host_send(&host, event);
    assert_int_equal(hb_controller_site_free(host.controller, 0), 7);
    event.value = 1e300;
    host_send(&host, event);
    assert_int_equal(hb_controller_site_free(host.controller, 0), UINT32_MAX);
}

static void a_site_without_limit_is_never_counted(void **state)
{
    (void)state;
    host_stop(&host);
    host_init(&host, HB_POLICY_REACTIVE);
    host.sites[0].slots = UINT32_MAX;
    host.setup.policy.linger_s = 0.0;
    host_start(&host);
    host_bring_served(&host);
    assert_int_equal(hb_controller_site_free(host.controller, 0), UINT32_MAX);
    host_disconnect(&host, 0);
    host_answer(&host, HB_COMMAND_STOP, HB_RESULT_OK);
    assert_int_equal(hb_controller_site_free(host.controller, 0), UINT32_MAX);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        T(only_misses_in_a_row_turn_a_site_down),
        T(a_failed_withdrawal_is_repeated_but_a_stale_one_is_not),
        T(nothing_is_placed_on_a_site_that_is_down),
        T(a_site_that_goes_down_concerns_nobody_elsewhere),
        T(a_lost_primary_starts_anew_at_the_nearest_site_that_is_up),
        T(a_lost_home_is_given_up_by_static_too),
        T(the_hosts_word_on_capacity_counts),
        T(a_site_without_limit_is_never_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
