/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "sim/world/walker.h"

static const struct sim_world_city cities[] = {
    { .query = { .name = "Vienna", .country = "AT" } },
    { .query = { .name = "Graz", .country = "AT" } },
    { .query = { .name = "Tokyo", .country = "JP" } },
};

struct fixture {
    struct sim_world_config config;
    struct sim_model *model;
    struct sim_walker_log log;
    struct sim_walker walker;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->config = sim_world_defaults();
    fixture->config.cities = cities;
    fixture->config.city_count = 3;
    fixture->config.client_count = 10;
    fixture->config.start_unix_s = 1767657600;
    fixture->config.duration_s = 100000.0;
    assert_int_equal(sim_model_create(&fixture->config, NULL, &fixture->model), HB_OK);
    fixture->walker = (struct sim_walker) {
        .model = fixture->model, .log = &fixture->log, .written_s = -HUGE_VAL
    };
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->log.visits);
    sim_model_free(fixture->model);
    free(fixture);
    return 0;
}

static void place_at(struct fixture *fixture, uint32_t city, double x_km, double y_km)
{
    uint32_t zone = sim_land_zone_at(fixture->model->cities[city].land, x_km, y_km);
    assert_int_not_equal(zone, HB_NONE);
    sim_walker_place(&fixture->walker, city, zone);
}

static const struct sim_modes_trip drive = {
    .mode = DATA_ACTIVITY_CAR, .overhead_s = 300.0, .speed_km_s = 0.01
};

/* Five zones due east at 36 km/h: borders at 0.5, 1.5, ... km, so visits 50, 150, ... s after the
 * overhead; at 500 s it stays. */
static void a_way_east_visits_each_zone_when_it_is_reached(void **state)
{
    struct fixture *fixture = *state;
    struct sim_walker *walker = &fixture->walker;
    const struct sim_model_city *vienna = &fixture->model->cities[0];
    place_at(fixture, 0, -2.0, 1.0);
    walker->at_s = 1000.0;
    sim_walker_go(walker, sim_land_zone_at(vienna->land, 3.0, 1.0), &drive);
    assert_near(walker->at_s, 1000.0 + 300.0 + 500.0, 1e-6);
    sim_walker_stay(walker, DATA_ACTIVITY_WORK, walker->at_s + 10.0);
    static const uint32_t want_s[] = { 1000, 1350, 1450, 1550, 1650, 1750, 1800 };
    static const double want_x[] = { -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 3.0 };
    assert_int_equal(fixture->log.len, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(fixture->log.visits[i].start_s, want_s[i]);
        assert_int_equal(fixture->log.visits[i].place,
            vienna->first_zone + sim_land_zone_at(vienna->land, want_x[i], 1.0));
        assert_int_equal(
            fixture->log.visits[i].activity, i == 6 ? DATA_ACTIVITY_WORK : DATA_ACTIVITY_CAR);
    }
}

/* At 0.05 km/s a zone takes 20 s: of 12 borders on the way only those a minute apart are told. */
static void zones_left_within_the_minute_are_passed_over(void **state)
{
    struct fixture *fixture = *state;
    struct sim_walker *walker = &fixture->walker;
    const struct sim_modes_trip fast = { .mode = DATA_ACTIVITY_CAR, .speed_km_s = 0.05 };
    place_at(fixture, 0, -6.0, -2.0);
    walker->at_s = 1000.0;
    sim_walker_go(walker, sim_land_zone_at(fixture->model->cities[0].land, 6.0, -2.0), &fast);
    sim_walker_stay(walker, DATA_ACTIVITY_WORK, walker->at_s + 10.0);
    assert_int_equal(fixture->log.len, 5);
    for (size_t i = 1; i + 1 < fixture->log.len; i++) {
        assert_true(fixture->log.visits[i].start_s - fixture->log.visits[i - 1].start_s >= 60);
    }
}

/* Any way, cell by cell: the time is the length by the speed, whatever borders are crossed. */
static void time_is_distance_by_speed_in_any_direction(void **state)
{
    struct fixture *fixture = *state;
    struct sim_walker *walker = &fixture->walker;
    const struct sim_land *land = fixture->model->cities[0].land;
    for (double bearing = 0.0; bearing < 6.3; bearing += 0.1731) {
        uint32_t goal = sim_land_zone_at(land, 1.0 + 7.0 * cos(bearing), -1.0 + 7.0 * sin(bearing));
        place_at(fixture, 0, 1.0, -1.0);
        walker->at_s = 100.0;
        double km = hypot(land->zones[goal].x_km - 1.0, land->zones[goal].y_km + 1.0);
        sim_walker_go(walker, goal, &drive);
        assert_near(walker->at_s, 100.0 + 300.0 + km / 0.01, 1e-6);
    }
}

static void what_is_before_the_start_is_its_state(void **state)
{
    struct fixture *fixture = *state;
    struct sim_walker *walker = &fixture->walker;
    place_at(fixture, 0, 0.0, 0.0);
    walker->at_s = -5000.0;
    sim_walker_stay(walker, DATA_ACTIVITY_HOME, -1000.0);
    sim_walker_stay(walker, DATA_ACTIVITY_LEISURE, 731.3);
    sim_walker_stay(walker, DATA_ACTIVITY_LEISURE, 900.0); /* no change, no visit */
    sim_walker_stay(walker, DATA_ACTIVITY_HOME, 200000.0);
    sim_walker_stay(walker, DATA_ACTIVITY_WORK, 300000.0); /* after the end */
    assert_true(sim_walker_is_done(walker));
    assert_int_equal(fixture->log.len, 2);
    assert_int_equal(fixture->log.visits[0].start_s, 0);
    assert_int_equal(fixture->log.visits[0].activity, DATA_ACTIVITY_LEISURE);
    assert_int_equal(fixture->log.visits[1].start_s, 900);
}

