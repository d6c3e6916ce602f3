/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_ORDER_H
#define SIM_NET_BGP_ORDER_H

#include "data/bgp_experiment.h"
#include "data/topology.h"

/* In which order the daemons of a measured experiment served their neighbours: that
 * of their sessions, which the messages of one pass over the neighbours show. Only which
 * came first is read, in all runs together; how many there were is not. */
struct sim_bgp_order;

/* HB_ERR_MEMORY. Both are borrowed for its life. */
enum hb_status sim_bgp_order_create(const struct data_bgp_experiment *experiment,
    const struct data_topology *topology, struct sim_bgp_order **out);
void sim_bgp_order_free(struct sim_bgp_order *order);

/* Puts the node's edges, in some order, into the measured one; those of which nothing was
 * seen keep theirs, and all of a node with more than 128. */
void sim_bgp_order_sort(const struct sim_bgp_order *order, uint32_t node, uint32_t *edges);

#endif
