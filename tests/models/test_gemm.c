/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"
#include "models/gemm_impl.h"
#include "models/memory.h"

static float *numbers(size_t count, unsigned seed)
{
    float *x = model_memory_floats(count);
    assert_non_null(x);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525U + 1013904223U;
        x[i] = (float)(seed >> 8) * 0x1p-24F - 0.37F;
    }
    return x;
}

struct shape {
    size_t m, n, k;
};

/* Shapes on both sides of every block, of pairs and of what they leave over. */
static const struct shape shapes[] = { { 1, 1, 1 }, { 16, 16, 272 }, { 7, 31, 255 }, { 9, 33, 257 },
    { 17, 15, 5 }, { 64, 16, 6 }, { 65, 17, 7 }, { 3, 20, 11 }, { 20, 3, 12 }, { 5, 9, 273 },
    { 131, 65, 3 }, { 3, 97, 700 }, { 40, 64, 128 }, { 2, 2, 545 } };
enum { shape_count = sizeof shapes / sizeof shapes[0] };

/* Oracle: the three loops in double. */
static void product_equals_the_three_loops(void **state)
{
    (void)state;
    for (size_t s = 0; s < shape_count; s++) {
        size_t m = shapes[s].m, n = shapes[s].n, k = shapes[s].k;
        float *a = numbers(m * k, 7), *b = numbers(k * n, 11), *c = numbers(m * n, 13);
        float *before = numbers(m * n, 13);
        float *packed = numbers(model_gemm_packed_len(k, n), 1);
        for (int turned = 0; turned < 2; turned++) {
            struct model_matrix left = { a, turned ? 1 : k, turned ? m : 1 };
            struct model_matrix right = { b, turned ? 1 : n, turned ? k : 1 };
            memcpy(c, before, m * n * sizeof *c);
            model_gemm_pack(right, k, n, packed);
            model_gemm(left, packed, m, n, k, turned, c, n);
            for (size_t i = 0; i < m * n; i++) {
                double sum = turned ? (double)before[i] : 0.0;
                for (size_t l = 0; l < k; l++) {
                    sum += (double)a[i / n * left.row + l * left.column]
                        * (double)b[l * right.row + i % n * right.column];
                }
                assert_near((double)c[i], sum, 2e-5);
            }
        }
        free(packed);
        free(before);
        free(c);
        free(b);
        free(a);
    }
}

static void a_row_alone_has_the_bits_of_the_row_in_a_batch(void **state)
{
    (void)state;
    enum { m = 69, n = 75, k = 300 };
    float *a = numbers(m * k, 3), *b = numbers(k * n, 5), *all = numbers(m * n, 1);
    float *packed = numbers(model_gemm_packed_len(k, n), 1), alone[n];
    model_gemm_pack((struct model_matrix) { b, n, 1 }, k, n, packed);
    model_gemm((struct model_matrix) { a, k, 1 }, packed, m, n, k, false, all, n);
    for (size_t i = 0; i < m; i++) {
        model_gemm((struct model_matrix) { a + i * k, k, 1 }, packed, 1, n, k, false, alone, n);
        assert_memory_equal(alone, all + i * n, sizeof alone);
    }
    free(packed);
    free(all);
    free(b);
    free(a);
}

/* A block of A, one of B and their tile by the kernels of a unit. */
struct by_unit {
    float left[model_gemm_block_len], right[model_gemm_block_len], c[16 * 16];
};

static void run_unit(const struct model_gemm_kernels *kernels, const struct model_gemm_strip *a,
    const struct model_gemm_strip *b, const float *start, struct by_unit *out)
{
    float *left = model_memory_floats(2 * model_gemm_block_len);
    float *right = left + model_gemm_block_len;
    assert_non_null(left);
    kernels->pack(a, left);
    kernels->pack(b, right);
    kernels->tile(&(struct model_gemm_tile) { .a = left, .b = right, .k = a->k, .start = start,
        .start_row = 0, .c = out->c, .ldc = 16, .rows = a->count, .columns = b->count });
    memcpy(out->left, left, sizeof out->left);
    memcpy(out->right, right, sizeof out->right);
    free(left);
}

