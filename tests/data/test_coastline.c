/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/coastline.h"

/* Places far enough from any coast for the scale of the map. */
static void land_is_land_and_sea_is_sea(void **state)
{
    (void)state;
    static const struct hb_point land[] = { { 48.1, 11.6 }, { 39.9, 116.4 }, { -25.0, 134.0 },
        { 40.0, -100.0 }, { 0.0, 25.0 }, { 72.0, -40.0 }, { -85.0, 60.0 }, { 65.0, 170.0 },
        { 52.5, -1.5 } };
    static const struct hb_point sea[] = { { 0.0, 0.0 }, { 30.0, -45.0 }, { -48.0, -123.0 },
        { 56.0, 3.0 }, { 35.0, 20.0 }, { 20.0, -179.9 }, { -60.0, 179.9 }, { 85.0, 0.0 },
        { 42.5, 51.0 } };
    struct data_coastline *coastline = NULL;
    assert_int_equal(data_coastline_create(NULL, &coastline), HB_OK);
    for (size_t i = 0; i < 9; i++) {
        assert_true(data_coastline_is_land(coastline, land[i]));
        assert_false(data_coastline_is_land(coastline, sea[i]));
    }
    data_coastline_free(coastline);
    data_coastline_free(NULL);
}

/* From an atlas: London to Amsterdam is 150 km and more of North Sea, London to Paris about 90 km
 * of Channel on the straight line, Boston to Lisbon an ocean, Berlin to Munich nothing. */
static void water_between_cities_is_measured(void **state)
{
    (void)state;
    struct data_coastline *coastline = NULL;
    assert_int_equal(data_coastline_create(NULL, &coastline), HB_OK);
    const struct hb_point london = { 51.51, -0.13 }, paris = { 48.85, 2.35 };
    const struct hb_point amsterdam = { 52.37, 4.89 }, berlin = { 52.52, 13.41 };
    const struct hb_point munich = { 48.14, 11.58 }, boston = { 42.36, -71.06 };
    const struct hb_point lisbon = { 38.72, -9.13 };
    assert_true(data_coastline_water_km(coastline, london, amsterdam) > 120.0);
    assert_true(data_coastline_water_km(coastline, london, paris) < 95.0);
    assert_near(data_coastline_water_km(coastline, berlin, munich), 0.0, 0.0);
    assert_true(data_coastline_water_km(coastline, boston, lisbon) > 3000.0);
    assert_near(data_coastline_water_km(coastline, berlin, berlin), 0.0, 0.0);
    data_coastline_free(coastline);
}

static void a_malformed_table_is_refused(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        { "# c\n1\t2\n3 4\n", ":3: no point: expected lon_deg, a tab, lat_deg" },
        { "1\t91\n", ":1: no point: expected lon_deg, a tab, lat_deg" },
        { "1\t2\n181\t2\n", ":2: no point: expected lon_deg, a tab, lat_deg" },
        { "1\t2\n\n3\t4x\n", ":3: no point: expected lon_deg, a tab, lat_deg" },
    };
    char folder[] = "/tmp/test_coastline_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/coastline.tsv", folder);
    assert_int_equal(setenv("HARBINGER_DATA", folder, 1), 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(texts[i][0], file) >= 0);
        assert_int_equal(fclose(file), 0);
        struct data_problem problem = { 0 };
        struct data_coastline *coastline = NULL;
        assert_int_equal(data_coastline_create(&problem, &coastline), HB_ERR_FORMAT);
        assert_string_equal(problem.text + strlen(path), texts[i][1]);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(unsetenv("HARBINGER_DATA"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(land_is_land_and_sea_is_sea),
        cmocka_unit_test(water_between_cities_is_measured),
        cmocka_unit_test(a_malformed_table_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
