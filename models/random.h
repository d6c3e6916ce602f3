/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_RANDOM_H
#define MODEL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Numbers without a state: the n-th of a named stream, so that what one shard
 * or step draws never depends on another. */

/* Mixes two words (finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA 2014). */
uint64_t model_random_mix(uint64_t stream, uint64_t n);
/* Uniform in (0, 1); uniform below count. */
double model_random_unit(uint64_t stream, uint64_t n);
uint32_t model_random_below(uint64_t stream, uint64_t n, uint32_t count);
/* Standard normal (Box and Muller). */
double model_random_normal(uint64_t stream, uint64_t n);

/* Puts order [count] into a random order (Fisher and Yates). */
void model_random_shuffle(uint64_t stream, uint32_t *order, size_t count);

/* Inverted dropout: each of x [n] is kept with chance 1 - rate, and scaled by
 * 1 / (1 - rate). Called again with the same stream it does the same to the derivative. */
void model_random_dropout(uint32_t stream, float rate, float *x, size_t n);

#endif
