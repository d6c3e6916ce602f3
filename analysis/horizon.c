/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/figure.h"
#include "analysis/text.h"
#include "core/geo.h"

#define HORIZONS_MAX 12

/* All predictions of one timeframe: of a series, or of the guess that the
 * client stays. Distances in km in a histogram made for ms. */
struct tally {
    double count, correct, error_km_sum;
    struct data_histogram error_km;
};

struct gathering {
    const struct data_result_info *info;
    size_t first_series, horizon_count;
    uint16_t setting;
    double horizons_s[HORIZONS_MAX];
    struct tally (*tallies)[HORIZONS_MAX]; /* [series_count + 1]; the last: stays */
    size_t stays;
};

static void count_guess(struct tally *tally, uint32_t guess, uint32_t truth, double error_km)
{
    tally->count += 1.0;
    tally->correct += guess == truth ? 1.0 : 0.0;
    tally->error_km_sum += error_km;
    data_histogram_add(&tally->error_km, error_km, 1.0);
}

/* Slot of a timeframe, made on first sight; HORIZONS_MAX if there is no more room. */
static size_t horizon_slot(struct gathering *to, double horizon_s)
{
    size_t i = 0;
    while (i < to->horizon_count && fabs(to->horizons_s[i] - horizon_s) > 0.5) {
        i++;
    }
    if (i == to->horizon_count && i < HORIZONS_MAX) {
        to->horizons_s[to->horizon_count++] = horizon_s;
    }
    return i;
}

static enum hb_status gather(void *context, const void *visited)
{
    struct gathering *to = context;
    const struct data_predictions_row *row = visited;
    if (row->setting != to->setting || row->truth == HB_NONE || row->place == HB_NONE
        || row->place_now == HB_NONE || !isfinite(row->error_km)) {
        return HB_OK;
    }
    size_t slot = horizon_slot(to, (double)row->horizon_s);
    if (slot == HORIZONS_MAX) {
        return HB_OK;
    }
    const struct data_places_row *now = &to->info->places[row->place_now];
    const struct data_places_row *truth = &to->info->places[row->truth];
    struct hb_point from = { now->lat_deg, now->lon_deg };
    struct hb_point at = { truth->lat_deg, truth->lon_deg };
    count_guess(&to->tallies[to->first_series + row->policy][slot], row->place, row->truth,
        (double)row->error_km);
    count_guess(
        &to->tallies[to->stays][slot], row->place_now, row->truth, hb_geo_distance_km(from, at));
    return HB_OK;
}

/* Timeframes in rising order, each with its tallies. */
static void sort_horizons(struct gathering *of)
{
    for (size_t i = 1; i < of->horizon_count; i++) {
        for (size_t k = i; k > 0 && of->horizons_s[k - 1] > of->horizons_s[k]; k--) {
            double horizon_s = of->horizons_s[k];
            of->horizons_s[k] = of->horizons_s[k - 1];
            of->horizons_s[k - 1] = horizon_s;
            for (size_t s = 0; s <= of->stays; s++) {
                struct tally tally = of->tallies[s][k];
                of->tallies[s][k] = of->tallies[s][k - 1];
                of->tallies[s][k - 1] = tally;
            }
        }
    }
}

static void write_tallies(
    struct analysis_figure *figure, const struct gathering *from, size_t series)
{
    for (size_t i = 0; i < from->horizon_count; i++) {
        const struct tally *tally = &from->tallies[series][i];
        if (tally->count > 0.0) {
            fprintf(figure->table, "%.6g\t%.6g\t%.6g\t%.6g\t%.0f\n", from->horizons_s[i] / 60.0,
                100.0 * tally->correct / tally->count, tally->error_km_sum / tally->count,
                data_histogram_quantile_ms(&tally->error_km, 0.9), tally->count);
        }
    }
    fprintf(figure->table, "\n\n");
}

