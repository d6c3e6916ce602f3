/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/export.h"

#include <stdlib.h>

#include "models/memory.h"

static struct hb_lstm_linear linear(const struct model_net_layout *layout, const float *numbers,
    enum model_net_tensor weight, enum model_net_tensor bias)
{
    return (struct hb_lstm_linear) { numbers + layout->first[weight],
        bias < MODEL_NET_TENSOR_COUNT ? numbers + layout->first[bias] : NULL };
}

enum hb_status model_export_init(struct model_export *model, const struct model_net_layout *layout,
    const float *numbers, const struct model_dataset *dataset, const struct model_counts *counts)
{
    const struct model_net_shape *s = &layout->shape;
    const size_t *first = layout->first;
    enum model_net_tensor none = MODEL_NET_TENSOR_COUNT;
    *model = (struct model_export) { .zeros = model_memory_floats((size_t)4 * s->units) };
    if (model->zeros == NULL) {
        return HB_ERR_MEMORY;
    }
    struct hb_lstm_model *to = &model->model;
    to->shape = (struct hb_lstm_shape) { .vocabulary_count = s->places,
        .embedding = s->embedding,
        .feature_count = s->inputs,
        .units = s->units,
        .layer_count = 1,
        .horizon_size = s->horizon,
        .context_count = s->context_count,
        .context_size = s->context_size,
        .score1_size = s->hidden1,
        .score2_size = s->hidden2,
        .query_size = s->has_vocabulary ? s->embedding : 0 };
    to->embedding = numbers + first[MODEL_NET_EMBEDDING];
    to->layers[0] = (struct hb_lstm_layer) { .weight_ih = numbers + first[MODEL_NET_LSTM_INPUT],
        .weight_hh = numbers + first[MODEL_NET_LSTM_RECURRENT],
        .bias_ih = numbers + first[MODEL_NET_LSTM_BIAS],
        .bias_hh = model->zeros };
    to->horizon = numbers + first[MODEL_NET_HORIZON];
    to->context = linear(layout, numbers, MODEL_NET_CONTEXT, MODEL_NET_CONTEXT_BIAS);
    to->score1 = linear(layout, numbers, MODEL_NET_SCORE1, MODEL_NET_SCORE1_BIAS);
    to->score1_context = linear(layout, numbers, MODEL_NET_SCORE1_CONTEXT, none);
    to->score2 = linear(layout, numbers, MODEL_NET_SCORE2, MODEL_NET_SCORE2_BIAS);
    to->score3 = linear(layout, numbers, MODEL_NET_SCORE3, none);
    to->score_skip = linear(layout, numbers, MODEL_NET_SCORE_SKIP, none);
    to->gate = linear(layout, numbers, MODEL_NET_GATE, MODEL_NET_GATE_BIAS);
    if (s->has_vocabulary) {
        to->query = linear(layout, numbers, MODEL_NET_QUERY, MODEL_NET_QUERY_BIAS);
        to->vocabulary.bias = numbers + first[MODEL_NET_VOCABULARY_BIAS]; /* tied weights */
    }
    to->tokens = dataset->tokens;
    to->tables = model_counts_tables(counts, dataset);
    to->tables.masked = s->masked;
    return HB_OK;
}

void model_export_fini(struct model_export *model)
{
    free(model->zeros);
    *model = (struct model_export) { .zeros = NULL };
}
