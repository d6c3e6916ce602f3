/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/curves.h"

#include <math.h>
#include <string.h>

#include "analysis/figure.h"
#include "analysis/text.h"

/* One block of the table a series. Returns the points. */
static size_t write_series(FILE *table, const struct analysis_curve *curve)
{
    size_t points = 0;
    fprintf(table, "# ");
    analysis_text_plain(table, curve->label);
    fprintf(table, "\n");
    for (size_t i = 0; i < curve->count; i++) {
        if (isfinite(curve->x[i]) && isfinite(curve->y[i])) {
            fprintf(table, "%.8g\t%.8g\n", curve->x[i], curve->y[i]);
            points++;
        }
    }
    fprintf(table, points == 0 ? "nan\tnan\n\n\n" : "\n\n");
    return points;
}

static void write_axes(struct analysis_figure *figure, const struct analysis_curves *curves)
{
    FILE *out = figure->script;
    analysis_figure_linear_axis(figure, curves->x_low, curves->x_high);
    if (curves->x_step > 0.0) {
        fprintf(out, "set xtics %.6g\n", curves->x_step);
    }
    if (curves->y_low < curves->y_high) {
        fprintf(out, "set yrange [%.8g:%.8g]\n", curves->y_low, curves->y_high);
    }
    fprintf(out, "set grid lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(out, "set xtics offset 0,0.3\nset ytics offset 0.5,0\nset xlabel ");
    analysis_text_quote(out, curves->x_label);
    fprintf(out, " offset 0,0.5\nset ylabel ");
    analysis_text_quote(out, curves->y_label);
    fprintf(out, " offset 1.2,0\n");
}

static void write_plot(struct analysis_figure *figure, const struct analysis_curves *curves)
{
    FILE *out = figure->script;
    fprintf(out, "plot");
    if (curves->has_diagonal) {
        fprintf(out, " x with lines lc rgb '#7F7F7F' lw 0.8 dt (4,3) notitle,");
    }
    for (size_t i = 0; i < curves->count; i++) {
        fprintf(out, "%s \\\n  '%s.tsv' index %zu using 1:2 with linespoints pt %d ps 0.4",
            i == 0 ? "" : ",", figure->name, i, analysis_figure_marker(i));
        analysis_figure_stroke(figure, i);
        analysis_figure_title(figure, curves->curves[i].label);
    }
    fprintf(out, "\n");
}

enum hb_status analysis_curves_draw(const char *directory, const struct analysis_curves *curves,
    struct data_problem *problem)
{
    struct analysis_drawing drawing = { .directory = directory, .problem = problem };
    struct analysis_figure figure;
    enum hb_status status = analysis_figure_begin(&drawing, curves->name, 2.6, &figure);
    if (status != HB_OK) {
        return status;
    }
    size_t points = 0, longest = 0;
    fprintf(figure.table, "# ");
    analysis_text_plain(figure.table, curves->x_label);
    fprintf(figure.table, "\t");
    analysis_text_plain(figure.table, curves->y_label);
    fprintf(figure.table, "\n");
    for (size_t i = 0; i < curves->count; i++) {
        size_t length = strlen(curves->curves[i].label);
        points += write_series(figure.table, &curves->curves[i]);
        longest = length > longest ? length : longest;
    }
    if (points > 0) {
        analysis_figure_plot_area(&figure, analysis_figure_key(&figure, curves->count, longest));
        write_axes(&figure, curves);
        write_plot(&figure, curves);
    }
    return analysis_figure_end(&figure, points > 0 ? HB_OK : HB_ERR_RANGE, problem);
}
