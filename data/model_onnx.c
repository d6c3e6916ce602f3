/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/model_onnx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/features.h"
#include "data/model_onnx_impl.h"
#include "data/model_parts.h"

enum { text_bytes = 64, meaning_bytes = 128, gates = 4 };
static const float slot_s[1] = { 900.0F }, one[1] = { 1.0F }, zero[1] = { 0.0F };
static const float last_knot[1] = { 3.0F }, knots[4] = { 0.0F, 1.0F, 2.0F, 3.0F };

/* ONNX wants the gates in the order i, o, f, c; PyTorch (and we) have i, f, g, o. Rows of
 * to [4 units][columns] from those of from. */
static void reorder(const float *from, size_t units, size_t columns, float *to)
{
    static const size_t source[gates] = { 0, 3, 1, 2 };
    for (size_t gate = 0; gate < gates; gate++) {
        memcpy(to + gate * units * columns, from + source[gate] * units * columns,
            units * columns * sizeof *to);
    }
}

/* Weights of one layer in ONNX's order; freed once the file is written. */
struct layer {
    float *w, *r, *b;
};

static int make_layer(const struct hb_lstm_shape *s, const struct hb_lstm_layer *from,
    size_t inputs, struct layer *to)
{
    size_t rows = gates * (size_t)s->units;
    to->w = malloc(rows * inputs * sizeof(float));
    to->r = malloc(rows * s->units * sizeof(float));
    to->b = malloc(2 * rows * sizeof(float));
    if (to->w == NULL || to->r == NULL || to->b == NULL) {
        return -1;
    }
    reorder(from->weight_ih, s->units, inputs, to->w);
    reorder(from->weight_hh, s->units, s->units, to->r);
    reorder(from->bias_ih, s->units, 1, to->b);
    reorder(from->bias_hh, s->units, 1, to->b + rows);
    return 0;
}

/* Layer `at` over x, "h0_at" and "c0_at"; leaves "y_at", "h_at" and "c_at". */
static void put_layer(struct data_onnx *graph, const struct hb_lstm_shape *s, uint32_t at,
    const struct layer *layer, const char *x, size_t inputs)
{
    char name[3][text_bytes], in[6 * text_bytes], out[text_bytes];
    static const char *const parts[3] = { "lstm_w", "lstm_r", "lstm_b" };
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name[i], text_bytes, "%s_l%" PRIu32, parts[i], at);
    }
    uint64_t rows = gates * (uint64_t)s->units;
    data_onnx_floats(graph, name[0], layer->w, 3, (uint64_t[]) { 1, rows, inputs });
    data_onnx_floats(graph, name[1], layer->r, 3, (uint64_t[]) { 1, rows, s->units });
    data_onnx_floats(graph, name[2], layer->b, 2, (uint64_t[]) { 1, 2 * rows });
    (void)snprintf(in, sizeof in, "%s %s %s %s - h0_%" PRIu32 " c0_%" PRIu32, x, name[0], name[1],
        name[2], at, at);
    (void)snprintf(out, sizeof out, "y_%" PRIu32 " h_%" PRIu32 " c_%" PRIu32, at, at, at);
    data_onnx_node(graph, "LSTM", in, out);
    data_onnx_attribute(graph, "hidden_size", s->units);
}

/* h0 and c0 to one name a layer, and the layers' ends back to "h" and "c". */
static void put_states(struct data_onnx *graph, uint32_t layers, int is_end)
{
    const char *const one_in[] = { "h0", "c0" }, *const one_out[] = { "h0_0", "c0_0" };
    const char *const two_out[] = { "h0_0 h0_1", "c0_0 c0_1" };
    const char *const ends[] = { "h_0", "c_0" }, *const both[] = { "h_0 h_1", "c_0 c_1" };
    const char *const names[] = { "h", "c" };
    for (int i = 0; i < 2; i++) {
        if (layers == 1) {
            data_onnx_node(graph, "Identity", is_end ? ends[i] : one_in[i],
                is_end ? names[i] : one_out[i]);
            continue;
        }
        data_onnx_node(graph, is_end ? "Concat" : "Split", is_end ? both[i] : one_in[i],
            is_end ? names[i] : two_out[i]);
        data_onnx_attribute(graph, "axis", 0);
    }
}

static void put_trunk(struct data_onnx *graph, const struct hb_lstm_model *model,
    const struct layer *layers, const char *features)
{
    const struct hb_lstm_shape *s = &model->shape;
    data_onnx_floats(graph, "embedding.weight", model->embedding, 2,
        (uint64_t[]) { (uint64_t)s->vocabulary_count + 1, s->embedding });
    data_onnx_integers(graph, "axis_0", (int64_t[]) { 0 }, 1);
    data_onnx_integers(graph, "axis_1", (int64_t[]) { 1 }, 1);
    data_onnx_node(graph, "Gather", "embedding.weight tokens", "embedded");
    if (s->feature_count > 0) {
        char parts[text_bytes];
        (void)snprintf(parts, sizeof parts, "embedded %s", features);
        data_onnx_node(graph, "Concat", parts, "x");
        data_onnx_attribute(graph, "axis", 2);
    }
    put_states(graph, s->layer_count, 0);
    put_layer(graph, s, 0, &layers[0], s->feature_count > 0 ? "x" : "embedded",
        s->embedding + s->feature_count);
    if (s->layer_count == 2) {
        data_onnx_node(graph, "Squeeze", "y_0 axis_1", "x_1");
        put_layer(graph, s, 1, &layers[1], "x_1", s->units);
    }
    put_states(graph, s->layer_count, 1);
    data_onnx_node(graph, "Squeeze", s->layer_count == 2 ? "h_1 axis_0" : "h_0 axis_0", "top");
}

