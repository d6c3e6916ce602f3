/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "sim/engine/draw.h"
#include "sim/net/bgp/bgp_order.h"

enum { NODES = 9, BURSTS = 12, WIRES = BURSTS * NODES };

/* Node 1 amid eight others, which serve nobody but it. */
struct star {
    struct data_link links[NODES - 1];
    struct data_bgp_wire wires[2][WIRES];
    struct data_bgp_run runs[3];
    struct data_bgp_experiment experiment;
    struct data_topology *topology;
    uint32_t order[NODES - 1]; /* node numbers as they are served */
};

static void shuffle(uint32_t *values, uint32_t count, struct sim_stream *draws)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = sim_draw_below(draws, i), value = values[i - 1];
        values[i - 1] = values[j];
        values[j] = value;
    }
}

/* Bursts 5 ms apart, in each a share of the others, 20 us apart. */
static void fill(struct star *star, uint32_t run, double share, struct sim_stream *draws)
{
    struct data_bgp_run *it = &star->runs[run];
    it->wire = star->wires[run];
    for (uint32_t burst = 0; burst < BURSTS; burst++) {
        double at_ms = 5.0 * burst;
        for (uint32_t i = 0; i < NODES - 1; i++) {
            if (sim_draw_chance(draws, share)) {
                it->wire[it->wire_count++]
                    = (struct data_bgp_wire) { .at_ms = at_ms, .from = 1, .to = star->order[i] };
                at_ms += 0.02;
            }
        }
    }
}

static void make(struct star *star, struct sim_stream *draws)
{
    struct data_problem problem = { "" };
    for (uint32_t i = 0; i < NODES - 1; i++) {
        star->links[i] = (struct data_link) { .a = 1, .b = i + 2, .delay_ns = 1000,
            .relation = DATA_RELATION_PEER };
        star->order[i] = i + 2;
    }
    shuffle(star->order, NODES - 1, draws);
    star->experiment = (struct data_bgp_experiment) { .node_count = NODES, .run_count = 3,
        .fail_a = 1, .fail_b = star->order[0], .links = star->links, .link_count = NODES - 1,
        .runs = star->runs };
    star->runs[0].event = DATA_BGP_ANNOUNCE;
    star->runs[1].event = DATA_BGP_LINKFAIL;
    star->runs[2].event = DATA_BGP_WITHDRAW;
    assert_int_equal(data_topology_create(star->links, NODES - 1, "star", &star->topology,
        &problem), HB_OK);
}

/* Where the passes over the neighbours are seen in part, their order is found whatever it
 * was before; of what follows the loss of a session that neighbour is left out. */
static void passes_over_the_neighbours_tell_their_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 0);
        struct star star = { .runs = { { .wire_count = 0 } } };
        struct sim_bgp_order *order;
        uint32_t edges[NODES - 1];
        make(&star, &draws);
        fill(&star, 0, 0.8, &draws);
        uint32_t lost = star.order[0];
        for (uint32_t i = 0; i + 2 < NODES; i++) { /* it is the last from now on */
            star.order[i] = star.order[i + 1];
        }
        star.order[NODES - 2] = lost;
        fill(&star, 1, 1.0, &draws);
        assert_int_equal(sim_bgp_order_create(&star.experiment, star.topology, &order), HB_OK);
        for (uint32_t i = 0; i < NODES - 1; i++) {
            edges[i] = star.topology->first[0] + i;
        }
        shuffle(edges, NODES - 1, &draws);
        sim_bgp_order_sort(order, 0, edges);
        assert_int_equal(star.topology->number[star.topology->peer[edges[0]]], lost);
        for (uint32_t i = 1; i < NODES - 1; i++) {
            assert_int_equal(star.topology->number[star.topology->peer[edges[i]]],
                star.order[i - 1]);
        }
        sim_bgp_order_free(order);
        data_topology_free(star.topology);
    }
}

/* Messages further apart than one pass takes, or to one neighbour only, tell nothing. */
static void what_is_not_seen_stays_as_it_was(void **state)
{
    (void)state;
    struct sim_stream draws = sim_stream_of(7, SIM_STREAM_TEST, 1);
    struct star star = { .runs = { { .wire_count = 0 } } };
    struct sim_bgp_order *order;
    uint32_t edges[NODES - 1], before[NODES - 1];
    make(&star, &draws);
    star.runs[0].wire = star.wires[0];
    for (uint32_t i = 0; i < 40; i++) {
        star.runs[0].wire[star.runs[0].wire_count++] = (struct data_bgp_wire) {
            .at_ms = 0.41 * i, .from = 1 + i % 2, .to = i % 2 == 0 ? star.order[i % 7] : 1 };
    }
    assert_int_equal(sim_bgp_order_create(&star.experiment, star.topology, &order), HB_OK);
    for (uint32_t i = 0; i < NODES - 1; i++) {
        edges[i] = star.topology->first[0] + i;
    }
    shuffle(edges, NODES - 1, &draws);
    for (uint32_t i = 0; i < NODES - 1; i++) {
        before[i] = edges[i];
    }
    sim_bgp_order_sort(order, 0, edges);
    assert_memory_equal(edges, before, sizeof edges);
    sim_bgp_order_free(order);
    sim_bgp_order_free(NULL);
    data_topology_free(star.topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_over_the_neighbours_tell_their_order),
        cmocka_unit_test(what_is_not_seen_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
