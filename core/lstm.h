/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_H
#define HB_LSTM_H

#include "core/candidates.h"
#include "core/predictor.h"

/* A trained predictor as plain arrays, row-major, in PyTorch's layout and gate order (i, f, g,
 * o); its names are those of the model file's tensors. All borrowed; a create packs
 * what it needs and keeps the tables of places only.
 *
 *   x_t = [embedding(token of place), step features]      token `vocabulary_count`: unknown place
 *   h   = LSTM(x), top layer                              1 or 2 layers
 *   e   = horizon embedding, between knots in proportion
 *   k   = relu(context [h, context features, e])
 *   candidate scores   s = score3 relu(score2 relu(score1 f + score1_context k)) + score_skip f
 *   vocabulary logits  l = vocabulary q + bias, q = query [h, e], or h where there is no query
 *   gate logits        a = gate k (candidates, the rest)
 *   p = softmax(a / T)_0 softmax(s / T) + softmax(a / T)_1 softmax(l / T)
 * Heads present: candidates if score1 is, vocabulary if vocabulary_bias is. Without a
 * vocabulary the rest is `elsewhere`; without candidates there is no gate and no k. */
#define HB_LSTM_LAYERS_MAX 2
#define HB_LSTM_UNITS_MAX 512      /* units: 16..512, a multiple of 16 */
#define HB_LSTM_EMBEDDING_MAX 256  /* embedding >= 1 */
#define HB_LSTM_FEATURES_MAX 32    /* step features, context features, horizon size */
#define HB_LSTM_HIDDEN_MAX 128     /* context, scorer and query sizes */
#define HB_LSTM_CONFIDENCE 9      /* points of the curve of confidence */
#define HB_LSTM_VOCABULARY_MAX 1048575

struct hb_lstm_shape {
    uint32_t vocabulary_count; /* places that the model has learned: rows of embedding - 1 */
    uint32_t embedding, feature_count, units, layer_count;
    uint32_t horizon_size;     /* 0: the model does not know the horizon */
    uint32_t context_count, context_size; /* context features in; k out */
    uint32_t score1_size, score2_size;
    uint32_t query_size;       /* 0: no query layer */
};

struct hb_lstm_linear {
    const float *weight, *bias; /* [out][in], [out]; bias NULL: none */
};

struct hb_lstm_layer {
    const float *weight_ih, *weight_hh, *bias_ih, *bias_hh; /* [4 units][...], [4 units] */
};

enum hb_lstm_head { HB_LSTM_CANDIDATES, HB_LSTM_VOCABULARY, HB_LSTM_GATE, HB_LSTM_HEADS };

struct hb_lstm_model {
    struct hb_lstm_shape shape;
    const float *embedding; /* embedding.weight [vocabulary_count + 1][embedding] */
    struct hb_lstm_layer layers[HB_LSTM_LAYERS_MAX]; /* lstm.weight_ih_l0, ... */
    const float *horizon;   /* horizon.weight [4][horizon_size] */
    struct hb_lstm_linear context; /* [context_size][units + context_count + horizon_size] */
    struct hb_lstm_linear score1; /* [score1_size][20] */
    struct hb_lstm_linear score1_context; /* [score1_size][context_size] */
    struct hb_lstm_linear score2; /* [score2_size][score1_size] */
    struct hb_lstm_linear score3; /* [1][score2_size] */
    struct hb_lstm_linear score_skip; /* [1][20] */
    struct hb_lstm_linear gate; /* [2][context_size] */
    struct hb_lstm_linear query; /* [query_size][units + horizon_size] */
    /* [vocabulary_count][query_size or units]; weight NULL: the embedding's (tied; then
     * query_size, or units without query, is embedding). bias NULL: no vocabulary head. */
    struct hb_lstm_linear vocabulary;
    /* 1 / T per knot and head; 0 reads as 1. */
    float inverse_temperature[HB_CANDIDATES_KNOTS][HB_LSTM_HEADS];
    /* What the first guess's probability becomes, per knot, at 0, 1/8, ..., 1, between these in
     * proportion; the others share the rest as before, and stay below it. Ascending within
     * 0..1; all 0: as it is. */
    float confidence[HB_CANDIDATES_KNOTS][HB_LSTM_CONFIDENCE];
    /* A place's token; NULL: place i is token i. >= vocabulary_count: unknown. No two
     * places share a known token. [tables.place_count] */
    const uint32_t *tokens;
    struct hb_candidates_tables tables; /* also without candidates: place_count and geometry */
    /* The LSTM steps once a slot; of a stay longer than this many slots only those
     * whose dwell is a multiple of it (and the current one). 0: 96. As in training. */
    uint32_t stay_step_max;
};

/* HB_ERR_RANGE: a size outside its bounds, an array missing, a value not finite, an index
 * outside its table, a token of two places; *what then names the member ("score2.weight").
 * HB_ERR_MEMORY. */
HB_API enum hb_status hb_lstm_check(const struct hb_lstm_model *model, const char **what);

struct hb_lstm_config {
    uint32_t client_capacity;
    uint32_t visit_count;   /* of a client's trail; 0: 120, compact 56 */
    uint32_t batch_max;     /* questions evaluated together; 0: 64 */
    uint32_t silence_slots; /* a longer silence counts as lost from sight; 0: 192, two days */
    int64_t unix_epoch_s;   /* calendar of instant 0 */
    int is_tracked;         /* the host tells of every move, so a stay without news is observed */
    int is_compact;         /* h and c as 16-bit floats: under 1 KiB a client at 128 units */
    int is_int8;            /* 8-bit weights of recurrence and vocabulary */
    /* Another LSTM of the same model and settings, which is freed later: its clients are this
     * one's too, and what is worked out once for each place. Two threads may use the two at
     * the same time, on different clients. NULL: none. */
    const struct hb_predictor *peer;
};

/* The streaming predictor. Of model, the tables and tokens are borrowed for its life, the weights
 * until return. The LSTM has seen all slots that are over, and steps on through the current
 * one for an answer only; a client that is out of sight gets no guess. A gap on the grid, or
 * time going back, begins a new session from a zero state. HB_ERR_RANGE (also: a peer of another
 * kind or size), HB_ERR_MEMORY;
 * HB_ERR_UNSUPPORTED for more step or context features than candidates.h lists (the first
 * feature_count and context_count of them are used). */
HB_API enum hb_status hb_lstm_create(const struct hb_lstm_model *model,
    const struct hb_lstm_config *config, struct hb_predictor **out);

/* All that the predictor knows of a client as bytes, for a host that stores it: a predictor of the
 * same model and settings on the same kind of processor, given them back, answers as this one, bit
 * for bit. record [hb_lstm_record_bytes]; 0: a predictor of another kind, which has no records.
 * Loading trusts nothing: HB_ERR_FORMAT for what no client can be, who is then unknown. */
HB_API size_t hb_lstm_record_bytes(const struct hb_predictor *predictor);
HB_API void hb_lstm_record_save(const struct hb_predictor *predictor, uint32_t client,
    uint8_t *record);
HB_API enum hb_status hb_lstm_record_load(struct hb_predictor *predictor, uint32_t client,
    const uint8_t *record);

/* Bytes that one client takes. */
HB_API size_t hb_lstm_client_bytes(const struct hb_lstm_model *model,
    const struct hb_lstm_config *config);

#endif
