/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_SCORES_H
#define SIM_CLI_SCORES_H

#include "core/candidates.h"
#include "models/score.h"

/* What a predictor scored at 15, 30, 45 and 60 minutes, as tables. */
void cli_scores_head(void);
void cli_scores_print(const char *name, const struct model_score scores[HB_CANDIDATES_KNOTS]);

/* More of one predictor: ranks, losses, distances; when it leaves; prediction sets. Sorts. */
void cli_scores_detail(struct model_score scores[HB_CANDIDATES_KNOTS]);
/* Said and true shares by bin of the top probability. */
void cli_scores_reliability(const struct model_score scores[HB_CANDIDATES_KNOTS]);

#endif
