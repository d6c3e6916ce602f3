/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/habit.h"

static unsigned moves_between(const struct hb_habit *habit, uint32_t from, uint32_t to,
    unsigned step)
{
    unsigned a = hb_habit_index(habit, from), b = hb_habit_index(habit, to), sum = 0;
    for (int i = 0; i < HB_HABIT_MOVES; i++) {
        sum += habit->from_to[i] == (a << 4 | b) ? habit->counts[i][step] : 0;
    }
    return sum;
}

static void moves_are_counted_by_step(void **state)
{
    (void)state;
    struct hb_habit habit = { 0 };
    hb_habit_visit(&habit, 70);
    hb_habit_visit(&habit, 71);
    for (int i = 0; i < 7; i++) {
        hb_habit_move(&habit, 2, 70, 71);
    }
    hb_habit_move(&habit, 0, 70, 71);
    hb_habit_move(&habit, 0, 71, 70);
    hb_habit_move(&habit, 0, 70, 99); /* not an own place */
    assert_int_equal(moves_between(&habit, 70, 71, 2), 7);
    assert_int_equal(moves_between(&habit, 70, 71, 0), 1);
    assert_int_equal(moves_between(&habit, 71, 70, 0), 1);
    assert_int_equal(hb_habit_index(&habit, 99), HB_HABIT_PLACES);
}

static void the_rarest_place_makes_room_with_its_moves(void **state)
{
    (void)state;
    struct hb_habit habit = { 0 };
    for (uint32_t place = 0; place < HB_HABIT_PLACES; place++) {
        for (uint32_t i = 0; i < (place == 6 ? 1u : 3u); i++) {
            hb_habit_visit(&habit, place);
        }
    }
    hb_habit_move(&habit, 1, 5, 6);
    hb_habit_move(&habit, 1, 5, 7);
    hb_habit_visit(&habit, 1000);
    assert_int_equal(hb_habit_index(&habit, 6), HB_HABIT_PLACES);
    assert_int_equal(hb_habit_index(&habit, 1000), 6);
    assert_int_equal(moves_between(&habit, 5, 1000, 1), 0);
    assert_int_equal(moves_between(&habit, 5, 7, 1), 1);
}

static void shares_stay_when_counts_fade(void **state)
{
    (void)state;
    struct hb_habit habit = { 0 };
    hb_habit_visit(&habit, 70);
    hb_habit_visit(&habit, 71);
    hb_habit_visit(&habit, 72);
    for (int i = 0; i < 4000; i++) {
        hb_habit_move(&habit, 0, 70, i % 4 == 0 ? 71 : 72);
        hb_habit_move(&habit, 0, 71, 72);
    }
    double rare = moves_between(&habit, 70, 71, 0), often = moves_between(&habit, 70, 72, 0);
    assert_near(rare / (rare + often), 0.25, 0.01);
    assert_true(moves_between(&habit, 71, 72, 0) >= 127);
}

static void visits_fade_before_they_overflow(void **state)
{
    (void)state;
    struct hb_habit habit = { 0 };
    hb_habit_visit(&habit, 71);
    for (int i = 0; i < 100000; i++) {
        hb_habit_visit(&habit, 70);
    }
    assert_int_equal(habit.visits[hb_habit_index(&habit, 71)], 1);
    assert_true(habit.visits[hb_habit_index(&habit, 70)] > 32000);
}

static void the_rarest_move_makes_room(void **state)
{
    (void)state;
    struct hb_habit habit = { 0 };
    for (uint32_t place = 0; place < 6; place++) {
        hb_habit_visit(&habit, place);
    }
    for (uint32_t i = 0; i < HB_HABIT_MOVES; i++) {
        for (uint32_t k = 0; k < (i == 4 ? 2u : 5u); k++) {
            hb_habit_move(&habit, 3, i / 6, i % 6);
        }
    }
    hb_habit_move(&habit, 3, 5, 5);
    assert_int_equal(moves_between(&habit, 5, 5, 3), 1);
    assert_int_equal(moves_between(&habit, 0, 4, 3), 0);
    assert_int_equal(moves_between(&habit, 2, 5, 3), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_are_counted_by_step),
        cmocka_unit_test(the_rarest_place_makes_room_with_its_moves),
        cmocka_unit_test(shares_stay_when_counts_fade),
        cmocka_unit_test(visits_fade_before_they_overflow),
        cmocka_unit_test(the_rarest_move_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
