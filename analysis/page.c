/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/page.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analysis/resilience.h"
#include "analysis/table.h"
#include "analysis/text.h"
#include "data/part.h"

#define PATH_BYTES 4096

static const char head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    ":root{color-scheme:light dark;--text:#1a1a1a;--faint:#5c5c5c;--line:#d8d8d8;"
    "--back:#ffffff;--mark:#eef4fa}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#e6e6e6;--faint:#a8a8a8;--line:#3c3c3c;"
    "--back:#181a1b;--mark:#22303c}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);"
    "max-width:72rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.2rem}\n"
    ".faint,figcaption{color:var(--faint);font-size:.9rem}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;"
    "margin:.6rem 0}\n"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}\n"
    "th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;"
    "white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    "td.best{background:var(--mark);font-weight:600}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(26rem,1fr));"
    "gap:1.5rem}\n"
    "figure{margin:0}figure img{width:100%;height:auto;background:#fff;border-radius:4px;"
    "padding:.5rem;box-sizing:border-box}\n"
    "@media(max-width:30rem){.figures{grid-template-columns:1fr}}\n"
    "pre{overflow-x:auto;font-size:.8rem;border:1px solid var(--line);padding:.8rem}\n"
    "</style>\n";

static void put_base64(FILE *out, FILE *in)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char part[3];
    size_t count;
    while ((count = fread(part, 1, sizeof part, in)) > 0) {
        uint32_t bits = (uint32_t)part[0] << 16;
        bits |= count > 1 ? (uint32_t)part[1] << 8 : 0;
        bits |= count > 2 ? (uint32_t)part[2] : 0;
        (void)fputc(digits[bits >> 18], out);
        (void)fputc(digits[bits >> 12 & 63], out);
        (void)fputc(count > 1 ? digits[bits >> 6 & 63] : '=', out);
        (void)fputc(count > 2 ? digits[bits & 63] : '=', out);
    }
}

static enum hb_status put_figure(
    FILE *out, const struct analysis_drawing *drawing, const struct analysis_page_figure *figure)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s.png", drawing->directory, figure->name);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return data_problem_set(
            drawing->problem, HB_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    fprintf(out, "<figure>\n<img alt=\"");
    analysis_text_html(out, figure->caption);
    fprintf(out, "\" src=\"data:image/png;base64,");
    put_base64(out, in);
    (void)fclose(in);
    fprintf(out, "\">\n<figcaption><b>");
    analysis_text_html(out, figure->title);
    fprintf(out, ".</b> ");
    analysis_text_html(out, figure->caption);
    fprintf(out, " <code>%s.pdf</code></figcaption>\n</figure>\n", figure->name);
    return HB_OK;
}

/* Whether less of a metric is better: 1, more: -1, neither: 0. */
static int direction_of(enum analysis_metric metric)
{
    if (metric == ANALYSIS_METRIC_HIT) {
        return -1;
    }
    return metric == ANALYSIS_METRIC_MIRRORS ? 0 : 1;
}

static size_t best_series(
    const struct analysis_study *study, size_t file, uint16_t setting, enum analysis_metric metric)
{
    size_t best = SIZE_MAX;
    double least = 0.0;
    int direction = direction_of(metric);
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        struct analysis_interval value;
        struct analysis_cell cell = { i, setting };
        if (direction == 0 || analysis_study_series(study, i)->file != file
            || analysis_study_metric(study, cell, metric, &value) != HB_OK) {
            continue;
        }
        double rank = (double)direction * value.estimate;
        if (best == SIZE_MAX || rank < least) {
            best = i;
            least = rank;
        }
    }
    return best;
}

/* A table of one file and setting. base: series to compare with, or SIZE_MAX
 * for the values themselves. */
struct block {
    const struct analysis_study *study;
    size_t file, base;
    uint16_t setting;
    const char *caption;
};