/* Weights of the four knots: hats of width 900 s, so that between two of them both count in
 * proportion. */
static void put_knots(struct data_onnx *graph, const struct hb_lstm_model *model)
{
    data_onnx_floats(graph, "slot_s", slot_s, 0, NULL);
    data_onnx_floats(graph, "one", one, 0, NULL);
    data_onnx_floats(graph, "zero", zero, 0, NULL);
    data_onnx_floats(graph, "last_knot", last_knot, 0, NULL);
    data_onnx_floats(graph, "knot_index", knots, 1, (uint64_t[]) { 4 });
    data_onnx_node(graph, "Div", "timeframe_s slot_s", "slots");
    data_onnx_node(graph, "Sub", "slots one", "slots_from_0");
    data_onnx_node(graph, "Clip", "slots_from_0 zero last_knot", "slots_clipped");
    data_onnx_node(graph, "Unsqueeze", "slots_clipped axis_1", "slots_column");
    data_onnx_node(graph, "Sub", "slots_column knot_index", "knot_distance");
    data_onnx_node(graph, "Abs", "knot_distance", "knot_distance_abs");
    data_onnx_node(graph, "Sub", "one knot_distance_abs", "knot_hat");
    data_onnx_node(graph, "Relu", "knot_hat", "knots");
    if (model->shape.horizon_size > 0) {
        data_onnx_floats(graph, "horizon.weight", model->horizon, 2,
            (uint64_t[]) { HB_CANDIDATES_KNOTS, model->shape.horizon_size });
        data_onnx_node(graph, "MatMul", "knots horizon.weight", "e");
    }
}

static void init_seen(const struct hb_lstm_model *model, struct data_model_onnx_seen *seen)
{
    const struct hb_lstm_shape *s = &model->shape;
    struct hb_features_hidden hidden = hb_features_hidden(model->tables.masked);
    int has_scorer = s->score1_size > 0;
    *seen = (struct data_model_onnx_seen) { .name = { "features", "context",
        "candidate_features" },
        .count = { s->feature_count, has_scorer ? s->context_count : 0,
            has_scorer ? HB_CANDIDATES_FEATURES : 0 },
        .hidden = { hidden.step, hidden.context, hidden.candidate } };
    for (int i = 0; i < DATA_MODEL_ONNX_INPUTS; i++) {
        seen->hidden[i] &= (uint32_t)((UINT64_C(1) << seen->count[i]) - 1);
        for (uint32_t j = 0; j < seen->count[i]; j++) {
            seen->kept[i][j] = (seen->hidden[i] >> j & 1) != 0 ? 0.0F : 1.0F;
        }
    }
}

static void put_seen(struct data_onnx *graph, struct data_model_onnx_seen *seen)
{
    static const char *const kept[] = { "features_kept", "context_kept", "candidates_kept" };
    static const char *const after[] = { "features_seen", "context_seen", "candidates_seen" };
    char parts[text_bytes];
    for (int i = 0; i < DATA_MODEL_ONNX_INPUTS; i++) {
        if (seen->hidden[i] != 0) {
            data_onnx_floats(graph, kept[i], seen->kept[i], 1, (uint64_t[]) { seen->count[i] });
            (void)snprintf(parts, sizeof parts, "%s %s", seen->name[i], kept[i]);
            data_onnx_node(graph, "Mul", parts, after[i]);
            seen->name[i] = after[i];
        }
    }
}

/* What an input means, and which of its columns do not count: "of the question; 0 whatever is
 * fed: columns 3 8". */
static void describe(const char *meaning, uint32_t hidden, char text[meaning_bytes])
{
    size_t used = (size_t)snprintf(text, meaning_bytes, "%s%s", meaning,
        hidden != 0 ? "; 0 whatever is fed: columns" : "");
    for (uint32_t i = 0; i < HB_LSTM_FEATURES_MAX && used < meaning_bytes; i++) {
        if ((hidden >> i & 1) != 0) {
            used += (size_t)snprintf(text + used, meaning_bytes - used, " %" PRIu32, i);
        }
    }
}

