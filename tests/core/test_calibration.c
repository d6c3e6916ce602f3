/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/predicting.h"

#include "core/calibration.h"

static const struct hb_history_bracket at_30 = { .lo = 2, .hi = 3, .weight = 0.0 };

static struct hb_prediction said(double first, double second)
{
    return (struct hb_prediction){ .guess_count = 2,
        .elsewhere = (float)(1.0 - first - second),
        .guesses = { { 5, (float)first }, { 6, (float)second } } };
}

static void knowing_nothing_it_changes_nothing(void **state)
{
    (void)state;
    struct hb_calibration calibration;
    hb_calibration_init(&calibration);
    for (double first = 0.03; first < 1.0; first += 0.0171) {
        struct hb_prediction prediction = said(first, 0.5 * (1.0 - first) * first);
        struct hb_prediction before = prediction;
        hb_calibration_correct(&calibration, at_30, &prediction);
        assert_near(prediction.guesses[0].confidence, before.guesses[0].confidence, 1e-6);
        assert_near(prediction.guesses[1].confidence, before.guesses[1].confidence, 1e-6);
    }
}

/* A boaster whose true rate is the square of what he says. 40,000 guesses, 2,500
 * a bin: standard error 0.01 at most, straight lines over a bin off by 0.001. */
static void a_boaster_is_corrected_to_his_rate(void **state)
{
    (void)state;
    struct hb_calibration calibration;
    hb_calibration_init(&calibration);
    uint64_t seed = 4711;
    for (int i = 0; i < 40000; i++) {
        double confidence = drawn(&seed);
        hb_calibration_count(&calibration, 1, confidence, drawn(&seed) < confidence * confidence);
    }
    for (double first = 0.1; first < 0.95; first += 0.0371) {
        struct hb_prediction prediction = said(first, 0.0001);
        hb_calibration_correct(&calibration, at_30, &prediction);
        assert_near((double)prediction.guesses[0].confidence, first * first, 0.045);
        /* Another horizon was not counted. */
        prediction = said(first, 0.0001);
        hb_calibration_correct(&calibration, (struct hb_history_bracket){ 4, 4, 0.0 }, &prediction);
        assert_near((double)prediction.guesses[0].confidence, first, 1e-6);
    }
}

/* Rates that fall as confidence grows are pooled: the curve never falls. */
static void the_curve_ascends_whatever_comes(void **state)
{
    (void)state;
    struct hb_calibration calibration;
    hb_calibration_init(&calibration);
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        double confidence = drawn(&seed);
        hb_calibration_count(&calibration, 1, confidence, drawn(&seed) < 1.0 - confidence);
    }
    double last = 0.0;
    for (int i = 0; i < HB_CALIBRATION_BINS; i++) {
        assert_true(calibration.came_true[1][i] >= last);
        last = calibration.came_true[1][i];
        assert_near(last, 0.5, 0.05);
    }
}

static void order_and_sum_survive_a_correction(void **state)
{
    (void)state;
    struct hb_calibration calibration;
    hb_calibration_init(&calibration);
    for (int i = 0; i < 3000; i++) {
        hb_calibration_count(&calibration, 1, 0.5, 0); /* never true */
    }
    struct hb_prediction prediction = said(0.5, 0.45);
    hb_calibration_correct(&calibration, at_30, &prediction);
    assert_true(prediction.guesses[0].confidence >= prediction.guesses[1].confidence);
    assert_near((double)prediction.guesses[0].confidence + (double)prediction.guesses[1].confidence
            + (double)prediction.elsewhere,
        1.0, 1e-6);
    prediction = said(1.0, 0.0);
    hb_calibration_correct(&calibration, at_30, &prediction);
    assert_near((double)prediction.guesses[0].confidence + (double)prediction.elsewhere, 1.0, 1e-6);
    prediction = (struct hb_prediction){ .elsewhere = 1.0f };
    hb_calibration_correct(&calibration, at_30, &prediction);
    assert_near((double)prediction.elsewhere, 1.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knowing_nothing_it_changes_nothing),
        cmocka_unit_test(a_boaster_is_corrected_to_his_rate),
        cmocka_unit_test(the_curve_ascends_whatever_comes),
        cmocka_unit_test(order_and_sum_survive_a_correction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
