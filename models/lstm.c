/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/lstm.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"
#include "models/lstm_impl.h"
#include "models/vector.h"

struct model_lstm_range model_lstm_range_of(size_t n, size_t unit, struct model_lstm_part part)
{
    size_t blocks = (n + unit - 1) / unit;
    size_t begin = blocks * part.part / part.parts * unit;
    size_t end = blocks * (part.part + 1) / part.parts * unit;
    return (struct model_lstm_range) { begin < n ? begin : n, end < n ? end : n };
}

void model_lstm_packed_update(struct model_lstm_packed *packed,
    const struct model_lstm_weights *weights)
{
    size_t inputs = packed->inputs, units = packed->units, width = inputs - packed->features;
    model_gemm_pack((struct model_matrix) { weights->input, 1, inputs }, width, 4 * units,
        packed->input);
    size_t both = units + packed->features;
    for (size_t i = 0; i < 4 * units; i++) {
        float *to = packed->beside + i * both;
        memcpy(to, weights->recurrent + i * units, units * sizeof *to);
        memcpy(to + units, weights->input + i * inputs + width, packed->features * sizeof *to);
    }
    model_gemm_pack((struct model_matrix) { packed->beside, 1, both }, both, 4 * units,
        packed->recurrent);
    model_gemm_pack((struct model_matrix) { packed->beside + units, 1, both }, packed->features,
        4 * units, packed->own);
    model_gemm_pack((struct model_matrix) { weights->input, inputs, 1 }, 4 * units, width,
        packed->input_back);
    model_gemm_pack((struct model_matrix) { weights->recurrent, units, 1 }, 4 * units, units,
        packed->recurrent_back);
    memcpy(packed->bias, weights->bias, 4 * units * sizeof *packed->bias);
}

void model_lstm_forward_rows(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, struct model_lstm_part part)
{
    assert(packed->inputs == shape->inputs);
    assert(packed->units == shape->units);
    assert(packed->features == shape->features);
    size_t width = shape->inputs - shape->features, wide = tape->row;
    struct model_lstm_range rows = model_lstm_range_of(input->row_count, 16, part);
    float *sums = input->row_of != NULL ? tape->shared : tape->gates;
    model_gemm_run(&(struct model_gemm_product) {
        .a = { input->rows + rows.begin * width, width, 1 },
        .packed = packed->input, .m = rows.end - rows.begin, .n = 4 * shape->units, .k = width,
        .start = packed->bias, .c = sums + rows.begin * wide, .ldc = wide });
}

/* The zero states before the first step, and beside every state the token's features; sequences
 * b. */
static void start_states(const struct model_lstm_shape *shape,
    const struct model_lstm_input *input, struct model_lstm_tape *tape, struct model_lstm_range b)
{
    size_t units = shape->units, features = shape->features;
    memset(tape->c + b.begin * units, 0, (b.end - b.begin) * units * sizeof *tape->c);
    for (size_t i = b.begin; i < b.end; i++) {
        memset(tape->states + i * tape->state_row, 0, units * sizeof *tape->states);
    }
    for (size_t t = 0; t < shape->steps; t++) {
        for (size_t i = t * shape->batch + b.begin; i < t * shape->batch + b.end; i++) {
            float *own = tape->states + i * tape->state_row + units;
            for (size_t j = 0; j < features; j++) {
                own[j] = input->features[i * features + j];
            }
            }
    }
}

/* Sums of the gates of step t, sequences b. */
static void sum_gates(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, size_t t, struct model_lstm_range b)
{
    size_t first = t * shape->batch + b.begin, skip = t > 0 ? 0 : shape->units; /* h is 0 */
    size_t both = shape->units + shape->features;
    struct model_gemm_product product = {
        .a = { tape->states + first * tape->state_row + skip, tape->state_row, 1 },
        .packed = t > 0 ? packed->recurrent : packed->own, .m = b.end - b.begin,
        .n = 4 * shape->units, .k = both - skip, .add = true,
        .c = tape->gates + first * tape->row, .ldc = tape->row };
    if (input->row_of != NULL) {
        product.start = tape->shared;
        product.start_row = tape->row;
        product.start_of = input->row_of + first;
    }
    for (size_t i = 0; product.k == 0 && input->row_of != NULL && i < product.m; i++) {
        memcpy(product.c + i * tape->row, tape->shared + product.start_of[i] * tape->row,
            4 * shape->units * sizeof *product.c);
    }
    model_gemm_run(&product);
}

const float *model_lstm_forward_steps(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, struct model_lstm_part part)
{
    size_t units = shape->units, batch = shape->batch;
    struct model_lstm_range b = model_lstm_range_of(batch, 16, part);
    start_states(shape, input, tape, b);
    for (size_t t = 0; t < shape->steps && b.end > b.begin; t++) {
        sum_gates(packed, shape, input, tape, t, b);
        for (size_t i = t * batch + b.begin; i < t * batch + b.end; i++) {
            model_vector_cell(tape->gates + i * tape->row, tape->c + i * units, units,
                tape->c + (i + batch) * units, tape->states + (i + batch) * tape->state_row);
        }
    }
    return tape->states + batch * tape->state_row;
}