static void put_headings(FILE *out, const struct block *block)
{
    char text[ANALYSIS_TABLE_CELL_BYTES];
    fprintf(out, "<thead><tr><th>policy</th>");
    for (int m = 0; m < ANALYSIS_TABLE_METRICS; m++) {
        enum analysis_metric metric = analysis_table_metrics[m];
        if (analysis_table_has(block->study, block->file, block->setting, metric)) {
            analysis_table_heading(block->study, metric, text);
            fprintf(out, "<th>");
            analysis_text_html(out, text);
            fprintf(out, "</th>");
        }
    }
    fprintf(out, "</tr></thead>\n");
}

static void put_row(FILE *out, const struct block *block, size_t series)
{
    fprintf(out, "<tr><td>");
    analysis_text_html(out, analysis_study_series(block->study, series)->label);
    fprintf(out, "</td>");
    int is_difference = block->base != SIZE_MAX;
    for (int m = 0; m < ANALYSIS_TABLE_METRICS; m++) {
        enum analysis_metric metric = analysis_table_metrics[m];
        if (!analysis_table_has(block->study, block->file, block->setting, metric)) {
            continue;
        }
        struct analysis_cell cell = { series, block->setting };
        struct analysis_cell base = { block->base, block->setting };
        struct analysis_interval value;
        enum hb_status status = is_difference
            ? analysis_study_difference(block->study, cell, base, metric, &value)
            : analysis_study_metric(block->study, cell, metric, &value);
        char text[ANALYSIS_TABLE_CELL_BYTES];
        analysis_table_cell(status, &value, is_difference, text);
        int is_best = !is_difference
            && best_series(block->study, block->file, block->setting, metric) == series;
        fprintf(out, is_best ? "<td class=\"best\">" : "<td>");
        analysis_text_html(out, text);
        fprintf(out, "</td>");
    }
    fprintf(out, "</tr>\n");
}

static void put_block(FILE *out, const struct block *block)
{
    fprintf(out, "<div class=\"wide\"><table>\n<caption>");
    analysis_text_html(out, block->caption);
    fprintf(out, "</caption>\n");
    put_headings(out, block);
    fprintf(out, "<tbody>\n");
    for (size_t i = 0; i < analysis_study_series_count(block->study); i++) {
        if (analysis_study_series(block->study, i)->file == block->file && i != block->base) {
            put_row(out, block, i);
        }
    }
    fprintf(out, "</tbody></table></div>\n");
}

/* Only where there are any. */
static void put_outages(FILE *out, const struct block *block)
{
    struct analysis_resilience rows[ANALYSIS_STUDY_SERIES_MAX];
    const struct data_result_info *info = analysis_study_info(block->study, block->file);
    struct data_problem ignored = { .text = "" }; /* the summary itself could be read */
    int has_any = 0;
    size_t policy = 0;
    char text[ANALYSIS_TABLE_CELL_BYTES];
    if (analysis_resilience_load(block->study, block->file, block->setting, rows, &has_any,
            &ignored) != HB_OK || !has_any) {
        return;
    }
    fprintf(out, "<div class=\"wide\"><table>\n<caption>");
    analysis_text_html(out, ANALYSIS_RESILIENCE_CAPTION);
    fprintf(out, "</caption>\n<thead><tr><th>policy</th>");
    for (int column = 0; column < ANALYSIS_RESILIENCE_COLUMNS; column++) {
        fprintf(out, "<th>%s</th>", analysis_resilience_headings[column]);
    }
    fprintf(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < analysis_study_series_count(block->study); i++) {
        if (analysis_study_series(block->study, i)->file != block->file) {
            continue;
        }
        fprintf(out, "<tr><td>");
        analysis_text_html(out, analysis_study_series(block->study, i)->label);
        fprintf(out, "</td>");
        for (int column = 0; column < ANALYSIS_RESILIENCE_COLUMNS; column++) {
            analysis_resilience_cell(&rows[policy], info->replication_count, column, text,
                sizeof text);
            fprintf(out, "<td>%s</td>", text);
        }
        fprintf(out, "</tr>\n");
        policy++;
    }
    fprintf(out, "</tbody></table></div>\n");
}

