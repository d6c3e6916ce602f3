/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/trail.h"

#include <stdlib.h>

#include "tests/support/assert_near.h"

static struct hb_trail *trail_of(uint32_t capacity)
{
    struct hb_trail *trail = malloc(hb_trail_bytes(capacity));
    assert_non_null(trail);
    hb_trail_init(trail, capacity);
    return trail;
}

static void add(struct hb_trail *trail, int32_t slot, uint32_t place, uint32_t is_first)
{
    struct hb_trail_now now = { .slot = slot, .place = place, .is_first = is_first };
    hb_trail_add(trail, &now);
}

static void a_stay_is_one_visit_and_a_move_begins_another(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(5);
    add(trail, 1900000, 73, 1);
    add(trail, 1900001, 73, 0);
    add(trail, 1900002, 73, 0);
    add(trail, 1900003, 11, 0);
    add(trail, 1900009, 11, 1); /* a new session */
    assert_int_equal(trail->visit_count, 3);
    assert_int_equal(trail->slots_seen, 5);
    struct hb_trail_visit visit = hb_trail_visit(trail, 0);
    assert_int_equal(visit.clock, 1900000 % 96);
    assert_int_equal(visit.place, 73);
    assert_int_equal(visit.count, 3);
    assert_int_equal(visit.is_first, 1);
    visit = hb_trail_visit(trail, 1);
    assert_int_equal(visit.clock, 1900003 % 96);
    assert_int_equal(visit.is_first, 0);
    assert_int_equal(visit.is_next, 1);
    visit = hb_trail_visit(trail, 2);
    assert_int_equal(visit.is_first, 1);
    assert_int_equal(visit.is_next, 0);
    assert_int_equal(visit.clock, 1900009 % 96);
    assert_int_equal(trail->end_slot, 1900010);
    free(trail);
}

static void the_ring_forgets_the_oldest(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(3);
    for (int32_t i = 0; i < 8; i++) {
        add(trail, i - 4, 100 + (uint32_t)i, i == 0); /* slots before 1970 too */
    }
    assert_int_equal(trail->visit_count, 3);
    assert_int_equal(trail->slots_seen, 8);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(hb_trail_visit(trail, i).place, 105 + i);
        assert_int_equal(hb_trail_visit(trail, i).clock, 1 + i);
    }
    free(trail);
}

static void slots_before_1970_have_a_time_of_day(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(2);
    add(trail, -1, 5, 1);
    add(trail, -97, 5, 1);
    assert_int_equal(hb_trail_visit(trail, 0).clock, 95);
    assert_int_equal(hb_trail_visit(trail, 1).clock, 95);
    free(trail);
}

/* Days later at the same time of day is not the next slot. */
static void a_gap_of_days_ends_a_stay(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(6);
    struct hb_trail_now visit = { .slot = 40, .place = 2, .is_first = 1 };
    hb_trail_add_visit(trail, &visit);
    visit = (struct hb_trail_now) { .slot = 41 + 96 * 3, .place = 2 };
    assert_int_equal(hb_trail_dwell(trail, &visit), 1);
    hb_trail_add_visit(trail, &visit);
    visit.slot++;
    assert_int_equal(hb_trail_dwell(trail, &visit), 2);
    hb_trail_add_visit(trail, &visit);
    visit.slot++;
    assert_int_equal(hb_trail_dwell(trail, &visit), 3);
    free(trail);
}

static void the_largest_place_and_an_unknown_one_are_kept_apart(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(4);
    add(trail, 5, HB_TRAIL_PLACE_MAX, 1);
    add(trail, 6, HB_TRAIL_PLACE_MAX + 1, 0);
    add(trail, 7, UINT32_MAX, 0);
    assert_int_equal(hb_trail_visit(trail, 0).place, HB_TRAIL_PLACE_MAX);
    assert_int_equal(hb_trail_visit(trail, 1).place, HB_TRAIL_UNKNOWN);
    assert_int_equal(hb_trail_visit(trail, 2).place, HB_TRAIL_UNKNOWN);
    free(trail);
}

static void dwell_and_places_before_are_those_of_the_session(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(9);
    struct hb_trail_now now = { .slot = 20, .place = 4, .is_first = 1 };
    assert_int_equal(hb_trail_dwell(trail, &now), 1);
    assert_int_equal(hb_trail_before(trail, &now, 1), HB_TRAIL_UNKNOWN);
    add(trail, 20, 4, 1);
    add(trail, 21, 6, 0);
    add(trail, 22, 7, 0);
    add(trail, 23, 7, 0);
    now = (struct hb_trail_now) { .slot = 24, .place = 7 };
    assert_int_equal(hb_trail_dwell(trail, &now), 3);
    assert_int_equal(hb_trail_before(trail, &now, 1), 6);
    assert_int_equal(hb_trail_before(trail, &now, 2), 4);
    now.place = 6;
    assert_int_equal(hb_trail_dwell(trail, &now), 1);
    assert_int_equal(hb_trail_before(trail, &now, 1), 7);
    assert_int_equal(hb_trail_before(trail, &now, 2), 6);
    assert_int_equal(hb_trail_before(trail, &now, 4), HB_TRAIL_UNKNOWN);
    now.is_first = 1;
    assert_int_equal(hb_trail_before(trail, &now, 1), HB_TRAIL_UNKNOWN);
    free(trail);
}

static void a_stay_longer_than_a_visit_can_count_goes_on_in_another(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(4);
    add(trail, 99, 8, 1);
    for (int32_t i = 0; i < HB_TRAIL_COUNT_MAX + 5; i++) {
        add(trail, 100 + i, 3, 0);
    }
    assert_int_equal(trail->visit_count, 3);
    assert_int_equal(hb_trail_visit(trail, 1).count, HB_TRAIL_COUNT_MAX);
    assert_int_equal(hb_trail_visit(trail, 2).count, 5);
    struct hb_trail_now now = { .slot = 100 + HB_TRAIL_COUNT_MAX + 5, .place = 3 };
    assert_int_equal(hb_trail_dwell(trail, &now), HB_TRAIL_COUNT_MAX + 6);
    assert_int_equal(hb_trail_before(trail, &now, 1), 8);
    free(trail);
}

static void visits_as_events_never_join(void **state)
{
    (void)state;
    struct hb_trail *trail = trail_of(4);
    for (int32_t i = 0; i < 3; i++) {
        struct hb_trail_now visit = { .slot = 50 + i, .place = 2, .is_first = i == 0 };
        hb_trail_add_visit(trail, &visit);
    }
    assert_int_equal(trail->visit_count, 3);
    free(trail);
}

static void it_fits_beside_the_state_of_128_units_in_2_kib(void **state)
{
    (void)state;
    assert_int_equal(hb_trail_bytes(120), 16 + 120 * 5);
    assert_true(hb_trail_bytes(120) + 2 * 128 * 4 <= 2048 - 400);
    assert_true(hb_trail_bytes(56) + 2 * 128 * 2 < 1024 - 192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stay_is_one_visit_and_a_move_begins_another),
        cmocka_unit_test(the_ring_forgets_the_oldest),
        cmocka_unit_test(slots_before_1970_have_a_time_of_day),
        cmocka_unit_test(a_gap_of_days_ends_a_stay),
        cmocka_unit_test(the_largest_place_and_an_unknown_one_are_kept_apart),
        cmocka_unit_test(dwell_and_places_before_are_those_of_the_session),
        cmocka_unit_test(a_stay_longer_than_a_visit_can_count_goes_on_in_another),
        cmocka_unit_test(visits_as_events_never_join),
        cmocka_unit_test(it_fits_beside_the_state_of_128_units_in_2_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
