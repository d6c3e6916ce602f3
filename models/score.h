/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_SCORE_H
#define MODEL_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* How good forecasts were: hits, logarithmic and quadratic loss, calibration,
 * distance; over all cases and over those in which the client moved. */
#define MODEL_SCORE_BINS 15          /* equal widths of the top probability */
#define MODEL_SCORE_FINE 128
#define MODEL_SCORE_FLOOR 1e-9       /* of a probability in the logarithm */

/* One forecast and what came of it. */
struct model_score_case {
    const float *chances;    /* [place_count], over places; may sum to less than 1 */
    const uint32_t *tokens;  /* [place_count]; HB_NONE: outside the vocabulary, cannot be right */
    uint32_t place_count, now, target;
    float error_km;          /* from the likeliest place to the target */
};

struct model_score {
    uint64_t count, moved_count;
    uint64_t hits[3], moved_hits[3]; /* within the first 1, 5, 10 */
    uint64_t leave_hits[3];          /* of moved ones, the present place left out */
    double reciprocal_ranks, nats, quadratic, leave_nats;
    uint64_t bin_counts[MODEL_SCORE_BINS], bin_hits[MODEL_SCORE_BINS];
    double bin_sums[MODEL_SCORE_BINS];
    /* the same by MODEL_SCORE_FINE bins, for fitting a curve */
    uint64_t fine_counts[MODEL_SCORE_FINE], fine_hits[MODEL_SCORE_FINE];
    double fine_sums[MODEL_SCORE_FINE];
    uint64_t covered;      /* targets within the prediction set */
    double set_sizes;
    double set_mass;       /* a set takes the likeliest places until their sum reaches it */
    float *errors_km, *depths; /* depth: mass that a set needs to hold the target; 2: never */
    size_t capacity;
};

/* set_mass: 0 for none. */
void model_score_init(struct model_score *score, double set_mass);
void model_score_fini(struct model_score *score);

/* HB_ERR_MEMORY. */
enum hb_status model_score_add(struct model_score *score, const struct model_score_case *one);

double model_score_share(uint64_t hits, uint64_t count); /* 0 of none */
/* Expected calibration error: mean over the cases of |share that came true - probability said| in
 * the case's bin of the top probability. 0 of none. */
double model_score_ece(const struct model_score *score);
/* Of the distances; sorts them. share 0..1. NaN of none. */
double model_score_error_km(struct model_score *score, double share);
/* The mass at which `share` of the targets are covered; sorts. */
double model_score_set_mass(struct model_score *score, double share);

#endif
