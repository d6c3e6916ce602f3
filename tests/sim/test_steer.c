/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/asrel.h"
#include "sim/net/steer.h"
#include "sim/net/steer_elsewhere.h"
#include "sim/net/steer_impl.h"
#include "sim/net/steer_odds.h"
#include "tests/support/paths.h"

/* Two transit networks, 10 (of the first site) and 20 (of the second), peers of
 * each other; 11 is a customer of 10, 21 of 20, 31 of both; 41 of 31. */
static const char relations[]
    = "10|20|0\n10|11|-1\n20|21|-1\n10|31|-1\n20|31|-1\n31|41|-1\n";
static struct data_peering_link links[] = { { 0, 10, true }, { 1, 20, true } };
static uint32_t hops[] = { 11, 10, 21, 20, 10, 31, 20 };
static struct data_peering_path ways[] = { { 0, 0, 2 }, { 0, 2, 3 }, { 1, 2, 2 }, { 1, 5, 2 } };
static struct data_peering_answer answers[]
    = { { 10, 0 }, { 11, 0 }, { 20, 1 }, { 21, 1 }, { 31, 1 }, { 41, 1 } };
static struct data_peering_experiment experiment
    = { .id = 7, .site = { 0, 1 }, .answer_count = 6, .answers = answers };

struct world {
    struct data_peering peering;
    struct sim_steer_input input;
    struct data_topology *topology;
    struct data_cities *cities;
    struct data_ascountry *countries;
};

static int world_make(void **state)
{
    static struct world world;
    const char *path = "steer_countries.txt";
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "10:ONE, NL\n31:THREE, US\n41:FOUR, ZZ\n");
    assert_int_equal(fclose(file), 0);
    assert_int_equal(data_cities_create(NULL, &world.cities), HB_OK);
    assert_int_equal(data_ascountry_load(path, world.cities, &world.countries, NULL), HB_OK);
    assert_int_equal(remove(path), 0);
    assert_int_equal(data_asrel_parse(
        relations, strlen(relations), "relations", 0, &world.topology, NULL), HB_OK);
    world.peering = (struct data_peering){ .site_count = 2, .experiment_count = 1,
        .names = { "amsterdam01", "uw01" }, .link_count = 2, .path_count = 4, .hop_count = 7,
        .links = links, .paths = ways, .hops = hops, .experiments = &experiment };
    world.input = (struct sim_steer_input){ .topology = world.topology,
        .peering = &world.peering, .countries = world.countries };
    *state = &world;
    return 0;
}

static int world_drop(void **state)
{
    struct world *world = *state;
    data_ascountry_free(world->countries);
    data_cities_free(world->cities);
    data_topology_free(world->topology);
    return 0;
}

static uint32_t node(const struct world *world, uint32_t as)
{
    return data_topology_node(world->topology, as);
}

/* By hand: customer routes at 10 and 20, so 11 and 21 follow theirs; 31 has two
 * equal provider routes and takes the lower number; 41 follows 31. */
static void plain_is_gao_rexford(void **state)
{
    struct world *world = *state;
    uint8_t sides[6];
    assert_int_equal(sim_steer_plain(&world->input, experiment.site, sides, NULL), HB_OK);
    assert_int_equal(sides[node(world, 10)], 0);
    assert_int_equal(sides[node(world, 11)], 0);
    assert_int_equal(sides[node(world, 20)], 1);
    assert_int_equal(sides[node(world, 21)], 1);
    assert_int_equal(sides[node(world, 31)], 0);
    assert_int_equal(sides[node(world, 41)], 0);
}

/* 31 was seen at the second site only; 21 has two routes with one next hop, 20,
 * which prefers its customer to its peer; 41 was never seen and inherits. */
static void what_was_seen_decides_and_the_rest_inherit(void **state)
{
    struct world *world = *state;
    struct steer_state states[6];
    double prior = 0.0;
    assert_int_equal(sim_steer_choose(&world->input, experiment.site, states, &prior), HB_OK);
    assert_near(states[node(world, 10)].share, 1.0, 0.0);
    assert_near(states[node(world, 20)].share, 0.0, 0.0);
    assert_near(states[node(world, 21)].share, 0.0, 0.0);
    assert_near(states[node(world, 31)].share, 0.0, 0.0);
    assert_int_equal(states[node(world, 41)].length, 0);
    assert_near(prior, 1.0 / 3.0, 1e-12); /* the collectors' neighbours: 11, 21, 31 */
    assert_int_equal(sim_steer_inherit(&world->input, experiment.site, NULL, states), HB_OK);
    assert_near(states[node(world, 41)].share, 0.0, 0.0);
    assert_int_equal(states[node(world, 41)].length, states[node(world, 31)].length + 1);
    assert_int_equal(states[node(world, 41)].relation, DATA_RELATION_PROVIDER);
}

