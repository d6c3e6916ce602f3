/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/heads.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"
#include "models/heads_impl.h"
#include "models/memory.h"
#include "models/random.h"
#include "models/vector.h"

static size_t state_len(const struct model_net_shape *shape)
{
    return shape->units + shape->horizon;
}

/* [h, context features, horizon] and [h, horizon] of every row. */
static void gather(const struct model_heads_pass *pass)
{
    const struct model_net_shape *s = &pass->packed->layout.shape;
    const float *horizon = pass->packed->numbers + pass->packed->layout.first[MODEL_NET_HORIZON];
    struct model_heads_work *work = pass->work;
    size_t width = s->units + s->context_count + s->horizon;
    for (size_t i = 0; i < pass->count; i++) {
        const struct model_heads_row *row = &pass->rows[i];
        float *wide = work->wide + i * width, *state = work->state + i * state_len(s);
        const float *lo = horizon + row->knot * s->horizon;
        const float *hi = row->toward_next > 0.0F ? lo + s->horizon : lo;
        memcpy(wide, pass->h + row->token * s->units, s->units * sizeof *wide);
        memcpy(wide + s->units, row->context, s->context_count * sizeof *wide);
        float *e = wide + s->units + s->context_count;
        for (size_t j = 0; j < s->horizon; j++) {
            e[j] = (1.0F - row->toward_next) * lo[j] + row->toward_next * hi[j];
        }
        memcpy(state, wide, s->units * sizeof *state);
        memcpy(state + s->units, e, s->horizon * sizeof *state);
    }
}

static void forward_context(const struct model_heads_pass *pass)
{
    const struct model_heads_packed *packed = pass->packed;
    struct model_heads_work *work = pass->work;
    size_t size = packed->layout.shape.context_size;
    model_linear_fill(model_heads_number(packed, MODEL_NET_CONTEXT_BIAS), size, pass->count,
        work->k);
    model_linear_forward(&packed->context, work->wide, pass->count, true, work->k);
    for (size_t i = 0; i < pass->count * size; i++) {
        work->k[i] = work->k[i] > 0.0F ? work->k[i] : 0.0F;
    }
    model_linear_fill(model_heads_number(packed, MODEL_NET_GATE_BIAS), 2, pass->count, work->gate);
    model_linear_forward(&packed->gate, work->k, pass->count, true, work->gate);
    for (size_t i = 0; i < pass->count; i++) {
        float *gate = work->gate + 2 * i;
        float top = gate[0] > gate[1] ? gate[0] : gate[1];
        float first = expf(gate[0] - top), second = expf(gate[1] - top);
        gate[0] = first / (first + second);
        gate[1] = second / (first + second);
    }
}

/* Chances of the target under each part, and what each is to blame for. */
static double settle(const struct model_heads_pass *pass)
{
    struct model_heads_work *work = pass->work;
    bool has_vocabulary = pass->packed->layout.shape.has_vocabulary != 0;
    double loss = 0.0;
    for (size_t i = 0; i < pass->count; i++) {
        const struct model_heads_row *row = &pass->rows[i];
        const float *gate = work->gate + 2 * i;
        bool is_candidate = row->hit != MODEL_HEADS_NONE;
        bool is_word = has_vocabulary ? row->target != MODEL_HEADS_NONE : !is_candidate;
        double first = is_candidate
            ? (double)gate[0] * (double)work->score[work->first[i] + row->hit] : 0.0;
        double second = is_word
            ? (double)gate[1] * (has_vocabulary ? (double)work->at_target[i] : 1.0) : 0.0;
        double p = first + second;
        bool counts = is_candidate || is_word;
        p = p > 1e-30 ? p : 1e-30;
        work->blame[2 * i] = counts ? (float)(first / p) * pass->config->weight : 0.0F;
        work->blame[2 * i + 1] = counts ? (float)(second / p) * pass->config->weight : 0.0F;
        loss -= counts ? (double)pass->config->weight * log(p) : 0.0;
    }
    return loss;
}

