/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/lstm_net_impl.h"

enum { batch_default = 64, block_max = 64 };
/* Up to here, what each place adds to the gates is worked out once (place x gates floats). */
static const size_t token_gates_bytes_max = (size_t)64 << 20;
/* Logits of one batch stay in the caches. */
static const size_t logits_max = (size_t)512 << 10;

/* All memory of a net, so that freeing and counting it is one loop. */
struct owner {
    struct hb_lstm_net net;
    void *blocks[block_max];
    uint32_t block_count;
    int is_short; /* of memory */
    const struct hb_lstm_net *peer; /* while it is filled */
};

static void *take(struct owner *owner, size_t count, size_t size)
{
    assert(owner->block_count < block_max);
    void *block = hb_lstm_memory(count, size);
    owner->blocks[owner->block_count++] = block;
    owner->is_short |= block == NULL;
    owner->net.bytes += hb_lstm_round_up(count * size + (count == 0), 64);
    return block;
}

/* Part of a matrix [n][k] that is laid beside others: columns of a wider one. */
struct source {
    const float *weight;
    size_t stride, k;
};

static void pack_float(const struct source *sources, size_t source_count, size_t n,
    struct hb_lstm_packed *out)
{
    size_t l = 0;
    for (size_t s = 0; s < source_count; s++) {
        for (size_t i = 0; i < sources[s].k; i++, l++) {
            for (size_t j = 0; j < n; j++) {
                size_t panel = j / hb_lstm_panel * out->k * hb_lstm_panel;
                out->b[panel + l * hb_lstm_panel + j % hb_lstm_panel]
                    = sources[s].weight[j * sources[s].stride + i];
            }
        }
    }
}

/* Output j has its own scale: its largest weight is 127. */
static void pack_bytes(const struct source *source, size_t n, struct hb_lstm_packed *out)
{
    for (size_t j = 0; j < n; j++) {
        const float *row = source->weight + j * source->stride;
        float most = 0.0F;
        for (size_t i = 0; i < source->k; i++) {
            float size = row[i] < 0.0F ? -row[i] : row[i];
            most = size > most ? size : most;
        }
        float inverse = most > 1e-30F ? 127.0F / most : 0.0F;
        int8_t *panel = out->b8 + j / hb_lstm_panel * out->k4 * hb_lstm_panel;
        int32_t sum = 0;
        for (size_t i = 0; i < source->k; i++) {
            float rounded = row[i] * inverse + 12582912.0F; /* 1.5 * 2^23 */
            int32_t value = (int32_t)(rounded - 12582912.0F);
            panel[i / 4 * 4 * hb_lstm_panel + j % hb_lstm_panel * 4 + i % 4] = (int8_t)value;
            sum += value;
        }
        out->scale[j] = most * (1.0F / 127.0F);
        out->correction[j] = 128 * sum;
    }
}

static void pack(struct owner *owner, const struct source *sources, size_t source_count,
    size_t n, struct hb_lstm_packed *out)
{
    size_t wide = hb_lstm_round_up(n, hb_lstm_panel);
    for (size_t s = 0; s < source_count; s++) {
        out->k += sources[s].k;
    }
    out->k4 = hb_lstm_round_up(out->k, 4);
    out->columns = hb_lstm_round_up(n, hb_lstm_pad);
    out->b = take(owner, out->k * wide, sizeof *out->b);
    if (out->b != NULL) {
        pack_float(sources, source_count, n, out);
    }
}

/* As 8-bit integers; sources are first laid side by side. */
static void pack8(struct owner *owner, const struct source *source, size_t n,
    struct hb_lstm_packed *out)
{
    size_t wide = hb_lstm_round_up(n, hb_lstm_panel);
    out->k = source->k;
    out->k4 = hb_lstm_round_up(out->k, 4);
    out->columns = hb_lstm_round_up(n, hb_lstm_pad);
    out->b8 = take(owner, out->k4 * wide, sizeof *out->b8);
    out->scale = take(owner, wide, sizeof *out->scale);
    out->correction = take(owner, wide, sizeof *out->correction);
    if (!owner->is_short) {
        pack_bytes(source, n, out);
    }
}

static float *copy(struct owner *owner, const float *from, size_t n, size_t padded)
{
    float *to = take(owner, padded, sizeof *to);
    if (to != NULL && from != NULL) {
        memcpy(to, from, n * sizeof *to);
    }
    return to;
}

