/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/topo/topo_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "data/grow.h"

enum hb_status sim_topo_relate(struct topo_draft *draft, struct topo_relation relation)
{
    struct topo_relation *relations = data_grow(draft->relations, draft->relation_count,
        &draft->relation_capacity, sizeof *draft->relations);
    if (relations == NULL) {
        return HB_ERR_MEMORY;
    }
    draft->relations = relations;
    struct topo_as *a = &draft->ases[relation.a], *b = &draft->ases[relation.b];
    a->degree++;
    b->degree++;
    a->customer_count += relation.relation == DATA_RELATION_CUSTOMER;
    b->customer_count += relation.relation == DATA_RELATION_PROVIDER;
    a->provider_count += relation.relation == DATA_RELATION_PROVIDER;
    b->provider_count += relation.relation == DATA_RELATION_CUSTOMER;
    draft->relations[draft->relation_count++] = relation;
    return HB_OK;
}

/* Griffin's gadget: around AS 1 (node 0) each of the three prefers the way through
 * the next of them, and accepts only that and its own. */
static enum hb_status add_gadget(struct topo_draft *draft)
{
    enum { CHOICES = 6, HOPS = 3 };
    uint32_t origin = draft->nodes[draft->site_node[0]].as;
    draft->permits = calloc(CHOICES, sizeof *draft->permits);
    draft->permit_hops = calloc(CHOICES * HOPS, sizeof *draft->permit_hops);
    if (draft->permits == NULL || draft->permit_hops == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t node = i + 1, next = (i + 1) % 3 + 1;
        uint32_t *by_next = &draft->permit_hops[2 * i * HOPS], *own = by_next + HOPS;
        by_next[0] = next;
        by_next[1] = own[0] = 0;
        by_next[2] = own[1] = origin;
        draft->permits[2 * i] = (struct sim_bgp_permit) { node, 200, 3, by_next };
        draft->permits[2 * i + 1] = (struct sim_bgp_permit) { node, 100, 2, own };
    }
    draft->permit_count = CHOICES;
    return HB_OK;
}

static enum hb_status draw(struct topo_draft *draft)
{
    const struct sim_topo_config *config = draft->config;
    enum hb_status status = sim_topo_hub_all(draft);
    bool is_operator = config->kind == SIM_TOPO_NETMAP || config->kind == SIM_TOPO_MATRIX;
    if (status != HB_OK || is_operator) {
        status = status == HB_OK ? sim_topo_hub_measure(draft) : status;
        return status == HB_OK ? sim_topo_operator(draft) : status;
    }
    if (config->kind == SIM_TOPO_AS_REL) {
        status = sim_topo_asrel(draft);
        status = status == HB_OK ? sim_topo_hub_measure(draft) : status;
    } else {
        status = sim_topo_hub_measure(draft);
        if (status == HB_OK) {
            status = config->shape == SIM_TOPO_INTERNET ? sim_topo_generate(draft)
                                                        : sim_topo_shape(draft);
        }
    }
    status = status == HB_OK ? sim_topo_attach(draft) : status;
    status = status == HB_OK ? sim_topo_expand(draft) : status;
    bool is_gadget = config->kind == SIM_TOPO_GENERATED && config->shape == SIM_TOPO_BAD_GADGET;
    return status == HB_OK && is_gadget ? add_gadget(draft) : status;
}

struct columns { /* of a topo, while they can be written */
    struct hb_point *hubs, *at;
    uint32_t *as_of, *as_number, *hub_of, *site_of;
    uint64_t *presence;
};

static enum hb_status size_columns(const struct topo_draft *draft, struct sim_topo *topo,
    struct columns *to)
{
    size_t nodes = draft->node_count;
    topo->hubs = to->hubs = malloc(draft->hub_count * sizeof *to->hubs);
    topo->at = to->at = malloc(nodes * sizeof *to->at);
    topo->as_of = to->as_of = malloc(nodes * sizeof *to->as_of);
    topo->as_number = to->as_number = malloc(nodes * sizeof *to->as_number);
    topo->hub_of = to->hub_of = malloc(nodes * sizeof *to->hub_of);
    topo->site_of = to->site_of = malloc(nodes * sizeof *to->site_of);
    bool is_whole = to->hubs != NULL && to->at != NULL && to->as_of != NULL
        && to->as_number != NULL && to->hub_of != NULL && to->site_of != NULL;
    if (is_whole && draft->ases != NULL && !draft->config->by_city) {
        topo->presence = to->presence = calloc(nodes * SIM_TOPO_WORDS, sizeof *to->presence);
        is_whole = to->presence != NULL;
    }
    return is_whole ? HB_OK : HB_ERR_MEMORY;
}

