/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/timezone.h"

#include <stddef.h>
#include <string.h>

#define DAY_S INT64_C(86400)

/* Skips a zone's abbreviation: letters, or anything in angle brackets. NULL: none. */
static const char *skip_name(const char *text)
{
    if (*text == '<') {
        const char *end = strchr(text, '>');
        return end == NULL || end == text + 1 ? NULL : end + 1;
    }
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return length < 3 ? NULL : text + length;
}

static const char *read_number(const char *text, int32_t max, int32_t *out)
{
    int32_t value = 0;
    const char *start = text;
    for (; *text >= '0' && *text <= '9' && value <= max; text++) {
        value = value * 10 + (*text - '0');
    }
    *out = value;
    return text == start || value > max ? NULL : text;
}

/* [+-]hh[:mm[:ss]], up to 167 hours (RFC 8536, 3.3.1). */
static const char *read_time(const char *text, int32_t *out_s)
{
    int32_t sign = *text == '-' ? -1 : 1, total_s = 0;
    text += *text == '-' || *text == '+';
    static const int32_t unit_s[3] = { 3600, 60, 1 };
    for (size_t i = 0; i < 3; i++) {
        int32_t value = 0;
        text = read_number(text, i == 0 ? 167 : 59, &value);
        if (text == NULL) {
            return NULL;
        }
        total_s += value * unit_s[i];
        if (*text != ':') {
            break;
        }
        text++;
    }
    *out_s = sign * total_s;
    return text;
}

/* ,Mm.w.d[/time] */
static const char *read_change(const char *text, struct data_timezone_change *out)
{
    if (text[0] != ',' || text[1] != 'M') {
        return NULL;
    }
    text = read_number(text + 2, 12, &out->month);
    if (text == NULL || *text != '.' || out->month == 0) {
        return NULL;
    }
    text = read_number(text + 1, 5, &out->week);
    if (text == NULL || *text != '.' || out->week == 0) {
        return NULL;
    }
    text = read_number(text + 1, 6, &out->weekday);
    out->at_s = 7200; /* POSIX: 02:00:00 */
    return text != NULL && *text == '/' ? read_time(text + 1, &out->at_s) : text;
}

enum hb_status data_timezone_parse(const char *rule, struct data_timezone *out)
{
    struct data_timezone zone = { 0 };
    int32_t west_s = 0;
    const char *text = skip_name(rule);
    text = text == NULL ? NULL : read_time(text, &west_s);
    zone.standard_s = zone.daylight_s = -west_s;
    if (text != NULL && *text != '\0') {
        zone.has_daylight = true;
        text = skip_name(text);
        zone.daylight_s = zone.standard_s + 3600;
        if (text != NULL && *text != ',') {
            text = read_time(text, &west_s);
            zone.daylight_s = -west_s;
        }
        text = text == NULL ? NULL : read_change(text, &zone.start);
        text = text == NULL ? NULL : read_change(text, &zone.end);
    }
    if (text == NULL || *text != '\0') {
        return HB_ERR_FORMAT;
    }
    *out = zone;
    return HB_OK;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to the first of a month, Gregorian: years counted from
 * March, so that the leap day is a year's last. */
static int64_t days_to_month(int64_t year, int32_t month)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t march_month = (month + 9) % 12;
    int64_t leap = floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
    return y * 365 + leap + (153 * march_month + 2) / 5 - 719468;
}

static int64_t year_of_day(int64_t day)
{
    int64_t year = 1970 + floor_div(day, 366);
    while (days_to_month(year + 1, 1) <= day) {
        year++;
    }
    return year;
}

/* Local seconds since 1970 at which a change happens in a year. */
static int64_t change_in_year(const struct data_timezone_change *change, int64_t year)
{
    int64_t first = days_to_month(year, change->month);
    int64_t next =
        change->month == 12 ? days_to_month(year + 1, 1) : days_to_month(year, change->month + 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (change->weekday - weekday + 7) % 7 + 7 * (change->week - 1);
    while (day >= next) {
        day -= 7;
    }
    return day * DAY_S + change->at_s;
}

int32_t data_timezone_offset_s(const struct data_timezone *zone, int64_t unix_s)
{
    if (!zone->has_daylight) {
        return zone->standard_s;
    }
    int64_t year = year_of_day(floor_div(unix_s + zone->standard_s, DAY_S));
    int64_t start_s = change_in_year(&zone->start, year) - zone->standard_s;
    int64_t end_s = change_in_year(&zone->end, year) - zone->daylight_s;
    bool daylight =
        start_s < end_s ? unix_s >= start_s && unix_s < end_s : unix_s >= start_s || unix_s < end_s;
    return daylight ? zone->daylight_s : zone->standard_s;
}
