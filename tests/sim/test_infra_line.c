/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that are cut for a while: by hand, at 10 MB/s, 50 MB of state, 0.4 MB/s written. */
#include "tests/sim/infra_run.h"

/* A client's instance at site 0 and one at site 2, at instant 8. */
static void open_two(struct sim_infra_config *config)
{
    config->has_cuts = true;
    open_run(config);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 3, 0), HB_OK));
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 3, 2), HB_OK));
    until(8.0);
}

static void copy(uint64_t req, uint32_t client, uint32_t from, uint32_t to)
{
    struct sim_infra_copy order = copy_order(req, client, from, to);
    COMMAND(sim_infra_copy(run.infra, &order));
}

static struct sim_ledger_account booked(uint32_t site)
{
    struct sim_ledger_account account;
    sim_infra_settle(run.infra);
    sim_ledger_site(sim_infra_ledger(run.infra), site, &account);
    return account;
}

/* Cut at 10, whole again at 47.3: round 0 takes 5 + 37.3 s, in which 0.4 x 42.3 = 16.92 MB are
 * written, of a working set of 10: round 1 takes 1 s, then 0.4 MB are left, in sync. Which
 * end is cut does not matter, and a second cut of the other end within the first neither. */
static void a_copy_waits_for_its_line(void **state)
{
    (void)state;
    for (uint32_t cut = 0; cut <= 2; cut++) {
        struct sim_infra_config config;
        settings(&config);
        open_two(&config);
        copy(1, 3, 0, 2);
        until(10.0);
        sim_infra_cut(run.infra, cut == 1 ? 2 : cut, true);
        sim_infra_cut(run.infra, cut == 1 ? 2 : cut, true); /* no second time */
        until(20.0);
        if (cut == 1) {
            sim_infra_cut(run.infra, 0, true);
        }
        until(40.0);
        sim_infra_cut(run.infra, 0, cut == 0);
        until(47.3);
        sim_infra_cut(run.infra, 0, false);
        sim_infra_cut(run.infra, 2, false);
        until(200.0);
        assert_told(1, 8.0 + 5.0 + 37.3 + 1.0, HB_RESULT_OK);
        assert_near(run.told[1].value, 60e6, 1e-6);
        assert_int_equal(booked(2).in_bytes[SIM_LEDGER_PURPOSE_STATE], 60000000);
        close_run();
    }
}

/* Cut at 10 for longer than the 60 s: it fails at 70, 20 MB for nothing. Asked again it waits
 * from then on, and fails at 72 + 60; the third one gets through when the line is whole. */
static void a_copy_over_a_cut_line_fails_in_the_end(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    open_two(&config);
    copy(1, 3, 0, 2);
    until(10.0);
    sim_infra_cut(run.infra, 2, true);
    until(72.0);
    assert_told(1, 70.0, HB_RESULT_FAILED);
    assert_near(run.told[1].value, 20e6, 1e-6);
    copy(2, 3, 0, 2);
    until(140.0);
    assert_told(2, 132.0, HB_RESULT_FAILED);
    assert_near(run.told[2].value, 0.0, 0.0);
    copy(3, 3, 0, 2);
    copy(4, 5, 1, 1); /* there is nothing of client 5: not possible */
    until(150.0);
    sim_infra_cut(run.infra, 2, false);
    until(200.0);
    assert_told(4, 140.0, HB_RESULT_FAILED);
    assert_int_equal(run.told[3].result, HB_RESULT_OK);
    assert_near(hb_units_s(run.told[3].at_ns), 150.0 + 5.0 + 0.6, 1e-8); /* 15 s: 6 MB */
    assert_int_equal(run.told[1].times, 1);
    assert_int_equal(run.told[2].times, 1);
    assert_int_equal(booked(2).in_bytes[SIM_LEDGER_PURPOSE_WASTED], 20000000);
    assert_int_equal(sim_infra_counts(run.infra).copies_failed, 2);
    close_run();
}

/* In sync at 13.2; cut at 30 for 25 s: 0.4 x 25 = 10 MB behind, caught up at 9 - 0.4 MB/s.
 * What was written meanwhile is delivered, and booked, after that. */
