/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <string.h>

#include "sim/engine/draw.h"
#include "sim/run/crew.h"
#include "sim/run/stage.h"

enum { places = 3, sites = 4, sightings = 4000, lanes = 4 };

static const float rtt_ms[places * sites] = { 7.25f, 31.0f, 12.5f, 90.0f, 8.0f, 8.0f, 0.0f, 73.1f,
    300.0f, 17.0f, 4.5f, 6.125f };
static _Atomic uint32_t least[places * sites];
static struct sim_stage stage = { .map = { .place_count = places, .site_count = sites,
                                      .rtt_ms = rtt_ms } };

static int start(void **state)
{
    (void)state;
    for (int i = 0; i < places * sites; i++) {
        uint32_t bits;
        memcpy(&bits, &rtt_ms[i], sizeof bits);
        atomic_init(&least[i], bits);
    }
    stage.least = least;
    return 0;
}

struct sighting {
    uint32_t place, site;
    double ms;
};

static struct sighting sighting_of(uint32_t i)
{
    struct sim_stream draws = sim_stream_of(73, SIM_STREAM_TEST, i);
    struct sighting seen = { .place = sim_draw_below(&draws, places),
        .site = sim_draw_below(&draws, sites) };
    seen.ms = sim_draw_between(&draws, 3.0, 120.0);
    return seen;
}

static enum hb_status see(void *ctx, uint32_t i, uint32_t lane)
{
    (void)ctx;
    (void)lane;
    struct sighting seen = sighting_of(i);
    sim_stage_see_rtt(&stage, seen.place, seen.site, seen.ms);
    return HB_OK;
}

/* Oracle: the minimum, found one after the other. */
static void the_least_round_trip_is_that_of_the_map_or_of_any_run(void **state)
{
    (void)state;
    double expected[places * sites];
    for (int i = 0; i < places * sites; i++) {
        expected[i] = (double)rtt_ms[i];
    }
    for (uint32_t i = 0; i < sightings; i++) {
        struct sighting seen = sighting_of(i);
        double *most = &expected[seen.place * sites + seen.site];
        *most = seen.ms < *most ? (double)(float)seen.ms : *most;
    }
    assert_int_equal(sim_crew_run(lanes, sightings, see, NULL), HB_OK);
    for (uint32_t i = 0; i < places * sites; i++) {
        assert_near(sim_stage_least_ms(&stage, i / sites, i % sites), expected[i], 0.0);
    }
    assert_near(sim_stage_least_ms(&stage, 1, 2), 0.0, 0.0); /* the map's: none is nearer */
    assert_true(sim_stage_least_ms(&stage, 2, 0) < 5.0); /* of 300 ms, among 300 sightings */
}

/* Without a topology there is nothing to be seen. */
static void a_stage_without_routes_has_its_map_alone(void **state)
{
    (void)state;
    stage.least = NULL;
    sim_stage_see_rtt(&stage, 2, 0, 1.5);
    assert_near(sim_stage_least_ms(&stage, 2, 0), 300.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_least_round_trip_is_that_of_the_map_or_of_any_run, start),
        cmocka_unit_test(a_stage_without_routes_has_its_map_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
