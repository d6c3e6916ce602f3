/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_GEMM_H
#define MODEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Products of float32 matrices in the shapes of recurrent training, in fewer
 * multiplications than terms: with Winograd's identity of inner products
 *   x0 y0 + x1 y1 = (x0 + y1) (x1 + y0) - x0 x1 - y0 y1
 * two terms cost one fused multiply-add and two additions, which processors
 * with adders of their own carry out beside it; what is subtracted belongs to
 * a row or a column alone. Two thirds of the terms are made so. Rows and
 * columns are first brought to one scale by powers of two, so that the error
 * of an element stays within a small multiple of that of the plain sum of its
 * largest terms (measured in tests/models/test_gemm.c).
 * Every element depends on its row and its column only: neither m, n, threads
 * nor the vector unit changes a bit. What is not finite stays so.
 * Source: S. Winograd, "A new algorithm for inner product", IEEE Trans.
 * Computers C-17 (1968). */

/* A matrix read in place: element (i, j) is at[i * row + j * column]; one of the strides is 1 for
 * speed, any pair is right. */
struct model_matrix {
    const float *at;
    size_t row, column;
};

/* Floats that the packed form of a k x n right side takes (64-byte aligned). That of the columns
 * from j on, a multiple of 16, begins model_gemm_packed_len(k, j) floats later. */
size_t model_gemm_packed_len(size_t k, size_t n);

/* Packs B [k x n] for model_gemm(). packed: 64-byte aligned. */
void model_gemm_pack(struct model_matrix b, size_t k, size_t n, float *packed);

/* C [m x n] = A [m x k] B (+ C if add); c is row-major with ldc floats a row. */
void model_gemm(struct model_matrix a, const float *packed, size_t m, size_t n, size_t k, bool add,
    float *c, size_t ldc);

/* The same in full. */
struct model_gemm_product {
    struct model_matrix a;
    const float *packed;
    size_t m, n, k; /* k 0: C stays as it is */
    /* What row i of C starts from: row start_of[i] of start (start_of NULL: its one row).
     * start NULL: 0, or C itself if add. */
    const float *start;
    const uint32_t *start_of;
    size_t start_row;
    bool add;
    float *c;
    size_t ldc;
};
void model_gemm_run(const struct model_gemm_product *product);

#endif
