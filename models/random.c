/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/random.h"

#include <math.h>

/* ThreadSanitizer cannot run before main, where clones are chosen; clang 14 calls
 * them by a name that other files do not know. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) \
    && !defined(__SANITIZE_THREAD__)
#define VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTOR_CLONES
#endif

static const double two_pi = 6.28318530717958647692;

uint64_t model_random_mix(uint64_t stream, uint64_t n)
{
    uint64_t z = stream + (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double model_random_unit(uint64_t stream, uint64_t n)
{
    return ((double)(model_random_mix(stream, n) >> 11) + 0.5) * 0x1p-53;
}

uint32_t model_random_below(uint64_t stream, uint64_t n, uint32_t count)
{
    return (uint32_t)((model_random_mix(stream, n) >> 32) * count >> 32);
}

double model_random_normal(uint64_t stream, uint64_t n)
{
    double radius = sqrt(-2.0 * log(model_random_unit(stream, 2 * n)));
    return radius * cos(two_pi * model_random_unit(stream, 2 * n + 1));
}

void model_random_shuffle(uint64_t stream, uint32_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        uint32_t j = model_random_below(stream, i, (uint32_t)i);
        uint32_t last = order[i - 1];
        order[i - 1] = order[j];
        order[j] = last;
    }
}

VECTOR_CLONES void model_random_dropout(uint32_t stream, float rate, float *x, size_t n)
{
    uint32_t limit = (uint32_t)((double)rate * 4294967296.0);
    float scale = 1.0F / (1.0F - rate);
    for (size_t i = 0; i < n; i++) {
        /* lowbias32: a 32-bit mixer by C. Wellons, public domain constants */
        uint32_t z = ((uint32_t)i + 1) * 0x9E3779B9U + stream;
        z = (z ^ (z >> 16)) * 0x7feb352dU;
        z = (z ^ (z >> 15)) * 0x846ca68bU;
        z ^= z >> 16;
        x[i] = z < limit ? 0.0F : x[i] * scale;
    }
}
