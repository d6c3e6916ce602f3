/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lstm_kernel_body.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <float.h>
#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

enum { vector = 16 };

VNNI BODY void tile8(const struct hb_lstm_product8 *p, size_t i, size_t j, size_t rows,
    size_t vectors)
{
    __m512i sum[8][8];
    const uint8_t *a = p->a + i * p->lda;
    const int8_t *b = p->b + j * p->k;
    size_t panel = hb_lstm_panel * p->k;
    for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < vectors; v++) {
            sum[r][v] = _mm512_setzero_si512();
        }
    }
    for (size_t l = 0; l < p->k; l += 4) {
        __m512i right[8];
        for (size_t v = 0; v < vectors; v++) {
            right[v] = _mm512_loadu_si512(b + v / 2 * panel + l * hb_lstm_panel + v % 2 * 64);
        }
        for (size_t r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, a + r * p->lda + l, sizeof four);
            __m512i left = _mm512_set1_epi32(four);
            for (size_t v = 0; v < vectors; v++) {
                sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], left, right[v]);
            }
        }
    }
    for (size_t v = 0; v < vectors; v++) {
        size_t at = j + v * vector;
        size_t left = p->columns > at ? p->columns - at : 0;
        __mmask16 mask = (__mmask16)(left >= vector ? 0xffff : (1U << left) - 1);
        __m512i correction = _mm512_maskz_loadu_epi32(mask, p->correction + at);
        __m512 b_scale = _mm512_maskz_loadu_ps(mask, p->b_scale + at);
        for (size_t r = 0; r < rows; r++) {
            float *c = p->c + (i + r) * p->ldc + at;
            __m512 scale = _mm512_mul_ps(_mm512_set1_ps(p->a_scale[i + r]), b_scale);
            __m512 exact = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum[r][v], correction));
            __m512 was = _mm512_maskz_loadu_ps(mask, c);
            _mm512_mask_storeu_ps(c, mask, _mm512_add_ps(was, _mm512_mul_ps(exact, scale)));
        }
    }
}

VNNI static void product_vnni(const struct hb_lstm_product8 *p)
{
    size_t whole = p->rows / 8 * 8;
    for (size_t j = 0; j < p->columns && whole > 0; j += hb_lstm_panel) {
        for (size_t i = 0; i < whole; i += 8) {
            tile8(p, i, j, 8, 2);
        }
    }
    for (size_t i = whole; i < p->rows; i++) {
        size_t j = 0;
        for (; j + 4 * hb_lstm_panel <= p->columns; j += 4 * hb_lstm_panel) {
            tile8(p, i, j, 1, 8);
        }
        for (; j < p->columns; j += hb_lstm_panel) {
            tile8(p, i, j, 1, 2);
        }
    }
}

AVX512 BODY int is_any_above(const float *x, float low)
{
    __m512 a = _mm512_max_ps(_mm512_loadu_ps(x), _mm512_loadu_ps(x + vector));
    __m512 b = _mm512_max_ps(_mm512_loadu_ps(x + 2 * vector), _mm512_loadu_ps(x + 3 * vector));
    return _mm512_cmp_ps_mask(_mm512_max_ps(a, b), _mm512_set1_ps(low), _CMP_GT_OQ) != 0;
}

/* A value below which none of the largest HB_GUESS_MAX of x [n] can be: of 32 interleaved parts
 * of x, each with its own largest, that many are not below it. */
AVX512 BODY float top_bound(const float *x, size_t n)
{
    if (n < 4 * vector) {
        return -1.0F;
    }
    __m512 low = _mm512_loadu_ps(x), high = _mm512_loadu_ps(x + vector);
    for (size_t i = 2 * vector; i + 2 * vector <= n; i += 2 * vector) {
        low = _mm512_max_ps(low, _mm512_loadu_ps(x + i));
        high = _mm512_max_ps(high, _mm512_loadu_ps(x + i + vector));
    }
    float most[2 * vector], bound = FLT_MAX;
    _mm512_storeu_ps(most, low);
    _mm512_storeu_ps(most + vector, high);
    for (size_t j = 0; j < 2 * vector; j++) {
        __m512 one = _mm512_set1_ps(most[j]);
        uint32_t above = _mm512_cmp_ps_mask(low, one, _CMP_GT_OQ);
        above |= (uint32_t)_mm512_cmp_ps_mask(high, one, _CMP_GT_OQ) << 16;
        bound = __builtin_popcount(above) < HB_GUESS_MAX && most[j] < bound ? most[j] : bound;
    }
    return bound;
}

