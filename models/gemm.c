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
 * accumulators, four times the latency of a fused multiply-add. 12 rows are
 * slower: their addresses no longer fit the registers. */
enum { panel_columns = 32, block_k = 256, block_m = 512, tile_rows = 8 };

struct tile {
    const float *a;
    size_t row, column;   /* strides of a */
    const float *panel;
    size_t panel_row;     /* stride of panel */
    size_t k;
    const float *start;   /* what is added, NULL: nothing; start_row apart for each row */
    size_t start_row;
    const uint32_t *start_of; /* rows of start; NULL: in order */
    float *c;
    size_t ldc;
    size_t rows, columns; /* of C that exist */
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

struct strides {
    size_t row, column, panel;
};

static inline const float *start_of(const struct tile *t, size_t i)
{
    size_t at = t->start_of != NULL ? t->start_of[i] : i;
    return t->start == NULL ? NULL : t->start + at * t->start_row;
}

/* The definition that the vector kernels must match bit by bit. */
static void tile_portable(const struct tile *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        for (size_t j = 0; j < t->columns; j++) {
            float sum = 0.0F;
            for (size_t l = 0; l < t->k; l++) {
                sum = fmaf(t->a[i * t->row + l * t->column], t->panel[l * t->panel_row + j], sum);
            }
            const float *start = start_of(t, i);
            t->c[i * t->ldc + j] = start != NULL ? start[j] + sum : sum;
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512f"), always_inline)) static inline void tile_rows_avx512(
    const struct tile *t, size_t first, size_t rows, struct strides by)
{
    __m512 low[tile_rows], high[tile_rows];
    const float *a = t->a + first * by.row, *panel = t->panel;
    float *c = t->c + first * t->ldc;
    for (size_t i = 0; i < rows; i++) {
        low[i] = _mm512_setzero_ps();
        high[i] = _mm512_setzero_ps();
        _mm_prefetch((const char *)(c + i * t->ldc), _MM_HINT_T0); /* wanted at the end */
        _mm_prefetch((const char *)(c + i * t->ldc + 16), _MM_HINT_T0);
    }
#pragma GCC unroll 2
    for (size_t l = 0; l < t->k; l++, a += by.column, panel += by.panel) {
        __m512 left = _mm512_loadu_ps(panel), right = _mm512_loadu_ps(panel + 16);
        for (size_t i = 0; i < rows; i++) {
            __m512 scalar = _mm512_set1_ps(a[i * by.row]);
            low[i] = _mm512_fmadd_ps(scalar, left, low[i]);
            high[i] = _mm512_fmadd_ps(scalar, right, high[i]);
        }
    }
    uint32_t mask = t->columns >= 32 ? UINT32_MAX : (UINT32_C(1) << t->columns) - 1;
    __mmask16 m0 = (__mmask16)(mask & 0xffff), m1 = (__mmask16)(mask >> 16);
    for (size_t i = 0; i < rows; i++, c += t->ldc) {
        const float *start = start_of(t, first + i);
        if (start != NULL) {
            low[i] = _mm512_add_ps(_mm512_maskz_loadu_ps(m0, start), low[i]);
            high[i] = _mm512_add_ps(_mm512_maskz_loadu_ps(m1, start + 16), high[i]);
        }
        _mm512_mask_storeu_ps(c, m0, low[i]);
        _mm512_mask_storeu_ps(c + 16, m1, high[i]);
    }
}

__attribute__((target("avx512f"), always_inline)) static inline void tile_split_avx512(
    const struct tile *t, struct strides by)
{
    size_t first = 0;
    if (t->rows == tile_rows) {
        tile_rows_avx512(t, 0, tile_rows, by);
        return;
    }
    if (t->rows >= 4) {
        tile_rows_avx512(t, 0, 4, by);
        first = 4;
    }
    for (; first < t->rows; first++) {
        tile_rows_avx512(t, first, 1, by);
    }
}

/* The usual strides are constants to the compiler: registers are scarce. */
__attribute__((target("avx512f"))) static void tile_avx512(const struct tile *t)
{
    if (t->column == 1 && t->panel_row == panel_columns) {
        tile_split_avx512(t, (struct strides) { t->row, 1, panel_columns });
    } else if (t->row == 1 && t->panel_row == panel_columns) {
        tile_split_avx512(t, (struct strides) { 1, t->column, panel_columns });
    } else {
        tile_split_avx512(t, (struct strides) { t->row, t->column, t->panel_row });
    }
}

__attribute__((target("avx2,fma"))) static void tile_avx2(const struct tile *t)
{
    float line[panel_columns];
    for (size_t i = 0; i < t->rows; i++) {
        __m256 sum[4] = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
            _mm256_setzero_ps() };
        const float *a = t->a + i * t->row, *panel = t->panel;
        for (size_t l = 0; l < t->k; l++, a += t->column, panel += t->panel_row) {
            __m256 scalar = _mm256_set1_ps(*a);
            for (size_t j = 0; j < 4; j++) {
                sum[j] = _mm256_fmadd_ps(scalar, _mm256_loadu_ps(panel + 8 * j), sum[j]);
            }
        }
        for (size_t j = 0; j < 4; j++) {
            _mm256_storeu_ps(line + 8 * j, sum[j]);
        }
        float *c = t->c + i * t->ldc;
        const float *start = start_of(t, i);
        for (size_t j = 0; j < t->columns; j++) {
            c[j] = start != NULL ? start[j] + line[j] : line[j];
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

/* Where the block of k at l finds what its tiles start from. */
static void find_start(const struct model_gemm_product *p, size_t l, struct tile *t)
{
    if (l == 0 && p->start != NULL) {
        t->start = p->start;
        t->start_of = p->start_of;
        t->start_row = p->start_of != NULL ? p->start_row : 0;
    } else if (l > 0 || p->add) {
        t->start = p->c;
        t->start_row = p->ldc;
    }
}

/* Rows i.. of A in the block of k at l against the panel at j. */
static void multiply_tiles(const struct model_gemm_product *p, tile_function *run, struct tile t,
    size_t l, size_t i, size_t j)
{
    const float *start = t.start;
    const uint32_t *start_of = t.start_of;
    size_t end = i + min_size(p->m - i, block_m);
    t.panel = p->b + j / panel_columns * p->panel + l * p->row;
    t.columns = min_size(p->n - j, panel_columns);
    for (; i < end; i += tile_rows) {
        t.a = p->a.at + i * p->a.row + l * p->a.column;
        t.c = p->c + i * p->ldc + j;
        t.rows = min_size(end - i, tile_rows);
        if (start_of != NULL) {
            t.start = start + j;
            t.start_of = start_of + i;
        } else if (start != NULL) {
            t.start = start + i * t.start_row + j;
        }
        run(&t);
    }
}

void model_gemm_run(const struct model_gemm_product *product)
{
    tile_function *run = best_tile();
    for (size_t l = 0; l < product->k; l += block_k) {
        struct tile t = { .row = product->a.row, .column = product->a.column,
            .panel_row = product->row, .k = min_size(product->k - l, block_k),
            .ldc = product->ldc };
        find_start(product, l, &t);
        for (size_t i = 0; i < product->m; i += block_m) {
            for (size_t j = 0; j < product->n; j += panel_columns) {
                multiply_tiles(product, run, t, l, i, j);
            }
        }
    }
}

void model_gemm(struct model_matrix a, const float *packed, size_t m, size_t n, size_t k, bool add,
    float *c, size_t ldc)
{
    assert((uintptr_t)packed % 64 == 0);
    model_gemm_run(&(struct model_gemm_product) { .a = a, .b = packed,
        .panel = panel_columns * k, .row = panel_columns, .m = m, .n = n, .k = k, .add = add,
        .c = c, .ldc = ldc });
}
