/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/blas.h"

/* The trap, set on purpose: main() below loads OpenBLAS as a Prescott. */
static void a_prescott_on_a_newer_processor_is_corrected(void **state)
{
    (void)state;
    struct model_blas blas;
    assert_int_equal(model_blas_prepare(&blas), HB_OK);
    if (blas.expected == NULL) {
        skip();
    }
    assert_string_equal(blas.found, "Prescott");
    assert_true(blas.is_corrected);
    assert_string_not_equal(blas.core, "Prescott");
    struct model_blas again;
    assert_int_equal(model_blas_prepare(&again), HB_OK);
    assert_false(again.is_corrected);
}

/* Oracle: the three loops, in double. */
static void the_product_is_the_product_after_the_change(void **state)
{
    (void)state;
    enum { m = 7, n = 37, k = 19 };
    float a[m * k], b[k * n], c[m * n];
    for (int i = 0; i < m * k; i++) {
        a[i] = (float)((i * 37) % 11) - 4.3F;
    }
    for (int i = 0; i < k * n; i++) {
        b[i] = (float)((i * 13) % 17) - 7.7F;
    }
    model_blas_gemm(a, b, m, n, k, false, c);
    for (int i = 0; i < m * n; i++) {
        double sum = 0.0;
        for (int l = 0; l < k; l++) {
            sum += (double)a[i / n * k + l] * (double)b[l * n + i % n];
        }
        assert_near((double)c[i], sum, 1e-5);
    }
}

static void the_users_choice_is_kept(void **state)
{
    (void)state;
    struct model_blas blas;
    assert_int_equal(setenv("OPENBLAS_CORETYPE", "Prescott", 1), 0);
    assert_int_equal(model_blas_prepare(&blas), HB_OK);
    assert_true(blas.is_users);
    assert_false(blas.is_corrected);
}

int main(int argc, char **argv)
{
    if (argc == 1) { /* once more, with the wrong core type at load */
        char again[] = "again";
        char *arguments[] = { argv[0], again, NULL };
        if (setenv("OPENBLAS_CORETYPE", "Prescott", 1) != 0) {
            return 1;
        }
        execv("/proc/self/exe", arguments);
        return 1;
    }
    (void)unsetenv("OPENBLAS_CORETYPE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prescott_on_a_newer_processor_is_corrected),
        cmocka_unit_test(the_product_is_the_product_after_the_change),
        cmocka_unit_test(the_users_choice_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
