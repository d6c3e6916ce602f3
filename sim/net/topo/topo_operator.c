/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One operator's network: every router has iBGP with every other; the IGP cost is
 * the shortest way over the file's links, or half of what was measured. Delays that
 * the file tells are taken as they are, those by geography are stretched. The sites
 * are routers too, behind the nearest of the file's. */
#include <math.h>
#include <stdlib.h>

#include "data/netmap.h"
#include "sim/net/topo/topo_impl.h"

#define ROUTERS_MAX 1024U /* with sites: a full mesh of a million half-links */

struct operator_net {
    uint32_t router_count;
    struct hb_point *at; /* [router_count] */
    double *delay_ms;    /* [router_count][router_count] one way; INFINITY: no way */
    uint8_t *has_place;
};

static void fini(struct operator_net *net)
{
    free(net->has_place);
    free(net->delay_ms);
    free(net->at);
}

static enum hb_status init(struct operator_net *net, uint32_t count, struct topo_draft *draft)
{
    if (count == 0 || count + draft->config->map->site_count > ROUTERS_MAX) {
        return data_problem_set(draft->problem, HB_ERR_RANGE,
            "%s: found %u routers and %u sites: expected 1 to %u together", topo_name(draft), count,
            draft->config->map->site_count, ROUTERS_MAX);
    }
    *net = (struct operator_net) { .router_count = count };
    net->at = calloc(count, sizeof *net->at);
    net->has_place = calloc(count, 1);
    net->delay_ms = malloc((size_t)count * count * sizeof *net->delay_ms);
    bool is_whole = net->at != NULL && net->has_place != NULL && net->delay_ms != NULL;
    for (size_t i = 0; is_whole && i < (size_t)count * count; i++) {
        net->delay_ms[i] = i % (count + 1) == 0 ? 0.0 : (double)INFINITY;
    }
    return is_whole ? HB_OK : HB_ERR_MEMORY;
}

/* Floyd and Warshall: all shortest ways. */
static void shorten(struct operator_net *net)
{
    size_t count = net->router_count;
    for (size_t k = 0; k < count; k++) {
        for (size_t a = 0; a < count; a++) {
            double to_k = net->delay_ms[a * count + k];
            for (size_t b = 0; b < count && to_k < (double)INFINITY; b++) {
                double by_k = to_k + net->delay_ms[k * count + b];
                if (by_k < net->delay_ms[a * count + b]) {
                    net->delay_ms[a * count + b] = by_k;
                }
            }
        }
    }
}

static enum hb_status from_map(struct topo_draft *draft, struct operator_net *net)
{
    struct data_netmap *map = NULL;
    enum hb_status status = data_netmap_load(draft->config->file, &map, draft->problem);
    if (status != HB_OK) {
        return status;
    }
    const struct data_topology *rows = map->topology;
    double stretch = map->has_delays ? 1.0 : draft->config->path->stretch;
    status = init(net, rows->node_count, draft);
    for (uint32_t node = 0; node < rows->node_count && status == HB_OK; node++) {
        const struct data_netmap_node *it = &map->nodes[rows->number[node] - 1];
        net->at[node] = it->at;
        net->has_place[node] = it->has_place;
        for (uint32_t e = rows->first[node]; e < rows->first[node + 1]; e++) {
            net->delay_ms[(size_t)node * rows->node_count + rows->peer[e]]
                = (double)rows->delay_ns[e] * 1e-6 * stretch;
        }
    }
    if (status == HB_OK) {
        shorten(net);
    }
    data_netmap_free(map);
    return status;
}

