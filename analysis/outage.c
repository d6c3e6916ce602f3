/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/figure.h"
#include "analysis/resilience.h"
#include "analysis/text.h"

#define PARTS ANALYSIS_RESILIENCE_PARTS

/* Okabe and Ito, light and dark in turn so that it survives a grey printer. */
static const char *const colours[PARTS] = { "#D55E00", "#F0E442", "#0072B2", "#56B4E9" };

static enum hb_status load(const struct analysis_drawing *drawing,
    struct analysis_resilience *bars)
{
    size_t first_series = 0;
    for (size_t f = 0; f < analysis_study_file_count(drawing->study); f++) {
        int has_any = 0;
        enum hb_status status = analysis_resilience_load(drawing->study, f,
            analysis_study_setting(drawing->study, f), &bars[first_series], &has_any,
            drawing->problem);
        if (status != HB_OK) {
            return status;
        }
        first_series += analysis_study_info(drawing->study, f)->policy_count;
    }
    return HB_OK;
}

static void write_table(struct analysis_figure *figure, const struct analysis_study *study,
    const struct analysis_resilience *bars, size_t count)
{
    size_t row = count;
    fprintf(figure->table, "# row\toutage_s");
    for (int part = 0; part < PARTS; part++) {
        fprintf(figure->table, "\t%s_s", analysis_resilience_parts[part]);
    }
    fprintf(figure->table, "\toutages\tlost_mb_per_outage\tviolators\tpolicy\n");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        const struct analysis_resilience *bar = &bars[i];
        if (!(bar->outages > 0.0)) {
            continue;
        }
        fprintf(figure->table, "%zu\t%.6g", row--, analysis_resilience_length_s(bar));
        for (int part = 0; part < PARTS; part++) {
            fprintf(figure->table, "\t%.6g", bar->parts_s[part]);
        }
        fprintf(figure->table, "\t%.6g\t%.6g\t%.6g\t", bar->outages, bar->lost_mb / bar->outages,
            bar->violators);
        analysis_text_plain(figure->table, analysis_study_series(study, i)->label);
        fprintf(figure->table, "\n");
    }
}

static double longest_s(const struct analysis_resilience *bars, size_t series_count)
{
    double most_s = 0.0;
    for (size_t i = 0; i < series_count; i++) {
        most_s = fmax(most_s, analysis_resilience_length_s(&bars[i]));
    }
    return most_s;
}

static void write_plot(struct analysis_figure *figure, const struct analysis_study *study,
    const struct analysis_resilience *bars, size_t count)
{
    FILE *out = figure->script;
    double most_s = longest_s(bars, analysis_study_series_count(study));
    double step_s = analysis_figure_step(most_s / 4.0);
    size_t row = count;
    const char *comma = "";
    fprintf(out, "set border 1\nset xrange [0:%.6g]\nset yrange [0.4:%zu.6]\n", 1.02 * most_s,
        count);
    fprintf(out, "set xlabel 'mean length of an outage (s)' offset 0,0.5\n"
                 "set xtics %.6g offset 0,0.3\n", step_s);
    fprintf(out, "set ytics scale 0 (");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (bars[i].outages > 0.0) {
            fprintf(out, "%s", comma);
            analysis_text_quote(out, analysis_study_series(study, i)->label);
            fprintf(out, " %zu", row--);
            comma = ", ";
        }
    }
    fprintf(out, ")\n");
    analysis_figure_stack(figure, PARTS, analysis_resilience_parts, colours);
    fprintf(out,
        ", \\\n  '%s.tsv' using (%.6g):1:(sprintf(' %%.1f s', $2)) with labels left notitle\n",
        figure->name, 1.02 * most_s);
}

enum hb_status analysis_outage_draw(const struct analysis_drawing *drawing)
{
    struct analysis_resilience bars[ANALYSIS_STUDY_SERIES_MAX] = { { .outages = 0.0 } };
    enum hb_status status = load(drawing, bars);
    size_t count = 0;
    for (size_t i = 0; i < analysis_study_series_count(drawing->study); i++) {
        count += bars[i].outages > 0.0;
    }
    if (status == HB_OK && count == 0) {
        status = HB_ERR_NOT_FOUND;
    }
    if (status != HB_OK) {
        return status;
    }
    struct analysis_figure figure;
    status = analysis_figure_begin(drawing, "outage-parts", 0.75 + 0.23 * (double)count, &figure);
    if (status != HB_OK) {
        return status;
    }
    write_table(&figure, drawing->study, bars, count);
    write_plot(&figure, drawing->study, bars, count);
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}
