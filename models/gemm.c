/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/gemm.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A panel is [k][32] floats: with a block of 256 k its 32 KiB stay in the
 * first-level cache while the rows of A pass; 8 rows x 2 vectors of C are 16
 * accumulators, four times the latency of a fused multiply-add. */
enum { panel_columns = 32, block_k = 256, block_m = 512, tile_rows = 8 };

struct tile {
    const float *a;
    size_t row, column;   /* strides of a */
    const float *panel;
    size_t k;
    float *c;
    size_t ldc;
    size_t rows, columns; /* of C that exist */
    bool add;
};

size_t model_gemm_packed_len(size_t k, size_t n)
{
    return k * ((n + panel_columns - 1) / panel_columns * panel_columns);
}

void model_gemm_pack(struct model_matrix b, size_t k, size_t n, float *packed)
{
    for (size_t first = 0; first < n; first += panel_columns) {
        size_t count = n - first < panel_columns ? n - first : panel_columns;
        for (size_t i = 0; i < k; i++, packed += panel_columns) {
            const float *from = b.at + i * b.row + first * b.column;
            for (size_t j = 0; j < count; j++) {
                packed[j] = from[j * b.column];
            }
            for (size_t j = count; j < panel_columns; j++) {
                packed[j] = 0.0F;
            }
        }
    }
}

/* The definition that the vector kernels must match bit by bit. */
static void tile_portable(const struct tile *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        for (size_t j = 0; j < t->columns; j++) {
            float sum = 0.0F;
            for (size_t l = 0; l < t->k; l++) {
                sum = fmaf(t->a[i * t->row + l * t->column], t->panel[l * panel_columns + j], sum);
            }
            t->c[i * t->ldc + j] = t->add ? t->c[i * t->ldc + j] + sum : sum;
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512f"), always_inline)) static inline void tile_rows_avx512(
    const struct tile *t, size_t rows, size_t row, size_t column)
{
    __m512 low[tile_rows], high[tile_rows];
    const float *a = t->a, *panel = t->panel;
    for (size_t i = 0; i < rows; i++) {
        low[i] = _mm512_setzero_ps();
        high[i] = _mm512_setzero_ps();
        _mm_prefetch((const char *)(t->c + i * t->ldc), _MM_HINT_T0); /* wanted at the end */
        _mm_prefetch((const char *)(t->c + i * t->ldc + 16), _MM_HINT_T0);
    }
    for (size_t l = 0; l < t->k; l++, a += column, panel += panel_columns) {
        __m512 left = _mm512_load_ps(panel), right = _mm512_load_ps(panel + 16);
        for (size_t i = 0; i < rows; i++) {
            __m512 scalar = _mm512_set1_ps(a[i * row]);
            low[i] = _mm512_fmadd_ps(scalar, left, low[i]);
            high[i] = _mm512_fmadd_ps(scalar, right, high[i]);
        }
    }
    uint32_t mask = t->columns >= 32 ? UINT32_MAX : (UINT32_C(1) << t->columns) - 1;
    __mmask16 m0 = (__mmask16)(mask & 0xffff), m1 = (__mmask16)(mask >> 16);
    for (size_t i = 0; i < rows; i++) {
        float *c = t->c + i * t->ldc;
        if (t->add) {
            low[i] = _mm512_add_ps(_mm512_maskz_loadu_ps(m0, c), low[i]);
            high[i] = _mm512_add_ps(_mm512_maskz_loadu_ps(m1, c + 16), high[i]);
        }
        _mm512_mask_storeu_ps(c, m0, low[i]);
        _mm512_mask_storeu_ps(c + 16, m1, high[i]);
    }
}

__attribute__((target("avx512f"))) static void tile_avx512(const struct tile *t)
{
    if (t->rows == tile_rows && t->column == 1) {
        tile_rows_avx512(t, tile_rows, t->row, 1);
    } else if (t->rows == tile_rows && t->row == 1) {
        tile_rows_avx512(t, tile_rows, 1, t->column);
    } else if (t->rows == tile_rows) {
        tile_rows_avx512(t, tile_rows, t->row, t->column);
    } else {
        struct tile one = *t;
        for (size_t i = 0; i < t->rows; i++) {
            one.a = t->a + i * t->row;
            one.c = t->c + i * t->ldc;
            tile_rows_avx512(&one, 1, t->row, t->column);
        }
    }
}

__attribute__((target("avx2,fma"))) static void tile_avx2(const struct tile *t)
{
    float line[panel_columns];
    for (size_t i = 0; i < t->rows; i++) {
        __m256 sum[4] = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
            _mm256_setzero_ps() };
        const float *a = t->a + i * t->row, *panel = t->panel;
        for (size_t l = 0; l < t->k; l++, a += t->column, panel += panel_columns) {
            __m256 scalar = _mm256_set1_ps(*a);
            for (size_t j = 0; j < 4; j++) {
                sum[j] = _mm256_fmadd_ps(scalar, _mm256_load_ps(panel + 8 * j), sum[j]);
            }
        }
        for (size_t j = 0; j < 4; j++) {
            _mm256_storeu_ps(line + 8 * j, sum[j]);
        }
        float *c = t->c + i * t->ldc;
        for (size_t j = 0; j < t->columns; j++) {
            c[j] = t->add ? c[j] + line[j] : line[j];
        }
    }
}
#endif

typedef void tile_function(const struct tile *t);

static tile_function *best_tile(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        return tile_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return tile_avx2;
    }
#endif
    return tile_portable;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One block of k and of rows of A against all panels. */
static void multiply_block(tile_function *run, struct tile t, const float *packed, size_t k_all,
    size_t m, size_t n)
{
    const float *a = t.a;
    float *c = t.c;
    for (size_t j = 0; j < n; j += panel_columns) {
        t.panel = packed + j * k_all;
        t.columns = min_size(n - j, panel_columns);
        for (size_t i = 0; i < m; i += tile_rows) {
            t.a = a + i * t.row;
            t.c = c + i * t.ldc + j;
            t.rows = min_size(m - i, tile_rows);
            run(&t);
        }
    }
}

void model_gemm(struct model_matrix a, const float *packed, size_t m, size_t n, size_t k, bool add,
    float *c, size_t ldc)
{
    assert((uintptr_t)packed % 64 == 0);
    tile_function *run = best_tile();
    for (size_t l = 0; l < k; l += block_k) {
        for (size_t i = 0; i < m; i += block_m) {
            struct tile t = { .a = a.at + i * a.row + l * a.column, .row = a.row,
                .column = a.column, .k = min_size(k - l, block_k), .c = c + i * ldc, .ldc = ldc,
                .add = add || l > 0 };
            multiply_block(run, t, packed + l * panel_columns, k, min_size(m - i, block_m), n);
        }
    }
}
