/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/selfcheck.h"
#include "core/units.h"

static struct hb_selfcheck check;

/* What the forecast is told, and what it says: place 5 with 0.7, place 6 with 0.2. */
struct oracle {
    int count;
    struct hb_question asked;
};

static struct oracle oracle;

static void forecast(const void *self, const struct hb_question *question,
    struct hb_prediction *out)
{
    assert_ptr_equal(self, &oracle);
    oracle.count++;
    oracle.asked = *question;
    *out = (struct hb_prediction) { .horizon_s = question->horizon_s, .elsewhere = 0.1f,
        .guess_count = 2, .guesses = { { 5, 0.7f }, { 6, 0.2f } } };
}

static void at(double at_s, uint32_t client, uint32_t place)
{
    struct hb_observation seen
        = { .at_ns = hb_units_ns(at_s), .client = client, .place = place };
    hb_selfcheck_at(&check, &seen, forecast, &oracle);
}

/* 0.7 falls into bin 11 of 16. */
static void assert_counted(unsigned step, double count, double hits)
{
    assert_near(check.calibration.bins[step][11].count, count, 0.0);
    assert_near(check.calibration.bins[step][11].hits, hits, 0.0);
}

static int reset(void **state)
{
    (void)state;
    hb_selfcheck_init(&check);
    oracle = (struct oracle) { .count = 0 };
    return 0;
}

static void each_horizon_is_asked_in_turn_and_judged_when_it_has_come(void **state)
{
    (void)state;
    at(0.0, 3, 9);
    assert_near((double)oracle.asked.horizon_s, 900.0, 0.0);
    assert_int_equal(oracle.asked.client, 3);
    assert_int_equal(oracle.asked.at_ns, 0);
    at(900.0, 3, 5); /* there, as said; the next question at once */
    assert_counted(0, 1.0, 1.0);
    assert_near((double)oracle.asked.horizon_s, 1800.0, 0.0);
    at(1800.0, 3, 5); /* not due yet */
    assert_int_equal(oracle.count, 2);
    assert_counted(1, 0.0, 0.0);
    at(2700.0, 3, 6); /* elsewhere */
    assert_counted(1, 1.0, 0.0);
    assert_near((double)oracle.asked.horizon_s, 2700.0, 0.0);
    at(5400.0, 3, HB_NONE); /* out of sight: neither true nor false, and nothing to ask */
    assert_counted(2, 0.0, 0.0);
    assert_int_equal(oracle.count, 3);
    at(6300.0, 3, 5);
    assert_near((double)oracle.asked.horizon_s, 3600.0, 0.0);
    at(10800.0, 3, 5); /* the instant itself has passed unseen */
    assert_counted(3, 0.0, 0.0);
    assert_near((double)oracle.asked.horizon_s, 900.0, 0.0);
    assert_counted(0, 1.0, 1.0);
}

static void who_shares_a_slot_does_not_answer_for_another(void **state)
{
    (void)state;
    at(0.0, 3, 9);
    at(0.0, 3 + HB_SELFCHECK_SLOTS, 9); /* taken */
    assert_int_equal(oracle.count, 1);
    at(900.0, 3 + HB_SELFCHECK_SLOTS, 5); /* not its forecast; the slot is still the other's */
    assert_counted(0, 0.0, 0.0);
    assert_int_equal(oracle.count, 1);
    hb_selfcheck_forget(&check, 3 + HB_SELFCHECK_SLOTS);
    at(900.0, 3, 5);
    assert_counted(0, 1.0, 1.0);
    hb_selfcheck_forget(&check, 3); /* with its second forecast, due at 2700 s */
    at(2700.0, 3, 5);
    assert_counted(1, 0.0, 0.0);
    assert_int_equal(oracle.count, 3);
}

/* 500 forecasts of 0.7 of which one in five came true: by the bins' prior of 20 as said,
 * (100 + 14) / 520. The rest keeps its proportions. */
static void what_does_not_come_true_is_said_more_softly(void **state)
{
    (void)state;
    for (int i = 0; i < 500; i++) {
        hb_calibration_count(&check.calibration, 1, (double)0.7f, i % 5 == 0);
    }
    const struct hb_question questions[2] = { { 0, 3, 1800.0f }, { 0, 4, 1800.0f } };
    struct hb_prediction out[2];
    hb_selfcheck_predict(&check, (struct hb_selfcheck_batch) { questions, 2, out }, forecast,
        &oracle);
    assert_int_equal(oracle.count, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(out[i].guesses[0].confidence < 0.5f);
        assert_near((double)out[i].guesses[0].confidence, 0.4, 1e-6); /* else 6 would be first */
        assert_near((double)out[i].guesses[1].confidence / (double)out[i].elsewhere, 2.0, 1e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_horizon_is_asked_in_turn_and_judged_when_it_has_come, reset),
        cmocka_unit_test_setup(who_shares_a_slot_does_not_answer_for_another, reset),
        cmocka_unit_test_setup(what_does_not_come_true_is_said_more_softly, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
