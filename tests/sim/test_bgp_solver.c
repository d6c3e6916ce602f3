/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/bgp/bgp.h"
#include "sim/net/bgp/bgp_solver.h"

#define NODES_MAX 60U
#define LINKS_MAX 400U

/* A random hierarchy: providers have lower ranks than their customers, so there
 * is no cycle; numbers are shuffled, so rank and router id are unrelated. */
struct network {
    struct data_topology *topology;
    struct data_link links[LINKS_MAX];
    size_t link_count;
};

static bool is_linked(const struct network *network, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < network->link_count; i++) {
        const struct data_link *link = &network->links[i];
        if ((link->a == a && link->b == b) || (link->a == b && link->b == a)) {
            return true;
        }
    }
    return false;
}

static struct network network_drawn(struct sim_stream *stream)
{
    struct network network = { 0 };
    uint32_t count = 4 + sim_draw_below(stream, NODES_MAX - 4), number[NODES_MAX];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = sim_draw_below(stream, i + 1);
        number[i] = number[j];
        number[j] = 100 + 7 * i;
    }
    uint32_t wanted = count + sim_draw_below(stream, LINKS_MAX - count);
    for (uint32_t i = 1; i < count + 3 * wanted && network.link_count < wanted; i++) {
        uint32_t b = i < count ? i : 1 + sim_draw_below(stream, count - 1);
        uint32_t a = sim_draw_below(stream, b);
        if (!is_linked(&network, number[a], number[b])) {
            bool is_peer = i >= count && sim_draw_chance(stream, 0.4);
            network.links[network.link_count++] = (struct data_link){ .a = number[a],
                .b = number[b], .delay_ns = 100000 + sim_draw_below(stream, 50000000),
                .relation = is_peer ? DATA_RELATION_PEER : DATA_RELATION_CUSTOMER };
        }
    }
    struct data_problem problem;
    assert_int_equal(data_topology_create(network.links, network.link_count, "drawn",
        &network.topology, &problem), HB_OK);
    return network;
}

static struct sim_bgp *bgp_made(const struct data_topology *topology, const char *profile,
    uint64_t seed)
{
    struct sim_bgp_options options = { .topology = topology,
        .profiles = sim_bgp_profile_named(profile), .profile_count = 1, .seed = seed,
        .check = true };
    struct sim_bgp *bgp = NULL;
    assert_int_equal(sim_bgp_create(&options, &bgp), HB_OK);
    return bgp;
}

static void assert_same(const struct sim_bgp *bgp, const struct data_topology *topology,
    const struct sim_bgp_solved *solved)
{
    for (uint32_t node = 0; node < topology->node_count; node++) {
        uint32_t want = solved[node].edge;
        if (want == SIM_BGP_SOLVER_OWN) {
            want = node;
        } else if (want != SIM_BGP_NONE) {
            want = topology->peer[want];
        }
        assert_int_equal(sim_bgp_via(bgp, node, 0), want);
        assert_int_equal(sim_bgp_path(bgp, node, 0, NULL, 0), solved[node].length);
    }
}

static size_t origins_drawn(struct sim_stream *stream, uint32_t node_count,
    struct sim_bgp_origin *origins)
{
    size_t count = 1 + sim_draw_below(stream, 3);
    for (size_t i = 0; i < count; i++) {
        uint32_t prepend = sim_draw_chance(stream, 0.3) ? sim_draw_below(stream, 4) : 0;
        origins[i] = (struct sim_bgp_origin){ .node = sim_draw_below(stream, node_count),
            .prepend_count = prepend };
        for (size_t k = 0; k < i; k++) {
            if (origins[k].node == origins[i].node) {
                return i;
            }
        }
    }
    return count;
}

/* 1,000 topologies, four implementations in turn: messages settle in the state
 * that the three phases compute, after announcements, and after a failure too. */
