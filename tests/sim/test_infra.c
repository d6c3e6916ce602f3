/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/infra_run.h"

/* By hand. Lead 7.3 s. Copy over 10 MB/s: 50 MB in 5 s; 2 MB written meanwhile
 * in 0.2 s; 0.08 MB left is in sync: 52 MB, 5.2 s. Stream 0.4 MB/s for 100 s =
 * 40 MB. The old primary is busy until 200 s (the client's answer), stops 1 s. */
static void a_mirror_lives_its_whole_life(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    open_run(&config);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 3, 0), HB_OK));
    COMMAND(sim_infra_serve(run.infra, 3, 0));
    until(10.0);
    COMMAND(sim_infra_provision(run.infra, 1, 3, 2));
    until(20.0);
    assert_told(1, 17.3, HB_RESULT_OK);
    assert_int_equal(run.told[1].client, 3);
    assert_int_equal(run.told[1].site, 2);
    struct sim_infra_copy order = copy_order(2, 3, 0, 2);
    COMMAND(sim_infra_copy(run.infra, &order));
    until(30.0);
    assert_told(2, 25.2, HB_RESULT_OK);
    assert_near(run.told[2].value, 52e6, 1e-9);
    assert_true(sim_infra_is_running(run.infra, 3, 2));
    until(125.2);
    COMMAND(sim_infra_fence(run.infra, 3, 2));
    COMMAND(sim_infra_serve(run.infra, 3, 2));
    until(200.0);
    COMMAND(sim_infra_stop(run.infra, 3, 3, 0));
    until(300.0);
    assert_told(3, 201.0, HB_RESULT_OK);
    sim_infra_settle(run.infra);
    struct sim_ledger_account a, b, all;
    sim_ledger_site(sim_infra_ledger(run.infra), 0, &a);
    sim_ledger_site(sim_infra_ledger(run.infra), 2, &b);
    sim_ledger_total(sim_infra_ledger(run.infra), &all);
    assert_near(a.instance_s[HB_POWER_BUSY], 125.2, 1e-9);
    assert_near(a.instance_s[HB_POWER_IDLE], 201.0 - 125.2, 1e-9);
    assert_near(b.instance_s[HB_POWER_IDLE], 125.2 - 10.0, 1e-9);
    assert_near(b.instance_s[HB_POWER_BUSY], 300.0 - 125.2, 1e-9);
    assert_int_equal(b.in_bytes[SIM_LEDGER_PURPOSE_STATE], 52000000);
    assert_int_equal(a.out_bytes[SIM_LEDGER_PURPOSE_STATE], 52000000);
    assert_int_equal(b.in_bytes[SIM_LEDGER_PURPOSE_STREAM], 40000000);
    assert_int_equal(b.in_bytes[SIM_LEDGER_PURPOSE_IMAGE], 200000000);
    assert_int_equal(all.in_bytes[SIM_LEDGER_PURPOSE_WASTED], 0);
    /* two small machines: 300 + 1 + ... instance-seconds at 0.0104 an hour */
    double instance_s = 201.0 + 290.0;
    assert_near(all.instance_money, instance_s / 3600.0 * 0.0104, 1e-12);
    assert_near(all.traffic_money, (92e6 + 200e6) / 1e9 * 0.02, 1e-12);
    close_run();
}

/* By hand: 20 MB/s written over a 10 MB/s line, working set 10 MB: rounds of
 * 50, 10 and then no shorter; the stream can never catch up. At 6 MB/s: 50
 * (5 s), 10 (1 s), 6 (0.6 s), 3.6, ... and the eighth round is the last one. */
static void a_copy_that_cannot_catch_up_fails(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    config.service.dirty_mb_s = 20.0;
    config.provision.lead_s = 0.0;
    open_run(&config);
    COMMAND(sim_infra_provision(run.infra, 1, 0, 1));
    until(1.0);
    struct sim_infra_copy order = copy_order(2, 0, 0, 1);
    COMMAND(sim_infra_copy(run.infra, &order));
    until(60.0);
    assert_told(2, 1.0 + 6.0, HB_RESULT_FAILED);
    assert_int_equal(sim_infra_counts(run.infra).copies_failed, 1);
    close_run();
    settings(&config);
    config.service.dirty_mb_s = 6.0;
    config.service.copy_rounds = 3;
    config.provision.lead_s = 0.0;
    open_run(&config);
    COMMAND(sim_infra_provision(run.infra, 1, 0, 1));
    until(1.0);
    COMMAND(sim_infra_copy(run.infra, &order));
    until(60.0);
    /* after 50 + 10 + 6 MB 3.6 are left; drained to 0.5 at 10 - 6 MB/s */
    double drain_s = (3.6 - 0.5) / 4.0;
    assert_told(2, 1.0 + 6.6 + drain_s, HB_RESULT_OK);
    assert_near(run.told[2].value, (66.0 + 10.0 * drain_s) * 1e6, 1e-6);
    close_run();
}

