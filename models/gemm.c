/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/gemm.h"

#include <assert.h>
#include <math.h>
#include <stdalign.h>
#include <stdint.h>

#include "models/gemm_impl.h"

enum { wide = model_gemm_wide, block_m = 64 }; /* rows of A packed at a time: 70 KiB of stack */

static void pack_portable(const struct model_gemm_strip *strip, float *block)
{
    for (size_t l = 0; l < strip->k; l++) {
        for (size_t j = 0; j < wide; j++) {
            block[l * wide + j] = j < strip->count
                ? strip->from[l * strip->deep + j * strip->side] : 0.0F;
        }
    }
    model_gemm_finish(strip->k, block);
}

/* The definition that the vector kernels match bit by bit. */
static float element(const struct model_gemm_tile *t, size_t i, size_t j)
{
    size_t h = model_gemm_pairs(t->k);
    const float *x0 = t->a + i, *x1 = x0 + h * wide, *x2 = x1 + h * wide;
    const float *y0 = t->b + j, *y1 = y0 + h * wide, *y2 = y1 + h * wide;
    float sum = 0.0F;
    for (size_t l = 0; l < h * wide; l += wide) {
        sum = l / wide % 2 == 0 ? fmaf(y1[l] + x0[l], y0[l] + x1[l], sum)
                                : fmaf(-(y1[l] - x0[l]), y0[l] - x1[l], sum);
        sum = fmaf(x2[l], y2[l], sum);
    }
    for (size_t l = h * wide; l < (t->k - 2 * h) * wide; l += wide) {
        sum = fmaf(x2[l], y2[l], sum);
    }
    return model_gemm_corrected(t, i, j, sum);
}

static void tile_portable(const struct model_gemm_tile *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        const float *start = model_gemm_start(t, i);
        for (size_t j = 0; j < t->columns; j++) {
            float got = element(t, i, j);
            t->c[i * t->ldc + j] = start != NULL ? start[j] + got : got;
        }
    }
}

const struct model_gemm_kernels *model_gemm_kernels_portable(void)
{
    static const struct model_gemm_kernels portable = { pack_portable, tile_portable };
    return &portable;
}

static const struct model_gemm_kernels *best_kernels(void)
{
    const struct model_gemm_kernels *kernels = model_gemm_kernels_avx512();
    kernels = kernels != NULL ? kernels : model_gemm_kernels_avx2();
    return kernels != NULL ? kernels : model_gemm_kernels_portable();
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* k in equal blocks, but for the last. */
static size_t block_count(size_t k)
{
    return (k + model_gemm_deep - 1) / model_gemm_deep;
}

static size_t block_depth(size_t k)
{
    size_t count = block_count(k);
    return count > 0 ? (k + count - 1) / count : 1;
}

size_t model_gemm_packed_len(size_t k, size_t n)
{
    return (k + model_gemm_tail * block_count(k)) * ((n + wide - 1) / wide * wide);
}

void model_gemm_pack(struct model_matrix b, size_t k, size_t n, float *packed)
{
    const struct model_gemm_kernels *kernels = best_kernels();
    size_t depth = block_depth(k);
    for (size_t j = 0; j < n; j += wide) {
        for (size_t l = 0; l < k; l += depth) {
            struct model_gemm_strip strip = { .from = b.at + l * b.row + j * b.column,
                .deep = b.row, .side = b.column, .k = min_size(k - l, depth),
                .count = min_size(n - j, wide) };
            kernels->pack(&strip, packed);
            packed += (strip.k + model_gemm_tail) * wide;
        }
    }
}

/* Where the block of k at l finds what its tiles start from. */
static void find_start(const struct model_gemm_product *p, size_t l, struct model_gemm_tile *t)
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

/* The packed rows from i on in a block of k against its columns from j on. */
static void multiply_tiles(const struct model_gemm_product *p,
    const struct model_gemm_kernels *kernels, struct model_gemm_tile t, size_t i, size_t j)
{
    const float *start = t.start;
    const uint32_t *start_of = t.start_of;
    size_t end = i + min_size(p->m - i, block_m);
    t.columns = min_size(p->n - j, wide);
    for (; i < end; i += wide, t.a += model_gemm_block_len) {
        t.c = p->c + i * p->ldc + j;
        t.rows = min_size(end - i, wide);
        if (start_of != NULL) {
            t.start = start + j;
            t.start_of = start_of + i;
        } else if (start != NULL) {
            t.start = start + i * t.start_row + j;
        }
        kernels->tile(&t);
    }
}

void model_gemm_run(const struct model_gemm_product *p)
{
    assert((uintptr_t)p->packed % 64 == 0);
    alignas(64) float left[block_m / wide * model_gemm_block_len];
    const struct model_gemm_kernels *kernels = best_kernels();
    size_t depth = block_depth(p->k), panel = model_gemm_packed_len(p->k, wide);
    const float *packed = p->packed;
    for (size_t l = 0; l < p->k; l += depth) {
        struct model_gemm_tile t = { .k = min_size(p->k - l, depth), .ldc = p->ldc };
        find_start(p, l, &t);
        for (size_t i = 0; i < p->m; i += block_m) {
            for (size_t r = i; r < min_size(p->m, i + block_m); r += wide) {
                struct model_gemm_strip strip = {
                    .from = p->a.at + r * p->a.row + l * p->a.column, .deep = p->a.column,
                    .side = p->a.row, .k = t.k, .count = min_size(p->m - r, wide) };
                kernels->pack(&strip, left + (r - i) / wide * model_gemm_block_len);
            }
            t.a = left;
            for (size_t j = 0; j < p->n; j += wide) {
                t.b = packed + j / wide * panel;
                multiply_tiles(p, kernels, t, i, j);
            }
        }
        packed += (t.k + model_gemm_tail) * wide;
    }
}

void model_gemm(struct model_matrix a, const float *packed, size_t m, size_t n, size_t k, bool add,
    float *c, size_t ldc)
{
    model_gemm_run(&(struct model_gemm_product) { .a = a, .packed = packed, .m = m, .n = n,
        .k = k, .add = add, .c = c, .ldc = ldc });
}
