/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_RESULTS_CHECK_H
#define DATA_RESULTS_CHECK_H

#include "data/results.h"

/* Whether values [count] of a column are what the schema demands; info gives
 * the bounds of references. first is their row, for the sentence. */
struct data_results_values {
    enum data_results_table table;
    size_t column;
    uint64_t first, count;
    const void *values;
};
enum hb_status data_results_check(const struct data_result_info *info,
    const struct data_results_values *values, struct data_problem *problem);

#endif
