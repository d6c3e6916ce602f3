/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_GEMM_IMPL_H
#define MODEL_GEMM_IMPL_H

#include <stddef.h>
#include <stdint.h>

/* Rows of A and columns of B come in blocks of 16 x k, packed alike: [k][16] numbers times a power
 * of two each, which bring the largest of a row or column to 1 to 2; sums of their paired
 * products, [16] rounded and [16] of what is left; [16] exponents taken off. Of k the first 2 h
 * make pairs (l, h + l), the rest are plain; signs alternate from pair to pair, so that sums of
 * numbers of one sign stay small. An error of these sums would be that of a whole row or column
 * of C, and sums over that would not average it out: hence 64 bits. */
enum {
    model_gemm_wide = 16,  /* one vector of 512 bits; 16 rows of accumulators */
    model_gemm_tail = 3,   /* rows after the k of a block */
    model_gemm_deep = 272, /* most of k in a block: one of A and one of B fill the first cache */
    model_gemm_block_len = (model_gemm_deep + model_gemm_tail) * model_gemm_wide
};

/* Per pair two additions and a multiplication, per plain term another: as many of each. */
static inline size_t model_gemm_pairs(size_t k)
{
    return k / 6 * 2;
}

/* 16 x 16 of C from a block of A and one of B. */
struct model_gemm_tile {
    const float *a, *b;
    size_t k;
    const float *start;       /* what is added, NULL: nothing; start_row apart for each row */
    const uint32_t *start_of; /* rows of start; NULL: in order */
    size_t start_row;
    float *c;
    size_t ldc;
    size_t rows, columns;     /* of C that exist */
};

static inline const float *model_gemm_start(const struct model_gemm_tile *t, size_t i)
{
    size_t at = t->start_of != NULL ? t->start_of[i] : i;
    return t->start == NULL ? NULL : t->start + at * t->start_row;
}

/* 2^exponent, -126 to 126. */
static inline float model_gemm_power(int32_t exponent)
{
    union { uint32_t bits; float number; } power = { (uint32_t)(127 + exponent) << 23 };
    return power.number;
}

/* Element (i, j) from the sum over k. The power comes in halves: whole it may be out of range. */
static inline float model_gemm_corrected(const struct model_gemm_tile *t, size_t i, size_t j,
    float sum)
{
    enum { wide = model_gemm_wide };
    const float *a = t->a + t->k * wide + i, *b = t->b + t->k * wide + j;
    int32_t power = (int32_t)(a[2 * wide] + b[2 * wide]), half = power / 2;
    float right = sum - a[0] - b[0] - (a[wide] + b[wide]);
    return right * model_gemm_power(half) * model_gemm_power(power - half);
}

/* count of 16 rows or columns, side floats from each other, their k numbers deep floats apart,
 * into a block; the others are zero. */
struct model_gemm_strip {
    const float *from;
    size_t deep, side, k, count;
};

struct model_gemm_kernels {
    void (*pack)(const struct model_gemm_strip *strip, float *block);
    void (*tile)(const struct model_gemm_tile *tile);
};

/* All give the same bits. NULL: this processor has no such unit. */
const struct model_gemm_kernels *model_gemm_kernels_portable(void);
const struct model_gemm_kernels *model_gemm_kernels_avx2(void);
const struct model_gemm_kernels *model_gemm_kernels_avx512(void);

/* Scales a block of k that has its numbers, and sums up its pairs; inlined once per vector unit. */
__attribute__((always_inline)) static inline void model_gemm_finish(size_t k, float *block)
{
    enum { wide = model_gemm_wide, limit = 126 }; /* normal, and so is its inverse */
    uint32_t top[wide] = { 0 };
    float scale[wide];
    double sum[wide] = { 0.0 };
    for (size_t l = 0; l < k; l++) {
        for (size_t j = 0; j < wide; j++) {
            union { float number; uint32_t bits; } x = { block[l * wide + j] };
            x.bits &= UINT32_C(0x7fffffff);
            top[j] = x.bits > top[j] ? x.bits : top[j];
        }
    }
    for (size_t j = 0; j < wide; j++) {
        int32_t power = (int32_t)(top[j] >> 23) - 127;
        power = power < -limit ? -limit : power > limit ? limit : power;
        scale[j] = model_gemm_power(-power);
        block[(k + 2) * wide + j] = (float)power;
    }
    size_t h = model_gemm_pairs(k);
    float *x0 = block, *x1 = block + h * wide;
    for (size_t l = 0; l < h; l += 2, x0 += 2 * wide, x1 += 2 * wide) {
        for (size_t j = 0; j < wide; j++) {
            x0[j] *= scale[j];
            x1[j] *= scale[j];
            sum[j] = __builtin_fma((double)x0[j], (double)x1[j], sum[j]);
        }
        for (size_t j = wide; j < 2 * wide; j++) {
            x0[j] *= scale[j - wide];
            x1[j] *= scale[j - wide];
            sum[j - wide] = __builtin_fma(-(double)x0[j], (double)x1[j], sum[j - wide]);
        }
    }
    for (size_t l = 2 * h; l < k; l++) {
        for (size_t j = 0; j < wide; j++) {
            block[l * wide + j] *= scale[j];
        }
    }
    for (size_t j = 0; j < wide; j++) {
        block[k * wide + j] = (float)sum[j];
        block[(k + 1) * wide + j] = (float)(sum[j] - (double)block[k * wide + j]);
    }
}

#endif
