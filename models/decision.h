/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_DECISION_H
#define MODEL_DECISION_H

#include <stdint.h>

/* The decision "mirror or not": at threshold t a forecast mirrors to the likeliest site other
 * than the present one if it gives that at least t. The mirror is right if the client is
 * nearest to that site when the time has come. */
#define MODEL_DECISION_STEPS 19 /* thresholds .05, .10, ..., .95 */

struct model_decision {
    uint64_t count, moved; /* forecasts; those after which another site was nearest */
    uint64_t made[MODEL_DECISION_STEPS], right[MODEL_DECISION_STEPS];
};

/* 0.05 (step + 1). */
double model_decision_threshold(uint32_t step);

/* One forecast: chances [site_count] that each site will be the nearest; now and target: which
 * is at present, and which was when the time had come. */
void model_decision_add(struct model_decision *decision, const float *chances,
    uint32_t site_count, uint32_t now, uint32_t target);

/* Share of the mirrors that were right, and of the moves that had one; NaN of none. */
double model_decision_precision(const struct model_decision *decision, uint32_t step);
double model_decision_recall(const struct model_decision *decision, uint32_t step);

#endif
