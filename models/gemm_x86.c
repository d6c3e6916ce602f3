/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/gemm_impl.h"

#include "core/lstm_vector.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { wide = model_gemm_wide };

/* 8 rows, stride floats apart, become 8 columns of a block. */
__attribute__((target("avx2"), always_inline)) static inline void turn(const float *from,
    size_t stride, float *to)
{
    for (size_t half = 0; half < 8; half += 4, from += 4) {
        __m256 r[4];
        for (size_t i = 0; i < 4; i++) {
            r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + i * stride)),
                _mm_loadu_ps(from + (i + 4) * stride), 1);
        }
        __m256 a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
        __m256 c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
        _mm256_store_ps(to + half * wide, _mm256_shuffle_ps(a, c, 0x44));
        _mm256_store_ps(to + (half + 1) * wide, _mm256_shuffle_ps(a, c, 0xee));
        _mm256_store_ps(to + (half + 2) * wide, _mm256_shuffle_ps(b, d, 0x44));
        _mm256_store_ps(to + (half + 3) * wide, _mm256_shuffle_ps(b, d, 0xee));
    }
}

BODY void copy(const struct model_gemm_strip *s, size_t l, size_t j, size_t end, float *block)
{
    for (; l < s->k; l++) {
        for (size_t i = j; i < end; i++) {
            block[l * wide + i] = i < s->count ? s->from[l * s->deep + i * s->side] : 0.0F;
        }
    }
}

__attribute__((target("avx2,fma"), always_inline)) static inline void bring(
    const struct model_gemm_strip *s, float *block)
{
    if (s->side == 1 && s->count == wide) {
        for (size_t l = 0; l < s->k; l++) {
            const float *from = s->from + l * s->deep;
            _mm256_store_ps(block + l * wide, _mm256_loadu_ps(from));
            _mm256_store_ps(block + l * wide + 8, _mm256_loadu_ps(from + 8));
            _mm_prefetch((const char *)(from + wide), _MM_HINT_T0); /* the next block's */
        }
        return;
    }
    size_t j = 0, whole = s->k / 8 * 8;
    for (; s->deep == 1 && j + 8 <= s->count; j += 8) {
        for (size_t l = 0; l < whole; l += 8) {
            turn(s->from + j * s->side + l, s->side, block + l * wide + j);
        }
        copy(s, whole, j, j + 8, block);
    }
    if (j < wide) {
        copy(s, 0, j, wide, block);
    }
}

#define BODY_512 __attribute__((target("avx512f,avx2"), always_inline)) static inline

BODY_512 __m512 scale(float *x, __m512 factor)
{
    __m512 scaled = _mm512_mul_ps(_mm512_load_ps(x), factor);
    _mm512_store_ps(x, scaled);
    return scaled;
}

BODY_512 __m512d half(__m512 x, int which)
{
    return _mm512_cvtps_pd(which == 0 ? _mm512_castps512_ps256(x)
        : _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)));
}

/* What 32 bits hold of them, and of the rest. */
BODY_512 void store_sums(__m512d sum, float *to)
{
    __m256 most = _mm512_cvtpd_ps(sum);
    _mm256_store_ps(to, most);
    _mm256_store_ps(to + wide, _mm512_cvtpd_ps(_mm512_sub_pd(sum, _mm512_cvtps_pd(most))));
}

