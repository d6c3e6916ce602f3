/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "core/history.h"
#include "core/units.h"

/* What learn was told, to be compared with the plain list of visits. */
struct diary {
    int count;
    int64_t at_ns[64];
    struct hb_history histories[64];
};

static void learn(void *ctx, uint32_t client, const struct hb_history *history, int64_t at_ns)
{
    struct diary *diary = ctx;
    assert_int_equal(client, 11);
    assert_true(diary->count < 64);
    diary->at_ns[diary->count] = at_ns;
    diary->histories[diary->count] = *history;
    diary->count++;
}

static void see(struct hb_history *history, struct diary *diary, double at_s, uint32_t place)
{
    struct hb_observation seen = { .at_ns = hb_units_ns(at_s), .client = 11, .place = place };
    hb_history_observe(history, &seen, learn, diary);
}

static const struct {
    double at_s;
    uint32_t place;
} visits[] = { { 100.0, 5 }, { 1000.0, 6 }, { 1700.0, 7 }, { 1800.0, 8 }, { 4499.0, 9 },
    { 5401.0, 5 } };

static uint32_t place_at(double at_s)
{
    uint32_t place = HB_NONE;
    for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++) {
        place = visits[i].at_s <= at_s ? visits[i].place : place;
    }
    return place;
}

/* Oracle: place_at looks the place up in the list. */
static void the_grid_knows_where_it_was_an_hour_back(void **state)
{
    (void)state;
    struct hb_history history;
    struct diary diary = { 0 };
    hb_history_init(&history);
    for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++) {
        see(&history, &diary, visits[i].at_s, visits[i].place);
        /* Learnt at once what is on the grid: at 900, and at 1800 where a visit starts. */
        assert_true(i != 3 || diary.count == 2);
    }
    assert_int_equal(diary.count, 6);
    for (int i = 0; i < diary.count; i++) {
        double at_s = 900.0 * (i + 1);
        assert_int_equal(diary.at_ns[i], hb_units_ns(at_s));
        assert_int_equal(diary.histories[i].place, place_at(at_s));
        for (int step = 0; step < HB_HISTORY_STEPS; step++) {
            double then_s = at_s - 900.0 * (step + 1);
            assert_int_equal(diary.histories[i].step_places[step], place_at(then_s));
            for (unsigned order = 2; order <= 3 && step < i; order++) { /* as it was then */
                assert_int_equal(diary.histories[i].step_contexts[step][order - 2],
                    hb_history_context(&diary.histories[i - step - 1], order));
            }
        }
    }
    /* In place 8 since 1800 s: at 3600 s for half an hour, class 4 (1800..3600 s). */
    assert_int_equal(diary.histories[4].step_dwells[0], 4);
    assert_int_equal(diary.histories[2].step_dwells[0], 0);
}

static void out_of_sight_is_not_a_stay(void **state)
{
    (void)state;
    struct hb_history history;
    struct diary diary = { 0 };
    hb_history_init(&history);
    see(&history, &diary, 0.0, 5);
    see(&history, &diary, 1000.0, HB_NONE);
    see(&history, &diary, 2800.0, 6);
    see(&history, &diary, 3700.0, 7);
    assert_int_equal(diary.count, 5);
    assert_int_equal(diary.histories[2].place, HB_NONE);
    assert_int_equal(diary.histories[4].place, 6);
    assert_int_equal(diary.histories[4].step_places[0], HB_NONE);
    assert_int_equal(diary.histories[4].step_places[2], 5);
    assert_int_equal(hb_history_context(&history, 3), 0);
    /* Nor does a place from before the gap count among the last three. */
    see(&history, &diary, 3710.0, HB_NONE);
    see(&history, &diary, 3720.0, 8);
    assert_int_equal(hb_history_context(&history, 2), 0);
    assert_int_equal(hb_history_context(&history, 3), 0);
    /* Long out of sight: nothing of the last hour is left, and no loop over the gap. */
    see(&history, &diary, 3800.0, HB_NONE);
    see(&history, &diary, 1e9 + 300.0, 6);
    see(&history, &diary, 1e9 + 1300.0, 6);
    assert_true(diary.count < 12);
    assert_int_equal(diary.histories[diary.count - 1].step_places[0], HB_NONE);
}

