/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_CALIBRATION_H
#define HB_CALIBRATION_H

#include "core/history.h"

#define HB_CALIBRATION_BINS 16

/* Makes a predictor's confidence in its first guess come true: reliability
 * bins per grid step, and the monotone curve through them. */
struct hb_calibration_bin {
    double count, sum, hits; /* sum of confidences as said */
};

struct hb_calibration {
    struct hb_calibration_bin bins[HB_HISTORY_STEPS][HB_CALIBRATION_BINS];
    double said[HB_HISTORY_STEPS][HB_CALIBRATION_BINS]; /* ascending */
    double came_true[HB_HISTORY_STEPS][HB_CALIBRATION_BINS]; /* ascending */
};

/* Nothing known: the curve is the identity. */
void hb_calibration_init(struct hb_calibration *calibration);

/* A first guess of confidence said (0..1) at step 0..3 came true or not. */
void hb_calibration_count(struct hb_calibration *calibration, unsigned step, double said,
    int has_come_true);

/* Corrects the first guess of a prediction and scales the others, so that the
 * order and the sum stay. */
void hb_calibration_correct(const struct hb_calibration *calibration,
    struct hb_history_bracket bracket, struct hb_prediction *prediction);

#endif
