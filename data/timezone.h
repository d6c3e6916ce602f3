/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TIMEZONE_H
#define DATA_TIMEZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* When daylight saving starts or ends: the week-th (5: last) weekday (0:
 * Sunday) of month, at_s after that day's midnight in the time kept before. */
struct data_timezone_change {
    int32_t month, week, weekday;
    int32_t at_s;
};

/* A zone's present rule, as in the POSIX TZ variable (IEEE 1003.1-2017, 8.3)
 * with the hours beyond 24 of RFC 8536. Applied to any year; past rules are
 * not known. Needs no tz database on the machine, so results do not depend on it. */
struct data_timezone {
    int32_t standard_s; /* east of UTC */
    int32_t daylight_s;
    bool has_daylight;
    struct data_timezone_change start, end;
};

/* Reads a rule such as "CET-1CEST,M3.5.0,M10.5.0/3". HB_ERR_FORMAT. */
enum hb_status data_timezone_parse(const char *rule, struct data_timezone *out);

/* Offset east of UTC that clocks keep at an instant. */
int32_t data_timezone_offset_s(const struct data_timezone *zone, int64_t unix_s);

#endif