static float *sum_of(struct owner *owner, const float *a, const float *b, size_t n, size_t padded)
{
    float *to = copy(owner, a, n, padded);
    for (size_t i = 0; to != NULL && b != NULL && i < n; i++) {
        to[i] += b[i];
    }
    return to;
}

/* What every token adds to the gates: biases, then the embedding's terms in order. */
static void make_token_gates(struct owner *owner, const struct hb_lstm_model *model)
{
    struct hb_lstm_net *net = &owner->net;
    const struct hb_lstm_shape *s = &net->shape;
    size_t tokens = (size_t)s->vocabulary_count + 1;
    struct source source
        = { model->layers[0].weight_ih, s->embedding + s->feature_count, s->embedding };
    struct hb_lstm_packed packed = { .k = 0 };
    if (owner->peer != NULL) {
        net->token_gates = owner->peer->token_gates;
        return;
    }
    net->token_gates = take(owner, tokens * net->gates, sizeof *net->token_gates);
    pack(owner, &source, 1, net->gates, &packed);
    if (owner->is_short) {
        return;
    }
    for (size_t i = 0; i < tokens; i++) {
        memcpy(net->token_gates + i * net->gates, net->bias[0], net->gates * sizeof(float));
    }
    hb_lstm_net_multiply(net, &packed, model->embedding, s->embedding, tokens, net->token_gates,
        net->gates);
    /* The packed form is the last block; it is not needed again. */
    net->bytes -= hb_lstm_round_up(packed.k * net->gates * sizeof(float), 64);
    free(owner->blocks[--owner->block_count]);
}

static void pack_layers(struct owner *owner, const struct hb_lstm_model *model)
{
    struct hb_lstm_net *net = &owner->net;
    const struct hb_lstm_shape *s = &net->shape;
    size_t h = s->units, width = s->embedding + s->feature_count;
    size_t token_bytes = ((size_t)s->vocabulary_count + 1) * net->gates * sizeof(float);
    for (uint32_t i = 0; i < s->layer_count; i++) {
        net->bias[i] = sum_of(owner, model->layers[i].bias_ih, model->layers[i].bias_hh,
            net->gates, net->gates);
    }
    int is_tabled = token_bytes <= token_gates_bytes_max;
    net->inputs = is_tabled ? s->feature_count : width;
    const float *inputs = model->layers[0].weight_ih + (is_tabled ? s->embedding : 0);
    const struct source first[] = { { inputs, width, net->inputs },
        { model->layers[0].weight_hh, h, h } };
    if (net->is_int8) {
        pack(owner, first, 1, net->gates, &net->input);
        pack8(owner, &first[1], net->gates, &net->recurrent[0]);
    } else {
        pack(owner, first, 2, net->gates, &net->recurrent[0]);
        hb_lstm_net_pair_up(&net->recurrent[0], h, net->bias[0]);
    }
    if (is_tabled && !owner->is_short) { /* whose rows begin with the bias */
        make_token_gates(owner, model);
    } else if (!is_tabled) {
        size_t len = ((size_t)s->vocabulary_count + 1) * s->embedding;
        net->embedding = copy(owner, model->embedding, len, len);
    }
    if (s->layer_count == 2) {
        const struct source second[]
            = { { model->layers[1].weight_ih, h, h }, { model->layers[1].weight_hh, h, h } };
        pack(owner, second, 2, net->gates, &net->recurrent[1]);
        hb_lstm_net_pair_up(&net->recurrent[1], 2 * h, net->bias[1]);
    }
}

static void pack_linear(struct owner *owner, const struct hb_lstm_linear *linear, size_t n,
    size_t k, struct hb_lstm_packed *out)
{
    const struct source source = { linear->weight, k, k };
    pack(owner, &source, 1, n, out);
}

static void copy_rows(struct owner *owner, const struct hb_lstm_linear *linear, size_t n,
    size_t k, struct hb_lstm_rows *out)
{
    out->weight = copy(owner, linear->weight, n * k, n * k);
    out->bias = copy(owner, linear->bias, n, n);
}

