/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/catchment.h"

#include "analysis/figure.h"
#include "analysis/text.h"

#define KINDS ANALYSIS_CATCHMENT_KINDS

static void write_rows(FILE *out, const char *const names[KINDS],
    const struct analysis_catchment_row *rows, size_t count)
{
    fprintf(out, "# first\tsecond");
    for (int k = 0; k < KINDS; k++) {
        fprintf(out, "\t%s", names[k]);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < count; i++) {
        analysis_text_plain(out, rows[i].sites[0]);
        fprintf(out, "\t");
        analysis_text_plain(out, rows[i].sites[1]);
        for (int k = 0; k < KINDS; k++) {
            fprintf(out, "\t%.4f", rows[i].right[k]);
        }
        fprintf(out, "\n");
    }
}

enum hb_status analysis_catchment_draw(const char *directory, const char *const names[KINDS],
    const struct analysis_catchment_row *rows, size_t count, struct data_problem *problem)
{
    if (count == 0) {
        return HB_ERR_RANGE;
    }
    struct analysis_drawing drawing = { .directory = directory, .problem = problem };
    struct analysis_figure figure;
    enum hb_status status
        = analysis_figure_begin(&drawing, "catchment", 0.9 + 0.16 * (double)count, &figure);
    if (status != HB_OK) {
        return status;
    }
    write_rows(figure.table, names, rows, count);
    FILE *out = figure.script;
    double key_share = analysis_figure_key(&figure, KINDS, 12);
    analysis_figure_plot_area(&figure, key_share);
    fprintf(out, "set lmargin at screen 0.34\nset datafile separator \"\\t\"\n");
    fprintf(out, "set xrange [0:1.02]\nset xtics 0.2 offset 0,0.3\n");
    fprintf(out, "set yrange [%zu.5:-0.5]\nset grid y x lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n",
        count - 1);
    fprintf(out, "set xlabel 'share of ASes predicted right' offset 0,0.5\nset ytics (");
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s'", i == 0 ? "" : ", ");
        analysis_text_plain(out, rows[i].sites[0]);
        fprintf(out, ", ");
        analysis_text_plain(out, rows[i].sites[1]);
        fprintf(out, "' %zu", i);
    }
    fprintf(out, ")\nplot ");
    for (int k = 0; k < KINDS; k++) {
        fprintf(out, "%s'%s.tsv' using %d:0 with points pt %d ps 0.6 lc %s",
            k == 0 ? "" : ", \\\n  ", figure.name, k + 3, analysis_figure_marker((size_t)k),
            analysis_figure_colour((size_t)k));
        analysis_figure_title(&figure, names[k]);
    }
    fprintf(out, "\n");
    return analysis_figure_end(&figure, HB_OK, problem);
}
