/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lstm_kernel_body.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

/* Plain terms: 12 x 2 accumulators, 2 vectors of b are 26 of 32 registers. Paired ones: a
 * broadcast from memory as an operand costs nothing, one through a register costs what the
 * additions gain, so every broadcast is for one vector only: 8 x 1. */
enum { vector = 16, tall = 12, tall_paired = 8 };

struct tile512 {
    const float *a, *b[4];
    size_t lda, row;
    __m512 sum[tall][8];
};

AVX512 BODY __m512 right512(const struct tile512 *t, size_t l, size_t v)
{
    return _mm512_loadu_ps(t->b[v / 2] + l * t->row + v % 2 * vector);
}

AVX512 BODY void plain512(struct tile512 *t, size_t from, size_t to, size_t rows, size_t vectors)
{
    for (size_t l = from; l < to; l++) {
        __m512 right[8];
        for (size_t v = 0; v < vectors; v++) {
            right[v] = right512(t, l, v);
        }
        for (size_t r = 0; r < rows; r++) {
            __m512 left = _mm512_set1_ps(t->a[r * t->lda + l]);
            for (size_t v = 0; v < vectors; v++) {
                t->sum[r][v] = _mm512_fmadd_ps(left, right[v], t->sum[r][v]);
            }
        }
    }
}

/* The first or the second three of six, from l on. */
AVX512 BODY void three512(struct tile512 *t, size_t l, int is_second, size_t rows, size_t v)
{
    __m512 b0 = right512(t, l, v), b1 = right512(t, l + 1, v), b2 = right512(t, l + 2, v);
    for (size_t r = 0; r < rows; r++) {
        const float *a = t->a + r * t->lda + l;
        __m512 a0 = _mm512_set1_ps(a[0]), a1 = _mm512_set1_ps(a[1]), a2 = _mm512_set1_ps(a[2]);
        __m512 sum = _mm512_fmadd_ps(a2, b2, t->sum[r][v]);
        t->sum[r][v] = is_second
            ? _mm512_fnmadd_ps(_mm512_sub_ps(b1, a0), _mm512_sub_ps(b0, a1), sum)
            : _mm512_fmadd_ps(_mm512_add_ps(b1, a0), _mm512_add_ps(b0, a1), sum);
    }
}

/* rows x vectors accumulators; the vectors lie in panels of two. */
AVX512 BODY void tile512(const struct hb_lstm_product *p, size_t i, size_t j, size_t rows,
    size_t vectors, int is_paired)
{
    struct tile512 t = { .a = p->a + i * p->lda, .lda = p->lda,
        .row = is_paired ? hb_lstm_panel : p->row };
    float *c = p->c + i * p->ldc + j;
    size_t l = is_paired ? p->k - p->paired : p->k;
    for (size_t v = 0; v < vectors; v++) {
        t.b[v / 2] = p->b + (j / hb_lstm_panel + v / 2) * p->panel + j % hb_lstm_panel;
    }
    for (size_t r = 0; r < rows; r++) {
        const float *start = p->start != NULL ? p->start[i + r] + j : c + r * p->ldc;
        __m512 excess = _mm512_set1_ps(is_paired ? p->excess[i + r] : 0.0F);
        for (size_t v = 0; v < vectors; v++) {
            t.sum[r][v] = _mm512_sub_ps(_mm512_loadu_ps(start + v * vector), excess);
        }
    }
    plain512(&t, 0, l, rows, vectors);
    for (; is_paired && l + hb_lstm_six <= p->k; l += hb_lstm_six) {
        for (size_t v = 0; v < vectors; v++) {
            three512(&t, l, 0, rows, v);
            three512(&t, l + 3, 1, rows, v);
        }
    }
    plain512(&t, l, p->k, rows, vectors);
    for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < vectors; v++) {
            _mm512_storeu_ps(c + r * p->ldc + v * vector, t.sum[r][v]);
        }
    }
}

AVX512 BODY void row_product512(const struct hb_lstm_product *p, size_t i, int is_paired)
{
    size_t j = 0;
    for (; j + 4 * hb_lstm_panel <= p->columns; j += 4 * hb_lstm_panel) {
        tile512(p, i, j, 1, 8, is_paired);
    }
    for (; j + hb_lstm_panel <= p->columns; j += hb_lstm_panel) {
        tile512(p, i, j, 1, 2, is_paired);
    }
    if (j < p->columns) {
        tile512(p, i, j, 1, 1, is_paired);
    }
}

/* A panel stays in the first-level cache while the rows pass. Returns the rows done. */
AVX512 static size_t plain_rows512(const struct hb_lstm_product *p)
{
    size_t whole = p->rows / tall * tall, fours = whole + (p->rows - whole) / 4 * 4;
    for (size_t j = 0; j < p->columns && fours > 0; j += hb_lstm_panel) {
        int is_half = p->columns - j < hb_lstm_panel;
        for (size_t i = 0; i < whole; i += tall) {
            if (is_half) {
                tile512(p, i, j, tall, 1, 0);
            } else {
                tile512(p, i, j, tall, 2, 0);
            }
        }
        for (size_t i = whole; i < fours; i += 4) {
            if (is_half) {
                tile512(p, i, j, 4, 1, 0);
            } else {
                tile512(p, i, j, 4, 2, 0);
            }
        }
    }
    return fours;
}

