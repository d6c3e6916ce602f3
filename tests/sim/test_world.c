/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "sim/world/world.h"

static const struct sim_world_city cities[] = {
    { .query = { .name = "Berlin", .country = "DE" } },
    { .query = { .name = "Hamburg", .country = "DE" } },
    { .query = { .name = "Boston", .country = "US" } },
    { .query = { .name = "Osaka", .country = "JP" } },
};

/* Tuesday 2026-01-06 00:00 UTC, no daylight saving. */
static const int64_t tuesday_unix_s = 1767657600;

static struct sim_world_config typical(void)
{
    struct sim_world_config config = sim_world_defaults();
    config.cities = cities;
    config.city_count = 4;
    config.client_count = 3001;
    config.start_unix_s = tuesday_unix_s;
    config.duration_s = 2.0 * 86400.0;
    config.seed = 731;
    return config;
}

static struct data_trace_store *made(const struct sim_world_config *config)
{
    struct data_problem problem = { 0 };
    struct data_trace_store *store = NULL;
    enum hb_status status = sim_world_create(config, &problem, &store);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, HB_OK);
    return store;
}

static uint64_t visit_count(const struct data_trace *trace)
{
    return trace->first[trace->client_count];
}

static void a_trace_keeps_its_promises(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    struct data_trace_store *store = made(&config);
    const struct data_trace *trace = data_trace_view(store);
    struct data_problem problem = { 0 };
    assert_int_equal(data_trace_check(trace, "world", &problem), HB_OK);
    assert_string_equal(problem.text, "");
    assert_int_equal(trace->client_count, 3001);
    assert_int_equal(trace->region_count, 4);
    assert_string_equal(trace->region_names[2], "Boston");
    assert_int_equal(trace->epoch_unix_s, tuesday_unix_s);
    assert_int_equal(trace->end_s, 172800);
    for (uint32_t i = 0; i < trace->client_count; i++) {
        assert_true(trace->first[i + 1] > trace->first[i]);
        assert_int_equal(trace->visits[trace->first[i]].start_s, 0);
    }
    data_trace_free(store);
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    struct data_trace_store *one = made(&config);
    config.threads = 3;
    struct data_trace_store *three = made(&config);
    const struct data_trace *a = data_trace_view(one), *b = data_trace_view(three);
    assert_int_equal(visit_count(a), visit_count(b));
    assert_memory_equal(a->visits, b->visits, visit_count(a) * sizeof *a->visits);
    assert_memory_equal(a->places, b->places, a->place_count * sizeof *a->places);
    config.seed = 732;
    struct data_trace_store *other = made(&config);
    const struct data_trace *c = data_trace_view(other);
    assert_true(visit_count(c) != visit_count(a)
        || memcmp(c->visits, a->visits, visit_count(a) * sizeof *a->visits) != 0);
    data_trace_free(other);
    data_trace_free(three);
    data_trace_free(one);
}

/* Clients of Berlin in a world of Berlin, Hamburg and in one where Hamburg has 50 times more. */
static void a_client_does_not_depend_on_how_many_live_elsewhere(void **state)
{
    (void)state;
    struct sim_world_city pair[] = { { .query = cities[0].query, .weight = 100.0 },
        { .query = cities[1].query, .weight = 10.0 } };
    struct sim_world_config config = typical();
    config.cities = pair;
    config.city_count = 2;
    config.client_count = 110;
    struct data_trace_store *few = made(&config);
    pair[1].weight = 500.0;
    config.client_count = 600;
    struct data_trace_store *many = made(&config);
    const struct data_trace *a = data_trace_view(few), *b = data_trace_view(many);
    assert_int_equal(a->first[100], b->first[100]);
    assert_memory_equal(a->visits, b->visits, a->first[100] * sizeof *a->visits);
    data_trace_free(many);
    data_trace_free(few);
}

struct share {
    uint32_t with, of;
};

/* Clients that do activity at an hour by their own clock; only those who live
 * in region, whom the order of clients tells. */
static double share_of(const struct data_trace *trace, const struct share *clients, double utc_hour,
    enum data_activity activity)
{
    uint32_t count = 0;
    for (uint32_t i = clients->with; i < clients->of; i++) {
        uint64_t k = data_trace_visit_at(trace, i, (uint32_t)(utc_hour * 3600.0));
        count += trace->visits[k].activity == (uint32_t)activity;
    }
    return (double)count / (clients->of - clients->with);
}

/* The first client of each city, by shares of population (largest remainder). */
static void city_ranges(const struct data_trace *trace, struct share ranges[4])
{
    struct data_cities *table = NULL;
    assert_int_equal(data_cities_create(NULL, &table), HB_OK);
    double people[4], total = 0.0;
    for (uint32_t i = 0; i < 4; i++) {
        const struct data_city *city = NULL;
        assert_int_equal(data_cities_find(table, &cities[i].query, NULL, &city), HB_OK);
        people[i] = city->population;
        total += people[i];
    }
    double before = 0.0;
    for (uint32_t i = 0; i < 4; i++) {
        /* A margin of two clients spares the test the rounding. */
        ranges[i].with = (uint32_t)(before / total * trace->client_count) + 2;
        before += people[i];
        ranges[i].of = (uint32_t)(before / total * trace->client_count) - 2;
    }
    data_cities_free(table);
}

