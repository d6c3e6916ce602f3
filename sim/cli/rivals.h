/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_RIVALS_H
#define SIM_CLI_RIVALS_H

#include "core/predictor.h"
#include "models/dataset.h"

/* The predictors that a trained model is held against: persistence, most frequent, Markov
 * chains of order 1 and 2 ("Markov 1"), and the same with dwell and hour in the chance to stay. */
#define CLI_RIVALS 6

struct cli_rival {
    const char *name;
    struct hb_predictor *predictor; /* fresh; the visitor's to free */
};

/* visit(context, rival) for each in turn, until one does not return HB_OK. */
enum hb_status cli_rivals_each(const struct model_dataset *dataset,
    enum hb_status (*visit)(void *context, const struct cli_rival *rival), void *context);

#endif