static void every_vector_unit_gives_the_same_bits(void **state)
{
    (void)state;
    const struct model_gemm_kernels *units[] = { model_gemm_kernels_avx2(),
        model_gemm_kernels_avx512() };
    float *a = numbers(16 * 300, 19), *b = numbers(16 * 300, 23), *start = numbers(16, 29);
    struct by_unit *want = calloc(1, sizeof *want), *got = calloc(1, sizeof *got);
    assert_non_null(want);
    assert_non_null(got);
    a[5] = 1e30F;
    a[777] = -3e-33F;
    b[14] = -2e-9F;
    for (size_t i = 0; i < 2 * 2 * model_gemm_deep; i++) {
        size_t k = i / 4 + 1;
        struct model_gemm_strip left = { a, 1, 300, k, 16 - i / 4 % 5 };
        struct model_gemm_strip right = { b, 16, 1, k, i % 2 == 0 ? 16 : 7 };
        memset(want, 0, sizeof *want);
        run_unit(model_gemm_kernels_portable(), &left, &right, i % 4 < 2 ? start : NULL, want);
        for (size_t u = 0; u < 2; u++) {
            memset(got, 0, sizeof *got);
            if (units[u] != NULL) {
                run_unit(units[u], &left, &right, i % 4 < 2 ? start : NULL, got);
                assert_memory_equal(got->left, want->left, sizeof got->left);
                assert_memory_equal(got->right, want->right, sizeof got->right);
                assert_memory_equal(got->c, want->c, sizeof got->c);
            }
        }
    }
    free(got);
    free(want);
    free(start);
    free(b);
    free(a);
}

/* Kinds of matrices of training, a row of A and a column of B at a time. */
enum kind { EVEN, POSITIVE, ONE_HOT, TAILS, FAR_APART, KIND_COUNT };

static float number_of(enum kind kind, size_t i, size_t l, float x)
{
    float y = x - 0.13F; /* -.5 to .5 */
    switch (kind) {
    case EVEN:
        return y;
    case POSITIVE: /* exponentials of small logits */
        return 0.8F + 0.2F * y;
    case ONE_HOT: /* and at one place that less their sum */
        return l == i * 7 % 731 ? -600.0F : 0.8F + 0.2F * y;
    case TAILS: /* derivatives: few are large */
        return y * y * y * y * y * 1e-4F;
    case FAR_APART: /* every row of another size */
        return y * ldexpf(1.0F, (int)(i % 23) * 7 - 77);
    case KIND_COUNT:
        break;
    }
    return 0.0F;
}

/* Oracle: sums in double; and the same in one plain chain of fused multiply-adds, for scale.
 * Errors are relative to the size of a row of C (2-norm over its columns). */
static void error_is_a_few_times_that_of_plain_sums(void **state)
{
    (void)state;
    enum { m = 33, n = 64, k = 731 };
    static const char *const names[] = { "even", "positive", "one hot", "tails", "far apart" };
    float *a = numbers(m * k, 31), *b = numbers(k * n, 37), *c = numbers(m * n, 1);
    float *x = numbers(m * k, 1), *packed = numbers(model_gemm_packed_len(k, n), 1);
    model_gemm_pack((struct model_matrix) { b, n, 1 }, k, n, packed);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        double worst = 0.0, worst_plain = 0.0;
        for (size_t i = 0; i < (size_t)m * k; i++) {
            x[i] = number_of((enum kind)kind, i / k, i % k, a[i] + 0.0F);
        }
        model_gemm((struct model_matrix) { x, k, 1 }, packed, m, n, k, false, c, n);
        for (size_t i = 0; i < m; i++) {
            double size = 0.0, wrong = 0.0, wrong_plain = 0.0;
            for (size_t j = 0; j < n; j++) {
                double sum = 0.0;
                float plain = 0.0F;
                for (size_t l = 0; l < k; l++) {
                    sum += (double)x[i * k + l] * (double)b[l * n + j];
                    plain = fmaf(x[i * k + l], b[l * n + j], plain);
                }
                size += sum * sum;
                wrong += ((double)c[i * n + j] - sum) * ((double)c[i * n + j] - sum);
                wrong_plain += ((double)plain - sum) * ((double)plain - sum);
            }
            worst = fmax(worst, sqrt(wrong / size));
            worst_plain = fmax(worst_plain, sqrt(wrong_plain / size));
        }
        print_message("%-10s %.2g, plain %.2g\n", names[kind], worst, worst_plain);
        assert_true(worst <= 6.0 * fmax(worst_plain, (double)FLT_EPSILON));
    }
    free(packed);
    free(x);
    free(c);
    free(b);
    free(a);
}