static void put_inputs(struct data_onnx *graph, const struct hb_lstm_model *model,
    const struct data_model_onnx_seen *seen)
{
    const struct hb_lstm_shape *s = &model->shape;
    char features[text_bytes], state[text_bytes], context[text_bytes];
    char meanings[DATA_MODEL_ONNX_INPUTS][meaning_bytes];
    describe("of each step", seen->hidden[0], meanings[0]);
    describe("of the question", seen->hidden[1], meanings[1]);
    describe("0 beyond candidate_count", seen->hidden[2], meanings[2]);
    (void)snprintf(features, sizeof features, "T B %" PRIu32, seen->count[0]);
    (void)snprintf(state, sizeof state, "%" PRIu32 " B %" PRIu32, s->layer_count, s->units);
    (void)snprintf(context, sizeof context, "B %" PRIu32, seen->count[1]);
    const struct {
        struct data_onnx_value value;
        int is_there;
    } inputs[] = {
        { { "tokens", DATA_ONNX_INT64, "T B", "places.token of each step's place; the last row of "
            "embedding.weight: unknown" }, 1 },
        { { "features", DATA_ONNX_FLOAT, features, meanings[0] }, seen->count[0] > 0 },
        { { "h0", DATA_ONNX_FLOAT, state, "state before the first step; 0: a new session" }, 1 },
        { { "c0", DATA_ONNX_FLOAT, state, "likewise" }, 1 },
        { { "timeframe_s", DATA_ONNX_FLOAT, "B", "how far ahead, 900 to 3600" }, 1 },
        { { "context", DATA_ONNX_FLOAT, context, meanings[1] }, seen->count[1] > 0 },
        { { "candidate_features", DATA_ONNX_FLOAT, "B N 20", meanings[2] }, seen->count[2] > 0 },
        { { "candidate_count", DATA_ONNX_INT64, "B", "0 to N" }, seen->count[2] > 0 },
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (inputs[i].is_there) {
            data_onnx_input(graph, &inputs[i].value);
        }
    }
    data_onnx_output(graph, &(struct data_onnx_value) { "h", DATA_ONNX_FLOAT, state,
        "state after the last step" });
    data_onnx_output(graph, &(struct data_onnx_value) { "c", DATA_ONNX_FLOAT, state, "likewise" });
}

static void put_card(struct data_onnx *graph, const struct data_model *model)
{
    const struct data_model_card *card = data_model_card(model);
    char seed[text_bytes], masked[HB_FEATURES_TEXT_BYTES];
    (void)snprintf(seed, sizeof seed, "%" PRIu64, card->seed);
    hb_features_text(data_model_weights(model)->tables.masked, masked, sizeof masked);
#define X(name, text) data_onnx_text(graph, #name, card->name);
    DATA_MODEL_CARD_LIST(X)
#undef X
    data_onnx_text(graph, "seed", seed);
    data_onnx_text(graph, "masked", masked);
    data_onnx_text(graph, "harbinger_model_digest", data_model_digest(model));
}

enum hb_status data_model_onnx_write(const char *path, const struct data_model *model,
    struct data_problem *problem)
{
    const struct hb_lstm_model *weights = data_model_weights(model);
    const struct hb_lstm_shape *s = &weights->shape;
    struct layer layers[HB_LSTM_LAYERS_MAX] = { { NULL, NULL, NULL } };
    float factors[HB_CANDIDATES_KNOTS][HB_LSTM_HEADS];
    struct data_model_onnx_seen seen;
    init_seen(weights, &seen);
    struct data_onnx *graph = data_onnx_create("harbinger", "where a client will be");
    int is_short = graph == NULL;
    for (uint32_t i = 0; i < s->layer_count && !is_short; i++) {
        size_t inputs = i == 0 ? s->embedding + s->feature_count : s->units;
        is_short = make_layer(s, &weights->layers[i], inputs, &layers[i]) != 0;
    }
    for (int i = 0; i < HB_CANDIDATES_KNOTS * HB_LSTM_HEADS; i++) {
        float factor = weights->inverse_temperature[i / HB_LSTM_HEADS][i % HB_LSTM_HEADS];
        factors[i / HB_LSTM_HEADS][i % HB_LSTM_HEADS] = factor > 0.0F ? factor : 1.0F;
    }
    enum hb_status status = HB_ERR_MEMORY;
    if (!is_short) {
        put_inputs(graph, weights, &seen);
        put_card(graph, model);
        put_seen(graph, &seen);
        put_trunk(graph, weights, layers, seen.name[DATA_MODEL_ONNX_FEATURES]);
        put_knots(graph, weights);
        data_onnx_floats(graph, "inverse_temperature", factors[0], 2,
            (uint64_t[]) { HB_CANDIDATES_KNOTS, HB_LSTM_HEADS });
        data_model_onnx_heads(graph, weights, &seen);
        status = data_onnx_write(path, graph, problem);
    } else {
        (void)data_problem_set(problem, status, "%s: out of memory", path);
    }
    data_onnx_free(graph);
    for (int i = 0; i < HB_LSTM_LAYERS_MAX; i++) {
        free(layers[i].w);
        free(layers[i].r);
        free(layers[i].b);
    }
    return status;
}