/* By hand: of the paths' last two ASes 11 heard 10, 20 heard 31, 31 heard 20. 10 is
 * bound to tell its customers only, so 41 alone inherits, from 31 of the second
 * site; 21 stands further up and follows 20, which has its customer route. */
static void announced_starts_where_the_prefix_went(void **state)
{
    struct world *world = *state;
    struct steer_state states[6];
    assert_int_equal(sim_steer_announced(&world->input, experiment.site, states), HB_OK);
    assert_near(states[node(world, 10)].share, 1.0, 0.0);
    assert_int_equal(states[node(world, 10)].length, 3); /* and what the testbed adds */
    assert_near(states[node(world, 11)].share, 1.0, 0.0);
    assert_int_equal(states[node(world, 11)].length, 4);
    assert_near(states[node(world, 20)].share, 0.0, 0.0);
    assert_near(states[node(world, 31)].share, 0.0, 0.0);
    assert_near(states[node(world, 41)].share, 0.0, 0.0);
    assert_int_equal(states[node(world, 41)].length, 5);
}

/* One clue that is always 1: the slope of the posterior vanishes at the weight w
 * with share - 1 / (1 + e^-w) = w / 20; unused clues keep weight 0. Two samples
 * weigh the same whatever their size. */
static void weights_are_the_most_likely_ones(void **state)
{
    (void)state;
    struct steer_row rows[13];
    for (int i = 0; i < 13; i++) {
        rows[i] = (struct steer_row){ .clues = { [STEER_NEARER] = 1.0 },
            .side = (uint8_t)(i >= 9) };
    }
    struct steer_sample samples[3] = { { rows, 13, 1 }, { rows, 2, 1 }, { rows + 9, 4, 0 } };
    double weights[STEER_CLUE_COUNT] = { 0.0 };
    sim_steer_odds_fit(samples, 1, weights);
    double w = weights[STEER_NEARER];
    assert_near(9.0 / 13.0 - 1.0 / (1.0 + exp(-w)), 0.05 * w, 1e-9);
    assert_near(weights[STEER_PRIOR], 0.0, 0.0);
    sim_steer_odds_fit(samples, 3, weights);
    w = weights[STEER_NEARER];
    assert_near(9.0 / 13.0 + 1.0 - 2.0 / (1.0 + exp(-w)), 0.05 * w, 1e-9);
    assert_near(sim_steer_odds(&rows[0], weights), w, 0.0);
}

static void geography_is_of_the_country_or_nothing(void **state)
{
    struct world *world = *state;
    double dutch = sim_steer_nearer(&world->input, experiment.site, 10);
    assert_near(dutch, 7.8, 0.2); /* Amsterdam to Seattle: 7,850 km */
    assert_true(sim_steer_nearer(&world->input, experiment.site, 31) < -3.0);
    assert_near(sim_steer_nearer(&world->input, experiment.site, 41), 0.0, 0.0);
    assert_near(sim_steer_nearer(&world->input, experiment.site, 99), 0.0, 0.0);
}

static void shares_are_counted(void **state)
{
    struct world *world = *state;
    struct sim_steer_outcome outcome;
    assert_int_equal(sim_steer_verify(&world->input, &outcome, NULL), HB_OK);
    assert_near(outcome.first_share, 2.0 / 6.0, 1e-12);
    assert_near(outcome.majority, 4.0 / 6.0, 1e-12);
    assert_near(outcome.plain, 4.0 / 6.0, 1e-12);
    assert_near(outcome.observed, 1.0, 1e-12);
    assert_true(outcome.is_competitive);
}

/* Sites 0, 1, 2. Experiment A (0 against 1): AS 5 and 6 at the first, 7 at the second: mean
 * 1/3. B (2 against 0): AS 5 at 0, AS 6 at 2: mean 0. C (1 against 2): AS 5 at 1. */