/* Berlin is at UTC + 1, Boston at UTC - 5, Osaka at UTC + 9. At least 250
 * clients a city: a share of 0.9 has sd 0.019, the bounds lie 3 and more away. */
static void people_are_home_at_night_and_at_work_by_day_of_their_own_clock(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    config.client_count = 6001;
    struct data_trace_store *store = made(&config);
    const struct data_trace *trace = data_trace_view(store);
    struct share ranges[4];
    city_ranges(trace, ranges);
    const double offset_h[4] = { 1.0, 1.0, -5.0, 9.0 };
    for (uint32_t i = 0; i < 4; i++) {
        double night = 24.0 + 3.5 - offset_h[i], noon = 24.0 + 10.5 - offset_h[i];
        assert_true(share_of(trace, &ranges[i], night, DATA_ACTIVITY_HOME) > 0.93);
        assert_true(share_of(trace, &ranges[i], night, DATA_ACTIVITY_WORK) < 0.01);
        /* 60 % have work; some travel, some are late, some at lunch already. */
        double work = share_of(trace, &ranges[i], noon, DATA_ACTIVITY_WORK);
        assert_true(work > 0.42 && work < 0.62);
    }
    data_trace_free(store);
}

static void nobody_works_on_sunday(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    config.start_unix_s = tuesday_unix_s + 5 * 86400; /* Sunday 00:00 UTC */
    config.duration_s = 86400.0;
    config.city_count = 2;
    struct data_trace_store *store = made(&config);
    const struct data_trace *trace = data_trace_view(store);
    for (uint64_t k = 0; k < visit_count(trace); k++) {
        assert_int_not_equal(trace->visits[k].activity, DATA_ACTIVITY_WORK);
    }
    data_trace_free(store);
}

/* The fastest that anything on the ground moves between two visits. */
static void nobody_moves_faster_than_the_train(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    config.intercity_trips_day = 0.5;
    struct data_trace_store *store = made(&config);
    const struct data_trace *trace = data_trace_view(store);
    uint64_t rides = 0, flights = 0;
    for (uint32_t i = 0; i < trace->client_count; i++) {
        for (uint64_t k = trace->first[i] + 1; k < trace->first[i + 1]; k++) {
            const struct data_visit *from = &trace->visits[k - 1], *to = &trace->visits[k];
            rides += to->activity == DATA_ACTIVITY_RAIL;
            if (from->place == DATA_NOWHERE || to->place == DATA_NOWHERE) {
                assert_int_equal(
                    from->place == DATA_NOWHERE ? from->activity : to->activity, DATA_ACTIVITY_AIR);
                flights++;
                continue;
            }
            double km =
                hb_geo_distance_km(trace->places[from->place].at, trace->places[to->place].at);
            /* Where a visit shorter than a minute was left out, and with the rounding to zones
             * and seconds, a step may seem up to 2.5 km longer than what was travelled. */
            double hours = (to->start_s - from->start_s + 1) / 3600.0;
            assert_true(km <= 160.0 * hours + 2.5);
        }
    }
    assert_true(rides > 1000);
    assert_true(flights > 500);
    data_trace_free(store);
}

static uint64_t commuters_between(const struct data_trace *trace, uint32_t client_count)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < client_count; i++) {
        bool works_elsewhere = false;
        for (uint64_t k = trace->first[i]; k < trace->first[i + 1]; k++) {
            const struct data_visit *visit = &trace->visits[k];
            works_elsewhere = works_elsewhere
                || (visit->activity == DATA_ACTIVITY_WORK
                    && trace->places[visit->place].region == 1);
        }
        count += works_elsewhere;
    }
    return count;
}

/* Binomial: 1000 clients, 0.6 workers x 0.25: mean 150, sd 11.3; journeys take 4 %. */
static void a_corridor_carries_its_share_of_workers_to_the_other_city(void **state)
{
    (void)state;
    const struct sim_world_corridor corridor = {
        .from = 0, .to = 1, .mode = DATA_ACTIVITY_RAIL, .commuter_share = 0.25, .speed_km_h = 250.0
    };
    struct sim_world_city pair[] = { { .query = cities[0].query, .weight = 100.0 },
        { .query = cities[1].query, .weight = 1.0 } };
    struct sim_world_config config = typical();
    config.cities = pair;
    config.city_count = 2;
    config.client_count = 1010;
    config.corridors = &corridor;
    config.corridor_count = 1;
    config.duration_s = 86400.0;
    struct data_trace_store *store = made(&config);
    uint64_t count = commuters_between(data_trace_view(store), 1000);
    assert_true(count > 100 && count < 190);
    data_trace_free(store);
    config.corridor_count = 0;
    store = made(&config);
    assert_int_equal(commuters_between(data_trace_view(store), 1000), 0);
    data_trace_free(store);
}