static void put_tables(FILE *out, const struct analysis_study *study, size_t file)
{
    const struct data_result_info *info = analysis_study_info(study, file);
    size_t base = analysis_study_base(study, file);
    for (uint32_t s = 0; s < info->setting_count; s++) {
        char setting[256], caption[512];
        analysis_table_setting(info, (uint16_t)s, setting, sizeof setting);
        struct block block = { study, file, SIZE_MAX, (uint16_t)s, caption };
        (void)snprintf(caption, sizeof caption, "%s%s%s", info->scenario_name,
            setting[0] == '\0' ? "" : ": ", setting);
        put_block(out, &block);
        put_outages(out, &block);
        if (info->policy_count > 1) {
            block.base = base;
            (void)snprintf(caption, sizeof caption, "Difference to %s%s%s",
                analysis_study_series(study, base)->label, setting[0] == '\0' ? "" : ": ", setting);
            put_block(out, &block);
        }
    }
}

static void put_manifest(FILE *out, const struct analysis_study *study, size_t file)
{
    const struct data_result_info *info = analysis_study_info(study, file);
    const struct {
        const char *name, *text;
    } texts[] = {
        { "scenario", info->scenario_name },
        { "program", info->program },
        { "digest", info->digest },
        { "currency", info->currency },
    };
    fprintf(out, "<h3>");
    analysis_text_html(out, analysis_study_file_name(study, file));
    fprintf(out, "</h3>\n<table><tbody>\n");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fprintf(out, "<tr><td>%s</td><td>", texts[i].name);
        analysis_text_html(out, texts[i].text);
        fprintf(out, "</td></tr>\n");
    }
    fprintf(out,
        "<tr><td>seed</td><td>%" PRIu64 "</td></tr>\n<tr><td>replications</td><td>%u</td></tr>\n"
        "<tr><td>duration</td><td>%.6g h</td></tr>\n<tr><td>sites, places, cities</td>"
        "<td>%u, %u, %u</td></tr>\n</tbody></table>\n",
        info->seed, info->replication_count, (double)info->duration_s / 3600.0, info->site_count,
        info->place_count, info->region_count);
    fprintf(out, "<details><summary>Scenario</summary>\n<pre>");
    analysis_text_html(out, info->scenario_text);
    fprintf(out, "</pre></details>\n");
}

static enum hb_status put_page(FILE *out, const struct analysis_drawing *drawing,
    const struct analysis_page_figure *figures, size_t figure_count)
{
    const struct analysis_study *study = drawing->study;
    const char *name = analysis_study_info(study, 0)->scenario_name;
    fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n%s<title>", head);
    analysis_text_html(out, name);
    fprintf(out, "</title>\n</head>\n<body>\n<h1>");
    analysis_text_html(out, name);
    fprintf(out,
        "</h1>\n<p class=\"faint\">Means over replications with 95 %% confidence "
        "intervals (Student t; differences are paired by replication). Regret is the "
        "cost above the clairvoyant optimum of the same world.</p>\n"
        "<h2>Summary</h2>\n");
    for (size_t f = 0; f < analysis_study_file_count(study); f++) {
        put_tables(out, study, f);
    }
    fprintf(out, "<h2>Figures</h2>\n<div class=\"figures\">\n");
    for (size_t i = 0; i < figure_count; i++) {
        enum hb_status status = put_figure(out, drawing, &figures[i]);
        if (status != HB_OK) {
            return status;
        }
    }
    fprintf(out, "</div>\n<h2>Manifest</h2>\n");
    for (size_t f = 0; f < analysis_study_file_count(study); f++) {
        put_manifest(out, study, f);
    }
    fprintf(out, "</body>\n</html>\n");
    return HB_OK;
}

enum hb_status analysis_page_write(const struct analysis_drawing *drawing,
    const struct analysis_page_figure *figures, size_t figure_count)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/report.html", drawing->directory);
    struct data_part *part = NULL;
    enum hb_status status = data_part_create(path, DATA_PART_PUBLIC, &part, drawing->problem);
    FILE *out = status == HB_OK ? data_part_stream(part) : NULL;
    if (status == HB_OK) {
        status = out == NULL ? HB_ERR_MEMORY : put_page(out, drawing, figures, figure_count);
    }
    if (status != HB_OK) {
        data_part_free(part);
        return status;
    }
    return data_part_commit(part, drawing->problem);
}
