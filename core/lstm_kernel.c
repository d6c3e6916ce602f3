/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lstm_kernel_body.h"

#include <math.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

float hb_lstm_excess(const float *x, size_t stride, size_t n)
{
    float more = 0.0F, less = 0.0F;
    for (; n >= hb_lstm_six; n -= hb_lstm_six, x += hb_lstm_six * stride) {
        more += x[0] * x[stride];
        less += x[3 * stride] * x[4 * stride];
    }
    return more - less;
}

/* The definitions that the vector kernels match bit by bit. */
static float plain_terms(const float *a, const float *b, size_t row, size_t k, float sum)
{
    for (size_t l = 0; l < k; l++) {
        sum = fmaf(a[l], b[l * row], sum);
    }
    return sum;
}

static float paired_terms(const float *a, const float *b, size_t row, size_t k, float sum)
{
    size_t l = 0;
    for (; l + hb_lstm_six <= k; l += hb_lstm_six, b += hb_lstm_six * row) {
        const float *x = a + l;
        sum = fmaf(x[2], b[2 * row], sum);
        sum = fmaf(b[row] + x[0], b[0] + x[1], sum);
        sum = fmaf(x[5], b[5 * row], sum);
        sum = fmaf(-(b[4 * row] - x[3]), b[3 * row] - x[4], sum);
    }
    return plain_terms(a + l, b, row, k - l, sum);
}

static void product(const struct hb_lstm_product *p)
{
    size_t plain = p->k - p->paired;
    for (size_t i = 0; i < p->rows; i++) {
        const float *a = p->a + i * p->lda;
        for (size_t j = 0; j < p->columns; j++) {
            const float *b = p->b + j / hb_lstm_panel * p->panel + j % hb_lstm_panel;
            float sum = p->start != NULL ? p->start[i][j] : p->c[i * p->ldc + j];
            sum -= p->paired > 0 ? p->excess[i] : 0.0F;
            sum = plain_terms(a, b, p->row, plain, sum);
            sum = paired_terms(a + plain, b + plain * p->row, p->row, p->paired, sum);
            p->c[i * p->ldc + j] = sum;
        }
    }
}

static void product8(const struct hb_lstm_product8 *p)
{
    body_product8(p);
}

static void cell(const float *pre, size_t units, float *h, float *c)
{
    body_cell(pre, units, h, c);
}

static float exp_sum(float *x, size_t n, float factor)
{
    return body_exp_sum(x, n, factor, -body_max(x, n) * factor, HB_LSTM_MATH_DEGREE_6);
}

static void relu(float *x, size_t n)
{
    body_relu(x, n);
}

static void scale(float *x, size_t n, float factor)
{
    body_scale(x, n, factor);
}

static float quantize(const float *x, size_t n, uint8_t *q)
{
    return body_quantize(x, n, q);
}

static void top(const float *x, size_t n, struct hb_lstm_top *best)
{
    *best = (struct hb_lstm_top) { .count = 0 };
    for (size_t i = 0; i < n; i++) {
        if (x[i] > body_top_floor(best)) {
            body_top_put(best, (uint32_t)i, x[i]);
        }
    }
}

/* IEEE 754 binary16, to nearest even; what is too small becomes a denormal or zero, what is too
 * large infinity. */
static uint16_t half_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size >= 0x47800000) { /* 65536 and above, NaN */
        return (uint16_t)(sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00));
    }
    if (size < 0x38800000) { /* below 2^-14 */
        if (size < 0x33000000) {
            return (uint16_t)sign;
        }
        uint32_t shift = 126 - (size >> 23), mantissa = (size & 0x7fffff) | 0x800000;
        uint32_t kept = mantissa >> shift, rest = mantissa & ((UINT32_C(1) << shift) - 1);
        uint32_t middle = UINT32_C(1) << (shift - 1);
        kept += rest > middle || (rest == middle && (kept & 1));
        return (uint16_t)(sign | kept);
    }
    uint32_t rounded = size + 0xfff + (size >> 13 & 1) - 0x38000000;
    return (uint16_t)(sign | rounded >> 13);
}

static float float_of(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, size = half & 0x7fff, bits;
    if (size >= 0x7c00) {
        bits = sign | 0x7f800000 | (size & 0x3ff) << 13;
    } else if (size >= 0x0400) {
        bits = sign | ((size << 13) + 0x38000000);
    } else {
        float small = (float)size * (1.0F / 16777216.0F); /* 2^-24 */
        memcpy(&bits, &small, sizeof bits);
        bits |= sign;
    }
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void half_pack(const float *x, size_t n, uint16_t *half)
{
    for (size_t i = 0; i < n; i++) {
        half[i] = half_of(x[i]);
    }
}

static void half_unpack(const uint16_t *half, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = float_of(half[i]);
    }
}

static const struct hb_lstm_kernels portable = { product, product8, cell, exp_sum, relu, scale,
    quantize, top, half_pack, half_unpack };

const struct hb_lstm_kernels *hb_lstm_kernels_of(enum hb_lstm_unit unit)
{
    const struct hb_lstm_kernels *avx2 = hb_lstm_kernels_avx2();
    const struct hb_lstm_kernels *avx512 = hb_lstm_kernels_avx512();
    switch (unit) {
    case HB_LSTM_BEST:
        return avx512 != NULL ? avx512 : avx2 != NULL ? avx2 : &portable;
    case HB_LSTM_PORTABLE:
        return &portable;
    case HB_LSTM_AVX2:
        return avx2;
    case HB_LSTM_AVX512:
        return avx512;
    }
    return NULL;
}

uint32_t hb_lstm_flush_on(void)
{
#if defined(__x86_64__)
    uint32_t before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* flush to zero, denormals are zero */
    return before;
#else
    return 0;
#endif
}

void hb_lstm_flush_restore(uint32_t before)
{
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

static size_t whole_lines(size_t count, size_t size)
{
    return hb_lstm_round_up(count * size + (count == 0), 64);
}

void *hb_lstm_memory_untouched(size_t count, size_t size)
{
    return count > (SIZE_MAX - 64) / size ? NULL : aligned_alloc(64, whole_lines(count, size));
}

void *hb_lstm_memory(size_t count, size_t size)
{
    void *memory = hb_lstm_memory_untouched(count, size);
    if (memory != NULL) {
        memset(memory, 0, whole_lines(count, size));
    }
    return memory;
}
