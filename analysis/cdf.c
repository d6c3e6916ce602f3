/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/figure.h"
#include "analysis/latency.h"
#include "analysis/text.h"

/* Bins that any series reaches, and the series that the lower panel compares
 * the others with. */
struct span {
    uint32_t first, last;
    size_t base;
    int has[ANALYSIS_STUDY_SERIES_MAX];
    struct analysis_figure_labels labels;
    double low_ms, high_ms; /* from the 1 to the 999 per mille */
};

static struct span span_of(
    const struct analysis_study *study, const struct analysis_latency *latency)
{
    struct span span = { .first = DATA_HISTOGRAM_BINS - 1, .low_ms = HUGE_VAL, .high_ms = 0.0 };
    for (size_t i = latency->series_count; i-- > 0;) {
        const struct data_histogram *whole = &latency->whole[i];
        span.has[i] = data_histogram_total(whole) > 0.0;
        for (uint32_t bin = 0; bin < DATA_HISTOGRAM_BINS; bin++) {
            if (whole->weights[bin] > 0.0) {
                span.first = bin < span.first ? bin : span.first;
                span.last = bin > span.last ? bin : span.last;
            }
        }
        if (span.has[i]) {
            span.low_ms = fmin(span.low_ms, data_histogram_quantile_ms(whole, 0.001));
            span.high_ms = fmax(span.high_ms, data_histogram_quantile_ms(whole, 0.999));
        }
    }
    span.base = analysis_latency_base(study, latency);
    span.labels = analysis_figure_labels(study, span.has);
    return span;
}

/* Upper edge of each bin, share up to it, and how many points more than base. */
static void write_steps(FILE *out, const struct span *span, const struct data_histogram *histogram,
    const struct data_histogram *base)
{
    double total = data_histogram_total(histogram), base_total = data_histogram_total(base);
    double below = 0.0, base_below = 0.0;
    fprintf(out, "%.6g\t0\t0\n", fmax(data_histogram_edge_ms(span->first), 1e-3));
    for (uint32_t i = span->first; i <= span->last && i < DATA_HISTOGRAM_BINS - 1; i++) {
        below += histogram->weights[i];
        base_below += base->weights[i];
        fprintf(out, "%.6g\t%.6g\t%.5g\n", data_histogram_edge_ms(i + 1), below / total,
            100.0 * (below / total - base_below / base_total));
    }
    fprintf(out, "\n\n");
}

static void write_panel(struct analysis_figure *figure, const struct analysis_study *study,
    const struct span *span, int panel)
{
    FILE *out = figure->script;
    int index = 0;
    fprintf(out, "plot");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (!span->has[i]) {
            continue;
        }
        fprintf(out, "%s \\\n  '%s.tsv' index %d using 1:%d with lines", index == 0 ? "" : ",",
            figure->name, index, panel + 2);
        analysis_figure_stroke(figure, i);
        analysis_figure_title(figure, analysis_study_series(study, i)->label);
        index++;
    }
    fprintf(out, "\n");
}

static void write_panels(
    struct analysis_figure *figure, const struct analysis_study *study, const struct span *span)
{
    FILE *out = figure->script;
    double key_share = analysis_figure_key(figure, span->labels.count, span->labels.longest);
    analysis_figure_log_axis(figure, 0.9 * span->low_ms, 1.1 * span->high_ms);
    fprintf(out, "set grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(out, "set xtics offset 0,0.3\nset ytics offset 0.5,0\n");
    fprintf(out, "set ylabel 'share of requests' offset 1.2,0\nset yrange [0:1]\n");
    if (span->labels.count == 1) {
        analysis_figure_plot_area(figure, key_share);
        fprintf(out, "set xlabel 'request latency (ms)' offset 0,0.5\n");
        write_panel(figure, study, span, 0);
        return;
    }
    fprintf(out, "set multiplot\nset xtics format ''\n");
    analysis_figure_panel(figure, 0, key_share);
    write_panel(figure, study, span, 0);
    fprintf(out, "unset key\nset xtics format '%%g'\nset yrange [*:*]\n");
    fprintf(out, "set xlabel 'request latency (ms)' offset 0,0.5\n");
    analysis_figure_against(figure, "points vs", analysis_study_series(study, span->base)->label);
    analysis_figure_panel(figure, 1, key_share);
    write_panel(figure, study, span, 1);
    fprintf(out, "unset multiplot\n");
}

enum hb_status analysis_cdf_draw(const struct analysis_drawing *drawing)
{
    struct analysis_latency latency;
    struct analysis_figure figure;
    enum hb_status status = analysis_latency_load(drawing->study, &latency, drawing->problem);
    if (status != HB_OK) {
        return status;
    }
    struct span span = span_of(drawing->study, &latency);
    double height_in = span.labels.count > 1 ? 3.2 : 2.2;
    status = analysis_figure_begin(drawing, "latency-cdf", height_in, &figure);
    if (status == HB_OK) {
        fprintf(figure.table, "# latency_ms\tshare\tpoints_above_first\n");
        for (size_t i = 0; i < latency.series_count; i++) {
            if (span.has[i]) {
                fprintf(figure.table, "# ");
                analysis_text_plain(figure.table, analysis_study_series(drawing->study, i)->label);
                fprintf(figure.table, "\n");
                write_steps(figure.table, &span, &latency.whole[i], &latency.whole[span.base]);
            }
        }
        write_panels(&figure, drawing->study, &span);
        status = analysis_figure_end(&figure, HB_OK, drawing->problem);
    }
    analysis_latency_fini(&latency);
    return status;
}
