/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/resilience.h"
#include "analysis/text.h"

#define GAP 2 /* blanks between columns */

const enum analysis_metric analysis_table_metrics[ANALYSIS_TABLE_METRICS] = {
    ANALYSIS_METRIC_LATENCY_MEAN,
    ANALYSIS_METRIC_LATENCY_P50,
    ANALYSIS_METRIC_LATENCY_P95,
    ANALYSIS_METRIC_OVER_TARGET,
    ANALYSIS_METRIC_COST,
    ANALYSIS_METRIC_REGRET,
    ANALYSIS_METRIC_MIRRORS,
    ANALYSIS_METRIC_HIT,
    ANALYSIS_METRIC_LATE,
    ANALYSIS_METRIC_UNUSED,
    ANALYSIS_METRIC_REQUESTS_FAILED,
    ANALYSIS_METRIC_ENERGY,
};

/* Those that fit a terminal of 120 columns. */
static const enum analysis_metric narrow[] = { ANALYSIS_METRIC_LATENCY_MEAN,
    ANALYSIS_METRIC_LATENCY_P95, ANALYSIS_METRIC_REQUESTS_FAILED, ANALYSIS_METRIC_COST,
    ANALYSIS_METRIC_REGRET, ANALYSIS_METRIC_MIRRORS, ANALYSIS_METRIC_HIT, ANALYSIS_METRIC_LATE,
    ANALYSIS_METRIC_UNUSED };
#define NARROW_COUNT (sizeof narrow / sizeof narrow[0])

static const struct {
    enum analysis_metric metric;
    const char *text;
} headings[] = {
    { ANALYSIS_METRIC_LATENCY_MEAN, "latency" },
    { ANALYSIS_METRIC_LATENCY_P50, "median" },
    { ANALYSIS_METRIC_LATENCY_P95, "p95" },
    { ANALYSIS_METRIC_OVER_TARGET, "over target" },
    { ANALYSIS_METRIC_COST, "cost" },
    { ANALYSIS_METRIC_REGRET, "regret" },
    { ANALYSIS_METRIC_MIRRORS, "mirrors" },
    { ANALYSIS_METRIC_HIT, "hit" },
    { ANALYSIS_METRIC_LATE, "late" },
    { ANALYSIS_METRIC_UNUSED, "unused" },
    { ANALYSIS_METRIC_REQUESTS_FAILED, "failed" },
    { ANALYSIS_METRIC_ENERGY, "energy" },
};

void analysis_table_heading(const struct analysis_study *study, enum analysis_metric metric,
    char text[ANALYSIS_TABLE_CELL_BYTES])
{
    const char *name = analysis_metric_title(metric);
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++) {
        name = headings[i].metric == metric ? headings[i].text : name;
    }
    const char *unit = analysis_metric_unit(study, metric);
    (void)snprintf(
        text, ANALYSIS_TABLE_CELL_BYTES, "%.30s%s%.12s", name, *unit == '\0' ? "" : " ", unit);
}

static int is_spread(double value, double half)
{
    return half > 1e-12 * fabs(value);
}

/* Decimals that show two digits of half or, without one, four of value; whole
 * numbers need none. */
static int decimals_of(double value, double half)
{
    double scale = is_spread(value, half) ? half * 0.1 : fabs(value) * 1e-3;
    int is_whole = !is_spread(value, half) && !(fabs(value - nearbyint(value)) > 0.0);
    if (is_whole || !(scale > 0.0)) {
        return 0;
    }
    double decimals = ceil(-log10(scale) - 1e-9);
    return decimals < 0.0 ? 0 : decimals > 6.0 ? 6 : (int)decimals;
}

void analysis_table_cell(enum hb_status status, const struct analysis_interval *value,
    int is_signed, char text[ANALYSIS_TABLE_CELL_BYTES])
{
    if (status != HB_OK) {
        (void)snprintf(text, ANALYSIS_TABLE_CELL_BYTES, "-");
        return;
    }
    double half = 0.5 * (value->upper - value->lower);
    int decimals = decimals_of(value->estimate, half);
    int length = snprintf(
        text, ANALYSIS_TABLE_CELL_BYTES, is_signed ? "%+.*f" : "%.*f", decimals, value->estimate);
    int has_half = value->count >= 2 && is_spread(value->estimate, half);
    if (has_half && length > 0 && length < ANALYSIS_TABLE_CELL_BYTES) {
        (void)snprintf(
            text + length, ANALYSIS_TABLE_CELL_BYTES - (size_t)length, " ± %.*f", decimals, half);
    }
}