void model_lstm_back_steps(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, struct model_lstm_tape *tape, float *dh,
    struct model_lstm_part part)
{
    size_t units = shape->units, batch = shape->batch, block = batch * units;
    struct model_lstm_range b = model_lstm_range_of(batch, 16, part);
    memset(tape->dc + b.begin * units, 0, (b.end - b.begin) * units * sizeof *tape->dc);
    for (size_t t = shape->steps; t-- > 0 && b.end > b.begin;) {
        float *gates = tape->gates + t * batch * tape->row;
        for (size_t i = b.begin; i < b.end; i++) {
            size_t before = t * block + i * units;
            model_vector_cell_back(gates + i * tape->row, tape->c + before,
                tape->c + before + block, dh + before, units, tape->dc + i * units);
        }
        if (t > 0) {
            model_gemm((struct model_matrix) { gates + b.begin * tape->row, tape->row, 1 },
                packed->recurrent_back, b.end - b.begin, units, 4 * units, true,
                dh + (t - 1) * block + b.begin * units, units);
        }
    }
}

/* Columns of b [k][n], rows `row` apart, into their panels. */
static void pack_part(const float *b, size_t row, size_t k, size_t n, float *packed,
    struct model_lstm_part part)
{
    struct model_lstm_range j = model_lstm_range_of(n, 16, part);
    model_gemm_pack((struct model_matrix) { b + j.begin, row, 1 }, k, j.end - j.begin,
        packed + model_gemm_packed_len(k, j.begin));
}

void model_lstm_back_pack(const struct model_lstm_shape *shape,
    const struct model_lstm_input *input, struct model_lstm_tape *tape,
    struct model_lstm_part part)
{
    size_t width = shape->inputs - shape->features, tokens = shape->steps * shape->batch;
    pack_part(tape->states, tape->state_row, tokens, shape->units + shape->features,
        tape->packed_h, part);
    pack_part(input->rows, width, input->row_count, width, tape->packed_rows, part);
}

/* What tokens of one row share of the derivatives, gates g only. */
static void sum_shared(const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, struct model_lstm_range g)
{
    size_t len = g.end - g.begin;
    for (size_t i = 0; i < input->row_count; i++) {
        memset(tape->shared + i * tape->row + g.begin, 0, len * sizeof *tape->shared);
    }
    for (size_t token = 0; token < shape->steps * shape->batch; token++) {
        model_vector_add(tape->shared + input->row_of[token] * tape->row + g.begin,
            tape->gates + token * tape->row + g.begin, len);
    }
}

/* Derivatives of what every token has to itself beside the row it shares: h before, features. */
static void add_own(const struct model_lstm_shape *shape, struct model_lstm_tape *tape,
    const struct model_lstm_weights *gradient, struct model_lstm_range g)
{
    size_t features = shape->features, width = shape->inputs - features, units = shape->units;
    size_t own = tape->state_row;
    model_gemm_run(&(struct model_gemm_product) { .a = { tape->gates + g.begin, 1, tape->row },
        .packed = tape->packed_h, .m = g.end - g.begin, .n = units + features,
        .k = shape->steps * shape->batch, .c = tape->own_sums + g.begin * own, .ldc = own });
    for (size_t i = g.begin; i < g.end; i++) {
        const float *sums = tape->own_sums + i * own;
        model_vector_add(gradient->recurrent + i * units, sums, units);
        for (size_t j = 0; j < features; j++) {
            gradient->input[i * shape->inputs + width + j] += sums[units + j];
        }
    }
}

void model_lstm_back_weights(const struct model_lstm_shape *shape,
    const struct model_lstm_input *input, struct model_lstm_tape *tape,
    const struct model_lstm_weights *gradient, struct model_lstm_part part)
{
    size_t width = shape->inputs - shape->features, wide = tape->row;
    struct model_lstm_range g = model_lstm_range_of(4 * shape->units, 32, part);
    if (g.end == g.begin) {
        return;
    }
    add_own(shape, tape, gradient, g);
    const float *sums = tape->gates;
    if (input->row_of != NULL) {
        sum_shared(shape, input, tape, g);
        sums = tape->shared;
    }
    for (size_t i = 0; i < input->row_count; i++) {
        model_vector_add(gradient->bias + g.begin, sums + i * wide + g.begin, g.end - g.begin);
    }
    model_gemm((struct model_matrix) { sums + g.begin, 1, wide }, tape->packed_rows,
        g.end - g.begin, width, input->row_count, true, gradient->input + g.begin * shape->inputs,
        shape->inputs);
}

struct model_lstm_range model_lstm_back_rows(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, float *drows, struct model_lstm_part part)
{
    size_t width = shape->inputs - shape->features;
    struct model_lstm_range rows = model_lstm_range_of(input->row_count, 16, part);
    const float *sums = input->row_of != NULL ? tape->shared : tape->gates;
    model_gemm((struct model_matrix) { sums + rows.begin * tape->row, tape->row, 1 },
        packed->input_back, rows.end - rows.begin, width, 4 * shape->units, false,
        drows + rows.begin * width, width);
    return rows;
}

static const struct model_lstm_part whole = { 0, 1 };

const float *model_lstm_forward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape)
{
    model_lstm_forward_rows(packed, shape, input, tape, whole);
    return model_lstm_forward_steps(packed, shape, input, tape, whole);
}

void model_lstm_backward(const struct model_lstm_packed *packed,
    const struct model_lstm_shape *shape, const struct model_lstm_input *input,
    struct model_lstm_tape *tape, float *dh, const struct model_lstm_weights *gradient,
    float *drows)
{
    model_lstm_back_steps(packed, shape, tape, dh, whole);
    model_lstm_back_pack(shape, input, tape, whole);
    model_lstm_back_weights(shape, input, tape, gradient, whole);
    if (drows != NULL) {
        (void)model_lstm_back_rows(packed, shape, input, tape, drows, whole); /* all of them */
    }
}
