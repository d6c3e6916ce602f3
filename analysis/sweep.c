/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/figure.h"
#include "analysis/text.h"

#define POINTS_MAX 256

/* Columns of the table: three for each, from the second on. */
#define METRICS 4
static const enum analysis_metric metrics[METRICS] = { ANALYSIS_METRIC_REGRET, ANALYSIS_METRIC_HIT,
    ANALYSIS_METRIC_COST, ANALYSIS_METRIC_LATENCY_MEAN };
enum { REGRET, HIT, COST, LATENCY };

/* The settings along one parameter, all others as in setting 0. */
struct axis {
    const char *parameter;
    size_t count;
    uint16_t settings[POINTS_MAX];
    double values[POINTS_MAX];
};

static const struct data_settings_row *parameter_of(
    const struct data_result_info *info, uint16_t setting, const char *parameter)
{
    for (size_t i = 0; i < info->settings_row_count; i++) {
        if (info->settings[i].setting == setting
            && strcmp(info->settings[i].parameter, parameter) == 0) {
            return &info->settings[i];
        }
    }
    return NULL;
}

/* Whether setting differs from setting 0 in nothing but parameter. */
static int is_on_axis(const struct data_result_info *info, uint16_t setting, const char *parameter)
{
    for (size_t i = 0; i < info->settings_row_count; i++) {
        const struct data_settings_row *row = &info->settings[i];
        if (row->setting != setting || strcmp(row->parameter, parameter) == 0) {
            continue;
        }
        const struct data_settings_row *base = parameter_of(info, 0, row->parameter);
        if (base == NULL || fabs(base->value - row->value) > 0.0) {
            return 0;
        }
    }
    return 1;
}

static struct axis axis_of(const struct data_result_info *info, const char *parameter)
{
    struct axis axis = { .parameter = parameter };
    for (uint32_t s = 0; s < info->setting_count && axis.count < POINTS_MAX; s++) {
        const struct data_settings_row *row = parameter_of(info, (uint16_t)s, parameter);
        if (row == NULL || !is_on_axis(info, (uint16_t)s, parameter)) {
            continue;
        }
        size_t at = axis.count++;
        for (; at > 0 && axis.values[at - 1] > row->value; at--) {
            axis.values[at] = axis.values[at - 1];
            axis.settings[at] = axis.settings[at - 1];
        }
        axis.values[at] = row->value;
        axis.settings[at] = (uint16_t)s;
    }
    return axis;
}

/* The first parameter of setting 0 along which there are two settings or more. */
static const char *swept_parameter(const struct data_result_info *info)
{
    for (size_t i = 0; i < info->settings_row_count && i < POINTS_MAX; i++) {
        if (info->settings[i].setting == 0
            && axis_of(info, info->settings[i].parameter).count > 1) {
            return info->settings[i].parameter;
        }
    }
    return NULL;
}

/* What the figure knows: whether a series has values of a metric, and the
 * ends of the regret's intervals. */
struct extent {
    int has[METRICS][ANALYSIS_STUDY_SERIES_MAX], has_any[METRICS];
    double regret_low, regret_high;
};

static int write_series(FILE *out, const struct analysis_study *study, size_t series,
    const struct axis *axis, struct extent *extent)
{
    int written = 0;
    for (size_t i = 0; i < axis->count; i++) {
        struct analysis_cell cell = { series, axis->settings[i] };
        fprintf(out, "%.8g", axis->values[i]);
        for (int m = 0; m < METRICS; m++) {
            struct analysis_interval value;
            if (analysis_study_metric(study, cell, metrics[m], &value) != HB_OK) {
                fprintf(out, "\tnan\tnan\tnan");
                continue;
            }
            fprintf(out, "\t%.8g\t%.8g\t%.8g", value.estimate, value.lower, value.upper);
            extent->has[m][series] = extent->has_any[m] = written = 1;
            if (m == REGRET) {
                extent->regret_low = fmin(extent->regret_low, value.lower);
                extent->regret_high = fmax(extent->regret_high, value.upper);
            }
        }
        fprintf(out, "\n");
    }
    fprintf(out, "\n\n");
    return written;
}

/* Bands first, so that no line is hidden by one. */
static void write_panel(
    struct analysis_figure *figure, const struct analysis_study *study, const int *has, int metric)
{
    FILE *out = figure->script;
    int column = 2 + 3 * metric, items = 0;
    fprintf(out, "plot");
    for (int layer = 0; layer < 2; layer++) {
        for (size_t i = 0; i < analysis_study_series_count(study); i++) {
            if (!has[i]) {
                continue;
            }
            fprintf(out, "%s \\\n  '%s.tsv' index %zu using 1:", items == 0 ? "" : ",",
                figure->name, i);
            items++;
            if (layer == 0) {
                fprintf(out, "%d:%d with filledcurves fs transparent solid 0.15 noborder lc %s",
                    column + 1, column + 2, analysis_figure_colour(i));
                continue;
            }
            fprintf(out, "%d with linespoints pt %d ps 0.5", column, analysis_figure_marker(i));
            analysis_figure_stroke(figure, i);
            analysis_figure_title(figure, analysis_study_series(study, i)->label);
        }
    }
    fprintf(out, "\n");
}

