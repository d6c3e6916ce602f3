/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/select.h"

/* Five places, four sites on the equator; believed RTT in ms. */
enum { PLACES = 5, SITES = 4 };

static const float rtt_ms[PLACES * SITES] = {
    12.0f, 37.0f, 61.0f, 90.0f,
    38.0f, 11.0f, 36.0f, 70.0f,
    63.0f, 35.0f, 13.0f, 41.0f,
    92.0f, 71.0f, 40.0f, 14.0f,
    40.0f, 13.0f, 38.0f, 72.0f,
};

static struct hb_place places[PLACES];
static struct hb_site map_sites[SITES];
static struct hb_select_site sites[SITES];
static struct hb_map map;
static struct hb_select *selector;

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < PLACES; i++) {
        places[i] = (struct hb_place) { .at = { 0.0, 3.0 * i } };
    }
    for (int i = 0; i < SITES; i++) {
        map_sites[i] = (struct hb_site) { .at = { 0.0, 3.0 * i }, .slots = 10,
            .price_factor = 1.0f };
        sites[i] = (struct hb_select_site) { .free_slots = 10, .is_up = 1 };
    }
    map = (struct hb_map) { PLACES, SITES, places, map_sites, rtt_ms };
    return hb_select_create(&map, 3, &selector) == HB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hb_select_free(selector);
    return 0;
}

static struct hb_select_answer ask(const struct hb_guess *guesses, uint32_t count, uint32_t from,
    uint32_t rival)
{
    struct hb_select_question question = { guesses, count, from, rival };
    struct hb_select_answer answer;
    hb_select_best_location(selector, sites, &question, &answer);
    return answer;
}

/* By hand: places 1 and 4 share site 1: mass 0.3 + 0.25; gains 38 - 11 = 27 and
 * 40 - 13 = 27. Place 2 alone is likelier than either, but weighs less. */
static void the_mass_of_places_with_one_best_site_adds_up(void **state)
{
    (void)state;
    const struct hb_guess guesses[] = { { 2, 0.2f }, { 1, 0.3f }, { 4, 0.25f }, { 0, 0.25f } };
    struct hb_select_answer answer = ask(guesses, 4, 0, HB_NONE);
    assert_int_equal(answer.site, 1);
    assert_near(answer.confidence, 0.55, 1e-7);
    assert_near(answer.gain_ms, 27.0, 1e-6);
    assert_near(answer.score, 0.55 * 27.0, 1e-6);
    assert_near(answer.from_ms, (0.3 * 38.0 + 0.25 * 40.0) / 0.55, 1e-6);
    assert_near(answer.to_ms, (0.3 * 11.0 + 0.25 * 13.0) / 0.55, 1e-6);
    /* One degree is 111.19508 km: places 1 and 4 are 3 and 12 degrees off. */
    assert_near(answer.deviation_km, (0.3 * 3.0 + 0.25 * 12.0) / 0.55 * 111.19508, 1e-4);
    assert_int_equal(answer.is_full, 0);
}

static void the_rank_is_confidence_times_gain_times_free_share(void **state)
{
    (void)state;
    const struct hb_guess guesses[] = { { 1, 0.6f }, { 2, 0.4f } };
    /* Site 1: 0.6 x 27 = 16.2; site 2: 0.4 x 50 = 20. */
    assert_int_equal(ask(guesses, 2, 0, HB_NONE).site, 2);
    sites[2].free_slots = 8; /* 20 x 0.8 = 16 < 16.2 */
    assert_int_equal(ask(guesses, 2, 0, HB_NONE).site, 1);
    map_sites[2].slots = UINT32_MAX; /* no limit: all is free */
    assert_int_equal(ask(guesses, 2, 0, HB_NONE).site, 2);
}

static void a_full_or_dead_site_gives_way_to_the_next_better_one(void **state)
{
    (void)state;
    const struct hb_guess guesses[] = { { 2, 0.9f } };
    sites[2].free_slots = 0;
    struct hb_select_answer answer = ask(guesses, 1, 0, HB_NONE);
    assert_int_equal(answer.site, 1);
    assert_near(answer.gain_ms, 63.0 - 35.0, 1e-6);
    assert_int_equal(answer.is_full, 1);
    sites[1].is_up = 0;
    answer = ask(guesses, 1, 0, HB_NONE);
    assert_int_equal(answer.site, 3); /* 41 ms, still better than 63 */
    sites[3].free_slots = 0;
    answer = ask(guesses, 1, 0, HB_NONE);
    assert_int_equal(answer.site, HB_NONE);
    assert_int_equal(answer.is_full, 1);
}

