/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lstm_tensor.h"

struct bound {
    const char *name;
    uint32_t value, min, max;
};

enum hb_status hb_lstm_shape_check(const struct hb_lstm_shape *s, const char **what)
{
    uint32_t has_scorer = s->score1_size > 0;
    const struct bound bounds[] = {
        { "vocabulary_count", s->vocabulary_count, 1, HB_LSTM_VOCABULARY_MAX },
        { "embedding", s->embedding, 1, HB_LSTM_EMBEDDING_MAX },
        { "feature_count", s->feature_count, 0, HB_LSTM_FEATURES_MAX },
        { "units", s->units, 16, HB_LSTM_UNITS_MAX },
        { "units", s->units % 16, 0, 0 },
        { "layer_count", s->layer_count, 1, HB_LSTM_LAYERS_MAX },
        { "horizon_size", s->horizon_size, 0, HB_LSTM_FEATURES_MAX },
        { "context_count", s->context_count, 0, HB_LSTM_FEATURES_MAX },
        { "context_size", s->context_size, has_scorer, HB_LSTM_HIDDEN_MAX },
        { "score1_size", s->score1_size, 0, HB_LSTM_HIDDEN_MAX },
        { "score2_size", s->score2_size, has_scorer, HB_LSTM_HIDDEN_MAX },
        { "query_size", s->query_size, 0, HB_LSTM_HIDDEN_MAX },
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (bounds[i].value < bounds[i].min || bounds[i].value > bounds[i].max) {
            *what = bounds[i].name;
            return HB_ERR_RANGE;
        }
    }
    return HB_OK;
}

static void put(struct hb_lstm_tensor *tensors, uint32_t *count, struct hb_lstm_tensor tensor)
{
    if (tensor.rows > 0) {
        tensors[(*count)++] = tensor;
    }
}

#define MEMBER(member) offsetof(struct hb_lstm_model, member)

static void put_layers(const struct hb_lstm_shape *s, struct hb_lstm_tensor *t, uint32_t *n)
{
    uint32_t gates = 4 * s->units, inputs = s->embedding + s->feature_count;
    put(t, n, (struct hb_lstm_tensor) { "lstm.weight_ih_l0", gates, inputs, 0,
        MEMBER(layers[0].weight_ih) });
    put(t, n, (struct hb_lstm_tensor) { "lstm.weight_hh_l0", gates, s->units, 0,
        MEMBER(layers[0].weight_hh) });
    put(t, n, (struct hb_lstm_tensor) { "lstm.bias_ih_l0", gates, 0, 0,
        MEMBER(layers[0].bias_ih) });
    put(t, n, (struct hb_lstm_tensor) { "lstm.bias_hh_l0", gates, 0, 0,
        MEMBER(layers[0].bias_hh) });
    gates = s->layer_count == 2 ? gates : 0;
    put(t, n, (struct hb_lstm_tensor) { "lstm.weight_ih_l1", gates, s->units, 0,
        MEMBER(layers[1].weight_ih) });
    put(t, n, (struct hb_lstm_tensor) { "lstm.weight_hh_l1", gates, s->units, 0,
        MEMBER(layers[1].weight_hh) });
    put(t, n, (struct hb_lstm_tensor) { "lstm.bias_ih_l1", gates, 0, 0,
        MEMBER(layers[1].bias_ih) });
    put(t, n, (struct hb_lstm_tensor) { "lstm.bias_hh_l1", gates, 0, 0,
        MEMBER(layers[1].bias_hh) });
}

struct linear {
    const char *weight_name, *bias_name;
    uint32_t out, in;
    size_t weight, bias;
    uint32_t is_optional;
};

static void put_linear(struct hb_lstm_tensor *t, uint32_t *n, const struct linear *linear)
{
    put(t, n, (struct hb_lstm_tensor) { linear->weight_name, linear->out, linear->in,
        linear->is_optional, linear->weight });
    put(t, n, (struct hb_lstm_tensor) { linear->bias_name, linear->out, 0, 1, linear->bias });
}

uint32_t hb_lstm_tensors(const struct hb_lstm_shape *s, struct hb_lstm_tensor *t)
{
    uint32_t n = 0, gates = s->score1_size > 0 ? 2 : 0, scores = s->score1_size > 0 ? 1 : 0;
    uint32_t query = s->query_size > 0 ? s->query_size : s->units;
    uint32_t used = s->score1_size > 0 ? s->context_size : 0;
    put(t, &n, (struct hb_lstm_tensor) { "embedding.weight", s->vocabulary_count + 1,
        s->embedding, 0, MEMBER(embedding) });
    put_layers(s, t, &n);
    put(t, &n, (struct hb_lstm_tensor) { "horizon.weight",
        s->horizon_size > 0 ? HB_CANDIDATES_KNOTS : 0, s->horizon_size, 0, MEMBER(horizon) });
#define LINEAR(member, out, in, is_optional)                                                \
    { #member ".weight", #member ".bias", out, in, MEMBER(member.weight), MEMBER(member.bias), \
        is_optional }
    const struct linear linears[] = {
        LINEAR(context, used, s->units + s->context_count + s->horizon_size, 0),
        LINEAR(score1, s->score1_size, HB_CANDIDATES_FEATURES, 0),
        LINEAR(score1_context, s->score1_size, used, 0),
        LINEAR(score2, scores * s->score2_size, s->score1_size, 0),
        LINEAR(score3, scores, s->score2_size, 0),
        LINEAR(score_skip, scores, HB_CANDIDATES_FEATURES, 0),
        LINEAR(gate, gates, used, 0),
        LINEAR(query, s->query_size, s->units + s->horizon_size, 0),
        LINEAR(vocabulary, s->vocabulary_count, query, 1),
    };
#undef LINEAR
    for (size_t i = 0; i < sizeof linears / sizeof *linears; i++) {
        put_linear(t, &n, &linears[i]);
    }
    return n;
}
