/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/linear.h"

#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"
#include "models/memory.h"
#include "models/vector.h"

enum hb_status model_linear_init(struct model_linear *linear, size_t inputs, size_t outputs)
{
    *linear = (struct model_linear) { .inputs = inputs,
        .outputs = outputs,
        .forward = model_memory_floats(model_gemm_packed_len(inputs, outputs)),
        .backward = model_memory_floats(model_gemm_packed_len(outputs, inputs)) };
    return linear->forward == NULL || linear->backward == NULL ? HB_ERR_MEMORY : HB_OK;
}

void model_linear_fini(struct model_linear *linear)
{
    free(linear->backward);
    free(linear->forward);
    *linear = (struct model_linear) { 0 };
}

void model_linear_update(struct model_linear *linear, const float *weights)
{
    size_t inputs = linear->inputs, outputs = linear->outputs;
    model_gemm_pack((struct model_matrix) { weights, 1, inputs }, inputs, outputs,
        linear->forward);
    model_gemm_pack((struct model_matrix) { weights, inputs, 1 }, outputs, inputs,
        linear->backward);
}

void model_linear_forward(const struct model_linear *linear, const float *x, size_t rows, bool add,
    float *y)
{
    model_gemm((struct model_matrix) { x, linear->inputs, 1 }, linear->forward, rows,
        linear->outputs, linear->inputs, add, y, linear->outputs);
}

void model_linear_back(const struct model_linear *linear, const float *dy, size_t rows, bool add,
    float *dx)
{
    model_gemm((struct model_matrix) { dy, linear->outputs, 1 }, linear->backward, rows,
        linear->inputs, linear->outputs, add, dx, linear->inputs);
}

void model_linear_gradient(const struct model_linear *linear, const float *x, const float *dy,
    size_t rows, float *work, float *gradient)
{
    size_t inputs = linear->inputs, outputs = linear->outputs;
    model_gemm_pack((struct model_matrix) { x, inputs, 1 }, rows, inputs, work);
    model_gemm((struct model_matrix) { dy, 1, outputs }, work, outputs, inputs, rows, true,
        gradient, inputs);
}

void model_linear_fill(const float *bias, size_t n, size_t rows, float *y)
{
    for (size_t i = 0; i < rows; i++) {
        memcpy(y + i * n, bias, n * sizeof *y);
    }
}

void model_linear_bias_gradient(const float *dy, size_t n, size_t rows, float *gradient)
{
    for (size_t i = 0; i < rows; i++) {
        model_vector_add(gradient, dy + i * n, n);
    }
}
