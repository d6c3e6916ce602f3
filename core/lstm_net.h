/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_NET_H
#define HB_LSTM_NET_H

#include "core/lstm.h"

/* The network alone, without clients: states and inputs are the caller's. What serves in
 * production, so that an evaluation on recorded data runs the same code. Results do not
 * depend on what is in a batch, nor on which vector unit the processor has. One thread at
 * a time may use one net. */
struct hb_lstm_net;

/* Which kernels; all give the same bits. */
enum hb_lstm_unit { HB_LSTM_BEST, HB_LSTM_PORTABLE, HB_LSTM_AVX2, HB_LSTM_AVX512 };

struct hb_lstm_net_config {
    uint32_t batch_max; /* rows evaluated together; 0: 64 */
    int is_int8;
    enum hb_lstm_unit unit; /* HB_ERR_UNSUPPORTED if the processor has it not */
    const struct hb_lstm_net *peer; /* of the same model, freed later: lends its table of what
                                     * each place adds, by far the largest part; or NULL */
};

/* Packs the weights; keeps nothing of model but its tables and tokens. HB_ERR_RANGE,
 * HB_ERR_MEMORY. */
HB_API enum hb_status hb_lstm_net_create(const struct hb_lstm_model *model,
    const struct hb_lstm_net_config *config, struct hb_lstm_net **out);
HB_API void hb_lstm_net_free(struct hb_lstm_net *net);
HB_API size_t hb_lstm_net_bytes(const struct hb_lstm_net *net);

/* Floats of one state: h and c of the first layer, then of the second. All 0 at the
 * start of a session. */
HB_API size_t hb_lstm_net_state_len(const struct hb_lstm_net *net);

/* One step of count independent sequences. places [count] (outside the table: unknown),
 * features [count][feature_count], states [count][state_len] in place. */
HB_API void hb_lstm_net_step(struct hb_lstm_net *net, size_t count, const uint32_t *places,
    const float *features, float *states);

/* A question to the heads. candidates: NULL if the model has no such head. */
struct hb_lstm_net_question {
    const float *state;
    const float *context; /* [context_count] */
    const struct hb_candidates_set *candidates;
    float horizon_s;
};

/* Answers [count], out[i].horizon_s set. dense NULL, or [count][place_count]: the whole
 * distribution by place (what is missing to 1 is elsewhere). */
HB_API void hb_lstm_net_answer(struct hb_lstm_net *net, size_t count,
    const struct hb_lstm_net_question *questions, struct hb_prediction *out, float *dense);

#endif
