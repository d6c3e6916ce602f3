/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "sim/net/bgp/bgp_solver.h"
#include "sim/net/steer_impl.h"

/* Numbers for the two sites beyond any AS's (RFC 7300 reserves the last). */
static const uint32_t site_as[2] = { UINT32_C(4294967293), UINT32_C(4294967294) };

/* The topology's links once each, and those of the two sites. */
static size_t links_fill(const struct sim_steer_input *input, const uint32_t site[2],
    struct data_link *links)
{
    const struct data_topology *topology = input->topology;
    size_t count = 0;
    for (uint32_t node = 0; node < topology->node_count; node++) {
        for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
            if (topology->peer[e] > node) {
                links[count++] = (struct data_link){ .a = topology->number[node],
                    .b = topology->number[topology->peer[e]],
                    .relation = topology->relation[e] };
            }
        }
    }
    for (size_t i = 0; i < input->peering->link_count; i++) {
        const struct data_peering_link *link = &input->peering->links[i];
        for (int side = 0; side < 2; side++) {
            if (link->site == site[side]) {
                links[count++] = (struct data_link){ .a = site_as[side], .b = link->as,
                    .relation = link->is_transit ? DATA_RELATION_PROVIDER : DATA_RELATION_PEER };
            }
        }
    }
    return count;
}

static enum hb_status solve(const struct data_topology *whole,
    const struct sim_steer_input *input, uint8_t *sides)
{
    struct sim_bgp_solver *solver = NULL;
    struct sim_bgp_solved *solved = malloc(whole->node_count * sizeof *solved);
    enum hb_status status = HB_ERR_MEMORY;
    if (solved != NULL) {
        status = sim_bgp_solver_create(whole, &solver);
    }
    if (status == HB_OK) {
        struct sim_bgp_origin origins[2];
        size_t count = 0;
        int side_of[2] = { 0, 1 };
        for (int side = 0; side < 2; side++) {
            uint32_t node = data_topology_node(whole, site_as[side]);
            if (node != UINT32_MAX) {
                side_of[count] = side;
                origins[count++] = (struct sim_bgp_origin){ .node = node };
            }
        }
        status = sim_bgp_solver_solve(solver, origins, count, solved);
        for (uint32_t i = 0; i < input->topology->node_count && status == HB_OK; i++) {
            uint32_t node = data_topology_node(whole, input->topology->number[i]);
            uint32_t origin = solved[node].origin;
            sides[i] = (uint8_t)(origin < 2 ? side_of[origin] : 2);
        }
    }
    sim_bgp_solver_free(solver);
    free(solved);
    return status;
}

enum hb_status sim_steer_plain(const struct sim_steer_input *input, const uint32_t site[2],
    uint8_t *sides, struct data_problem *problem)
{
    size_t most = input->topology->edge_count / 2 + 2 * input->peering->link_count + 1;
    struct data_link *links = malloc(most * sizeof *links);
    if (links == NULL) {
        return HB_ERR_MEMORY;
    }
    struct data_topology *whole = NULL;
    enum hb_status status = data_topology_create(
        links, links_fill(input, site, links), "AS relationships and sites", &whole, problem);
    if (status == HB_OK) {
        status = solve(whole, input, sides);
    }
    data_topology_free(whole);
    free(links);
    return status;
}
