/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "sim/engine/draw.h"
#include "sim/net/catchment.h"

enum { PLACES = 400, SITES = 23 };

static float rtt_ms[PLACES * SITES];
static struct hb_map map = { .place_count = PLACES, .site_count = SITES, .rtt_ms = rtt_ms };

static void draw_map(uint64_t seed)
{
    struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 1);
    for (int i = 0; i < PLACES * SITES; i++) {
        rtt_ms[i] = (float)sim_draw_below(&draws, 40) + 0.5f; /* many ties */
    }
}

/* Oracle: sort the announced sites of a place by (RTT, index). */
static uint32_t ranked(uint32_t place, const int *announced, const uint32_t *prepended,
    uint32_t rank)
{
    uint32_t order[SITES], count = 0;
    for (uint32_t site = 0; site < SITES; site++) {
        if (!announced[site]) {
            continue;
        }
        double ms = (double)rtt_ms[place * SITES + site] + prepended[site] * 3.0;
        uint32_t at = count++;
        while (at > 0 && (double)rtt_ms[place * SITES + order[at - 1]]
            + prepended[order[at - 1]] * 3.0 > ms) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = site;
    }
    return count == 0 ? HB_NONE : order[rank < count ? rank : count - 1];
}

struct told {
    const struct sim_catchment *catchment;
    uint32_t known[PLACES];
};

static void note(void *ctx, const uint32_t *places, size_t count)
{
    struct told *told = ctx;
    for (size_t i = 0; i < count; i++) {
        uint32_t site = sim_catchment_site(told->catchment, places[i]);
        assert_true(i == 0 || places[i] > places[i - 1]);
        assert_int_not_equal(site, told->known[places[i]]);
        told->known[places[i]] = site;
    }
}

/* Places with a rank are found out with all sites announced, then both sides
 * go through the same 600 announcements, withdrawals and prepends. */
static void equals_sorting_and_tells_every_change(void **state)
{
    (void)state;
    draw_map(5);
    struct sim_catchment_nearest config = { .map = &map, .seed = 8, .suboptimal = 0.2,
        .prepend_ms = 3.0 };
    struct sim_catchment *catchment;
    assert_int_equal(sim_catchment_create_nearest(&config, &catchment), HB_OK);
    static struct told told;
    told.catchment = catchment;
    int announced[SITES] = { 0 };
    uint32_t prepended[SITES] = { 0 }, rank[PLACES] = { 0 };
    for (uint32_t place = 0; place < PLACES; place++) {
        assert_int_equal(sim_catchment_site(catchment, place), HB_NONE);
        told.known[place] = HB_NONE;
    }
    sim_catchment_listen(catchment, note, &told);
    for (uint32_t site = 0; site < SITES; site++) {
        announced[site] = 1;
        assert_int_equal(sim_catchment_announce(catchment, site, NULL, 0), HB_OK);
    }
    for (uint32_t place = 0; place < PLACES; place++) {
        while (ranked(place, announced, prepended, rank[place])
            != sim_catchment_site(catchment, place)) {
            rank[place]++;
            assert_in_range(rank[place], 0, 16);
        }
    }
    struct sim_stream draws = sim_stream_of(6, SIM_STREAM_TEST, 2);
    for (int step = 0; step < 600; step++) {
        uint32_t site = sim_draw_below(&draws, SITES);
        if (sim_draw_chance(&draws, step % 200 < 100 ? 0.7 : 0.2)) {
            announced[site] = 0;
            assert_int_equal(sim_catchment_withdraw(catchment, site, step), HB_OK);
        } else {
            struct hb_route route = { .prepend_count = sim_draw_below(&draws, 3) };
            announced[site] = 1;
            prepended[site] = route.prepend_count;
            assert_int_equal(sim_catchment_announce(catchment, site, &route, step), HB_OK);
        }
        for (uint32_t place = 0; place < PLACES; place++) {
            uint32_t want = ranked(place, announced, prepended, rank[place]);
            assert_int_equal(sim_catchment_site(catchment, place), want);
            assert_int_equal(told.known[place], want);
        }
    }
    sim_catchment_free(catchment);
}

/* Published: about 20 % of clients at a suboptimal site (Calder 2015); five
 * standard errors of a share of 20,000 places, half of them one rank off. */
static void a_fifth_of_places_is_not_at_its_nearest_site(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    float *row = calloc(MANY * 3, sizeof *row);
    assert_non_null(row);
    struct hb_map wide = { .place_count = MANY, .site_count = 3, .rtt_ms = row };
    for (int i = 0; i < MANY * 3; i++) {
        row[i] = (float)(i % 3) + 1.0f;
    }
    struct sim_catchment_nearest config = { .map = &wide, .seed = 3, .suboptimal = 0.2 };
    struct sim_catchment *catchment;
    assert_int_equal(sim_catchment_create_nearest(&config, &catchment), HB_OK);
    for (uint32_t site = 0; site < 3; site++) {
        assert_int_equal(sim_catchment_announce(catchment, site, NULL, 0), HB_OK);
    }
    double counts[3] = { 0 };
    for (uint32_t place = 0; place < MANY; place++) {
        counts[sim_catchment_site(catchment, place)] += 1.0 / MANY;
    }
    assert_true(fabs(counts[0] - 0.8) < 5.0 * sqrt(0.16 / MANY));
    assert_true(fabs(counts[1] - 0.1) < 5.0 * sqrt(0.09 / MANY));
    assert_true(sim_catchment_bytes(catchment) < MANY * 10);
    sim_catchment_free(catchment);
    free(row);
}

static void what_is_out_of_range_is_refused(void **state)
{
    (void)state;
    struct sim_catchment *catchment = NULL;
    struct sim_catchment_nearest config = { .map = &map, .suboptimal = 1.01 };
    assert_int_equal(sim_catchment_create_nearest(&config, &catchment), HB_ERR_RANGE);
    config = (struct sim_catchment_nearest){ .map = &map, .prepend_ms = -0.1 };
    assert_int_equal(sim_catchment_create_nearest(&config, &catchment), HB_ERR_RANGE);
    assert_null(catchment);
    config.prepend_ms = 0.0;
    assert_int_equal(sim_catchment_create_nearest(&config, &catchment), HB_OK);
    assert_int_equal(sim_catchment_announce(catchment, SITES, NULL, 0), HB_ERR_RANGE);
    assert_int_equal(sim_catchment_withdraw(catchment, SITES, 0), HB_ERR_RANGE);
    assert_int_equal(sim_catchment_withdraw(catchment, 3, 0), HB_OK);
    assert_string_equal(sim_catchment_name(catchment), "nearest");
    sim_catchment_free(catchment);
    sim_catchment_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_sorting_and_tells_every_change),
        cmocka_unit_test(a_fifth_of_places_is_not_at_its_nearest_site),
        cmocka_unit_test(what_is_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
