/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_VECTOR_H
#define HB_LSTM_VECTOR_H

/* What the network's arithmetic shares in serving (lstm_kernel*.c) and in training (models/): the
 * vector units, and bodies that are compiled once per unit by being inlined into functions of that
 * unit; plain C in an order that does not depend on the unit. */
#include "core/lstm_math.h"

#include <stddef.h>

#define BODY __attribute__((always_inline)) static inline
#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c")))

static inline int hb_lstm_vector_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

static inline int hb_lstm_vector_has_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

/* Sets the vector unit to take denormals, which are a hundred times as slow, for zero in this
 * thread; returns what to restore. */
uint32_t hb_lstm_flush_on(void);
void hb_lstm_flush_restore(uint32_t before);

/* count things of size bytes, 64-byte aligned, freed by free(); NULL: no memory. Zeroed, or, for
 * what is written before it is read, not even touched. */
void *hb_lstm_memory(size_t count, size_t size);
void *hb_lstm_memory_untouched(size_t count, size_t size);

enum { body_lanes = 32 }; /* sums run in 32 chains, added in order at the end */

/* 1 / this is the logistic function of -x. At 43 it is as good as 0, and products of two of these
 * are finite. */
BODY float body_below(float x, enum hb_lstm_math_degree degree)
{
    return 1.0F + hb_lstm_math_exp_to(x, 43.0F, degree);
}

BODY float body_max(const float *x, size_t n)
{
    float best[body_lanes];
    size_t whole = n / body_lanes * body_lanes;
    for (size_t j = 0; j < body_lanes; j++) {
        best[j] = x[j < n ? j : 0];
    }
    for (size_t k = 0; k < whole; k += body_lanes) {
        for (size_t j = 0; j < body_lanes; j++) {
            best[j] = x[k + j] > best[j] ? x[k + j] : best[j];
        }
    }
    float top = best[0];
    for (size_t j = 0; j < body_lanes; j++) {
        top = best[j] > top ? best[j] : top;
    }
    for (size_t k = whole; k < n; k++) {
        top = x[k] > top ? x[k] : top;
    }
    return top;
}

/* x [n] becomes exp(x * factor + shift); returns the sum. */
BODY float body_exp_sum(float *restrict x, size_t n, float factor, float shift,
    enum hb_lstm_math_degree degree)
{
    float sum[body_lanes] = { 0.0F }, total = 0.0F;
    size_t whole = n / body_lanes * body_lanes;
    for (size_t k = 0; k < whole; k += body_lanes) {
        for (size_t j = 0; j < body_lanes; j++) {
            x[k + j] = hb_lstm_math_exp_to(fmaf(x[k + j], factor, shift), 88.0F, degree);
            sum[j] += x[k + j];
        }
    }
    for (size_t k = whole; k < n; k++) {
        x[k] = hb_lstm_math_exp_to(fmaf(x[k], factor, shift), 88.0F, degree);
        total += x[k];
    }
    for (size_t j = 0; j < body_lanes; j++) {
        total += sum[j];
    }
    return total;
}

BODY void body_scale(float *x, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++) {
        x[i] *= factor;
    }
}

#endif