/* Whatever is not finite is so in all of its row or column, and in no other. */
static void what_is_not_finite_stays_so(void **state)
{
    (void)state;
    enum { m = 18, n = 19, k = 20 };
    static const float wrong[] = { NAN, INFINITY, -INFINITY };
    float *a = numbers(m * k, 41), *b = numbers(k * n, 43), *c = numbers(m * n, 1);
    float *packed = numbers(model_gemm_packed_len(k, n), 1);
    for (size_t at = 0; at < 3 * k; at++) {
        size_t i = at % m, j = at * 5 % n, l = at / 3;
        float row = a[i * k + l], column = b[l * n + j];
        a[i * k + l] = wrong[at % 3];
        b[l * n + j] = wrong[(at + 1) % 3];
        model_gemm_pack((struct model_matrix) { b, n, 1 }, k, n, packed);
        model_gemm((struct model_matrix) { a, k, 1 }, packed, m, n, k, false, c, n);
        for (size_t e = 0; e < (size_t)m * n; e++) {
            assert_int_equal(isfinite(c[e]) != 0, e / n != i && e % n != j);
        }
        a[i * k + l] = row;
        b[l * n + j] = column;
    }
    free(packed);
    free(c);
    free(b);
    free(a);
}

/* Nothing times anything is as good as nothing, huge times tiny as right as others. */
static void zeros_and_ends_of_the_range(void **state)
{
    (void)state;
    enum { n = 16, k = 24 };
    static const float sizes[][2] = { { 0.0F, 1.0F }, { 1.0F, 0.0F }, { 1e-38F, 1e38F },
        { 1e36F, 1e-36F }, { 1e37F, 0.3F }, { 1e-37F, 0.3F }, { 1e19F, 1e18F }, { 0.0F, 1e38F } };
    float *a = numbers(k, 47), *b = numbers(k * n, 53), *x = numbers(k, 1), *y = numbers(k * n, 1);
    float *packed = numbers(model_gemm_packed_len(k, n), 1), c[n];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t l = 0; l < (size_t)k * n; l++) {
            x[l % k] = a[l % k] * sizes[s][0];
            y[l] = b[l] * sizes[s][1];
        }
        model_gemm_pack((struct model_matrix) { y, n, 1 }, k, n, packed);
        model_gemm((struct model_matrix) { x, k, 1 }, packed, 1, n, k, false, c, n);
        for (size_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (size_t l = 0; l < k; l++) {
                sum += (double)x[l] * (double)y[l * n + j];
            }
            double left = (double)sizes[s][0], right = (double)sizes[s][1];
            assert_near((double)c[j], sum, 8e-6 * left * right + 2e-38 * (1.0 + left + right));
        }
    }
    free(packed);
    free(y);
    free(x);
    free(b);
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_equals_the_three_loops),
        cmocka_unit_test(a_row_alone_has_the_bits_of_the_row_in_a_batch),
        cmocka_unit_test(every_vector_unit_gives_the_same_bits),
        cmocka_unit_test(error_is_a_few_times_that_of_plain_sums),
        cmocka_unit_test(what_is_not_finite_stays_so),
        cmocka_unit_test(zeros_and_ends_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