static void back_context(const struct model_heads_pass *pass, float *gradient, float *dh)
{
    const struct model_heads_packed *packed = pass->packed;
    const struct model_net_layout *layout = &packed->layout;
    const struct model_net_shape *s = &layout->shape;
    struct model_heads_work *work = pass->work;
    size_t size = s->context_size, width = s->units + s->context_count + s->horizon;
    for (size_t i = 0; i < pass->count; i++) {
        float both = work->blame[2 * i] + work->blame[2 * i + 1];
        for (size_t j = 0; j < 2; j++) {
            work->dgate[2 * i + j] = both * work->gate[2 * i + j] - work->blame[2 * i + j];
        }
    }
    model_linear_gradient(&packed->gate, work->k, work->dgate, pass->count, work->right,
        gradient + layout->first[MODEL_NET_GATE]);
    model_linear_bias_gradient(work->dgate, 2, pass->count,
        gradient + layout->first[MODEL_NET_GATE_BIAS]);
    model_linear_back(&packed->gate, work->dgate, pass->count, true, work->dk);
    for (size_t i = 0; i < pass->count * size; i++) {
        work->dk[i] = work->k[i] > 0.0F ? work->dk[i] : 0.0F;
    }
    model_linear_gradient(&packed->context, work->wide, work->dk, pass->count, work->right,
        gradient + layout->first[MODEL_NET_CONTEXT]);
    model_linear_bias_gradient(work->dk, size, pass->count,
        gradient + layout->first[MODEL_NET_CONTEXT_BIAS]);
    model_linear_back(&packed->context, work->dk, pass->count, false, work->dwide);
    for (size_t i = 0; i < pass->count; i++) {
        float *dwide = work->dwide + i * width;
        model_vector_add(dh + pass->rows[i].token * s->units, dwide, s->units);
        float *dhorizon = dwide + s->units + s->context_count;
        model_heads_horizon_back(pass, i, dhorizon, gradient);
    }
}

void model_heads_horizon_back(const struct model_heads_pass *pass, size_t i, const float *de,
    float *gradient)
{
    const struct model_heads_row *row = &pass->rows[i];
    size_t size = pass->packed->layout.shape.horizon;
    float *lo = gradient + pass->packed->layout.first[MODEL_NET_HORIZON] + row->knot * size;
    for (size_t j = 0; j < size; j++) {
        lo[j] += (1.0F - row->toward_next) * de[j];
    }
    for (size_t j = 0; row->toward_next > 0.0F && j < size; j++) {
        lo[size + j] += row->toward_next * de[j];
    }
}

static double loss_of_chunk(const struct model_heads_pass *pass, float *gradient, float *dh)
{
    gather(pass);
    forward_context(pass);
    model_heads_score(pass);
    if (pass->packed->layout.shape.has_vocabulary) {
        model_heads_words(pass);
    }
    double loss = settle(pass);
    if (gradient == NULL) {
        return loss;
    }
    model_heads_score_back(pass, gradient);
    back_context(pass, gradient, dh);
    if (pass->packed->layout.shape.has_vocabulary) {
        model_heads_words_back(pass, gradient, dh);
    }
    return loss;
}

double model_heads_loss(const struct model_heads_packed *packed,
    const struct model_heads_config *config, const struct model_heads_row *rows, size_t count,
    const float *h, struct model_heads_work *work, float *gradient, float *dh)
{
    assert(config->candidates_max <= work->candidates_max);
    double loss = 0.0;
    for (size_t first = 0; first < count; first += MODEL_HEADS_ROWS) {
        size_t left = count - first;
        struct model_heads_pass pass = { .packed = packed,
            .config = config,
            .rows = rows + first,
            .count = left < MODEL_HEADS_ROWS ? left : MODEL_HEADS_ROWS,
            .h = h,
            .work = work,
            .stream = (uint32_t)model_random_mix(config->stream, first) };
        loss += loss_of_chunk(&pass, gradient, dh);
    }
    return loss;
}
