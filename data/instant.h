/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_INSTANT_H
#define DATA_INSTANT_H

#include <stdint.h>

#include "core/status.h"

/* Reads an instant: Unix seconds ("1224730384", "1224730384.5"), or ISO 8601
 * "2008-10-23[T| ]02:53[:04[.5]][Z|+08:00|+0800|+08]", without a zone UTC.
 * Fractions are dropped. HB_ERR_FORMAT; HB_ERR_RANGE outside 1970..2100. */
enum hb_status data_instant_parse(const char *text, int64_t *unix_s);

/* Seconds from 1970-01-01T00:00:00Z to midnight UTC of a Gregorian date. HB_ERR_RANGE. */
enum hb_status data_instant_of_date(int year, int month, int day, int64_t *unix_s);

/* "2008-10-23" of an instant, UTC. text [11]. */
void data_instant_date(int64_t unix_s, char text[11]);

#endif
