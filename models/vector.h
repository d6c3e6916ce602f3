/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_VECTOR_H
#define MODEL_VECTOR_H

#include <stddef.h>

/* Element-wise kernels of recurrent training, each compiled for the vector
 * units that the processor has; results do not depend on which. The exponential,
 * the sums and the units are core/lstm_vector.h's: exp is within
 * 2 units in the last place, tanh and the logistic function within 2e-7. */

/* One LSTM step of `count` cells in a row: pre [4][units] holds the sums of
 * the gates i, f, g, o (PyTorch's order) and is replaced by the gates. */
void model_vector_cell(float *pre, const float *c_before, size_t units, float *c, float *h);

/* Its derivative. gates [4][units] as left by model_vector_cell() are replaced
 * by the derivative of the sums; dh [units] is that of h; dc [units] comes in
 * as that of c and leaves as that of c_before. */
void model_vector_cell_back(float *gates, const float *c_before, const float *c, const float *dh,
    size_t units, float *dc);

/* x [n] becomes exp(x - max); out their sum. n >= 1. */
float model_vector_exp_sum(float *x, size_t n, float *max);

/* x [n] *= factor; sum [n] += x. */
void model_vector_scale(float *x, size_t n, float factor);
void model_vector_add(float *sum, const float *x, size_t n);
/* sum [n] += x * factor. */
void model_vector_add_times(float *sum, const float *x, size_t n, float factor);
/* Sum of the squares, in double. */
double model_vector_square_sum(const float *x, size_t n);

/* One step of Adam (Kingma, Ba 2015). rate, rate of the moments and epsilon
 * already bias-corrected by the caller: step = rate * m / (sqrt(v) + epsilon). */
struct model_vector_adam {
    float rate, beta1, beta2, epsilon, gradient_factor;
};
void model_vector_adam_step(const struct model_vector_adam *adam, const float *gradient, size_t n,
    float *x, float *m, float *v);

#endif