int analysis_table_has(
    const struct analysis_study *study, size_t file, uint16_t setting, enum analysis_metric metric)
{
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        struct analysis_interval value;
        struct analysis_cell cell = { i, setting };
        if (analysis_study_series(study, i)->file == file
            && analysis_study_metric(study, cell, metric, &value) == HB_OK) {
            return 1;
        }
    }
    return 0;
}

void analysis_table_setting(
    const struct data_result_info *info, uint16_t setting, char *text, size_t text_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < info->settings_row_count; i++) {
        const struct data_settings_row *row = &info->settings[i];
        if (row->setting != setting || used >= text_bytes) {
            continue;
        }
        int length = snprintf(text + used, text_bytes - used, "%s%s = %g", used == 0 ? "" : ", ",
            row->parameter, row->value);
        used += length > 0 ? (size_t)length : 0;
    }
}

static void print_padded(FILE *out, const char *text, size_t width, int is_left)
{
    size_t length = analysis_text_width(text);
    int blanks = length < width ? (int)(width - length) : 0;
    if (!is_left) {
        fprintf(out, "%*s", blanks + GAP, "");
    }
    analysis_text_plain(out, text);
    if (is_left) {
        fprintf(out, "%*s", blanks, "");
    }
}

/* The columns shown, and how wide each must be. */
struct layout {
    enum analysis_metric metrics[NARROW_COUNT];
    size_t count, widths[NARROW_COUNT], label_width;
};

/* A table of one file and setting; base: the series to compare with, or
 * SIZE_MAX for the values themselves. */
struct block {
    const struct analysis_study *study;
    size_t file, base;
    uint16_t setting;
};

/* Whether the block has a row for the series. */
static int is_shown(const struct block *block, size_t series)
{
    return analysis_study_series(block->study, series)->file == block->file
        && series != block->base;
}

static void cell_text(const struct block *block, size_t series, enum analysis_metric metric,
    char text[ANALYSIS_TABLE_CELL_BYTES])
{
    struct analysis_interval value;
    struct analysis_cell cell = { series, block->setting };
    struct analysis_cell against = { block->base, block->setting };
    int is_difference = block->base != SIZE_MAX;
    enum hb_status status = is_difference
        ? analysis_study_difference(block->study, cell, against, metric, &value)
        : analysis_study_metric(block->study, cell, metric, &value);
    analysis_table_cell(status, &value, is_difference, text);
}

/* Latencies are those of answered requests: who fails many is told beside them. */
static int is_negligible(const struct block *block, enum analysis_metric metric)
{
    const double failed_percent = 0.1;
    int is_small = metric == ANALYSIS_METRIC_REQUESTS_FAILED;
    for (size_t i = 0; is_small && i < analysis_study_series_count(block->study); i++) {
        struct analysis_interval value;
        struct analysis_cell cell = { i, block->setting };
        is_small = analysis_study_series(block->study, i)->file != block->file
            || analysis_study_metric(block->study, cell, metric, &value) != HB_OK
            || value.estimate < failed_percent;
    }
    return is_small;
}

static struct layout layout_of(const struct block *block)
{
    const struct analysis_study *study = block->study;
    struct layout layout = { .count = 0, .label_width = strlen("policy") };
    char text[ANALYSIS_TABLE_CELL_BYTES];
    for (size_t m = 0; m < NARROW_COUNT; m++) {
        enum analysis_metric metric = narrow[m];
        if (!analysis_table_has(study, block->file, block->setting, metric)
            || is_negligible(block, metric)) {
            continue;
        }
        analysis_table_heading(study, metric, text);
        size_t width = analysis_text_width(text);
        for (size_t i = 0; i < analysis_study_series_count(study); i++) {
            if (!is_shown(block, i)) {
                continue;
            }
            cell_text(block, i, metric, text);
            size_t length = analysis_text_width(text);
            width = length > width ? length : width;
            length = analysis_text_width(analysis_study_series(study, i)->label);
            layout.label_width = length > layout.label_width ? length : layout.label_width;
        }
        layout.metrics[layout.count] = metric;
        layout.widths[layout.count++] = width;
    }
    return layout;
}

