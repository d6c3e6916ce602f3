/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/infra/ledger.h"

static const struct hb_site sites[3] = { { .price_factor = 1.0f }, { .price_factor = 2.5f },
    { .price_factor = 0.5f } };

static struct sim_ledger *ledger_of(struct sim_ledger_config *config)
{
    struct hb_service ignored;
    struct sim_ledger *ledger;
    *config = (struct sim_ledger_config){ .sites = sites, .site_count = 3 };
    hb_cost_default(&config->prices, &ignored);
    config->bgp_message = 0.5;
    sim_ledger_power_default(&config->power);
    assert_int_equal(sim_ledger_create(config, &ledger), HB_OK);
    return ledger;
}

/* By hand: 2 h busy at factor 2.5 and 0.0104 an hour; 12.5 W; 3 GB of state at
 * 0.02 and 216 kJ a GB; 5 DNS updates. */
static void money_and_energy_follow_from_the_books(void **state)
{
    (void)state;
    struct sim_ledger_config config;
    struct sim_ledger *ledger = ledger_of(&config);
    sim_ledger_book_time(ledger, 1, HB_POWER_BUSY, hb_units_ns(731.0), hb_units_ns(7931.0));
    sim_ledger_book_bytes(ledger, SIM_LEDGER_PURPOSE_STATE, 0, 1, 3000000000);
    sim_ledger_book_item(ledger, SIM_LEDGER_ITEM_DNS_UPDATE, HB_NONE, 5);
    struct sim_ledger_account one, outside, all;
    sim_ledger_site(ledger, 1, &one);
    sim_ledger_site(ledger, HB_NONE, &outside);
    sim_ledger_total(ledger, &all);
    assert_near(one.instance_s[HB_POWER_BUSY], 7200.0, 1e-12);
    assert_near(one.instance_money, 2.0 * 0.0104 * 2.5, 1e-12);
    assert_near(one.traffic_money, 0.06, 1e-12);
    assert_near(one.energy_j, 7200.0 * 12.5 + 3.0 * 216e3, 1e-6);
    assert_near(outside.item_money, 5.0 * 4e-7, 1e-15);
    sim_ledger_book_item(ledger, SIM_LEDGER_ITEM_BGP_MESSAGE, 0, 73);
    sim_ledger_site(ledger, 0, &outside);
    assert_near(outside.item_money, 36.5, 1e-12);
    assert_near(all.instance_money + all.traffic_money + all.item_money,
        2.0 * 0.0104 * 2.5 + 0.06 + 2e-6, 1e-12);
    assert_near(all.energy_j, one.energy_j, 1e-9);
    assert_int_equal(all.out_bytes[SIM_LEDGER_PURPOSE_STATE], 3000000000);
    sim_ledger_free(ledger);
}

/* Oracle: running sums beside the ledger. Intervals that adjoin in odd
 * nanoseconds add up to the whole. */
static void both_sides_agree_after_random_bookings(void **state)
{
    (void)state;
    struct sim_ledger_config config;
    struct sim_ledger *ledger = ledger_of(&config);
    struct sim_stream draws = sim_stream_of(3, SIM_STREAM_TEST, 9);
    int64_t at_ns[3] = { 0 };
    uint64_t in[3] = { 0 }, out[4] = { 0 };
    char why[200] = "";
    for (int i = 0; i < 20000; i++) {
        uint32_t site = sim_draw_below(&draws, 3), from = sim_draw_below(&draws, 4);
        int64_t next_ns = at_ns[site] + sim_draw_below(&draws, 1000000);
        sim_ledger_book_time(ledger, site, (enum hb_power)sim_draw_below(&draws, HB_POWER_COUNT),
            at_ns[site], next_ns);
        at_ns[site] = next_ns;
        uint64_t bytes = sim_draw_below(&draws, 1u << 30);
        in[site] += bytes;
        out[from] += bytes;
        sim_ledger_book_bytes(ledger,
            (enum sim_ledger_purpose)sim_draw_below(&draws, SIM_LEDGER_PURPOSE_COUNT),
            from == 3 ? HB_NONE : from, site, bytes);
        sim_ledger_book_item(ledger, SIM_LEDGER_ITEM_FAILED_REQUEST, site, 3);
    }
    assert_true(sim_ledger_is_balanced(ledger, why, sizeof why));
    struct sim_ledger_account all, one;
    double money = 0.0, energy_j = 0.0;
    for (uint32_t site = 0; site <= 3; site++) {
        double time_s = 0.0;
        uint64_t got_in = 0, got_out = 0;
        sim_ledger_site(ledger, site == 3 ? HB_NONE : site, &one);
        for (int i = 0; i < HB_POWER_COUNT; i++) {
            time_s += one.instance_s[i];
        }
        for (int i = 0; i < SIM_LEDGER_PURPOSE_COUNT; i++) {
            got_in += one.in_bytes[i];
            got_out += one.out_bytes[i];
        }
        assert_true(got_out == out[site]);
        if (site < 3) {
            assert_true(got_in == in[site]);
            assert_near(time_s, (double)(at_ns[site] / 1000) * 1e-6, 1e-12);
        }
        money += one.instance_money + one.traffic_money + one.item_money;
        energy_j += one.energy_j;
    }
    sim_ledger_total(ledger, &all);
    assert_near(all.instance_money + all.traffic_money + all.item_money, money, 1e-12);
    assert_near(all.energy_j, energy_j, 1e-12);
    assert_int_equal(all.items[SIM_LEDGER_ITEM_FAILED_REQUEST], 60000);
    sim_ledger_free(ledger);
}

static void power_states_out_of_order_are_refused(void **state)
{
    (void)state;
    struct sim_ledger_config config;
    sim_ledger_free(ledger_of(&config));
    struct sim_ledger *none = NULL;
    struct sim_ledger_config bad = config;
    bad.power.instance_w[HB_POWER_STANDBY] = bad.power.instance_w[HB_POWER_IDLE] + 0.1;
    assert_int_equal(sim_ledger_create(&bad, &none), HB_ERR_RANGE);
    bad = config;
    bad.power.instance_w[HB_POWER_OFF] = -0.1;
    assert_int_equal(sim_ledger_create(&bad, &none), HB_ERR_RANGE);
    bad = config;
    bad.prices.hour[HB_POWER_BUSY] = 0.0;
    assert_int_equal(sim_ledger_create(&bad, &none), HB_ERR_RANGE);
    bad = config;
    bad.bgp_message = -1e-9;
    assert_int_equal(sim_ledger_create(&bad, &none), HB_ERR_RANGE);
    bad = config;
    bad.power.byte_j = NAN;
    assert_int_equal(sim_ledger_create(&bad, &none), HB_ERR_RANGE);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_and_energy_follow_from_the_books),
        cmocka_unit_test(both_sides_agree_after_random_bookings),
        cmocka_unit_test(power_states_out_of_order_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