/* Vienna to Graz: about 145 km. A train passes places no more than 10 km apart, there and back in
 * opposite order, and takes the distance by the speed. */
static void a_train_passes_the_places_along_its_line(void **state)
{
    struct fixture *fixture = *state;
    struct sim_walker *walker = &fixture->walker;
    uint32_t link = sim_links_find(fixture->model->links, 1, 0);
    assert_int_not_equal(link, HB_NONE);
    const struct sim_link *way = &fixture->model->links->links[link];
    assert_true(way->km > 140.0 && way->km < 150.0);
    assert_int_equal(way->place_count, 14);
    struct hb_place *places = calloc(fixture->model->place_count, sizeof *places);
    assert_non_null(places);
    sim_model_places(fixture->model, places);
    place_at(fixture, 0, 0.0, 0.0);
    walker->at_s = 500.0;
    sim_walker_ride(walker, link, DATA_ACTIVITY_RAIL, 120.0);
    assert_int_equal(walker->city, 1);
    assert_near(walker->at_s, 500.0 + way->km / 120.0 * 3600.0, 1e-9);
    sim_walker_ride(walker, link, DATA_ACTIVITY_RAIL, 120.0);
    assert_int_equal(walker->city, 0);
    assert_int_equal(fixture->log.len, 2 * (14 + 1));
    const struct data_visit *visits = fixture->log.visits;
    for (size_t i = 1; i <= 14; i++) {
        assert_int_equal(visits[i].place, visits[30 - i].place);
        double km = hb_geo_distance_km(places[visits[i - 1].place].at, places[visits[i].place].at);
        assert_true(km <= 10.0 && km > 9.0);
        assert_int_equal(places[visits[i].place].region, HB_NONE);
    }
    free(places);
}

/* Vienna to Tokyo: about 9,130 km; airports, and nowhere in between. */
static void a_flight_is_nowhere_between_two_airports(void **state)
{
    struct fixture *fixture = *state;
    struct sim_walker *walker = &fixture->walker;
    uint32_t link = sim_links_find(fixture->model->links, 0, 2);
    assert_int_not_equal(link, HB_NONE);
    assert_true(fixture->model->links->links[link].by_air);
    assert_near(fixture->model->links->links[link].km, 9130.0, 0.01);
    place_at(fixture, 0, 0.0, 0.0);
    walker->at_s = 500.0;
    sim_walker_fly(walker, link, &drive);
    assert_int_equal(walker->city, 2);
    const struct data_visit *visits = fixture->log.visits;
    size_t last = fixture->log.len - 1;
    assert_int_equal(visits[last].place, fixture->model->cities[2].airport_place);
    assert_int_equal(visits[last - 1].place, DATA_NOWHERE);
    assert_int_equal(visits[last - 2].place, fixture->model->cities[0].airport_place);
    /* half an hour and 9,130 km at 800 km/h */
    assert_near(visits[last].start_s - visits[last - 1].start_s, 1800.0 + 41085.0, 0.01);
    assert_int_equal(visits[last - 1].start_s - visits[last - 2].start_s, 5400);
}

static void walking_wins_near_and_driving_far(void **state)
{
    (void)state;
    struct sim_world_modes modes = sim_world_defaults().modes;
    struct sim_stream stream = sim_stream_of(731, SIM_STREAM_TEST, 9);
    uint32_t count[2][DATA_ACTIVITY_COUNT] = { { 0 } };
    for (uint32_t i = 0; i < 10000; i++) {
        count[0][sim_modes_choose(&modes, 0.5, true, &stream).mode]++;
        count[1][sim_modes_choose(&modes, 9.0, true, &stream).mode]++;
        assert_int_not_equal(sim_modes_choose(&modes, 5.0, false, &stream).mode, DATA_ACTIVITY_CAR);
        assert_int_not_equal(sim_modes_choose(&modes, 3.1, true, &stream).mode, DATA_ACTIVITY_WALK);
    }
    assert_true(count[0][DATA_ACTIVITY_WALK] > count[0][DATA_ACTIVITY_CAR]);
    assert_true(count[0][DATA_ACTIVITY_WALK] > count[0][DATA_ACTIVITY_TRANSIT]);
    assert_true(count[1][DATA_ACTIVITY_CAR] > count[1][DATA_ACTIVITY_TRANSIT]);
    /* By hand: 9 km = 11.7 km of street; car 6 + 26 min, transit 10 + 29.25 min: odds
     * exp(0.2 + 0.05 x 7.25) = 1.755. Share of car 0.6370, sd 0.0048. */
    assert_true(fabs(count[1][DATA_ACTIVITY_CAR] / 10000.0 - 0.6370) < 4.0 * 0.0048);
    /* Between cities: even where the times are, 1.25 = d (1 / 95 - 1 / 160): 292 km. */
    assert_near(sim_modes_drive_share(&modes, 1.25 / (1.0 / 95.0 - 1.0 / 160.0)), 0.5, 1e-12);
    assert_true(sim_modes_drive_share(&modes, 100.0) > 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_way_east_visits_each_zone_when_it_is_reached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            zones_left_within_the_minute_are_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            time_is_distance_by_speed_in_any_direction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_before_the_start_is_its_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_train_passes_the_places_along_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_flight_is_nowhere_between_two_airports, set_up, tear_down),
        cmocka_unit_test(walking_wins_near_and_driving_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
