/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_LINEAR_H
#define MODEL_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* One dense layer y = x W^T in the packed forms that its three products want. */
struct model_linear {
    size_t inputs, outputs;
    float *forward;  /* W^T: inputs x outputs */
    float *backward; /* W: outputs x inputs */
};

/* HB_ERR_MEMORY; fini is allowed after it. */
enum hb_status model_linear_init(struct model_linear *linear, size_t inputs, size_t outputs);
void model_linear_fini(struct model_linear *linear);

/* weights [outputs][inputs]; once per step. */
void model_linear_update(struct model_linear *linear, const float *weights);

/* y [rows][outputs] = x W^T (+ y if add), x [rows][inputs]. */
void model_linear_forward(const struct model_linear *linear, const float *x, size_t rows, bool add,
    float *y);

/* dx [rows][inputs] = dy W (+ dx if add). */
void model_linear_back(const struct model_linear *linear, const float *dy, size_t rows, bool add,
    float *dx);

/* gradient [outputs][inputs] += dy^T x. work: model_gemm_packed_len(rows, inputs) floats,
 * 64-byte aligned. */
void model_linear_gradient(const struct model_linear *linear, const float *x, const float *dy,
    size_t rows, float *work, float *gradient);

/* Every row of y [rows][n] becomes bias [n]. */
void model_linear_fill(const float *bias, size_t n, size_t rows, float *y);
/* gradient [n] += the sum of the rows of dy [rows][n]. */
void model_linear_bias_gradient(const float *dy, size_t n, size_t rows, float *gradient);

#endif
