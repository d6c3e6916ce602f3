/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/vector.h"

#include <math.h>

#include "core/lstm_vector.h"

/* Bodies are compiled once per vector unit by being inlined into functions of that unit. Their
 * order of operations, and so their results, are the same on each. */
#if defined(__x86_64__)
#define PER_UNIT(type, name, parameters, arguments)                            \
    AVX512 static type name##_512 parameters                                   \
    {                                                                          \
        return name##_body arguments;                                          \
    }                                                                          \
    AVX2 static type name##_256 parameters                                     \
    {                                                                          \
        return name##_body arguments;                                          \
    }                                                                          \
    type name parameters                                                       \
    {                                                                          \
        return hb_lstm_vector_has_avx512() ? name##_512 arguments              \
            : hb_lstm_vector_has_avx2()    ? name##_256 arguments              \
                                           : name##_body arguments;            \
    }
#else
#define PER_UNIT(type, name, parameters, arguments) \
    type name parameters                            \
    {                                               \
        return name##_body arguments;               \
    }
#endif

BODY float below_of(float x)
{
    return body_below(x, HB_LSTM_MATH_DEGREE_7);
}

BODY float tanh_of(float x)
{
    return 1.0F - 2.0F / below_of(2.0F * x);
}

/* Two quotients cost one division: 1 / a = b / (a b). */
BODY void model_vector_cell_body(float *restrict pre, const float *restrict c_before, size_t
    units, float *restrict c, float *restrict h)
{
    float *restrict i = pre, *restrict f = pre + units;
    float *restrict g = pre + 2 * units, *restrict o = pre + 3 * units;
    for (size_t u = 0; u < units; u++) {
        float i_below = below_of(-i[u]), f_below = below_of(-f[u]);
        float g_below = below_of(2.0F * g[u]), o_below = below_of(-o[u]);
        float i_f = 1.0F / (i_below * f_below), g_o = 1.0F / (g_below * o_below);
        i[u] = f_below * i_f;
        f[u] = i_below * i_f;
        g[u] = fmaf(-2.0F, o_below * g_o, 1.0F);
        o[u] = g_below * g_o;
        c[u] = fmaf(f[u], c_before[u], i[u] * g[u]);
        h[u] = o[u] * tanh_of(c[u]);
    }
}
PER_UNIT(void, model_vector_cell, (float *restrict pre, const float *restrict c_before, size_t
    units, float *restrict c, float *restrict h), (pre, c_before, units, c, h))

BODY void model_vector_cell_back_body(float *restrict gates, const float *restrict c_before,
    const float *restrict c, const float *restrict dh, size_t units, float *restrict dc)
{
    float *restrict i = gates, *restrict f = gates + units;
    float *restrict g = gates + 2 * units, *restrict o = gates + 3 * units;
    for (size_t u = 0; u < units; u++) {
        float t = tanh_of(c[u]), sum = dc[u] + dh[u] * o[u] * (1.0F - t * t);
        float di = sum * g[u], df = sum * c_before[u], dg = sum * i[u], dout = dh[u] * t;
        dc[u] = sum * f[u];
        i[u] = di * i[u] * (1.0F - i[u]);
        f[u] = df * f[u] * (1.0F - f[u]);
        g[u] = dg * (1.0F - g[u] * g[u]);
        o[u] = dout * o[u] * (1.0F - o[u]);
    }
}
PER_UNIT(void, model_vector_cell_back, (float *restrict gates, const float *restrict c_before,
    const float *restrict c, const float *restrict dh, size_t units, float *restrict dc),
    (gates, c_before, c, dh, units, dc))

BODY float model_vector_exp_sum_body(float *restrict x, size_t n, float *restrict max)
{
    float top = body_max(x, n);
    *max = top;
    return body_exp_sum(x, n, 1.0F, -top, HB_LSTM_MATH_DEGREE_7);
}
PER_UNIT(float, model_vector_exp_sum, (float *restrict x, size_t n, float *restrict max), (x, n,
    max))

BODY void model_vector_scale_body(float *x, size_t n, float factor)
{
    body_scale(x, n, factor);
}
PER_UNIT(void, model_vector_scale, (float *x, size_t n, float factor), (x, n, factor))

BODY void model_vector_add_body(float *restrict sum, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += x[i];
    }
}
PER_UNIT(void, model_vector_add, (float *restrict sum, const float *restrict x, size_t n), (sum,
    x, n))

BODY void model_vector_add_times_body(float *restrict sum, const float *restrict x, size_t n,
    float factor)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += x[i] * factor;
    }
}
PER_UNIT(void, model_vector_add_times, (float *restrict sum, const float *restrict x, size_t n,
    float factor), (sum, x, n, factor))

BODY double model_vector_square_sum_body(const float *x, size_t n)
{
    double sum[body_lanes] = { 0.0 }, total = 0.0;
    size_t whole = n / body_lanes * body_lanes;
    for (size_t k = 0; k < whole; k += body_lanes) {
        for (size_t j = 0; j < body_lanes; j++) {
            sum[j] += (double)x[k + j] * (double)x[k + j];
        }
    }
    for (size_t k = whole; k < n; k++) {
        total += (double)x[k] * (double)x[k];
    }
    for (size_t j = 0; j < body_lanes; j++) {
        total += sum[j];
    }
    return total;
}
PER_UNIT(double, model_vector_square_sum, (const float *x, size_t n), (x, n))

BODY void model_vector_adam_step_body(const struct model_vector_adam *adam, const float
    *restrict gradient, size_t n, float *restrict x, float *restrict m, float *restrict v)
{
    float beta1 = adam->beta1, beta2 = adam->beta2, factor = adam->gradient_factor;
    float rate = adam->rate, epsilon = adam->epsilon;
    for (size_t i = 0; i < n; i++) {
        float g = gradient[i] * factor;
        m[i] = beta1 * m[i] + (1.0F - beta1) * g;
        v[i] = beta2 * v[i] + (1.0F - beta2) * (g * g);
        x[i] -= rate * m[i] / (sqrtf(v[i]) + epsilon);
    }
}
PER_UNIT(void, model_vector_adam_step, (const struct model_vector_adam *adam, const float
    *restrict gradient, size_t n, float *restrict x, float *restrict m, float *restrict v),
    (adam, gradient, n, x, m, v))
