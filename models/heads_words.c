/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vocabulary: a query against the embeddings of all places. */
#include <assert.h>
#include <string.h>

#include "models/heads_impl.h"
#include "models/vector.h"

void model_heads_words(const struct model_heads_pass *pass)
{
    const struct model_heads_packed *packed = pass->packed;
    const struct model_net_shape *s = &packed->layout.shape;
    struct model_heads_work *work = pass->work;
    model_linear_fill(model_heads_number(packed, MODEL_NET_QUERY_BIAS), s->embedding, pass->count,
        work->query);
    model_linear_forward(&packed->query, work->state, pass->count, true, work->query);
    model_linear_fill(model_heads_number(packed, MODEL_NET_VOCABULARY_BIAS), s->places,
        pass->count, work->words);
    model_linear_forward(&packed->words, work->query, pass->count, true, work->words);
    for (size_t i = 0; i < pass->count; i++) {
        float top, *words = work->words + i * s->places;
        uint32_t target = pass->rows[i].target;
        assert(target == MODEL_HEADS_NONE || target < s->places);
        work->word_sum[i] = model_vector_exp_sum(words, s->places, &top);
        work->at_target[i] = target == MODEL_HEADS_NONE ? 0.0F : words[target] / work->word_sum[i];
    }
}

void model_heads_words_back(const struct model_heads_pass *pass, float *gradient, float *dh)
{
    const struct model_heads_packed *packed = pass->packed;
    const struct model_net_shape *s = &packed->layout.shape;
    const size_t *first = packed->layout.first;
    struct model_heads_work *work = pass->work;
    for (size_t i = 0; i < pass->count; i++) {
        float blame = work->blame[2 * i + 1], *words = work->words + i * s->places;
        model_vector_scale(words, s->places, blame / work->word_sum[i]);
        if (pass->rows[i].target != MODEL_HEADS_NONE) {
            words[pass->rows[i].target] -= blame;
        }
    }
    model_linear_gradient(&packed->words, work->query, work->words, pass->count, work->right,
        gradient + first[MODEL_NET_EMBEDDING]);
    model_linear_bias_gradient(work->words, s->places, pass->count,
        gradient + first[MODEL_NET_VOCABULARY_BIAS]);
    model_linear_back(&packed->words, work->words, pass->count, false, work->dquery);
    model_linear_gradient(&packed->query, work->state, work->dquery, pass->count, work->right,
        gradient + first[MODEL_NET_QUERY]);
    model_linear_bias_gradient(work->dquery, s->embedding, pass->count,
        gradient + first[MODEL_NET_QUERY_BIAS]);
    model_linear_back(&packed->query, work->dquery, pass->count, false, work->dstate);
    for (size_t i = 0; i < pass->count; i++) {
        float *dstate = work->dstate + i * (s->units + s->horizon);
        model_vector_add(dh + pass->rows[i].token * s->units, dstate, s->units);
        model_heads_horizon_back(pass, i, dstate + s->units, gradient);
    }
}
