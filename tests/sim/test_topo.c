/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "data/asrel.h"
#include "sim/net/bgp/bgp_solver.h"
#include "sim/net/topo/topo.h"
#include "tests/support/paths.h"

/* Four cities with three places each, a site in the first and in the last. */
enum { CITIES = 4, PLACES = 12, SITES = 2 };
static const struct hb_point cities[CITIES]
    = { { 48.86, 2.35 }, { 52.52, 13.40 }, { 40.42, -3.70 }, { 41.90, 12.50 } };
static struct hb_place places[PLACES];
static struct hb_site sites[SITES];
static const struct hb_map map = { .place_count = PLACES, .site_count = SITES, .places = places,
    .sites = sites };
static struct sim_path path;

static int set_up(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PLACES; i++) {
        places[i] = (struct hb_place) { .at = cities[i / 3], .region = i / 3 };
    }
    sites[0] = (struct hb_site) { .at = cities[0], .slots = 10 };
    sites[1] = (struct hb_site) { .at = cities[3], .slots = 10 };
    sim_path_default(&path);
    return 0;
}

static struct sim_topo_config config_of(uint32_t ases)
{
    return (struct sim_topo_config) { .kind = SIM_TOPO_GENERATED, .shape = SIM_TOPO_INTERNET,
        .as_count = ases, .tier1_count = 12, .access_count = 2, .upstream_count = 2,
        .origin_as = 64500, .seed = 7, .path = &path, .map = &map };
}

static struct sim_topo *made(const struct sim_topo_config *config)
{
    struct sim_topo *topo = NULL;
    struct data_problem problem = { .text = "" };
    enum hb_status status = sim_topo_create(config, &topo, &problem);
    if (status != HB_OK) {
        fail_msg("%s", problem.text);
    }
    return topo;
}

static uint32_t count_relation(const struct sim_topo *topo, uint32_t node,
    enum data_relation relation)
{
    uint32_t count = 0;
    for (uint32_t e = topo->topology->first[node]; e < topo->topology->first[node + 1]; e++) {
        count += topo->topology->relation[e] == relation;
    }
    return count;
}

/* Published: CAIDA's graph of 2018-01-01, counted from the file: 85.0 % without customers;
 * 1.81 providers of these, 1.96 of all; 45 % of them with one; 2.39 peerings an AS. */
static void shares_and_degrees_are_those_of_caida(void **state)
{
    (void)state;
    struct sim_topo_config config = config_of(8000);
    struct sim_topo *topo = made(&config);
    double stubs = 0.0, providers = 0.0, stub_providers = 0.0, single = 0.0, peers = 0.0;
    uint32_t customers_max = 0;
    for (uint32_t node = 0; node < config.as_count; node++) {
        uint32_t customers = count_relation(topo, node, DATA_RELATION_CUSTOMER);
        uint32_t up = count_relation(topo, node, DATA_RELATION_PROVIDER);
        bool is_stub = node >= 1200; /* 15 % may have customers */
        stubs += is_stub;
        providers += up;
        stub_providers += is_stub ? up : 0.0;
        single += is_stub && up == 1;
        peers += count_relation(topo, node, DATA_RELATION_PEER);
        customers_max = customers > customers_max ? customers : customers_max;
        assert_true(!is_stub || customers == 0);
        assert_true(up > 0 || node < config.tier1_count);
    }
    assert_near(stubs / 8000.0, 0.85, 0.001);
    assert_near(providers / 8000.0, 1.96, 0.10);
    assert_near(stub_providers / stubs, 1.81, 0.05);
    assert_near(single / stubs, 0.45, 0.02);
    assert_near(peers / 2.0 / 8000.0, 2.39, 0.1);
    assert_true(customers_max > 400); /* a heavy tail: CAIDA's largest has 9 % of all */
    sim_topo_free(topo);
}

