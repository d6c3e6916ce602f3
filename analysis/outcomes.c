/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/figure.h"
#include "analysis/text.h"

#define OUTCOMES 6

static const enum analysis_metric metrics[OUTCOMES] = { ANALYSIS_METRIC_HIT, ANALYSIS_METRIC_LATE,
    ANALYSIS_METRIC_UNUSED, ANALYSIS_METRIC_ROLLED_BACK, ANALYSIS_METRIC_FAILED,
    ANALYSIS_METRIC_CANCELLED };
static const char *const names[OUTCOMES] = { "hit", "late", "unused", "rolled back", "failed",
    "cancelled" };
/* Okabe and Ito; from good to lost, light and dark in turn so that it
 * survives a grey printer. */
static const char *const colours[OUTCOMES] = { "#009E73", "#56B4E9", "#F0E442", "#E69F00",
    "#D55E00", "#999999" };

struct bar {
    size_t series;
    double mirrors, shares[OUTCOMES];
};

static int load_bar(const struct analysis_study *study, size_t series, struct bar *bar)
{
    struct analysis_cell cell = { series,
        analysis_study_setting(study, analysis_study_series(study, series)->file) };
    struct analysis_interval value;
    if (analysis_study_metric(study, cell, ANALYSIS_METRIC_MIRRORS, &value) != HB_OK
        || !(value.estimate > 0.0)) {
        return 0;
    }
    *bar = (struct bar) { .series = series, .mirrors = value.estimate };
    for (int i = 0; i < OUTCOMES; i++) {
        if (analysis_study_metric(study, cell, metrics[i], &value) == HB_OK) {
            bar->shares[i] = value.estimate;
        }
    }
    return 1;
}

/* Bars from the top downwards: one row of the table a bar, then its parts'
 * ends, cumulated. */
static void write_table(struct analysis_figure *figure, const struct analysis_study *study,
    const struct bar *bars, size_t count)
{
    fprintf(figure->table, "# row\tmirrors");
    for (int i = 0; i < OUTCOMES; i++) {
        fprintf(figure->table, "\t%s_percent", names[i]);
    }
    fprintf(figure->table, "\tpolicy\n");
    for (size_t k = 0; k < count; k++) {
        fprintf(figure->table, "%zu\t%.6g", count - k, bars[k].mirrors);
        for (int i = 0; i < OUTCOMES; i++) {
            fprintf(figure->table, "\t%.6g", bars[k].shares[i]);
        }
        fprintf(figure->table, "\t");
        analysis_text_plain(figure->table, analysis_study_series(study, bars[k].series)->label);
        fprintf(figure->table, "\n");
    }
}

static void write_plot(struct analysis_figure *figure, const struct analysis_study *study,
    const struct bar *bars, size_t count)
{
    FILE *out = figure->script;
    fprintf(out, "set border 1\nset xrange [0:100]\nset yrange [0.4:%zu.6]\n", count);
    fprintf(out, "set xlabel 'share of mirrors (%%)' offset 0,0.5\nset xtics 20 offset 0,0.3\n");
    fprintf(out, "set ytics scale 0 (");
    for (size_t k = 0; k < count; k++) {
        fprintf(out, "%s", k == 0 ? "" : ", ");
        analysis_text_quote(out, analysis_study_series(study, bars[k].series)->label);
        fprintf(out, " %zu", count - k);
    }
    fprintf(out, ")\n");
    analysis_figure_stack(figure, OUTCOMES, names, colours);
    fprintf(out,
        ", \\\n  '%s.tsv' using (100):1:(sprintf(' %%.0f', $2)) with labels left notitle\n",
        figure->name);
}

enum hb_status analysis_outcomes_draw(const struct analysis_drawing *drawing)
{
    struct bar bars[ANALYSIS_STUDY_SERIES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < analysis_study_series_count(drawing->study); i++) {
        count += (size_t)load_bar(drawing->study, i, &bars[count]);
    }
    if (count == 0) {
        return HB_ERR_NOT_FOUND;
    }
    struct analysis_figure figure;
    double height_in = 0.75 + 0.23 * (double)count;
    enum hb_status status = analysis_figure_begin(drawing, "mirror-outcomes", height_in, &figure);
    if (status != HB_OK) {
        return status;
    }
    write_table(&figure, drawing->study, bars, count);
    write_plot(&figure, drawing->study, bars, count);
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}
