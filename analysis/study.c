/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/study.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUMMARY_ROWS_MAX ((uint64_t)1 << 20)
#define FILES_MAX 64

struct study_file {
    struct data_result_file *file;
    struct data_summary_row *rows; /* sorted by setting, policy, replication */
    size_t row_count, base;
    char name[ANALYSIS_STUDY_LABEL_BYTES / 2];
};

struct analysis_study {
    struct study_file *files;
    size_t file_count, series_count;
    struct analysis_series series[ANALYSIS_STUDY_SERIES_MAX];
};

static int by_run(const void *a, const void *b)
{
    const struct data_summary_row *x = a, *y = b;
    if (x->setting != y->setting) {
        return x->setting < y->setting ? -1 : 1;
    }
    if (x->policy != y->policy) {
        return x->policy < y->policy ? -1 : 1;
    }
    return (x->replication > y->replication) - (x->replication < y->replication);
}

static enum hb_status load_summary(struct study_file *from, struct data_problem *problem)
{
    const char *path = data_results_info(from->file)->path;
    uint64_t count = data_results_len(from->file, DATA_TABLE_SUMMARY);
    if (count > SUMMARY_ROWS_MAX) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /summary: found %" PRIu64 " rows: expected at most %" PRIu64, path, count,
            SUMMARY_ROWS_MAX);
    }
    from->rows = calloc((size_t)count + 1, sizeof *from->rows);
    if (from->rows == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    from->row_count = (size_t)count;
    enum hb_status status =
        data_results_read(from->file, DATA_TABLE_SUMMARY, 0, count, from->rows, problem);
    if (status != HB_OK) {
        return status;
    }
    qsort(from->rows, from->row_count, sizeof *from->rows, by_run);
    for (size_t i = 1; i < from->row_count; i++) {
        if (by_run(&from->rows[i - 1], &from->rows[i]) == 0) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: /summary: found two rows of setting %u, policy %u, replication %u: "
                "expected one",
                path, from->rows[i].setting, from->rows[i].policy, from->rows[i].replication);
        }
    }
    return HB_OK;
}

/* The path's last step without its suffix. */
static void name_file(struct study_file *file, const char *path)
{
    const char *base = strrchr(path, '/');
    base = base == NULL ? path : base + 1;
    (void)snprintf(file->name, sizeof file->name, "%.*s", (int)sizeof file->name - 1, base);
    char *dot = strrchr(file->name, '.');
    if (dot != NULL && dot != file->name) {
        *dot = '\0';
    }
}

static enum hb_status list_series(struct analysis_study *study, struct data_problem *problem)
{
    for (size_t f = 0; f < study->file_count; f++) {
        const struct data_result_info *info = data_results_info(study->files[f].file);
        study->files[f].base = study->series_count;
        for (uint32_t p = 0; p < info->policy_count; p++) {
            if (study->series_count == ANALYSIS_STUDY_SERIES_MAX) {
                return data_problem_set(problem, HB_ERR_RANGE,
                    "%s: found more than %d policies in all files: expected no more", info->path,
                    ANALYSIS_STUDY_SERIES_MAX);
            }
            struct analysis_series *series = &study->series[study->series_count++];
            series->file = f;
            series->policy = (uint16_t)p;
            (void)snprintf(series->label, sizeof series->label, "%s%s%s",
                study->file_count > 1 ? study->files[f].name : "",
                study->file_count > 1 ? ": " : "", info->policies[p].name);
        }
    }
    return HB_OK;
}

enum hb_status analysis_study_open(const char *const *paths, size_t path_count,
    struct analysis_study **out, struct data_problem *problem)
{
    assert(path_count >= 1);
    if (path_count > FILES_MAX) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "found %zu result files: expected at most %d", path_count, FILES_MAX);
    }
    struct analysis_study *study = calloc(1, sizeof *study);
    struct study_file *files = calloc(path_count, sizeof *files);
    if (study == NULL || files == NULL) {
        free(files);
        free(study);
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", paths[0]);
    }
    study->files = files;
    study->file_count = path_count;
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < path_count && status == HB_OK; i++) {
        name_file(&files[i], paths[i]);
        status = data_results_open(paths[i], &files[i].file, problem);
        if (status == HB_OK) {
            status = load_summary(&files[i], problem);
        }
    }
    if (status == HB_OK) {
        status = list_series(study, problem);
    }
    if (status != HB_OK) {
        analysis_study_close(study);
        return status;
    }
    *out = study;
    return HB_OK;
}

