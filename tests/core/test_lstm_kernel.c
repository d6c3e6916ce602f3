/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lstm_kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"

enum { rows = 21, columns = 80, wide = 96, k_max = 131, lda = k_max + 2 };

struct factors {
    float *a, *b, *c, *alone, starts[rows][wide], excess[rows];
    const float *start[rows];
    double want[rows][columns];
};

/* a within -1..1, b within -0.7..0.7, starts within -3..3 and then without b's excess. */
static void factors_init(struct factors *f, struct lstm_world *world, size_t k, size_t paired)
{
    size_t first = k - paired;
    for (size_t i = 0; i < (size_t)rows * lda; i++) {
        f->a[i] = lstm_world_real(world);
    }
    for (size_t i = 0; i < k * wide; i++) {
        f->b[i] = 0.7F * lstm_world_real(world);
    }
    for (size_t i = 0; i < rows; i++) {
        f->start[i] = f->starts[i];
        f->excess[i] = hb_lstm_excess(f->a + i * lda + first, 1, paired);
        for (size_t j = 0; j < columns; j++) {
            const float *b = f->b + j / hb_lstm_panel * k * hb_lstm_panel + j % hb_lstm_panel;
            float start = 3.0F * lstm_world_real(world);
            f->want[i][j] = (double)start;
            for (size_t l = 0; l < k; l++) {
                f->want[i][j] += (double)f->a[i * lda + l] * (double)b[l * hb_lstm_panel];
            }
            f->starts[i][j]
                = start - hb_lstm_excess(b + first * hb_lstm_panel, hb_lstm_panel, paired);
        }
    }
}

static void multiply(const struct hb_lstm_kernels *kernels, const struct factors *f, size_t k,
    size_t paired, size_t first, size_t count, float *c)
{
    kernels->product(&(struct hb_lstm_product) { .a = f->a + first * lda, .b = f->b,
        .start = f->start + first, .c = c + first * wide, .lda = lda, .ldc = wide,
        .panel = k * hb_lstm_panel, .row = hb_lstm_panel, .rows = count, .columns = columns,
        .k = k, .paired = paired, .excess = f->excess + first });
}

/* Oracle: sums of products in double. Then rows one by one, and every vector unit. */
static void check_product(struct factors *f, size_t k, size_t paired)
{
    static const enum hb_lstm_unit units[] = { HB_LSTM_PORTABLE, HB_LSTM_AVX2, HB_LSTM_AVX512 };
    multiply(hb_lstm_kernels_of(HB_LSTM_PORTABLE), f, k, paired, 0, rows, f->c);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            assert_near((double)f->c[i * wide + j], f->want[i][j], 6e-6);
        }
    }
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        const struct hb_lstm_kernels *kernels = hb_lstm_kernels_of(units[u]);
        for (size_t step = 1; kernels != NULL && step <= rows; step += 4) {
            for (size_t i = 0; i < rows; i += step) {
                size_t count = rows - i < step ? rows - i : step;
                multiply(kernels, f, k, paired, i, count, f->alone);
            }
            assert_memory_equal(f->alone, f->c, rows * wide * sizeof(float));
        }
    }
}

static void a_product_in_pairs_is_the_product(void **state)
{
    (void)state;
    static const size_t pairs[][2] = { { 7, 0 }, { 6, 6 }, { 1, 1 }, { 12, 11 }, { 29, 23 },
        { 64, 64 }, { 91, 48 }, { k_max, 128 }, { k_max, k_max }, { k_max, 0 } };
    struct lstm_world world = { .seed = 31 };
    struct factors *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->a = hb_lstm_memory((size_t)rows * lda, sizeof(float));
    f->b = hb_lstm_memory((size_t)k_max * wide, sizeof(float));
    f->c = hb_lstm_memory((size_t)rows * wide, sizeof(float));
    f->alone = hb_lstm_memory((size_t)rows * wide, sizeof(float));
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        factors_init(f, &world, pairs[i][0], pairs[i][1]);
        check_product(f, pairs[i][0], pairs[i][1]);
    }
    free(f->alone);
    free(f->c);
    free(f->b);
    free(f->a);
    free(f);
}

/* The first step of a session, where h is 0 and only what is added and taken off again can show.
 * Weights of h up to `size`; the worst distance of the state to the formulas in double. */
static double first_step_error(float size)
{
    struct lstm_world world;
    lstm_world_init(&world, 17, &lstm_world_deep);
    const struct hb_lstm_shape *s = &world.model.shape;
    size_t len = 4 * (size_t)s->units * s->units;
    float *large = calloc(len, sizeof *large), features[HB_LSTM_FEATURES_MAX] = { 0.3F, -0.8F };
    assert_non_null(large);
    for (size_t i = 0; i < len; i++) {
        large[i] = size * lstm_world_real(&world);
    }
    world.model.layers[0].weight_hh = world.model.layers[1].weight_hh = large;
    struct hb_lstm_net *net = NULL;
    assert_int_equal(hb_lstm_net_create(&world.model, &(struct hb_lstm_net_config) { 0 }, &net),
        HB_OK);
    float got[4 * HB_LSTM_UNITS_MAX] = { 0.0F };
    double want[4 * HB_LSTM_UNITS_MAX] = { 0.0 }, worst = 0.0;
    uint32_t place = 3;
    hb_lstm_net_step(net, 1, &place, features, got);
    lstm_world_step(&world.model, place, features, want);
    for (size_t i = 0; i < hb_lstm_net_state_len(net); i++) {
        worst = fmax(worst, fabs((double)got[i] - want[i]));
    }
    hb_lstm_net_free(net);
    free(large);
    lstm_world_fini(&world);
    return worst;
}

/* Weights to 0.9 go in pairs. Of larger ones nothing is added, so nothing is lost. */
static void large_weights_do_not_cost_digits(void **state)
{
    (void)state;
    assert_true(first_step_error(0.9F) < 2e-6);
    assert_true(first_step_error(7.9F) < 1e-6);
    assert_true(first_step_error(1e6F) < 1e-6);
    assert_true(first_step_error(1e30F) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_in_pairs_is_the_product),
        cmocka_unit_test(large_weights_do_not_cost_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