static void slots_run_out_and_come_back(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    run.sites[1].slots = 2;
    open_run(&config);
    COMMAND(sim_infra_provision(run.infra, 1, 0, 1));
    COMMAND(sim_infra_provision(run.infra, 2, 1, 1));
    COMMAND(sim_infra_provision(run.infra, 3, 2, 1));
    until(1.0);
    assert_told(3, 1e-9, HB_RESULT_NO_ROOM);
    assert_int_equal(run.free_slots[1], 0);
    assert_int_equal(run.capacity_calls, 1); /* both in one instant: told once */
    COMMAND(sim_infra_stop(run.infra, 4, 1, 1)); /* cancels its start */
    until(2.0);
    assert_told(2, 1.0, HB_RESULT_ABORTED);
    assert_told(4, 1.0, HB_RESULT_OK);
    assert_int_equal(run.free_slots[1], 1);
    COMMAND(sim_infra_provision(run.infra, 5, 2, 1));
    until(20.0);
    assert_told(5, 9.3, HB_RESULT_OK);
    assert_told(1, 7.3, HB_RESULT_OK);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 7, 1), HB_OK)); /* clients come anyway */
    assert_int_equal(sim_infra_counts(run.infra).overbooked, 1);
    assert_int_equal(sim_infra_free_slots(run.infra, 1), 0);
    assert_int_equal(sim_infra_used_slots(run.infra, 1), 3);
    assert_int_equal(sim_infra_free_slots(run.infra, 3), UINT32_MAX);
    close_run();
}

/* Stopping takes 1 s: who comes back within it finds the instance running. */
static void a_client_that_comes_back_finds_its_instance(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    open_run(&config);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 9, 3), HB_OK));
    until(5.0);
    COMMAND(sim_infra_stop(run.infra, 1, 9, 3));
    until(5.3);
    assert_false(sim_infra_is_running(run.infra, 9, 3));
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 9, 3), HB_OK));
    assert_true(sim_infra_is_running(run.infra, 9, 3));
    until(8.0);
    assert_true(sim_infra_is_running(run.infra, 9, 3));
    assert_told(1, 5.3, HB_RESULT_OK);
    assert_int_equal(run.told[1].times, 1);
    assert_int_equal(sim_infra_used_slots(run.infra, 3), 1);
    COMMAND(sim_infra_stop(run.infra, 2, 9, 3));
    until(10.0);
    assert_int_equal(sim_infra_used_slots(run.infra, 3), 0);
    close_run();
}

static void standby_costs_less_and_wakes_up(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    open_run(&config);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 9, 3), HB_OK));
    until(5.0);
    COMMAND(sim_infra_standby(run.infra, 1, 9, 3));
    until(50.0);
    assert_told(1, 6.0, HB_RESULT_OK);
    assert_false(sim_infra_is_running(run.infra, 9, 3));
    COMMAND(sim_infra_standby(run.infra, 2, 9, 3));
    COMMAND(sim_infra_serve(run.infra, 9, 3));
    COMMAND(sim_infra_provision(run.infra, 3, 9, 3)); /* is a resume then */
    COMMAND(sim_infra_standby(run.infra, 4, 9, 0));   /* there is none */
    COMMAND(sim_infra_resume(run.infra, 5, 9, 0));
    COMMAND(sim_infra_stop(run.infra, 6, 9, 0));
    until(60.0);
    assert_told(2, 50.0, HB_RESULT_OK);
    assert_told(3, 50.5, HB_RESULT_OK);
    assert_told(4, 50.0, HB_RESULT_FAILED);
    assert_told(5, 50.0, HB_RESULT_FAILED);
    assert_told(6, 50.0, HB_RESULT_OK);
    sim_infra_settle(run.infra);
    struct sim_ledger_account a;
    sim_ledger_site(sim_infra_ledger(run.infra), 3, &a);
    assert_near(a.instance_s[HB_POWER_IDLE], 6.0 + 0.5, 1e-9);
    assert_near(a.instance_s[HB_POWER_STANDBY], 44.0, 1e-9);
    assert_near(a.instance_s[HB_POWER_BUSY], 9.5, 1e-9);
    /* a resume that is stopped half way */
    COMMAND(sim_infra_standby(run.infra, 7, 9, 3));
    until(60.5);
    COMMAND(sim_infra_stop(run.infra, 8, 9, 3));
    until(70.0);
    assert_told(7, 60.5, HB_RESULT_ABORTED);
    assert_told(8, 61.5, HB_RESULT_OK);
    close_run();
}

