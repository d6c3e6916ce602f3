/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/lstm_world.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct lstm_world_shape lstm_world_plain = { .place_count = 137, .has_vocabulary = 1,
    .shape = { .vocabulary_count = 137, .embedding = 24, .feature_count = 10, .units = 48,
        .layer_count = 1 } };
const struct lstm_world_shape lstm_world_full = { .place_count = 203, .has_vocabulary = 1,
    .is_tied = 1, .has_tokens = 1,
    .shape = { .vocabulary_count = 101, .embedding = 20, .feature_count = 10, .units = 32,
        .layer_count = 1, .horizon_size = 7, .context_count = 12, .context_size = 29,
        .score1_size = 23, .score2_size = 11, .query_size = 20 } };
const struct lstm_world_shape lstm_world_sparse = { .place_count = 150, .has_vocabulary = 0,
    .shape = { .vocabulary_count = 150, .embedding = 16, .feature_count = 10, .units = 128,
        .layer_count = 1, .horizon_size = 16, .context_count = 12, .context_size = 64,
        .score1_size = 48, .score2_size = 24 } };
const struct lstm_world_shape lstm_world_deep = { .place_count = 97, .has_vocabulary = 1,
    .shape = { .vocabulary_count = 97, .embedding = 9, .feature_count = 3, .units = 80,
        .layer_count = 2, .horizon_size = 5, .context_count = 4, .context_size = 17,
        .score1_size = 16, .score2_size = 5 } };

uint32_t lstm_world_draw(struct lstm_world *world, uint32_t below)
{
    world->seed = world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(world->seed >> 33) % below;
}

float lstm_world_real(struct lstm_world *world)
{
    return (float)lstm_world_draw(world, 1 << 24) / (float)(1 << 23) - 1.0F;
}

static void *take(struct lstm_world *world, size_t count, size_t size)
{
    void *block = calloc(count + 1, size);
    assert(block != NULL && world->block_count < 64);
    world->blocks[world->block_count++] = block;
    return block;
}

static void make_places(struct lstm_world *world, uint32_t count)
{
    float *east = take(world, count, sizeof *east), *north = take(world, count, sizeof *north);
    uint32_t *first = take(world, count + 1, sizeof *first);
    uint32_t *near = take(world, (size_t)count * 8, sizeof *near);
    for (uint32_t i = 0; i < count; i++) {
        east[i] = 0.5F * (float)(i % 12);
        north[i] = 0.5F * (float)(i / 12);
        first[i + 1] = first[i];
        for (uint32_t j = lstm_world_draw(world, 8); j > 0; j--) {
            near[first[i + 1]++] = lstm_world_draw(world, count);
        }
    }
    world->model.tables = (struct hb_candidates_tables) { .place_count = count, .east_km = east,
        .north_km = north, .near_first = first, .near_places = near };
}

void lstm_world_init(struct lstm_world *world, uint64_t seed, const struct lstm_world_shape *how)
{
    *world = (struct lstm_world) { .seed = seed, .model = { .shape = how->shape } };
    struct hb_lstm_tensor tensors[HB_LSTM_TENSORS_MAX];
    uint32_t count = hb_lstm_tensors(&how->shape, tensors);
    for (uint32_t i = 0; i < count; i++) {
        int is_head = strncmp(tensors[i].name, "vocabulary", 10) == 0;
        int is_tied = how->is_tied && strcmp(tensors[i].name, "vocabulary.weight") == 0;
        if ((is_head && !how->has_vocabulary) || is_tied) {
            continue;
        }
        size_t len = hb_lstm_tensor_len(&tensors[i]);
        float *at = take(world, len, sizeof *at);
        float size = 2.5F / sqrtf((float)(tensors[i].columns + 1));
        for (size_t j = 0; j < len; j++) {
            at[j] = size * lstm_world_real(world);
        }
        *hb_lstm_tensor_at(&world->model, &tensors[i]) = at;
    }
    make_places(world, how->place_count);
    if (how->has_tokens) {
        uint32_t *tokens = take(world, how->place_count, sizeof *tokens);
        for (uint32_t i = 0; i < how->place_count; i++) {
            tokens[i] = i % 2 == 0 && i / 2 < how->shape.vocabulary_count ? i / 2 : UINT32_MAX;
        }
        world->model.tokens = tokens;
    }
    for (int k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        for (int head = 0; head < HB_LSTM_HEADS; head++) {
            world->model.inverse_temperature[k][head]
                = k == 1 ? 0.0F : 1.0F + 0.3F * lstm_world_real(world);
        }
    }
}