static void fill_columns(const struct topo_draft *draft, const struct columns *to)
{
    for (uint32_t hub = 0; hub < draft->hub_count; hub++) {
        to->hubs[hub] = draft->hubs[hub].at;
    }
    for (uint32_t i = 0; i < draft->node_count; i++) {
        const struct topo_node *node = &draft->nodes[i];
        to->at[i] = node->at;
        to->as_of[i] = node->as;
        to->as_number[i] = node->site == HB_NONE ? node->number : draft->config->origin_as;
        to->hub_of[i] = node->hub;
        to->site_of[i] = node->site;
        if (to->presence != NULL && node->site != HB_NONE) {
            topo_put_at(&to->presence[(size_t)i * SIM_TOPO_WORDS], node->hub);
        } else if (to->presence != NULL) {
            memcpy(&to->presence[(size_t)i * SIM_TOPO_WORDS], draft->ases[i].presence,
                sizeof draft->ases[i].presence);
        }
    }
}

/* IGP costs are delays in microseconds. */
static enum hb_status set_costs(struct sim_topo *topo)
{
    const struct data_topology *rows = topo->topology;
    bool has_internal = false;
    for (uint32_t e = 0; e < rows->edge_count; e++) {
        has_internal = has_internal || rows->relation[e] == DATA_RELATION_INTERNAL;
    }
    if (!has_internal) {
        return HB_OK;
    }
    uint32_t *cost = malloc(rows->edge_count * sizeof *cost);
    if (cost == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t e = 0; e < rows->edge_count; e++) {
        cost[e] = rows->delay_ns[e] / 1000;
    }
    topo->igp_cost = cost;
    return HB_OK;
}

/* Where packets of that hub are once they are on the access AS: the hub itself if
 * it is there, else the nearest where it is. */
static uint32_t start_of(const struct sim_topo *topo, uint32_t node, uint32_t hub)
{
    if (topo->presence == NULL) {
        return topo->hub_of[node];
    }
    const uint64_t *presence = &topo->presence[(size_t)node * SIM_TOPO_WORDS];
    const float *km = &topo->hub_km[(size_t)hub * topo->hub_count];
    uint32_t best = topo->hub_of[node];
    for (uint32_t at = 0; at < topo->hub_count; at++) {
        best = topo_is_at(presence, at) && km[at] < km[best] ? at : best;
    }
    return best;
}

static enum hb_status set_vantages(const struct topo_draft *draft, struct sim_topo *topo)
{
    uint32_t places = topo->map->place_count;
    uint32_t *of = malloc(places * sizeof *of);
    uint32_t *node = malloc(places * sizeof *node), *hub = malloc(places * sizeof *hub);
    uint32_t *region = malloc(places * sizeof *region);
    topo->vantage_region = region;
    topo->vantage_of = of;
    topo->vantage_node = node;
    topo->vantage_hub = hub;
    if (of == NULL || node == NULL || hub == NULL || region == NULL) {
        return HB_ERR_MEMORY;
    }
    uint32_t last = 0; /* neighbours in the list are neighbours in town */
    for (uint32_t place = 0; place < places; place++) {
        uint32_t at = draft->access_node[place];
        uint32_t start = start_of(topo, at, draft->place_hub[place]);
        uint32_t found = 0, count = topo->vantage_count, in = topo->map->places[place].region;
        bool is_last = last < count && node[last] == at && hub[last] == start && region[last] == in;
        for (found = is_last ? last : 0; found < count; found++) {
            if (node[found] == at && hub[found] == start && region[found] == in) {
                break;
            }
        }
        if (found == count) {
            node[found] = at;
            hub[found] = start;
            region[found] = in;
            topo->vantage_count++;
        }
        of[place] = last = found;
    }
    return HB_OK;
}