static void pack_scorer(struct owner *owner, const struct hb_lstm_model *model)
{
    struct hb_lstm_net *net = &owner->net;
    const struct hb_lstm_shape *s = &net->shape;
    size_t context = hb_lstm_round_up(s->context_size, hb_lstm_pad);
    size_t first = hb_lstm_round_up(s->score1_size, hb_lstm_pad);
    pack_linear(owner, &model->context, s->context_size,
        s->units + s->context_count + s->horizon_size, &net->context);
    net->context_bias = copy(owner, model->context.bias, s->context_size, context);
    pack_linear(owner, &model->score1_context, s->score1_size, s->context_size,
        &net->score1_context);
    net->score1_bias = take(owner, first, sizeof(float));
    const float *biases[] = { model->score1.bias, model->score1_context.bias };
    for (uint32_t i = 0; i < 2 && net->score1_bias != NULL; i++) {
        for (uint32_t j = 0; j < s->score1_size && biases[i] != NULL; j++) {
            net->score1_bias[j] += biases[i][j];
        }
    }
    pack_linear(owner, &model->gate, 2, s->context_size, &net->gate);
    net->gate_bias = copy(owner, model->gate.bias, 2, hb_lstm_pad);
    copy_rows(owner, &model->score1, s->score1_size, HB_CANDIDATES_FEATURES, &net->score1);
    copy_rows(owner, &model->score2, s->score2_size, s->score1_size, &net->score2);
    copy_rows(owner, &model->score3, 1, s->score2_size, &net->score3);
    copy_rows(owner, &model->score_skip, 1, HB_CANDIDATES_FEATURES, &net->skip);
    net->layer1 = take(owner, (size_t)s->score1_size * HB_CANDIDATES_MAX, sizeof(float));
    net->layer2 = take(owner, (size_t)s->score2_size * HB_CANDIDATES_MAX, sizeof(float));
    net->scores = take(owner, HB_CANDIDATES_MAX, sizeof(float));
    net->k = take(owner, net->batch_max * context, sizeof(float));
    net->score_init = take(owner, net->batch_max * first, sizeof(float));
    net->gate_out = take(owner, net->batch_max * hb_lstm_pad, sizeof(float));
}

static void pack_vocabulary(struct owner *owner, const struct hb_lstm_model *model)
{
    struct hb_lstm_net *net = &owner->net;
    const struct hb_lstm_shape *s = &net->shape;
    size_t width = s->query_size > 0 ? s->query_size : s->units;
    size_t padded = hb_lstm_round_up(s->vocabulary_count, hb_lstm_pad);
    if (s->query_size > 0) {
        size_t query = hb_lstm_round_up(s->query_size, hb_lstm_pad);
        pack_linear(owner, &model->query, s->query_size, s->units + s->horizon_size, &net->query);
        net->query_bias = copy(owner, model->query.bias, s->query_size, query);
        net->query_out = take(owner, net->batch_max * query, sizeof(float));
    }
    int is_tied = model->vocabulary.weight == NULL;
    const struct source source
        = { is_tied ? model->embedding : model->vocabulary.weight, width, width };
    net->vocabulary_bias = copy(owner, model->vocabulary.bias, s->vocabulary_count, padded);
    if (net->is_int8) {
        pack8(owner, &source, s->vocabulary_count, &net->vocabulary);
    } else {
        pack(owner, &source, 1, s->vocabulary_count, &net->vocabulary);
    }
    if (!net->is_int8 && s->query_size == 0) { /* a query may have any size */
        hb_lstm_net_pair_up(&net->vocabulary, width, net->vocabulary_bias);
    }
    net->answer_max = logits_max / padded;
    net->answer_max = net->answer_max < 1 ? 1 : net->answer_max;
    net->answer_max = net->answer_max > net->batch_max ? net->batch_max : net->answer_max;
    net->logits = take(owner, net->answer_max * padded, sizeof(float));
}

static void map_tokens(struct owner *owner)
{
    struct hb_lstm_net *net = &owner->net;
    uint32_t tokens = net->shape.vocabulary_count;
    net->places = take(owner, tokens, sizeof *net->places);
    for (uint32_t i = 0; net->places != NULL && i < tokens; i++) {
        net->places[i] = net->tokens == NULL ? i : HB_NONE;
    }
    for (uint32_t i = 0; net->places != NULL && net->tokens != NULL
         && i < net->tables.place_count; i++) {
        if (net->tokens[i] < tokens) {
            net->places[net->tokens[i]] = i;
        }
    }
}

