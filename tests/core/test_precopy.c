/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/precopy.h"

static const struct hb_precopy typical = {
    .image_mb = 731.3,
    .working_set_mb = 512.0,
    .dirty_mb_s = 17.7,
    .link_mb_s = 61.9,
    .resume_s = 0.043,
    .rounds = 5,
};

/* Oracle: walk the rounds one by one, as a copying daemon would. */
static void total_is_the_sum_of_rounds(void **state)
{
    (void)state;
    double left_mb = typical.image_mb, sum_s = 0.0, sent_mb = 0.0;
    for (uint32_t k = 0; k <= typical.rounds; k++) {
        sum_s += left_mb / typical.link_mb_s;
        sent_mb += left_mb;
        left_mb *= typical.dirty_mb_s / typical.link_mb_s;
    }
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&typical, &got), HB_OK);
    assert_near(got.total_s, sum_s + typical.resume_s, 1e-12);
    assert_near(got.sent_mb, sent_mb, 1e-12);
    assert_int_equal(got.rounds, 5);
    assert_int_equal(got.stop, HB_PRECOPY_STOP_ROUNDS_DONE);
}

/* Oracle: the geometric series, 731.3 (1 - r^6) / (1 - r), r = 17.7 / 61.9. */
static void sent_bytes_follow_the_geometric_series(void **state)
{
    (void)state;
    double r = typical.dirty_mb_s / typical.link_mb_s;
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&typical, &got), HB_OK);
    assert_near(got.sent_mb, typical.image_mb * (1.0 - pow(r, 6.0)) / (1.0 - r), 1e-12);
    assert_near(got.downtime_s,
        typical.image_mb * pow(r, 5.0) / typical.link_mb_s + typical.resume_s, 1e-12);
}

/* Oracle: a daemon that sends in steps of a millisecond while pages are
 * dirtied at a steady rate, each round's set capped. */
static void a_daemon_in_small_steps_takes_as_long(void **state)
{
    (void)state;
    double step_s = 0.001, clock_s = 0.0, left_mb = typical.image_mb;
    for (uint32_t k = 0; k <= typical.rounds; k++) {
        double dirty_mb = 0.0;
        while (left_mb > 0.0) {
            left_mb -= typical.link_mb_s * step_s;
            dirty_mb += typical.dirty_mb_s * step_s;
            clock_s += step_s;
        }
        left_mb = dirty_mb < typical.working_set_mb ? dirty_mb : typical.working_set_mb;
    }
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&typical, &got), HB_OK);
    assert_near(got.total_s, clock_s + typical.resume_s, 0.01 / got.total_s);
}

static void the_working_set_caps_a_round(void **state)
{
    (void)state;
    struct hb_precopy small = typical;
    small.working_set_mb = 90.0;
    small.rounds = 1;
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&small, &got), HB_OK);
    assert_near(got.sent_mb, 731.3 + 90.0, 1e-12);
    assert_near(got.downtime_s, 90.0 / 61.9 + 0.043, 1e-12);
}

static void rounds_end_when_the_downtime_target_is_met(void **state)
{
    (void)state;
    struct hb_precopy quick = typical;
    quick.rounds = 30;
    double r = 17.7 / 61.9;
    /* The third left-over, image r^3, just fits; the second does not. */
    quick.downtime_target_s = 731.3 * r * r * r / 61.9 + 0.043 + 1e-9;
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&quick, &got), HB_OK);
    assert_int_equal(got.rounds, 3);
    assert_int_equal(got.stop, HB_PRECOPY_STOP_DOWNTIME_MET);
    quick.downtime_target_s -= 2e-9;
    assert_int_equal(hb_precopy_plan(&quick, &got), HB_OK);
    assert_int_equal(got.rounds, 4);
}

static void a_fast_writer_with_a_small_working_set_stops_without_shrink(void **state)
{
    (void)state;
    struct hb_precopy busy = typical;
    busy.dirty_mb_s = 62.0;
    busy.rounds = 30;
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&busy, &got), HB_OK);
    assert_int_equal(got.stop, HB_PRECOPY_STOP_NO_SHRINK);
    assert_int_equal(got.rounds, 2);
    assert_near(got.downtime_s, 512.0 / 61.9 + 0.043, 1e-12);
}

static void no_round_is_shorter_when_all_is_dirtied_faster_than_sent(void **state)
{
    (void)state;
    struct hb_precopy lost = typical;
    lost.working_set_mb = 731.3;
    struct hb_precopy_time got = { .total_s = -7.0 };
    lost.dirty_mb_s = 61.9;
    assert_int_equal(hb_precopy_plan(&lost, &got), HB_ERR_DIVERGES);
    assert_near(got.total_s, -7.0, 0.0);
    lost.dirty_mb_s = 61.8999;
    assert_int_equal(hb_precopy_plan(&lost, &got), HB_OK);
    lost.dirty_mb_s = 61.9;
    lost.working_set_mb = 731.2;
    assert_int_equal(hb_precopy_plan(&lost, &got), HB_OK);
}

static void an_idle_service_is_copied_in_one_round(void **state)
{
    (void)state;
    struct hb_precopy idle = typical;
    idle.dirty_mb_s = 0.0;
    struct hb_precopy_time got;
    assert_int_equal(hb_precopy_plan(&idle, &got), HB_OK);
    assert_int_equal(got.rounds, 1);
    assert_near(got.downtime_s, 0.043, 1e-15);
    assert_near(got.total_s, 731.3 / 61.9 + 0.043, 1e-12);
}

static void the_lag_of_a_stream_is_the_integral_of_its_rate(void **state)
{
    (void)state;
    struct hb_precopy_stream stream = { .lag_mb = 37.1, .write_mb_s = 3.3, .link_mb_s = 9.7 };
    double walked_mb = 37.1, step_s = 0.0001;
    for (int i = 0; i < 41000; i++) {
        walked_mb += (3.3 - 9.7) * step_s;
    }
    assert_near(hb_precopy_lag_mb(&stream, 4.1), walked_mb, 1e-9);
    assert_near(hb_precopy_lag_mb(&stream, 100.0), 0.0, 0.0);
    double drain_s;
    assert_int_equal(hb_precopy_drain_s(&stream, 1.9, &drain_s), HB_OK);
    assert_near(hb_precopy_lag_mb(&stream, drain_s), 1.9, 1e-12);
    assert_int_equal(hb_precopy_drain_s(&stream, 37.1, &drain_s), HB_OK);
    assert_near(drain_s, 0.0, 0.0);
    stream.write_mb_s = 9.7;
    assert_int_equal(hb_precopy_drain_s(&stream, 1.9, &drain_s), HB_ERR_DIVERGES);
    assert_near(hb_precopy_lag_mb(&stream, 11.0), 37.1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(total_is_the_sum_of_rounds),
        cmocka_unit_test(sent_bytes_follow_the_geometric_series),
        cmocka_unit_test(a_daemon_in_small_steps_takes_as_long),
        cmocka_unit_test(the_working_set_caps_a_round),
        cmocka_unit_test(rounds_end_when_the_downtime_target_is_met),
        cmocka_unit_test(a_fast_writer_with_a_small_working_set_stops_without_shrink),
        cmocka_unit_test(no_round_is_shorter_when_all_is_dirtied_faster_than_sent),
        cmocka_unit_test(an_idle_service_is_copied_in_one_round),
        cmocka_unit_test(the_lag_of_a_stream_is_the_integral_of_its_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
