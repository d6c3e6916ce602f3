/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/vector.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Bodies are compiled once per vector unit by being inlined into functions of that unit. Their
 * order of operations, and so their results, are the same on each. */
#define BODY __attribute__((always_inline)) static inline
#if defined(__x86_64__)
#define PER_UNIT(type, name, parameters, arguments)                            \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))) static type \
        name##_512 parameters                                                  \
    {                                                                          \
        return name##_body arguments;                                          \
    }                                                                          \
    __attribute__((target("avx2,fma"))) static type name##_256 parameters      \
    {                                                                          \
        return name##_body arguments;                                          \
    }                                                                          \
    type name parameters                                                       \
    {                                                                          \
        return has_512() ? name##_512 arguments                                \
            : has_256()  ? name##_256 arguments                                \
                         : name##_body arguments;                              \
    }

static bool has_512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static bool has_256(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
#define PER_UNIT(type, name, parameters, arguments) \
    type name parameters                            \
    {                                               \
        return name##_body arguments;               \
    }
#endif

/* exp(x) = 2^n exp(r), |r| <= ln 2 / 2: Cody and Waite's split of ln 2 and a
 * polynomial of degree 6 (Remez on that interval), by fused multiply-adds.
 * Clamped to -87, where a float is still normal, and to most <= 88. */
BODY float exp_to(float x, float most)
{
    x = x < -87.0F ? -87.0F : x;
    x = x > most ? most : x;
    float shifted = fmaf(x, 1.44269504F, 12582912.0F); /* 1.5 * 2^23: rounds to nearest */
    float n = shifted - 12582912.0F;
    float r = fmaf(n, 2.12194440e-4F, fmaf(n, -0.693359375F, x));
    float p = fmaf(1.9875691500e-4F, r, 1.3981999507e-3F);
    p = fmaf(p, r, 8.3334519073e-3F);
    p = fmaf(p, r, 4.1665795894e-2F);
    p = fmaf(p, r, 1.6666665459e-1F);
    p = fmaf(p, r, 5.0000001201e-1F);
    p = fmaf(p * r, r, r) + 1.0F;
    uint32_t bits; /* n is in the low bits of shifted */
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (UINT32_C(127) << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* 1 / this is the logistic function of -x. At 43 it is as good as 0, and products of two of these
 * are finite. */
BODY float below_of(float x)
{
    return 1.0F + exp_to(x, 43.0F);
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

enum { lanes = 32 }; /* sums run in 32 chains, added in order at the end */

BODY float model_vector_exp_sum_body(float *restrict x, size_t n, float *restrict max)
{
    float best[lanes], sum[lanes] = { 0.0F };
    size_t whole = n / lanes * lanes;
    for (size_t j = 0; j < lanes; j++) {
        best[j] = x[j < n ? j : 0];
    }
    for (size_t k = 0; k < whole; k += lanes) {
        for (size_t j = 0; j < lanes; j++) {
            best[j] = x[k + j] > best[j] ? x[k + j] : best[j];
        }
    }
    float top = best[0];
    for (size_t j = 0; j < lanes; j++) {
        top = best[j] > top ? best[j] : top;
    }
    for (size_t k = whole; k < n; k++) {
        top = x[k] > top ? x[k] : top;
    }
    for (size_t k = 0; k < whole; k += lanes) {
        for (size_t j = 0; j < lanes; j++) {
            x[k + j] = exp_to(x[k + j] - top, 0.0F);
            sum[j] += x[k + j];
        }
    }
    float total = 0.0F;
    for (size_t k = whole; k < n; k++) {
        x[k] = exp_to(x[k] - top, 0.0F);
        total += x[k];
    }
    for (size_t j = 0; j < lanes; j++) {
        total += sum[j];
    }
    *max = top;
    return total;
}
PER_UNIT(float, model_vector_exp_sum, (float *restrict x, size_t n, float *restrict max), (x, n,
    max))

BODY void model_vector_scale_body(float *x, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++) {
        x[i] *= factor;
    }
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
    double sum[lanes] = { 0.0 }, total = 0.0;
    size_t whole = n / lanes * lanes;
    for (size_t k = 0; k < whole; k += lanes) {
        for (size_t j = 0; j < lanes; j++) {
            sum[j] += (double)x[k + j] * (double)x[k + j];
        }
    }
    for (size_t k = whole; k < n; k++) {
        total += (double)x[k] * (double)x[k];
    }
    for (size_t j = 0; j < lanes; j++) {
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

unsigned model_vector_flush_denormals(void)
{
#if defined(__SSE2__)
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040U);
    return before;
#else
    return 0;
#endif
}

void model_vector_restore_denormals(unsigned before)
{
#if defined(__SSE2__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}
