/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/grow.h"

#include <stdint.h>
#include <stdlib.h>

enum { first_items = 64 };

void *data_grow(void *array, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) {
        return array;
    }
    size_t more = *capacity == 0 ? first_items : 2 * *capacity;
    if (more > SIZE_MAX / 2 / item_bytes) {
        return NULL;
    }
    void *longer = realloc(array, more * item_bytes);
    *capacity = longer != NULL ? more : *capacity;
    return longer;
}
