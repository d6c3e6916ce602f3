/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/cities.h"
#include "data/tables.h"

static int read_tables(void **state)
{
    struct data_cities *cities = NULL;
    int status = data_cities_create(NULL, &cities) == HB_OK ? 0 : -1;
    *state = cities;
    return status;
}

static int drop_tables(void **state)
{
    data_cities_free(*state);
    return 0;
}

/* Hand values: the cities' well-known coordinates and clocks. */
static void cities_are_found_by_either_name_in_any_case(void **state)
{
    const struct {
        struct data_city_query query;
        double lat_deg, lon_deg;
        int32_t winter_s;
    } known[] = {
        { { .name = "Berlin" }, 52.52, 13.41, 3600 },
        { { .name = "sao paulo" }, -23.55, -46.63, -10800 },
        { { .name = "São Paulo", .country = "br" }, -23.55, -46.63, -10800 },
        { { .name = "Kathmandu" }, 27.70, 85.32, 20700 },
        { { .name = "New York City", .country = "US" }, 40.71, -74.01, -18000 },
        { { .name = "London", .country = "CA" }, 42.98, -81.23, -18000 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct data_city *city = NULL;
        assert_int_equal(data_cities_find(*state, &known[i].query, NULL, &city), HB_OK);
        assert_true(fabs(city->at.lat_deg - known[i].lat_deg) < 0.05);
        assert_true(fabs(city->at.lon_deg - known[i].lon_deg) < 0.05);
        /* 2026-01-15 */
        assert_int_equal(data_timezone_offset_s(&city->timezone, 1768435200), known[i].winter_s);
    }
}

/* Names by which the world knows them, each with GeoNames' own. */
static void cities_are_found_by_their_english_names(void **state)
{
    static const char *const names[][2] = { { "Geneva", "Genève" }, { "cologne", "Köln" },
        { "Muenchen", "Munich" }, { "Nuremberg", "Nürnberg" }, { "Antwerp", "Antwerpen" },
        { "Gothenburg", "Göteborg" }, { "Seville", "Sevilla" },
        { "Bombay", "Mumbai" }, { "Kiev", "Kyiv" }, { "New York", "New York City" },
        { "Vienna", "Vienna" }, { "Zurich", "Zürich" }, { "The Hague", "The Hague" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct data_city *city = NULL;
        struct data_city_query query = { .name = names[i][0] };
        struct data_problem problem = { 0 };
        enum hb_status status = data_cities_find(*state, &query, &problem, &city);
        assert_string_equal(problem.text, "");
        assert_int_equal(status, HB_OK);
        assert_string_equal(city->name, names[i][1]);
    }
}

static void other_names_obey_country_and_clearness(void **state)
{
    const struct data_city *city = NULL;
    struct data_problem problem = { 0 };
    struct data_city_query query = { .name = "Cologne", .country = "FR" };
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_ERR_NOT_FOUND);
    assert_non_null(strstr(problem.text, "found no city \"Cologne\" in FR: expected one of"));
    query = (struct data_city_query) { .name = "Genva" };
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_ERR_NOT_FOUND);
    assert_non_null(strstr(problem.text, "Genève, CH)"));
    query = (struct data_city_query) { .name = "Kordoba" };
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_ERR_RANGE);
    assert_non_null(strstr(problem.text, "cities \"Kordoba\": expected one; say which: country "));
    query.country = "ES";
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_OK);
    assert_string_equal(city->country, "ES");
}

/* city_names.tsv stands in the order of cities.tsv, which finding relies on. */
static void every_other_name_has_its_city(void **state)
{
    struct data_table *names = NULL;
    struct data_problem problem = { 0 };
    assert_int_equal(
        data_tables_read_shipped("city_names.tsv", "geoname_id\tname", &problem, &names), HB_OK);
    size_t index = 0, rows = data_tables_row_count(names);
    assert_true(rows > 20000);
    for (size_t row = 0; row < rows; row++) {
        unsigned long id = strtoul(data_tables_text(names, row, 0), NULL, 10);
        while (data_cities_at(*state, index)->geoname_id != id) {
            index++; /* asserts beyond the end */
        }
    }
    data_tables_free(names);
}

static void a_city_with_a_small_namesake_needs_no_country(void **state)
{
    const struct data_city *city = NULL;
    struct data_city_query query = { .name = "London" };
    assert_int_equal(data_cities_find(*state, &query, NULL, &city), HB_OK);
    assert_string_equal(city->country, "GB");
}

