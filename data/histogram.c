/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/histogram.h"

#include <math.h>
#include <string.h>

/* The top 12 bits of a positive double are its biased exponent, the next 7 the
 * 128 equal parts of the octave: shifted right, they number the bins in order.
 * No logarithm, so the same bin under every libm. */
#define SHIFT 45
#define FIRST ((uint64_t)(1023 + DATA_HISTOGRAM_OCTAVE_MIN) * 128)

uint32_t data_histogram_bin(double latency_ms)
{
    if (isnan(latency_ms)) {
        return DATA_HISTOGRAM_BINS - 1;
    }
    if (latency_ms < ldexp(1.0, DATA_HISTOGRAM_OCTAVE_MIN)) {
        return 0;
    }
    uint64_t bits;
    memcpy(&bits, &latency_ms, sizeof bits);
    uint64_t bin = (bits >> SHIFT) - FIRST + 1;
    return bin < DATA_HISTOGRAM_BINS ? (uint32_t)bin : DATA_HISTOGRAM_BINS - 1;
}

double data_histogram_edge_ms(uint32_t bin)
{
    if (bin == 0) {
        return 0.0;
    }
    if (bin >= DATA_HISTOGRAM_BINS) {
        return HUGE_VAL;
    }
    int octave = (int)((bin - 1) / 128);
    return ldexp(1.0 + (double)((bin - 1) % 128) / 128.0, octave + DATA_HISTOGRAM_OCTAVE_MIN);
}

double data_histogram_middle_ms(uint32_t bin)
{
    if (bin == 0) {
        return data_histogram_edge_ms(1);
    }
    double lower_ms = data_histogram_edge_ms(bin);
    if (bin >= DATA_HISTOGRAM_BINS - 1) {
        return lower_ms;
    }
    return 0.5 * (lower_ms + data_histogram_edge_ms(bin + 1));
}

void data_histogram_add(struct data_histogram *histogram, double latency_ms, double weight)
{
    histogram->weights[data_histogram_bin(latency_ms)] += weight;
}

void data_histogram_merge(struct data_histogram *into, const struct data_histogram *from)
{
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        into->weights[i] += from->weights[i];
    }
}

double data_histogram_total(const struct data_histogram *histogram)
{
    double total = 0.0;
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        total += histogram->weights[i];
    }
    return total;
}

double data_histogram_mean_ms(const struct data_histogram *histogram)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        sum += histogram->weights[i] * data_histogram_middle_ms(i);
    }
    double total = data_histogram_total(histogram);
    return total > 0.0 ? sum / total : (double)NAN;
}

double data_histogram_quantile_ms(const struct data_histogram *histogram, double share)
{
    double total = data_histogram_total(histogram);
    if (!(total > 0.0)) {
        return (double)NAN;
    }
    double below = 0.0, inside = 0.0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        if (!(histogram->weights[i] > 0.0)) {
            continue;
        }
        last = i;
        inside = histogram->weights[i];
        if (below + inside >= share * total) {
            break;
        }
        below += inside;
    }
    if (last == 0 || last == DATA_HISTOGRAM_BINS - 1) {
        return data_histogram_middle_ms(last);
    }
    double part = fmin(fmax((share * total - below) / inside, 0.0), 1.0);
    double lower_ms = data_histogram_edge_ms(last);
    return lower_ms + part * (data_histogram_edge_ms(last + 1) - lower_ms);
}

double data_histogram_share_below(const struct data_histogram *histogram, double latency_ms)
{
    double total = data_histogram_total(histogram);
    if (!(total > 0.0)) {
        return (double)NAN;
    }
    double below = 0.0;
    uint32_t end = data_histogram_bin(latency_ms);
    for (uint32_t i = 0; i <= end; i++) {
        below += histogram->weights[i];
    }
    return below / total;
}