/* A copy interrupted after 2 s of 10 MB/s has wasted 20 MB; a stream rolled
 * back after 10 s has wasted 4 MB. */
static void what_is_rolled_back_is_booked_as_wasted(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    config.provision.lead_s = 0.0;
    open_run(&config);
    COMMAND(assert_int_equal(sim_infra_open(run.infra, 0, 0), HB_OK));
    COMMAND(sim_infra_provision(run.infra, 1, 0, 1));
    until(1.0);
    struct sim_infra_copy order = copy_order(2, 0, 0, 1);
    COMMAND(sim_infra_copy(run.infra, &order));
    until(3.0);
    COMMAND(sim_infra_copy_end(run.infra, 0, HB_NONE, false));
    until(4.0);
    assert_told(2, 3.0, HB_RESULT_ABORTED);
    order.req = 3;
    COMMAND(sim_infra_copy(run.infra, &order));
    until(19.2);
    assert_told(3, 9.2, HB_RESULT_OK);
    COMMAND(sim_infra_stop(run.infra, 4, 0, 1));
    until(30.0);
    struct sim_ledger_account a;
    sim_ledger_site(sim_infra_ledger(run.infra), 1, &a);
    /* the source is stopped after 1 s of another copy: 10 MB more, elsewhere */
    COMMAND(sim_infra_provision(run.infra, 5, 0, 2));
    until(31.0);
    order = copy_order(6, 0, 0, 2);
    COMMAND(sim_infra_copy(run.infra, &order));
    until(32.0);
    COMMAND(sim_infra_stop(run.infra, 7, 0, 0));
    until(40.0);
    assert_told(6, 32.0, HB_RESULT_FAILED);
    assert_told(7, 33.0, HB_RESULT_OK);
    struct sim_ledger_account b;
    sim_ledger_site(sim_infra_ledger(run.infra), 2, &b);
    assert_int_equal(b.in_bytes[SIM_LEDGER_PURPOSE_WASTED], 10000000);
    assert_int_equal(a.in_bytes[SIM_LEDGER_PURPOSE_WASTED], 24000000);
    assert_int_equal(a.in_bytes[SIM_LEDGER_PURPOSE_STATE], 52000000);
    assert_int_equal(a.in_bytes[SIM_LEDGER_PURPOSE_STREAM], 0);
    close_run();
}

/* One instance a site: the first pays the lead, those who come meanwhile wait
 * for the same start, later ones have it at once; one slot, one rent. */
static void a_shared_service_is_started_once(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    config.service.shared = true;
    run.sites[2].slots = 1;
    open_run(&config);
    COMMAND(sim_infra_provision(run.infra, 1, 0, 2));
    until(3.0);
    COMMAND(sim_infra_provision(run.infra, 2, 1, 2));
    COMMAND(sim_infra_provision(run.infra, 3, 2, 2));
    until(5.0);
    COMMAND(sim_infra_stop(run.infra, 4, 0, 2)); /* the first gives up, the start goes on */
    until(10.0);
    COMMAND(sim_infra_provision(run.infra, 5, 4, 2));
    until(20.0);
    assert_told(1, 5.0, HB_RESULT_ABORTED);
    assert_told(2, 7.3, HB_RESULT_OK);
    assert_told(3, 7.3, HB_RESULT_OK);
    assert_told(5, 10.0, HB_RESULT_OK);
    assert_int_equal(sim_infra_used_slots(run.infra, 2), 1);
    COMMAND(sim_infra_serve(run.infra, 1, 2));
    until(30.0);
    COMMAND(sim_infra_stop(run.infra, 6, 1, 2));
    COMMAND(sim_infra_stop(run.infra, 7, 2, 2));
    COMMAND(sim_infra_stop(run.infra, 8, 4, 2));
    until(100.0);
    assert_int_equal(sim_infra_used_slots(run.infra, 2), 0);
    struct sim_ledger_account a;
    sim_ledger_site(sim_infra_ledger(run.infra), 2, &a);
    assert_near(a.instance_s[HB_POWER_IDLE], 20.0, 1e-9);
    assert_near(a.instance_s[HB_POWER_BUSY], 11.0, 1e-9);
    close_run();
}

