/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_NETMAP_H
#define DATA_NETMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/geo.h"
#include "data/topology.h"

/* An operator's network from a file of a topology collection: routers with
 * places where the file tells them. Node numbers of the topology are 1, 2, ...
 * in order of appearance; nodes[number - 1] is the node. All links are
 * INTERNAL. Delay: the file's own, else the great circle in fibre (204 km/ms), 0
 * where a place is missing. */
struct data_netmap_node {
    const char *id, *label; /* label: "" if there is none */
    struct hb_point at;
    bool has_place;
};

struct data_netmap {
    struct data_topology *topology; /* without nodes that have no link */
    const struct data_netmap_node *nodes;
    uint32_t node_count;
    uint32_t parallel_count; /* left out: second links of a pair, links to oneself */
    bool has_delays; /* the file tells those of its links */
};

/* By the file's ending:
 *   .gml              Internet Topology Zoo: node { id label Latitude Longitude }, edge
 *   .graphml          the same as GraphML, keys by attr.name
 *   .xml              SNDlib: node with coordinates (x longitude, y latitude if
 *                     coordinatesType is geographical), link with source, target
 *   .csv              columns a|source|from, b|target|to; if there are: delay_ms (of the
 *                     link, one way), a_lat_deg, a_lon_deg, b_lat_deg, b_lon_deg (of its
 *                     ends, wherever they stand the same); a pair twice is refused
 *   .latencies.intra  Rocketfuel: node node ms, a line a direction; label: the city
 *   .weights.intra    the same with IGP weights, which are not kept
 * No document type, so no entities; nothing is fetched.
 *   HB_ERR_IO, HB_ERR_FORMAT (file:line), HB_ERR_EXISTS, HB_ERR_NOT_FOUND (a link
 *   of a node that is not there), HB_ERR_RANGE, HB_ERR_UNSUPPORTED, HB_ERR_MEMORY */
enum hb_status data_netmap_load(
    const char *path, struct data_netmap **out, struct data_problem *problem);
void data_netmap_free(struct data_netmap *netmap);

#endif