/* model_gemm_finish() in whole vectors. */
__attribute__((target("avx512f,avx2"))) static void finish_512(size_t k, float *block)
{
    const __m512i limit = _mm512_set1_epi32(126), bias = _mm512_set1_epi32(127);
    __m512i top = _mm512_setzero_si512(), size = _mm512_set1_epi32(INT32_MAX);
    for (size_t l = 0; l < k; l++) {
        __m512i bits = _mm512_load_si512(block + l * wide);
        top = _mm512_max_epi32(top, _mm512_and_si512(bits, size));
    }
    __m512i power = _mm512_sub_epi32(_mm512_srli_epi32(top, 23), bias);
    power = _mm512_max_epi32(power, _mm512_sub_epi32(_mm512_setzero_si512(), limit));
    power = _mm512_min_epi32(power, limit);
    __m512 down = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_sub_epi32(bias, power), 23));
    size_t h = model_gemm_pairs(k);
    float *x0 = block, *x1 = block + h * wide;
    __m512d low = _mm512_setzero_pd(), high = low;
    for (size_t l = 0; l < h; l += 2, x0 += 2 * wide, x1 += 2 * wide) {
        __m512 a0 = scale(x0, down), a1 = scale(x1, down);
        __m512 b0 = scale(x0 + wide, down), b1 = scale(x1 + wide, down);
        low = _mm512_fmadd_pd(half(a0, 0), half(a1, 0), low);
        high = _mm512_fmadd_pd(half(a0, 1), half(a1, 1), high);
        low = _mm512_fnmadd_pd(half(b0, 0), half(b1, 0), low);
        high = _mm512_fnmadd_pd(half(b0, 1), half(b1, 1), high);
    }
    for (size_t l = 2 * h; l < k; l++) {
        (void)scale(block + l * wide, down); /* in place */
    }
    store_sums(low, block + k * wide);
    store_sums(high, block + k * wide + 8);
    _mm512_store_ps(block + (k + 2) * wide, _mm512_cvtepi32_ps(power));
}

__attribute__((target("avx512f,avx2,fma"))) static void pack_512(
    const struct model_gemm_strip *strip, float *block)
{
    bring(strip, block);
    finish_512(strip->k, block);
}

__attribute__((target("avx2,fma"))) static void pack_256(const struct model_gemm_strip *strip,
    float *block)
{
    bring(strip, block);
    model_gemm_finish(strip->k, block);
}

/* One pair and one plain term of each row. Numbers of A come from memory inside the instructions
 * that use them, each once: loaded into registers they would take the adders' time. */
__attribute__((target("avx512f"), always_inline)) static inline void pair_512(const float *const
    a[3], const float *const b[3], size_t l, __m512 *restrict sum)
{
    __m512 y0 = _mm512_load_ps(b[0] + l), y1 = _mm512_load_ps(b[1] + l);
    __m512 y2 = _mm512_load_ps(b[2] + l);
    const float *x0 = a[0] + l, *x1 = a[1] + l, *x2 = a[2] + l;
#pragma GCC unroll 16
    for (size_t i = 0; i < wide; i++) {
        sum[i] = _mm512_fmadd_ps(_mm512_add_ps(y1, _mm512_set1_ps(x0[i])),
            _mm512_add_ps(y0, _mm512_set1_ps(x1[i])), sum[i]);
        sum[i] = _mm512_fmadd_ps(y2, _mm512_set1_ps(x2[i]), sum[i]);
    }
    l += wide;
    y0 = _mm512_load_ps(b[0] + l), y1 = _mm512_load_ps(b[1] + l), y2 = _mm512_load_ps(b[2] + l);
    x0 += wide, x1 += wide, x2 += wide;
#pragma GCC unroll 16
    for (size_t i = 0; i < wide; i++) {
        sum[i] = _mm512_fnmadd_ps(_mm512_sub_ps(y1, _mm512_set1_ps(x0[i])),
            _mm512_sub_ps(y0, _mm512_set1_ps(x1[i])), sum[i]);
        sum[i] = _mm512_fmadd_ps(y2, _mm512_set1_ps(x2[i]), sum[i]);
    }
}