static void choices_elsewhere_are_leans_beyond_the_crowds(void **state)
{
    (void)state;
    struct data_peering_answer a[] = { { 5, 0 }, { 6, 0 }, { 7, 1 } }, b[] = { { 5, 1 }, { 6, 0 } },
        c[] = { { 5, 0 } };
    struct data_peering_experiment met[] = {
        { .id = 1, .site = { 0, 1 }, .answer_count = 3, .answers = a },
        { .id = 2, .site = { 2, 0 }, .answer_count = 2, .answers = b },
        { .id = 3, .site = { 1, 2 }, .answer_count = 1, .answers = c } };
    struct data_peering peering
        = { .site_count = 3, .experiment_count = 3, .experiments = met };
    uint8_t is_used[3] = { 1, 1, 1 };
    struct sim_steer_elsewhere *elsewhere = NULL;
    assert_int_equal(sim_steer_elsewhere_create(&peering, is_used, &elsewhere), HB_OK);
    const uint32_t pair[2] = { 0, 2 }, none[2] = { 9, 9 }, second[2] = { 1, 9 }, two[2] = { 1, 0 };
    /* To 0: 1 - 1/3 in A and 1 in B; to 2: -1 in B and, all having gone to 1, 0 in C. */
    assert_near(sim_steer_elsewhere_lean(elsewhere, pair, 5, none),
        (2.0 / 3.0 + 1.0) / 3.0 - -1.0 / 3.0, 1e-12);
    assert_near(sim_steer_elsewhere_lean(elsewhere, pair, 6, none),
        (2.0 / 3.0 - 1.0) / 3.0 - 1.0 / 2.0, 1e-12);
    /* The experiment to be predicted is not looked at, nor an AS that no other has. */
    assert_near(sim_steer_elsewhere_lean(elsewhere, pair, 5, second), 1.0 / 3.0, 1e-12);
    b[0].side = 0;
    assert_near(sim_steer_elsewhere_lean(elsewhere, pair, 5, two), 0.0, 1e-12);
    assert_near(sim_steer_elsewhere_lean(elsewhere, pair, 8, none), 0.0, 1e-12);
    sim_steer_elsewhere_free(elsewhere);
    b[0].side = 1;
    is_used[0] = 0;
    assert_int_equal(sim_steer_elsewhere_create(&peering, is_used, &elsewhere), HB_OK);
    assert_near(sim_steer_elsewhere_lean(elsewhere, pair, 7, none), 0.0, 1e-12);
    sim_steer_elsewhere_free(elsewhere);
}

/* Measured, of the eight present here where both sites have a tenth: majority
 * 0.765, plain 0.593, announced 0.671, observed 0.755, left out 0.774, elsewhere 0.784. */
static void measured_catchments_are_predicted_better_than_the_majority(void **state)
{
    struct world *world = *state;
    const char *folder = path_of_shared("peering-anycast");
    const char *relationships = path_of_shared("caida-as-rel/20180101.as-rel.txt");
    const char *countries_path = path_of_shared("as-country/asn_name_country.txt");
    if (folder == NULL || relationships == NULL || countries_path == NULL) {
        skip();
    }
    struct data_peering *peering = NULL;
    struct data_topology *topology = NULL;
    struct data_ascountry *countries = NULL;
    assert_int_equal(data_peering_load(folder, &peering, NULL), HB_OK);
    assert_int_equal(data_asrel_load(relationships, 0, &topology, NULL), HB_OK);
    assert_int_equal(
        data_ascountry_load(countries_path, world->cities, &countries, NULL), HB_OK);
    struct sim_steer_input input
        = { .topology = topology, .peering = peering, .countries = countries };
    struct sim_steer_outcome *rows = calloc(peering->experiment_count, sizeof *rows);
    assert_non_null(rows);
    assert_int_equal(sim_steer_verify(&input, rows, NULL), HB_OK);
    double sums[5] = { 0.0 };
    int count = 0;
    for (uint32_t i = 0; i < peering->experiment_count; i++) {
        if (rows[i].is_competitive) {
            sums[0] += rows[i].left_out - rows[i].majority;
            sums[1] += rows[i].plain;
            sums[2] += rows[i].observed;
            sums[3] += rows[i].announced;
            sums[4] += rows[i].elsewhere - rows[i].majority;
            assert_true(rows[i].elsewhere > rows[i].majority - 0.01);
            count++;
        }
    }
    assert_true(count > 0);
    assert_true(sums[4] / count > 0.015);
    assert_true(sums[0] / count > 0.0);
    assert_true(sums[2] / count > sums[1] / count + 0.1);
    assert_true(sums[2] / count > 0.74);
    assert_true(sums[3] / count > sums[1] / count + 0.05);
    free(rows);
    data_ascountry_free(countries);
    data_topology_free(topology);
    data_peering_free(peering);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_is_gao_rexford),
        cmocka_unit_test(what_was_seen_decides_and_the_rest_inherit),
        cmocka_unit_test(announced_starts_where_the_prefix_went),
        cmocka_unit_test(weights_are_the_most_likely_ones),
        cmocka_unit_test(geography_is_of_the_country_or_nothing),
        cmocka_unit_test(shares_are_counted),
        cmocka_unit_test(choices_elsewhere_are_leans_beyond_the_crowds),
        cmocka_unit_test(measured_catchments_are_predicted_better_than_the_majority),
    };
    return cmocka_run_group_tests(tests, world_make, world_drop);
}