void lstm_world_fini(struct lstm_world *world)
{
    while (world->block_count > 0) {
        free(world->blocks[--world->block_count]);
    }
}

void lstm_world_candidates(struct lstm_world *world, uint32_t count, struct hb_candidates_set *set)
{
    uint32_t places = world->model.tables.place_count;
    assert(count <= HB_CANDIDATES_MAX && count <= places);
    *set = (struct hb_candidates_set) { .count = count };
    uint32_t first = lstm_world_draw(world, places);
    for (uint32_t i = 0; i < count; i++) {
        set->places[i] = (first + i) % places;
        for (int j = 0; j < HB_CANDIDATES_FEATURES; j++) {
            set->features[j][i] = lstm_world_real(world);
        }
    }
}

static double linear(const struct hb_lstm_linear *layer, size_t out, size_t in, const double *x)
{
    double sum = layer->bias == NULL ? 0.0 : (double)layer->bias[out];
    for (size_t i = 0; i < in; i++) {
        sum += (double)layer->weight[out * in + i] * x[i];
    }
    return sum;
}

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void cell(const struct hb_lstm_layer *layer, size_t inputs, size_t units, const double *x,
    double *state)
{
    double *h = state, *c = state + units, gates[4 * HB_LSTM_UNITS_MAX];
    for (size_t j = 0; j < 4 * units; j++) {
        struct hb_lstm_linear in = { layer->weight_ih, layer->bias_ih };
        struct hb_lstm_linear back = { layer->weight_hh, layer->bias_hh };
        gates[j] = linear(&in, j, inputs, x) + linear(&back, j, units, h);
    }
    for (size_t u = 0; u < units; u++) {
        c[u] = logistic(gates[units + u]) * c[u]
            + logistic(gates[u]) * tanh(gates[2 * units + u]);
        h[u] = logistic(gates[3 * units + u]) * tanh(c[u]);
    }
}

static uint32_t token_of(const struct hb_lstm_model *model, uint32_t place)
{
    uint32_t unknown = model->shape.vocabulary_count;
    if (place >= model->tables.place_count) {
        return unknown;
    }
    uint32_t token = model->tokens == NULL ? place : model->tokens[place];
    return token < unknown ? token : unknown;
}

void lstm_world_step(const struct hb_lstm_model *model, uint32_t place, const float *features,
    double *state)
{
    const struct hb_lstm_shape *s = &model->shape;
    double x[HB_LSTM_EMBEDDING_MAX + HB_LSTM_FEATURES_MAX];
    for (size_t i = 0; i < s->embedding; i++) {
        x[i] = (double)model->embedding[(size_t)token_of(model, place) * s->embedding + i];
    }
    for (size_t i = 0; i < s->feature_count; i++) {
        x[s->embedding + i] = (double)features[i];
    }
    cell(&model->layers[0], s->embedding + s->feature_count, s->units, x, state);
    if (s->layer_count == 2) {
        cell(&model->layers[1], s->units, s->units, state, state + 2 * s->units);
    }
}

static void softmax(double *x, size_t n, double factor)
{
    double most = x[0], sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, x[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += x[i] = exp((x[i] - most) * factor);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] /= sum;
    }
}

static double score(const struct hb_lstm_model *model, const struct hb_candidates_set *set,
    uint32_t i, const double *k)
{
    const struct hb_lstm_shape *s = &model->shape;
    double f[HB_CANDIDATES_FEATURES], a[HB_LSTM_HIDDEN_MAX], b[HB_LSTM_HIDDEN_MAX];
    for (int j = 0; j < HB_CANDIDATES_FEATURES; j++) {
        f[j] = (double)set->features[j][i];
    }
    for (size_t j = 0; j < s->score1_size; j++) {
        a[j] = fmax(0.0, linear(&model->score1, j, HB_CANDIDATES_FEATURES, f)
            + linear(&model->score1_context, j, s->context_size, k));
    }
    for (size_t j = 0; j < s->score2_size; j++) {
        b[j] = fmax(0.0, linear(&model->score2, j, s->score1_size, a));
    }
    return linear(&model->score3, 0, s->score2_size, b)
        + linear(&model->score_skip, 0, HB_CANDIDATES_FEATURES, f);
}

