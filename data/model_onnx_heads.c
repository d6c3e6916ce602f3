/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "data/model_onnx_impl.h"

enum { text_bytes = 128 };
static const float far_below[1] = { -1e30F }; /* a score that is none */

/* A layer of PyTorch over rows: out = in weight^T + bias. */
static void put_linear(struct data_onnx *graph, const char *name,
    const struct hb_lstm_linear *linear, uint64_t out_size, uint64_t in_size, const char *in,
    const char *out)
{
    char weight[text_bytes], bias[text_bytes], inputs[3 * text_bytes];
    (void)snprintf(weight, sizeof weight, "%s.weight", name);
    (void)snprintf(bias, sizeof bias, "%s.bias", name);
    data_onnx_floats(graph, weight, linear->weight, 2, (uint64_t[]) { out_size, in_size });
    if (linear->bias != NULL) {
        data_onnx_floats(graph, bias, linear->bias, 1, (uint64_t[]) { out_size });
    }
    (void)snprintf(inputs, sizeof inputs, "%s %s%s%s", in, weight,
        linear->bias != NULL ? " " : "", linear->bias != NULL ? bias : "");
    data_onnx_node(graph, "Gemm", inputs, out);
    data_onnx_attribute(graph, "transB", 1);
}

/* The same over [B, N, in]: a product of matrices, then the bias. */
static void put_linear_of_candidates(struct data_onnx *graph, const char *name,
    const struct hb_lstm_linear *linear, uint64_t out_size, uint64_t in_size, const char *in,
    const char *out)
{
    char weight[text_bytes], turned[text_bytes], product[text_bytes], inputs[3 * text_bytes];
    (void)snprintf(weight, sizeof weight, "%s.weight", name);
    (void)snprintf(turned, sizeof turned, "%s.turned", name);
    (void)snprintf(product, sizeof product, "%s.product", name);
    data_onnx_floats(graph, weight, linear->weight, 2, (uint64_t[]) { out_size, in_size });
    data_onnx_node(graph, "Transpose", weight, turned);
    (void)snprintf(inputs, sizeof inputs, "%s %s", in, turned);
    data_onnx_node(graph, "MatMul", inputs, linear->bias != NULL ? product : out);
    if (linear->bias != NULL) {
        char bias[text_bytes];
        (void)snprintf(bias, sizeof bias, "%s.bias", name);
        data_onnx_floats(graph, bias, linear->bias, 1, (uint64_t[]) { out_size });
        (void)snprintf(inputs, sizeof inputs, "%s %s", product, bias);
        data_onnx_node(graph, "Add", inputs, out);
    }
}

/* k = relu(context [top, context, e]). */
static void put_context(struct data_onnx *graph, const struct hb_lstm_model *model,
    const char *context)
{
    const struct hb_lstm_shape *s = &model->shape;
    char parts[text_bytes];
    (void)snprintf(parts, sizeof parts, "top%s%s%s", s->context_count > 0 ? " " : "",
        s->context_count > 0 ? context : "", s->horizon_size > 0 ? " e" : "");
    data_onnx_node(graph, "Concat", parts, "context_in");
    data_onnx_attribute(graph, "axis", 1);
    put_linear(graph, "context", &model->context, s->context_size,
        (uint64_t)s->units + s->context_count + s->horizon_size, "context_in", "context_out");
    data_onnx_node(graph, "Relu", "context_out", "k");
}

/* "mask" [B, N]: which candidates there are; "share" [B, 1]: what they get together. */
static void put_gate(struct data_onnx *graph, const struct hb_lstm_model *model)
{
    data_onnx_scalar(graph, "integer_0", 0);
    data_onnx_scalar(graph, "integer_1", 1);
    data_onnx_node(graph, "Shape", "candidate_features", "candidate_shape");
    data_onnx_node(graph, "Gather", "candidate_shape integer_1", "candidate_room");
    data_onnx_node(graph, "Range", "integer_0 candidate_room integer_1", "candidate_index");
    data_onnx_node(graph, "Unsqueeze", "candidate_count axis_1", "count_column");
    data_onnx_node(graph, "Less", "candidate_index count_column", "mask");
    put_linear(graph, "gate", &model->gate, 2, model->shape.context_size, "k", "gate_out");
    data_onnx_node(graph, "Mul", "gate_out factor_gate", "gate_scaled");
    data_onnx_node(graph, "Softmax", "gate_scaled", "gate_shares");
    data_onnx_attribute(graph, "axis", 1);
    data_onnx_node(graph, "Split", "gate_shares", "gate_candidates gate_rest");
    data_onnx_attribute(graph, "axis", 1);
    data_onnx_node(graph, "Greater", "count_column integer_0", "has_candidates");
    data_onnx_node(graph, "Where", "has_candidates gate_candidates zero", "share");
}