static void two_days_of_silence_end_a_stay(void **state)
{
    (void)state;
    struct hb_history history;
    hb_history_init(&history);
    struct diary *diary = calloc(1, sizeof *diary);
    see(&history, diary, 0.0, 5);
    for (int i = 0; i < 4; i++) { /* heard of in between: still the same stay */
        diary->count = 0;
        see(&history, diary, 40000.0 * (i + 1), 5);
    }
    assert_int_equal(hb_history_dwell(&history, hb_units_ns(160000.0)), HB_HISTORY_DWELLS - 1);
    assert_int_equal(history.since_ns, 0);
    free(diary);
}

static void a_step_back_in_time_starts_afresh(void **state)
{
    (void)state;
    struct hb_history history;
    struct diary diary = { 0 };
    hb_history_init(&history);
    see(&history, &diary, 5000.0, 5);
    see(&history, &diary, 4000.0, 6);
    assert_int_equal(history.place, 6);
    assert_int_equal(history.before[0], HB_NONE);
    assert_int_equal(history.next_ns, hb_units_ns(4500.0));
    see(&history, &diary, -100.0, 7);
    assert_int_equal(history.next_ns, 0);
    assert_int_equal(diary.count, 0);
    /* Also to an instant of the present stay. */
    see(&history, &diary, 5000.0, 7);
    assert_int_equal(history.since_ns, hb_units_ns(-100.0));
    see(&history, &diary, 2000.0, 8);
    assert_int_equal(history.before[0], HB_NONE);
    assert_int_equal(history.next_ns, hb_units_ns(2700.0));
    for (int step = 0; step < HB_HISTORY_STEPS; step++) {
        assert_int_equal(history.step_places[step], HB_NONE);
    }
}

static void learn_nothing(void *ctx, uint32_t client, const struct hb_history *history,
    int64_t at_ns)
{
    (void)ctx;
    (void)client;
    assert_true(at_ns >= history->since_ns);
}

static void no_instant_is_too_far(void **state)
{
    (void)state;
    static const int64_t far_ns[] = { INT64_MIN, INT64_MAX, 0, INT64_MAX, INT64_MIN, -1 };
    struct hb_history history;
    hb_history_init(&history);
    for (uint32_t i = 0; i < sizeof far_ns / sizeof far_ns[0]; i++) {
        struct hb_observation seen = { .at_ns = far_ns[i], .client = 11, .place = i };
        hb_history_observe(&history, &seen, learn_nothing, NULL);
        assert_int_equal(history.place, i);
        assert_int_equal(hb_history_dwell(&history, INT64_MIN), 0);
        assert_true(hb_history_dwell(&history, INT64_MAX) < HB_HISTORY_DWELLS);
    }
}

static void contexts_tell_the_last_places_apart(void **state)
{
    (void)state;
    static const uint32_t walks[3][3] = { { 1, 2, 3 }, { 4, 2, 3 }, { 1, 5, 3 } };
    uint32_t of_two[3], of_three[3];
    for (int i = 0; i < 3; i++) {
        struct hb_history history;
        struct diary diary = { 0 };
        hb_history_init(&history);
        for (int k = 0; k < 3; k++) {
            see(&history, &diary, 10.0 + k, walks[i][k]);
        }
        of_two[i] = hb_history_context(&history, 2);
        of_three[i] = hb_history_context(&history, 3);
    }
    assert_int_equal(of_two[0], of_two[1]);
    assert_int_not_equal(of_two[0], of_two[2]);
    assert_int_not_equal(of_three[0], of_three[1]);
    assert_int_not_equal(of_three[0], of_three[2]);
}

static void horizons_fall_between_their_steps(void **state)
{
    (void)state;
    struct hb_history_bracket b = hb_history_bracket_of(900.0 * 2.3);
    assert_int_equal(b.lo, 2);
    assert_int_equal(b.hi, 3);
    assert_near(b.weight, 0.3, 1e-12);
    b = hb_history_bracket_of(450.0);
    assert_int_equal(b.lo, 0);
    assert_near(b.weight, 0.5, 1e-12);
    b = hb_history_bracket_of(1e5);
    assert_int_equal(b.lo, 4);
    assert_near(b.weight, 0.0, 0.0);
    b = hb_history_bracket_of(NAN);
    assert_int_equal(b.lo, 0);
    assert_int_equal(b.hi, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grid_knows_where_it_was_an_hour_back),
        cmocka_unit_test(out_of_sight_is_not_a_stay),
        cmocka_unit_test(two_days_of_silence_end_a_stay),
        cmocka_unit_test(a_step_back_in_time_starts_afresh),
        cmocka_unit_test(no_instant_is_too_far),
        cmocka_unit_test(contexts_tell_the_last_places_apart),
        cmocka_unit_test(horizons_fall_between_their_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