static enum hb_status finish(struct topo_draft *draft, struct sim_topo *topo)
{
    struct columns columns = { 0 };
    enum hb_status status = size_columns(draft, topo, &columns);
    const char *name = draft->config->file != NULL ? draft->config->file : "topology";
    if (status == HB_OK) {
        fill_columns(draft, &columns);
        status = data_topology_create(draft->links, draft->link_count, name, &topo->topology,
            draft->problem);
    }
    if (status == HB_OK && topo->topology->node_count != draft->node_count) {
        return data_problem_set(draft->problem, HB_ERR_FORMAT,
            "%s: found %u routers without any link: expected none", name,
            draft->node_count - topo->topology->node_count);
    }
    if (status != HB_OK) {
        return status;
    }
    topo->path = draft->config->path;
    topo->map = draft->config->map;
    topo->node_count = draft->node_count;
    topo->hub_count = draft->hub_count;
    topo->hub_km = draft->hub_km;
    topo->site_node = draft->site_node;
    topo->permits = draft->permits;
    topo->permit_count = draft->permit_count;
    topo->permit_hops = draft->permit_hops;
    draft->hub_km = NULL;
    draft->site_node = NULL;
    draft->permits = NULL;
    draft->permit_hops = NULL;
    status = set_vantages(draft, topo);
    return status == HB_OK ? set_costs(topo) : status;
}

static void free_draft(struct topo_draft *draft)
{
    free(draft->permit_hops);
    free(draft->permits);
    free(draft->site_node);
    free(draft->access_node);
    free(draft->links);
    free(draft->nodes);
    free(draft->upstream_as);
    free(draft->access_as);
    free(draft->relations);
    free(draft->ases);
    free(draft->site_hub);
    free(draft->place_hub);
    free(draft->hub_km);
    free(draft->hubs);
}

enum hb_status sim_topo_create(const struct sim_topo_config *config, struct sim_topo **out,
    struct data_problem *problem)
{
    struct topo_draft draft = { .config = config, .problem = problem };
    struct sim_topo *topo = calloc(1, sizeof *topo);
    draft.access_node = calloc(config->map->place_count, sizeof *draft.access_node);
    draft.site_node = calloc(config->map->site_count, sizeof *draft.site_node);
    enum hb_status status = HB_ERR_MEMORY;
    if (topo != NULL && draft.access_node != NULL && draft.site_node != NULL) {
        status = draw(&draft);
    }
    status = status == HB_OK ? finish(&draft, topo) : status;
    free_draft(&draft);
    if (status != HB_OK) {
        sim_topo_free(topo);
        return status;
    }
    *out = topo;
    return HB_OK;
}

void sim_topo_free(struct sim_topo *topo)
{
    if (topo == NULL) {
        return;
    }
    free((void *)(uintptr_t)topo->igp_cost);
    free((void *)(uintptr_t)topo->permit_hops);
    free((void *)(uintptr_t)topo->permits);
    free((void *)(uintptr_t)topo->vantage_region);
    free((void *)(uintptr_t)topo->vantage_hub);
    free((void *)(uintptr_t)topo->vantage_node);
    free((void *)(uintptr_t)topo->vantage_of);
    free((void *)(uintptr_t)topo->site_node);
    free((void *)(uintptr_t)topo->hub_km);
    free((void *)(uintptr_t)topo->presence);
    free((void *)(uintptr_t)topo->site_of);
    free((void *)(uintptr_t)topo->hub_of);
    free((void *)(uintptr_t)topo->as_number);
    free((void *)(uintptr_t)topo->as_of);
    free((void *)(uintptr_t)topo->at);
    free((void *)(uintptr_t)topo->hubs);
    data_topology_free(topo->topology);
    free(topo);
}

size_t sim_topo_bytes(const struct sim_topo *topo)
{
    size_t nodes = topo->node_count, hubs = topo->hub_count;
    size_t edges = topo->topology->edge_count;
    return sizeof *topo + hubs * (sizeof *topo->hubs + hubs * sizeof *topo->hub_km)
        + nodes * (sizeof *topo->at + 4 * sizeof(uint32_t))
        + (topo->presence != NULL ? nodes * SIM_TOPO_WORDS * sizeof *topo->presence : 0)
        + edges * (3 * sizeof(uint32_t) + 1 + (topo->igp_cost != NULL ? sizeof(uint32_t) : 0))
        + topo->map->place_count * sizeof *topo->vantage_of;
}