static void put_scorer(struct data_onnx *graph, const struct hb_lstm_model *model,
    const char *candidates)
{
    const struct hb_lstm_shape *s = &model->shape;
    const uint64_t f = HB_CANDIDATES_FEATURES;
    put_linear_of_candidates(graph, "score1", &model->score1, s->score1_size, f,
        candidates, "score1_own");
    put_linear(graph, "score1_context", &model->score1_context, s->score1_size, s->context_size,
        "k", "score1_k");
    data_onnx_node(graph, "Unsqueeze", "score1_k axis_1", "score1_k_row");
    data_onnx_node(graph, "Add", "score1_own score1_k_row", "score1_out");
    data_onnx_node(graph, "Relu", "score1_out", "score1_relu");
    put_linear_of_candidates(graph, "score2", &model->score2, s->score2_size, s->score1_size,
        "score1_relu", "score2_out");
    data_onnx_node(graph, "Relu", "score2_out", "score2_relu");
    put_linear_of_candidates(graph, "score3", &model->score3, 1, s->score2_size, "score2_relu",
        "score3_out");
    put_linear_of_candidates(graph, "score_skip", &model->score_skip, 1, f, candidates,
        "score_skip_out");
    data_onnx_node(graph, "Add", "score3_out score_skip_out", "score_column");
    data_onnx_integers(graph, "axis_2", (int64_t[]) { 2 }, 1);
    data_onnx_node(graph, "Squeeze", "score_column axis_2", "candidate_score");
    data_onnx_floats(graph, "far_below", far_below, 0, NULL);
    data_onnx_node(graph, "Mul", "candidate_score factor_candidates", "score_scaled");
    data_onnx_node(graph, "Where", "mask score_scaled far_below", "score_masked");
    data_onnx_node(graph, "Softmax", "score_masked", "score_softmax");
    data_onnx_attribute(graph, "axis", 1);
    data_onnx_node(graph, "Where", "mask score_softmax zero", "score_share");
    data_onnx_node(graph, "Mul", "score_share share", "candidate_probability");
    data_onnx_output(graph, &(struct data_onnx_value) { "candidate_probability",
        DATA_ONNX_FLOAT, "B N", "of each candidate" });
}

static void put_vocabulary(struct data_onnx *graph, const struct hb_lstm_model *model)
{
    const struct hb_lstm_shape *s = &model->shape;
    struct hb_lstm_linear out = model->vocabulary;
    char shape[text_bytes];
    const char *q = "top";
    if (s->query_size > 0 && s->horizon_size > 0) {
        data_onnx_node(graph, "Concat", "top e", "query_in");
        data_onnx_attribute(graph, "axis", 1);
    }
    if (s->query_size > 0) {
        put_linear(graph, "query", &model->query, s->query_size,
            (uint64_t)s->units + s->horizon_size, s->horizon_size > 0 ? "query_in" : "top", "q");
        q = "q";
    }
    if (out.weight != NULL) {
        put_linear(graph, "vocabulary", &out, s->vocabulary_count,
            s->query_size > 0 ? s->query_size : s->units, q, "vocabulary_out");
    } else {
        int64_t end = s->vocabulary_count;
        char inputs[text_bytes];
        data_onnx_integers(graph, "vocabulary_end", &end, 1);
        data_onnx_node(graph, "Slice", "embedding.weight axis_0 vocabulary_end axis_0",
            "vocabulary_tied");
        data_onnx_floats(graph, "vocabulary.bias", out.bias, 1,
            (uint64_t[]) { s->vocabulary_count });
        (void)snprintf(inputs, sizeof inputs, "%s vocabulary_tied vocabulary.bias", q);
        data_onnx_node(graph, "Gemm", inputs, "vocabulary_out");
        data_onnx_attribute(graph, "transB", 1);
    }
    int is_alone = s->score1_size == 0;
    data_onnx_node(graph, "Mul", "vocabulary_out factor_vocabulary", "vocabulary_scaled");
    data_onnx_node(graph, "Softmax", "vocabulary_scaled",
        is_alone ? "vocabulary_probability" : "vocabulary_softmax");
    data_onnx_attribute(graph, "axis", 1);
    if (!is_alone) {
        data_onnx_node(graph, "Sub", "one share", "rest");
        data_onnx_node(graph, "Mul", "vocabulary_softmax rest", "vocabulary_probability");
    }
    (void)snprintf(shape, sizeof shape, "B %" PRIu32, s->vocabulary_count);
    data_onnx_output(graph, &(struct data_onnx_value) { "vocabulary_probability",
        DATA_ONNX_FLOAT, shape, "of each token" });
}

void data_model_onnx_heads(struct data_onnx *graph, const struct hb_lstm_model *model,
    const struct data_model_onnx_seen *seen)
{
    data_onnx_node(graph, "MatMul", "knots inverse_temperature", "factors");
    data_onnx_node(graph, "Split", "factors", "factor_candidates factor_vocabulary factor_gate");
    data_onnx_attribute(graph, "axis", 1);
    if (model->shape.score1_size > 0) {
        put_context(graph, model, seen->name[DATA_MODEL_ONNX_CONTEXT]);
        put_gate(graph, model);
        put_scorer(graph, model, seen->name[DATA_MODEL_ONNX_CANDIDATES]);
    }
    if (model->vocabulary.bias != NULL) {
        put_vocabulary(graph, model);
    }
}
