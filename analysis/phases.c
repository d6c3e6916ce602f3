/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "analysis/figure.h"
#include "analysis/text.h"

/* Time from decision to readiness; seconds in a histogram made for ms. */
struct gathering {
    const struct analysis_study *study;
    struct data_histogram *ready_s; /* [series] */
    size_t first_series;
    uint16_t setting;
};

static enum hb_status gather(void *context, const void *visited)
{
    const struct gathering *to = context;
    const struct data_mirrors_row *row = visited;
    if (row->setting == to->setting && row->synced_ns != HB_NEVER_NS
        && row->synced_ns >= row->decided_ns) {
        data_histogram_add(&to->ready_s[to->first_series + row->policy],
            hb_units_s(row->synced_ns - row->decided_ns), 1.0);
    }
    return HB_OK;
}

static enum hb_status load(const struct analysis_drawing *drawing, struct data_histogram *ready_s)
{
    struct gathering to = { .study = drawing->study, .ready_s = ready_s };
    for (size_t f = 0; f < analysis_study_file_count(drawing->study); f++) {
        to.setting = analysis_study_setting(drawing->study, f);
        enum hb_status status = data_results_each(analysis_study_file(drawing->study, f),
            DATA_TABLE_MIRRORS, gather, &to, drawing->problem);
        if (status != HB_OK) {
            return status;
        }
        to.first_series += analysis_study_info(drawing->study, f)->policy_count;
    }
    return HB_OK;
}

static void write_steps(FILE *out, const struct data_histogram *histogram)
{
    double total = data_histogram_total(histogram), below = 0.0;
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        if (histogram->weights[i] > 0.0) {
            if (!(below > 0.0)) {
                fprintf(out, "%.6g\t0\n", data_histogram_middle_ms(i));
            }
            below += histogram->weights[i];
            fprintf(out, "%.6g\t%.6g\n", data_histogram_middle_ms(i), below / total);
        }
    }
    fprintf(out, "\n\n");
}

static void write_figure(struct analysis_figure *figure, const struct analysis_study *study,
    const struct data_histogram *ready_s, const int *has)
{
    FILE *out = figure->script;
    fprintf(figure->table, "# ready_after_s\tshare\n");
    double low_s = HUGE_VAL, high_s = 0.0;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (has[i]) {
            low_s = fmin(low_s, data_histogram_quantile_ms(&ready_s[i], 0.01));
            high_s = fmax(high_s, data_histogram_quantile_ms(&ready_s[i], 0.999));
        }
    }
    analysis_figure_log_axis(figure, 0.9 * low_s, 1.1 * high_s);
    fprintf(out, "set yrange [0:1]\n");
    fprintf(out, "set xlabel 'time from decision to sync (s)' offset 0,0.4\n");
    fprintf(out, "set ylabel 'share of mirrors in sync' offset 1.2,0\n");
    fprintf(out, "set xtics offset 0,0.3\nset ytics 0.2 offset 0.5,0\n");
    fprintf(out, "set grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    struct analysis_figure_labels labels = analysis_figure_labels(study, has);
    analysis_figure_plot_area(figure, analysis_figure_key(figure, labels.count, labels.longest));
    fprintf(out, "plot");
    int index = 0;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (!has[i]) {
            continue;
        }
        fprintf(figure->table, "# ");
        analysis_text_plain(figure->table, analysis_study_series(study, i)->label);
        fprintf(figure->table, "\n");
        write_steps(figure->table, &ready_s[i]);
        fprintf(out, "%s \\\n  '%s.tsv' index %d using 1:2 with steps", index == 0 ? "" : ",",
            figure->name, index);
        analysis_figure_stroke(figure, i);
        analysis_figure_title(figure, analysis_study_series(study, i)->label);
        index++;
    }
    fprintf(out, "\n");
}

enum hb_status analysis_phases_draw(const struct analysis_drawing *drawing)
{
    size_t series_count = analysis_study_series_count(drawing->study);
    struct data_histogram *ready_s = calloc(series_count, sizeof *ready_s);
    if (ready_s == NULL) {
        return data_problem_set(drawing->problem, HB_ERR_MEMORY, "out of memory");
    }
    int has[ANALYSIS_STUDY_SERIES_MAX] = { 0 }, count = 0;
    enum hb_status status = load(drawing, ready_s);
    for (size_t i = 0; i < series_count; i++) {
        has[i] = data_histogram_total(&ready_s[i]) > 0.0;
        count += has[i];
    }
    if (status == HB_OK && count == 0) {
        status = HB_ERR_NOT_FOUND;
    }
    struct analysis_figure figure;
    if (status == HB_OK) {
        status = analysis_figure_begin(drawing, "mirror-phases", 2.3, &figure);
    }
    if (status == HB_OK) {
        write_figure(&figure, drawing->study, ready_s, has);
        status = analysis_figure_end(&figure, HB_OK, drawing->problem);
    }
    free(ready_s);
    return status;
}
