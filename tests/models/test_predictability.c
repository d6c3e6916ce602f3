/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/predictability.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/random.h"
#include "tests/support/assert_near.h"

enum { length = 12000 };

static struct model_predictability of_uniform(uint32_t kinds, uint32_t length_used)
{
    uint32_t *symbols = malloc(length_used * sizeof *symbols);
    struct model_predictability got;
    for (uint32_t i = 0; i < length_used; i++) {
        symbols[i] = model_random_below(77, i, kinds);
    }
    assert_int_equal(model_predictability_of(symbols, length_used, &got), HB_OK);
    free(symbols);
    return got;
}

/* Independent draws of k kinds have log2 k bits each; nothing beats guessing. The
 * estimator converges as 1 / log n, from below at this length: within 8 %. */
static void entropy_of_independent_draws_is_log2_of_their_kinds(void **state)
{
    (void)state;
    const uint32_t kinds[] = { 2, 5, 16 };
    for (size_t i = 0; i < 3; i++) {
        struct model_predictability got = of_uniform(kinds[i], length);
        double bits = log2((double)kinds[i]);
        assert_int_equal(got.kinds, kinds[i]);
        assert_near(got.entropy_bits, bits, 0.08 * bits);
        assert_true(got.pi_max < 1.0 / kinds[i] + 0.30);
    }
}

/* Stay with chance .9, else one of the other two: H = H2(.9) + .1 log2 2 bits. */
static void entropy_of_a_markov_chain_is_its_rate(void **state)
{
    (void)state;
    uint32_t symbols[length] = { 0 };
    for (uint32_t i = 1; i < length; i++) {
        uint32_t step = 1 + model_random_below(79, i, 2);
        int stays = model_random_unit(78, i) < 0.9;
        symbols[i] = stays ? symbols[i - 1] : (symbols[i - 1] + step) % 3;
    }
    struct model_predictability got;
    assert_int_equal(model_predictability_of(symbols, length, &got), HB_OK);
    double bits = -0.9 * log2(0.9) - 0.1 * log2(0.1) + 0.1;
    assert_near(got.entropy_bits, bits, 0.10 * bits);
    assert_near(got.pi_max, 0.9, 0.02); /* what guessing "stays" attains */
}

static void a_cycle_is_wholly_predictable(void **state)
{
    (void)state;
    uint32_t symbols[length];
    struct model_predictability got;
    for (uint32_t i = 0; i < length; i++) {
        symbols[i] = i % 7;
    }
    assert_int_equal(model_predictability_of(symbols, length, &got), HB_OK);
    assert_true(got.entropy_bits < 0.01);
    assert_true(got.pi_max > 0.998);
}

/* By hand: of "abab", the shortest new substrings at the four positions are a, b,
 * and (the whole rest, "ab", occurred) 3, 2 long: S = 4 / (1 + 1 + 3 + 2) log2 4. */
static void a_short_sequence_is_counted_by_hand(void **state)
{
    (void)state;
    const uint32_t symbols[] = { 7, 3, 7, 3 };
    struct model_predictability got;
    assert_int_equal(model_predictability_of(symbols, 4, &got), HB_OK);
    assert_near(got.entropy_bits, 4.0 / 7.0 * 2.0, 1e-12);
    assert_int_equal(got.kinds, 2);
    assert_int_equal(model_predictability_of(symbols, 1, &got), HB_ERR_RANGE);
}

static void limit_solves_fano(void **state)
{
    (void)state;
    assert_near(model_predictability_limit(0.0, 45), 1.0, 1e-9);
    assert_near(model_predictability_limit(log2(45.0), 45), 1.0 / 45.0, 1e-9);
    double pi = model_predictability_limit(2.3, 100), q = 1.0 - pi;
    assert_near(-pi * log2(pi) - q * log2(q) + q * log2(99.0), 2.3, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropy_of_independent_draws_is_log2_of_their_kinds),
        cmocka_unit_test(entropy_of_a_markov_chain_is_its_rate),
        cmocka_unit_test(a_cycle_is_wholly_predictable),
        cmocka_unit_test(a_short_sequence_is_counted_by_hand),
        cmocka_unit_test(limit_solves_fano),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
