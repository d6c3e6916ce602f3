/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_MATH_H
#define HB_LSTM_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Elementary functions of float32 without libm's, so that the same input gives the same bits
 * with every C library and on every vector unit. Inline: loops over them are
 * vectorised. Only + - * /, fmaf (which has one right answer) and moves of bits;
 * -ffp-contract=off is asked for. */

/* Terms of the polynomial for exp: 6 of Taylor's, within 2 units in the last place, serve; 7 with
 * coefficients by Remez, within 1, train. */
enum hb_lstm_math_degree { HB_LSTM_MATH_DEGREE_6, HB_LSTM_MATH_DEGREE_7 };

/* exp(x) = 2^n exp(r), |r| <= ln 2 / 2: Cody and Waite's split of ln 2 and a polynomial by fused
 * multiply-adds. Clamped to -87, where a float is still normal, and to most <= 88. */
static inline float hb_lstm_math_exp_to(float x, float most, enum hb_lstm_math_degree degree)
{
    x = x < -87.0F ? -87.0F : x;
    x = x > most ? most : x;
    float shifted = fmaf(x, 1.44269504F, 12582912.0F); /* 1.5 * 2^23: rounds to nearest */
    float n = shifted - 12582912.0F;
    float r = fmaf(n, 2.12194440e-4F, fmaf(n, -0.693359375F, x));
    float p;
    if (degree == HB_LSTM_MATH_DEGREE_6) {
        p = fmaf(1.0F / 720.0F, r, 1.0F / 120.0F);
        p = fmaf(p, r, 1.0F / 24.0F);
        p = fmaf(p, r, 1.0F / 6.0F);
        p = fmaf(p, r, 0.5F);
    } else {
        p = fmaf(1.9875691500e-4F, r, 1.3981999507e-3F);
        p = fmaf(p, r, 8.3334519073e-3F);
        p = fmaf(p, r, 4.1665795894e-2F);
        p = fmaf(p, r, 1.6666665459e-1F);
        p = fmaf(p, r, 5.0000001201e-1F);
    }
    p = fmaf(p * r, r, r) + 1.0F;
    uint32_t bits; /* n is in the low bits of shifted */
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (UINT32_C(127) << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float hb_lstm_math_logistic(float x)
{
    return 1.0F / (1.0F + hb_lstm_math_exp_to(-x, 88.0F, HB_LSTM_MATH_DEGREE_6));
}

/* log(x), x > 0 and normal: x = 2^e m, m in [sqrt 1/2, sqrt 2); log m = 2 artanh s with
 * s = (m - 1) / (m + 1), |s| < 0.172, by its series to s^9 (rest below 1e-9). */
static inline float hb_lstm_math_log(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t e = (bits - 0x3f3504f3) >> 23; /* 0x3f3504f3 is sqrt 1/2 */
    bits -= e * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    float s = (m - 1.0F) / (m + 1.0F), z = s * s;
    float p = z * (2.0F / 9.0F) + 2.0F / 7.0F;
    p = p * z + 2.0F / 5.0F;
    p = p * z + 2.0F / 3.0F;
    return (float)e * 0.693147181F + (p * z * s + 2.0F * s);
}

#endif
