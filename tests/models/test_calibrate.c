/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/calibrate.h"

#include "tests/support/assert_near.h"

/* Bins in which share(said) of `count` cases came true. */
static void fill(struct model_score *score, double count, double (*share)(double said))
{
    model_score_init(score, 0.0);
    for (int b = 0; b < MODEL_SCORE_FINE; b++) {
        double said = (b + 0.5) / MODEL_SCORE_FINE;
        score->fine_counts[b] = (uint64_t)count;
        score->fine_sums[b] = said * count;
        score->fine_hits[b] = (uint64_t)(share(said) * count + 0.5);
    }
}

static double bent(double said)
{
    return said < 0.5 ? 0.5 * said : 1.5 * said - 0.5;
}

static double falling(double said)
{
    return 1.0 - said;
}

static void a_bent_line_is_found(void **state)
{
    (void)state;
    struct model_score score;
    float curve[HB_LSTM_CONFIDENCE];
    fill(&score, 1e7, bent);
    assert_int_equal(model_calibrate_curve(&score, 3000.0, curve), HB_OK);
    for (int i = 0; i < HB_LSTM_CONFIDENCE; i++) {
        assert_near((double)curve[i], bent(i / 8.0), 1e-4);
    }
}

static void without_cases_it_is_the_diagonal(void **state)
{
    (void)state;
    struct model_score score;
    float curve[HB_LSTM_CONFIDENCE];
    model_score_init(&score, 0.0);
    assert_int_equal(model_calibrate_curve(&score, 3000.0, curve), HB_OK);
    for (int i = 0; i < HB_LSTM_CONFIDENCE; i++) {
        assert_near((double)curve[i], i / 8.0, 1e-6);
    }
}

/* Two thousand cases at one point of the curve, .75, 1,300 of them true, against the weight of
 * three thousand at each point. */
static void few_cases_move_it_little(void **state)
{
    (void)state;
    struct model_score score;
    float curve[HB_LSTM_CONFIDENCE];
    model_score_init(&score, 0.0);
    score.fine_counts[96] = 2000;
    score.fine_sums[96] = 1500.0;
    score.fine_hits[96] = 1300;
    assert_int_equal(model_calibrate_curve(&score, 3000.0, curve), HB_OK);
    assert_near((double)curve[6], (1300.0 + 3000.0 * 0.75) / 5000.0, 1e-6);
    assert_near((double)curve[5], 0.625, 1e-6);
    assert_near((double)curve[7], 0.875, 1e-6);
}

static void it_never_falls(void **state)
{
    (void)state;
    struct model_score score;
    float curve[HB_LSTM_CONFIDENCE];
    fill(&score, 1e4, falling);
    assert_int_equal(model_calibrate_curve(&score, 3000.0, curve), HB_OK);
    for (int i = 1; i < HB_LSTM_CONFIDENCE; i++) {
        assert_true(curve[i] >= curve[i - 1] && curve[i] <= 1.0F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bent_line_is_found),
        cmocka_unit_test(without_cases_it_is_the_diagonal),
        cmocka_unit_test(few_cases_move_it_little),
        cmocka_unit_test(it_never_falls),
    };
    return cmocka_run_group_tests_name("models/calibrate", tests, NULL, NULL);
}