static void print_block(const struct block *block, FILE *out)
{
    const struct analysis_study *study = block->study;
    struct layout layout = layout_of(block);
    char text[ANALYSIS_TABLE_CELL_BYTES];
    print_padded(out, "policy", layout.label_width, 1);
    for (size_t m = 0; m < layout.count; m++) {
        analysis_table_heading(study, layout.metrics[m], text);
        print_padded(out, text, layout.widths[m], 0);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (!is_shown(block, i)) {
            continue;
        }
        print_padded(out, analysis_study_series(study, i)->label, layout.label_width, 1);
        for (size_t m = 0; m < layout.count; m++) {
            cell_text(block, i, layout.metrics[m], text);
            print_padded(out, text, layout.widths[m], 0);
        }
        fprintf(out, "\n");
    }
}

static size_t outage_width(int column)
{
    size_t width = strlen(analysis_resilience_headings[column]);
    return width < 5 ? 5 : width;
}

/* Only where there are any: what outages were made of. 80 columns with a name of 13. */
static void print_outages(const struct block *block, FILE *out)
{
    struct analysis_resilience rows[ANALYSIS_STUDY_SERIES_MAX];
    const struct data_result_info *info = analysis_study_info(block->study, block->file);
    struct data_problem ignored = { .text = "" }; /* the summary itself could be read */
    size_t label_width = strlen("policy"), policy = 0;
    int has_any = 0;
    char text[ANALYSIS_TABLE_CELL_BYTES];
    if (analysis_resilience_load(block->study, block->file, block->setting, rows, &has_any,
            &ignored) != HB_OK || !has_any) {
        return;
    }
    for (size_t i = 0; i < analysis_study_series_count(block->study); i++) {
        size_t length = analysis_text_width(analysis_study_series(block->study, i)->label);
        label_width = is_shown(block, i) && length > label_width ? length : label_width;
    }
    fprintf(out, "%s\n", ANALYSIS_RESILIENCE_CAPTION);
    print_padded(out, "policy", label_width, 1);
    for (int column = 0; column < ANALYSIS_RESILIENCE_COLUMNS; column++) {
        print_padded(out, analysis_resilience_headings[column], outage_width(column), 0);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < analysis_study_series_count(block->study); i++) {
        if (!is_shown(block, i)) {
            continue;
        }
        print_padded(out, analysis_study_series(block->study, i)->label, label_width, 1);
        for (int column = 0; column < ANALYSIS_RESILIENCE_COLUMNS; column++) {
            analysis_resilience_cell(&rows[policy], info->replication_count, column, text,
                sizeof text);
            print_padded(out, text, outage_width(column), 0);
        }
        fprintf(out, "\n");
        policy++;
    }
}

static void print_setting(struct block block, int has_differences, FILE *out)
{
    char name[256];
    analysis_table_setting(
        analysis_study_info(block.study, block.file), block.setting, name, sizeof name);
    if (name[0] != '\0') {
        fprintf(out, "\n");
        analysis_text_plain(out, name);
        fprintf(out, "\n");
    }
    print_block(&block, out);
    print_outages(&block, out);
    if (has_differences) {
        block.base = analysis_study_base(block.study, block.file);
        fprintf(out, "difference to ");
        analysis_text_plain(out, analysis_study_series(block.study, block.base)->label);
        fprintf(out, "\n");
        print_block(&block, out);
    }
}

void analysis_table_print(const struct analysis_study *study, int has_differences, FILE *out)
{
    for (size_t f = 0; f < analysis_study_file_count(study); f++) {
        const struct data_result_info *info = analysis_study_info(study, f);
        fprintf(out, "%s", f == 0 ? "" : "\n");
        analysis_text_plain(out, info->scenario_name);
        fprintf(out, ": %.4g h, seed %" PRIu64 ", %u replication%s, digest ",
            (double)info->duration_s / 3600.0, info->seed, info->replication_count,
            info->replication_count == 1 ? "" : "s");
        analysis_text_plain(out, info->digest);
        fprintf(out, "\n");
        for (uint32_t s = 0; s < info->setting_count; s++) {
            struct block block = { study, f, SIZE_MAX, (uint16_t)s };
            print_setting(block, has_differences, out);
        }
    }
}