void analysis_study_close(struct analysis_study *study)
{
    if (study == NULL) {
        return;
    }
    for (size_t i = 0; i < study->file_count; i++) {
        free(study->files[i].rows);
        data_results_close(study->files[i].file);
    }
    free(study->files);
    free(study);
}

size_t analysis_study_file_count(const struct analysis_study *study)
{
    return study->file_count;
}

struct data_result_file *analysis_study_file(const struct analysis_study *study, size_t index)
{
    return study->files[index].file;
}

const struct data_result_info *analysis_study_info(const struct analysis_study *study, size_t index)
{
    return data_results_info(study->files[index].file);
}

const char *analysis_study_file_name(const struct analysis_study *study, size_t index)
{
    return study->files[index].name;
}

size_t analysis_study_series_count(const struct analysis_study *study)
{
    return study->series_count;
}

const struct analysis_series *analysis_study_series(
    const struct analysis_study *study, size_t index)
{
    return &study->series[index];
}

size_t analysis_study_base(const struct analysis_study *study, size_t file)
{
    return study->files[file].base;
}

enum hb_status analysis_study_choose_base(
    struct analysis_study *study, const char *policy, struct data_problem *problem)
{
    int has_found = 0;
    for (size_t i = 0; i < study->series_count; i++) {
        struct study_file *file = &study->files[study->series[i].file];
        const struct data_result_info *info = data_results_info(file->file);
        if (strcmp(info->policies[study->series[i].policy].name, policy) == 0) {
            file->base = i;
            has_found = 1;
        }
    }
    return has_found ? HB_OK
                     : data_problem_set(problem, HB_ERR_NOT_FOUND,
                         "%s: /policies: found no '%s': expected the policy to compare with",
                         data_results_info(study->files[0].file)->path, policy);
}

uint16_t analysis_study_setting(const struct analysis_study *study, size_t file)
{
    return (uint16_t)(analysis_study_info(study, file)->setting_count - 1);
}

static const struct {
    const char *column, *title, *unit;
} metrics[] = {
#define X(NAME, column, title, unit) { column, title, unit },
    ANALYSIS_METRIC_LIST(X)
#undef X
};

const char *analysis_metric_title(enum analysis_metric metric)
{
    return metrics[metric].title;
}

const char *analysis_metric_unit(const struct analysis_study *study, enum analysis_metric metric)
{
    const char *unit = metrics[metric].unit;
    if (strcmp(unit, "money") == 0) {
        const char *currency = analysis_study_info(study, 0)->currency;
        return strcmp(currency, "money") == 0 ? "" : currency; /* "money": none was named */
    }
    return strcmp(unit, "1") == 0 ? "" : unit;
}

void analysis_metric_label(
    const struct analysis_study *study, enum analysis_metric metric, char *text, size_t text_bytes)
{
    const char *unit = analysis_metric_unit(study, metric);
    int is_plain = *unit == '\0';
    (void)snprintf(text, text_bytes, "%s%s%.16s%s", analysis_metric_title(metric),
        is_plain ? "" : " (", unit, is_plain ? "" : ")");
}

