/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/figure.h"
#include "analysis/text.h"

#define POINTS_MAX 256

static const enum analysis_metric metrics[2] = { ANALYSIS_METRIC_LATENCY_MEAN,
    ANALYSIS_METRIC_COST };
static const enum analysis_metric optima[2] = { ANALYSIS_METRIC_OPTIMUM_LATENCY,
    ANALYSIS_METRIC_OPTIMUM_COST };

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

static int write_series(FILE *out, const struct analysis_study *study, size_t series,
    const struct axis *axis, const enum analysis_metric shown[2])
{
    int written = 0;
    for (size_t i = 0; i < axis->count; i++) {
        struct analysis_cell cell = { series, axis->settings[i] };
        struct analysis_interval both[2];
        if (analysis_study_metric(study, cell, shown[0], &both[0]) != HB_OK
            || analysis_study_metric(study, cell, shown[1], &both[1]) != HB_OK) {
            continue;
        }
        fprintf(out, "%.8g", axis->values[i]);
        for (int k = 0; k < 2; k++) {
            fprintf(out, "\t%.8g\t%.8g\t%.8g", both[k].estimate, both[k].lower, both[k].upper);
        }
        fprintf(out, "\t%zu\n", both[0].count);
        written = 1;
    }
    return written;
}

static void write_panel(
    struct analysis_figure *figure, const struct analysis_study *study, const int *has, int panel)
{
    FILE *out = figure->script;
    int column = 2 + 3 * panel;
    fprintf(out, "plot");
    for (int layer = 0; layer < 2; layer++) {
        int index = 0;
        for (size_t i = 0; i < analysis_study_series_count(study); i++) {
            if (!has[i]) {
                continue;
            }
            fprintf(out, "%s \\\n  '%s.tsv' index %d using ", layer + index == 0 ? "" : ",",
                figure->name, index);
            index++;
            if (layer == 0) {
                fprintf(out, "1:%d:%d with filledcurves fs transparent solid 0.15 noborder lc %s",
                    column + 1, column + 2, analysis_figure_colour(i));
                continue;
            }
            fprintf(out, "1:%d with linespoints pt %d ps 0.5", column, analysis_figure_marker(i));
            analysis_figure_stroke(figure, i);
            analysis_figure_title(figure, analysis_study_series(study, i)->label);
        }
        if (layer == 1) {
            fprintf(out,
                ", \\\n  '%s.tsv' index %d using 1:%d with lines lc rgb '#000000' dt (3,3) "
                "lw 1.5 title 'clairvoyant'",
                figure->name, index, column);
        }
    }
    fprintf(out, "\n");
}

static void write_panels(struct analysis_figure *figure, const struct analysis_study *study,
    const int *has, const struct axis *axis)
{
    FILE *out = figure->script;
    struct analysis_figure_labels labels = analysis_figure_labels(study, has);
    size_t longest = labels.longest > 11 ? labels.longest : 11;
    double key_share = analysis_figure_key_share(figure, labels.count + 1, longest);
    analysis_figure_key_above(figure, labels.count + 1, longest);
    double low = axis->values[0], high = axis->values[axis->count - 1];
    fprintf(out, "set multiplot\nset grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(out, "set ytics offset 0.5,0\n");
    if (low > 0.0 && high / low >= 20.0) {
        fprintf(out, "set logscale x\nset xrange [%.8g:%.8g]\n", low / 1.1, high * 1.1);
    } else {
        double margin = 0.03 * (high - low);
        fprintf(out, "set xrange [%.8g:%.8g]\n", low - margin, high + margin);
    }
    fprintf(out, "set ylabel 'mean latency (ms)' offset 1.4,0\n");
    fprintf(out, "set xtics offset 0,0.3 format ''\n");
    analysis_figure_panel(figure, 0, key_share);
    write_panel(figure, study, has, 0);
    fprintf(out, "unset key\nset xtics format '%%g'\nset xlabel ");
    analysis_text_quote(out, axis->parameter);
    fprintf(out, " offset 0,0.5\nset ylabel ");
    char label[64];
    analysis_metric_label(study, ANALYSIS_METRIC_COST, label, sizeof label);
    analysis_text_quote(out, label);
    fprintf(out, " offset 1.4,0\n");
    analysis_figure_panel(figure, 1, key_share);
    write_panel(figure, study, has, 1);
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
    int has[ANALYSIS_STUDY_SERIES_MAX] = { 0 }, count = 0;
    struct axis widest = { .count = 0 };
    fprintf(figure.table, "# ");
    analysis_text_plain(figure.table, parameter);
    fprintf(figure.table, "\tlatency_mean_ms\tlower\tupper\tcost\tlower\tupper\tcount\n");
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        const struct analysis_series *series = analysis_study_series(study, i);
        struct axis axis = axis_of(analysis_study_info(study, series->file), parameter);
        widest = axis.count > widest.count ? axis : widest;
        fprintf(figure.table, "# ");
        analysis_text_plain(figure.table, series->label);
        fprintf(figure.table, "\n");
        has[i] = write_series(figure.table, study, i, &axis, metrics);
        fprintf(figure.table, has[i] ? "\n\n" : "");
        count += has[i];
    }
    fprintf(figure.table, "# clairvoyant optimum\n");
    if (!write_series(figure.table, study, 0, &widest, optima)) {
        fprintf(figure.table, "nan\tnan\tnan\tnan\tnan\tnan\tnan\t0\n");
    }
    write_panels(&figure, study, has, &widest);
    return analysis_figure_end(&figure, count == 0 ? HB_ERR_NOT_FOUND : HB_OK, drawing->problem);
}
