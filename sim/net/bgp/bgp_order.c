/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_order.h"

#include <stdlib.h>


/* Of a node with more neighbours nothing is read: its square of votes would be large. */
static const uint32_t degree_max = 128;

/* Messages of one node so close to each other are of one pass over its neighbours. */
static const double burst_ms = 0.4;

struct sim_bgp_order {
    const struct data_topology *topology;
    size_t *first;  /* [node_count] of the node's square of votes */
    int32_t *votes; /* [degree][degree] each: how often the one was served before the other,
                     * less the other way round */
};

/* The node's neighbours served so far in its present pass. */
struct pass {
    double at_ms;
    uint32_t count;
    uint32_t *served; /* [degree] positions among the node's links */
};

static uint32_t degree_of(const struct data_topology *topology, uint32_t node)
{
    return topology->first[node + 1] - topology->first[node];
}

static bool is_read(const struct data_topology *topology, uint32_t node)
{
    return degree_of(topology, node) <= degree_max;
}

static void vote(struct sim_bgp_order *order, uint32_t node, struct pass *pass, uint32_t position,
    double at_ms)
{
    uint32_t degree = degree_of(order->topology, node);
    int32_t *square = &order->votes[order->first[node]];
    bool is_new = at_ms - pass->at_ms >= burst_ms;
    for (uint32_t i = 0; i < pass->count; i++) {
        is_new = is_new || pass->served[i] == position;
    }
    pass->count = is_new ? 0 : pass->count;
    for (uint32_t i = 0; i < pass->count; i++) {
        square[pass->served[i] * degree + position]++;
        square[position * degree + pass->served[i]]--;
    }
    pass->served[pass->count++] = position;
    pass->at_ms = at_ms;
}

/* A session that has been lost once is the last from then on: it is not asked. */
static void read_run(struct sim_bgp_order *order, const struct data_bgp_experiment *experiment,
    const struct data_bgp_run *run, bool was_lost, uint32_t node, uint32_t *served)
{
    struct pass pass = { .at_ms = -1e9, .served = served };
    const struct data_topology *topology = order->topology;
    for (uint32_t i = 0; i < run->wire_count; i++) {
        const struct data_bgp_wire *wire = &run->wire[i];
        if (wire->from != topology->number[node]) {
            continue;
        }
        bool is_failed = (wire->from == experiment->fail_a && wire->to == experiment->fail_b)
            || (wire->from == experiment->fail_b && wire->to == experiment->fail_a);
        uint32_t edge = data_topology_edge(topology, node, data_topology_node(topology, wire->to));
        if (edge != UINT32_MAX && !(is_failed && was_lost)) {
            vote(order, node, &pass, edge - topology->first[node], wire->at_ms);
        }
    }
}

enum hb_status sim_bgp_order_create(const struct data_bgp_experiment *experiment,
    const struct data_topology *topology, struct sim_bgp_order **out)
{
    struct sim_bgp_order *order = calloc(1, sizeof *order);
    uint32_t *served = calloc(topology->node_count, sizeof *served);
    size_t count = 0;
    if (order != NULL) {
        order->topology = topology;
        order->first = calloc(topology->node_count, sizeof *order->first);
    }
    for (uint32_t node = 0; order != NULL && order->first != NULL && node < topology->node_count;
         node++) {
        order->first[node] = count;
        count += is_read(topology, node)
            ? (size_t)degree_of(topology, node) * degree_of(topology, node) : 0;
    }
    if (order != NULL) {
        order->votes = calloc(count + 1, sizeof *order->votes);
    }
    if (served == NULL || order == NULL || order->first == NULL || order->votes == NULL) {
        free(served);
        sim_bgp_order_free(order);
        return HB_ERR_MEMORY;
    }
    for (uint32_t node = 0; node < topology->node_count; node++) {
        bool was_lost = false;
        for (uint32_t run = 0; is_read(topology, node) && run < experiment->run_count; run++) {
            enum data_bgp_event event = experiment->runs[run].event;
            was_lost = was_lost || event == DATA_BGP_LINKFAIL || event == DATA_BGP_SILENT;
            read_run(order, experiment, &experiment->runs[run], was_lost, node, served);
        }
    }
    free(served);
    *out = order;
    return HB_OK;
}

void sim_bgp_order_free(struct sim_bgp_order *order)
{
    if (order == NULL) {
        return;
    }
    free(order->votes);
    free(order->first);
    free(order);
}

/* How many of those still there were served before the one at i, mostly. */
static uint32_t predecessors(const int32_t *square, const uint32_t *left, uint32_t count,
    uint32_t degree, uint32_t i)
{
    uint32_t before = 0;
    for (uint32_t j = 0; j < count; j++) {
        before += square[left[j] * degree + left[i]] > 0;
    }
    return before;
}

void sim_bgp_order_sort(const struct sim_bgp_order *order, uint32_t node, uint32_t *edges)
{
    uint32_t degree = degree_of(order->topology, node), base = order->topology->first[node];
    const int32_t *square = &order->votes[order->first[node]];
    if (!is_read(order->topology, node)) {
        return;
    }
    for (uint32_t i = 0; i < degree; i++) {
        edges[i] -= base;
    }
    for (uint32_t done = 0; done + 1 < degree; done++) {
        uint32_t *left = &edges[done], best = 0, least = UINT32_MAX;
        for (uint32_t i = 0; i < degree - done; i++) {
            uint32_t before = predecessors(square, left, degree - done, degree, i);
            best = before < least ? i : best;
            least = before < least ? before : least;
        }
        uint32_t chosen = left[best];
        for (uint32_t i = best; i > 0; i--) {
            left[i] = left[i - 1];
        }
        left[0] = chosen;
    }
    for (uint32_t i = 0; i < degree; i++) {
        edges[i] += base;
    }
}
