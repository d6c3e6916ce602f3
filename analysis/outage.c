/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/figure.h"
#include "analysis/text.h"

#define PARTS 4

static const char *const names[PARTS] = { "detection", "reaction", "convergence", "DNS" };
/* Okabe and Ito, light and dark in turn so that it survives a grey printer. */
static const char *const colours[PARTS] = { "#D55E00", "#F0E442", "#0072B2", "#56B4E9" };

/* Means over the outages of all replications. */
struct bar {
    double outages, parts_s[PARTS], lost_mb, violators;
};

struct gathering {
    struct bar *bars; /* [series] */
    size_t first_series;
    uint16_t setting;
};

static enum hb_status gather(void *context, const void *visited)
{
    const struct gathering *to = context;
    const struct data_resilience_row *row = visited;
    const double parts_s[PARTS] = { row->detection_part_s, row->reaction_part_s,
        row->convergence_part_s, row->dns_part_s };
    struct bar *bar = &to->bars[to->first_series + row->policy];
    if (row->setting != to->setting || row->outages == 0) {
        return HB_OK;
    }
    double outages = (double)row->outages, all = bar->outages + outages;
    for (int part = 0; part < PARTS; part++) {
        bar->parts_s[part] += (parts_s[part] - bar->parts_s[part]) * outages / all;
    }
    bar->outages = all;
    bar->lost_mb += row->lost_mb;
    bar->violators += row->violators;
    return HB_OK;
}

static enum hb_status load(const struct analysis_drawing *drawing, struct bar *bars)
{
    struct gathering to = { .bars = bars };
    for (size_t f = 0; f < analysis_study_file_count(drawing->study); f++) {
        to.setting = analysis_study_setting(drawing->study, f);
        enum hb_status status = data_results_each(analysis_study_file(drawing->study, f),
            DATA_TABLE_RESILIENCE, gather, &to, drawing->problem);
        if (status != HB_OK) {
            return status;
        }
        to.first_series += analysis_study_info(drawing->study, f)->policy_count;
    }
    return HB_OK;
}

static void write_table(struct analysis_figure *figure, const struct analysis_study *study,
    const struct bar *bars, size_t count)
{
    size_t row = count;
    fprintf(figure->table, "# row\toutage_s");
    for (int part = 0; part < PARTS; part++) {
        fprintf(figure->table, "\t%s_s", names[part]);
    }
    fprintf(figure->table, "\toutages\tlost_mb_per_outage\tviolators\tpolicy\n");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        const struct bar *bar = &bars[i];
        if (!(bar->outages > 0.0)) {
            continue;
        }
        double sum_s = 0.0;
        for (int part = 0; part < PARTS; part++) {
            sum_s += bar->parts_s[part];
        }
        fprintf(figure->table, "%zu\t%.6g", row--, sum_s);
        for (int part = 0; part < PARTS; part++) {
            fprintf(figure->table, "\t%.6g", bar->parts_s[part]);
        }
        fprintf(figure->table, "\t%.6g\t%.6g\t%.6g\t", bar->outages, bar->lost_mb / bar->outages,
            bar->violators);
        analysis_text_plain(figure->table, analysis_study_series(study, i)->label);
        fprintf(figure->table, "\n");
    }
}

static double longest_s(const struct bar *bars, size_t series_count)
{
    double most_s = 0.0;
    for (size_t i = 0; i < series_count; i++) {
        double sum_s = 0.0;
        for (int part = 0; part < PARTS; part++) {
            sum_s += bars[i].parts_s[part];
        }
        most_s = fmax(most_s, sum_s);
    }
    return most_s;
}

static void write_plot(struct analysis_figure *figure, const struct analysis_study *study,
    const struct bar *bars, size_t count)
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
    analysis_figure_stack(figure, PARTS, names, colours);
    fprintf(out,
        ", \\\n  '%s.tsv' using (%.6g):1:(sprintf(' %%.1f s', $2)) with labels left notitle\n",
        figure->name, 1.02 * most_s);
}

enum hb_status analysis_outage_draw(const struct analysis_drawing *drawing)
{
    struct bar bars[ANALYSIS_STUDY_SERIES_MAX] = { { .outages = 0.0 } };
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
