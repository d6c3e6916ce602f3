/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_DRAW_H
#define SIM_ENGINE_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "sim/engine/stream.h"

/* Values from the distributions of the models, each from the stream it is
 * handed. Out-of-range parameters are asserted. Source: GSL's samplers, except
 * where a line says otherwise. */

double sim_draw_uniform(struct sim_stream *stream); /* [0, 1), 53 bits */
double sim_draw_between(struct sim_stream *stream, double low, double high); /* [low, high) */
uint32_t sim_draw_below(struct sim_stream *stream, uint32_t count); /* 0..count - 1 */
bool sim_draw_chance(struct sim_stream *stream, double probability);

double sim_draw_exponential(struct sim_stream *stream, double mean);
double sim_draw_normal(struct sim_stream *stream, double mean, double sd);

/* exp of a normal: by its median and the sd of its logarithm, or by its own
 * mean and coefficient of variation. */
double sim_draw_lognormal(struct sim_stream *stream, double median, double sigma);
double sim_draw_lognormal_mean(struct sim_stream *stream, double mean, double cv);

double sim_draw_gamma(struct sim_stream *stream, double shape, double scale);
double sim_draw_weibull(struct sim_stream *stream, double scale, double shape);

/* P(X > x) = (min / x)^exponent. */
double sim_draw_pareto(struct sim_stream *stream, double exponent, double min);

/* Density ~ x^(-1 - exponent) on [min, max]; by inversion. */
struct sim_draw_power {
    double exponent; /* > 0 */
    double min, max; /* 0 < min < max */
};
double sim_draw_power(struct sim_stream *stream, const struct sim_draw_power *law);

/* Density ~ x^(-1 - exponent) exp(-x / cutoff) from min on; by rejection. */
struct sim_draw_cutoff {
    double exponent, min, cutoff; /* each > 0 */
};
double sim_draw_cutoff(struct sim_stream *stream, const struct sim_draw_cutoff *law);

uint32_t sim_draw_poisson(struct sim_stream *stream, double mean);

/* An index with probability proportional to its weight, in constant time
 * (Walker's alias method). */
struct sim_draw_table;

/* weights [count] >= 0, not all zero, finite. HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status sim_draw_table_create(const double *weights, uint32_t count,
    struct sim_draw_table **out);
void sim_draw_table_free(struct sim_draw_table *table);
uint32_t sim_draw_index(struct sim_stream *stream, const struct sim_draw_table *table);

#endif
