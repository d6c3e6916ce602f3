/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rtt.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/figure.h"
#include "analysis/text.h"

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double analysis_rtt_error(const struct analysis_rtt_point *points, size_t count, double p)
{
    double *errors = count == 0 ? NULL : malloc(count * sizeof *errors);
    if (errors == NULL) {
        return (double)NAN;
    }
    for (size_t i = 0; i < count; i++) {
        errors[i] = fabs(points[i].predicted_ms - points[i].measured_ms) / points[i].measured_ms;
    }
    qsort(errors, count, sizeof *errors, ascending);
    double at = p * (double)(count - 1);
    size_t low = (size_t)at;
    size_t high = low + 1 < count ? low + 1 : low;
    double value = errors[low] + (at - (double)low) * (errors[high] - errors[low]);
    free(errors);
    return value;
}

static void write_points(FILE *out, const struct analysis_rtt_point *points, size_t count)
{
    fprintf(out, "# from\tto\tkm\tmeasured_ms\tpredicted_ms\n");
    for (size_t i = 0; i < count; i++) {
        analysis_text_plain(out, points[i].from);
        fprintf(out, "\t");
        analysis_text_plain(out, points[i].to);
        fprintf(out, "\t%.1f\t%.3f\t%.3f\n", points[i].km, points[i].measured_ms,
            points[i].predicted_ms);
    }
}

enum hb_status analysis_rtt_draw(const char *directory, const struct analysis_rtt_point *points,
    size_t count, struct data_problem *problem)
{
    if (count == 0) {
        return HB_ERR_RANGE;
    }
    double low_ms = HUGE_VAL, high_ms = 0.0;
    for (size_t i = 0; i < count; i++) {
        low_ms = fmin(low_ms, fmin(points[i].measured_ms, points[i].predicted_ms));
        high_ms = fmax(high_ms, fmax(points[i].measured_ms, points[i].predicted_ms));
    }
    low_ms *= 0.9;
    high_ms *= 1.1;
    struct analysis_drawing drawing = { .directory = directory, .problem = problem };
    struct analysis_figure figure;
    enum hb_status status = analysis_figure_begin(&drawing, "rtt-geography", 3.0, &figure);
    if (status != HB_OK) {
        return status;
    }
    write_points(figure.table, points, count);
    FILE *out = figure.script;
    analysis_figure_plot_area(&figure, analysis_figure_key(&figure, 3, 12));
    analysis_figure_log_axis(&figure, low_ms, high_ms);
    fprintf(out, "set logscale y\nset yrange [%.6g:%.6g]\n", low_ms, high_ms);
    fprintf(out, "set ytics (2, 5, 10, 20, 50, 100, 200, 500, 1000)\n");
    fprintf(out, "set xtics (2, 5, 10, 20, 50, 100, 200, 500, 1000)\n");
    fprintf(out, "set grid lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(out, "set xtics offset 0,0.3\nset ytics offset 0.5,0\n");
    fprintf(out, "set xlabel 'measured round trip (ms)' offset 0,0.5\n");
    fprintf(out, "set ylabel 'predicted from geography (ms)' offset 1.2,0\n");
    fprintf(out,
        "plot '%s.tsv' using 4:5 with points pt %d ps 0.2 lc %s title 'a pair', \\\n"
        "  x with lines lc rgb '#000000' lw 0.8 dt 1 title 'equal', \\\n"
        "  1.25*x with lines lc rgb '#7F7F7F' lw 0.8 dt (4,3) title '25 %% apart', \\\n"
        "  0.8*x with lines lc rgb '#7F7F7F' lw 0.8 dt (4,3) notitle\n",
        figure.name, analysis_figure_marker(0), analysis_figure_colour(0));
    return analysis_figure_end(&figure, HB_OK, problem);
}