/* Mean number of links to 16 nodes without customers, spread over the last of the list. */
static double mean_length(const struct data_topology *topology, uint32_t first, uint32_t end)
{
    struct sim_bgp_solver *solver = NULL;
    struct sim_bgp_solved *solved = calloc(topology->node_count, sizeof *solved);
    double sum = 0.0, count = 0.0;
    assert_int_equal(sim_bgp_solver_create(topology, &solver), HB_OK);
    for (uint32_t i = 0; i < 16; i++) {
        struct sim_bgp_origin origin = { .node = first + (end - first) / 16 * i };
        assert_int_equal(sim_bgp_solver_solve(solver, &origin, 1, solved), HB_OK);
        for (uint32_t node = 0; node < end; node++) {
            sum += solved[node].edge != UINT32_MAX ? solved[node].length : 0.0;
            count += solved[node].edge != UINT32_MAX;
        }
    }
    assert_true(count >= 15.9 * end); /* nearly everybody reaches everybody */
    sim_bgp_solver_free(solver);
    free(solved);
    return sum / count;
}

/* Oracle: the same over CAIDA's graph of 2018, which is 3 times as large. */
static void paths_are_as_long_as_caidas(void **state)
{
    (void)state;
    const char *file = path_of_shared("caida-as-rel/20180101.as-rel.txt");
    if (file == NULL) {
        print_message("skipped: no CAIDA graph\n");
        skip();
    }
    struct data_topology *caida = NULL;
    struct data_problem problem = { .text = "" };
    assert_int_equal(data_asrel_load(file, 0, &caida, &problem), HB_OK);
    struct sim_topo_config config = config_of(20000);
    struct sim_topo *topo = made(&config);
    double published = mean_length(caida, 0, caida->node_count);
    double generated = mean_length(topo->topology, 3000, config.as_count);
    print_message("mean path: CAIDA %.3f, generated %.3f\n", published, generated);
    assert_near(generated / published, 1.0, 0.15);
    sim_topo_free(topo);
    data_topology_free(caida);
}

static void the_same_seed_gives_the_same_network(void **state)
{
    (void)state;
    struct sim_topo_config config = config_of(500);
    struct sim_topo *a = made(&config), *b = made(&config);
    config.seed = 8;
    struct sim_topo *other = made(&config);
    size_t bytes = a->topology->edge_count * sizeof(uint32_t);
    assert_int_equal(a->topology->edge_count, b->topology->edge_count);
    assert_memory_equal(a->topology->peer, b->topology->peer, bytes);
    assert_true(other->topology->edge_count != a->topology->edge_count
        || memcmp(other->topology->peer, a->topology->peer, bytes) != 0);
    sim_topo_free(other);
    sim_topo_free(b);
    sim_topo_free(a);
}

/* A way through one city has the length of none; between two, at least that of light in
 * fibre over the great circle. Oracle: core/geo. */
static void round_trips_respect_geography(void **state)
{
    (void)state;
    for (int by_city = 0; by_city < 2; by_city++) {
        struct sim_topo_config config = config_of(300);
        struct data_problem problem = { .text = "" };
        float *rtt_ms = NULL;
        config.by_city = by_city;
        struct sim_topo *topo = made(&config);
        assert_int_equal(sim_topo_matrix(topo, &rtt_ms, &problem), HB_OK);
        for (uint32_t i = 0; i < PLACES; i++) {
            for (uint32_t site = 0; site < SITES; site++) {
                double km = hb_geo_distance_km(places[i].at, sites[site].at);
                double least_ms = path.aggregation_ms + 2.0 * km * path.stretch / 204.0;
                double got_ms = (double)rtt_ms[i * SITES + site];
                assert_true(got_ms >= least_ms - 0.01);
                assert_true(got_ms < least_ms + 150.0);
            }
        }
        free(rtt_ms);
        sim_topo_free(topo);
    }
}

static void impossible_networks_are_refused(void **state)
{
    (void)state;
    struct sim_topo_config config = config_of(100);
    struct sim_topo *topo = NULL;
    struct data_problem problem = { .text = "" };
    config.kind = SIM_TOPO_AS_REL;
    config.file = "/nowhere/as-rel.txt";
    assert_int_equal(sim_topo_create(&config, &topo, &problem), HB_ERR_NOT_FOUND);
    assert_non_null(strstr(problem.text, "/nowhere/as-rel.txt"));
    assert_null(topo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_and_degrees_are_those_of_caida),
        cmocka_unit_test(paths_are_as_long_as_caidas),
        cmocka_unit_test(the_same_seed_gives_the_same_network),
        cmocka_unit_test(round_trips_respect_geography),
        cmocka_unit_test(impossible_networks_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
