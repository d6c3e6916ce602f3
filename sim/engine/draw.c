/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/draw.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

/* GSL sees a stream as a generator without a state of its own: the state is
 * the stream that the caller handed in. */
static void ignore_seed(void *stream, unsigned long seed)
{
    (void)stream;
    (void)seed;
}

static unsigned long next_32(void *stream)
{
    return (unsigned long)(sim_stream_next(stream) >> 32);
}

static double next_unit(void *stream)
{
    return (double)(sim_stream_next(stream) >> 11) * 0x1p-53;
}

static const gsl_rng_type stream_type = {
    .name = "harbinger-stream",
    .max = UINT32_MAX,
    .set = ignore_seed,
    .get = next_32,
    .get_double = next_unit,
};

static gsl_rng generator(struct sim_stream *stream)
{
    return (gsl_rng) { .type = &stream_type, .state = stream };
}

double sim_draw_uniform(struct sim_stream *stream)
{
    return next_unit(stream);
}

double sim_draw_between(struct sim_stream *stream, double low, double high)
{
    assert(low < high);
    double x = low + (high - low) * next_unit(stream);
    return x < high ? x : low; /* rounding may reach high */
}

/* Lemire, ACM TOMACS 29(1), 2019: multiply, and reject the 2^32 mod count
 * low products that would favour some values. */
uint32_t sim_draw_below(struct sim_stream *stream, uint32_t count)
{
    assert(count > 0);
    uint32_t unfair = (uint32_t)-count % count;
    for (;;) {
        uint64_t product = (sim_stream_next(stream) >> 32) * count;
        if ((uint32_t)product >= unfair) {
            return (uint32_t)(product >> 32);
        }
    }
}

bool sim_draw_chance(struct sim_stream *stream, double probability)
{
    assert(probability >= 0.0);
    assert(probability <= 1.0);
    return next_unit(stream) < probability;
}

double sim_draw_exponential(struct sim_stream *stream, double mean)
{
    assert(mean >= 0.0);
    return -mean * log(1.0 - next_unit(stream)); /* the difference is exact, and > 0 */
}

double sim_draw_normal(struct sim_stream *stream, double mean, double sd)
{
    assert(sd >= 0.0);
    gsl_rng rng = generator(stream);
    return mean + gsl_ran_gaussian_ziggurat(&rng, sd);
}

double sim_draw_lognormal(struct sim_stream *stream, double median, double sigma)
{
    assert(median > 0.0);
    return median * exp(sim_draw_normal(stream, 0.0, sigma));
}

/* E = median exp(sigma^2 / 2) and cv^2 = exp(sigma^2) - 1. */
double sim_draw_lognormal_mean(struct sim_stream *stream, double mean, double cv)
{
    assert(cv >= 0.0);
    double variance = log1p(cv * cv);
    return sim_draw_lognormal(stream, mean * exp(-0.5 * variance), sqrt(variance));
}

double sim_draw_gamma(struct sim_stream *stream, double shape, double scale)
{
    assert(shape > 0.0);
    assert(scale > 0.0);
    gsl_rng rng = generator(stream);
    return gsl_ran_gamma(&rng, shape, scale);
}

double sim_draw_weibull(struct sim_stream *stream, double scale, double shape)
{
    assert(scale > 0.0);
    assert(shape > 0.0);
    gsl_rng rng = generator(stream);
    return gsl_ran_weibull(&rng, scale, shape);
}

double sim_draw_pareto(struct sim_stream *stream, double exponent, double min)
{
    assert(exponent > 0.0);
    assert(min > 0.0);
    gsl_rng rng = generator(stream);
    return gsl_ran_pareto(&rng, exponent, min);
}

/* P(X > x) = (x^-a - max^-a) / (min^-a - max^-a), solved for x in units of min
 * so that no power overflows. */
double sim_draw_power(struct sim_stream *stream, const struct sim_draw_power *law)
{
    assert(law->exponent > 0.0);
    assert(law->min > 0.0);
    assert(law->min < law->max);
    double tail = pow(law->min / law->max, law->exponent);
    double above = tail + (1.0 - tail) * (1.0 - next_unit(stream));
    return fmin(law->min * pow(above, -1.0 / law->exponent), law->max);
}

/* Two envelopes of the density, each exact in one factor: a Pareto law thinned
 * by exp(-(x - min) / cutoff), or an exponential tail thinned by
 * (min / x)^(1 + exponent); the first accepts more often while min << cutoff. */
double sim_draw_cutoff(struct sim_stream *stream, const struct sim_draw_cutoff *law)
{
    assert(law->min > 0.0);
    assert(law->cutoff > 0.0);
    bool by_power = law->min * (1.0 + law->exponent) < law->cutoff * law->exponent;
    for (;;) {
        double x, keep;
        if (by_power) {
            x = sim_draw_pareto(stream, law->exponent, law->min);
            keep = exp(-(x - law->min) / law->cutoff);
        } else {
            x = law->min + sim_draw_exponential(stream, law->cutoff);
            keep = pow(law->min / x, 1.0 + law->exponent);
        }
        if (next_unit(stream) < keep) {
            return x;
        }
    }
}

uint32_t sim_draw_poisson(struct sim_stream *stream, double mean)
{
    assert(mean >= 0.0);
    assert(mean < 1e9);
    gsl_rng rng = generator(stream);
    return mean > 0.0 ? gsl_ran_poisson(&rng, mean) : 0;
}

struct sim_draw_table {
    gsl_ran_discrete_t *alias;
};

enum hb_status sim_draw_table_create(const double *weights, uint32_t count,
    struct sim_draw_table **out)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0.0)) {
            return HB_ERR_RANGE;
        }
        sum += weights[i];
    }
    if (!(sum > 0.0) || !isfinite(sum)) {
        return HB_ERR_RANGE;
    }
    struct sim_draw_table *table = malloc(sizeof(*table));
    if (table == NULL) {
        return HB_ERR_MEMORY;
    }
    table->alias = gsl_ran_discrete_preproc(count, weights);
    if (table->alias == NULL) {
        free(table);
        return HB_ERR_MEMORY;
    }
    *out = table;
    return HB_OK;
}

void sim_draw_table_free(struct sim_draw_table *table)
{
    if (table != NULL) {
        gsl_ran_discrete_free(table->alias);
        free(table);
    }
}

uint32_t sim_draw_index(struct sim_stream *stream, const struct sim_draw_table *table)
{
    gsl_rng rng = generator(stream);
    return (uint32_t)gsl_ran_discrete(&rng, table->alias);
}
