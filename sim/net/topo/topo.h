/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_TOPO_H
#define SIM_NET_TOPO_H

#include "data/latency.h"
#include "data/problem.h"
#include "data/topology.h"
#include "sim/net/bgp/bgp.h"
#include "sim/net/path.h"

/* The network under a run: who has BGP sessions with whom, where routers are,
 * which of them a place's clients and a site are behind. All sites are one
 * origin AS, each a router of its own.
 *   GENERATED  by shape, below
 *   AS_REL     a file of CAIDA; an AS is one node, present in all hubs of its
 *              country and, if it has customers, of its neighbours' countries
 *   NETMAP     one operator's network from a file (data/netmap.h): routers with
 *              a full mesh of iBGP, IGP cost by the shortest delay; sites are
 *              routers of the operator too
 *   MATRIX     the same with measured nodes and round trips for the IGP cost */
enum sim_topo_kind { SIM_TOPO_GENERATED, SIM_TOPO_AS_REL, SIM_TOPO_NETMAP, SIM_TOPO_MATRIX };

/* Of a generated one.
 *   INTERNET    tier 1 (a clique of peers, present in every hub), transit and stub
 *               ASes with geography; Gao-Rexford holds by construction
 *   CLIQUE, RING  of siblings, which tell each other everything
 *   HIERARCHY   a binary tree of providers and customers
 *   BAD_GADGET  one AS and three around it whose preferences have no stable
 *               solution (Griffin, Shepherd, Wilfong 2002) */
enum sim_topo_shape {
    SIM_TOPO_INTERNET,
    SIM_TOPO_CLIQUE,
    SIM_TOPO_RING,
    SIM_TOPO_HIERARCHY,
    SIM_TOPO_BAD_GADGET
};

struct sim_topo_config {
    enum sim_topo_kind kind;
    enum sim_topo_shape shape;
    bool by_city;              /* INTERNET: routers are (AS, city), else whole ASes */
    const char *file;          /* AS_REL, NETMAP */
    const char *countries;     /* AS_REL: countries of ASes, or NULL: by lot */
    const char *name;          /* where it was asked for, for messages; NULL: "topology" */
    const struct data_latency *measured; /* MATRIX */
    uint32_t as_count, tier1_count; /* GENERATED */
    uint32_t access_count;     /* access ASes that a city's clients are spread over */
    uint32_t upstream_count;   /* providers of a site ... */
    uint32_t common_count;     /* ... of which so many are the same for all sites */
    uint32_t origin_as;        /* number of the sites' AS */
    uint64_t seed;
    const struct sim_path *path; /* stretch and aggregation; borrowed, as map, for life */
    const struct hb_map *map;    /* places and sites; rtt_ms is not read */
};

struct sim_topo {
    const struct sim_path *path;
    const struct hb_map *map;
    struct data_topology *topology;
    uint32_t node_count, hub_count;
    const struct hb_point *hubs;   /* [hub_count] cities where networks meet */
    const uint32_t *as_of;         /* [node_count] the first node of its AS */
    const uint32_t *as_number;     /* [node_count] as shown to people */
    const struct hb_point *at;     /* [node_count] */
    const uint32_t *hub_of;        /* [node_count] where the node is at home */
    const uint32_t *igp_cost;      /* [edge_count], or NULL: no AS has several routers */
    const uint32_t *site_node;     /* [site_count] */
    const uint32_t *site_of;       /* [node_count] HB_NONE: no site's */
    uint32_t vantage_count;        /* an access node as seen by the places of a region */
    const uint32_t *vantage_of;    /* [place_count] */
    const uint32_t *vantage_node;  /* [vantage_count] */
    const uint32_t *vantage_hub;   /* [vantage_count] where its packets start */
    const uint32_t *vantage_region; /* [vantage_count] of its places; HB_NONE */
    const struct sim_bgp_permit *permits;
    const uint32_t *permit_hops;
    size_t permit_count;
    const uint64_t *presence;      /* [node_count][SIM_TOPO_WORDS] hubs of an AS; NULL: by_city */
    const float *hub_km;           /* [hub_count][hub_count] */
};

#define SIM_TOPO_HUBS_MAX 512
#define SIM_TOPO_WORDS (SIM_TOPO_HUBS_MAX / 64)

/* HB_ERR_IO, HB_ERR_FORMAT and others of the readers, HB_ERR_RANGE, HB_ERR_MEMORY,
 * with the sentence in problem. */
enum hb_status sim_topo_create(const struct sim_topo_config *config, struct sim_topo **out,
    struct data_problem *problem);
void sim_topo_free(struct sim_topo *topo);

/* Where a route's packets go: from the place's side of `first` to the site's
 * side of `last`, and the round trip between the two. */
struct sim_topo_way {
    struct hb_point first, last;
    double middle_ms;
};

/* Hot potato of a whole AS at hub here: which of its half-links edges [count >= 1] is
 * crossed nearest (the first of equals), and at which hub (*there). */
uint32_t sim_topo_exit(const struct sim_topo *topo, uint32_t node, uint32_t here,
    const uint32_t *edges, uint32_t count, uint32_t *there);

/* The way along nodes [count >= 1], the first the vantage's, the last a site's.
 * (AS, city) routers: link by link. Whole ASes: each link is crossed at the common
 * hub nearest to where the packets are (hot potato), so the way is hub to hub. */
void sim_topo_way_of(const struct sim_topo *topo, uint32_t vantage, const uint32_t *nodes,
    uint32_t count, struct sim_topo_way *out);

/* Round trip from place to site that way, without the access line: aggregation_ms
 * + stretch x propagation. The fitted detour is left out: the way has its own. */
double sim_topo_rtt_ms(const struct sim_topo *topo, uint32_t place, uint32_t site,
    const struct sim_topo_way *way);

/* The matrix of struct hb_map with every site routed by an address of its own: the
 * ways that settle when it alone announces; geography where there is none. For
 * free(). HB_ERR_RANGE as sim_path_matrix, HB_ERR_MEMORY, HB_ERR_DIVERGES. */
enum hb_status sim_topo_matrix(const struct sim_topo *topo, float **out,
    struct data_problem *problem);

size_t sim_topo_bytes(const struct sim_topo *topo);

#endif
