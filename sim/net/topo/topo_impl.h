/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_TOPO_IMPL_H
#define SIM_NET_TOPO_IMPL_H

#include "sim/engine/draw.h"
#include "sim/net/topo/topo.h"

/* Inside sim/net/topo; nobody else includes it.
 *   topo.c           from a configuration to the network; free
 *   topo_hub.c       cities where networks meet; who is where
 *   topo_generate.c  ASes and their relations, by law (INTERNET) and by shape
 *   topo_asrel.c     the same from a file of CAIDA
 *   topo_attach.c    which ASes clients and sites are behind
 *   topo_expand.c    from ASes to nodes: whole, or a router in each city
 *   topo_operator.c  one operator's routers: NETMAP, MATRIX
 *   topo_way.c       how far packets go
 *   topo_matrix.c    every site by an address of its own */

struct topo_hub {
    struct hb_point at;
    double weight;    /* places of its region; 1 where only sites are */
    uint16_t country; /* two capitals, first << 8 | second; 0: not known */
};

struct topo_as {
    uint32_t number, hub; /* at home there */
    uint32_t first_node;
    uint32_t degree, customer_count, provider_count;
    uint16_t country;     /* AS_REL */
    uint64_t presence[SIM_TOPO_WORDS];
};

struct topo_relation { /* what b is to a */
    uint32_t a, b;     /* indices of ASes */
    enum data_relation relation;
};

/* One AS in one city; sites come last. */
struct topo_node {
    uint32_t number, as, hub; /* as: index of its first node */
    uint32_t site;            /* HB_NONE: no site's */
    struct hb_point at;
};

struct topo_draft {
    const struct sim_topo_config *config;
    struct data_problem *problem;
    struct topo_hub *hubs;
    float *hub_km; /* [hub_count][hub_count] */
    uint32_t hub_count;
    uint32_t *place_hub, *site_hub;
    struct topo_as *ases;
    struct topo_relation *relations;
    uint32_t as_count;
    size_t relation_count, relation_capacity;
    uint32_t *access_as;   /* [place_count] */
    uint32_t *upstream_as; /* [site_count][upstream_count], HB_NONE ends */
    struct topo_node *nodes;
    struct data_link *links;
    uint32_t node_count;
    size_t node_capacity, link_count, link_capacity;
    uint32_t *access_node, *site_node;
    struct sim_bgp_permit *permits;
    uint32_t *permit_hops;
    size_t permit_count;
};

static inline bool topo_is_at(const uint64_t *presence, uint32_t hub)
{
    return (presence[hub / 64] >> (hub % 64) & 1) != 0;
}

static inline void topo_put_at(uint64_t *presence, uint32_t hub)
{
    presence[hub / 64] |= UINT64_C(1) << (hub % 64);
}

static inline const char *topo_name(const struct topo_draft *draft)
{
    return draft->config->name != NULL ? draft->config->name : "topology";
}

static inline float topo_km(const struct topo_draft *draft, uint32_t a, uint32_t b)
{
    return draft->hub_km[(size_t)a * draft->hub_count + b];
}

/* One way, in fibre, with the path's stretch; at least 0.1 ms inside a city, at most 4 s. */
uint32_t sim_topo_delay_ns(const struct sim_path *path, double km);

/* topo_hub.c */
enum hb_status sim_topo_hub_all(struct topo_draft *draft);
/* Adds one unless there is one within 50 km (then *hub is that); HB_ERR_FULL. */
enum hb_status sim_topo_hub_add(struct topo_draft *draft, const struct topo_hub *hub,
    uint32_t *index);
enum hb_status sim_topo_hub_measure(struct topo_draft *draft);
uint32_t sim_topo_hub_nearest(const struct topo_draft *draft, struct hb_point at);

/* topo_generate.c, topo_shape.c, topo_asrel.c: ASes and relations. */
enum hb_status sim_topo_generate(struct topo_draft *draft);
enum hb_status sim_topo_shape(struct topo_draft *draft);
enum hb_status sim_topo_asrel(struct topo_draft *draft);
enum hb_status sim_topo_relate(struct topo_draft *draft, struct topo_relation relation);

/* topo_attach.c */
enum hb_status sim_topo_attach(struct topo_draft *draft);

/* topo_expand.c */
enum hb_status sim_topo_expand(struct topo_draft *draft);
enum hb_status sim_topo_expand_node(struct topo_draft *draft, struct topo_node node);
enum hb_status sim_topo_expand_link(struct topo_draft *draft, struct data_link link);

/* topo_operator.c: nodes and links at once. */
enum hb_status sim_topo_operator(struct topo_draft *draft);

#endif
