/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/predicting.h"

#include "core/persistence.h"

static struct hb_predictor *created(void)
{
    struct hb_predictor *predictor = NULL;
    assert_int_equal(hb_persistence_create(40, &predictor), HB_OK);
    return predictor;
}

static void the_guess_is_the_place_now(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created();
    see(predictor, 7, 100.0, 31);
    see(predictor, 7, 200.0, 32);
    struct hb_prediction got = ask(predictor, 7, 300.0, 2000.0);
    assert_int_equal(got.guess_count, 1);
    assert_int_equal(got.guesses[0].place, 32);
    assert_near((double)got.horizon_s, 2000.0, 0.0);
    assert_string_equal(hb_predictor_name(predictor), "persistence");
    hb_predictor_free(predictor);
}

static void before_any_count_it_is_even_odds(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created();
    see(predictor, 7, 100.0, 31);
    assert_near(asked(predictor, 7, 101.0, 900.0, 31),
        0.5, 1e-6);
    assert_int_equal(ask(predictor, 8, 101.0, 900.0).guess_count, 0);
    see(predictor, 7, 500.0, HB_NONE);
    assert_int_equal(ask(predictor, 7, 501.0, 900.0).guess_count, 0);
    hb_predictor_free(predictor);
}

/* 30 clients leave with probability 0.2 at each grid instant for 400 instants:
 * of 12,000 about 0.8^h stay h steps (standard error 0.005; the shrinkage
 * moves less). Within 0.03 for all dwells (error rate below 1e-5; seed fixed). */
static void confidence_is_the_share_that_stays(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created();
    uint64_t seed = 991;
    uint32_t place = 0;
    for (uint32_t client = 0; client < 30; client++) {
        for (int slot = 0; slot < 400; slot++) {
            place += drawn(&seed) < 0.2;
            see(predictor, client, 900.0 * slot, place);
        }
    }
    see(predictor, 35, 1e6, 1);
    for (int step = 1; step <= 4; step++) {
        struct hb_prediction got = ask(predictor, 35, 1e6 + 3.0, 900.0 * step);
        assert_near((double)got.guesses[0].confidence, pow(0.8, step), 0.03);
    }
    double at_15 = asked(predictor, 35, 1e6, 900.0, 1);
    double at_30 = asked(predictor, 35, 1e6, 1800.0, 1);
    struct hb_prediction between = ask(predictor, 35, 1e6, 900.0 + 0.4 * 900.0);
    assert_near(confidence_of(&between, 1), 0.6 * at_15 + 0.4 * at_30, 1e-6);
    struct hb_prediction soon = ask(predictor, 35, 1e6, 450.0);
    assert_near(confidence_of(&soon, 1), 0.5 + 0.5 * at_15, 1e-6);
    hb_predictor_free(predictor);
}

/* Half of the stays last an hour more once they have lasted an hour. */
static void a_long_dwell_tells_a_longer_one(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created();
    for (uint32_t client = 0; client < 30; client++) {
        for (int visit = 0; visit < 40; visit++) {
            double start_s = 43200.0 * visit;
            see(predictor, client, start_s, 2);
            see(predictor, client, start_s + (visit % 2 == 0 ? 950.0 : 36000.0), HB_NONE - 1);
            see(predictor, client, start_s + 36100.0, HB_NONE);
        }
    }
    see(predictor, 35, 4e6, 2);
    struct hb_prediction fresh = ask(predictor, 35, 4e6, 1800.0);
    struct hb_prediction settled = ask(predictor, 35, 4e6 + 5000.0, 1800.0);
    assert_true(confidence_of(&settled, 2) > confidence_of(&fresh, 2) + 0.2);
    hb_predictor_free(predictor);
}

static void a_capacity_of_0_is_refused(void **state)
{
    (void)state;
    struct hb_predictor *predictor = NULL;
    assert_int_equal(hb_persistence_create(0, &predictor), HB_ERR_RANGE);
    assert_null(predictor);
}

static void forgetting_leaves_nothing(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created();
    see(predictor, 7, 100.0, 31);
    hb_predictor_forget(predictor, 7);
    assert_int_equal(ask(predictor, 7, 101.0, 900.0).guess_count, 0);
    assert_true(hb_predictor_bytes(predictor) < 40 * 256 + 8192);
    hb_predictor_free(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guess_is_the_place_now),
        cmocka_unit_test(before_any_count_it_is_even_odds),
        cmocka_unit_test(confidence_is_the_share_that_stays),
        cmocka_unit_test(a_long_dwell_tells_a_longer_one),
        cmocka_unit_test(a_capacity_of_0_is_refused),
        cmocka_unit_test(forgetting_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
