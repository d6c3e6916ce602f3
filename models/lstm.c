/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/lstm.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"
#include "models/memory.h"
#include "models/vector.h"

struct model_lstm_packed {
    size_t inputs, units;
    float *input;          /* W_ih^T: inputs x 4 units */
    float *recurrent;      /* W_hh^T: units x 4 units */
    float *input_back;     /* W_ih: 4 units x inputs */
    float *recurrent_back; /* W_hh: 4 units x units */
    float *bias;           /* [4 units] */
};

struct model_lstm_tape {
    float *gates;  /* [steps * batch][4 units]; sums, gates, then their derivatives */
    float *c, *h;  /* [(steps + 1) * batch][units]; block 0 is the zero state */
    float *dc;     /* [batch][units] */
    float *packed; /* right side of the weight gradients */
};

enum hb_status model_lstm_packed_create(size_t inputs, size_t units,
    struct model_lstm_packed **out)
{
    struct model_lstm_packed *packed = calloc(1, sizeof *packed);
    if (packed == NULL) {
        return HB_ERR_MEMORY;
    }
    packed->inputs = inputs;
    packed->units = units;
    packed->input = model_memory_floats(model_gemm_packed_len(inputs, 4 * units));
    packed->recurrent = model_memory_floats(model_gemm_packed_len(units, 4 * units));
    packed->input_back = model_memory_floats(model_gemm_packed_len(4 * units, inputs));
    packed->recurrent_back = model_memory_floats(model_gemm_packed_len(4 * units, units));
    packed->bias = model_memory_floats(4 * units);
    if (packed->input == NULL || packed->recurrent == NULL || packed->input_back == NULL
        || packed->recurrent_back == NULL || packed->bias == NULL) {
        model_lstm_packed_free(packed);
        return HB_ERR_MEMORY;
    }
    *out = packed;
    return HB_OK;
}

void model_lstm_packed_free(struct model_lstm_packed *packed)
{
    if (packed == NULL) {
        return;
    }
    free(packed->bias);
    free(packed->recurrent_back);
    free(packed->input_back);
    free(packed->recurrent);
    free(packed->input);
    free(packed);
}

void model_lstm_packed_update(struct model_lstm_packed *packed,
    const struct model_lstm_weights *weights)
{
    size_t inputs = packed->inputs, units = packed->units;
    model_gemm_pack((struct model_matrix) { weights->input, 1, inputs }, inputs, 4 * units,
        packed->input);
    model_gemm_pack((struct model_matrix) { weights->recurrent, 1, units }, units, 4 * units,
        packed->recurrent);
    model_gemm_pack((struct model_matrix) { weights->input, inputs, 1 }, 4 * units, inputs,
        packed->input_back);
    model_gemm_pack((struct model_matrix) { weights->recurrent, units, 1 }, 4 * units, units,
        packed->recurrent_back);
    memcpy(packed->bias, weights->bias, 4 * units * sizeof *packed->bias);
}

enum hb_status model_lstm_tape_create(const struct model_lstm_shape *shape,
    struct model_lstm_tape **out)
{
    struct model_lstm_tape *tape = calloc(1, sizeof *tape);
    if (tape == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t tokens = shape->steps * shape->batch;
    size_t widest = shape->inputs > shape->units ? shape->inputs : shape->units;
    tape->gates = model_memory_floats(tokens * 4 * shape->units);
    tape->c = model_memory_floats((tokens + shape->batch) * shape->units);
    tape->h = model_memory_floats((tokens + shape->batch) * shape->units);
    tape->dc = model_memory_floats(shape->batch * shape->units);
    tape->packed = model_memory_floats(model_gemm_packed_len(tokens, widest));
    if (tape->gates == NULL || tape->c == NULL || tape->h == NULL || tape->dc == NULL
        || tape->packed == NULL) {
        model_lstm_tape_free(tape);
        return HB_ERR_MEMORY;
    }
    *out = tape;
    return HB_OK;
}

void model_lstm_tape_free(struct model_lstm_tape *tape)
{
    if (tape == NULL) {
        return;
    }
    free(tape->packed);
    free(tape->dc);
    free(tape->h);
    free(tape->c);
    free(tape->gates);
    free(tape);
}

const float *model_lstm_forward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const float *x, struct model_lstm_tape *tape)
{
    assert(packed->inputs == shape->inputs);
    assert(packed->units == shape->units);
    size_t units = shape->units, batch = shape->batch, width = 4 * units, block = batch * units;
    for (size_t token = 0; token < shape->steps * batch; token++) {
        memcpy(tape->gates + token * width, packed->bias, width * sizeof *packed->bias);
    }
    model_gemm((struct model_matrix) { x, shape->inputs, 1 }, packed->input,
        shape->steps * batch, width, shape->inputs, true, tape->gates, width);
    memset(tape->c, 0, block * sizeof *tape->c);
    memset(tape->h, 0, block * sizeof *tape->h);
    for (size_t t = 0; t < shape->steps; t++) {
        float *gates = tape->gates + t * batch * width;
        if (t > 0) {
            model_gemm((struct model_matrix) { tape->h + t * block, units, 1 }, packed->recurrent,
                batch, width, units, true, gates, width);
        }
        for (size_t b = 0; b < batch; b++) {
            size_t before = t * block + b * units, after = before + block;
            model_vector_cell(gates + b * width, tape->c + before, units, tape->c + after,
                tape->h + after);
        }
    }
    return tape->h + block;
}

/* dW [4 units][n] += dgates^T right, right [tokens][n]. */
static void add_weight_gradient(const struct model_lstm_shape *shape, struct model_lstm_tape *tape,
    const float *right, size_t n, float *gradient)
{
    size_t tokens = shape->steps * shape->batch, width = 4 * shape->units;
    model_gemm_pack((struct model_matrix) { right, n, 1 }, tokens, n, tape->packed);
    model_gemm((struct model_matrix) { tape->gates, 1, width }, tape->packed, width, n, tokens,
        true, gradient, n);
}

void model_lstm_backward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const float *x, struct model_lstm_tape *tape, float *dh,
    const struct model_lstm_weights *gradient, float *dx)
{
    size_t units = shape->units, batch = shape->batch, width = 4 * units, block = batch * units;
    size_t tokens = shape->steps * batch;
    memset(tape->dc, 0, block * sizeof *tape->dc);
    for (size_t t = shape->steps; t-- > 0;) {
        float *gates = tape->gates + t * batch * width;
        for (size_t b = 0; b < batch; b++) {
            size_t before = t * block + b * units;
            model_vector_cell_back(gates + b * width, tape->c + before, tape->c + before + block,
                dh + before, units, tape->dc + b * units);
        }
        if (t > 0) {
            model_gemm((struct model_matrix) { gates, width, 1 }, packed->recurrent_back, batch,
                units, width, true, dh + (t - 1) * block, units);
        }
    }
    for (size_t token = 0; token < tokens; token++) {
        model_vector_add(gradient->bias, tape->gates + token * width, width);
    }
    add_weight_gradient(shape, tape, x, shape->inputs, gradient->input);
    add_weight_gradient(shape, tape, tape->h, units, gradient->recurrent);
    if (dx != NULL) {
        model_gemm((struct model_matrix) { tape->gates, width, 1 }, packed->input_back, tokens,
            shape->inputs, width, false, dx, shape->inputs);
    }
}
