/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "analysis/figure.h"
#include "analysis/latency.h"
#include "analysis/text.h"

/* The steps of one histogram: upper edge of each bin and the share up to it. */
static void write_steps(FILE *out, const struct data_histogram *histogram)
{
    double total = data_histogram_total(histogram), below = 0.0;
    uint32_t first = 0;
    while (first < DATA_HISTOGRAM_BINS && !(histogram->weights[first] > 0.0)) {
        first++;
    }
    fprintf(out, "%.6g\t0\n", fmax(data_histogram_edge_ms(first), 1e-3));
    for (uint32_t i = first; i < DATA_HISTOGRAM_BINS - 1; i++) {
        if (histogram->weights[i] > 0.0) {
            below += histogram->weights[i];
            fprintf(out, "%.6g\t%.6g\n", data_histogram_edge_ms(i + 1), below / total);
        }
    }
}

static void write_plot(struct analysis_figure *figure, const struct analysis_study *study,
    const struct analysis_latency *latency, double low_ms, double high_ms)
{
    FILE *out = figure->script;
    analysis_figure_log_axis(figure, low_ms, high_ms);
    fprintf(out, "set yrange [0:1]\n");
    fprintf(out, "set xlabel 'request latency (ms)' offset 0,0.4\n");
    fprintf(out, "set ylabel 'share of requests' offset 1.2,0\n");
    fprintf(out, "set xtics offset 0,0.3\nset ytics 0.2 offset 0.5,0\n");
    fprintf(out, "set grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    int has[ANALYSIS_STUDY_SERIES_MAX] = { 0 };
    for (size_t i = 0; i < latency->series_count; i++) {
        has[i] = data_histogram_total(&latency->whole[i]) > 0.0;
    }
    struct analysis_figure_labels labels = analysis_figure_labels(study, has);
    analysis_figure_key_above(figure, labels.count, labels.longest);
    analysis_figure_plot_area(
        figure, analysis_figure_key_share(figure, labels.count, labels.longest));
    fprintf(out, "plot");
    int index = 0;
    for (size_t i = 0; i < latency->series_count; i++) {
        if (!has[i]) {
            continue;
        }
        fprintf(out, "%s \\\n  '%s.tsv' index %d using 1:2 with lines", index == 0 ? "" : ",",
            figure->name, index);
        analysis_figure_stroke(figure, i);
        analysis_figure_title(figure, analysis_study_series(study, i)->label);
        index++;
    }
    fprintf(out, "\n");
}

enum hb_status analysis_cdf_draw(const struct analysis_drawing *drawing)
{
    struct analysis_latency latency;
    struct analysis_figure figure;
    enum hb_status status = analysis_latency_load(drawing->study, &latency, drawing->problem);
    if (status != HB_OK) {
        return status;
    }
    status = analysis_figure_begin(drawing, "latency-cdf", 2.3, &figure);
    if (status != HB_OK) {
        analysis_latency_fini(&latency);
        return status;
    }
    fprintf(figure.table, "# latency_ms\tshare\n");
    double low_ms = HUGE_VAL, high_ms = 0.0;
    for (size_t i = 0; i < latency.series_count; i++) {
        const struct data_histogram *whole = &latency.whole[i];
        if (!(data_histogram_total(whole) > 0.0)) {
            continue;
        }
        fprintf(figure.table, "# ");
        analysis_text_plain(figure.table, analysis_study_series(drawing->study, i)->label);
        fprintf(figure.table, "\n");
        write_steps(figure.table, whole);
        fprintf(figure.table, "\n\n");
        low_ms = fmin(low_ms, data_histogram_quantile_ms(whole, 0.001));
        high_ms = fmax(high_ms, data_histogram_quantile_ms(whole, 0.999));
    }
    write_plot(&figure, drawing->study, &latency, low_ms * 0.9, high_ms * 1.1);
    analysis_latency_fini(&latency);
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}
