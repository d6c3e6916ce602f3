/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <stddef.h>

/* count floats, zeroed, aligned to 64 bytes (a vector and a cache line), freed
 * with free(); NULL when there is no memory or the size overflows. */
float *model_memory_floats(size_t count);

/* The same with any content: what is never written takes no memory of the machine. */
float *model_memory_untouched(size_t count);

#endif
