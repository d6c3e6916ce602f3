/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_solver.h"

#include <stdbool.h>
#include <stdlib.h>

#define NONE UINT32_MAX
#define PREPEND_MAX 255U

/* Each phase walks levels of equal path length. A node enters the level that its
 * first candidate opens, and keeps the candidate of the lowest edge of that
 * level, which is that of the lowest neighbour. */
struct sim_bgp_solver {
    const struct data_topology *topology;
    uint32_t *group_first; /* [3][node + 1]: edges by relation, then as in the rows */
    uint32_t *group_edge;  /* [3][...] */
    uint32_t *level_head;  /* [level_count] list of the nodes at each length, or NONE */
    uint32_t *level_next;  /* [node] */
    uint32_t level_count;
};

void sim_bgp_solver_free(struct sim_bgp_solver *solver)
{
    if (solver == NULL) {
        return;
    }
    free(solver->level_next);
    free(solver->level_head);
    free(solver->group_edge);
    free(solver->group_first);
    free(solver);
}

static void group_edges(struct sim_bgp_solver *solver)
{
    const struct data_topology *topology = solver->topology;
    uint32_t used = 0, stride = topology->node_count + 1;
    for (uint32_t relation = 0; relation < 3; relation++) {
        uint32_t *first = &solver->group_first[relation * stride];
        for (uint32_t node = 0; node < topology->node_count; node++) {
            first[node] = used;
            for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
                if (topology->relation[e] == relation) {
                    solver->group_edge[used++] = e;
                }
            }
        }
        first[topology->node_count] = used;
    }
}

