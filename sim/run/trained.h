/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_TRAINED_H
#define SIM_RUN_TRAINED_H

#include "core/lstm.h"
#include "data/problem.h"
#include "sim/run/scenario.h"

/* The model files that a scenario's predictors name, read once for all runs. */
struct sim_trained;

/* HB_ERR_FORMAT: a model of other places, or no file named; as data_model_read. */
enum hb_status sim_trained_read(const struct sim_scenario *scenario, uint32_t place_count,
    struct data_problem *problem, struct sim_trained **out);
void sim_trained_free(struct sim_trained *trained);

/* Of a predictor by index; NULL: it has none. Valid until the free. */
const struct hb_lstm_model *sim_trained_model(const struct sim_trained *trained, uint32_t index);

#endif
