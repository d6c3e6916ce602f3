/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/asrel.h"
#include "sim/net/steer.h"
#include "sim/net/steer_impl.h"
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
    assert_int_equal(sim_steer_inherit(&world->input, experiment.site, states), HB_OK);
    assert_near(states[node(world, 41)].share, 0.0, 0.0);
    assert_int_equal(states[node(world, 41)].length, states[node(world, 31)].length + 1);
    assert_int_equal(states[node(world, 41)].relation, DATA_RELATION_PROVIDER);
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

/* Measured, of the eight present here where both sites have a tenth: majority
 * 0.765, plain 0.593, observed 0.755, full 0.769. */
static void measured_catchments_are_predicted_as_well_as_the_majority(void **state)
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
    double sums[4] = { 0.0, 0.0, 0.0, 0.0 };
    int count = 0;
    for (uint32_t i = 0; i < peering->experiment_count; i++) {
        if (rows[i].is_competitive) {
            sums[0] += rows[i].full - rows[i].majority;
            sums[1] += rows[i].plain;
            sums[2] += rows[i].observed;
            sums[3] += rows[i].full;
            count++;
        }
    }
    assert_true(count > 0);
    assert_true(sums[0] / count > -0.01);
    assert_true(sums[2] / count > sums[1] / count + 0.1);
    assert_true(sums[2] / count > 0.74);
    assert_true(sums[3] / count > 0.755);
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
        cmocka_unit_test(geography_is_of_the_country_or_nothing),
        cmocka_unit_test(shares_are_counted),
        cmocka_unit_test(measured_catchments_are_predicted_as_well_as_the_majority),
    };
    return cmocka_run_group_tests(tests, world_make, world_drop);
}