static void unclear_and_unknown_names_are_refused_with_advice(void **state)
{
    const struct data_city *city = NULL;
    struct data_problem problem = { 0 };
    struct data_city_query query = { .name = "Birmingham" };
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_ERR_RANGE);
    assert_string_equal(problem.text,
        "found 2 cities \"Birmingham\": expected one; say which: "
        "country GB admin ENG, country US admin AL");
    query = (struct data_city_query) { .name = "Springfield", .country = "US" };
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_ERR_RANGE);
    query.admin = "MO";
    assert_int_equal(data_cities_find(*state, &query, NULL, &city), HB_OK);
    assert_string_equal(city->zone, "America/Chicago");
    query = (struct data_city_query) { .name = "Amsterdm", .country = "NL" };
    assert_int_equal(data_cities_find(*state, &query, &problem, &city), HB_ERR_NOT_FOUND);
    assert_non_null(strstr(problem.text,
        "found no city \"Amsterdm\" in NL: expected one of cities.tsv such as Amsterdam (NL), "));
}

/* Oracle: all distances, one by one. */
static void the_nearest_city_is_the_nearest(void **state)
{
    const struct hb_point points[] = { { 48.1, 11.6 }, { -41.2, 174.9 }, { 0.3, -160.2 },
        { 71.0, 25.0 }, { -89.0, 179.9 }, { 39.98, 116.31 } };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        double best_km = HUGE_VAL;
        for (size_t k = 0; k < data_cities_len(*state); k++) {
            best_km = fmin(best_km, hb_geo_distance_km(points[i], data_cities_at(*state, k)->at));
        }
        assert_near(hb_geo_distance_km(points[i], data_cities_nearest(*state, points[i])->at),
            best_km, 0.0);
    }
    struct hb_point frankfurt = { 50.11, 8.68 };
    assert_string_equal(data_cities_airport(*state, frankfurt)->iata, "FRA");
}

static void table_row(const char *text, const char *want)
{
    char path[] = "/tmp/test_tables_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    struct data_table *table = NULL;
    struct data_problem problem = { 0 };
    enum hb_status status = data_tables_read(path, "name\tvalue", &problem, &table);
    double value = 0.0;
    if (status == HB_OK) {
        status = data_tables_number(table, 0, 1, 0.0, 9.0, &problem, &value);
    }
    data_tables_free(table);
    (void)unlink(path);
    if (want == NULL) {
        assert_int_equal(status, HB_OK);
        assert_near(value, 7.31, 0.0);
        return;
    }
    assert_int_equal(status, HB_ERR_FORMAT);
    assert_int_equal(strncmp(problem.text, path, strlen(path)), 0);
    assert_string_equal(problem.text + strlen(path), want);
}

static void malformed_tables_are_refused(void **state)
{
    (void)state;
    table_row("# comment\nname\tvalue\n\na\t7.31\n", NULL);
    table_row("", ":1: found no columns: expected \"name?value\"");
    table_row("name\tother\na\t1\n", ":1: found columns \"name?other\": expected \"name?value\"");
    table_row("name\tvalue\na\t1\t2\n", ":2: found 3 columns: expected 2");
    table_row("name\tvalue\n#\na\n", ":3: found 1 columns: expected 2");
    table_row("name\tvalue\na\t7.31x\n", ":2: value=\"7.31x\": expected a number in 0..9");
    table_row("name\tvalue\na\t9.5\n", ":2: value=\"9.5\": expected a number in 0..9");
    table_row("name\tvalue\na\tnan\n", ":2: value=\"nan\": expected a number in 0..9");
}

static void a_missing_table_is_named_with_where_it_was_sought(void **state)
{
    (void)state;
    char path[300];
    struct data_problem problem = { 0 };
    assert_int_equal(setenv("HARBINGER_DATA", "/nonexistent/731", 1), 0);
    assert_int_equal(data_tables_path("cities.tsv", path, sizeof path, &problem), HB_ERR_NOT_FOUND);
    assert_string_equal(problem.text,
        "cities.tsv: found no such table in /nonexistent/731: "
        "expected there ($HARBINGER_DATA says where else)");
    assert_int_equal(data_tables_path("cities.tsv", path, 10, &problem), HB_ERR_RANGE);
    assert_int_equal(unsetenv("HARBINGER_DATA"), 0);
    assert_int_equal(data_tables_path("cities.tsv", path, sizeof path, &problem), HB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cities_are_found_by_either_name_in_any_case),
        cmocka_unit_test(cities_are_found_by_their_english_names),
        cmocka_unit_test(other_names_obey_country_and_clearness),
        cmocka_unit_test(every_other_name_has_its_city),
        cmocka_unit_test(a_city_with_a_small_namesake_needs_no_country),
        cmocka_unit_test(unclear_and_unknown_names_are_refused_with_advice),
        cmocka_unit_test(the_nearest_city_is_the_nearest),
        cmocka_unit_test(malformed_tables_are_refused),
        cmocka_unit_test(a_missing_table_is_named_with_where_it_was_sought),
    };
    return cmocka_run_group_tests(tests, read_tables, drop_tables);
}