static void messages_settle_where_the_solver_says(void **state)
{
    (void)state;
    static const char *const profiles[] = { "bird", "frr", "rfc4271", "internet" };
    struct sim_stream stream = sim_stream_of(731, SIM_STREAM_TEST, 4);
    for (uint32_t round = 0; round < 1000; round++) {
        struct network network = network_drawn(&stream);
        const struct data_topology *topology = network.topology;
        struct sim_bgp_solver *solver;
        assert_int_equal(sim_bgp_solver_create(topology, &solver), HB_OK);
        struct sim_bgp_origin origins[3];
        size_t origin_count = origins_drawn(&stream, topology->node_count, origins);
        struct sim_bgp_solved solved[NODES_MAX];
        assert_int_equal(sim_bgp_solver_solve(solver, origins, origin_count, solved), HB_OK);
        struct sim_bgp *bgp = bgp_made(topology, profiles[round % 4], round);
        for (size_t i = 0; i < origin_count; i++) {
            struct sim_bgp_attributes with = { .prepend_count = origins[i].prepend_count };
            sim_bgp_announce(bgp, origins[i].node, 0, &with);
        }
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        assert_same(bgp, topology, solved);
        sim_bgp_withdraw(bgp, origins[0].node, 0);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        assert_int_equal(
            sim_bgp_solver_solve(solver, origins + 1, origin_count - 1, solved), HB_OK);
        assert_same(bgp, topology, solved);
        sim_bgp_free(bgp);
        sim_bgp_solver_free(solver);
        data_topology_free(network.topology);
    }
}

/* Seeded routers have nothing to say, and react to a failure like those that
 * got there by messages. */
static void seeded_routers_are_settled_ones(void **state)
{
    (void)state;
    struct sim_stream stream = sim_stream_of(732, SIM_STREAM_TEST, 5);
    for (uint32_t round = 0; round < 100; round++) {
        struct network network = network_drawn(&stream);
        struct sim_bgp_solver *solver;
        assert_int_equal(sim_bgp_solver_create(network.topology, &solver), HB_OK);
        struct sim_bgp_origin origins[3];
        size_t count = origins_drawn(&stream, network.topology->node_count, origins);
        struct sim_bgp_solved solved[NODES_MAX];
        assert_int_equal(sim_bgp_solver_solve(solver, origins, count, solved), HB_OK);
        struct sim_bgp *bgp = bgp_made(network.topology, round % 2 == 0 ? "frr" : "rfc4271", 9);
        assert_int_equal(sim_bgp_seed(bgp, 0, origins, solved), HB_OK);
        assert_true(sim_bgp_is_settled(bgp));
        assert_same(bgp, network.topology, solved);
        assert_int_equal(sim_bgp_seed(bgp, 0, origins, solved), HB_ERR_STATE);
        sim_bgp_withdraw(bgp, origins[0].node, 0);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        assert_int_equal(sim_bgp_solver_solve(solver, origins + 1, count - 1, solved), HB_OK);
        assert_same(bgp, network.topology, solved);
        sim_bgp_announce(bgp, origins[0].node, 0,
            &(struct sim_bgp_attributes){ .prepend_count = origins[0].prepend_count });
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        assert_int_equal(sim_bgp_solver_solve(solver, origins, count, solved), HB_OK);
        assert_same(bgp, network.topology, solved);
        sim_bgp_free(bgp);
        sim_bgp_solver_free(solver);
        data_topology_free(network.topology);
    }
}

static void bad_origins_are_refused(void **state)
{
    (void)state;
    struct data_link links[] = { { .a = 1, .b = 2, .relation = DATA_RELATION_PEER } };
    struct data_topology *topology;
    assert_int_equal(data_topology_create(links, 1, "pair", &topology, NULL), HB_OK);
    struct sim_bgp_solver *solver;
    assert_int_equal(sim_bgp_solver_create(topology, &solver), HB_OK);
    struct sim_bgp_solved solved[2];
    struct sim_bgp_origin far = { .node = 2 }, long_tail = { .node = 1, .prepend_count = 256 };
    struct sim_bgp_origin twice[] = { { .node = 1 }, { .node = 1 } };
    assert_int_equal(sim_bgp_solver_solve(solver, &far, 1, solved), HB_ERR_RANGE);
    assert_int_equal(sim_bgp_solver_solve(solver, &long_tail, 1, solved), HB_ERR_RANGE);
    assert_int_equal(sim_bgp_solver_solve(solver, twice, 2, solved), HB_ERR_RANGE);
    sim_bgp_solver_free(solver);
    data_topology_free(topology);
    links[0].relation = DATA_RELATION_SIBLING;
    assert_int_equal(data_topology_create(links, 1, "pair", &topology, NULL), HB_OK);
    assert_int_equal(sim_bgp_solver_create(topology, &solver), HB_ERR_UNSUPPORTED);
    data_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_settle_where_the_solver_says),
        cmocka_unit_test(seeded_routers_are_settled_ones),
        cmocka_unit_test(bad_origins_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