static void a_place_that_is_served_best_already_counts_for_no_site(void **state)
{
    (void)state;
    const struct hb_guess guesses[] = { { 0, 0.7f }, { 1, 0.2f } };
    struct hb_select_answer answer = ask(guesses, 2, 0, HB_NONE);
    assert_int_equal(answer.site, 1);
    assert_near(answer.confidence, 0.2, 1e-7);
    assert_int_equal(ask(guesses, 1, 0, HB_NONE).site, HB_NONE);
    assert_int_equal(ask(guesses, 1, 0, HB_NONE).is_full, 0);
    assert_int_equal(ask(guesses, 0, 0, HB_NONE).site, HB_NONE);
    const struct hb_guess nothing[] = { { 1, 0.0f } };
    assert_int_equal(ask(nothing, 1, 0, HB_NONE).site, HB_NONE);
}

static void a_rival_holds_its_slot_and_is_scored_too(void **state)
{
    (void)state;
    const struct hb_guess guesses[] = { { 1, 0.6f }, { 2, 0.4f } };
    sites[1].free_slots = 0; /* the rival's own instance has the last one */
    struct hb_select_answer answer = ask(guesses, 2, 0, 1);
    assert_int_equal(answer.site, 2);
    assert_near(answer.rival_score, 0.6 * 27.0 * 0.1, 1e-6);
    sites[1].free_slots = 10;
    answer = ask(guesses, 2, 0, 1);
    assert_near(answer.rival_score, 0.6 * 27.0, 1e-6);
}

static void among_equals_the_lowest_site_wins_whatever_the_order(void **state)
{
    (void)state;
    /* 0.5 x 27 (place 1, site 1) against 0.27 x 50 (place 2, site 2). */
    const struct hb_guess one[] = { { 1, 0.5f }, { 2, 0.5f } };
    const struct hb_guess two[] = { { 2, 0.5f }, { 1, 0.5f } };
    sites[1].free_slots = 10;
    map_sites[2].slots = 50;
    sites[2].free_slots = 27; /* 0.5 x 50 x 27/50 = 13.5 = 0.5 x 27 */
    assert_near(ask(one, 2, 0, HB_NONE).score, 13.5, 1e-12);
    assert_int_equal(ask(one, 2, 0, HB_NONE).site, 1);
    assert_int_equal(ask(two, 2, 0, HB_NONE).site, 1);
}

/* Brute force over all sites, for every place and every set of open sites. */
static void the_nearest_open_site_is_found_even_beyond_the_candidates(void **state)
{
    (void)state;
    for (unsigned open = 0; open < 1u << SITES; open++) {
        for (uint32_t i = 0; i < SITES; i++) {
            sites[i].free_slots = open >> i & 1;
        }
        for (uint32_t place = 0; place < PLACES; place++) {
            for (uint32_t but = 0; but <= SITES; but++) {
                uint32_t want = HB_NONE;
                float least = 1e9f;
                for (uint32_t i = 0; i < SITES; i++) {
                    float it = rtt_ms[place * SITES + i];
                    if ((open >> i & 1) && i != but && it < least) {
                        least = it;
                        want = i;
                    }
                }
                assert_int_equal(hb_select_nearest(selector, sites, place, but), want);
            }
        }
    }
}

static void the_least_rtt_is_the_nearest_sites(void **state)
{
    (void)state;
    assert_near(hb_select_least_ms(selector, 3), 14.0, 0.0);
    assert_true(hb_select_bytes(selector) >= 4 * 3 * PLACES);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_mass_of_places_with_one_best_site_adds_up),
        T(the_rank_is_confidence_times_gain_times_free_share),
        T(a_full_or_dead_site_gives_way_to_the_next_better_one),
        T(a_place_that_is_served_best_already_counts_for_no_site),
        T(a_rival_holds_its_slot_and_is_scored_too),
        T(among_equals_the_lowest_site_wins_whatever_the_order),
        T(the_nearest_open_site_is_found_even_beyond_the_candidates),
        T(the_least_rtt_is_the_nearest_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
