/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_PREDICTABILITY_H
#define MODEL_PREDICTABILITY_H

#include <stddef.h>
#include <stdint.h>

#include "models/dataset.h"

/* The limit of predictability of a sequence. Source: Song, Qu, Blumm,
 * Barabasi, Science 327 (2010). */
struct model_predictability {
    double entropy_bits; /* per symbol, by Lempel-Ziv */
    double pi_max;
    uint32_t kinds;      /* different symbols */
};

/* symbols [count], count >= 2. Takes count^2 / 2 comparisons. HB_ERR_MEMORY, HB_ERR_RANGE. */
enum hb_status model_predictability_of(const uint32_t *symbols, size_t count,
    struct model_predictability *out);

/* Mean entropy and limit over the clients of a data set with at least two slots; kinds: how
 * many those are. HB_ERR_MEMORY, HB_ERR_RANGE: none. */
enum hb_status model_predictability_mean(const struct model_dataset *dataset,
    struct model_predictability *out);

/* The root in 1/kinds..1 of entropy = H(pi) + (1 - pi) log2(kinds - 1); 1 if kinds is 1,
 * 1 / kinds if the entropy is larger than log2(kinds). */
double model_predictability_limit(double entropy_bits, uint32_t kinds);

#endif
