/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TOPOLOGY_H
#define DATA_TOPOLOGY_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* What the neighbour is to the node. SIBLING: everything is accepted from and
 * told to it, without preference; INTERNAL: a router of the same AS (iBGP). */
#define DATA_RELATION_LIST(X)                                                   \
    X(CUSTOMER, "customer") X(PEER, "peer") X(PROVIDER, "provider")             \
    X(SIBLING, "sibling") X(INTERNAL, "internal")

enum data_relation {
#define X(name, text) DATA_RELATION_##name,
    DATA_RELATION_LIST(X)
#undef X
        DATA_RELATION_COUNT
};

/* One link as a file tells it: what b is to a. */
struct data_link {
    uint32_t a, b;     /* AS numbers, or any node numbers */
    uint32_t delay_ns; /* one way */
    uint32_t line;     /* where it was read, for messages */
    enum data_relation relation;
};

/* A network in compressed rows: node i has the half-links
 * first[i] .. first[i + 1] - 1, ascending in peer. Nodes ascend in number, so
 * an order by index is the order by AS number or router id. */
struct data_topology {
    uint32_t node_count, edge_count; /* edges: half-links, two a link */
    const uint32_t *number;    /* [node_count] the file's own node numbers */
    const uint32_t *first;     /* [node_count + 1] */
    const uint32_t *peer;      /* [edge_count] index of the neighbour */
    const uint32_t *back;      /* [edge_count] the same link seen from the neighbour */
    const uint32_t *delay_ns;  /* [edge_count] one way, towards the neighbour */
    const uint8_t *relation;   /* [edge_count] enum data_relation of the neighbour */
};

/* Builds the rows from links [link_count] in any order. name: the file, for
 * the sentence in problem (may be NULL).
 *   HB_ERR_EXISTS   a link that is there twice
 *   HB_ERR_FORMAT   a link of a node to itself; a node that is, through its
 *                   customers, its own provider
 *   HB_ERR_RANGE    no links, or more than 2^27
 *   HB_ERR_MEMORY */
enum hb_status data_topology_create(const struct data_link *links, size_t link_count,
    const char *name, struct data_topology **out, struct data_problem *problem);
void data_topology_free(struct data_topology *topology);

/* Index of the node with that number, or UINT32_MAX. */
uint32_t data_topology_node(const struct data_topology *topology, uint32_t number);

/* Half-link from node to peer (indices), or UINT32_MAX. */
uint32_t data_topology_edge(const struct data_topology *topology, uint32_t node, uint32_t peer);

/* The relation seen from the other end. */
enum data_relation data_topology_mirrored(enum data_relation relation);

#endif
