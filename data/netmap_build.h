/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_NETMAP_BUILD_H
#define DATA_NETMAP_BUILD_H

#include "data/names.h"
#include "data/netmap.h"

/* What the readers fill. A message is `name:line: found ...: expected ...`. */
struct data_netmap_build {
    const char *name;
    struct data_problem *problem;
    struct data_names *ids;
    struct data_netmap_node *nodes;
    struct data_link *links;
    size_t node_count, node_capacity, link_count, link_capacity;
    uint32_t dropped;
    bool has_delays;  /* of one link at least */
    bool keeps_twins; /* a link twice is for data_topology_create to refuse */
};

/* HB_ERR_EXISTS: the id is there; texts are copied. */
enum hb_status data_netmap_add_node(
    struct data_netmap_build *build, const struct data_netmap_node *node, uint32_t line);
struct data_netmap_ends {
    const char *a, *b; /* ids */
    uint32_t line;
    uint32_t delay_ns; /* 0: by the places of the ends */
};
/* HB_ERR_NOT_FOUND: an end that is not there. */
enum hb_status data_netmap_add_link(
    struct data_netmap_build *build, const struct data_netmap_ends *ends);

/* The readers; text [length], a NUL behind it. */
enum hb_status data_netmap_gml(struct data_netmap_build *build, const char *text, size_t length);
enum hb_status data_netmap_rocketfuel(
    struct data_netmap_build *build, const char *text, size_t length, bool is_latency);
enum hb_status data_netmap_csv(struct data_netmap_build *build);
enum hb_status data_xml_netmap(struct data_netmap_build *build, const char *text, size_t length);

/* A coordinate in -most .. most. */
bool data_netmap_degrees(const char *text, double most, double *out);

#endif