static void write_panel(
    struct analysis_figure *figure, const struct analysis_study *study, const int *has, int panel)
{
    FILE *out = figure->script;
    fprintf(out, "set ylabel '%s' offset 1.4,0\n",
        panel == 0 ? "first guess correct (%)" : "mean error (km)");
    fprintf(out, "set xtics offset 0,0.3 format '%s'\n", panel == 0 ? "" : "%g");
    fprintf(out, panel == 0 ? "set yrange [0:100]\n" : "set yrange [0:*]\nunset key\n");
    if (panel == 1) {
        fprintf(out, "set xlabel 'timeframe of the prediction (minutes)' offset 0,0.5\n");
    }
    fprintf(out, "plot");
    int index = 0;
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        if (!has[i]) {
            continue;
        }
        fprintf(out, "%s \\\n  '%s.tsv' index %d using 1:%d with linespoints pt %d ps 0.6",
            index == 0 ? "" : ",", figure->name, index, panel + 2, analysis_figure_marker(i));
        analysis_figure_stroke(figure, i);
        analysis_figure_title(figure, analysis_study_series(study, i)->label);
        index++;
    }
    fprintf(out,
        ", \\\n  '%s.tsv' index %d using 1:%d with linespoints pt 2 ps 0.5 lc rgb '#7F7F7F' "
        "dt (2,2) lw 1 title 'stays'\n",
        figure->name, index, panel + 2);
}

static enum hb_status draw(const struct analysis_drawing *drawing, const struct gathering *from)
{
    const struct analysis_study *study = drawing->study;
    struct analysis_figure figure;
    enum hb_status status = analysis_figure_begin(drawing, "prediction-horizon", 3.0, &figure);
    if (status != HB_OK) {
        return status;
    }
    int has[ANALYSIS_STUDY_SERIES_MAX] = { 0 };
    fprintf(figure.table, "# horizon_min\tcorrect_percent\terror_mean_km\terror_p90_km\tcount\n");
    for (size_t i = 0; i < from->stays; i++) {
        for (size_t k = 0; k < from->horizon_count; k++) {
            has[i] |= from->tallies[i][k].count > 0.0;
        }
        if (has[i]) {
            fprintf(figure.table, "# ");
            analysis_text_plain(figure.table, analysis_study_series(study, i)->label);
            fprintf(figure.table, "\n");
            write_tallies(&figure, from, i);
        }
    }
    fprintf(figure.table, "# stays\n");
    write_tallies(&figure, from, from->stays);
    struct analysis_figure_labels labels = analysis_figure_labels(study, has);
    double key_share = analysis_figure_key(&figure, labels.count + 1, labels.longest);
    double low = from->horizons_s[0] / 60.0;
    double high = from->horizons_s[from->horizon_count - 1] / 60.0;
    double margin = high > low ? 0.04 * (high - low) : 0.1 * high + 1.0;
    fprintf(figure.script, "set multiplot\nset xrange [%.6g:%.6g]\n", low - margin, high + margin);
    fprintf(figure.script, "set xtics (");
    for (size_t i = 0; i < from->horizon_count; i++) {
        fprintf(figure.script, "%s%.6g", i == 0 ? "" : ", ", from->horizons_s[i] / 60.0);
    }
    fprintf(figure.script, ")\n");
    fprintf(figure.script, "set grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(figure.script, "set ytics offset 0.5,0\n");
    for (int panel = 0; panel < 2; panel++) {
        analysis_figure_panel(&figure, panel, key_share);
        write_panel(&figure, study, has, panel);
    }
    fprintf(figure.script, "unset multiplot\n");
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}

enum hb_status analysis_horizon_draw(const struct analysis_drawing *drawing)
{
    const struct analysis_study *study = drawing->study;
    struct gathering to = { .stays = analysis_study_series_count(study) };
    to.tallies = calloc(to.stays + 1, sizeof *to.tallies);
    if (to.tallies == NULL) {
        return data_problem_set(drawing->problem, HB_ERR_MEMORY, "out of memory");
    }
    enum hb_status status = HB_OK;
    for (size_t f = 0; f < analysis_study_file_count(study) && status == HB_OK; f++) {
        to.info = analysis_study_info(study, f);
        to.setting = analysis_study_setting(study, f);
        status = data_results_each(
            analysis_study_file(study, f), DATA_TABLE_PREDICTIONS, gather, &to, drawing->problem);
        to.first_series += to.info->policy_count;
    }
    if (status == HB_OK) {
        sort_horizons(&to);
        status = to.horizon_count == 0 ? HB_ERR_NOT_FOUND : draw(drawing, &to);
    }
    free(to.tallies);
    return status;
}
