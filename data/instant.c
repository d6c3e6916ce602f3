/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/instant.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const int64_t day_s = 86400;
static const int64_t end_unix_s = 4102444800; /* 2100-01-01 */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year));
}

enum hb_status data_instant_of_date(int year, int month, int day, int64_t *unix_s)
{
    if (year < 1970 || year > 2100 || month < 1 || month > 12 || day < 1
        || day > month_days(year, month)) {
        return HB_ERR_RANGE;
    }
    int64_t days = day - 1;
    for (int y = 1970; y < year; y++) {
        days += is_leap(y) ? 366 : 365;
    }
    for (int m = 1; m < month; m++) {
        days += month_days(year, m);
    }
    *unix_s = days * day_s;
    return HB_OK;
}

void data_instant_date(int64_t unix_s, char text[11])
{
    int64_t days = unix_s / day_s - (unix_s % day_s < 0);
    int year = 1970, month = 1;
    while (days >= (is_leap(year) ? 366 : 365) && year < 9999) {
        days -= is_leap(year) ? 366 : 365;
        year++;
    }
    while (month < 12 && days >= month_days(year, month)) {
        days -= month_days(year, month++);
    }
    char line[40];
    (void)snprintf(line, sizeof line, "%04d-%02d-%02d", year, month, (int)(days % 31) + 1);
    memcpy(text, line, 10);
    text[10] = '\0';
}

/* Exactly count digits; NULL if they are not there. */
static const char *read_digits(const char *text, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++, text++) {
        if (*text < '0' || *text > '9') {
            return NULL;
        }
        value = value * 10 + (*text - '0');
    }
    *out = value;
    return text;
}

static const char *skip_fraction(const char *text)
{
    if (*text != '.' && *text != ',') {
        return text;
    }
    size_t digits = strspn(text + 1, "0123456789");
    return digits == 0 ? NULL : text + 1 + digits;
}

/* Z, +hh, +hhmm or +hh:mm to the end; nothing is UTC. */
static const char *read_zone(const char *text, int *offset_s)
{
    *offset_s = 0;
    if (*text == 'Z' || *text == 'z') {
        return text + 1;
    }
    if (*text != '+' && *text != '-') {
        return text;
    }
    int sign = *text == '-' ? -1 : 1, hours = 0, minutes = 0;
    text = read_digits(text + 1, 2, &hours);
    if (text != NULL && *text != '\0') {
        text = read_digits(text + (*text == ':'), 2, &minutes);
    }
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return hours > 18 || minutes > 59 ? NULL : text;
}

static const char *read_clock(const char *text, int *clock_s)
{
    int hour = 0, minute = 0, second = 0;
    text = read_digits(text, 2, &hour);
    text = text == NULL || *text != ':' ? NULL : read_digits(text + 1, 2, &minute);
    if (text != NULL && *text == ':') {
        text = read_digits(text + 1, 2, &second);
        text = text == NULL ? NULL : skip_fraction(text);
    }
    *clock_s = hour * 3600 + minute * 60 + second;
    return hour > 23 || minute > 59 || second > 60 ? NULL : text;
}

static enum hb_status parse_iso(const char *text, int64_t *unix_s)
{
    int year = 0, month = 0, day = 0, clock_s = 0, offset_s = 0;
    text = read_digits(text, 4, &year);
    text = text == NULL || *text != '-' ? NULL : read_digits(text + 1, 2, &month);
    text = text == NULL || *text != '-' ? NULL : read_digits(text + 1, 2, &day);
    if (text != NULL && (*text == 'T' || *text == ' ')) {
        text = read_clock(text + 1, &clock_s);
        text = text == NULL ? NULL : read_zone(text, &offset_s);
    }
    if (text == NULL || *text != '\0') {
        return HB_ERR_FORMAT;
    }
    int64_t date_s = 0;
    enum hb_status status = data_instant_of_date(year, month, day, &date_s);
    if (status != HB_OK) {
        return status;
    }
    *unix_s = date_s + clock_s - offset_s;
    return *unix_s < 0 || *unix_s >= end_unix_s ? HB_ERR_RANGE : HB_OK;
}

enum hb_status data_instant_parse(const char *text, int64_t *unix_s)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 4 && text[digits] == '-') {
        int64_t iso_s = 0;
        enum hb_status status = parse_iso(text, &iso_s);
        if (status == HB_OK) {
            *unix_s = iso_s;
        }
        return status;
    }
    const char *end = digits == 0 ? NULL : skip_fraction(text + digits);
    if (end == NULL || *end != '\0') {
        return HB_ERR_FORMAT;
    }
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (text[i] - '0');
        if (value >= end_unix_s) {
            return HB_ERR_RANGE;
        }
    }
    *unix_s = value;
    return HB_OK;
}