static enum hb_status from_matrix(struct topo_draft *draft, struct operator_net *net)
{
    const struct data_latency *measured = draft->config->measured;
    enum hb_status status = init(net, measured->node_count, draft);
    for (uint32_t a = 0; a < measured->node_count && status == HB_OK; a++) {
        net->at[a] = measured->at[a];
        net->has_place[a] = 1;
        for (uint32_t b = 0; b < measured->node_count; b++) {
            double rtt_ms = (double)measured->rtt_ms[(size_t)a * measured->node_count + b];
            if (a != b && !isnan(rtt_ms)) {
                net->delay_ms[(size_t)a * measured->node_count + b] = rtt_ms / 2.0;
            }
        }
    }
    if (status == HB_OK) {
        shorten(net); /* only fills pairs that were not measured, or beats them */
    }
    return status;
}

static uint32_t nearest(const struct operator_net *net, struct hb_point at)
{
    uint32_t best = HB_NONE;
    double best_km = 0.0;
    for (uint32_t router = 0; router < net->router_count; router++) {
        double km = hb_geo_distance_km(net->at[router], at);
        if (net->has_place[router] && (best == HB_NONE || km < best_km)) {
            best = router;
            best_km = km;
        }
    }
    return best;
}

struct end { /* of an iBGP session: a router of the file, or a site behind one */
    uint32_t router;
    double rest_ms;
};

static struct end end_of(const struct topo_draft *draft, const struct operator_net *net,
    uint32_t node)
{
    if (node < net->router_count) {
        return (struct end) { node, 0.0 };
    }
    struct hb_point at = draft->config->map->sites[node - net->router_count].at;
    uint32_t router = nearest(net, at);
    double km = hb_geo_distance_km(net->at[router], at);
    return (struct end) { router, (double)sim_topo_delay_ns(draft->config->path, km) * 1e-6 };
}

static enum hb_status mesh(struct topo_draft *draft, const struct operator_net *net)
{
    enum hb_status status = HB_OK;
    for (uint32_t a = 0; a < draft->node_count; a++) {
        struct end from = end_of(draft, net, a);
        for (uint32_t b = a + 1; b < draft->node_count && status == HB_OK; b++) {
            struct end to = end_of(draft, net, b);
            double ms = from.rest_ms + to.rest_ms
                + net->delay_ms[(size_t)from.router * net->router_count + to.router];
            if (ms < 4000.0) { /* else there is no way between them */
                status = sim_topo_expand_link(draft, (struct data_link) { .a = a, .b = b,
                    .delay_ns = (uint32_t)(ms * 1e6 + 0.5), .relation = DATA_RELATION_INTERNAL });
            }
        }
    }
    return status;
}

static enum hb_status build(struct topo_draft *draft, const struct operator_net *net)
{
    const struct hb_map *map = draft->config->map;
    enum hb_status status = HB_OK;
    if (nearest(net, map->sites[0].at) == HB_NONE) {
        return data_problem_set(draft->problem, HB_ERR_FORMAT,
            "%s: found no router with coordinates: expected at least one", draft->config->file);
    }
    for (uint32_t router = 0; router < net->router_count && status == HB_OK; router++) {
        uint32_t hub = sim_topo_hub_nearest(draft, net->at[router]);
        status = sim_topo_expand_node(draft,
            (struct topo_node) { draft->config->origin_as, 0, hub, HB_NONE, net->at[router] });
    }
    for (uint32_t site = 0; site < map->site_count && status == HB_OK; site++) {
        draft->site_node[site] = draft->node_count;
        status = sim_topo_expand_node(draft, (struct topo_node) { draft->config->origin_as, 0,
            draft->site_hub[site], site, map->sites[site].at });
    }
    for (uint32_t place = 0; place < map->place_count; place++) {
        draft->access_node[place] = nearest(net, map->places[place].at);
    }
    return status == HB_OK ? mesh(draft, net) : status;
}

enum hb_status sim_topo_operator(struct topo_draft *draft)
{
    struct operator_net net = { 0 };
    enum hb_status status = draft->config->kind == SIM_TOPO_MATRIX ? from_matrix(draft, &net)
                                                                   : from_map(draft, &net);
    status = status == HB_OK ? build(draft, &net) : status;
    fini(&net);
    return status;
}
