/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/rtt.h"
#include "sim/cli/verify.h"
#include "sim/net/path_fit.h"

static const char help[]
    = "usage: harbinger verify rtt COORDINATES MATRIX [--figure DIR]\n\n"
      "Predicts the round trips of a measured matrix from geography alone: fitted to all\n"
      "pairs, and to those without the region that is predicted. COORDINATES: CSV with\n"
      "region|name|id, lat, lon; MATRIX: CSV with src, dst, rtt_ms|rtt_ms_p50|avg_us.\n"
      "--figure DIR  draws rtt-geography.pdf, .png, .gp and .tsv there\n";

static void print_errors(const char *what, const struct analysis_rtt_point *points, size_t count)
{
    printf("%-34s %9.3f %9.3f %9.3f\n", what, analysis_rtt_error(points, count, 0.5),
        analysis_rtt_error(points, count, 0.9), analysis_rtt_error(points, count, 0.99));
}

static enum hb_status compare(const struct data_latency *measured, const char *figure,
    struct data_problem *problem)
{
    struct sim_path_pair *pairs = NULL;
    struct sim_path fit, usual;
    size_t count = 0;
    enum hb_status status = sim_path_fit_pairs(measured, &pairs, &count);
    if (status == HB_OK) {
        status = sim_path_fit(measured, HB_NONE, &fit);
    }
    if (status != HB_OK) {
        return status;
    }
    struct analysis_rtt_point *points = calloc(count + 1, sizeof *points);
    if (points == NULL) {
        free(pairs);
        return HB_ERR_MEMORY;
    }
    sim_path_default(&usual);
    usual.aggregation_ms = fit.aggregation_ms;
    printf("%u regions, %zu pairs; fit: aggregation_ms %.2f, detour_ms %.2f, stretch %.3f\n\n",
        measured->node_count, count, fit.aggregation_ms, fit.detour_ms, fit.stretch);
    printf("%-34s %9s %9s %9s\n", "|predicted - measured| / measured", "median", "p90", "p99");
    for (int kind = 0; kind < 3; kind++) {
        static const char *const names[]
            = { "the shipped law", "fitted to all pairs", "region left out of the fit" };
        for (size_t i = 0; i < count; i++) {
            const struct sim_path_pair *pair = &pairs[i];
            points[i] = (struct analysis_rtt_point){ .from = measured->names[pair->from],
                .to = measured->names[pair->to], .km = pair->km,
                .measured_ms = pair->measured_ms,
                .predicted_ms = kind == 1 ? pair->fitted_ms : pair->unseen_ms };
            if (kind == 0) {
                points[i].predicted_ms = sim_path_rtt_ms(
                    &usual, measured->at[pair->from], measured->at[pair->to]);
            }
        }
        print_errors(names[kind], points, count);
    }
    if (figure != NULL) {
        status = analysis_rtt_draw(figure, points, count, problem);
    }
    free(points);
    free(pairs);
    return status;
}

int verify_rtt(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return 0;
    }
    bool has_figure = argc == 5 && strcmp(argv[3], "--figure") == 0;
    if (!has_figure && argc != 3) {
        fputs(help, stderr);
        return 2;
    }
    struct data_problem problem = { .text = "" };
    struct data_latency *measured = NULL;
    enum hb_status status = data_latency_read(argv[1], argv[2], &problem, &measured);
    if (status == HB_OK) {
        status = compare(measured, has_figure ? argv[4] : NULL, &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "harbinger verify rtt: %s\n",
            problem.text[0] == '\0' ? hb_status_text(status) : problem.text);
    }
    data_latency_free(measured);
    return status == HB_OK ? 0 : 1;
}
