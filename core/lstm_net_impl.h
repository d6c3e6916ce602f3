/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_NET_IMPL_H
#define HB_LSTM_NET_IMPL_H

/* Shared by lstm_net.c and lstm_answer.c only. */
#include "core/lstm_kernel.h"

/* A right side [n][k] (PyTorch's order) as the kernels want it. */
struct hb_lstm_packed {
    size_t k, k4, columns; /* k4: k padded to 4; columns: n padded to 16 */
    size_t paired;         /* of k, the last ones; see hb_lstm_product */
    float *b;              /* float32, or NULL */
    int8_t *b8;            /* 8-bit integers, or NULL */
    float *scale;          /* of b8 [columns] */
    int32_t *correction;   /* of b8 [columns] */
};

/* A scorer's matrix is a left side: rows as they are. */
struct hb_lstm_rows {
    float *weight;
    float *bias; /* never NULL */
};

struct hb_lstm_net {
    struct hb_lstm_shape shape;
    struct hb_candidates_tables tables;
    const uint32_t *tokens;
    uint32_t *places; /* [vocabulary_count] of a token; HB_NONE: none */
    const struct hb_lstm_kernels *kernels;
    size_t batch_max, answer_max, bytes;
    size_t gates, inputs;        /* 4 units; floats that come before h in a row of x */
    int has_vocabulary, has_candidates, has_confidence, is_int8;
    float inverse_temperature[HB_CANDIDATES_KNOTS][HB_LSTM_HEADS];
    float confidence[HB_CANDIDATES_KNOTS][HB_LSTM_CONFIDENCE];
    /* Layer 0: what a token adds to the gates, or (many tokens) the embedding itself. */
    float *token_gates, *embedding, *bias[HB_LSTM_LAYERS_MAX];
    struct hb_lstm_packed input;                        /* int8 only: all but h, in floats */
    struct hb_lstm_packed recurrent[HB_LSTM_LAYERS_MAX]; /* [inputs, h] or [h below, h] */
    float *horizon;
    struct hb_lstm_packed context, score1_context, gate, query, vocabulary;
    float *context_bias, *score1_bias, *gate_bias, *query_bias, *vocabulary_bias;
    struct hb_lstm_rows score1, score2, score3, skip;
    /* Working memory of one batch. */
    float *x, *pre, *k, *gate_out, *score_init, *query_out, *logits, *layer1, *layer2, *scores;
    const float **starts; /* [batch_max] */
    float *excess;        /* [batch_max] */
    uint8_t *q8;
    float *q8_scale;
    struct hb_lstm_top top;
};

/* From now on, products with the last n rows of b go in pairs, for left sides within -1 .. 1
 * there, as h is; start [columns] is what they begin with. No change beside weights so large
 * that a column's products b0 b1 exceed 16 in all: what is added and taken off again would
 * cost digits (the shipped model has 0.2). */
void hb_lstm_net_pair_up(struct hb_lstm_packed *b, size_t n, float *start);
/* c [rows][ldc] += a [rows][lda] b, by whichever form b has. */
void hb_lstm_net_multiply(struct hb_lstm_net *net, const struct hb_lstm_packed *b,
    const float *a, size_t lda, size_t rows, float *c, size_t ldc);
/* The same with c = start[i] + a b; start [rows]. */
void hb_lstm_net_multiply_from(struct hb_lstm_net *net, const struct hb_lstm_packed *b,
    const float *const *start, const float *a, size_t lda, size_t rows, float *c, size_t ldc);
uint32_t hb_lstm_net_token(const struct hb_lstm_net *net, uint32_t place);

/* The model's curve of a knot, the diagonal if it has none. */
void hb_lstm_confidence_of(const struct hb_lstm_model *model, uint32_t knot,
    float curve[HB_LSTM_CONFIDENCE]);

/* Puts an answer's first guess on the curve of its horizon and scales the others, in out and in
 * dense ([place_count], NULL: none). */
void hb_lstm_confidence_put(const struct hb_lstm_net *net, struct hb_prediction *out,
    float *dense);

#endif