static void a_stream_falls_behind_and_catches_up(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    open_two(&config);
    copy(1, 3, 0, 2);
    until(30.0);
    assert_told(1, 13.2, HB_RESULT_OK);
    assert_near(sim_infra_lag_mb(run.infra, 3, 2), 0.0, 0.0);
    sim_infra_cut(run.infra, 0, true);
    until(40.0);
    assert_near(sim_infra_lag_mb(run.infra, 3, 2), 4.0, 1e-9);
    assert_int_equal(booked(2).in_bytes[SIM_LEDGER_PURPOSE_STREAM], 6720000); /* 16.8 s */
    sim_infra_cut(run.infra, 2, true);
    until(50.0);
    assert_near(sim_infra_lag_mb(run.infra, 3, 2), 8.0, 1e-9); /* once, though both are cut */
    sim_infra_cut(run.infra, 2, false);
    sim_infra_cut(run.infra, 0, false);
    until(50.4);
    assert_true(sim_infra_lag_mb(run.infra, 3, 2) < 12.0);
    until(60.0);
    assert_near(sim_infra_lag_mb(run.infra, 3, 2), 0.0, 0.0);
    assert_int_equal(run.told[1].times, 1);
    assert_int_equal(booked(2).in_bytes[SIM_LEDGER_PURPOSE_STREAM], 18720000); /* 46.8 s */
    close_run();
}

/* Cut for good at 30: broken at 90, a second answer to the copy's req. The other client's
 * stream between other sites flows on. What was delivered until 30 is wasted. */
static void a_stream_over_a_cut_line_breaks(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    open_two(&config);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 4, 1), HB_OK));
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 4, 3), HB_OK));
    copy(1, 3, 0, 2);
    copy(2, 4, 1, 3);
    until(30.0);
    sim_infra_cut(run.infra, 2, true);
    until(89.9);
    assert_told(1, 13.2, HB_RESULT_OK);
    until(300.0);
    assert_int_equal(run.told[1].times, 2);
    assert_int_equal(run.told[1].result, HB_RESULT_FAILED);
    assert_near(hb_units_s(run.told[1].at_ns), 90.0, 1e-6);
    assert_int_equal(run.told[1].site, 2);
    assert_int_equal(run.told[1].client, 3);
    assert_int_equal(run.told[2].times, 1);
    assert_near(sim_infra_lag_mb(run.infra, 3, 2), 0.0, 0.0);
    assert_true(sim_infra_is_running(run.infra, 3, 2)); /* nobody has stopped it */
    assert_int_equal(booked(2).in_bytes[SIM_LEDGER_PURPOSE_WASTED], 6720000);
    sim_infra_cut(run.infra, 2, false);
    copy(5, 3, 0, 2);
    until(400.0);
    assert_told(5, 305.2, HB_RESULT_OK);
    close_run();
}

/* An image of 200 MB over the 10 MB/s line, cut for 100 s on the way; within a site nothing
 * is cut, and a copy of no bytes does not slip through a dead line. */
static void images_wait_and_a_site_within_does_not(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    config.service.state_mb = 0.0;
    config.service.stall_timeout_s = 500.0;
    config.provision.lead_s = -1.0;
    open_two(&config);
    COMMAND(sim_infra_provision(run.infra, 1, 7, 1));
    until(10.0);
    sim_infra_cut(run.infra, 1, true);
    sim_infra_cut(run.infra, 2, true);
    copy(2, 3, 0, 2);
    copy(3, 3, 2, 2);
    until(110.0);
    assert_int_equal(run.told[1].times, 0);
    assert_int_equal(run.told[2].times, 0);
    assert_told(3, 10.0, HB_RESULT_FAILED); /* one copy at a time */
    sim_infra_cut(run.infra, 1, false);
    sim_infra_cut(run.infra, 2, false);
    until(150.0);
    assert_int_equal(run.told[1].result, HB_RESULT_OK);
    assert_true(hb_units_s(run.told[1].at_ns) > 8.0 + 20.0 + 100.0);
    assert_true(hb_units_s(run.told[1].at_ns) < 8.0 + 20.0 + 100.0 + 10.0);
    assert_int_equal(run.told[2].result, HB_RESULT_OK);
    sim_infra_cut(run.infra, 2, true);
    copy(4, 3, 2, 2);
    until(160.0);
    assert_told(4, 150.0, HB_RESULT_OK);
    close_run();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_waits_for_its_line),
        cmocka_unit_test(a_copy_over_a_cut_line_fails_in_the_end),
        cmocka_unit_test(a_stream_falls_behind_and_catches_up),
        cmocka_unit_test(a_stream_over_a_cut_line_breaks),
        cmocka_unit_test(images_wait_and_a_site_within_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
