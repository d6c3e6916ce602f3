/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/figure.h"
#include "analysis/latency.h"
#include "analysis/text.h"

/* Hour, median, 95th percentile, mean, its change against base, requests. */
static void write_series(
    FILE *out, const struct data_histogram *hours, const struct data_histogram *base)
{
    for (int hour = 0; hour < 24; hour++) {
        double mean_ms = data_histogram_mean_ms(&hours[hour]);
        double base_ms = data_histogram_mean_ms(&base[hour]);
        fprintf(out, "%.1f\t%.6g\t%.6g\t%.6g\t%.5g\t%.6g\n", hour + 0.5,
            data_histogram_quantile_ms(&hours[hour], 0.5),
            data_histogram_quantile_ms(&hours[hour], 0.95), mean_ms,
            100.0 * (mean_ms / base_ms - 1.0), data_histogram_total(&hours[hour]));
    }
    fprintf(out, "\n\n");
}

/* The lower panel compares with base or, if there is nothing to compare, shows
 * the 95th percentile. */
static void write_panel(struct analysis_figure *figure, const struct analysis_study *study,
    const int *has, size_t base, int panel)
{
    FILE *out = figure->script;
    int is_alone = analysis_figure_labels(study, has).count == 1;
    int column = panel == 0 ? 2 : is_alone ? 3 : 5;
    fprintf(out, column == 5 ? "set yrange [*:*]\n" : "set yrange [0:*]\n");
    if (column == 5) {
        analysis_figure_against(figure, "mean (%) vs", analysis_study_series(study, base)->label);
    } else {
        fprintf(out, "set ylabel '%s (ms)' offset 1.2,0\n",
            panel == 0 ? "median latency" : "95th percentile");
    }
    fprintf(out, "set xtics 0,3,24 offset 0,0.3 format '%s'\n", panel == 0 ? "" : "%g");
    fprintf(out, panel == 0 ? "unset xlabel\n" : "unset key\n");
    if (panel == 1) {
        fprintf(out, "set xlabel 'local hour of the client' offset 0,0.5\n");
    }
    fprintf(out, "plot");
    int index = 0;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (!has[i]) {
            continue;
        }
        fprintf(out, "%s \\\n  '%s.tsv' index %d using 1:%d with linespoints pt %d pi 3 ps 0.4",
            index == 0 ? "" : ",", figure->name, index, column, analysis_figure_marker(i));
        analysis_figure_stroke(figure, i);
        analysis_figure_title(figure, analysis_study_series(study, i)->label);
        index++;
    }
    fprintf(out, "\n");
}

enum hb_status analysis_day_draw(const struct analysis_drawing *drawing)
{
    struct analysis_latency latency;
    struct analysis_figure figure;
    enum hb_status status = analysis_latency_load(drawing->study, &latency, drawing->problem);
    if (status != HB_OK) {
        return status;
    }
    status = analysis_figure_begin(drawing, "latency-day", 3.1, &figure);
    if (status != HB_OK) {
        analysis_latency_fini(&latency);
        return status;
    }
    int has[ANALYSIS_STUDY_SERIES_MAX] = { 0 };
    size_t base = analysis_latency_base(drawing->study, &latency);
    fprintf(
        figure.table, "# local_hour\tmedian_ms\tp95_ms\tmean_ms\tmean_change_percent\trequests\n");
    for (size_t i = 0; i < latency.series_count; i++) {
        has[i] = data_histogram_total(&latency.whole[i]) > 0.0;
        if (has[i]) {
            fprintf(figure.table, "# ");
            analysis_text_plain(figure.table, analysis_study_series(drawing->study, i)->label);
            fprintf(figure.table, "\n");
            write_series(figure.table, latency.hours[i], latency.hours[base]);
        }
    }
    struct analysis_figure_labels labels = analysis_figure_labels(drawing->study, has);
    double key_share = analysis_figure_key(&figure, labels.count, labels.longest);
    fprintf(figure.script, "set multiplot\nset xrange [0:24]\n");
    fprintf(figure.script, "set grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(figure.script, "set ytics offset 0.5,0\n");
    for (int panel = 0; panel < 2; panel++) {
        analysis_figure_panel(&figure, panel, key_share);
        write_panel(&figure, drawing->study, has, base, panel);
    }
    fprintf(figure.script, "unset multiplot\n");
    analysis_latency_fini(&latency);
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}
