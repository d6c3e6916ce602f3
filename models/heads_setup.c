/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "models/gemm.h"
#include "models/heads_impl.h"
#include "models/memory.h"

static enum hb_status init(struct model_linear *linear, const struct model_net_layout *layout,
    enum model_net_tensor tensor)
{
    return model_linear_init(linear, layout->columns[tensor], layout->rows[tensor]);
}

enum hb_status model_heads_packed_create(const struct model_net_layout *layout,
    struct model_heads_packed **out)
{
    struct model_heads_packed *packed = calloc(1, sizeof *packed);
    if (packed == NULL) {
        return HB_ERR_MEMORY;
    }
    packed->layout = *layout;
    size_t places = layout->shape.has_vocabulary ? layout->shape.places : 0;
    if (init(&packed->context, layout, MODEL_NET_CONTEXT) != HB_OK
        || init(&packed->gate, layout, MODEL_NET_GATE) != HB_OK
        || init(&packed->score1, layout, MODEL_NET_SCORE1) != HB_OK
        || init(&packed->score1_context, layout, MODEL_NET_SCORE1_CONTEXT) != HB_OK
        || init(&packed->score2, layout, MODEL_NET_SCORE2) != HB_OK
        || init(&packed->query, layout, MODEL_NET_QUERY) != HB_OK
        || model_linear_init(&packed->words, layout->shape.embedding, places) != HB_OK) {
        model_heads_packed_free(packed);
        return HB_ERR_MEMORY;
    }
    *out = packed;
    return HB_OK;
}

void model_heads_packed_free(struct model_heads_packed *packed)
{
    if (packed == NULL) {
        return;
    }
    model_linear_fini(&packed->words);
    model_linear_fini(&packed->query);
    model_linear_fini(&packed->score2);
    model_linear_fini(&packed->score1_context);
    model_linear_fini(&packed->score1);
    model_linear_fini(&packed->gate);
    model_linear_fini(&packed->context);
    free(packed);
}

void model_heads_packed_update(struct model_heads_packed *packed, const float *numbers)
{
    packed->numbers = numbers;
    model_linear_update(&packed->context, model_heads_number(packed, MODEL_NET_CONTEXT));
    model_linear_update(&packed->gate, model_heads_number(packed, MODEL_NET_GATE));
    model_linear_update(&packed->score1, model_heads_number(packed, MODEL_NET_SCORE1));
    model_linear_update(&packed->score1_context,
        model_heads_number(packed, MODEL_NET_SCORE1_CONTEXT));
    model_linear_update(&packed->score2, model_heads_number(packed, MODEL_NET_SCORE2));
    model_linear_update(&packed->query, model_heads_number(packed, MODEL_NET_QUERY));
    model_linear_update(&packed->words, model_heads_number(packed, MODEL_NET_EMBEDDING));
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

enum hb_status model_heads_work_create(const struct model_net_layout *layout,
    uint32_t candidates_max, struct model_heads_work **out)
{
    const struct model_net_shape *s = &layout->shape;
    size_t rows = MODEL_HEADS_ROWS, all = rows * candidates_max;
    size_t wide = s->units + s->context_count + s->horizon, state = s->units + s->horizon;
    size_t embedding = s->has_vocabulary ? s->embedding : 0;
    size_t right = larger(model_gemm_packed_len(rows, larger(wide, larger(s->context_size,
        s->embedding))), model_gemm_packed_len(all, larger(s->features, s->hidden1)));
    struct model_heads_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return HB_ERR_MEMORY;
    }
    work->candidates_max = candidates_max;
    struct {
        float **at;
        size_t len;
    } wanted[] = { { &work->wide, rows * wide }, { &work->dwide, rows * wide },
        { &work->state, rows * state }, { &work->dstate, rows * state },
        { &work->k, rows * s->context_size }, { &work->dk, rows * s->context_size },
        { &work->gate, rows * 2 }, { &work->dgate, rows * 2 }, { &work->blame, rows * 2 },
        { &work->base, rows * s->hidden1 }, { &work->dbase, rows * s->hidden1 },
        { &work->f, all * s->features }, { &work->u1, all * s->hidden1 },
        { &work->du1, all * s->hidden1 }, { &work->u2, all * s->hidden2 }, { &work->score, all },
        { &work->query, rows * embedding }, { &work->dquery, rows * embedding },
        { &work->words, s->has_vocabulary ? rows * s->places : 0 }, { &work->word_sum, rows },
        { &work->at_target, rows }, { &work->right, right } };
    bool is_short = false;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        *wanted[i].at = model_memory_floats(wanted[i].len);
        is_short = is_short || *wanted[i].at == NULL;
    }
    if (is_short) {
        model_heads_work_free(work);
        return HB_ERR_MEMORY;
    }
    *out = work;
    return HB_OK;
}

void model_heads_work_free(struct model_heads_work *work)
{
    if (work == NULL) {
        return;
    }
    float *all[] = { work->right, work->at_target, work->word_sum, work->words, work->dquery,
        work->query, work->score, work->u2, work->du1, work->u1, work->f, work->dbase, work->base,
        work->blame, work->dgate, work->gate, work->dk, work->k, work->dstate, work->state,
        work->dwide, work->wide };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
    free(work);
}
