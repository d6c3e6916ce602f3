/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/cost.h"

static struct hb_prices prices;
static struct hb_service service;

static int reset(void **state)
{
    (void)state;
    hb_cost_default(&prices, &service);
    return 0;
}

static void defaults_are_in_range_and_the_hours_ascend(void **state)
{
    (void)state;
    assert_int_equal(hb_cost_check(&prices, &service), HB_OK);
    for (int power = 1; power < HB_POWER_COUNT; power++) {
        assert_true(prices.hour[power] >= prices.hour[power - 1]);
    }
}

static void negative_infinite_and_descending_prices_are_refused(void **state)
{
    (void)state;
    prices.dns_update = -1e-9;
    assert_int_equal(hb_cost_check(&prices, &service), HB_ERR_RANGE);
    reset(state);
    prices.request_ms = INFINITY;
    assert_int_equal(hb_cost_check(&prices, &service), HB_ERR_RANGE);
    reset(state);
    service.lead_s = NAN;
    assert_int_equal(hb_cost_check(&prices, &service), HB_ERR_RANGE);
    reset(state);
    prices.hour[HB_POWER_STANDBY] = 0.02; /* dearer than idle: a unit error */
    assert_int_equal(hb_cost_check(&prices, &service), HB_ERR_RANGE);
    reset(state);
    prices.hour[HB_POWER_OFF] = -0.1;
    assert_int_equal(hb_cost_check(&prices, &service), HB_ERR_RANGE);
}

/* By hand: 2e-6 x 80 + 5e-6 x (80 - 50) = 1.6e-4 + 1.5e-4. */
static void the_penalty_starts_at_the_target(void **state)
{
    (void)state;
    prices.request_ms = 2e-6;
    prices.target_ms = 50.0;
    prices.over_target_request_ms = 5e-6;
    assert_near(hb_cost_request(&prices, 80.0), 3.1e-4, 1e-15);
    assert_near(hb_cost_request(&prices, 50.0), 1.0e-4, 1e-15);
    assert_near(hb_cost_request(&prices, 20.0), 0.4e-4, 1e-15);
    service.request_rate_hz = 3.5;
    assert_near(hb_cost_latency_rate(&prices, &service, 80.0), 1.085e-3, 1e-15);
}

/* By hand: 0.0104 x 1.5 x 731.3 / 3600. */
static void an_instance_costs_its_hours(void **state)
{
    (void)state;
    assert_near(hb_cost_instance(&prices, HB_POWER_IDLE, 1.5, 731.3), 0.00316896667, 1e-10);
    assert_near(hb_cost_instance(&prices, HB_POWER_OFF, 1.5, 731.3), 0.0, 0.0);
}

/* By hand: image 0.2 x 0.02, idle 60 s, state 0.05 x 0.02, one update. */
static void a_mirror_costs_its_image_its_state_its_lead_and_a_record(void **state)
{
    (void)state;
    double idle = 0.0104 * 60.0 / 3600.0;
    assert_near(hb_cost_provision(&prices, &service, 1.0), 0.004 + idle, 1e-15);
    assert_near(hb_cost_mirror(&prices, &service, 1.0), 0.005 + idle + 4e-7, 1e-15);
    assert_near(hb_cost_mirror(&prices, &service, 3.0), 0.005 + 3.0 * idle + 4e-7, 1e-15);
    assert_near(hb_cost_state(&prices, 50e6), 0.001, 1e-15);
    assert_near(hb_cost_image(&prices, 200e6), 0.004, 1e-15);
}

/* By hand: (70 - 15) x 1e-6 a second, less 0.0104 x 0.5 / 3600 for the dearer site. */
static void what_a_stay_saves_counts_both_latency_and_price(void **state)
{
    (void)state;
    struct hb_stay far = { .rtt_ms = 70.0, .price_factor = 1.0 };
    struct hb_stay near = { .rtt_ms = 15.0, .price_factor = 1.5 };
    double want = 55e-6 - 0.0104 * 0.5 / 3600.0;
    assert_near(hb_cost_saving_rate(&prices, &service, far, near), want, 1e-15);
    assert_near(hb_cost_saving_rate(&prices, &service, near, far), -want, 1e-15);
}

/* By hand: 0.001 an hour pays 0.0025 off in 2.5 h. */
static void standby_lasts_until_rent_equals_purchase(void **state)
{
    (void)state;
    assert_near(hb_cost_standby_s(&prices, 1.0, 0.0025), 9000.0, 1e-12);
    assert_near(hb_cost_standby_s(&prices, 2.0, 0.0025), 4500.0, 1e-12);
    assert_near(hb_cost_standby_s(&prices, 1.0, 0.0), 0.0, 0.0);
    assert_near(hb_cost_standby_s(&prices, 1.0, -0.3), 0.0, 0.0);
    prices.hour[HB_POWER_STANDBY] = 0.0;
    assert_near(hb_cost_standby_s(&prices, 1.0, 0.0), 0.0, 0.0);
    assert_true(isinf(hb_cost_standby_s(&prices, 1.0, 0.0025)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_are_in_range_and_the_hours_ascend, reset),
        cmocka_unit_test_setup(negative_infinite_and_descending_prices_are_refused, reset),
        cmocka_unit_test_setup(the_penalty_starts_at_the_target, reset),
        cmocka_unit_test_setup(an_instance_costs_its_hours, reset),
        cmocka_unit_test_setup(a_mirror_costs_its_image_its_state_its_lead_and_a_record, reset),
        cmocka_unit_test_setup(what_a_stay_saves_counts_both_latency_and_price, reset),
        cmocka_unit_test_setup(standby_lasts_until_rent_equals_purchase, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