static double half_speed(
    const void *ctx, uint32_t place, int64_t at_unix_s, enum data_activity mode)
{
    (void)ctx;
    (void)place;
    (void)at_unix_s;
    (void)mode;
    return 0.5;
}

static double moving_h(const struct data_trace *trace)
{
    double total_h = 0.0;
    for (uint32_t i = 0; i < trace->client_count; i++) {
        for (uint64_t k = trace->first[i]; k + 1 < trace->first[i + 1]; k++) {
            const struct data_visit *visit = &trace->visits[k];
            bool moves = visit->activity == DATA_ACTIVITY_WALK
                || visit->activity == DATA_ACTIVITY_CAR || visit->activity == DATA_ACTIVITY_TRANSIT;
            total_h += moves ? (visit[1].start_s - visit->start_s) / 3600.0 : 0.0;
        }
    }
    return total_h;
}

/* Halving the speed doubles the moving part of trips; overheads (6 to 10 minutes) stay. */
static void conditions_slow_the_traffic(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    config.intercity_trips_day = 0.0;
    struct data_trace_store *store = made(&config);
    double free_h = moving_h(data_trace_view(store));
    data_trace_free(store);
    config.conditions.speed_factor = half_speed;
    store = made(&config);
    double slow_h = moving_h(data_trace_view(store));
    data_trace_free(store);
    assert_true(slow_h > 1.3 * free_h && slow_h < 2.0 * free_h);
}

static void breaches(struct sim_world_config config, enum hb_status want, const char *message)
{
    struct data_problem problem = { 0 };
    struct data_trace_store *store = NULL;
    assert_int_equal(sim_world_create(&config, &problem, &store), want);
    assert_string_equal(problem.text, message);
    assert_null(store);
}

static void bad_configurations_are_named(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    config.client_count = 0;
    breaches(config, HB_ERR_RANGE, "client_count=0: expected 1..2.68435e+08");
    config = typical();
    config.zone_km = 0.1;
    breaches(config, HB_ERR_RANGE, "zone_km=0.1: expected 0.25..5");
    config = typical();
    config.epr.rho = 1.5;
    breaches(config, HB_ERR_RANGE, "rho=1.5: expected 0..1");
    config = typical();
    config.duration_s = 0.0;
    breaches(config, HB_ERR_RANGE, "duration_s=0: expected 1..3.16224e+07");
    const struct sim_world_corridor loop = { .from = 1, .to = 1, .mode = DATA_ACTIVITY_RAIL };
    config = typical();
    config.corridors = &loop;
    config.corridor_count = 1;
    breaches(config, HB_ERR_RANGE,
        "corridor 0: found from=1 to=1: expected two cities, each less than 4");
    const struct sim_world_corridor flight = { .from = 0, .to = 1, .mode = DATA_ACTIVITY_AIR };
    config.corridors = &flight;
    breaches(config, HB_ERR_RANGE, "corridor 0: found mode 8: expected rail or car");
    const struct sim_world_city twice[] = { cities[0], cities[1], cities[0] };
    config = typical();
    config.cities = twice;
    config.city_count = 3;
    breaches(config, HB_ERR_RANGE, "city 2: found \"Berlin\" again: expected each city once");
    const struct sim_world_city light[] = { { .query = cities[0].query, .weight = -1.0 } };
    config.cities = light;
    config.city_count = 1;
    breaches(config, HB_ERR_RANGE, "weight=-1: expected 0..1e+12");
    const struct sim_world_city unknown[] = { { .query = { .name = "Berlni", .country = "DE" } } };
    config.cities = unknown;
    config.city_count = 1;
    breaches(config, HB_ERR_NOT_FOUND,
        "found no city \"Berlni\" in DE: expected one of cities.tsv such as Berlin (DE), "
        "Benoni (ZA), Beni (CD), Kelni (Köln, DE)");
}

static void one_city_alone_is_a_world(void **state)
{
    (void)state;
    struct sim_world_config config = typical();
    config.city_count = 1;
    config.client_count = 7;
    config.law = SIM_WORLD_RADIATION;
    struct data_trace_store *store = made(&config);
    assert_int_equal(data_trace_check(data_trace_view(store), NULL, NULL), HB_OK);
    data_trace_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_keeps_its_promises),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(a_client_does_not_depend_on_how_many_live_elsewhere),
        cmocka_unit_test(people_are_home_at_night_and_at_work_by_day_of_their_own_clock),
        cmocka_unit_test(nobody_works_on_sunday),
        cmocka_unit_test(nobody_moves_faster_than_the_train),
        cmocka_unit_test(a_corridor_carries_its_share_of_workers_to_the_other_city),
        cmocka_unit_test(conditions_slow_the_traffic),
        cmocka_unit_test(bad_configurations_are_named),
        cmocka_unit_test(one_city_alone_is_a_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
