/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/decision.h"

#include "tests/support/assert_near.h"

static uint32_t step_of(double threshold)
{
    return (uint32_t)(threshold * 20.0 + 0.5) - 1;
}

static void thresholds_are_twentieths(void **state)
{
    (void)state;
    assert_near(model_decision_threshold(0), 0.05, 1e-12);
    assert_near(model_decision_threshold(step_of(0.5)), 0.5, 1e-12);
    assert_near(model_decision_threshold(MODEL_DECISION_STEPS - 1), 0.95, 1e-12);
}

/* Four forecasts over three sites, the client at site 0: the likeliest other one has
 * .42 (right), .22 (stays), .62 (wrong other site), .11 (right). */
static void precision_and_recall_are_those_counted_by_hand(void **state)
{
    (void)state;
    const float chances[4][3] = { { 0.50F, 0.42F, 0.08F }, { 0.70F, 0.08F, 0.22F },
        { 0.30F, 0.62F, 0.08F }, { 0.85F, 0.04F, 0.11F } };
    const uint32_t targets[4] = { 1, 0, 2, 2 };
    struct model_decision decision = { 0 };
    for (int i = 0; i < 4; i++) {
        model_decision_add(&decision, chances[i], 3, 0, targets[i]);
    }
    assert_int_equal(decision.count, 4);
    assert_int_equal(decision.moved, 3);
    assert_near(model_decision_precision(&decision, step_of(0.10)), 2.0 / 4.0, 1e-12);
    assert_near(model_decision_recall(&decision, step_of(0.10)), 2.0 / 3.0, 1e-12);
    assert_near(model_decision_precision(&decision, step_of(0.20)), 1.0 / 3.0, 1e-12);
    assert_near(model_decision_precision(&decision, step_of(0.40)), 1.0 / 2.0, 1e-12);
    assert_near(model_decision_recall(&decision, step_of(0.40)), 1.0 / 3.0, 1e-12);
    assert_near(model_decision_precision(&decision, step_of(0.60)), 0.0, 1e-12);
    assert_true(isnan(model_decision_precision(&decision, step_of(0.65))));
    assert_near(model_decision_recall(&decision, step_of(0.65)), 0.0, 1e-12);
}

static void with_one_site_there_is_nothing_to_decide(void **state)
{
    (void)state;
    const float sure[1] = { 1.0F };
    struct model_decision decision = { 0 };
    model_decision_add(&decision, sure, 1, 0, 0);
    assert_int_equal(decision.made[0], 0);
    assert_true(isnan(model_decision_recall(&decision, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_are_twentieths),
        cmocka_unit_test(precision_and_recall_are_those_counted_by_hand),
        cmocka_unit_test(with_one_site_there_is_nothing_to_decide),
    };
    return cmocka_run_group_tests_name("models/decision", tests, NULL, NULL);
}
