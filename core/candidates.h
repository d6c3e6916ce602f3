/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_CANDIDATES_H
#define HB_CANDIDATES_H

#include "core/trail.h"

/* The places that a client may be at next, and what speaks for each: the same
 * code and the same bits in training and in serving. All arithmetic is plain
 * float32 without libm. */
#define HB_CANDIDATES_MAX 96     /* places looked at; a multiple of 16 */
#define HB_CANDIDATES_OWN_MAX 44 /* of the client's own */
#define HB_CANDIDATES_MOVES_MAX 24 /* where others went from here */
#define HB_CANDIDATES_KNOTS 4    /* horizons 15, 30, 45, 60 min */

/* Features of a candidate x while the client is at c; k: the horizon in slots.
 *  0 x is c                             10 log(1 + km from c)
 *  1 log(1 + own slots in x) / 3        11 cosine to the last displacement
 *  2 log(1 + own visits to x) / 3       12 x is the place before c
 *  3 log(1 + slots since x) / 4;        13 x is the one before that
 *    0 for c, 2.5 never                 14 own slots in x > 0
 *  4 log(1 + own moves c->x at lag k)   15 own share of slots in x
 *  5 own moves / (own moves from c + 1) 16 log(1 + everybody's slots in x at the target's hour) / 3
 *  6 log(1 + own slots in x about the   17 log((own moves + share + 0.02) / (own moves
 *    target's hour) / 2                    from c + 1.6)) / 3, share as in 7
 *  7 others' moves / (moves from c + 2) 18 own slots about the hour / (own slots + 1)
 *  8 log(1 + others' moves c->x)        19 closer than 0.8 km, but not c
 *  9 log(1 + others' slots in x) / 5
 * A horizon between two knots has features between theirs, in proportion. */
#define HB_CANDIDATES_FEATURES 20

/* Inputs of one LSTM step: sin and cos of the time of day, weekend, log(dwell) / 2, last
 * displacement east and north / (1 + its km), log(1 + its km), observed, moved, new session. */
#define HB_CANDIDATES_STEP_FEATURES 10

/* Context of a question: sin and cos of the time of day, weekend, log(dwell), displacement
 * east and north as above, log(1 + km), observed, log(1 + own slots here before) / 3,
 * log(1 + slots ever) / 5, observed twice running, log(1 + own lag-4 moves from here) / 3. */
#define HB_CANDIDATES_CONTEXT 12

/* Counts of one population, sparse, borrowed. Row r is about place row_places[r] (ascending;
 * NULL: row r is place r). Its moves: to where, and how often 1..4 slots later, the most
 * frequent (sum over the lags) first. */
struct hb_candidates_counts {
    uint32_t row_count;
    const uint32_t *row_places;          /* [row_count] or NULL */
    const uint32_t *slot_counts;         /* [row_count] slots spent there */
    const uint32_t *hour_counts;         /* [row_count][24] by local hour; NULL for own: 0 */
    const uint32_t *move_totals;         /* [row_count][4] moves from there, listed or not */
    const uint32_t *move_first;          /* [row_count + 1] into the following */
    const uint32_t *move_places;         /* [move_first[row_count]] */
    const uint32_t *move_counts;         /* [move_first[row_count]][4] */
};

/* What a model knows of places; borrowed, part of the model file. */
struct hb_candidates_tables {
    uint32_t place_count;          /* <= HB_TRAIL_PLACE_MAX + 1 */
    const float *east_km, *north_km; /* [place_count] on a plane */
    const int32_t *clock_slots;    /* [place_count] local time - UTC in slots; NULL: 0 */
    const uint32_t *near_first;    /* [place_count + 1] into near_places */
    const uint32_t *near_places;   /* neighbours, the best first; 48 are tried */
    struct hb_candidates_counts everybody; /* row_count 0 or place_count */
    uint32_t masked;               /* enum hb_features: what is not to be looked at */
};

/* Candidates for one (client, instant, horizon). features are feature-major, so that
 * the candidates are vector lanes; beyond count all is 0. */
struct hb_candidates_set {
    uint32_t count; /* 0..HB_CANDIDATES_MAX */
    uint32_t places[HB_CANDIDATES_MAX];
    float features[HB_CANDIDATES_FEATURES][HB_CANDIDATES_MAX] __attribute__((aligned(64)));
};

struct hb_candidates; /* working memory over one model's tables, opaque */

/* visit_max: of the longest trail that will be looked at. HB_ERR_MEMORY, HB_ERR_RANGE. */
HB_API enum hb_status hb_candidates_create(const struct hb_candidates_tables *tables,
    uint32_t visit_max, struct hb_candidates **out);
HB_API void hb_candidates_free(struct hb_candidates *work);
HB_API size_t hb_candidates_bytes(const struct hb_candidates *work);

/* Turns to a client at an instant. own: this client's share of everybody's counts, which is
 * left out (training); NULL: none. All three are borrowed until the next look. */
HB_API void hb_candidates_look(struct hb_candidates *work, const struct hb_trail *trail,
    const struct hb_trail_now *now, const struct hb_candidates_counts *own);
/* Of the instant looked at: horizon in seconds, any number of times. Candidates and their
 * order do not depend on the horizon. */
HB_API void hb_candidates_collect(struct hb_candidates *work, float horizon_s,
    struct hb_candidates_set *out);
HB_API void hb_candidates_context(const struct hb_candidates *work,
    float context[HB_CANDIDATES_CONTEXT]);

/* Needs no look, is cheap. */
HB_API void hb_candidates_step(const struct hb_candidates_tables *tables,
    const struct hb_trail *trail, const struct hb_trail_now *now,
    float features[HB_CANDIDATES_STEP_FEATURES]);

/* A horizon between two knots: (1 - weight) of knot lo, weight of knot lo + 1;
 * outside 15..60 minutes the nearest knot. */
struct hb_candidates_bracket {
    uint32_t lo;
    float weight; /* 0 <= weight < 1; 0 if lo is the last */
};
HB_API struct hb_candidates_bracket hb_candidates_bracket_of(float horizon_s);

#endif
