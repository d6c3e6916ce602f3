/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/path_fit.h"

#include <math.h>
#include <stdlib.h>

/* Passes of a grid, each around the best of the one before. */
#define PASSES 3
#define STEPS 12
static const double detour_ms_max = 12.0, stretch_min = 1.2, stretch_max = 2.4;

struct fit {
    const struct data_latency *measured;
    const double *km; /* [node][node] */
    double *errors;   /* [node * node] */
    uint32_t left;
};

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

static double measured_ms(const struct data_latency *measured, uint32_t i, uint32_t j)
{
    return (double)measured->rtt_ms[(size_t)i * measured->node_count + j];
}

/* The law of path.c by distance; 204 km/ms is light in fibre. */
static double law_ms(const struct sim_path *path, double km)
{
    return path->aggregation_ms - path->detour_ms * expm1(-km / path->detour_km)
        + path->stretch * 2.0 * km / 204.0;
}

static double error_of(const struct fit *fit, const struct sim_path *path, size_t *pairs)
{
    size_t count = 0;
    uint32_t nodes = fit->measured->node_count;
    for (uint32_t i = 0; i < nodes; i++) {
        for (uint32_t j = 0; j < nodes; j++) {
            double ms = measured_ms(fit->measured, i, j);
            if (i != j && i != fit->left && j != fit->left && ms > 0.0) {
                double km = fit->km[(size_t)i * nodes + j];
                fit->errors[count++] = fabs(law_ms(path, km) - ms) / ms;
            }
        }
    }
    *pairs = count;
    return count == 0 ? 0.0 : median(fit->errors, count);
}

static double self_ms(const struct fit *fit, double otherwise)
{
    size_t count = 0;
    for (uint32_t i = 0; i < fit->measured->node_count; i++) {
        double ms = measured_ms(fit->measured, i, i);
        if (i != fit->left && ms > 0.0) {
            fit->errors[count++] = ms;
        }
    }
    return count == 0 ? otherwise : median(fit->errors, count);
}

struct grid {
    double detour_ms, stretch;           /* middle */
    double detour_step_ms, stretch_step;
};

static void search(const struct fit *fit, struct grid grid, struct sim_path *best, double *least)
{
    for (int i = -STEPS / 2; i <= STEPS / 2; i++) {
        for (int j = -STEPS / 2; j <= STEPS / 2; j++) {
            struct sim_path path = *best;
            path.detour_ms = fmax(0.0, grid.detour_ms + i * grid.detour_step_ms);
            path.stretch = fmax(1.0, grid.stretch + j * grid.stretch_step);
            size_t pairs = 0;
            double error = error_of(fit, &path, &pairs);
            if (error < *least) {
                *least = error;
                *best = path;
            }
        }
    }
}

static enum hb_status fitted(const struct fit *fit, struct sim_path *out)
{
    struct sim_path path;
    sim_path_default(&path);
    path.aggregation_ms = self_ms(fit, path.aggregation_ms);
    size_t pairs = 0;
    (void)error_of(fit, &path, &pairs); /* only to count them */
    if (pairs < 3) {
        return HB_ERR_RANGE;
    }
    /* Not from the default's error: that has seen all pairs of one matrix. */
    double least = HUGE_VAL;
    struct grid grid = { .detour_ms = 0.5 * detour_ms_max,
        .stretch = 0.5 * (stretch_min + stretch_max), .detour_step_ms = detour_ms_max / STEPS,
        .stretch_step = (stretch_max - stretch_min) / STEPS };
    for (int pass = 0; pass < PASSES; pass++) {
        search(fit, grid, &path, &least);
        grid = (struct grid){ .detour_ms = path.detour_ms, .stretch = path.stretch,
            .detour_step_ms = 2.0 * grid.detour_step_ms / STEPS,
            .stretch_step = 2.0 * grid.stretch_step / STEPS };
    }
    *out = path;
    return HB_OK;
}

static enum hb_status fit_init(struct fit *fit, const struct data_latency *measured)
{
    uint32_t nodes = measured->node_count;
    double *km = malloc((size_t)nodes * nodes * sizeof *km);
    *fit = (struct fit){ .measured = measured, .left = HB_NONE, .km = km,
        .errors = malloc((size_t)nodes * nodes * sizeof *fit->errors) };
    for (size_t i = 0; km != NULL && i < (size_t)nodes * nodes; i++) {
        km[i] = hb_geo_distance_km(measured->at[i / nodes], measured->at[i % nodes]);
    }
    return km == NULL || fit->errors == NULL ? HB_ERR_MEMORY : HB_OK;
}

static void fit_fini(struct fit *fit)
{
    free(fit->errors);
    free((void *)fit->km);
}

enum hb_status sim_path_fit(
    const struct data_latency *measured, uint32_t left, struct sim_path *out)
{
    struct fit fit;
    enum hb_status status = fit_init(&fit, measured);
    if (status == HB_OK) {
        fit.left = left;
        status = fitted(&fit, out);
    }
    fit_fini(&fit);
    return status;
}

enum hb_status sim_path_fit_pairs(
    const struct data_latency *measured, struct sim_path_pair **out, size_t *count)
{
    uint32_t nodes = measured->node_count;
    struct fit fit;
    struct sim_path all;
    struct sim_path_pair *pairs = malloc((size_t)nodes * nodes * sizeof *pairs + 1);
    enum hb_status status = fit_init(&fit, measured);
    status = pairs == NULL ? HB_ERR_MEMORY : status;
    if (status == HB_OK) {
        status = fitted(&fit, &all);
    }
    size_t used = 0;
    for (uint32_t i = 0; i < nodes && status == HB_OK; i++) {
        struct sim_path without;
        fit.left = i;
        status = fitted(&fit, &without);
        for (uint32_t j = 0; j < nodes && status == HB_OK; j++) {
            double ms = measured_ms(measured, i, j), km = fit.km[(size_t)i * nodes + j];
            if (i != j && ms > 0.0) {
                pairs[used++] = (struct sim_path_pair){ .from = i, .to = j, .km = km,
                    .measured_ms = ms, .fitted_ms = law_ms(&all, km),
                    .unseen_ms = law_ms(&without, km) };
            }
        }
    }
    fit_fini(&fit);
    if (status != HB_OK) {
        free(pairs);
        return status;
    }
    *out = pairs;
    *count = used;
    return HB_OK;
}
