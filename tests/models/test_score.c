/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/score.h"

#include <math.h>

#include "core/map.h"
#include "tests/support/assert_near.h"

/* Three forecasts over five places, the last of which nobody saw in training. */
static const uint32_t tokens[] = { 0, 1, 2, 3, HB_NONE };
static const float chances[3][5] = { { 0.60F, 0.20F, 0.10F, 0.05F, 0.05F },
    { 0.30F, 0.40F, 0.20F, 0.10F, 0.0F }, { 0.90F, 0.05F, 0.05F, 0.0F, 0.0F } };

static void fill(struct model_score *score)
{
    const struct {
        uint32_t now, target;
        float km;
    } cases[] = { { 0, 0, 0.0F }, { 0, 2, 3.5F }, { 0, 4, 11.0F } };
    model_score_init(score, 0.65);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(model_score_add(score,
                             &(struct model_score_case) { chances[i], tokens, 5, cases[i].now,
                                 cases[i].target, cases[i].km }),
            HB_OK);
    }
}

static void hits_and_losses_are_those_counted_by_hand(void **state)
{
    (void)state;
    struct model_score score;
    fill(&score);
    assert_int_equal(score.count, 3);
    assert_int_equal(score.moved_count, 2);
    assert_int_equal(score.hits[0], 1);
    assert_int_equal(score.hits[1], 2);        /* place 2 is third; place 4 cannot be right */
    assert_int_equal(score.moved_hits[0], 0);
    assert_int_equal(score.leave_hits[0], 0);  /* .40 comes before .20 */
    assert_int_equal(score.leave_hits[1], 1);
    assert_near(score.reciprocal_ranks, 1.0 + 1.0 / 3.0, 1e-9);
    assert_near(score.nats, -log(0.6) - log(0.2) - log(1e-9), 1e-6);
    double third = 0.81 + 0.0025 + 0.0025 + 1.0;
    double second = 0.09 + 0.16 + 0.04 + 0.01 - 0.4 + 1.0;
    double first = 0.36 + 0.04 + 0.01 + 0.0025 - 1.2 + 1.0;
    assert_near(score.quadratic, first + second + third, 1e-6);
    model_score_fini(&score);
}

static void calibration_sets_and_distances_are_those_counted_by_hand(void **state)
{
    (void)state;
    struct model_score score;
    fill(&score);
    /* bins of 1/15: .6 said, right; .4 said, wrong; .9 said, wrong */
    assert_near(model_score_ece(&score), (0.4 + 0.4 + 0.9) / 3.0, 1e-6);
    /* sets of .65: {0, 1}, {1, 0}, {0} */
    assert_near(score.set_sizes, 5.0, 1e-12);
    assert_int_equal(score.covered, 1);
    assert_near(model_score_set_mass(&score, 0.0), 0.6, 1e-6);
    assert_near(model_score_set_mass(&score, 0.5), 0.9, 1e-6);
    assert_near(model_score_set_mass(&score, 1.0), 2.0, 1e-6);
    assert_near(model_score_error_km(&score, 0.5), 3.5, 1e-6);
    model_score_fini(&score);
    assert_true(isnan(model_score_error_km(&score, 0.5)));
    assert_near(model_score_share(3, 4), 0.75, 1e-12);
    assert_near(model_score_share(0, 0), 0.0, 1e-12);
}

static void equals_stand_in_order_of_their_index(void **state)
{
    (void)state;
    const float even[5] = { 0.25F, 0.25F, 0.25F, 0.25F, 0.0F };
    struct model_score score;
    model_score_init(&score, 0.0);
    for (uint32_t target = 0; target < 4; target++) {
        assert_int_equal(model_score_add(&score,
                             &(struct model_score_case) { even, tokens, 5, 3, target, 0.0F }),
            HB_OK);
    }
    assert_int_equal(score.hits[0], 1);
    assert_near(score.reciprocal_ranks, 1.0 + 0.5 + 1.0 / 3.0 + 0.25, 1e-9);
    model_score_fini(&score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_and_losses_are_those_counted_by_hand),
        cmocka_unit_test(calibration_sets_and_distances_are_those_counted_by_hand),
        cmocka_unit_test(equals_stand_in_order_of_their_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
