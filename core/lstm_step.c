/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "core/lstm_net_impl.h"

static const float paired_excess_max = 16.0F;

/* What the pairs of a column add and take off again in all. */
static float added_by(const float *column, size_t n)
{
    float sum = 0.0F;
    for (; n >= hb_lstm_six; n -= hb_lstm_six, column += hb_lstm_six * hb_lstm_panel) {
        sum += fabsf(column[0] * column[hb_lstm_panel]);
        sum += fabsf(column[3 * hb_lstm_panel] * column[4 * hb_lstm_panel]);
    }
    return sum;
}

static const float *column_of(const struct hb_lstm_packed *b, size_t first, size_t j)
{
    return b->b + (j / hb_lstm_panel * b->k + first) * hb_lstm_panel + j % hb_lstm_panel;
}

void hb_lstm_net_pair_up(struct hb_lstm_packed *b, size_t n, float *start)
{
    size_t first = b->k - n;
    if (b->b == NULL || start == NULL) { /* no memory: the create fails */
        return;
    }
    for (size_t j = 0; j < b->columns; j++) {
        if (added_by(column_of(b, first, j), n) > paired_excess_max) {
            return;
        }
    }
    for (size_t j = 0; j < b->columns; j++) {
        start[j] -= hb_lstm_excess(column_of(b, first, j), hb_lstm_panel, n);
    }
    b->paired = n;
}

void hb_lstm_net_multiply_from(struct hb_lstm_net *net, const struct hb_lstm_packed *b,
    const float *const *start, const float *a, size_t lda, size_t rows, float *c, size_t ldc)
{
    if (b->b8 == NULL) {
        for (size_t i = 0; b->paired > 0 && i < rows; i++) {
            net->excess[i] = hb_lstm_excess(a + i * lda + b->k - b->paired, 1, b->paired);
        }
        net->kernels->product(&(struct hb_lstm_product) { .a = a, .b = b->b, .start = start,
            .c = c, .lda = lda, .ldc = ldc, .panel = b->k * hb_lstm_panel, .row = hb_lstm_panel,
            .rows = rows, .columns = b->columns, .k = b->k, .paired = b->paired,
            .excess = net->excess });
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        net->q8_scale[i] = net->kernels->quantize(a + i * lda, b->k, net->q8 + i * b->k4);
        if (start != NULL) {
            memcpy(c + i * ldc, start[i], b->columns * sizeof *c);
        }
    }
    net->kernels->product8(&(struct hb_lstm_product8) { .a = net->q8, .b = b->b8, .c = c,
        .a_scale = net->q8_scale, .b_scale = b->scale, .correction = b->correction,
        .lda = b->k4, .ldc = ldc, .rows = rows, .columns = b->columns, .k = b->k4 });
}

void hb_lstm_net_multiply(struct hb_lstm_net *net, const struct hb_lstm_packed *b,
    const float *a, size_t lda, size_t rows, float *c, size_t ldc)
{
    hb_lstm_net_multiply_from(net, b, NULL, a, lda, rows, c, ldc);
}

uint32_t hb_lstm_net_token(const struct hb_lstm_net *net, uint32_t place)
{
    uint32_t unknown = net->shape.vocabulary_count;
    if (place >= net->tables.place_count) {
        return unknown;
    }
    uint32_t token = net->tokens == NULL ? place : net->tokens[place];
    return token < unknown ? token : unknown;
}

/* x = [embedding unless tabled, features, h]; the gates start from what the token adds. */
static void first_layer(struct hb_lstm_net *net, size_t count, const uint32_t *places,
    const float *features, float *states)
{
    const struct hb_lstm_shape *s = &net->shape;
    size_t lda = net->inputs + s->units, len = hb_lstm_net_state_len(net);
    size_t embedding = net->token_gates == NULL ? s->embedding : 0;
    for (size_t i = 0; i < count; i++) {
        size_t token = hb_lstm_net_token(net, places[i]);
        float *x = net->x + i * lda;
        net->starts[i] = net->bias[0];
        if (embedding > 0) {
            memcpy(x, net->embedding + token * embedding, embedding * sizeof *x);
        } else {
            net->starts[i] = net->token_gates + token * net->gates;
        }
        memcpy(x + embedding, features + i * s->feature_count, s->feature_count * sizeof *x);
        memcpy(x + net->inputs, states + i * len, s->units * sizeof *x);
    }
    if (net->is_int8) {
        hb_lstm_net_multiply_from(net, &net->input, net->starts, net->x, lda, count, net->pre,
            net->gates);
        hb_lstm_net_multiply(net, &net->recurrent[0], net->x + net->inputs, lda, count, net->pre,
            net->gates);
    } else {
        hb_lstm_net_multiply_from(net, &net->recurrent[0], net->starts, net->x, lda, count,
            net->pre, net->gates);
    }
    for (size_t i = 0; i < count; i++) {
        float *h = states + i * len;
        net->kernels->cell(net->pre + i * net->gates, s->units, h, h + s->units);
    }
}

static void second_layer(struct hb_lstm_net *net, size_t count, float *states)
{
    size_t h = net->shape.units, len = hb_lstm_net_state_len(net);
    for (size_t i = 0; i < count; i++) {
        const float *state = states + i * len;
        float *x = net->x + i * 2 * h;
        memcpy(x, state, h * sizeof *x);
        memcpy(x + h, state + 2 * h, h * sizeof *x);
        net->starts[i] = net->bias[1];
    }
    hb_lstm_net_multiply_from(net, &net->recurrent[1], net->starts, net->x, 2 * h, count, net->pre,
        net->gates);
    for (size_t i = 0; i < count; i++) {
        float *state = states + i * len + 2 * h;
        net->kernels->cell(net->pre + i * net->gates, h, state, state + h);
    }
}

void hb_lstm_net_step(struct hb_lstm_net *net, size_t count, const uint32_t *places,
    const float *features, float *states)
{
    uint32_t before = hb_lstm_flush_on();
    size_t len = hb_lstm_net_state_len(net);
    for (size_t first = 0; first < count; first += net->batch_max) {
        size_t rows = count - first < net->batch_max ? count - first : net->batch_max;
        first_layer(net, rows, places + first, features + first * net->shape.feature_count,
            states + first * len);
        if (net->shape.layer_count == 2) {
            second_layer(net, rows, states + first * len);
        }
    }
    hb_lstm_flush_restore(before);
}
