/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/net.h"

#include <math.h>
#include <stdbool.h>

#include "models/random.h"

static const char *const names[] = {
#define X(name, text, rows, columns) text,
    MODEL_NET_TENSORS(X)
#undef X
};

void model_net_layout_init(struct model_net_layout *layout, const struct model_net_shape *shape)
{
    const struct model_net_shape *s = shape;
    const struct {
        size_t rows, columns;
    } sizes[] = {
#define X(name, text, rows, columns) { rows, columns },
        MODEL_NET_TENSORS(X)
#undef X
    };
    *layout = (struct model_net_layout) { .shape = *shape };
    for (int i = 0; i < MODEL_NET_TENSOR_COUNT; i++) {
        layout->first[i] = layout->count;
        layout->rows[i] = sizes[i].rows;
        layout->columns[i] = sizes[i].columns;
        layout->count += (sizes[i].rows * sizes[i].columns + 15) / 16 * 16;
    }
}

const char *model_net_tensor_name(enum model_net_tensor tensor)
{
    return names[tensor];
}

size_t model_net_len(const struct model_net_layout *layout, enum model_net_tensor tensor)
{
    return layout->rows[tensor] * layout->columns[tensor];
}

static void start_normal(const struct model_net_layout *layout, enum model_net_tensor tensor,
    uint64_t stream, double deviation, float *numbers)
{
    for (size_t i = 0; i < model_net_len(layout, tensor); i++) {
        numbers[layout->first[tensor] + i] = (float)(deviation * model_random_normal(stream, i));
    }
}

/* Inputs of the layer that a tensor belongs to: a bias has those of its weight. */
static size_t fan_in(const struct model_net_layout *layout, enum model_net_tensor tensor)
{
    switch (tensor) {
    case MODEL_NET_LSTM_INPUT:
    case MODEL_NET_LSTM_RECURRENT:
    case MODEL_NET_LSTM_BIAS:
        return layout->shape.units;
    case MODEL_NET_CONTEXT_BIAS:
        return layout->columns[MODEL_NET_CONTEXT];
    case MODEL_NET_SCORE1_BIAS:
        return layout->columns[MODEL_NET_SCORE1];
    case MODEL_NET_SCORE2_BIAS:
        return layout->columns[MODEL_NET_SCORE2];
    case MODEL_NET_GATE_BIAS:
        return layout->columns[MODEL_NET_GATE];
    case MODEL_NET_QUERY_BIAS:
        return layout->columns[MODEL_NET_QUERY];
    case MODEL_NET_EMBEDDING:
    case MODEL_NET_HORIZON:
    case MODEL_NET_CONTEXT:
    case MODEL_NET_SCORE1:
    case MODEL_NET_SCORE1_CONTEXT:
    case MODEL_NET_SCORE2:
    case MODEL_NET_SCORE3:
    case MODEL_NET_SCORE_SKIP:
    case MODEL_NET_GATE:
    case MODEL_NET_QUERY:
    case MODEL_NET_VOCABULARY_BIAS:
    case MODEL_NET_TENSOR_COUNT:
        break;
    }
    return layout->columns[tensor];
}

void model_net_start(const struct model_net_layout *layout, uint64_t seed, float *numbers)
{
    for (int i = 0; i < MODEL_NET_TENSOR_COUNT; i++) {
        enum model_net_tensor tensor = (enum model_net_tensor)i;
        uint64_t stream = model_random_mix(seed, (uint64_t)i);
        double bound = 1.0 / sqrt((double)fan_in(layout, tensor));
        if (tensor == MODEL_NET_EMBEDDING || tensor == MODEL_NET_HORIZON) {
            start_normal(layout, tensor, stream, tensor == MODEL_NET_HORIZON ? 1.0 : 0.1, numbers);
            continue;
        }
        bool is_zero = tensor == MODEL_NET_VOCABULARY_BIAS;
        for (size_t j = 0; !is_zero && j < model_net_len(layout, tensor); j++) {
            double unit = model_random_unit(stream, j);
            numbers[layout->first[i] + j] = (float)(bound * (2.0 * unit - 1.0));
        }
    }
}

enum model_net_tensor model_net_not_finite(const struct model_net_layout *layout,
    const float *numbers)
{
    for (int i = 0; i < MODEL_NET_TENSOR_COUNT; i++) {
        const float *tensor = numbers + layout->first[i];
        for (size_t j = 0; j < model_net_len(layout, (enum model_net_tensor)i); j++) {
            if (!isfinite(tensor[j])) {
                return (enum model_net_tensor)i;
            }
        }
    }
    return MODEL_NET_TENSOR_COUNT;
}
