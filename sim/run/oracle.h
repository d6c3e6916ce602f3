/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_ORACLE_H
#define SIM_RUN_ORACLE_H

#include "core/predictor.h"
#include "data/trace.h"

/* A predictor that reads the future from the trace, as a control: client i of
 * the core is client i of the trace, whose second 0 is at epoch_ns. With
 * probability accuracy it says the truth, else another place that the client
 * visits; which, depends on seed, client and the instant asked for, not on
 * the order of questions. Its confidence is its accuracy. A client that is nowhere
 * then (or past the trace's end) gets no guess. */
struct sim_oracle_config {
    const struct data_trace *trace; /* borrowed for the predictor's life */
    int64_t epoch_ns;
    double accuracy; /* 0..1; 1: the oracle */
    uint64_t seed;
};

/* HB_ERR_RANGE for an accuracy outside 0..1, HB_ERR_MEMORY. */
enum hb_status sim_oracle_create(const struct sim_oracle_config *config, struct hb_predictor **out);

#endif
