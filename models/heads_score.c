/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The candidate scorer: one small network over all candidates of all rows. */
#include <math.h>
#include <string.h>

#include "models/heads_impl.h"
#include "models/random.h"
#include "models/vector.h"

static void gather_features(const struct model_heads_pass *pass)
{
    size_t features = pass->packed->layout.shape.features, stride = pass->config->stride;
    struct model_heads_work *work = pass->work;
    work->first[0] = 0;
    for (size_t i = 0; i < pass->count; i++) {
        const struct model_heads_row *row = &pass->rows[i];
        float *to = work->f + work->first[i] * features;
        for (size_t c = 0; c < row->candidate_count; c++) {
            for (size_t j = 0; j < features; j++) {
                to[c * features + j] = row->features[j * stride + c];
            }
        }
        work->first[i + 1] = work->first[i] + row->candidate_count;
    }
}

/* relu of [candidates][n]. */
static void clip_below(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] > 0.0F ? x[i] : 0.0F;
    }
}

static void softmax_rows(const struct model_heads_pass *pass)
{
    struct model_heads_work *work = pass->work;
    for (size_t i = 0; i < pass->count; i++) {
        size_t n = work->first[i + 1] - work->first[i];
        if (n > 0) {
            float top, *score = work->score + work->first[i];
            float sum = model_vector_exp_sum(score, n, &top);
            model_vector_scale(score, n, 1.0F / sum);
        }
    }
}

static float dot(const float *a, const float *b, size_t n)
{
    float sum = 0.0F;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

void model_heads_score(const struct model_heads_pass *pass)
{
    const struct model_heads_packed *packed = pass->packed;
    const struct model_net_shape *s = &packed->layout.shape;
    struct model_heads_work *work = pass->work;
    gather_features(pass);
    size_t all = work->first[pass->count];
    model_linear_fill(model_heads_number(packed, MODEL_NET_SCORE1_BIAS), s->hidden1, pass->count,
        work->base);
    model_linear_forward(&packed->score1_context, work->k, pass->count, true, work->base);
    for (size_t i = 0; i < pass->count; i++) {
        model_linear_fill(work->base + i * s->hidden1, s->hidden1,
            work->first[i + 1] - work->first[i], work->u1 + work->first[i] * s->hidden1);
    }
    model_linear_forward(&packed->score1, work->f, all, true, work->u1);
    clip_below(work->u1, all * s->hidden1);
    if (pass->config->dropout > 0.0F) {
        model_random_dropout(pass->stream, pass->config->dropout, work->u1, all * s->hidden1);
    }
    model_linear_fill(model_heads_number(packed, MODEL_NET_SCORE2_BIAS), s->hidden2, all,
        work->u2);
    model_linear_forward(&packed->score2, work->u1, all, true, work->u2);
    clip_below(work->u2, all * s->hidden2);
    const float *last = model_heads_number(packed, MODEL_NET_SCORE3);
    const float *skip = model_heads_number(packed, MODEL_NET_SCORE_SKIP);
    for (size_t c = 0; c < all; c++) {
        work->score[c] = dot(work->u2 + c * s->hidden2, last, s->hidden2)
            + dot(work->f + c * s->features, skip, s->features);
    }
    softmax_rows(pass);
}

/* Chances become d loss / d scores. */
static void blame_scores(const struct model_heads_pass *pass)
{
    struct model_heads_work *work = pass->work;
    for (size_t i = 0; i < pass->count; i++) {
        float blame = work->blame[2 * i];
        model_vector_scale(work->score + work->first[i], work->first[i + 1] - work->first[i],
            blame);
        if (pass->rows[i].hit != MODEL_HEADS_NONE) {
            work->score[work->first[i] + pass->rows[i].hit] -= blame;
        }
    }
}

/* Of the last layer and the skip; u2 becomes its own derivative. */
static void back_last(const struct model_heads_pass *pass, float *gradient)
{
    const struct model_net_layout *layout = &pass->packed->layout;
    size_t hidden = layout->shape.hidden2, features = layout->shape.features;
    struct model_heads_work *work = pass->work;
    const float *last = model_heads_number(pass->packed, MODEL_NET_SCORE3);
    float *dlast = gradient + layout->first[MODEL_NET_SCORE3];
    float *dskip = gradient + layout->first[MODEL_NET_SCORE_SKIP];
    for (size_t c = 0; c < work->first[pass->count]; c++) {
        float ds = work->score[c], *u2 = work->u2 + c * hidden;
        const float *f = work->f + c * features;
        for (size_t j = 0; j < hidden; j++) {
            dlast[j] += ds * u2[j];
            u2[j] = u2[j] > 0.0F ? ds * last[j] : 0.0F;
        }
        for (size_t j = 0; j < features; j++) {
            dskip[j] += ds * f[j];
        }
    }
}

/* du1 through dropout and relu: what was cut off has u1 = 0. */
static void back_first(const struct model_heads_pass *pass)
{
    size_t n = pass->work->first[pass->count] * pass->packed->layout.shape.hidden1;
    const float *u1 = pass->work->u1;
    float *du1 = pass->work->du1, scale = 1.0F / (1.0F - pass->config->dropout);
    for (size_t i = 0; i < n; i++) {
        du1[i] = u1[i] > 0.0F ? du1[i] * scale : 0.0F;
    }
}

void model_heads_score_back(const struct model_heads_pass *pass, float *gradient)
{
    const struct model_heads_packed *packed = pass->packed;
    const size_t *first = packed->layout.first;
    const struct model_net_shape *s = &packed->layout.shape;
    struct model_heads_work *work = pass->work;
    size_t all = work->first[pass->count];
    blame_scores(pass);
    back_last(pass, gradient);
    model_linear_gradient(&packed->score2, work->u1, work->u2, all, work->right,
        gradient + first[MODEL_NET_SCORE2]);
    model_linear_bias_gradient(work->u2, s->hidden2, all, gradient + first[MODEL_NET_SCORE2_BIAS]);
    model_linear_back(&packed->score2, work->u2, all, false, work->du1);
    back_first(pass);
    model_linear_gradient(&packed->score1, work->f, work->du1, all, work->right,
        gradient + first[MODEL_NET_SCORE1]);
    memset(work->dbase, 0, pass->count * s->hidden1 * sizeof *work->dbase);
    for (size_t i = 0; i < pass->count; i++) {
        model_linear_bias_gradient(work->du1 + work->first[i] * s->hidden1, s->hidden1,
            work->first[i + 1] - work->first[i], work->dbase + i * s->hidden1);
    }
    model_linear_gradient(&packed->score1_context, work->k, work->dbase, pass->count, work->right,
        gradient + first[MODEL_NET_SCORE1_CONTEXT]);
    model_linear_bias_gradient(work->dbase, s->hidden1, pass->count,
        gradient + first[MODEL_NET_SCORE1_BIAS]);
    model_linear_back(&packed->score1_context, work->dbase, pass->count, false, work->dk);
}
