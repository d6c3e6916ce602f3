/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/instant.h"
#include "data/names.h"

/* Oracle: the C library writes the instants, 1970..2099, in steps of 9.06 days. */
static void what_the_library_writes_is_read(void **state)
{
    (void)state;
    for (int64_t at_s = 731; at_s < 4102444800; at_s += 782731) {
        time_t instant = (time_t)at_s;
        struct tm utc;
        char text[40], date[11], want_date[11];
        assert_non_null(gmtime_r(&instant, &utc));
        assert_true(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0);
        int64_t got_s = -1;
        assert_int_equal(data_instant_parse(text, &got_s), HB_OK);
        assert_int_equal(got_s, at_s);
        assert_true(strftime(want_date, sizeof want_date, "%Y-%m-%d", &utc) > 0);
        data_instant_date(at_s, date);
        assert_string_equal(date, want_date);
    }
}

static void other_forms_are_read(void **state)
{
    (void)state;
    /* 1224730384 = 2008-10-23T02:53:04Z */
    static const char *const texts[] = { "1224730384", "1224730384.75", "2008-10-23 02:53:04",
        "2008-10-23T02:53:04.123Z", "2008-10-23T10:53:04+08:00", "2008-10-23T10:53:04+0800",
        "2008-10-23T10:53:04+08", "2008-10-22T21:23:04-05:30" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t got_s = 0;
        assert_int_equal(data_instant_parse(texts[i], &got_s), HB_OK);
        assert_int_equal(got_s, 1224730384);
    }
    int64_t got_s = 0;
    assert_int_equal(data_instant_parse("2008-10-23", &got_s), HB_OK);
    assert_int_equal(got_s, 1224720000);
    assert_int_equal(data_instant_parse("2008-10-23T02:53", &got_s), HB_OK);
    assert_int_equal(got_s, 1224730380);
}

static void malformed_instants_are_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = { "", " 1", "-5", "12a", "1.", "1e9", "2008-",
        "2008-1-23", "2008-10-23T", "2008-10-23T2:53", "2008-10-23T24:00", "2008-10-23T02:60",
        "2008-10-23T02:53:61", "2008-10-23T02:53:04.", "2008-10-23T02:53:04+", "2008-10-23x",
        "2008-10-23T02:53:04+19:00", "2008-10-23T02:53:04Z ", "2008/10/23", "nan" };
    int64_t got_s = 731;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        assert_int_equal(data_instant_parse(malformed[i], &got_s), HB_ERR_FORMAT);
    }
    static const char *const outside[] = { "4102444800", "99999999999999999999", "2008-13-01",
        "2009-02-29", "2008-02-30", "1969-12-31", "2100-01-01", "2008-00-10",
        "1970-01-01T00:00+01" };
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        assert_int_equal(data_instant_parse(outside[i], &got_s), HB_ERR_RANGE);
    }
    assert_int_equal(got_s, 731);
}

static void names_are_numbered_in_order_of_appearance(void **state)
{
    (void)state;
    struct data_names *names = NULL;
    assert_int_equal(data_names_create(&names), HB_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        char text[20];
        uint32_t number = 0;
        (void)snprintf(text, sizeof text, "name %u", i % 1001);
        assert_int_equal(data_names_add(names, text, &number), HB_OK);
        assert_int_equal(number, i % 1001);
    }
    assert_int_equal(data_names_len(names), 1001);
    assert_int_equal(data_names_find(names, "name 731"), 731);
    assert_int_equal(data_names_find(names, "name 1001"), DATA_NAMES_NONE);
    data_names_free(names);
    data_names_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_library_writes_is_read),
        cmocka_unit_test(other_forms_are_read),
        cmocka_unit_test(malformed_instants_are_refused),
        cmocka_unit_test(names_are_numbered_in_order_of_appearance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
