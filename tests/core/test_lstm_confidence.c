/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <string.h>

#include "core/lstm_net_impl.h"

/* A curve through (1/2, 3/4), at 45 minutes one through (1/2, 1/4). */
static struct hb_lstm_net net_of(void)
{
    struct hb_lstm_net net = { .tables = { .place_count = 4 } };
    struct hb_lstm_model model = { .stay_step_max = 0 };
    for (int i = 0; i < HB_LSTM_CONFIDENCE; i++) {
        float x = (float)i / 8.0F;
        model.confidence[1][i] = x <= 0.5F ? 1.5F * x : 0.5F + 0.5F * x;
        model.confidence[2][i] = x <= 0.5F ? 0.5F * x : 1.5F * x - 0.5F;
    }
    for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        hb_lstm_confidence_of(&model, k, net.confidence[k]);
    }
    return net;
}

static struct hb_prediction answer_of(float horizon_s, float first, float second)
{
    return (struct hb_prediction) { .horizon_s = horizon_s,
        .guess_count = 2,
        .guesses = { { 3, first }, { 1, second } },
        .elsewhere = 1.0F - first - second };
}

static void the_first_is_put_on_the_curve_and_the_others_keep_their_proportions(void **state)
{
    (void)state;
    struct hb_lstm_net net = net_of();
    struct hb_prediction out = answer_of(1800.0F, 0.5F, 0.3F);
    float dense[4] = { 0.1F, 0.3F, 0.1F, 0.5F };
    hb_lstm_confidence_put(&net, &out, dense);
    assert_near((double)out.guesses[0].confidence, 0.75, 1e-6);
    assert_near((double)out.guesses[1].confidence, 0.15, 1e-6);
    assert_near((double)out.elsewhere, 0.1, 1e-6);
    assert_near((double)dense[3], 0.75, 1e-6);
    assert_near((double)dense[1], 0.15, 1e-6);
    assert_near((double)dense[0], 0.05, 1e-6);
}

static void between_knots_and_points_it_is_in_proportion(void **state)
{
    (void)state;
    struct hb_lstm_net net = net_of();
    struct hb_prediction out = answer_of(2250.0F, 0.5F, 0.0F); /* between .75 and .25 */
    hb_lstm_confidence_put(&net, &out, NULL);
    assert_near((double)out.guesses[0].confidence, 0.5, 1e-6);
    out = answer_of(1800.0F, 0.6F, 0.0F);
    hb_lstm_confidence_put(&net, &out, NULL);
    assert_near((double)out.guesses[0].confidence, 0.8, 1e-6);
}

static void without_a_curve_nothing_changes(void **state)
{
    (void)state;
    struct hb_lstm_net net = net_of();
    struct hb_prediction out = answer_of(900.0F, 0.37F, 0.3F);
    hb_lstm_confidence_put(&net, &out, NULL);
    assert_near((double)out.guesses[0].confidence, 0.37, 1e-6);
    assert_near((double)out.guesses[1].confidence, 0.3, 1e-6);
}

/* .4 would become .2 and .35 .467: equal they are at .35 / .95; a thousandth more is left. */
static void the_first_stays_first(void **state)
{
    (void)state;
    struct hb_lstm_net net = net_of();
    struct hb_prediction out = answer_of(2700.0F, 0.4F, 0.35F);
    hb_lstm_confidence_put(&net, &out, NULL);
    assert_near((double)out.guesses[0].confidence, 1.001 * 0.35 / 0.95, 1e-6);
    assert_true(out.guesses[1].confidence < out.guesses[0].confidence);
}

static void certainty_and_silence_are_left_alone(void **state)
{
    (void)state;
    struct hb_lstm_net net = net_of();
    struct hb_prediction out = answer_of(1800.0F, 1.0F, 0.0F);
    hb_lstm_confidence_put(&net, &out, NULL);
    assert_near((double)out.guesses[0].confidence, 1.0, 1e-12);
    out = (struct hb_prediction) { .horizon_s = 1800.0F, .elsewhere = 1.0F };
    hb_lstm_confidence_put(&net, &out, NULL);
    assert_near((double)out.elsewhere, 1.0, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_put_on_the_curve_and_the_others_keep_their_proportions),
        cmocka_unit_test(between_knots_and_points_it_is_in_proportion),
        cmocka_unit_test(without_a_curve_nothing_changes),
        cmocka_unit_test(the_first_stays_first),
        cmocka_unit_test(certainty_and_silence_are_left_alone),
    };
    return cmocka_run_group_tests_name("core/lstm_confidence", tests, NULL, NULL);
}
