/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_NAMES_H
#define DATA_NAMES_H

#include <stdint.h>

#include "core/status.h"

/* Numbers for texts, 0, 1, ... in order of appearance. */
struct data_names;

#define DATA_NAMES_NONE UINT32_MAX

enum hb_status data_names_create(struct data_names **out);
void data_names_free(struct data_names *names);
uint32_t data_names_len(const struct data_names *names);

/* The number of a text, given now if it has none. HB_ERR_FULL after 2^28, HB_ERR_MEMORY. */
enum hb_status data_names_add(struct data_names *names, const char *text, uint32_t *out);

/* The number of a text, or DATA_NAMES_NONE. */
uint32_t data_names_find(const struct data_names *names, const char *text);

#endif
