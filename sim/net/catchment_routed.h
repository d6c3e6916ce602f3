/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_CATCHMENT_ROUTED_H
#define SIM_NET_CATCHMENT_ROUTED_H

#include "sim/net/bgp/bgp_mrt.h"
#include "sim/net/catchment_bgp.h"

/* Inside the catchment by BGP: catchment_bgp.c (commands, clock, what is asked)
 * and catchment_routed.c (where packets go). */
#define CATCHMENT_WATCHED_MAX 64U /* nodes of a way that are watched; a longer way always is */

/* What a site's router has been told to say, and the state of its lines. */
struct catchment_site {
    struct hb_route route;
    bool is_announced, is_cut;
};

/* Where the packets of a vantage go. */
struct catchment_vantage {
    struct sim_topo_way way;
    uint32_t site, count; /* count: of its nodes */
    uint8_t fate;
    bool has_changed;
    uint32_t nodes[CATCHMENT_WATCHED_MAX];
};

struct catchment_routed {
    struct sim_catchment_bgp config;
    struct sim_bgp *bgp;
    struct sim_bgp_mrt mrt;
    struct catchment_site *sites;        /* [site_count] */
    struct catchment_vantage *vantages;  /* [vantage_count] */
    uint32_t *way;             /* [node_count] of the way at hand */
    uint32_t *seen, *touched;  /* [node_count] marks: in this way, since the last look */
    uint16_t *watch;           /* [node_count] ways through it */
    uint32_t *changed;         /* [place_count], lent to the listener */
    uint32_t seen_mark, touched_mark, order;
    bool has_begun, is_dirty, was_settled;
    int64_t offset_ns;         /* the routers' clock minus the loop's */
    int64_t wake_ns;           /* of the event in the loop; HB_NEVER_NS: none */
    struct sim_catchment_counts base, last;
    int64_t changed_ns;
    enum hb_status status;
    sim_catchment_changed_fn *listener;
    void *listener_ctx;
};

/* Ways through routers that have changed (is_all: all ways) are followed anew; who
 * is behind them is told. */
void sim_catchment_routed_refresh(struct catchment_routed *self, bool is_all);

#endif
