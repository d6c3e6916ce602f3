/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_CATCHMENT_BGP_H
#define SIM_NET_CATCHMENT_BGP_H

#include "data/mrt.h"
#include "sim/engine/loop.h"
#include "sim/net/bgp/bgp_profile.h"
#include "sim/net/catchment.h"
#include "sim/net/topo/topo.h"

/* Anycast by BGP: every announcement, withdrawal and fault is told by messages in
 * the run's own loop, and a place's packets go where the routers on their way
 * send them at that instant. Attributes of struct hb_route:
 *   local_pref      within the sites' own AS (iBGP: topologies of one operator)
 *   med             between sites behind the same neighbouring AS
 *   prepend_count, community (RFC 1997, 8326)   everywhere
 *   more_specific   n > 0: besides the common prefix the site announces prefix n,
 *                   which packets of region n - 1 prefer wherever it is known
 * Bytes: about 100 a session and prefix (sim_bgp_bytes), 16 a node. */
struct sim_catchment_bgp {
    const struct sim_topo *topo; /* borrowed, as all that follows */
    struct sim_bgp_profile profile;
    uint32_t prefix_count;       /* 1, or 1 + number of regions with a prefix (<= 255) */
    uint64_t seed;
    bool check;                  /* verify paths as they are chosen */
    struct sim_loop *loop;       /* drives it by events of one kind and rank */
    uint8_t kind, rank;
    struct data_mrt *mrt;        /* messages go there, or NULL */
    uint32_t mrt_as;             /* only what this AS is told; 0: all */
    int64_t epoch_ns;            /* the loop's 0, since 1970 */
};

/* HB_ERR_RANGE (prefix_count; mrt_as is no AS of it), HB_ERR_MEMORY. */
enum hb_status sim_catchment_create_bgp(const struct sim_catchment_bgp *config,
    struct sim_catchment **out);

#endif
