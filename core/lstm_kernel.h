/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_KERNEL_H
#define HB_LSTM_KERNEL_H

/* The arithmetic of the network, once per vector unit; inside of core/lstm*.c only. All units
 * give the same bits: lanes run across outputs, every output is one chain of fused
 * multiply-adds in the order of k, sums of vectors run in 32 chains. */
#include "core/lstm_net.h"
#include "core/lstm_vector.h"

enum { hb_lstm_panel = 32, hb_lstm_pad = 16 }; /* columns of a panel; what rows are padded to */

/* c [rows][columns] += a [rows][k] b, or c = start + a b with row i from start[i]. b is in panels
 * of 32 columns: element (l, j) at b[j / 32 * panel + l * row + j % 32], 64-byte aligned; columns
 * a multiple of 16.
 * The last `paired` of k come in sixes, what is over at their end as usual. Of six,
 *   sum += a2 b2, sum += (a0 + b1) (a1 + b0), which is a0 b0 + a1 b1 and an excess a0 a1 + b0 b1;
 *   sum += a5 b5, sum -= (b4 - a3) (b3 - a4), likewise with an excess -(a3 a4 + b3 b4):
 * two terms by one multiplication (Winograd, IEEE Trans. Computers C-17, 1968), for processors
 * that add beside. b's excess is off `start` already, a's comes in `excess`;
 * row is 32. */
struct hb_lstm_product {
    const float *a, *b;
    const float *const *start; /* [rows], or NULL: c itself */
    float *c;
    size_t lda, ldc, panel, row;
    size_t rows, columns, k, paired;
    const float *excess; /* [rows] of a; not read if none are paired */
};

enum { hb_lstm_six = 6 };

/* The excess of n factors `stride` apart. */
float hb_lstm_excess(const float *x, size_t stride, size_t n);

/* The same with 8-bit integers: a [rows][lda] holds value + 128; b is [columns / 32][k / 4][32]
 * [4]; c += (sum - correction) * (a_scale * b_scale). k a multiple of 4. */
struct hb_lstm_product8 {
    const uint8_t *a;
    const int8_t *b;
    const float *a_scale, *b_scale; /* [rows], [columns] */
    const int32_t *correction;      /* [columns] 128 x the sum of b's column */
    float *c;
    size_t lda, ldc, rows, columns, k;
};

struct hb_lstm_top {
    uint32_t count;
    uint32_t index[HB_GUESS_MAX];
    float value[HB_GUESS_MAX];
};

struct hb_lstm_kernels {
    void (*product)(const struct hb_lstm_product *product);
    void (*product8)(const struct hb_lstm_product8 *product);
    /* One LSTM cell row: pre [4][units] sums of gates i, f, g, o; c in and out, h out. */
    void (*cell)(const float *pre, size_t units, float *h, float *c);
    /* x [n] becomes exp((x - max) * factor); returns the sum. n >= 1. */
    float (*exp_sum)(float *x, size_t n, float factor);
    void (*relu)(float *x, size_t n);
    /* x [n] becomes x * factor. */
    void (*scale)(float *x, size_t n, float factor);
    /* q [n] = x / scale + 128, rounded to nearest; returns scale = largest |x| / 127. */
    float (*quantize)(const float *x, size_t n, uint8_t *q);
    /* The HB_GUESS_MAX largest of x [n] >= 0, the largest first; among equals the first. */
    void (*top)(const float *x, size_t n, struct hb_lstm_top *top);
    void (*half_pack)(const float *x, size_t n, uint16_t *half); /* to nearest even */
    void (*half_unpack)(const uint16_t *half, size_t n, float *x);
};

/* NULL: this processor has no such unit. */
const struct hb_lstm_kernels *hb_lstm_kernels_of(enum hb_lstm_unit unit);
const struct hb_lstm_kernels *hb_lstm_kernels_avx2(void);
const struct hb_lstm_kernels *hb_lstm_kernels_avx512(void);
void hb_lstm_kernel_product_avx2(const struct hb_lstm_product *product);
void hb_lstm_kernel_product_avx512(const struct hb_lstm_product *product);

static inline size_t hb_lstm_round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

#endif