enum hb_status sim_bgp_solver_create(
    const struct data_topology *topology, struct sim_bgp_solver **out)
{
    for (uint32_t e = 0; e < topology->edge_count; e++) {
        if (topology->relation[e] > DATA_RELATION_PROVIDER) {
            return HB_ERR_UNSUPPORTED;
        }
    }
    struct sim_bgp_solver *solver = calloc(1, sizeof *solver);
    if (solver == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t nodes = topology->node_count;
    solver->topology = topology;
    solver->level_count = topology->node_count + PREPEND_MAX + 2;
    solver->group_first = malloc(3 * (nodes + 1) * sizeof(uint32_t));
    solver->group_edge = malloc(topology->edge_count * sizeof(uint32_t));
    solver->level_head = malloc(solver->level_count * sizeof(uint32_t));
    solver->level_next = malloc(nodes * sizeof(uint32_t));
    if (solver->group_first == NULL || solver->group_edge == NULL || solver->level_head == NULL
        || solver->level_next == NULL) {
        sim_bgp_solver_free(solver);
        return HB_ERR_MEMORY;
    }
    for (uint32_t level = 0; level < solver->level_count; level++) {
        solver->level_head[level] = NONE;
    }
    group_edges(solver);
    *out = solver;
    return HB_OK;
}

static void enter_level(struct sim_bgp_solver *solver, uint32_t node, uint32_t length)
{
    solver->level_next[node] = solver->level_head[length];
    solver->level_head[length] = node;
}

/* The route of from, one AS longer, as a candidate of the node at the other end
 * of from's edge. True if it is that node's first. */
static bool offer(const struct data_topology *topology, struct sim_bgp_solved *out,
    uint32_t from, uint32_t edge, uint32_t length)
{
    uint32_t back = topology->back[edge], to = topology->peer[edge];
    struct sim_bgp_solved *has = &out[to];
    bool is_first = has->edge == NONE;
    bool is_lower = has->edge != SIM_BGP_SOLVER_OWN && has->length == length
        && has->relation == topology->relation[back] && back < has->edge;
    if (is_first || is_lower) {
        *has = (struct sim_bgp_solved){ .edge = back, .origin = out[from].origin,
            .length = (uint16_t)length, .relation = topology->relation[back] };
    }
    return is_first;
}

/* How long node's route is to its neighbours. */
static uint32_t told_length(
    const struct sim_bgp_solved *route, const struct sim_bgp_origin *origins)
{
    return route->edge == SIM_BGP_SOLVER_OWN ? 1 + origins[route->origin].prepend_count
                                             : route->length + 1U;
}

/* Spreads routes over the edges of one relation, from the shortest on. Nodes of
 * a level tell on to the next; those told for the first time join theirs. */
static void spread(struct sim_bgp_solver *solver, const struct sim_bgp_origin *origins,
    enum data_relation relation, struct sim_bgp_solved *out)
{
    const struct data_topology *topology = solver->topology;
    const uint32_t *first = &solver->group_first[(size_t)relation * (topology->node_count + 1)];
    for (uint32_t level = 0; level < solver->level_count; level++) {
        uint32_t node = solver->level_head[level];
        solver->level_head[level] = NONE;
        while (node != NONE) {
            uint32_t next = solver->level_next[node];
            uint32_t length = told_length(&out[node], origins);
            for (uint32_t i = first[node]; i < first[node + 1]; i++) {
                uint32_t edge = solver->group_edge[i];
                if (offer(topology, out, node, edge, length)) {
                    enter_level(solver, topology->peer[edge], length + 1);
                }
            }
            node = next;
        }
    }
}

/* A node's level is the length it tells, so that a level tells equal lengths. */
static void enter_all(struct sim_bgp_solver *solver, const struct sim_bgp_origin *origins,
    const struct sim_bgp_solved *out)
{
    for (uint32_t node = solver->topology->node_count; node-- > 0;) {
        if (out[node].edge != NONE) {
            enter_level(solver, node, told_length(&out[node], origins));
        }
    }
}

/* One step over peerings, from customer and own routes only. */
static void cross_peerings(struct sim_bgp_solver *solver, const struct sim_bgp_origin *origins,
    struct sim_bgp_solved *out)
{
    const struct data_topology *topology = solver->topology;
    const uint32_t *first
        = &solver->group_first[DATA_RELATION_PEER * ((size_t)topology->node_count + 1)];
    for (uint32_t node = 0; node < topology->node_count; node++) {
        struct sim_bgp_solved *has = &out[node];
        if (has->edge != NONE) {
            continue;
        }
        for (uint32_t i = first[node]; i < first[node + 1]; i++) {
            uint32_t edge = solver->group_edge[i];
            const struct sim_bgp_solved *theirs = &out[topology->peer[edge]];
            if (theirs->edge == NONE || theirs->relation != DATA_RELATION_CUSTOMER) {
                continue;
            }
            uint32_t length = told_length(theirs, origins);
            if (has->edge == NONE || length < has->length) {
                *has = (struct sim_bgp_solved){ .edge = edge, .origin = theirs->origin,
                    .length = (uint16_t)length, .relation = DATA_RELATION_PEER };
            }
        }
    }
}

enum hb_status sim_bgp_solver_solve(struct sim_bgp_solver *solver,
    const struct sim_bgp_origin *origins, size_t origin_count, struct sim_bgp_solved *out)
{
    for (uint32_t node = 0; node < solver->topology->node_count; node++) {
        out[node] = (struct sim_bgp_solved){ .edge = NONE, .origin = NONE };
    }
    for (uint32_t i = 0; i < origin_count; i++) {
        uint32_t node = origins[i].node;
        if (node >= solver->topology->node_count || origins[i].prepend_count > PREPEND_MAX
            || out[node].edge != NONE) {
            return HB_ERR_RANGE;
        }
        out[node] = (struct sim_bgp_solved){ .edge = SIM_BGP_SOLVER_OWN, .origin = i,
            .relation = DATA_RELATION_CUSTOMER };
    }
    enter_all(solver, origins, out);
    spread(solver, origins, DATA_RELATION_PROVIDER, out);
    cross_peerings(solver, origins, out);
    enter_all(solver, origins, out);
    spread(solver, origins, DATA_RELATION_CUSTOMER, out);
    return HB_OK;
}
