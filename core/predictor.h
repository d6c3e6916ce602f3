/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_PREDICTOR_H
#define HB_PREDICTOR_H

#include <stddef.h>

#include "core/event.h"

/* What is known of a client at an instant. A field that is not known is NaN;
 * any may be masked for an ablation. */
struct hb_context {
    float speed_km_h;
    float dwell_s; /* in this place so far */
    float traffic, weather, crowd, transit; /* the context feeds, 0..1 */
};

struct hb_observation {
    int64_t at_ns; /* since the host's epoch */
    uint32_t client;
    uint32_t place; /* HB_NONE: out of sight from now on (disconnected), so no stay is counted */
    struct hb_context context;
};

struct hb_question {
    int64_t at_ns;
    uint32_t client;
    float horizon_s; /* 900..3600 is what the LSTM is trained for; any > 0 is answered */
};

struct hb_predictor; /* opaque; each kind has its own create in core/<kind>.h */

/* A kind of predictor: what core/predictor.c dispatches to. self is the
 * kind's own state; every table is sized at create for client_capacity. */
struct hb_predictor_kind {
    const char *name;
    void (*observe)(void *self, const struct hb_observation *seen);
    /* Answers questions [count] into out [count]; the same bits alone or in a batch. */
    void (*predict)(void *self, const struct hb_question *questions, size_t count,
        struct hb_prediction *out);
    void (*forget)(void *self, uint32_t client);
    size_t (*bytes)(const void *self); /* heap held, for the memory ledger */
    void (*free)(void *self);
};

/* Wraps a kind; takes over self, which is freed by hb_predictor_free.
 * HB_ERR_MEMORY (self is then still the caller's). */
HB_API enum hb_status hb_predictor_create(const struct hb_predictor_kind *kind, void *self,
    struct hb_predictor **out);
HB_API void hb_predictor_free(struct hb_predictor *predictor);
/* What it was created with; NULL: it is of another kind. For the kind's own file. */
HB_API void *hb_predictor_self(const struct hb_predictor *predictor,
    const struct hb_predictor_kind *kind);
HB_API const char *hb_predictor_name(const struct hb_predictor *predictor);
HB_API void hb_predictor_observe(struct hb_predictor *predictor, const struct hb_observation *seen);
HB_API void hb_predictor_forget(struct hb_predictor *predictor, uint32_t client);
HB_API size_t hb_predictor_bytes(const struct hb_predictor *predictor);

/* Where each client will be: the seed's PredictLocation(clientID, timeframe),
 * for one question or for a batch of those outstanding. Confidences are sorted,
 * sum with elsewhere to 1; a client never seen gets guess_count 0, elsewhere 1. */
HB_API void hb_predict_location(struct hb_predictor *predictor,
    const struct hb_question *questions, size_t count, struct hb_prediction *out);

#endif