static void write_axis_label(
    struct analysis_figure *figure, const struct analysis_study *study, int metric)
{
    char label[64];
    analysis_metric_label(study, metrics[metric], label, sizeof label);
    fprintf(figure->script, "set ylabel ");
    analysis_text_quote(figure->script, metric == REGRET ? "regret (%)" : label);
    fprintf(figure->script, " offset 1.2,0\n");
}

static void write_panels(struct analysis_figure *figure, const struct analysis_study *study,
    const struct extent *extent, const struct axis *axis)
{
    FILE *out = figure->script;
    int upper = extent->has_any[REGRET] ? REGRET : COST;
    int lower = extent->has_any[HIT] ? HIT : LATENCY;
    struct analysis_figure_labels labels = analysis_figure_labels(study, extent->has[upper]);
    double key_share = analysis_figure_key(figure, labels.count, labels.longest);
    double low = axis->values[0], high = axis->values[axis->count - 1];
    fprintf(out, "set multiplot\nset grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(out, "set ytics offset 0.5,0\n");
    if (low > 0.0 && high / low >= 20.0) {
        fprintf(out, "set logscale x\nset xrange [%.8g:%.8g]\n", low / 1.1, high * 1.1);
    } else {
        double margin = 0.03 * (high - low);
        fprintf(out, "set xrange [%.8g:%.8g]\n", low - margin, high + margin);
    }
    int is_log = upper == REGRET && extent->regret_low > 0.0
        && extent->regret_high > 20.0 * extent->regret_low;
    fprintf(out, is_log ? "set logscale y\n" : "");
    fprintf(out, "set xtics offset 0,0.3 format ''\nset ytics format '%%4g'\n");
    write_axis_label(figure, study, upper);
    analysis_figure_panel(figure, 0, key_share);
    write_panel(figure, study, extent->has[upper], upper);
    fprintf(out, "unset key\nunset logscale y\nset yrange [0:*]\nset xtics format '%%g'\n");
    fprintf(out, "set xlabel ");
    analysis_text_quote(out, axis->parameter);
    fprintf(out, " offset 0,0.5\n");
    write_axis_label(figure, study, lower);
    analysis_figure_panel(figure, 1, key_share);
    write_panel(figure, study, extent->has[lower], lower);
    fprintf(out, "unset multiplot\n");
}

enum hb_status analysis_sweep_draw(const struct analysis_drawing *drawing)
{
    const struct analysis_study *study = drawing->study;
    const char *parameter = NULL;
    for (size_t f = 0; f < analysis_study_file_count(study) && parameter == NULL; f++) {
        parameter = swept_parameter(analysis_study_info(study, f));
    }
    if (parameter == NULL) {
        return HB_ERR_NOT_FOUND;
    }
    struct analysis_figure figure;
    enum hb_status status = analysis_figure_begin(drawing, "sweep", 3.3, &figure);
    if (status != HB_OK) {
        return status;
    }
    struct extent extent = { .regret_low = HUGE_VAL, .regret_high = -HUGE_VAL };
    struct axis widest = { .count = 0 };
    int count = 0;
    fprintf(figure.table, "# ");
    analysis_text_plain(figure.table, parameter);
    for (int m = 0; m < METRICS; m++) {
        static const char *const names[METRICS] = { "regret_percent", "hit_percent", "cost",
            "latency_mean_ms" };
        fprintf(figure.table, "\t%s\tlower\tupper", names[m]);
    }
    fprintf(figure.table, "\n");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        const struct analysis_series *series = analysis_study_series(study, i);
        struct axis axis = axis_of(analysis_study_info(study, series->file), parameter);
        widest = axis.count > widest.count ? axis : widest;
        fprintf(figure.table, "# ");
        analysis_text_plain(figure.table, series->label);
        fprintf(figure.table, axis.count == 0 ? "\nnan" : "\n");
        count += write_series(figure.table, study, i, &axis, &extent);
    }
    if (count > 0) {
        write_panels(&figure, study, &extent, &widest);
    }
    return analysis_figure_end(&figure, count == 0 ? HB_ERR_NOT_FOUND : HB_OK, drawing->problem);
}