__attribute__((target("avx512f"))) static void tile_512(const struct model_gemm_tile *t)
{
    size_t h = model_gemm_pairs(t->k) * wide;
    const float *a[3] = { t->a, t->a + h, t->a + 2 * h }, *b[3] = { t->b, t->b + h, t->b + 2 * h };
    __m512 sum[wide];
    for (size_t i = 0; i < wide; i++) {
        sum[i] = _mm512_setzero_ps();
        _mm_prefetch((const char *)(t->c + (i < t->rows ? i : 0) * t->ldc), _MM_HINT_T0);
    }
    for (size_t l = 0; l < h; l += 2 * wide) {
        pair_512(a, b, l, sum);
    }
    for (size_t l = h; l < t->k * wide - 2 * h; l += wide) {
        __m512 y = _mm512_load_ps(b[2] + l);
#pragma GCC unroll 16
        for (size_t i = 0; i < wide; i++) {
            sum[i] = _mm512_fmadd_ps(y, _mm512_set1_ps(a[2][l + i]), sum[i]);
        }
    }
    const float *x = t->a + t->k * wide, *y = t->b + t->k * wide;
    __m512 most = _mm512_load_ps(y), least = _mm512_load_ps(y + wide);
    __m512 power = _mm512_load_ps(y + 2 * wide);
    __mmask16 mask = (__mmask16)((UINT32_C(1) << t->columns) - 1);
#pragma GCC unroll 16
    for (size_t i = 0; i < wide; i++) {
        if (i < t->rows) {
            const float *start = model_gemm_start(t, i);
            __m512 own = _mm512_sub_ps(_mm512_sub_ps(sum[i], _mm512_set1_ps(x[i])), most);
            own = _mm512_sub_ps(own, _mm512_add_ps(_mm512_set1_ps(x[wide + i]), least));
            own = _mm512_scalef_ps(own, _mm512_add_ps(power, _mm512_set1_ps(x[2 * wide + i])));
            if (start != NULL) {
                own = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, start), own);
            }
            _mm512_mask_storeu_ps(t->c + i * t->ldc, mask, own);
        }
    }
}

/* Rows i to i + 3, columns j to j + 7. */
__attribute__((target("avx2,fma"), always_inline)) static inline void part_256(
    const struct model_gemm_tile *t, size_t i, size_t j, float *line)
{
    size_t h = model_gemm_pairs(t->k) * wide, end = t->k * wide - 2 * h;
    const float *x0 = t->a + i, *x1 = x0 + h, *x2 = x1 + h;
    const float *y0 = t->b + j, *y1 = y0 + h, *y2 = y1 + h;
    __m256 sum[4] = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
        _mm256_setzero_ps() };
    for (size_t l = 0; l < end; l += wide) {
        __m256 plain = _mm256_load_ps(y2 + l);
        for (size_t r = 0; r < 4 && l < h; r++) {
            __m256 left = _mm256_set1_ps(x0[l + r]), right = _mm256_set1_ps(x1[l + r]);
            __m256 b0 = _mm256_load_ps(y0 + l), b1 = _mm256_load_ps(y1 + l);
            sum[r] = l / wide % 2 == 0
                ? _mm256_fmadd_ps(_mm256_add_ps(b1, left), _mm256_add_ps(b0, right), sum[r])
                : _mm256_fnmadd_ps(_mm256_sub_ps(b1, left), _mm256_sub_ps(b0, right), sum[r]);
        }
        for (size_t r = 0; r < 4; r++) {
            sum[r] = _mm256_fmadd_ps(plain, _mm256_set1_ps(x2[l + r]), sum[r]);
        }
    }
    for (size_t r = 0; r < 4; r++) {
        _mm256_storeu_ps(line + r * wide, sum[r]);
    }
}

__attribute__((target("avx2,fma"))) static void tile_256(const struct model_gemm_tile *t)
{
    float lines[4 * wide];
    for (size_t i = 0; i < t->rows; i++) {
        if (i % 4 == 0) {
            part_256(t, i, 0, lines);
            part_256(t, i, 8, lines + 8);
        }
        const float *start = model_gemm_start(t, i);
        for (size_t j = 0; j < t->columns; j++) {
            float own = model_gemm_corrected(t, i, j, lines[i % 4 * wide + j]);
            t->c[i * t->ldc + j] = start != NULL ? start[j] + own : own;
        }
    }
}

const struct model_gemm_kernels *model_gemm_kernels_avx2(void)
{
    static const struct model_gemm_kernels kernels = { pack_256, tile_256 };
    return hb_lstm_vector_has_avx2() ? &kernels : NULL;
}

const struct model_gemm_kernels *model_gemm_kernels_avx512(void)
{
    static const struct model_gemm_kernels kernels = { pack_512, tile_512 };
    return hb_lstm_vector_has_avx512() ? &kernels : NULL;
}
#else
const struct model_gemm_kernels *model_gemm_kernels_avx2(void)
{
    return NULL;
}

const struct model_gemm_kernels *model_gemm_kernels_avx512(void)
{
    return NULL;
}
#endif
