/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/route.h"
#include "tests/core/fake_host.h"

static struct host host;

static int stop(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

static void start(enum hb_route_kind kind)
{
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.route = kind;
    host.setup.policy.route_levels = 4;
    host.setup.policy.route_near_ms = 20.0;
    host.setup.policy.route_interval_s = 100.0;
    host.setup.policy.drain_s = 45.0;
    host.setup.policy.gain_ms = 1e6; /* nobody moves */
    host_start(&host);
}

/* By hand: 20 / (20 + 5) and 20 / (20 + 20). */
static void nearness_halves_at_near_ms(void **state)
{
    (void)state;
    assert_near(hb_route_nearness(20.0, 0.0), 1.0, 0.0);
    assert_near(hb_route_nearness(20.0, 5.0), 0.8, 1e-15);
    assert_near(hb_route_nearness(20.0, 20.0), 0.5, 1e-15);
}

/* By hand, levels 4, greatest weight 8: 6.1 is 0.95 classes down, 6 is 1, 3.9 is 2.05. */
static void classes_step_down_with_the_weight(void **state)
{
    (void)state;
    const struct hb_route_rule rule = { HB_ROUTE_PREPEND, 4, 8.0 };
    static const struct { double weight; uint32_t class; } cases[]
        = { { 8.0, 0 }, { 6.1, 0 }, { 6.0, 1 }, { 3.9, 2 }, { 0.1, 3 }, { 0.0, 4 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(hb_route_class(&rule, cases[i].weight), cases[i].class);
    }
    const struct hb_route_rule empty = { HB_ROUTE_PREPEND, 4, 0.0 };
    assert_int_equal(hb_route_class(&empty, 0.0), 0);
}

static struct hb_route planned(enum hb_route_kind kind, double weight)
{
    const struct hb_route_rule rule = { kind, 4, 8.0 };
    const struct hb_route_site site = { .weight = weight, .region = 6, .is_up = 1 };
    struct hb_route route;
    assert_true(hb_route_plan(&rule, &site, &route));
    return route;
}

static void each_kind_uses_its_attribute_and_no_other(void **state)
{
    (void)state;
    static const struct hb_route wanted[HB_ROUTE_COUNT] = {
        [HB_ROUTE_PLAIN] = { .local_pref = 100 },
        [HB_ROUTE_LOCAL_PREF] = { .local_pref = 120 },
        [HB_ROUTE_MED] = { .local_pref = 100, .med = 20 },
        [HB_ROUTE_PREPEND] = { .local_pref = 100, .prepend_count = 2 },
        [HB_ROUTE_COMMUNITY] = { .local_pref = 100 },
        [HB_ROUTE_MORE_SPECIFIC] = { .local_pref = 100 },
    };
    for (int kind = 0; kind < HB_ROUTE_COUNT; kind++) {
        struct hb_route route = planned((enum hb_route_kind)kind, 3.9); /* class 2 */
        assert_true(hb_route_is_same(&route, &wanted[kind]));
    }
    assert_int_equal(planned(HB_ROUTE_LOCAL_PREF, 8.0).local_pref, 140);
    assert_int_equal(planned(HB_ROUTE_COMMUNITY, 0.0).community, 0xFFFF0000);
    assert_int_equal(planned(HB_ROUTE_MORE_SPECIFIC, 8.0).more_specific, 7);
}

static void policies_are_called_as_in_scenarios(void **state)
{
    (void)state;
    assert_string_equal(hb_route_name(HB_ROUTE_PLAIN), "plain");
    assert_string_equal(hb_route_name(HB_ROUTE_MED), "med");
    assert_string_equal(hb_route_name(HB_ROUTE_MORE_SPECIFIC), "more_specific");
    assert_string_equal(hb_route_name(HB_ROUTE_COUNT), "unknown route policy");
}

static void what_is_not_ready_is_not_announced(void **state)
{
    (void)state;
    const struct hb_route_rule rule = { HB_ROUTE_PLAIN, 4, 8.0 };
    struct hb_route route = { .med = 731 };
    const struct hb_route_site down = { .weight = 8.0 };
    const struct hb_route_site drained = { .weight = 8.0, .is_up = 1, .drain = HB_ROUTE_DRAINED };
    assert_false(hb_route_plan(&rule, &down, &route));
    assert_false(hb_route_plan(&rule, &drained, &route));
    assert_int_equal(route.med, 731);
}

/* Place 0 is 10 ms from site 0, place 1 10 ms from site 1: weights 2/3 each a client. */
static void the_site_of_most_near_clients_is_preferred(void **state)
{
    (void)state;
    start(HB_ROUTE_PREPEND);
    for (uint32_t client = 0; client < 3; client++) {
        host_consent(&host, client, 1);
        host_connect(&host, client, client == 2 ? 1 : 0, client == 2 ? 1 : 0);
        host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
        host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    }
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_ANNOUNCE), 0);
    host_wait(&host, 101.0);
    /* 4/3, 2/3, 0 of 4/3: classes 0, 2, 4; site 0 is as it was, so not announced anew. */
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_ANNOUNCE), 2);
    const struct hb_command *last = host_last(&host, HB_COMMAND_ROUTE_ANNOUNCE);
    assert_int_equal(last->site, 2);
    assert_int_equal(last->route.prepend_count, 4);
    host_wait(&host, 101.0);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_ANNOUNCE), 2); /* nothing has changed */
}

