/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_HISTOGRAM_H
#define DATA_HISTOGRAM_H

#include <stdint.h>

#include "core/status.h"

/* Latency histogram with bounded relative error: 128 equal bins in every octave
 * from 2^-5 ms (31 us) to 2^17 ms (131 s), one bin below and one above. A
 * quantile is interpolated within the bin of the value that has that rank, so
 * at most 1/128 = 0.79 % from it. Weights are any doubles >= 0 (requests of a segment); sums of
 * whole numbers below 2^53 are exact, so merging commutes. 22 KiB each; a
 * plain value, all zero is empty. */
#define DATA_HISTOGRAM_OCTAVE_MIN (-5)
#define DATA_HISTOGRAM_OCTAVE_MAX 17
#define DATA_HISTOGRAM_BINS (2 + 128 * (DATA_HISTOGRAM_OCTAVE_MAX - DATA_HISTOGRAM_OCTAVE_MIN))

struct data_histogram {
    double weights[DATA_HISTOGRAM_BINS];
};

/* Bin of a latency, 0 .. BINS - 1: monotone in latency_ms; NaN goes to the last. */
uint32_t data_histogram_bin(double latency_ms);
/* Lower edge of bin (0 of bin 0); bin + 1 gives the upper one, infinite for the last. */
double data_histogram_edge_ms(uint32_t bin);
/* The value that stands for a bin: its middle; bin 0 and the last their finite edge. */
double data_histogram_middle_ms(uint32_t bin);

void data_histogram_add(struct data_histogram *histogram, double latency_ms, double weight);
void data_histogram_merge(struct data_histogram *into, const struct data_histogram *from);
double data_histogram_total(const struct data_histogram *histogram);
/* Mean of the bins' middles; NaN if empty. */
double data_histogram_mean_ms(const struct data_histogram *histogram);
/* Least value that at least share (0..1) of the weight does not exceed; NaN if empty. */
double data_histogram_quantile_ms(const struct data_histogram *histogram, double share);
/* Share of the weight in the bins up to latency_ms's own, whole; NaN if empty. */
double data_histogram_share_below(const struct data_histogram *histogram, double latency_ms);

#endif
