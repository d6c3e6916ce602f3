/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/stay.h"

static struct hb_stay *created(uint32_t capacity)
{
    struct hb_stay *stay = NULL;
    assert_int_equal(hb_stay_create(capacity, &stay), HB_OK);
    return stay;
}

/* By hand: 6 of 10 stayed, all alike. usual (6 + 1)/12 = 7/12; dwell (6 + 16 x 7/12)/26 =
 * 23/39; clock (6 + 16 x 23/39)/26 = 301/507; place (6 + 8 x 7/12)/18 = 16/27;
 * here: odds 16/11 x 301/206 x 5/7 = 24080/15862, p 12040/19971; (6 + 8 p)/18. */
static void rates_follow_the_hand_count(void **state)
{
    (void)state;
    struct hb_stay *stay = created(40);
    struct hb_stay_case seen = { .place = 321, .step = 2, .dwell = 3, .clock = 5 };
    for (int i = 0; i < 10; i++) {
        hb_stay_count(stay, &seen, i < 6);
    }
    struct hb_stay_rates rates = hb_stay_rates_of(stay, &seen);
    assert_near(rates.anywhere, 301.0 / 507.0, 1e-12);
    assert_near(rates.place, 16.0 / 27.0, 1e-12);
    assert_near(rates.here, (6.0 + 8.0 * 12040.0 / 19971.0) / 18.0, 1e-12);
    seen.place = 322;
    assert_near(hb_stay_rates_of(stay, &seen).place, 7.0 / 12.0, 1e-12);
    hb_stay_free(stay);
    hb_stay_free(NULL);
}

static void places_differ_and_the_rare_make_room(void **state)
{
    (void)state;
    struct hb_stay *stay = created(4);
    size_t bytes = hb_stay_bytes(stay);
    for (uint32_t i = 0; i < 3000; i++) {
        hb_stay_count(stay, &(struct hb_stay_case){ .place = 1 }, 1);
        hb_stay_count(stay, &(struct hb_stay_case){ .place = 2 }, i % 2 == 0);
        hb_stay_count(stay, &(struct hb_stay_case){ .place = 100 + i }, 0);
    }
    assert_near(hb_stay_rates_of(stay, &(struct hb_stay_case){ .place = 1 }).here, 1.0, 0.01);
    assert_near(hb_stay_rates_of(stay, &(struct hb_stay_case){ .place = 2 }).here, 0.5, 0.01);
    assert_int_equal(hb_stay_bytes(stay), bytes);
    for (int i = 0; i < 200000; i++) { /* past 16 bits */
        hb_stay_count(stay, &(struct hb_stay_case){ .place = 2 }, i % 4 == 0);
    }
    assert_near(hb_stay_rates_of(stay, &(struct hb_stay_case){ .place = 2 }).here, 0.25, 0.01);
    hb_stay_free(stay);
}

/* Whose odds would be infinite: one class in which two million stayed and nobody ever left. */
static void however_many_stay_leaving_keeps_a_chance(void **state)
{
    (void)state;
    struct hb_stay *stay = created(40);
    const struct hb_stay_case seen = { .place = 321, .step = 1, .dwell = 7, .clock = 2 };
    for (int i = 0; i < 2000000; i++) {
        hb_stay_count(stay, &seen, 1);
    }
    struct hb_stay_rates rates = hb_stay_rates_of(stay, &seen);
    const double all[] = { rates.anywhere, rates.place, rates.here };
    for (int i = 0; i < 3; i++) {
        assert_true(all[i] > 0.999 && all[i] < 1.0);
    }
    hb_stay_free(stay);
}

static void clocks_are_three_hours_of_work_days_or_weekends(void **state)
{
    (void)state;
    assert_int_equal(hb_stay_clock(0), 0); /* Thursday, midnight */
    assert_int_equal(hb_stay_clock(10800), 1);
    assert_int_equal(hb_stay_clock(2 * 86400 - 1), 7); /* Friday, before midnight */
    assert_int_equal(hb_stay_clock(2 * 86400), 8); /* Saturday */
    assert_int_equal(hb_stay_clock(4 * 86400), 0); /* Monday */
    assert_int_equal(hb_stay_clock(-1), 7); /* Wednesday */
    assert_int_equal(hb_stay_clock(-4 * 86400), 8); /* Sunday */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_follow_the_hand_count),
        cmocka_unit_test(places_differ_and_the_rare_make_room),
        cmocka_unit_test(however_many_stay_leaving_keeps_a_chance),
        cmocka_unit_test(clocks_are_three_hours_of_work_days_or_weekends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