/* By hand: the client at place 0 weighs 20 / (20 + 10) for site 0, its mirror that is in
 * sync 20 / (20 + 40) for site 1, half of that: class 2 of 4; site 2 has nothing, class 4. */
static void a_mirror_in_sync_counts_for_its_site(void **state)
{
    (void)state;
    start(HB_ROUTE_PREPEND);
    host.setup.policy.kind = HB_POLICY_PREDICTIVE;
    host.setup.policy.gain_ms = 5.0;
    host_stop(&host);
    host_start(&host);
    host_bring_to(&host, HB_PHASE_READY);
    host_wait(&host, 101.0);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_ANNOUNCE), 2);
    for (uint32_t i = 0; i < host.log_count; i++) {
        const struct hb_command *it = &host.log[i];
        if (it->kind == HB_COMMAND_ROUTE_ANNOUNCE) {
            assert_int_equal(it->route.prepend_count, it->site == 1 ? 2 : 4);
        }
    }
}

/* Only its standby is left at site 0: that serves nobody. */
static void who_has_gone_weighs_nothing(void **state)
{
    (void)state;
    start(HB_ROUTE_PREPEND);
    for (uint32_t client = 0; client < 2; client++) {
        host_consent(&host, client, 1);
        host_connect(&host, client, client, client);
        host_answer(&host, HB_COMMAND_PROVISION, HB_RESULT_OK);
        host_answer(&host, HB_COMMAND_FENCE, HB_RESULT_OK);
    }
    host_disconnect(&host, 0);
    assert_int_equal(host_phase(&host, 0), HB_PHASE_LINGERING);
    host_wait(&host, 101.0);
    for (uint32_t i = 0; i < host.log_count; i++) {
        const struct hb_command *it = &host.log[i];
        if (it->kind == HB_COMMAND_ROUTE_ANNOUNCE) {
            assert_int_not_equal(it->site, 1);
            assert_int_equal(it->route.prepend_count, 4);
        }
    }
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_ANNOUNCE), 2);
}

static void send_drain(uint32_t site, double value)
{
    host_send(&host, (struct hb_event) { .kind = HB_EVENT_SITE_DRAIN, .client = HB_NONE,
        .place = HB_NONE, .site = site, .value = value });
}

static void a_drained_site_is_first_the_last_choice_then_withdrawn(void **state)
{
    (void)state;
    start(HB_ROUTE_PLAIN);
    host_wait(&host, 1.0);
    send_drain(1, 1.0);
    const struct hb_command *last = host_last(&host, HB_COMMAND_ROUTE_ANNOUNCE);
    assert_int_equal(last->site, 1);
    assert_int_equal(last->route.local_pref, 50);
    assert_int_equal(last->route.prepend_count, 4);
    assert_int_equal(last->route.med, 50);
    assert_int_equal(last->route.community, 0xFFFF0000);
    host_wait(&host, 44.0);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_WITHDRAW), 0);
    host_wait(&host, 2.0);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_WITHDRAW), 1);
    assert_int_equal(host_last(&host, HB_COMMAND_ROUTE_WITHDRAW)->site, 1);
    send_drain(1, 0.0);
    assert_int_equal(host_last(&host, HB_COMMAND_ROUTE_ANNOUNCE)->route.local_pref, 100);
}

static uint32_t site_of_first_primary(uint32_t client)
{
    host_consent(&host, client, 1);
    host_connect(&host, client, 1, 1); /* anycast still leads there */
    return host_last(&host, HB_COMMAND_PROVISION)->site;
}

static void no_endpoint_comes_to_a_site_that_is_drained(void **state)
{
    (void)state;
    start(HB_ROUTE_PLAIN);
    assert_int_equal(site_of_first_primary(0), 1);
    send_drain(1, 1.0);
    assert_int_not_equal(site_of_first_primary(1), 1);
    host_wait(&host, 50.0); /* withdrawn now */
    assert_int_not_equal(site_of_first_primary(2), 1);
    send_drain(1, 0.0);
    assert_int_equal(site_of_first_primary(3), 1);
}

static void a_drain_that_is_called_off_withdraws_nothing(void **state)
{
    (void)state;
    start(HB_ROUTE_PLAIN);
    send_drain(2, 1.0);
    host_wait(&host, 20.0);
    send_drain(2, 0.0);
    host_wait(&host, 20.0);
    send_drain(2, 1.0); /* the first drain's timer must not end this one */
    host_wait(&host, 30.0);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_WITHDRAW), 0);
    host_wait(&host, 16.0);
    assert_int_equal(host_count(&host, HB_COMMAND_ROUTE_WITHDRAW), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearness_halves_at_near_ms),
        cmocka_unit_test(classes_step_down_with_the_weight),
        cmocka_unit_test(each_kind_uses_its_attribute_and_no_other),
        cmocka_unit_test(policies_are_called_as_in_scenarios),
        cmocka_unit_test(what_is_not_ready_is_not_announced),
        cmocka_unit_test_teardown(the_site_of_most_near_clients_is_preferred, stop),
        cmocka_unit_test_teardown(a_mirror_in_sync_counts_for_its_site, stop),
        cmocka_unit_test_teardown(who_has_gone_weighs_nothing, stop),
        cmocka_unit_test_teardown(a_drained_site_is_first_the_last_choice_then_withdrawn, stop),
        cmocka_unit_test_teardown(no_endpoint_comes_to_a_site_that_is_drained, stop),
        cmocka_unit_test_teardown(a_drain_that_is_called_off_withdraws_nothing, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
