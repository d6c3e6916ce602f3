/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_JUDGE_H
#define MODEL_JUDGE_H

#include "core/lstm.h"
#include "models/counts.h"
#include "models/decision.h"
#include "models/score.h"
#include "models/sites.h"

/* More than the scores over all cases, at the four knots: over the cases in which the client
 * moved, and at the level of sites (of the site's distance to where the client is). */
struct model_judge_detail {
    const struct model_sites *sites;
    struct model_score moved[HB_CANDIDATES_KNOTS];
    struct model_score at_sites[HB_CANDIDATES_KNOTS], moved_sites[HB_CANDIDATES_KNOTS];
    struct model_decision decisions[HB_CANDIDATES_KNOTS];
};
void model_judge_detail_init(struct model_judge_detail *detail, const struct model_sites *sites);
void model_judge_detail_fini(struct model_judge_detail *detail);

/* What is judged: the instants of one part of a data set at which there is
 * something to ask (asked: model_pieces_ask), at the four knots. A predictor
 * sees everything of the same client up to the instant. */
struct model_judge {
    const struct model_dataset *dataset;
    const struct model_counts *counts; /* own counts are left out of everybody's; NULL: are not */
    const uint8_t *asked;              /* [slot_count] farthest lag */
    uint32_t part;
    uint32_t visits;                   /* of a client's trail */
    /* 0: a client's own past is followed up to the instant. Else it is what lies before the
     * judged part, and of that the last so many slots before the target. */
    uint32_t window_slots;
    const uint32_t *right; /* [place_count] HB_NONE: never right; NULL: the data set's tokens */
    struct model_judge_detail *detail; /* filled if not NULL */
};

/* Runs the production library's network over all clients. scores [HB_CANDIDATES_KNOTS],
 * initialised. HB_ERR_MEMORY, HB_ERR_RANGE. */
enum hb_status model_judge_lstm(const struct model_judge *judge, const struct hb_lstm_model *model,
    struct model_score *scores);

/* The same of any predictor of the core: it is shown everybody's training part, then each
 * client's rest. What it leaves over is spread evenly over the vocabulary. */
enum hb_status model_judge_predictor(const struct model_judge *judge,
    struct hb_predictor *predictor, struct model_score *scores);

#endif
