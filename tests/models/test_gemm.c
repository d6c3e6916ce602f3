/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"

static float *numbers(size_t count, unsigned seed)
{
    float *x = aligned_alloc(64, (count * sizeof *x + 63) / 64 * 64);
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

/* Oracle: the three loops in double; shapes on both sides of every block. */
static void product_equals_the_three_loops(void **state)
{
    (void)state;
    static const struct shape shapes[] = { { 1, 1, 1 }, { 8, 32, 256 }, { 7, 31, 255 },
        { 9, 33, 257 }, { 513, 65, 3 }, { 3, 97, 700 }, { 40, 64, 128 } };
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
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
    enum { m = 21, n = 75, k = 300 };
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_equals_the_three_loops),
        cmocka_unit_test(a_row_alone_has_the_bits_of_the_row_in_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