struct knot {
    int lo, hi;
    double weight;
};

static double temperature(const struct hb_lstm_model *model, struct knot at, int head)
{
    double lo = (double)model->inverse_temperature[at.lo][head];
    double hi = (double)model->inverse_temperature[at.hi][head];
    lo = lo > 0.0 ? lo : 1.0;
    hi = hi > 0.0 ? hi : 1.0;
    return lo + at.weight * (hi - lo);
}

static void add_vocabulary(const struct hb_lstm_model *model, struct knot at, const double *h,
    const double *e, double share, double *p)
{
    const struct hb_lstm_shape *s = &model->shape;
    double x[HB_LSTM_UNITS_MAX + HB_LSTM_FEATURES_MAX], q[HB_LSTM_UNITS_MAX];
    double *logits = calloc(s->vocabulary_count, sizeof *logits);
    assert(logits != NULL);
    memcpy(x, h, s->units * sizeof *x);
    memcpy(x + s->units, e, s->horizon_size * sizeof *x);
    memcpy(q, h, s->units * sizeof *q);
    for (size_t j = 0; j < s->query_size; j++) {
        q[j] = linear(&model->query, j, s->units + s->horizon_size, x);
    }
    struct hb_lstm_linear out = model->vocabulary;
    out.weight = out.weight == NULL ? model->embedding : out.weight;
    for (size_t j = 0; j < s->vocabulary_count; j++) {
        logits[j] = linear(&out, j, s->query_size > 0 ? s->query_size : s->units, q);
    }
    softmax(logits, s->vocabulary_count, temperature(model, at, HB_LSTM_VOCABULARY));
    for (uint32_t i = 0; i < model->tables.place_count; i++) {
        uint32_t token = token_of(model, i);
        p[i] += token < s->vocabulary_count ? share * logits[token] : 0.0;
    }
    free(logits);
}

void lstm_world_answer(const struct hb_lstm_model *model, const double *state,
    const float *context, const struct hb_candidates_set *set, double horizon_s, double *p)
{
    const struct hb_lstm_shape *s = &model->shape;
    double at = fmin(fmax(horizon_s / 900.0 - 1.0, 0.0), 3.0), share = 1.0;
    struct knot knot = { (int)at, (int)ceil(at), at - floor(at) };
    double x[HB_LSTM_UNITS_MAX + 2 * HB_LSTM_FEATURES_MAX], *e, k[HB_LSTM_HIDDEN_MAX];
    const double *h = state + (s->layer_count == 2 ? 2 * s->units : 0);
    memcpy(x, h, s->units * sizeof *x);
    for (size_t i = 0; i < s->context_count; i++) {
        x[s->units + i] = (double)context[i];
    }
    e = x + s->units + s->context_count;
    for (size_t i = 0; i < s->horizon_size; i++) {
        double lo = (double)model->horizon[(size_t)knot.lo * s->horizon_size + i];
        e[i] = lo + knot.weight
            * ((double)model->horizon[(size_t)knot.hi * s->horizon_size + i] - lo);
    }
    memset(p, 0, model->tables.place_count * sizeof *p);
    if (s->score1_size > 0 && set != NULL && set->count > 0) {
        double scores[HB_CANDIDATES_MAX];
        for (size_t j = 0; j < s->context_size; j++) {
            size_t in = s->units + s->context_count + s->horizon_size;
            k[j] = fmax(0.0, linear(&model->context, j, in, x));
        }
        double a = linear(&model->gate, 0, s->context_size, k);
        double b = linear(&model->gate, 1, s->context_size, k);
        share = logistic((b - a) * temperature(model, knot, HB_LSTM_GATE));
        for (uint32_t i = 0; i < set->count; i++) {
            scores[i] = score(model, set, i, k);
        }
        softmax(scores, set->count, temperature(model, knot, HB_LSTM_CANDIDATES));
        for (uint32_t i = 0; i < set->count; i++) {
            p[set->places[i]] += (1.0 - share) * scores[i];
        }
    }
    if (model->vocabulary.bias != NULL) {
        add_vocabulary(model, knot, h, e, share, p);
    }
}
