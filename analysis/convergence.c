/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long routes took to settle after each change: its distribution, good news and bad
 * news apart. */
#include <math.h>
#include <stdlib.h>

#include "analysis/figure.h"

enum { GOOD, BAD, KINDS };

struct times {
    double *took_s[KINDS];
    size_t count[KINDS], capacity;
};

static int kind_of(uint8_t change)
{
    int is_good = change == DATA_CHANGE_ANNOUNCE || change == DATA_CHANGE_SITE_UP
        || change == DATA_CHANGE_LINK_UP || change == DATA_CHANGE_ATTRIBUTES;
    return is_good ? GOOD : BAD;
}

static enum hb_status take(void *context, const void *of)
{
    struct times *times = context;
    const struct data_bgp_row *row = of;
    int kind = kind_of(row->change);
    if (!isnan(row->converged_s)) {
        times->took_s[kind][times->count[kind]++] = row->converged_s;
    }
    return HB_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fini(struct times *times)
{
    free(times->took_s[GOOD]);
    free(times->took_s[BAD]);
}

static enum hb_status load(const struct analysis_drawing *drawing, struct times *times)
{
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < analysis_study_file_count(drawing->study); i++) {
        times->capacity += data_results_len(
            analysis_study_file(drawing->study, i), DATA_TABLE_BGP);
    }
    if (times->capacity == 0) {
        return HB_ERR_NOT_FOUND;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        times->took_s[kind] = calloc(times->capacity, sizeof *times->took_s[kind]);
        status = times->took_s[kind] == NULL ? HB_ERR_MEMORY : status;
    }
    for (size_t i = 0; i < analysis_study_file_count(drawing->study) && status == HB_OK; i++) {
        status = data_results_each(analysis_study_file(drawing->study, i), DATA_TABLE_BGP, take,
            times, drawing->problem);
    }
    int is_empty = times->count[GOOD] + times->count[BAD] == 0;
    return status == HB_OK && is_empty ? HB_ERR_NOT_FOUND : status;
}

/* Steps of the distribution: seconds, share settled by then. */
static void write_steps(FILE *out, double *took_s, size_t count)
{
    qsort(took_s, count, sizeof *took_s, ascending);
    fprintf(out, "# seconds\tshare of the changes\n0\t0\n");
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%.6g\t%.6g\n", took_s[i], (double)(i + 1) / (double)count);
    }
    fprintf(out, "\n\n");
}

enum hb_status analysis_convergence_draw(const struct analysis_drawing *drawing)
{
    static const char *const labels[KINDS] = { "announced, restored", "withdrawn, failed" };
    struct times times = { .capacity = 0 };
    struct analysis_figure figure;
    enum hb_status status = load(drawing, &times);
    status = status == HB_OK ? analysis_figure_begin(drawing, "convergence", 2.2, &figure)
                             : status;
    if (status != HB_OK) {
        fini(&times);
        return status;
    }
    double most_s = 1e-3;
    int index = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        write_steps(figure.table, times.took_s[kind], times.count[kind]);
        for (size_t i = 0; i < times.count[kind]; i++) {
            most_s = fmax(most_s, times.took_s[kind][i]);
        }
    }
    double key_share = analysis_figure_key(&figure, KINDS, 19);
    analysis_figure_linear_axis(&figure, 0.0, 1.05 * most_s);
    analysis_figure_plot_area(&figure, key_share);
    fprintf(figure.script, "set xlabel 'until routes have settled (s)' offset 0,0.5\n");
    fprintf(figure.script, "set ylabel 'share of changes' offset 1.2,0\nset yrange [0:1.02]\n");
    fprintf(figure.script, "set xtics offset 0,0.3\nset ytics offset 0.5,0\nplot");
    for (int kind = 0; kind < KINDS; kind++) {
        if (times.count[kind] > 0) {
            fprintf(figure.script, "%s \\\n  '%s.tsv' index %d using 1:2 with steps",
                index++ == 0 ? "" : ",", figure.name, kind);
            analysis_figure_stroke(&figure, (size_t)kind);
            analysis_figure_title(&figure, labels[kind]);
        }
    }
    fprintf(figure.script, "\n");
    status = analysis_figure_end(&figure, HB_OK, drawing->problem);
    fini(&times);
    return status;
}
