/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_HISTORY_H
#define HB_HISTORY_H

#include "core/predictor.h"

/* One client's last hour on a grid of 15-minute instants, as all counting
 * predictors need it: at each grid instant they learn what was so far before. */
#define HB_HISTORY_STEPS 4
#define HB_HISTORY_STEP_S 900
#define HB_HISTORY_DWELLS 8

struct hb_history {
    int64_t since_ns; /* in place since */
    int64_t next_ns;  /* the next grid instant */
    uint32_t place;   /* HB_NONE: not known */
    uint32_t before[2]; /* the place before, and the one before that */
    /* At the grid instants 1, 2, ... steps before next_ns: place (HB_NONE: not
     * known), context of 2 and of 3 places (0: not known), dwell class. */
    uint32_t step_places[HB_HISTORY_STEPS];
    uint32_t step_contexts[HB_HISTORY_STEPS][2];
    uint8_t step_dwells[HB_HISTORY_STEPS];
};

/* Nothing known. */
void hb_history_init(struct hb_history *history);

/* Takes an observation in; place HB_NONE: lost from sight. Before the grid
 * moves past an instant, learn is called with the history as of then: place
 * is the place at at_ns, step_places[i] the place i + 1 steps earlier. A
 * silence of over two days counts as lost from sight after two days; a step back
 * in time starts afresh. An instant beyond 146 years from 0 counts as there. */
typedef void hb_history_learn(void *ctx, uint32_t client, const struct hb_history *history,
    int64_t at_ns);
void hb_history_observe(struct hb_history *history, const struct hb_observation *seen,
    hb_history_learn *learn, void *ctx);

/* Class 0..HB_HISTORY_DWELLS - 1 of the time spent in the place at at_ns. */
unsigned hb_history_dwell(const struct hb_history *history, int64_t at_ns);

/* Key of the last order (2 or 3) places; 0 if they are not known. */
uint32_t hb_history_context(const struct hb_history *history, unsigned order);

/* Mixes a into the running hash h: for keys of tables, the same everywhere. */
uint64_t hb_history_mix(uint64_t h, uint64_t a);

/* A horizon between two grid steps: (1 - weight) of step lo, weight of step hi. Step 0 is
 * now, 1..HB_HISTORY_STEPS are 15..60 minutes; beyond them the last one. */
struct hb_history_bracket {
    unsigned lo, hi;
    double weight;
};
struct hb_history_bracket hb_history_bracket_of(double horizon_s);

#endif
