/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_ASCOUNTRY_H
#define DATA_ASCOUNTRY_H

#include <stddef.h>
#include <stdint.h>

#include "core/geo.h"
#include "data/cities.h"
#include "data/problem.h"

/* Where ASes are, as far as the country of their registration tells:
 * lines "number:name, CC" (the form of potaroo's autnums list). */
struct data_ascountry;

/* The place of a country is the mean of its cities weighted by their people.
 * HB_ERR_IO, HB_ERR_FORMAT (file:line), HB_ERR_MEMORY. */
enum hb_status data_ascountry_load(const char *path, const struct data_cities *cities,
    struct data_ascountry **out, struct data_problem *problem);
void data_ascountry_free(struct data_ascountry *countries);

/* HB_ERR_NOT_FOUND: not listed, or a country without city. */
enum hb_status data_ascountry_place(const struct data_ascountry *countries, uint32_t as,
    struct hb_point *out);

/* The country's two capitals as first << 8 | second; 0: not listed. */
uint16_t data_ascountry_code(const struct data_ascountry *countries, uint32_t as);

/* The mean place of a country; HB_ERR_NOT_FOUND: no city of it is in the table. */
enum hb_status data_ascountry_middle(const struct data_ascountry *countries, uint16_t code,
    struct hb_point *out);

#endif
