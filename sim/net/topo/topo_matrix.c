/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round trips to every site by an address that only it announces. Whole ASes with
 * plain relations: by the solver. Routers of one AS, and siblings: messages are
 * exchanged until they settle, by routers without timers. */
#include <assert.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_solver.h"
#include "sim/net/topo/topo.h"

#define WAY_MAX 4096U
#define EQUALS_MAX 1024U

struct unicast {
    const struct sim_topo *topo;
    struct sim_bgp_solver *solver; /* or NULL, and bgp is not */
    struct sim_bgp_solved *solved; /* [node_count] */
    struct sim_bgp *bgp;
    uint32_t *nodes; /* [WAY_MAX] of the way at hand */
    float *rtt_ms;
};

/* Whether the neighbour behind edge offers node a route as good as the one it uses. */
static bool is_equal(const struct unicast *unicast, uint32_t node, uint32_t edge)
{
    const struct data_topology *rows = unicast->topo->topology;
    const struct sim_bgp_solved *has = &unicast->solved[node];
    const struct sim_bgp_solved *theirs = &unicast->solved[rows->peer[edge]];
    bool is_told = theirs->edge != HB_NONE
        && (theirs->relation == DATA_RELATION_CUSTOMER
            || rows->relation[edge] == DATA_RELATION_PROVIDER);
    uint32_t length = theirs->edge == SIM_BGP_SOLVER_OWN ? 1 : theirs->length + 1U;
    return is_told && rows->relation[edge] == has->relation && length == has->length;
}

static uint32_t exit_of(const struct unicast *unicast, uint32_t node, uint32_t *here)
{
    const struct data_topology *rows = unicast->topo->topology;
    uint32_t edges[EQUALS_MAX], count = 0;
    edges[count++] = unicast->solved[node].edge;
    for (uint32_t e = rows->first[node]; e < rows->first[node + 1] && count < EQUALS_MAX; e++) {
        if (e != edges[0] && is_equal(unicast, node, e)) {
            edges[count++] = e;
        }
    }
    return rows->peer[sim_topo_exit(unicast->topo, node, *here, edges, count, here)];
}

static uint32_t next_of(const struct unicast *unicast, uint32_t node, uint32_t *here)
{
    if (unicast->bgp != NULL) {
        return sim_bgp_via(unicast->bgp, node, 0);
    }
    uint32_t edge = unicast->solved[node].edge;
    if (edge == SIM_BGP_SOLVER_OWN) {
        return node;
    }
    if (edge == HB_NONE) {
        return HB_NONE;
    }
    return unicast->topo->presence != NULL ? exit_of(unicast, node, here)
                                           : unicast->topo->topology->peer[edge];
}

/* The nodes from the vantage's to the site's; 0: no way. */
static uint32_t follow(const struct unicast *unicast, uint32_t vantage)
{
    uint32_t node = unicast->topo->vantage_node[vantage], count = 0;
    uint32_t here = unicast->topo->vantage_hub[vantage];
    while (count < WAY_MAX) {
        unicast->nodes[count++] = node;
        uint32_t next = next_of(unicast, node, &here);
        if (next == node || next == HB_NONE) {
            return next == node ? count : 0;
        }
        node = next;
    }
    return 0;
}

static enum hb_status route_to(struct unicast *unicast, uint32_t site)
{
    uint32_t node = unicast->topo->site_node[site];
    if (unicast->solver != NULL) {
        struct sim_bgp_origin origin = { .node = node };
        return sim_bgp_solver_solve(unicast->solver, &origin, 1, unicast->solved);
    }
    if (site > 0) {
        sim_bgp_withdraw(unicast->bgp, unicast->topo->site_node[site - 1], 0);
        enum hb_status status = sim_bgp_run(unicast->bgp, HB_NEVER_NS);
        if (status != HB_OK) {
            return status;
        }
    }
    sim_bgp_announce(unicast->bgp, node, 0, NULL);
    return sim_bgp_run(unicast->bgp, HB_NEVER_NS);
}

static void fill_site(struct unicast *unicast, uint32_t site, struct sim_topo_way *ways,
    uint8_t *has_way)
{
    const struct sim_topo *topo = unicast->topo;
    const struct hb_map *map = topo->map;
    for (uint32_t vantage = 0; vantage < topo->vantage_count; vantage++) {
        uint32_t count = follow(unicast, vantage);
        has_way[vantage] = count > 0;
        if (count > 0) {
            sim_topo_way_of(topo, vantage, unicast->nodes, count, &ways[vantage]);
        }
    }
    for (uint32_t place = 0; place < map->place_count; place++) {
        uint32_t vantage = topo->vantage_of[place];
        double ms = has_way[vantage] ? sim_topo_rtt_ms(topo, place, site, &ways[vantage])
            : sim_path_rtt_ms(topo->path, map->places[place].at, map->sites[site].at);
        unicast->rtt_ms[(size_t)place * map->site_count + site] = (float)ms;
    }
}

static enum hb_status prepare(struct unicast *unicast)
{
    static const struct sim_bgp_profile bare = { .name = "bare", .process_s = 1e-3 };
    const struct sim_topo *topo = unicast->topo;
    enum hb_status status = topo->permit_count == 0
        ? sim_bgp_solver_create(topo->topology, &unicast->solver) : HB_ERR_UNSUPPORTED;
    if (status != HB_ERR_UNSUPPORTED) {
        return status;
    }
    struct sim_bgp_options options = { .topology = topo->topology, .profiles = &bare,
        .profile_count = 1, .as_of = topo->as_of, .igp_cost = topo->igp_cost };
    return sim_bgp_create(&options, &unicast->bgp);
}

enum hb_status sim_topo_matrix(const struct sim_topo *topo, float **out,
    struct data_problem *problem)
{
    const struct hb_map *map = topo->map;
    uint64_t entries = (uint64_t)map->place_count * map->site_count;
    if (entries == 0 || entries > SIM_PATH_MATRIX_MAX) {
        return HB_ERR_RANGE;
    }
    struct unicast unicast = { .topo = topo };
    struct sim_topo_way *ways = calloc(topo->vantage_count, sizeof *ways);
    uint8_t *has_way = calloc(topo->vantage_count, 1);
    unicast.rtt_ms = malloc(entries * sizeof *unicast.rtt_ms);
    unicast.nodes = malloc(WAY_MAX * sizeof *unicast.nodes);
    unicast.solved = malloc(topo->node_count * sizeof *unicast.solved);
    enum hb_status status = HB_ERR_MEMORY;
    if (ways != NULL && has_way != NULL && unicast.rtt_ms != NULL && unicast.nodes != NULL
        && unicast.solved != NULL) {
        status = prepare(&unicast);
    }
    for (uint32_t site = 0; site < map->site_count && status == HB_OK; site++) {
        status = route_to(&unicast, site);
        if (status == HB_OK) {
            fill_site(&unicast, site, ways, has_way);
        }
    }
    if (status == HB_OK) {
        *out = unicast.rtt_ms;
        unicast.rtt_ms = NULL;
    } else if (unicast.bgp != NULL && sim_bgp_failure(unicast.bgp)[0] != '\0') {
        data_problem_set(problem, status, "routes to sites: %s", sim_bgp_failure(unicast.bgp));
    }
    sim_bgp_free(unicast.bgp);
    sim_bgp_solver_free(unicast.solver);
    free(unicast.solved);
    free(unicast.nodes);
    free(unicast.rtt_ms);
    free(has_way);
    free(ways);
    return status;
}