static double column_value(const struct data_summary_row *row, const char *name)
{
    const struct data_column *column = data_schema_column(DATA_TABLE_SUMMARY, name);
    assert(column != NULL);
    const unsigned char *at = (const unsigned char *)row + column->offset;
    if (column->type == DATA_H5_F64) {
        double value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    assert(column->type == DATA_H5_U64);
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return (double)value;
}

static double percent(double part, double whole)
{
    return whole > 0.0 ? 100.0 * part / whole : (double)NAN;
}

static double metric_value(const struct data_summary_row *row, enum analysis_metric metric)
{
    double mirrors = (double)row->mirrors;
    switch (metric) {
    case ANALYSIS_METRIC_REGRET:
        return percent(row->cost - row->optimum_cost, row->optimum_cost);
    case ANALYSIS_METRIC_HIT:
        return percent((double)row->hit, mirrors);
    case ANALYSIS_METRIC_LATE:
        return percent((double)row->late, mirrors);
    case ANALYSIS_METRIC_UNUSED:
        return percent((double)row->unused, mirrors);
    case ANALYSIS_METRIC_ROLLED_BACK:
        return percent((double)row->rolled_back, mirrors);
    case ANALYSIS_METRIC_FAILED:
        return percent((double)row->failed, mirrors);
    case ANALYSIS_METRIC_CANCELLED:
        return percent((double)row->cancelled, mirrors);
    case ANALYSIS_METRIC_REQUESTS_FAILED:
        return percent(row->requests_failed, row->requests);
    case ANALYSIS_METRIC_REQUESTS_STALE:
        return percent(row->requests_stale, row->requests);
    case ANALYSIS_METRIC_ENERGY:
        return row->energy_j / 3.6e6;
    case ANALYSIS_METRIC_BYTES_MOVED:
        return row->bytes_moved / 1e9;
    case ANALYSIS_METRIC_OVER_TARGET:
    case ANALYSIS_METRIC_PREDICTION_CORRECT:
        return 100.0 * column_value(row, metrics[metric].column);
    case ANALYSIS_METRIC_LATENCY_MEAN:
    case ANALYSIS_METRIC_LATENCY_P50:
    case ANALYSIS_METRIC_LATENCY_P95:
    case ANALYSIS_METRIC_LATENCY_P99:
    case ANALYSIS_METRIC_COST:
    case ANALYSIS_METRIC_COST_LATENCY:
    case ANALYSIS_METRIC_COST_INSTANCES:
    case ANALYSIS_METRIC_COST_BYTES:
    case ANALYSIS_METRIC_COST_UPDATES:
    case ANALYSIS_METRIC_COST_FAILURES:
    case ANALYSIS_METRIC_OPTIMUM_COST:
    case ANALYSIS_METRIC_OPTIMUM_LATENCY:
    case ANALYSIS_METRIC_MIRRORS:
    case ANALYSIS_METRIC_PROMOTIONS:
    case ANALYSIS_METRIC_PREDICTION_ERROR:
    case ANALYSIS_METRIC_REQUESTS:
        return column_value(row, metrics[metric].column);
    case ANALYSIS_METRIC_COUNT:
        break;
    }
    return (double)NAN;
}

/* First row not before the wanted run. */
static size_t row_from(const struct study_file *file, const struct data_summary_row *wanted)
{
    size_t low = 0, high = file->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_run(&file->rows[middle], wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The cell's rows: their first, and how many there are. */
static const struct data_summary_row *cell_rows(
    const struct analysis_study *study, struct analysis_cell cell, size_t *count)
{
    const struct analysis_series *series = &study->series[cell.series];
    const struct study_file *file = &study->files[series->file];
    struct data_summary_row wanted = { .setting = cell.setting, .policy = series->policy };
    size_t first = row_from(file, &wanted);
    wanted.replication = UINT16_MAX;
    size_t end = row_from(file, &wanted);
    if (end < file->row_count && by_run(&file->rows[end], &wanted) == 0) {
        end++;
    }
    *count = end - first;
    return file->rows + first;
}

/* Mean with an interval, where two or more values allow one. */
static enum hb_status interval_of(const double *x, size_t n, struct analysis_interval *out)
{
    if (n == 0) {
        return HB_ERR_NOT_FOUND;
    }
    if (n == 1) {
        *out = (struct analysis_interval) { x[0], x[0], x[0], 1 };
        return HB_OK;
    }
    return analysis_interval_mean(x, n, ANALYSIS_STUDY_LEVEL, out);
}

enum hb_status analysis_study_metric(const struct analysis_study *study, struct analysis_cell cell,
    enum analysis_metric metric, struct analysis_interval *out)
{
    size_t count, known = 0;
    const struct data_summary_row *rows = cell_rows(study, cell, &count);
    double *x = malloc((count + 1) * sizeof *x);
    if (x == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        double value = metric_value(&rows[i], metric);
        if (isfinite(value)) {
            x[known++] = value;
        }
    }
    enum hb_status status = interval_of(x, known, out);
    free(x);
    return status;
}

enum hb_status analysis_study_difference(const struct analysis_study *study,
    struct analysis_cell cell, struct analysis_cell base, enum analysis_metric metric,
    struct analysis_interval *out)
{
    size_t count, base_count, known = 0, j = 0;
    const struct data_summary_row *rows = cell_rows(study, cell, &count);
    const struct data_summary_row *base_rows = cell_rows(study, base, &base_count);
    double *x = malloc((count + 1) * sizeof *x);
    if (x == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        while (j < base_count && base_rows[j].replication < rows[i].replication) {
            j++;
        }
        if (j == base_count || base_rows[j].replication != rows[i].replication) {
            continue;
        }
        double value = metric_value(&rows[i], metric) - metric_value(&base_rows[j], metric);
        if (isfinite(value)) {
            x[known++] = value;
        }
    }
    enum hb_status status = interval_of(x, known, out);
    free(x);
    return status;
}
