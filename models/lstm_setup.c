/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "models/gemm.h"
#include "models/lstm_impl.h"
#include "models/memory.h"

size_t model_lstm_state_row(const struct model_lstm_shape *shape)
{
    return (shape->units + shape->features + 15) / 16 * 16;
}

enum hb_status model_lstm_packed_create(const struct model_lstm_shape *shape,
    struct model_lstm_packed **out)
{
    struct model_lstm_packed *packed = calloc(1, sizeof *packed);
    if (packed == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t units = shape->units, width = shape->inputs - shape->features;
    *packed = (struct model_lstm_packed) { .inputs = shape->inputs,
        .units = units,
        .features = shape->features,
        .input = model_memory_floats(model_gemm_packed_len(width, 4 * units)),
        .recurrent = model_memory_floats(
            model_gemm_packed_len(units + shape->features, 4 * units)),
        .own = model_memory_floats(model_gemm_packed_len(shape->features, 4 * units)),
        .beside = model_memory_floats(4 * units * (units + shape->features)),
        .input_back = model_memory_floats(model_gemm_packed_len(4 * units, width)),
        .recurrent_back = model_memory_floats(model_gemm_packed_len(4 * units, units)),
        .bias = model_memory_floats(4 * units) };
    if (packed->input == NULL || packed->beside == NULL || packed->recurrent == NULL
        || packed->own == NULL
        || packed->input_back == NULL || packed->recurrent_back == NULL || packed->bias == NULL) {
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
    free(packed->beside);
    free(packed->own);
    free(packed->input);
    free(packed);
}

enum hb_status model_lstm_tape_create(const struct model_lstm_shape *shape,
    struct model_lstm_tape **out)
{
    struct model_lstm_tape *tape = calloc(1, sizeof *tape);
    if (tape == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t tokens = shape->steps * shape->batch, width = shape->inputs - shape->features;
    size_t states = tokens + shape->batch, state_row = model_lstm_state_row(shape);
    size_t row = (4 * shape->units + 31) / 32 * 32 + 16;
    *tape = (struct model_lstm_tape) { .row = row,
        .gates = model_memory_floats(tokens * row),
        .shared = model_memory_untouched(tokens * row),
        .state_row = state_row,
        .c = model_memory_floats(states * shape->units),
        .states = model_memory_floats(states * state_row),
        .dc = model_memory_floats(shape->batch * shape->units),
        .own_sums = model_memory_floats(4 * shape->units * state_row),
        .packed_h = model_memory_floats(model_gemm_packed_len(tokens,
            shape->units + shape->features)),
        .packed_rows = model_memory_untouched(model_gemm_packed_len(tokens, width)) };
    if (tape->gates == NULL || tape->shared == NULL || tape->c == NULL || tape->states == NULL
        || tape->dc == NULL || tape->own_sums == NULL || tape->packed_h == NULL
        || tape->packed_rows == NULL) {
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
    free(tape->packed_rows);
    free(tape->packed_h);
    free(tape->own_sums);
    free(tape->dc);
    free(tape->states);
    free(tape->c);
    free(tape->shared);
    free(tape->gates);
    free(tape);
}
