/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <strings.h>

/* OpenBLAS reads OPENBLAS_CORETYPE when it is loaded, which is before main;
 * these two (exported by every DYNAMIC_ARCH build, in no header) make it read
 * the variable again. Weak: a build without them is told apart at run time. */
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

static const char *core_for_flags(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
        return "SkylakeX";
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return "Haswell";
    }
#endif
    return NULL;
}

/* Whether the kernels of core use the vector units that the processor has: the
 * 256-bit ones (Haswell, Zen) are within a tenth of the 512-bit ones on Zen 4. */
static bool is_vectorised(const char *core)
{
    static const char *const good[] = { "SkylakeX", "Cooperlake", "SapphireRapids", "Haswell",
        "Zen" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (strcasecmp(core, good[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum hb_status model_blas_prepare(struct model_blas *blas)
{
    *blas = (struct model_blas) { .version = openblas_get_config(),
        .found = openblas_get_corename(),
        .expected = core_for_flags(),
        .is_users = getenv("OPENBLAS_CORETYPE") != NULL };
    blas->core = blas->found;
    openblas_set_num_threads(1);
    if (blas->expected == NULL || blas->is_users || is_vectorised(blas->found)) {
        return HB_OK;
    }
    if (gotoblas_dynamic_init == NULL || gotoblas_dynamic_quit == NULL) {
        return HB_ERR_UNSUPPORTED;
    }
    (void)setenv("OPENBLAS_CORETYPE", blas->expected, 1); /* fails only without memory */
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    (void)unsetenv("OPENBLAS_CORETYPE");
    blas->core = openblas_get_corename();
    blas->is_corrected = true;
    return is_vectorised(blas->core) ? HB_OK : HB_ERR_UNSUPPORTED;
}

void model_blas_gemm(const float *a, const float *b, int m, int n, int k, bool add, float *c)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0F, a, k, b, n,
        add ? 1.0F : 0.0F, c, n);
}
