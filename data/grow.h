/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_GROW_H
#define DATA_GROW_H

#include <stddef.h>

/* Room for at least one more item behind count in a malloc'd array (NULL at first) of *capacity
 * items of item_bytes each; doubles when full. Returns the array, which may have moved. NULL: out
 * of memory; array and *capacity are as before. */
void *data_grow(void *array, size_t count, size_t *capacity, size_t item_bytes);

#endif
