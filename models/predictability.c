/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/predictability.h"

#include <math.h>
#include <stdlib.h>

static double fano(double pi, uint32_t kinds)
{
    double q = 1.0 - pi;
    double uncertain = (pi > 0.0 ? -pi * log2(pi) : 0.0) + (q > 0.0 ? -q * log2(q) : 0.0);
    return uncertain + q * log2((double)kinds - 1.0);
}

/* fano() falls from log2(kinds) at 1 / kinds to 0 at 1: bisection. */
double model_predictability_limit(double entropy_bits, uint32_t kinds)
{
    if (kinds <= 1) {
        return 1.0;
    }
    double lo = 1.0 / kinds, hi = 1.0;
    if (entropy_bits >= log2((double)kinds)) {
        return lo;
    }
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (lo + hi);
        if (fano(middle, kinds) > entropy_bits) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    return 0.5 * (lo + hi);
}

static int rising(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

static enum hb_status count_kinds(const uint32_t *symbols, size_t count, uint32_t *kinds)
{
    uint32_t *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = symbols[i];
    }
    qsort(sorted, count, sizeof *sorted, rising);
    *kinds = 1;
    for (size_t i = 1; i < count; i++) {
        *kinds += sorted[i] != sorted[i - 1];
    }
    free(sorted);
    return HB_OK;
}

/* same[j] = length of the common prefix of the suffixes at i and at j, from
 * i + 1's: same_i[j] = symbols[i] == symbols[j] ? 1 + same_(i+1)[j + 1] : 0. */
static size_t longest_before(const uint32_t *symbols, size_t i, uint32_t *same)
{
    size_t longest = 0;
    for (size_t j = 0; j < i; j++) {
        same[j] = symbols[i] == symbols[j] ? 1 + same[j + 1] : 0;
        size_t length = same[j] < i - j ? same[j] : i - j; /* must end before i */
        longest = length > longest ? length : longest;
    }
    return longest;
}

enum hb_status model_predictability_of(const uint32_t *symbols, size_t count,
    struct model_predictability *out)
{
    if (count < 2) {
        return HB_ERR_RANGE;
    }
    uint32_t kinds = 0, *same = calloc(count + 1, sizeof *same);
    if (same == NULL || count_kinds(symbols, count, &kinds) != HB_OK) {
        free(same);
        return HB_ERR_MEMORY;
    }
    double sum = 0.0;
    for (size_t i = count; i-- > 0;) {
        sum += (double)longest_before(symbols, i, same) + 1.0;
    }
    free(same);
    double entropy_bits = (double)count / sum * log2((double)count);
    *out = (struct model_predictability) { .entropy_bits = entropy_bits,
        .pi_max = model_predictability_limit(entropy_bits, kinds),
        .kinds = kinds };
    return HB_OK;
}
