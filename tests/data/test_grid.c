/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "data/grid.h"

static const struct data_grid_config typical = { .cell_km = 1.3, .gap_s = 1000.0, .city_km = 50.0 };

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

static void add(struct data_grid *grid, const char *client, int64_t unix_s, struct hb_point at)
{
    struct data_fix fix = { .unix_s = unix_s, .at = at };
    assert_int_equal(data_grid_add(grid, client, &fix), HB_OK);
}

/* Deterministic points over the whole globe, poles and date line among them. */
static struct hb_point scattered(uint32_t i)
{
    static const struct hb_point corners[] = { { 90, 180 }, { -90, -180 }, { 0, 180 }, { 0, -180 },
        { 90, -180 }, { 89.9999, 10 }, { -45, 179.9999 } };
    if (i < 7) {
        return corners[i];
    }
    return (struct hb_point) { .lat_deg = (i * 7919 % 17989) / 17988.0 * 180.0 - 90.0,
        .lon_deg = (i * 6271 % 35983) / 35982.0 * 360.0 - 180.0 };
}

/* Half a cell's diagonal is 0.92 km; rows and columns are rounded to whole numbers. */
static void a_cell_is_near_every_fix_in_it(void **state)
{
    struct data_grid *grid = NULL;
    assert_int_equal(data_grid_create(&typical, *state, &grid), HB_OK);
    for (uint32_t i = 0; i < 500; i++) {
        add(grid, "a", 1000000 + i * 100, scattered(i));
    }
    struct data_trace_store *store = NULL;
    assert_int_equal(data_grid_finish(grid, &store), HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    struct data_problem problem = { 0 };
    assert_int_equal(data_trace_check(trace, "grid", &problem), HB_OK);
    for (uint32_t i = 0; i < 500; i++) {
        uint32_t at_s = (uint32_t)(1000000 + i * 100 - trace->epoch_unix_s);
        uint32_t place = data_trace_place_at(trace, 0, at_s);
        assert_true(place < trace->place_count);
        /* at the very poles a cell is a third of the last circle */
        double limit_km = fabs(scattered(i).lat_deg) > 89.9 ? 2.0 : 1.0;
        assert_true(hb_geo_distance_km(trace->places[place].at, scattered(i)) < limit_km);
    }
    data_trace_free(store);
    data_grid_free(grid);
}

static const struct hb_point home = { 48.1371, 11.5754 }, office = { 48.2620, 11.6680 };

/* 1224730384 = 2008-10-23T02:53:04Z, 10384 s after midnight. */
static void visits_follow_the_fixes(void **state)
{
    struct data_grid *grid = NULL;
    assert_int_equal(data_grid_create(&typical, *state, &grid), HB_OK);
    const int64_t t = 1224730384;
    add(grid, "late", t + 50, office);
    add(grid, "x", t + 2500, office); /* out of order */
    add(grid, "x", t, home);
    add(grid, "x", t + 900, home); /* the same place: no visit */
    add(grid, "x", t + 1500, office);
    add(grid, "x", t + 2500, office); /* the same second again */
    add(grid, "x", t + 3501, office); /* 1001 s after the last: absent for a second */
    struct data_trace_store *store = NULL;
    assert_int_equal(data_grid_finish(grid, &store), HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(trace->epoch_unix_s, t - 10384);
    assert_int_equal(trace->client_count, 2);
    assert_int_equal(trace->place_count, 2);
    assert_int_equal(trace->end_s, 10384 + 4501);
    const uint32_t office_place = 0, home_place = 1;
    const struct data_visit want[] = { { 10434, office_place, 0 }, { 11434, DATA_NOWHERE, 0 },
        { 10384, home_place, 0 }, { 11884, office_place, 0 }, { 13884, DATA_NOWHERE, 0 },
        { 13885, office_place, 0 }, { 14885, DATA_NOWHERE, 0 } };
    assert_int_equal(trace->first[1], 2);
    assert_int_equal(trace->first[2], 7);
    assert_memory_equal(trace->visits, want, sizeof want);
    assert_string_equal(trace->region_names[trace->places[0].region], "Munich");
    assert_int_equal(trace->places[0].utc_offset_s, 3600);
    data_trace_free(store);
    data_grid_free(grid);
}

static void far_from_cities_the_clock_follows_the_sun(void **state)
{
    struct data_grid *grid = NULL;
    assert_int_equal(data_grid_create(&typical, *state, &grid), HB_OK);
    add(grid, "ship", 1000000, (struct hb_point) { -48.0, -123.0 }); /* Point Nemo, -8.2 h */
    struct data_trace_store *store = NULL;
    assert_int_equal(data_grid_finish(grid, &store), HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(trace->places[0].region, HB_NONE);
    assert_int_equal(trace->places[0].utc_offset_s, -8 * 3600);
    assert_int_equal(trace->region_count, 0);
    data_trace_free(store);
    data_grid_free(grid);
}

static void exact_places_are_the_coordinates(void **state)
{
    struct data_grid_config config = typical;
    config.is_exact = true;
    struct data_grid *grid = NULL;
    assert_int_equal(data_grid_create(&config, *state, &grid), HB_OK);
    const struct hb_point near_home = { 48.1371, 11.575402 };
    add(grid, "x", 1000000, home);
    add(grid, "x", 1000100, near_home);
    add(grid, "x", 1000200, home);
    struct data_trace_store *store = NULL;
    assert_int_equal(data_grid_finish(grid, &store), HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(trace->place_count, 2);
    assert_near(trace->places[0].at.lat_deg, home.lat_deg, 1e-9);
    assert_near(trace->places[1].at.lon_deg, 11.575402, 1e-9);
    assert_int_equal(trace->first[1], 4);
    data_trace_free(store);
    data_grid_free(grid);
}

static void folded_days_are_clients_of_one_date(void **state)
{
    struct data_grid_config config = typical;
    config.folds_days = true;
    struct data_grid *grid = NULL;
    assert_int_equal(data_grid_create(&config, *state, &grid), HB_OK);
    add(grid, "x", 10 * 86400 + 3600, home);
    add(grid, "x", 7 * 86400 + 7200, office);
    add(grid, "y", 10 * 86400 + 85000, home);
    struct data_trace_store *store = NULL;
    assert_int_equal(data_grid_finish(grid, &store), HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(trace->client_count, 3);
    assert_int_equal(trace->epoch_unix_s, 7 * 86400);
    assert_int_equal(trace->visits[trace->first[0]].start_s, 3600);
    assert_int_equal(trace->visits[trace->first[1]].start_s, 7200);
    assert_int_equal(trace->visits[trace->first[2]].start_s, 85000);
    assert_int_equal(trace->end_s, 86000);
    data_trace_free(store);
    data_grid_free(grid);
}

static void what_is_out_of_range_is_refused(void **state)
{
    struct data_grid *grid = NULL;
    struct data_grid_config config = typical;
    config.cell_km = 0.04;
    assert_int_equal(data_grid_create(&config, *state, &grid), HB_ERR_RANGE);
    config = typical;
    config.gap_s = 59.0;
    assert_int_equal(data_grid_create(&config, *state, &grid), HB_ERR_RANGE);
    config = typical;
    config.city_km = NAN;
    assert_int_equal(data_grid_create(&config, *state, &grid), HB_ERR_RANGE);
    assert_int_equal(data_grid_create(&typical, *state, &grid), HB_OK);
    struct data_trace_store *store = NULL;
    assert_int_equal(data_grid_finish(grid, &store), HB_ERR_FORMAT);
    const struct data_fix bad[] = { { 0, { 90.001, 0 } }, { 0, { 0, -180.001 } }, { -1, { 0, 0 } },
        { 4102444800, { 0, 0 } }, { 0, { NAN, 0 } } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(data_grid_add(grid, "x", &bad[i]), HB_ERR_RANGE);
    }
    const struct data_fix good = { 1000000, { 1, 2 } };
    char name[65];
    memset(name, 'n', 64);
    name[64] = '\0';
    assert_int_equal(data_grid_add(grid, name, &good), HB_ERR_RANGE);
    assert_int_equal(data_grid_add(grid, "", &good), HB_ERR_RANGE);
    assert_int_equal(data_grid_add(grid, name + 1, &good), HB_OK);
    assert_int_equal(data_grid_fix_count(grid), 1);
    data_grid_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_near_every_fix_in_it),
        cmocka_unit_test(visits_follow_the_fixes),
        cmocka_unit_test(far_from_cities_the_clock_follows_the_sun),
        cmocka_unit_test(exact_places_are_the_coordinates),
        cmocka_unit_test(folded_days_are_clients_of_one_date),
        cmocka_unit_test(what_is_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, read_tables, drop_tables);
}
