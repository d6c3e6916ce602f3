/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_TABLE_H
#define ANALYSIS_TABLE_H

#include <stdio.h>

#include "analysis/study.h"

#define ANALYSIS_TABLE_CELL_BYTES 48

/* The metrics of the summary, in order; those that no run knows are left out
 * by whoever prints. */
#define ANALYSIS_TABLE_METRICS 12
extern const enum analysis_metric analysis_table_metrics[ANALYSIS_TABLE_METRICS];
/* Short heading of a metric for a narrow column: "p95 ms". */
void analysis_table_heading(const struct analysis_study *study, enum analysis_metric metric,
    char text[ANALYSIS_TABLE_CELL_BYTES]);

/* "25.31 ± 0.42": digits as the interval's half-width deserves; "25.31" without
 * an interval, "-" if not known. is_signed: "+3.1". */
void analysis_table_cell(enum hb_status status, const struct analysis_interval *value,
    int is_signed, char text[ANALYSIS_TABLE_CELL_BYTES]);

/* Whether any series of the file knows the metric under setting. */
int analysis_table_has(const struct analysis_study *study, size_t file, uint16_t setting,
    enum analysis_metric metric);

/* "lead_s = 120, gain_ms = 5"; "" where nothing is swept. */
void analysis_table_setting(const struct data_result_info *info, uint16_t setting, char *text,
    size_t text_bytes);

/* For the terminal: a block a setting, a row a policy; with differences, a
 * second block of what each policy has more than the file's base. */
void analysis_table_print(const struct analysis_study *study, int has_differences, FILE *out);

#endif