static size_t row_len(const struct hb_lstm_net *net)
{
    const struct hb_lstm_shape *s = &net->shape;
    size_t step = net->inputs + s->units, second = 2 * (size_t)s->units;
    size_t answer = s->units + s->context_count + s->horizon_size;
    step = step > second ? step : second;
    return step > answer ? step : answer;
}

static void fill(struct owner *owner, const struct hb_lstm_model *model)
{
    struct hb_lstm_net *net = &owner->net;
    const struct hb_lstm_shape *s = &net->shape;
    for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        hb_lstm_confidence_of(model, k, net->confidence[k]);
        net->has_confidence |= model->confidence[k][HB_LSTM_CONFIDENCE - 1] > 0.0F;
        for (uint32_t head = 0; head < HB_LSTM_HEADS; head++) {
            float t = model->inverse_temperature[k][head];
            net->inverse_temperature[k][head] = t > 0.0F ? t : 1.0F;
        }
    }
    net->starts = take(owner, net->batch_max, sizeof *net->starts);
    net->excess = take(owner, net->batch_max, sizeof *net->excess);
    net->q8 = take(owner, net->batch_max * 2 * HB_LSTM_UNITS_MAX, 1);
    net->q8_scale = take(owner, net->batch_max, sizeof(float));
    net->pre = take(owner, net->batch_max * net->gates, sizeof(float));
    if (owner->is_short) {
        return;
    }
    pack_layers(owner, model);
    net->x = take(owner, net->batch_max * row_len(net), sizeof(float));
    map_tokens(owner);
    size_t horizon = (size_t)HB_CANDIDATES_KNOTS * s->horizon_size;
    net->horizon = copy(owner, model->horizon, horizon, horizon);
    net->answer_max = net->batch_max;
    if (net->has_candidates && !owner->is_short) {
        pack_scorer(owner, model);
    }
    if (net->has_vocabulary && !owner->is_short) {
        pack_vocabulary(owner, model);
    }
}

enum hb_status hb_lstm_net_create(const struct hb_lstm_model *model,
    const struct hb_lstm_net_config *config, struct hb_lstm_net **out)
{
    const char *what;
    enum hb_status status = hb_lstm_check(model, &what);
    const struct hb_lstm_net *peer = config->peer;
    int is_like = peer == NULL || memcmp(&peer->shape, &model->shape, sizeof peer->shape) == 0;
    if (status != HB_OK) {
        return status;
    }
    if (config->batch_max > 65536 || !is_like) {
        return HB_ERR_RANGE;
    }
    const struct hb_lstm_kernels *kernels = hb_lstm_kernels_of(config->unit);
    if (kernels == NULL) {
        return HB_ERR_UNSUPPORTED;
    }
    struct owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL) {
        return HB_ERR_MEMORY;
    }
    owner->net = (struct hb_lstm_net) {
        .shape = model->shape,
        .tables = model->tables,
        .tokens = model->tokens,
        .kernels = kernels,
        .batch_max = config->batch_max == 0 ? batch_default : config->batch_max,
        .bytes = sizeof *owner,
        .gates = 4 * (size_t)model->shape.units,
        .has_vocabulary = model->vocabulary.bias != NULL,
        .has_candidates = model->shape.score1_size > 0,
        .is_int8 = config->is_int8,
    };
    owner->peer = config->peer;
    fill(owner, model);
    if (owner->is_short) {
        hb_lstm_net_free(&owner->net);
        return HB_ERR_MEMORY;
    }
    *out = &owner->net;
    return HB_OK;
}

void hb_lstm_net_free(struct hb_lstm_net *net)
{
    if (net == NULL) {
        return;
    }
    struct owner *owner = (struct owner *)(void *)net; /* net is its first member */
    for (uint32_t i = owner->block_count; i-- > 0;) {
        free(owner->blocks[i]);
    }
    free(owner);
}

size_t hb_lstm_net_bytes(const struct hb_lstm_net *net)
{
    return net->bytes;
}

size_t hb_lstm_net_state_len(const struct hb_lstm_net *net)
{
    return 2 * (size_t)net->shape.units * net->shape.layer_count;
}
