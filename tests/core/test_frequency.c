/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/predicting.h"

#include "core/frequency.h"

static struct hb_predictor *created(uint32_t place_capacity)
{
    struct hb_frequency_config config = { 40, place_capacity };
    struct hb_predictor *predictor = NULL;
    assert_int_equal(hb_frequency_create(&config, &predictor), HB_OK);
    return predictor;
}

/* Grid instants spent in place, from start_s on; returns the next instant. */
static double spend(struct hb_predictor *predictor, uint32_t client, double start_s,
    uint32_t place, int instants)
{
    see(predictor, client, start_s, place);
    return start_s + 900.0 * instants;
}

/* By hand: client 1 spends 6 instants in place 70, 3 in 71, 1 in 72. Everybody the same:
 * 6, 3, 1 of 10 with 3 kinds: 6/13, 3/13, 1/13, elsewhere 3/13. Own level once
 * more: (6 + 3 x 6/13) / 13 = 96/169, 48/169, 16/169, elsewhere 9/169. The
 * first is calibrated, so ratios of the others are compared. */
static void shares_follow_the_hand_count(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created(0);
    double at_s = spend(predictor, 1, 0.0, 71, 3);
    at_s = spend(predictor, 1, at_s, 70, 6);
    see(predictor, 1, at_s, 72);
    struct hb_prediction got = ask(predictor, 1, at_s, 1800.0);
    assert_int_equal(got.guess_count, 3);
    assert_int_equal(got.guesses[0].place, 70);
    assert_int_equal(got.guesses[1].place, 71);
    assert_near(confidence_of(&got, 71) / (double)got.elsewhere, 48.0 / 9.0, 1e-5);
    assert_near(confidence_of(&got, 72) / (double)got.elsewhere, 16.0 / 9.0, 1e-5);
    hb_predictor_free(predictor);
}

/* A place that has made its way is not the one that makes room for strangers: what is counted
 * after 20 of them adds to what was before. By hand, everybody: 600 of 621 with 22 kinds, halved
 * by the one own place of who asks: .47; were it counted anew, .23. */
static void strangers_do_not_oust_a_common_place(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created(8);
    double at_s = spend(predictor, 1, 0.0, 70, 100);
    for (int day = 0; day < 2; day++) { /* two days of silence would end a stay */
        at_s = spend(predictor, 1, at_s, 70, 100);
    }
    for (uint32_t i = 0; i < 20; i++) {
        at_s = spend(predictor, 1, at_s, 100 + i, 1);
    }
    for (int day = 0; day < 3; day++) {
        at_s = spend(predictor, 1, at_s, 70, 100);
    }
    see(predictor, 1, at_s, 71);
    see(predictor, 2, at_s, 50);
    assert_true(asked(predictor, 2, at_s, 900.0, 70) > 0.35);
    hb_predictor_free(predictor);
}

static void a_newcomer_is_told_everybodys_places(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created(0);
    for (uint32_t client = 0; client < 5; client++) {
        double at_s = spend(predictor, client, 0.0, 55, 30);
        see(predictor, client, spend(predictor, client, at_s, 56, 10), 57);
    }
    assert_int_equal(ask(predictor, 9, 1e5, 900.0).guess_count, 0);
    see(predictor, 9, 1e5 + 1.0, 99); /* off the grid: nothing of its own counted yet */
    struct hb_prediction got = ask(predictor, 9, 1e5 + 1.0, 900.0);
    assert_int_equal(got.guesses[0].place, 55);
    assert_int_equal(got.guesses[1].place, 56);
    hb_predictor_forget(predictor, 9);
    assert_int_equal(ask(predictor, 9, 1e5 + 2.0, 900.0).guess_count, 0);
    hb_predictor_free(predictor);
}

/* 20 places in turn, one of them half of the time: it survives the churn. */
static void the_rarest_own_place_makes_room(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created(8);
    size_t bytes = hb_predictor_bytes(predictor);
    double at_s = 0.0;
    for (uint32_t i = 0; i < 4000; i++) {
        at_s = spend(predictor, 2, at_s, i % 2 == 0 ? 500 : 501 + i % 40, 1);
    }
    see(predictor, 2, at_s, 500);
    struct hb_prediction got = ask(predictor, 2, at_s, 900.0);
    assert_int_equal(got.guesses[0].place, 500);
    assert_int_equal(got.guess_count, HB_GUESS_MAX);
    assert_int_equal(hb_predictor_bytes(predictor), bytes);
    hb_predictor_free(predictor);
}

/* 60 places of everybody, place 1000 + i for i + 1 instants: a newcomer is told the
 * longest, in order, though only some are kept sorted and one set overflows. */
static void the_commonest_of_many_places_come_first(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created(0);
    for (uint32_t i = 0; i < 60; i++) {
        double at_s = spend(predictor, i % 30, 200000.0 * i, 1000 + i, (int)i + 1);
        see(predictor, i % 30, at_s, HB_NONE);
    }
    see(predictor, 35, 2e7 + 1.0, 99);
    struct hb_prediction got = ask(predictor, 35, 2e7 + 1.0, 900.0);
    for (uint32_t i = 0; i < HB_GUESS_MAX; i++) {
        assert_int_equal(got.guesses[i].place, 1059 - i);
    }
    hb_predictor_free(predictor);
}

/* In a table of one set a common place, pushed out by churn, counts anew
 * from 1 but keeps its old rank. */
static void a_place_that_lost_its_row_keeps_its_rank(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created(8);
    double at_s = 0.0;
    at_s = spend(predictor, 1, at_s, 50, 4);
    for (uint32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < 8; i++) {
            at_s = spend(predictor, 1, at_s, 60 + i, 1);
        }
    }
    at_s = spend(predictor, 1, at_s, 50, 1);
    see(predictor, 1, at_s, 51);
    see(predictor, 2, at_s + 1.0, 99);
    assert_true(asked(predictor, 2, at_s + 1.0, 900.0, 50) > 0.0);
    hb_predictor_free(predictor);
}

static void a_capacity_of_0_is_refused(void **state)
{
    (void)state;
    struct hb_predictor *predictor = NULL;
    assert_int_equal(hb_frequency_create(&(struct hb_frequency_config){ 0, 7 }, &predictor),
        HB_ERR_RANGE);
    assert_null(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_the_hand_count),
        cmocka_unit_test(strangers_do_not_oust_a_common_place),
        cmocka_unit_test(a_newcomer_is_told_everybodys_places),
        cmocka_unit_test(the_rarest_own_place_makes_room),
        cmocka_unit_test(the_commonest_of_many_places_come_first),
        cmocka_unit_test(a_place_that_lost_its_row_keeps_its_rank),
        cmocka_unit_test(a_capacity_of_0_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
