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

enum hb_status model_predictability_mean(const struct model_dataset *dataset,
    struct model_predictability *out)
{
    *out = (struct model_predictability) { .kinds = 0 };
    for (uint32_t i = 0; i < dataset->client_count; i++) {
        struct model_predictability one;
        uint64_t first = dataset->first[i];
        enum hb_status status = model_predictability_of(dataset->place + first,
            dataset->first[i + 1] - first, &one);
        if (status == HB_ERR_MEMORY) {
            return status;
        }
        if (status == HB_OK) {
            out->pi_max += one.pi_max;
            out->entropy_bits += one.entropy_bits;
            out->kinds++;
        }
    }
    out->pi_max /= out->kinds > 0 ? out->kinds : 1;
    out->entropy_bits /= out->kinds > 0 ? out->kinds : 1;
    return out->kinds > 0 ? HB_OK : HB_ERR_RANGE;
}
