/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From ASes to nodes: one each, or a router in every city where the AS is, with
 * iBGP between all of them and eBGP where two ASes are in one city. */
#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "data/grow.h"
#include "sim/net/topo/topo_impl.h"

static const uint32_t site_number_first = 4200000000; /* private use, RFC 6996 */
static const double light_in_fibre_km_ms = 204.0;     /* as sim/net/path.c */
static const double same_city_ms = 0.1;               /* our choice */
static const double delay_max_ms = 4000.0;            /* nanoseconds fit 32 bits */

uint32_t sim_topo_delay_ns(const struct sim_path *path, double km)
{
    double ms = path->stretch * km / light_in_fibre_km_ms;
    ms = fmax(ms, same_city_ms);
    return (uint32_t)hb_units_ns(fmin(ms, delay_max_ms) * 1e-3);
}

enum hb_status sim_topo_expand_node(struct topo_draft *draft, struct topo_node node)
{
    struct topo_node *nodes = data_grow(draft->nodes, draft->node_count, &draft->node_capacity,
        sizeof *draft->nodes);
    if (nodes == NULL) {
        return HB_ERR_MEMORY;
    }
    draft->nodes = nodes;
    draft->nodes[draft->node_count++] = node;
    return HB_OK;
}

/* a and b of the link are indices of nodes here; data_topology counts from 1. */
enum hb_status sim_topo_expand_link(struct topo_draft *draft, struct data_link link)
{
    struct data_link *links = data_grow(draft->links, draft->link_count, &draft->link_capacity,
        sizeof *draft->links);
    if (links == NULL) {
        return HB_ERR_MEMORY;
    }
    draft->links = links;
    link.a++;
    link.b++;
    draft->links[draft->link_count++] = link;
    return HB_OK;
}

static bool is_of(const struct topo_draft *draft, uint32_t node, uint32_t as)
{
    return node < draft->node_count && draft->nodes[node].as == as;
}

/* The AS's router in a city, or HB_NONE. Routers of an AS ascend in hub. */
static uint32_t router_at(const struct topo_draft *draft, uint32_t as, uint32_t hub)
{
    uint32_t first = draft->ases[as].first_node;
    for (uint32_t node = first; is_of(draft, node, first); node++) {
        if (draft->nodes[node].hub == hub) {
            return node;
        }
    }
    return HB_NONE;
}

/* ... or the one nearest to that city. */
static uint32_t router_near(const struct topo_draft *draft, uint32_t as, uint32_t hub)
{
    uint32_t first = draft->ases[as].first_node, best = first;
    for (uint32_t node = first; is_of(draft, node, first); node++) {
        bool is_nearer = topo_km(draft, draft->nodes[node].hub, hub)
            < topo_km(draft, draft->nodes[best].hub, hub);
        best = is_nearer ? node : best;
    }
    return best;
}

static enum hb_status add_routers(struct topo_draft *draft, uint32_t index)
{
    struct topo_as *as = &draft->ases[index];
    enum hb_status status = HB_OK;
    as->first_node = draft->node_count;
    if (!draft->config->by_city) {
        return sim_topo_expand_node(draft,
            (struct topo_node) { as->number, as->first_node, as->hub, HB_NONE,
                draft->hubs[as->hub].at });
    }
    for (uint32_t hub = 0; hub < draft->hub_count && status == HB_OK; hub++) {
        if (topo_is_at(as->presence, hub)) {
            status = sim_topo_expand_node(draft,
                (struct topo_node) { as->number, as->first_node, hub, HB_NONE,
                    draft->hubs[hub].at });
        }
    }
    for (uint32_t a = as->first_node; a < draft->node_count; a++) {
        for (uint32_t b = a + 1; b < draft->node_count && status == HB_OK; b++) {
            double km = (double)topo_km(draft, draft->nodes[a].hub, draft->nodes[b].hub);
            status = sim_topo_expand_link(draft, (struct data_link) { .a = a, .b = b,
                .delay_ns = sim_topo_delay_ns(draft->config->path, km),
                .relation = DATA_RELATION_INTERNAL });
        }
    }
    return status;
}

static enum hb_status join(struct topo_draft *draft, uint32_t a, uint32_t b,
    enum data_relation relation)
{
    double km = (double)topo_km(draft, draft->nodes[a].hub, draft->nodes[b].hub);
    return sim_topo_expand_link(draft, (struct data_link) { .a = a, .b = b,
        .delay_ns = sim_topo_delay_ns(draft->config->path, km), .relation = relation });
}

static enum hb_status add_relation(struct topo_draft *draft, const struct topo_relation *relation)
{
    const struct topo_as *a = &draft->ases[relation->a], *b = &draft->ases[relation->b];
    enum hb_status status = HB_OK;
    bool is_joined = false;
    if (!draft->config->by_city) {
        return join(draft, a->first_node, b->first_node, relation->relation);
    }
    for (uint32_t hub = 0; hub < draft->hub_count && status == HB_OK; hub++) {
        if (topo_is_at(a->presence, hub) && topo_is_at(b->presence, hub)) {
            status = join(draft, router_at(draft, relation->a, hub),
                router_at(draft, relation->b, hub), relation->relation);
            is_joined = true;
        }
    }
    if (is_joined || status != HB_OK) {
        return status;
    }
    return join(draft, router_near(draft, relation->a, b->hub),
        router_near(draft, relation->b, a->hub), relation->relation);
}

static enum hb_status add_sites(struct topo_draft *draft)
{
    const struct topo_draft *it = draft;
    uint32_t most = it->config->upstream_count, first = it->node_count;
    enum hb_status status = HB_OK;
    for (uint32_t site = 0; site < it->config->map->site_count && status == HB_OK; site++) {
        uint32_t hub = it->site_hub[site];
        draft->site_node[site] = draft->node_count;
        status = sim_topo_expand_node(draft,
            (struct topo_node) { site_number_first + site, first, hub, site,
                it->config->map->sites[site].at });
        for (uint32_t i = 0; i < most && status == HB_OK; i++) {
            uint32_t as = it->upstream_as[(size_t)site * most + i];
            if (as != HB_NONE) {
                status = join(draft, it->site_node[site], router_near(draft, as, hub),
                    DATA_RELATION_PROVIDER);
            }
        }
    }
    return status;
}

enum hb_status sim_topo_expand(struct topo_draft *draft)
{
    const struct hb_map *map = draft->config->map;
    enum hb_status status = HB_OK;
    for (uint32_t as = 0; as < draft->as_count && status == HB_OK; as++) {
        status = add_routers(draft, as);
    }
    for (size_t i = 0; i < draft->relation_count && status == HB_OK; i++) {
        status = add_relation(draft, &draft->relations[i]);
    }
    for (uint32_t place = 0; place < map->place_count && status == HB_OK; place++) {
        draft->access_node[place]
            = router_near(draft, draft->access_as[place], draft->place_hub[place]);
    }
    return status == HB_OK ? add_sites(draft) : status;
}
