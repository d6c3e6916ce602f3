/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_STUDY_H
#define ANALYSIS_STUDY_H

#include "analysis/interval.h"
#include "data/results.h"

#define ANALYSIS_STUDY_SERIES_MAX 64
#define ANALYSIS_STUDY_LABEL_BYTES 160
#define ANALYSIS_STUDY_LEVEL 0.95 /* of every interval of the report */

/* What a run is judged by. X(NAME, column or NULL, title, unit): those without
 * a column of /summary are derived. unit "money": the currency. */
#define ANALYSIS_METRIC_LIST(X)                                                       \
    X(LATENCY_MEAN, "latency_mean_ms", "mean latency", "ms")                          \
    X(LATENCY_P50, "latency_p50_ms", "median latency", "ms")                          \
    X(LATENCY_P95, "latency_p95_ms", "95th percentile of latency", "ms")              \
    X(LATENCY_P99, "latency_p99_ms", "99th percentile of latency", "ms")              \
    X(OVER_TARGET, "over_target", "requests over target", "%")                        \
    X(COST, "cost", "cost", "money")                                                  \
    X(COST_LATENCY, "cost_latency", "cost of latency", "money")                       \
    X(COST_INSTANCES, "cost_instances", "cost of instances", "money")                 \
    X(COST_BYTES, "cost_bytes", "cost of transfer", "money")                          \
    X(COST_UPDATES, "cost_updates", "cost of updates", "money")                       \
    X(COST_FAILURES, "cost_failures", "cost of failures", "money")                    \
    X(OPTIMUM_COST, "optimum_cost", "cost of the clairvoyant optimum", "money")       \
    X(OPTIMUM_LATENCY, "optimum_latency_ms", "latency of the clairvoyant optimum", "ms") \
    X(REGRET, NULL, "regret to the clairvoyant optimum", "%")                         \
    X(MIRRORS, "mirrors", "mirrors", "1")                                             \
    X(HIT, NULL, "mirrors hit", "%") X(LATE, NULL, "mirrors late", "%")               \
    X(UNUSED, NULL, "mirrors unused", "%")                                            \
    X(ROLLED_BACK, NULL, "mirrors rolled back", "%")                                  \
    X(FAILED, NULL, "mirrors failed", "%")                                            \
    X(CANCELLED, NULL, "mirrors cancelled", "%")                                      \
    X(PROMOTIONS, "promotions", "promotions", "1")                                    \
    X(PREDICTION_CORRECT, "prediction_correct", "first guesses that are correct", "%") \
    X(PREDICTION_ERROR, "prediction_error_km", "mean prediction error", "km")         \
    X(REQUESTS, "requests", "requests", "1")                                          \
    X(REQUESTS_FAILED, NULL, "requests failed", "%")                                  \
    X(REQUESTS_STALE, NULL, "requests stale", "%")                                    \
    X(ENERGY, NULL, "energy", "kWh")                                                  \
    X(BYTES_MOVED, NULL, "data moved", "GB")

enum analysis_metric {
#define X(NAME, column, title, unit) ANALYSIS_METRIC_##NAME,
    ANALYSIS_METRIC_LIST(X)
#undef X
        ANALYSIS_METRIC_COUNT
};

/* One policy of one file. */
struct analysis_series {
    size_t file;
    uint16_t policy;
    char label[ANALYSIS_STUDY_LABEL_BYTES]; /* the policy; "file: policy" if there are several */
};

/* One or more result files, opened and indexed. */
struct analysis_study;

/* HB_ERR_RANGE: more than ANALYSIS_STUDY_SERIES_MAX policies in all. */
enum hb_status analysis_study_open(const char *const *paths, size_t path_count,
    struct analysis_study **out, struct data_problem *problem);
void analysis_study_close(struct analysis_study *study);

size_t analysis_study_file_count(const struct analysis_study *study);
struct data_result_file *analysis_study_file(const struct analysis_study *study, size_t index);
const struct data_result_info *analysis_study_info(const struct analysis_study *study,
    size_t index);
/* Name of a file without folders and suffix. */
const char *analysis_study_file_name(const struct analysis_study *study, size_t index);
size_t analysis_study_series_count(const struct analysis_study *study);
const struct analysis_series *analysis_study_series(const struct analysis_study *study,
    size_t index);
/* The series that the others of a file are compared with: its first policy,
 * or the one chosen by name. HB_ERR_NOT_FOUND: no file has it. */
size_t analysis_study_base(const struct analysis_study *study, size_t file);
enum hb_status analysis_study_choose_base(struct analysis_study *study, const char *policy,
    struct data_problem *problem);
/* The setting that figures of a single one show: the last. */
uint16_t analysis_study_setting(const struct analysis_study *study, size_t file);

const char *analysis_metric_title(enum analysis_metric metric);
/* Unit, with the currency for money; "" for plain numbers. */
const char *analysis_metric_unit(const struct analysis_study *study, enum analysis_metric metric);

/* "cost (EUR)", for an axis. */
void analysis_metric_label(const struct analysis_study *study, enum analysis_metric metric,
    char *text, size_t text_bytes);

/* Which runs: all replications of a series under a setting. */
struct analysis_cell {
    size_t series;
    uint16_t setting;
};
/* A metric over replications, mean with 95 % interval. One replication: no
 * interval, ends equal to the estimate. HB_ERR_NOT_FOUND: no run, or not known. */
enum hb_status analysis_study_metric(const struct analysis_study *study,
    struct analysis_cell cell, enum analysis_metric metric, struct analysis_interval *out);
/* The same of the difference between two cells, replication by replication. */
enum hb_status analysis_study_difference(const struct analysis_study *study,
    struct analysis_cell cell, struct analysis_cell base, enum analysis_metric metric,
    struct analysis_interval *out);

#endif
