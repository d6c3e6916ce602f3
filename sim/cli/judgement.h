/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_JUDGEMENT_H
#define SIM_CLI_JUDGEMENT_H

#include "data/problem.h"
#include "models/judge.h"

/* What one predictor scored, at places and at sites. */
struct cli_judgement {
    const char *name;
    struct model_score scores[HB_CANDIDATES_KNOTS];
    struct model_judge_detail detail;
};

struct cli_judgements {
    struct cli_judgement *of; /* [count] */
    size_t count;
    const char *model, *dataset;    /* files, for the record */
    double pi_max, entropy_bits;    /* of the next slot, mean over clients; NaN: not known */
};

/* Tables for the terminal: the chosen site, and mirror or not at thresholds .1, .2, ... of
 * each predictor's best (count > 0). */
void cli_judgements_print_sites(const struct cli_judgements *all);

/* path as HDF5, whole or not at all: attributes format = "harbinger-evaluation", version,
 * model, dataset; /scores (one row a predictor, timeframe, level, set of cases),
 * /reliability and /decisions; columns with unit and description. Sorts the scores'
 * distances. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status cli_judgements_write(const char *path, const struct cli_judgements *all,
    struct data_problem *problem);

/* Figures into directory: reliability (of the last predictor), precision-recall (of the
 * decision at 30 min), timeframe-hits and timeframe-loss (of all). */
enum hb_status cli_judgements_draw(const char *directory, const struct cli_judgements *all,
    struct data_problem *problem);

#endif
