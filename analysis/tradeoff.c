/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/figure.h"
#include "analysis/text.h"

struct point {
    struct analysis_interval cost, latency;
};

static int load_point(const struct analysis_study *study, struct analysis_cell cell,
    const enum analysis_metric metrics[2], struct point *point)
{
    return analysis_study_metric(study, cell, metrics[0], &point->cost) == HB_OK
        && analysis_study_metric(study, cell, metrics[1], &point->latency) == HB_OK;
}

static void write_point(FILE *out, const struct point *point, const char *label)
{
    const struct analysis_interval *x = &point->cost, *y = &point->latency;
    fprintf(out, "%.8g\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\t", x->estimate, y->estimate, x->lower,
        x->upper, y->lower, y->upper);
    analysis_text_plain(out, label);
    fprintf(out, "\n");
}

/* What an axis shows of values >= 0: all and a margin, not below 0 (wide intervals reach there),
 * and never so little that its labels would not differ. */
struct range {
    double low, high;
};

static struct range range_of(double low, double high)
{
    double least = fmax(0.01 * fabs(high), 1e-9);
    double missing = fmax(least - (high - low), 0.0);
    double margin = 0.06 * (high - low + missing) + 0.5 * missing;
    return (struct range) { fmax(low - margin, 0.0), high + margin };
}

static void write_plot(struct analysis_figure *figure, const struct analysis_study *study,
    const int *has, const struct point *points, const struct point *best)
{
    FILE *out = figure->script;
    double low = best == NULL ? HUGE_VAL : best->cost.lower;
    double high = best == NULL ? -HUGE_VAL : best->cost.upper;
    double low_ms = best == NULL ? HUGE_VAL : best->latency.estimate;
    double high_ms = best == NULL ? -HUGE_VAL : best->latency.estimate;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        low = has[i] ? fmin(low, points[i].cost.lower) : low;
        high = has[i] ? fmax(high, points[i].cost.upper) : high;
        low_ms = has[i] ? fmin(low_ms, points[i].latency.lower) : low_ms;
        high_ms = has[i] ? fmax(high_ms, points[i].latency.upper) : high_ms;
    }
    struct range x = range_of(low, high);
    analysis_figure_linear_axis(figure, x.low, x.high);
    struct analysis_figure_labels labels = analysis_figure_labels(study, has);
    size_t longest = labels.longest > 11 ? labels.longest : 11;
    double key = analysis_figure_key(figure, labels.count + 1, longest);
    analysis_figure_plot_area(figure, key);
    fprintf(out, "set key samplen 1\n");
    struct range y = range_of(low_ms, high_ms);
    fprintf(out, "set yrange [%.9g:%.9g]\n", y.low, y.high);
    char label[64];
    analysis_metric_label(study, ANALYSIS_METRIC_COST, label, sizeof label);
    fprintf(out, "set xlabel ");
    analysis_text_quote(out, label);
    fprintf(out, " offset 0,0.4\nset ylabel 'mean latency (ms)' offset 1.2,0\n");
    fprintf(out, "set xtics offset 0,0.3\nset ytics offset 0.5,0\n");
    fprintf(out, "set grid lt 1 lc rgb '#E8E8E8' dt 1 lw 0.4\nplot");
    int index = 0;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (!has[i]) {
            continue;
        }
        fprintf(out,
            "%s \\\n  '%s.tsv' every ::%d::%d using 1:2:3:4:5:6 with xyerrorbars lc %s lw 1 "
            "pt %d ps 0.8",
            index == 0 ? "" : ",", figure->name, index, index, analysis_figure_colour(i),
            analysis_figure_marker(i));
        analysis_figure_title(figure, analysis_study_series(study, i)->label);
        index++;
    }
    if (best != NULL) {
        fprintf(out,
            ", \\\n  '%s.tsv' every ::%d::%d using 1:2 with points lc rgb '#000000' "
            "pt 3 ps 1.1 lw 1.2 title 'clairvoyant'",
            figure->name, index, index);
    }
    fprintf(out, "\n");
}

enum hb_status analysis_tradeoff_draw(const struct analysis_drawing *drawing)
{
    static const enum analysis_metric own[2] = { ANALYSIS_METRIC_COST,
        ANALYSIS_METRIC_LATENCY_MEAN };
    static const enum analysis_metric optimum[2] = { ANALYSIS_METRIC_OPTIMUM_COST,
        ANALYSIS_METRIC_OPTIMUM_LATENCY };
    const struct analysis_study *study = drawing->study;
    struct point points[ANALYSIS_STUDY_SERIES_MAX], best;
    int has[ANALYSIS_STUDY_SERIES_MAX] = { 0 }, has_optimum = 0, count = 0;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        struct analysis_cell cell = { i,
            analysis_study_setting(study, analysis_study_series(study, i)->file) };
        has[i] = load_point(study, cell, own, &points[i]);
        count += has[i];
        if (!has_optimum) {
            has_optimum = load_point(study, cell, optimum, &best);
        }
    }
    if (count == 0) {
        return HB_ERR_NOT_FOUND;
    }
    struct analysis_figure figure;
    enum hb_status status = analysis_figure_begin(drawing, "cost-latency", 2.6, &figure);
    if (status != HB_OK) {
        return status;
    }
    fprintf(figure.table,
        "# cost\tlatency_mean_ms\tcost_lower\tcost_upper\tlatency_lower_ms"
        "\tlatency_upper_ms\tpolicy\n");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (has[i]) {
            write_point(figure.table, &points[i], analysis_study_series(study, i)->label);
        }
    }
    if (has_optimum) {
        write_point(figure.table, &best, "clairvoyant optimum");
    }
    write_plot(&figure, study, has, points, has_optimum ? &best : NULL);
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}
