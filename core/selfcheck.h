/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_SELFCHECK_H
#define HB_SELFCHECK_H

#include "core/calibration.h"

#define HB_SELFCHECK_SLOTS 1024

/* How a predictor calibrates itself from observations alone: at a grid instant
 * it makes a forecast in secret, and compares when its instant has come. A
 * slot is shared by all clients that are equal modulo HB_SELFCHECK_SLOTS and
 * holds one forecast, so large populations are sampled. */
struct hb_selfcheck {
    struct hb_calibration calibration;
    uint32_t turn;
    struct hb_selfcheck_slot {
        int64_t due_ns;
        uint32_t client, place; /* client HB_NONE: free */
        uint32_t step;
        float said;
    } slots[HB_SELFCHECK_SLOTS];
};

void hb_selfcheck_init(struct hb_selfcheck *check);
void hb_selfcheck_forget(struct hb_selfcheck *check, uint32_t client);

/* The raw forecast of a kind of predictor. */
typedef void hb_selfcheck_forecast(const void *self, const struct hb_question *question,
    struct hb_prediction *out);

/* Client is in place (HB_NONE: not known) at the grid instant at_ns; called
 * before the predictor learns from it. */
void hb_selfcheck_at(struct hb_selfcheck *check, const struct hb_observation *seen,
    hb_selfcheck_forecast *forecast, const void *self);

/* Answers questions with corrected forecasts. */
struct hb_selfcheck_batch {
    const struct hb_question *questions;
    size_t count;
    struct hb_prediction *out;
};
void hb_selfcheck_predict(const struct hb_selfcheck *check, struct hb_selfcheck_batch batch,
    hb_selfcheck_forecast *forecast, const void *self);

#endif
