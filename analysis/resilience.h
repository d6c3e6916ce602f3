/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_RESILIENCE_H
#define ANALYSIS_RESILIENCE_H

#include "analysis/study.h"

/* What the outages of one policy's clients were made of, over all replications. */
#define ANALYSIS_RESILIENCE_PARTS 4

struct analysis_resilience {
    double outages;    /* of all replications; 0: the rest means nothing */
    double parts_s[ANALYSIS_RESILIENCE_PARTS]; /* mean over them, by what was waited for */
    double lost_requests, lost_mb, violators, censored; /* of all replications */
};

/* Names of the parts. */
extern const char *const analysis_resilience_parts[ANALYSIS_RESILIENCE_PARTS];

/* Of each policy of a file under a setting, rows [policy_count]; whether any had outages is
 * in *has_any. What data_results_each gives. */
enum hb_status analysis_resilience_load(const struct analysis_study *study, size_t file,
    uint16_t setting, struct analysis_resilience *rows, int *has_any,
    struct data_problem *problem);

/* The mean length of an outage. */
double analysis_resilience_length_s(const struct analysis_resilience *row);

/* The columns of a table of them, for terminal and page: heading i, and a policy's cell in it,
 * counts as means over replications. */
#define ANALYSIS_RESILIENCE_COLUMNS 7
extern const char *const analysis_resilience_headings[ANALYSIS_RESILIENCE_COLUMNS];
#define ANALYSIS_RESILIENCE_CAPTION \
    "outages: seconds that clients waited for each, mean of an outage; counts a replication"
void analysis_resilience_cell(const struct analysis_resilience *row, uint32_t replications,
    int column, char *text, size_t text_bytes);

#endif