AVX512 static size_t paired_rows512(const struct hb_lstm_product *p)
{
    size_t whole = p->rows / tall_paired * tall_paired, fours = p->rows / 4 * 4;
    for (size_t j = 0; j < p->columns && fours > 0; j += vector) {
        for (size_t i = 0; i < whole; i += tall_paired) {
            tile512(p, i, j, tall_paired, 1, 1);
        }
        if (whole < fours) {
            tile512(p, whole, j, 4, 1, 1);
        }
    }
    return fours;
}

AVX512 void hb_lstm_kernel_product_avx512(const struct hb_lstm_product *p)
{
    if (p->paired > 0) {
        for (size_t i = paired_rows512(p); i < p->rows; i++) {
            row_product512(p, i, 1);
        }
        return;
    }
    for (size_t i = plain_rows512(p); i < p->rows; i++) {
        row_product512(p, i, 0);
    }
}

struct tile256 {
    const float *a, *b;
    size_t lda, row;
    __m256 sum[2][4];
};

AVX2 BODY void plain256(struct tile256 *t, size_t from, size_t to, size_t rows, size_t vectors)
{
    for (size_t l = from; l < to; l++) {
        const float *b = t->b + l * t->row;
        for (size_t r = 0; r < rows; r++) {
            __m256 left = _mm256_set1_ps(t->a[r * t->lda + l]);
            for (size_t v = 0; v < vectors; v++) {
                t->sum[r][v] = _mm256_fmadd_ps(left, _mm256_loadu_ps(b + v * 8), t->sum[r][v]);
            }
        }
    }
}

AVX2 BODY void three256(struct tile256 *t, size_t l, int is_second, size_t rows, size_t v)
{
    const float *b = t->b + l * t->row + v * 8;
    __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + t->row);
    __m256 b2 = _mm256_loadu_ps(b + 2 * t->row);
    for (size_t r = 0; r < rows; r++) {
        const float *a = t->a + r * t->lda + l;
        __m256 a0 = _mm256_set1_ps(a[0]), a1 = _mm256_set1_ps(a[1]), a2 = _mm256_set1_ps(a[2]);
        __m256 sum = _mm256_fmadd_ps(a2, b2, t->sum[r][v]);
        t->sum[r][v] = is_second
            ? _mm256_fnmadd_ps(_mm256_sub_ps(b1, a0), _mm256_sub_ps(b0, a1), sum)
            : _mm256_fmadd_ps(_mm256_add_ps(b1, a0), _mm256_add_ps(b0, a1), sum);
    }
}

AVX2 BODY void tile256(const struct hb_lstm_product *p, size_t i, size_t j, size_t rows,
    size_t vectors)
{
    struct tile256 t = { .a = p->a + i * p->lda, .lda = p->lda, .row = p->row,
        .b = p->b + j / hb_lstm_panel * p->panel + j % hb_lstm_panel };
    float *c = p->c + i * p->ldc + j;
    size_t l = p->k - p->paired;
    for (size_t r = 0; r < rows; r++) {
        const float *start = p->start != NULL ? p->start[i + r] + j : c + r * p->ldc;
        __m256 excess = _mm256_set1_ps(p->paired > 0 ? p->excess[i + r] : 0.0F);
        for (size_t v = 0; v < vectors; v++) {
            t.sum[r][v] = _mm256_sub_ps(_mm256_loadu_ps(start + v * 8), excess);
        }
    }
    plain256(&t, 0, l, rows, vectors);
    for (; l + hb_lstm_six <= p->k; l += hb_lstm_six) {
        for (size_t v = 0; v < vectors; v++) {
            three256(&t, l, 0, rows, v);
            three256(&t, l + 3, 1, rows, v);
        }
    }
    plain256(&t, l, p->k, rows, vectors);
    for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < vectors; v++) {
            _mm256_storeu_ps(c + r * p->ldc + v * 8, t.sum[r][v]);
        }
    }
}

AVX2 void hb_lstm_kernel_product_avx2(const struct hb_lstm_product *p)
{
    for (size_t j = 0; j < p->columns; j += hb_lstm_panel) {
        int is_half = p->columns - j < hb_lstm_panel;
        for (size_t i = 0; i < p->rows; i += 2) {
            if (p->rows - i == 1 && is_half) {
                tile256(p, i, j, 1, 2);
            } else if (p->rows - i == 1) {
                tile256(p, i, j, 1, 4);
            } else if (is_half) {
                tile256(p, i, j, 2, 2);
            } else {
                tile256(p, i, j, 2, 4);
            }
        }
    }
}

#endif