/* 2 slots of 1 server, 5 ms a request, 100 clients of 2/s: a = 1 on c = 2: C = 1/3. */
static void load_becomes_queueing_delay(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    run.sites[1].slots = 2;
    config.service.request_rate_hz = 2.0;
    config.service.waiting_room = UINT32_MAX;
    open_run(&config);
    struct sim_queueing_delay delay;
    sim_infra_delay(run.infra, 1, &delay);
    assert_near(delay.wait_s, 0.0, 0.0);
    for (uint32_t c = 0; c < 100; c++) {
        sim_infra_serve(run.infra, c, 1);
    }
    uint32_t version = sim_infra_load_version(run.infra, 1);
    sim_infra_delay(run.infra, 1, &delay);
    assert_near(delay.wait_share, 1.0 / 3.0, 1e-12);
    assert_near(delay.wait_s, 1.0 / 3.0 * 0.005, 1e-12);
    sim_infra_serve(run.infra, 7, 0);
    assert_int_not_equal(sim_infra_load_version(run.infra, 1), version);
    sim_infra_delay(run.infra, 1, &delay);
    assert_true(delay.wait_share < 1.0 / 3.0);
    sim_infra_delay(run.infra, 0, &delay); /* unlimited: no queue */
    assert_near(delay.wait_s, 0.0, 0.0);
    for (uint32_t c = 100; c < 300; c++) {
        sim_infra_serve(run.infra, c, 1);
    }
    sim_infra_delay(run.infra, 1, &delay);
    assert_true(isinf(delay.wait_s));
    close_run();
}

static void a_full_table_ends_the_run(void **state)
{
    (void)state;
    struct sim_infra_config config;
    settings(&config);
    config.operation_capacity = 2;
    open_run(&config);
    for (uint64_t req = 1; req <= 3; req++) {
        COMMAND(sim_infra_provision(run.infra, req, (uint32_t)req, 1));
    }
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(1.0)), HB_ERR_FULL);
    close_run();
    struct sim_infra *none = NULL;
    settings(&config);
    config.service.service_time_s = 0.0;
    assert_int_equal(sim_infra_create(&config, &none), HB_ERR_RANGE);
    settings(&config);
    config.power.instance_w[HB_POWER_STANDBY] = 300.0; /* above idle: the invariant */
    assert_int_equal(sim_infra_create(&config, &none), HB_ERR_RANGE);
    settings(&config);
    run.lines[2].egress_mb_s = -1.0;
    assert_int_equal(sim_infra_create(&config, &none), HB_ERR_RANGE);
    settings(&config);
    config.provision.workers = 0;
    struct sim_loop_options options = { .event_capacity = 10 };
    assert_int_equal(sim_loop_create(&options, &config.loop), HB_OK);
    assert_int_equal(sim_infra_create(&config, &none), HB_ERR_RANGE);
    sim_loop_free(config.loop);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mirror_lives_its_whole_life),
        cmocka_unit_test(a_copy_that_cannot_catch_up_fails),
        cmocka_unit_test(slots_run_out_and_come_back),
        cmocka_unit_test(standby_costs_less_and_wakes_up),
        cmocka_unit_test(what_is_rolled_back_is_booked_as_wasted),
        cmocka_unit_test(a_shared_service_is_started_once),
        cmocka_unit_test(load_becomes_queueing_delay),
        cmocka_unit_test(a_client_that_comes_back_finds_its_instance),
        cmocka_unit_test(a_full_table_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
