/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_BLAS_H
#define MODEL_BLAS_H

#include <stdbool.h>

#include "core/status.h"

/* OpenBLAS 0.3.21 takes some processors for a Prescott and then runs at a
 * fifth of their speed (upstream issue 4267). This file owns OpenBLAS. */
struct model_blas {
    const char *version;  /* "OpenBLAS 0.3.21 ..." */
    const char *found;    /* core type at load */
    const char *core;     /* core type now */
    const char *expected; /* what the processor's flags ask for; NULL: no opinion */
    bool is_corrected, is_users; /* changed here; set by OPENBLAS_CORETYPE */
};

/* Puts OpenBLAS on one thread and on the core type that the processor's flags
 * ask for, unless the user chose one by OPENBLAS_CORETYPE. Call once, before
 * any thread starts. HB_ERR_UNSUPPORTED: wrong core type and this OpenBLAS
 * cannot change it after load; start the program again with
 * OPENBLAS_CORETYPE=blas->expected. */
enum hb_status model_blas_prepare(struct model_blas *blas);

/* C [m x n] = A [m x k] B [k x n] (+ C if add), row-major, float32. */
void model_blas_gemm(const float *a, const float *b, int m, int n, int k, bool add, float *c);

#endif
