/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_NET_H
#define MODEL_NET_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* The parameters of the place predictor while it is trained: every tensor
 * lies in one flat array of floats, which is what Adam steps, checkpoints keep
 * and shards add up. Names and shapes are PyTorch's; biases are one row.
 *
 *   x = [embedding(place), inputs]        h = LSTM(x)        e = horizon(knot)
 *   k = relu(context [h, context features, e])   g = softmax(gate k)
 *   candidates: s = score3 relu(score2 relu(score1 f + score1_context k)) + score_skip f
 *   vocabulary: l = embedding . query [h, e] + vocabulary bias
 *   p(place) = g0 softmax(s) + g1 softmax(l) */
struct model_net_shape {
    uint32_t places;        /* rows of the embedding; one more stands for the unknown */
    uint32_t embedding, inputs, units;
    uint32_t knots, horizon;
    uint32_t context_count, context_size; /* context features in, k out */
    uint32_t features, hidden1, hidden2;
    uint32_t masked;         /* enum hb_features */
    uint32_t has_vocabulary; /* 0: what no candidate takes is left over, and g1 says how much */
};

#define MODEL_NET_TENSORS(X)                                                                     \
    X(EMBEDDING, "embedding.weight", s->places + 1, s->embedding)                                \
    X(LSTM_INPUT, "lstm.weight_ih_l0", 4 * s->units, s->embedding + s->inputs)                   \
    X(LSTM_RECURRENT, "lstm.weight_hh_l0", 4 * s->units, s->units)                               \
    X(LSTM_BIAS, "lstm.bias_ih_l0", 1, 4 * s->units)                                             \
    X(HORIZON, "horizon.weight", s->knots, s->horizon)                                           \
    X(CONTEXT, "context.weight", s->context_size, s->units + s->context_count + s->horizon)      \
    X(CONTEXT_BIAS, "context.bias", 1, s->context_size)                                          \
    X(SCORE1, "score1.weight", s->hidden1, s->features)                                          \
    X(SCORE1_CONTEXT, "score1_context.weight", s->hidden1, s->context_size)                      \
    X(SCORE1_BIAS, "score1.bias", 1, s->hidden1)                                                 \
    X(SCORE2, "score2.weight", s->hidden2, s->hidden1)                                           \
    X(SCORE2_BIAS, "score2.bias", 1, s->hidden2)                                                 \
    X(SCORE3, "score3.weight", 1, s->hidden2)                                                    \
    X(SCORE_SKIP, "score_skip.weight", 1, s->features)                                           \
    X(GATE, "gate.weight", 2, s->context_size)                                                   \
    X(GATE_BIAS, "gate.bias", 1, 2)                                                              \
    X(QUERY, "query.weight", s->has_vocabulary ? s->embedding : 0, s->units + s->horizon)        \
    X(QUERY_BIAS, "query.bias", 1, s->has_vocabulary ? s->embedding : 0)                         \
    X(VOCABULARY_BIAS, "vocabulary.bias", 1, s->has_vocabulary ? s->places : 0)

enum model_net_tensor {
#define X(name, text, rows, columns) MODEL_NET_##name,
    MODEL_NET_TENSORS(X)
#undef X
        MODEL_NET_TENSOR_COUNT
};

struct model_net_layout {
    struct model_net_shape shape;
    size_t first[MODEL_NET_TENSOR_COUNT]; /* offset in floats, a multiple of 16 */
    size_t rows[MODEL_NET_TENSOR_COUNT], columns[MODEL_NET_TENSOR_COUNT];
    size_t count; /* floats in all, padding included */
};

/* Where each tensor of such a net lies in one flat array. Any shape; a tensor of size 0 takes no
 * room. The name is PyTorch's; len is rows x columns, without padding. */
void model_net_layout_init(struct model_net_layout *layout, const struct model_net_shape *shape);
const char *model_net_tensor_name(enum model_net_tensor tensor);
size_t model_net_len(const struct model_net_layout *layout, enum model_net_tensor tensor);

/* Starting values of the flat array [count] (zeroed): embeddings normal(0, 0.1), horizon
 * normal(0, 1), the rest uniform in +-1/sqrt(fan in), as PyTorch does. */
void model_net_start(const struct model_net_layout *layout, uint64_t seed, float *numbers);

/* The first tensor with a number that is not finite, or MODEL_NET_TENSOR_COUNT. */
enum model_net_tensor model_net_not_finite(const struct model_net_layout *layout,
    const float *numbers);

#endif
