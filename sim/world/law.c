/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/law.h"

#include <math.h>
#include <stdlib.h>

static double sum(const double *x, uint64_t count)
{
    double total = 0.0;
    for (uint64_t i = 0; i < count; i++) {
        total += x[i];
    }
    return total;
}

/* One round: rows to their sums, then columns; the largest breach of a row
 * sum that is left, the columns being exact. */
static double fit_once(
    const struct sim_law_sites *sites, double in_factor, double *column, double *flow)
{
    uint32_t n = sites->count;
    double worst = 0.0;
    for (uint32_t j = 0; j < n; j++) {
        column[j] = 0.0;
    }
    for (uint32_t i = 0; i < n; i++) {
        double *row = &flow[(uint64_t)i * n];
        double found = sum(row, n);
        double factor = found > 0.0 ? sites->out[i] / found : 0.0;
        worst = fmax(worst, fabs(found - sites->out[i]));
        for (uint32_t j = 0; j < n; j++) {
            row[j] *= factor;
            column[j] += row[j];
        }
    }
    for (uint32_t j = 0; j < n; j++) {
        column[j] = column[j] > 0.0 ? sites->in[j] * in_factor / column[j] : 0.0;
    }
    for (uint32_t i = 0; i < n; i++) {
        double *row = &flow[(uint64_t)i * n];
        for (uint32_t j = 0; j < n; j++) {
            row[j] *= column[j];
        }
    }
    return worst;
}

enum hb_status sim_law_gravity(
    const struct sim_law_sites *sites, double scale_km, uint32_t rounds_max, double *flow)
{
    uint32_t n = sites->count;
    double out_total = sum(sites->out, n), in_total = sum(sites->in, n);
    if (!(out_total > 0.0) || !(in_total > 0.0)) {
        return HB_ERR_RANGE;
    }
    double *column = malloc(n * sizeof *column);
    if (column == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        /* Relative to the nearest goal, so that no row underflows to nothing. */
        double nearest_km = HUGE_VAL;
        for (uint32_t j = 0; j < n; j++) {
            if (sites->in[j] > 0.0) {
                nearest_km = fmin(nearest_km, sites->km[(uint64_t)i * n + j]);
            }
        }
        for (uint32_t j = 0; j < n; j++) {
            uint64_t k = (uint64_t)i * n + j;
            double pull = exp(-(sites->km[k] - nearest_km) / scale_km);
            flow[k] = sites->out[i] > 0.0 && sites->in[j] > 0.0 ? sites->in[j] * pull : 0.0;
        }
    }
    enum hb_status status = HB_ERR_DIVERGES;
    for (uint32_t round = 0; round < rounds_max; round++) {
        if (fit_once(sites, out_total / in_total, column, flow) <= 1e-9 * out_total && round > 0) {
            status = HB_OK;
            break;
        }
    }
    free(column);
    return status;
}

struct target {
    double km;
    uint32_t index;
};

static int by_distance(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    if (x->km < y->km || x->km > y->km) {
        return x->km < y->km ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static void radiate(
    const struct sim_law_sites *sites, uint32_t i, int stays, struct target *targets, double *row)
{
    uint32_t n = sites->count, target_count = 0;
    for (uint32_t j = 0; j < n; j++) {
        row[j] = 0.0;
        if (j != i || stays) {
            double km = j == i ? -1.0 : sites->km[(uint64_t)i * n + j];
            targets[target_count++] = (struct target) { .km = km, .index = j };
        }
    }
    qsort(targets, target_count, sizeof *targets, by_distance);
    /* A site without places of its own still sends its people: they see the nearest first. */
    double mass = fmax(sites->in[i], 1e-9), passed = 0.0, total = 0.0;
    for (uint32_t k = 0; k < target_count; k++) {
        double in = sites->in[targets[k].index];
        double share = mass * in / ((mass + passed) * (mass + passed + in));
        row[targets[k].index] = share;
        total += share;
        passed += in;
    }
    for (uint32_t j = 0; j < n; j++) {
        row[j] = total > 0.0 ? sites->out[i] * row[j] / total : 0.0;
    }
}

enum hb_status sim_law_radiation(const struct sim_law_sites *sites, int stays, double *flow)
{
    uint32_t n = sites->count;
    if (!(sum(sites->out, n) > 0.0) || !(sum(sites->in, n) > 0.0)) {
        return HB_ERR_RANGE;
    }
    struct target *targets = malloc(n * sizeof *targets);
    if (targets == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        radiate(sites, i, stays, targets, &flow[(uint64_t)i * n]);
    }
    free(targets);
    return HB_OK;
}

double sim_law_common_part(const double *a, const double *b, uint64_t count)
{
    double common = 0.0, both = 0.0;
    for (uint64_t i = 0; i < count; i++) {
        common += a[i] < b[i] ? a[i] : b[i];
        both += a[i] + b[i];
    }
    return both > 0.0 ? 2.0 * common / both : 0.0;
}
