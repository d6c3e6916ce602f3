/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_CORE_PREDICTING_H
#define TESTS_CORE_PREDICTING_H

#include "tests/support/assert_near.h"

#include "core/predictor.h"
#include "core/units.h"

/* Words for tests of predictors. Instants in seconds. */
static inline void see(struct hb_predictor *predictor, uint32_t client, double at_s,
    uint32_t place)
{
    struct hb_observation seen = { .at_ns = hb_units_ns(at_s), .client = client, .place = place };
    hb_predictor_observe(predictor, &seen);
}

/* The answer, after checking that it is a distribution: sorted, of different
 * places, summing to 1. */
static inline struct hb_prediction ask(struct hb_predictor *predictor, uint32_t client,
    double at_s, double horizon_s)
{
    struct hb_question question
        = { .at_ns = hb_units_ns(at_s), .client = client, .horizon_s = (float)horizon_s };
    struct hb_prediction got;
    hb_predict_location(predictor, &question, 1, &got);
    assert_true(got.guess_count <= HB_GUESS_MAX);
    double sum = (double)got.elsewhere;
    assert_true(got.elsewhere >= 0.0f);
    for (uint32_t i = 0; i < got.guess_count; i++) {
        sum += (double)got.guesses[i].confidence;
        assert_true(got.guesses[i].confidence >= 0.0f);
        assert_true(i == 0 || got.guesses[i].confidence <= got.guesses[i - 1].confidence);
        for (uint32_t j = 0; j < i; j++) {
            assert_int_not_equal(got.guesses[j].place, got.guesses[i].place);
        }
    }
    assert_near(sum, 1.0, 2e-6);
    return got;
}

static inline double confidence_of(const struct hb_prediction *prediction, uint32_t place)
{
    for (uint32_t i = 0; i < prediction->guess_count; i++) {
        if (prediction->guesses[i].place == place) {
            return (double)prediction->guesses[i].confidence;
        }
    }
    return 0.0;
}

/* The confidence that client is in place horizon_s after at_s. */
static inline double asked(struct hb_predictor *predictor, uint32_t client, double at_s,
    double horizon_s, uint32_t place)
{
    struct hb_prediction got = ask(predictor, client, at_s, horizon_s);
    return confidence_of(&got, place);
}

/* Uniform numbers in [0, 1) from a fixed seed (Numerical Recipes' LCG, high bits). */
static inline double drawn(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

#endif
