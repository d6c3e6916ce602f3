/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_MRT_H
#define SIM_NET_BGP_MRT_H

#include "data/mrt.h"
#include "sim/net/bgp/bgp.h"

/* Writes the messages of a run to an MRT file: from sim_bgp_options.sent call
 * sim_bgp_mrt_sent. Router i has the address 10.0.0.0 + i + 1 (mod 2^24),
 * prefix p is 203.0.p.0/24. The path is that of the sender's best route. */
struct sim_bgp_mrt {
    struct data_mrt *file;
    const struct sim_bgp *bgp; /* set once it is created */
    const struct data_topology *topology;
    const uint32_t *as_number; /* [node_count] AS numbers, or NULL: the topology's numbers */
    uint32_t receiver;         /* only what this router is told; SIM_BGP_NONE: all */
    int64_t epoch_ns;          /* the clock's 0, since 1970 */
    enum hb_status status;     /* the first that was not HB_OK */
    uint64_t written;
};

void sim_bgp_mrt_sent(struct sim_bgp_mrt *mrt, const struct sim_bgp_message *message);

#endif
