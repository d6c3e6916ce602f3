/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_KERNEL_BODY_H
#define HB_LSTM_KERNEL_BODY_H

/* Bodies of serving alone; see lstm_vector.h. */
#include "core/lstm_kernel.h"

/* With I = 1 + exp(-i), G = 1 + exp(2 g) and so on: c f + i g = c / F + (G - 2) / (I G),
 * h = (C - 2) / (O C). */
BODY void body_cell(const float *restrict pre, size_t units, float *restrict h, float *restrict c)
{
    const enum hb_lstm_math_degree degree = HB_LSTM_MATH_DEGREE_6;
    const float *i = pre, *f = pre + units, *g = pre + 2 * units, *o = pre + 3 * units;
    for (size_t u = 0; u < units; u++) {
        float i_below = body_below(-i[u], degree), g_below = body_below(2.0F * g[u], degree);
        c[u] = c[u] / body_below(-f[u], degree) + (g_below - 2.0F) / (i_below * g_below);
        float c_below = body_below(2.0F * c[u], degree);
        h[u] = (c_below - 2.0F) / (body_below(-o[u], degree) * c_below);
    }
}

BODY void body_relu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] > 0.0F ? x[i] : 0.0F;
    }
}

BODY float body_quantize(const float *restrict x, size_t n, uint8_t *restrict q)
{
    float most[body_lanes] = { 0.0F }, top = 0.0F;
    size_t whole = n / body_lanes * body_lanes;
    for (size_t k = 0; k < whole; k += body_lanes) {
        for (size_t j = 0; j < body_lanes; j++) {
            float size = x[k + j] < 0.0F ? -x[k + j] : x[k + j];
            most[j] = size > most[j] ? size : most[j];
        }
    }
    for (size_t j = 0; j < body_lanes; j++) {
        top = most[j] > top ? most[j] : top;
    }
    for (size_t k = whole; k < n; k++) {
        float size = x[k] < 0.0F ? -x[k] : x[k];
        top = size > top ? size : top;
    }
    float inverse = top > 1e-30F ? 127.0F / top : 0.0F;
    for (size_t k = 0; k < n; k++) {
        float rounded = x[k] * inverse + 12582912.0F; /* 1.5 * 2^23: rounds to nearest */
        q[k] = (uint8_t)(int32_t)(rounded - 12582912.0F + 128.0F);
    }
    return top > 1e-30F ? top * (1.0F / 127.0F) : 0.0F;
}

BODY void body_product8(const struct hb_lstm_product8 *p)
{
    for (size_t i = 0; i < p->rows; i++) {
        const uint8_t *a = p->a + i * p->lda;
        for (size_t first = 0; first < p->columns; first += hb_lstm_panel) {
            const int8_t *b = p->b + first * p->k;
            int32_t sum[hb_lstm_panel] = { 0 };
            for (size_t l = 0; l < p->k; l += 4, b += 4 * hb_lstm_panel) {
                for (size_t j = 0; j < hb_lstm_panel; j++) {
                    sum[j] += a[l] * b[4 * j] + a[l + 1] * b[4 * j + 1] + a[l + 2] * b[4 * j + 2]
                        + a[l + 3] * b[4 * j + 3];
                }
            }
            float *c = p->c + i * p->ldc + first;
            for (size_t j = 0; j < hb_lstm_panel && first + j < p->columns; j++) {
                float scale = p->a_scale[i] * p->b_scale[first + j];
                c[j] += (float)(sum[j] - p->correction[first + j]) * scale;
            }
        }
    }
}

/* Into a sorted list; equal values keep their order of arrival. */
BODY void body_top_put(struct hb_lstm_top *top, uint32_t index, float value)
{
    uint32_t at = top->count < HB_GUESS_MAX ? top->count++ : HB_GUESS_MAX - 1;
    for (; at > 0 && value > top->value[at - 1]; at--) {
        top->value[at] = top->value[at - 1];
        top->index[at] = top->index[at - 1];
    }
    top->value[at] = value;
    top->index[at] = index;
}

BODY float body_top_floor(const struct hb_lstm_top *top)
{
    return top->count < HB_GUESS_MAX ? -1.0F : top->value[HB_GUESS_MAX - 1];
}

#endif
