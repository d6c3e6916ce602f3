/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_RULES_H
#define SIM_RUN_RULES_H

#include "sim/run/document.h"
#include "sim/run/scenario.h"

/* What the schema cannot say: rules between attributes. Also resolves the
 * predictors' names. HB_ERR_FORMAT with the sentence in *problem. */
enum hb_status sim_rules_check(struct sim_document *document, struct sim_scenario *scenario,
    struct data_problem *problem);

#endif
