/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/tables.h"
#include "data/timezone.h"

/* The C library's opinion, under TZ = rule. */
static int32_t library_offset_s(int64_t unix_s)
{
    time_t instant = (time_t)unix_s;
    struct tm local;
    char text[8];
    assert_non_null(localtime_r(&instant, &local));
    assert_int_equal(strftime(text, sizeof text, "%z", &local), 5);
    int hhmm = atoi(text + 1);
    return (text[0] == '-' ? -1 : 1) * (hhmm / 100 * 3600 + hhmm % 100 * 60);
}

static void agrees_with_the_library(const char *rule)
{
    struct data_timezone zone;
    assert_int_equal(data_timezone_parse(rule, &zone), HB_OK);
    assert_int_equal(setenv("TZ", rule, 1), 0);
    tzset();
    /* 1999..2040, steps of 17 h 13 min: every hour and day of the week comes up. */
    for (int64_t at_s = 915148800; at_s < 2208988800; at_s += 61980) {
        int32_t want_s = library_offset_s(at_s);
        if (data_timezone_offset_s(&zone, at_s) != want_s) {
            fail_msg("%s at %lld: %d, expected %d", rule, (long long)at_s,
                data_timezone_offset_s(&zone, at_s), want_s);
        }
    }
}

static void every_shipped_rule_agrees_with_the_library(void **state)
{
    (void)state;
    struct data_table *table = NULL;
    assert_int_equal(
        data_tables_read_shipped("timezones.tsv", "time_zone\tposix_rule", NULL, &table), HB_OK);
    const char *last = "";
    for (size_t i = 0; i < data_tables_row_count(table); i++) {
        const char *rule = data_tables_text(table, i, 1);
        if (strcmp(rule, last) != 0) {
            agrees_with_the_library(rule);
        }
        last = rule;
    }
    data_tables_free(table);
}

/* Published: European summer time 2026 runs from 29 March 01:00 UTC to 25 October 01:00 UTC. */
static void berlin_changes_its_clocks_to_the_second(void **state)
{
    (void)state;
    struct data_timezone berlin;
    assert_int_equal(data_timezone_parse("CET-1CEST,M3.5.0,M10.5.0/3", &berlin), HB_OK);
    assert_int_equal(data_timezone_offset_s(&berlin, 1774746000 - 1), 3600);
    assert_int_equal(data_timezone_offset_s(&berlin, 1774746000), 7200);
    assert_int_equal(data_timezone_offset_s(&berlin, 1792890000 - 1), 7200);
    assert_int_equal(data_timezone_offset_s(&berlin, 1792890000), 3600);
}

static void malformed_rules_are_refused(void **state)
{
    (void)state;
    static const char *const rules[] = { "", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-168", "CET-1:60", "<+03-3", "<>3", "CET-1x", "CET-1CEST,J60,J300",
        "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3 " };
    struct data_timezone zone = { .standard_s = 731 };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        assert_int_equal(data_timezone_parse(rules[i], &zone), HB_ERR_FORMAT);
    }
    assert_int_equal(zone.standard_s, 731);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_rule_agrees_with_the_library),
        cmocka_unit_test(berlin_changes_its_clocks_to_the_second),
        cmocka_unit_test(malformed_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
