/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

float *model_memory_untouched(size_t count)
{
    if (count > (SIZE_MAX - 64) / sizeof(float)) {
        return NULL;
    }
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    return aligned_alloc(64, bytes == 0 ? 64 : bytes);
}

float *model_memory_floats(size_t count)
{
    float *floats = model_memory_untouched(count);
    if (floats != NULL) {
        memset(floats, 0, (count * sizeof *floats + 63) / 64 * 64);
    }
    return floats;
}
