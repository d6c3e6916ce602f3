/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_GEMM_H
#define MODEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Products of float32 matrices in the shapes of recurrent training: right
 * sides that are used many times are packed once into panels of 32 columns,
 * left sides are read where they lie. Every element is one chain of fused
 * multiply-adds in the order of k within blocks of 256, so results do not
 * depend on m, on threads or on the columns beside it. */

/* A matrix read in place: element (i, j) is at[i * row + j * column]. */
struct model_matrix {
    const float *at;
    size_t row, column;
};

/* Floats that the packed form of a k x n right side takes (64-byte aligned). */
size_t model_gemm_packed_len(size_t k, size_t n);

/* Packs B [k x n] for model_gemm(). packed: 64-byte aligned. */
void model_gemm_pack(struct model_matrix b, size_t k, size_t n, float *packed);

/* C [m x n] = A [m x k] B (+ C if add); c is row-major with ldc floats a row.
 * Either a.row or a.column must be 1 for speed; any pair is right. */
void model_gemm(struct model_matrix a, const float *packed, size_t m, size_t n, size_t k, bool add,
    float *c, size_t ldc);

/* The same in full. Element (l, j) of B is b[j / 32 * panel + l * row + j % 32]; all 32 columns of
 * a panel are read, also where n ends within it. */
struct model_gemm_product {
    struct model_matrix a;
    const float *b;
    size_t panel, row;
    size_t m, n, k;
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