AVX512 static void top512(const float *x, size_t n, struct hb_lstm_top *best)
{
    float bound = top_bound(x, n);
    float least = bound > 0.0F ? bound * (1.0F - FLT_EPSILON) : -1.0F; /* what is above may be in */
    *best = (struct hb_lstm_top) { .count = 0 };
    for (size_t i = 0; i < n; i += vector) {
        float floor = body_top_floor(best) > least ? body_top_floor(best) : least;
        while (n - i >= 4 * vector && !is_any_above(x + i, floor)) {
            i += 4 * vector;
        }
        if (i >= n) {
            break;
        }
        __mmask16 mask = (__mmask16)(n - i >= vector ? 0xffff : (1U << (n - i)) - 1);
        __m512 low = _mm512_set1_ps(floor);
        __m512 these = _mm512_maskz_loadu_ps(mask, x + i);
        uint32_t above = _mm512_mask_cmp_ps_mask(mask, these, low, _CMP_GT_OQ);
        for (; above != 0; above &= above - 1) {
            size_t at = i + (size_t)__builtin_ctz(above);
            if (x[at] > body_top_floor(best)) {
                body_top_put(best, (uint32_t)at, x[at]);
            }
        }
    }
}

AVX2 static void top256(const float *x, size_t n, struct hb_lstm_top *best)
{
    *best = (struct hb_lstm_top) { .count = 0 };
    for (size_t i = 0; i < n; i++) {
        if (x[i] > body_top_floor(best)) {
            body_top_put(best, (uint32_t)i, x[i]);
        }
    }
}

AVX2 static void half_pack(const float *x, size_t n, uint16_t *half)
{
    for (size_t i = 0; i < n; i++) {
        half[i] = _cvtss_sh(x[i], _MM_FROUND_TO_NEAREST_INT);
    }
}

AVX2 static void half_unpack(const uint16_t *half, size_t n, float *x)
{
    size_t whole = n / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        _mm256_storeu_ps(x + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(half + i))));
    }
    for (size_t i = whole; i < n; i++) {
        x[i] = _cvtsh_ss(half[i]);
    }
}

#define BODIES(UNIT, suffix)                                                              \
    UNIT static void product8_##suffix(const struct hb_lstm_product8 *p)                  \
    {                                                                                     \
        body_product8(p);                                                                 \
    }                                                                                     \
    UNIT static void cell_##suffix(const float *pre, size_t units, float *h, float *c)    \
    {                                                                                     \
        body_cell(pre, units, h, c);                                                      \
    }                                                                                     \
    UNIT static float exp_sum_##suffix(float *x, size_t n, float factor)                  \
    {                                                                                     \
        return body_exp_sum(x, n, factor, -body_max(x, n) * factor,                       \
            HB_LSTM_MATH_DEGREE_6);                                                       \
    }                                                                                     \
    UNIT static void relu_##suffix(float *x, size_t n)                                    \
    {                                                                                     \
        body_relu(x, n);                                                                  \
    }                                                                                     \
    UNIT static void scale_##suffix(float *x, size_t n, float factor)                     \
    {                                                                                     \
        body_scale(x, n, factor);                                                         \
    }                                                                                     \
    UNIT static float quantize_##suffix(const float *x, size_t n, uint8_t *q)             \
    {                                                                                     \
        return body_quantize(x, n, q);                                                    \
    }
BODIES(AVX2, avx2)
BODIES(AVX512, avx512)

static const struct hb_lstm_kernels kernels_avx2
    = { hb_lstm_kernel_product_avx2, product8_avx2, cell_avx2, exp_sum_avx2, relu_avx2,
          scale_avx2, quantize_avx2, top256, half_pack, half_unpack };
static const struct hb_lstm_kernels kernels_avx512
    = { hb_lstm_kernel_product_avx512, product8_avx512, cell_avx512, exp_sum_avx512, relu_avx512,
          scale_avx512, quantize_avx512, top512, half_pack, half_unpack };
static const struct hb_lstm_kernels kernels_vnni
    = { hb_lstm_kernel_product_avx512, product_vnni, cell_avx512, exp_sum_avx512, relu_avx512,
          scale_avx512, quantize_avx512, top512, half_pack, half_unpack };

const struct hb_lstm_kernels *hb_lstm_kernels_avx2(void)
{
    return hb_lstm_vector_has_avx2() ? &kernels_avx2 : NULL;
}

const struct hb_lstm_kernels *hb_lstm_kernels_avx512(void)
{
    if (!hb_lstm_vector_has_avx512()) {
        return NULL;
    }
    return __builtin_cpu_supports("avx512vnni") ? &kernels_vnni : &kernels_avx512;
}

#else

const struct hb_lstm_kernels *hb_lstm_kernels_avx2(void)
{
    return NULL;
}

const struct hb_lstm_kernels *hb_lstm_kernels_avx512(void)
{
    return NULL;
}

#endif
