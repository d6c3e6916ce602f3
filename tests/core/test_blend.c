/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/blend.h"

/* By hand: 5 and 2 of 8, one lost, kinds 3: 5/11, 2/11, elsewhere 1/11 + 3/11. A finer
 * level of 4 at place 9: kinds 1: (4 + 2/11)/5, 5/55, elsewhere 4/55. */
static void refinement_follows_the_hand_count(void **state)
{
    (void)state;
    struct hb_blend blend = { .elsewhere = 1.0 };
    struct hb_blend_level coarse = { .lost = 1.0 }, fine = { 0 }, empty = { 0 };
    hb_blend_level_add(&coarse, 7, 5.0);
    hb_blend_level_add(&coarse, 9, 2.0);
    hb_blend_level_add(&fine, 9, 4.0);
    hb_blend_refine(&blend, &coarse);
    assert_near(blend.elsewhere, 4.0 / 11.0, 1e-12);
    hb_blend_refine(&blend, &fine);
    hb_blend_refine(&blend, &empty);
    struct hb_prediction got = { 0 };
    hb_blend_take(&blend, &got);
    assert_int_equal(got.guess_count, 2);
    assert_int_equal(got.guesses[0].place, 9);
    assert_near((double)got.guesses[0].confidence, (4.0 + 2.0 / 11.0) / 5.0, 1e-6);
    assert_near((double)got.guesses[1].confidence, 5.0 / 55.0, 1e-6);
    assert_near((double)got.elsewhere, 4.0 / 55.0, 1e-6);
}

static void the_best_ten_come_first_and_lower_places_among_equals(void **state)
{
    (void)state;
    struct hb_blend blend = { .elsewhere = 0.1 };
    for (uint32_t i = 0; i < 12; i++) {
        hb_blend_add(&blend, (i * 5) % 12 + 100, 0.075);
    }
    hb_blend_add(&blend, 111, 0.0001);
    struct hb_prediction got = { 0 };
    hb_blend_take(&blend, &got);
    assert_int_equal(got.guess_count, HB_GUESS_MAX);
    assert_int_equal(got.guesses[0].place, 111);
    for (uint32_t i = 1; i < HB_GUESS_MAX; i++) {
        assert_int_equal(got.guesses[i].place, 99 + i);
    }
    assert_near((double)got.elsewhere, 1.0 - 10 * 0.075 - 0.0001, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refinement_follows_the_hand_count),
        cmocka_unit_test(the_best_ten_come_first_and_lower_places_among_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
