/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_RULES_IMPL_H
#define SIM_RUN_RULES_IMPL_H

#include "sim/run/document.h"
#include "sim/run/scenario.h"

/* What a rule looks at, and where it complains. */
struct sim_rules {
    struct sim_document *document;
    struct sim_scenario *scenario;
    struct data_problem *problem;
};

typedef enum hb_status sim_rules_fn(const struct sim_rules *rules);

/* HB_ERR_FORMAT, with `file:line: attribute="found": expected words`. */
enum hb_status sim_rules_complain(const struct sim_rules *rules, const struct sim_element *element,
    const char *attribute, const char *words);

/* The element number index of that name. */
const struct sim_element *sim_rules_nth(const struct sim_rules *rules, const char *name,
    size_t index);

/* Of who is where: rules_world.c. */
enum hb_status sim_rules_world(const struct sim_rules *rules);
/* Of what a sweep may change; again for each of its values: rules.c. */
enum hb_status sim_rules_setting(const struct sim_rules *rules);
/* Of the sweep itself: rules_sweep.c. */
enum hb_status sim_rules_sweep(const struct sim_rules *rules);

#endif
