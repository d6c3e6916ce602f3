/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_STEER_ODDS_H
#define SIM_NET_STEER_ODDS_H

#include <stddef.h>
#include <stdint.h>

/* Log odds of the first site as a weighted sum of clues, each of them positive
 * where it speaks for the first site, and the weights that fit measurements. */
enum sim_steer_clue {
    STEER_PRIOR,   /* log odds of the collectors' neighbours' share */
    STEER_SHARE,   /* log odds of the AS's own predicted share */
    STEER_NEARER,  /* 1000 km that its country is nearer to the first site */
    STEER_SHORTER, /* ASes that its route to the first site alone is shorter */
    STEER_PAYING,  /* better kind of neighbour: customer 2, peer 1, provider 0 */
    STEER_ONLY,    /* +-1: the other site alone would not be reached */
    STEER_ELSEWHERE, /* its lean in other experiments, see steer_elsewhere.h */
    STEER_CLUE_COUNT
};

struct steer_row {
    double clues[STEER_CLUE_COUNT];
    uint8_t side; /* measured */
};

struct steer_sample { /* an experiment; all weigh the same */
    const struct steer_row *rows;
    size_t count;
    int is_used;
};

double sim_steer_odds(const struct steer_row *row, const double weights[STEER_CLUE_COUNT]);

/* Logistic regression without constant: the most likely weights under a weak
 * normal prior around 0 (variance 20), by Newton's method from weights on. */
void sim_steer_odds_fit(
    const struct steer_sample *samples, size_t sample_count, double weights[STEER_CLUE_COUNT]);

#endif
