/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_CLIENTS_H
#define HB_LSTM_CLIENTS_H

/* What the streaming LSTM keeps of clients; shared by lstm.c and lstm_record.c only. */
#include <assert.h>
#include <string.h>

#include "core/lstm_kernel.h"

enum sight { NEVER, IN_SIGHT, LOST };

/* One client: this head, its trail, its state (float32 or 16-bit). */
struct client {
    int32_t next_slot; /* the first that the LSTM has not seen */
    int32_t seen_slot; /* of the last observation; LOST: the last slot in sight */
    uint32_t place;    /* as the trail writes it */
    uint8_t sight, is_first, was_observed, unused;
};

/* A client within a batch and the slot that is asked about. */
struct row {
    struct client *client;
    int32_t slot;
};

struct predictor {
    struct hb_lstm_net *net;
    struct hb_candidates *candidates; /* NULL: the model has no such head */
    struct hb_candidates_tables tables;
    const struct hb_lstm_kernels *kernels;
    struct hb_lstm_config config;
    uint32_t feature_count, context_count, stay_step_max;
    size_t state_len, state_at, record_bytes;
    unsigned char *records; /* [client_capacity][record_bytes]; a peer's if there is one */
    const struct predictor *peer; /* NULL: none */
    /* Of one batch, [batch_max]. */
    struct row *rows;
    uint32_t *row_of; /* of a question */
    uint32_t *stepping, *places;
    float *features, *states, *contexts;
    struct hb_candidates_set *sets;
    struct hb_lstm_net_question *questions;
};

static inline struct hb_trail *trail_of(struct client *client)
{
    return (struct hb_trail *)(void *)(client + 1);
}

static inline struct client *client_of(const struct predictor *me, uint32_t index)
{
    assert(index < me->config.client_capacity);
    return (struct client *)(void *)(me->records + index * me->record_bytes);
}

static inline void load_state(const struct predictor *me, struct client *client, float *state)
{
    void *at = (unsigned char *)client + me->state_at;
    if (me->config.is_compact) {
        me->kernels->half_unpack(at, me->state_len, state);
    } else {
        memcpy(state, at, me->state_len * sizeof *state);
    }
}

static inline void save_state(const struct predictor *me, struct client *client, const float *state)
{
    void *at = (unsigned char *)client + me->state_at;
    if (me->config.is_compact) {
        me->kernels->half_pack(state, me->state_len, at);
    } else {
        memcpy(at, state, me->state_len * sizeof *state);
    }
}

/* The kind that lstm.c makes; for hb_predictor_self. */
extern const struct hb_predictor_kind hb_lstm_kind;

#endif
