/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "sim/serve/nearest.h"
#include "sim/serve/rate.h"

/* Knuth's MMIX congruence; high bits as 0..1. */
static double drawn(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* Oracle: all distances by the haversine. Poles and the 180th meridian are drawn often. */
static void the_tree_finds_what_a_loop_over_all_finds(void **state)
{
    (void)state;
    enum { count = 731, tries = 3000 };
    static struct hb_place places[count];
    uint64_t seed = 20;
    for (int i = 0; i < count; i++) {
        places[i].at.lat_deg = i % 3 == 0 ? 85.0 + 5.0 * drawn(&seed) : 180.0 * drawn(&seed) - 90.0;
        places[i].at.lon_deg = i % 5 == 0 ? 180.0 - drawn(&seed) : 360.0 * drawn(&seed) - 180.0;
    }
    struct sim_nearest *nearest = NULL;
    assert_int_equal(sim_nearest_create(places, count, &nearest), HB_OK);
    for (int i = 0; i < tries; i++) {
        struct hb_point at = { 180.0 * drawn(&seed) - 90.0,
            i % 4 == 0 ? -180.0 + drawn(&seed) : 360.0 * drawn(&seed) - 180.0 };
        double least_km = 1e9, got_km = 0.0;
        for (int j = 0; j < count; j++) {
            double km = hb_geo_distance_km(at, places[j].at);
            least_km = km < least_km ? km : least_km;
        }
        uint32_t got = sim_nearest_place(nearest, at, &got_km);
        assert_near(got_km, least_km, 1e-7);
        assert_near(hb_geo_distance_km(at, places[got].at), got_km, 1e-12);
    }
    sim_nearest_free(nearest);
}

static void of_places_at_one_point_the_first_is_named(void **state)
{
    (void)state;
    const struct hb_place places[3] = { { { 1.5, 2.5 }, HB_NONE, 0 }, { { 7.5, 8.5 }, HB_NONE, 0 },
        { { 7.5, 8.5 }, HB_NONE, 0 } };
    struct sim_nearest *nearest = NULL;
    double km = 0.0;
    assert_int_equal(sim_nearest_create(places, 0, &nearest), HB_ERR_RANGE);
    assert_int_equal(sim_nearest_create(places, 3, &nearest), HB_OK);
    assert_int_equal(sim_nearest_place(nearest, (struct hb_point) { 7.6, 8.4 }, &km), 1);
    sim_nearest_free(nearest);
}

static void a_bucket_lets_its_burst_through_and_then_its_rate(void **state)
{
    (void)state;
    const struct sim_rate_limit limit = { .per_s = 2.5, .burst = 7.0 };
    struct sim_rate rate = { .left = 0.0 };
    int passed = 0;
    const int64_t start_ns = INT64_C(1731731731731);
    for (int i = 0; i < 50; i++) {
        passed += sim_rate_take(&rate, &limit, start_ns);
    }
    assert_int_equal(passed, 7);
    for (int64_t ms = 1; ms <= 10000; ms++) {
        passed += sim_rate_take(&rate, &limit, start_ns + ms * 1000000);
    }
    assert_in_range(passed, 7 + 24, 7 + 25); /* 10 s at 2.5 a second, the last by rounding */
    assert_false(sim_rate_take(&rate, &limit, start_ns)); /* a clock that steps back gives none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_finds_what_a_loop_over_all_finds),
        cmocka_unit_test(of_places_at_one_point_the_first_is_named),
        cmocka_unit_test(a_bucket_lets_its_burst_through_and_then_its_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
