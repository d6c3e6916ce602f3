/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/netmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/grow.h"
#include "data/netmap_build.h"
#include "data/whole.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define NODES_MAX 1000000U
static const double fibre_km_ms = 204.0; /* refractive index 1.468 */

bool data_netmap_degrees(const char *text, double most, double *out)
{
    char *end = NULL;
    double value = strtod(text, &end);
    bool is_good = end != text && *end == '\0' && value >= -most && value <= most;
    *out = is_good ? value : 0.0;
    return is_good;
}

static char *copy_of(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

static void nodes_free(const struct data_netmap_node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)nodes[i].id);
        free((void *)nodes[i].label);
    }
    free((void *)nodes);
}

void data_netmap_free(struct data_netmap *netmap)
{
    if (netmap != NULL) {
        nodes_free(netmap->nodes, netmap->node_count);
        data_topology_free(netmap->topology);
        free(netmap);
    }
}

enum hb_status data_netmap_add_node(
    struct data_netmap_build *build, const struct data_netmap_node *node, uint32_t line)
{
    if (node->id[0] == '\0' || build->node_count >= NODES_MAX) {
        return data_problem_set(build->problem, HB_ERR_FORMAT,
            "%s:%u: found a node without id, or too many: expected ids, at most %u nodes",
            build->name, line, NODES_MAX);
    }
    if (data_names_find(build->ids, node->id) != DATA_NAMES_NONE) {
        return data_problem_set(build->problem, HB_ERR_EXISTS,
            "%s:%u: found node \"%.60s\" a second time: expected it once", build->name, line,
            node->id);
    }
    uint32_t index = 0;
    struct data_netmap_node *nodes = data_grow(build->nodes, build->node_count,
        &build->node_capacity, sizeof *nodes);
    if (nodes == NULL) {
        return HB_ERR_MEMORY;
    }
    build->nodes = nodes;
    enum hb_status status = data_names_add(build->ids, node->id, &index);
    if (status != HB_OK) {
        return status;
    }
    struct data_netmap_node *kept = &build->nodes[build->node_count++];
    *kept = *node;
    kept->id = copy_of(node->id);
    kept->label = copy_of(node->label);
    return kept->id == NULL || kept->label == NULL ? HB_ERR_MEMORY : HB_OK;
}

enum hb_status data_netmap_add_link(
    struct data_netmap_build *build, const struct data_netmap_ends *ends)
{
    uint32_t a = data_names_find(build->ids, ends->a), b = data_names_find(build->ids, ends->b);
    if (a == DATA_NAMES_NONE || b == DATA_NAMES_NONE) {
        return data_problem_set(build->problem, HB_ERR_NOT_FOUND,
            "%s:%u: found a link of \"%.60s\": expected a node of the file", build->name,
            ends->line, a == DATA_NAMES_NONE ? ends->a : ends->b);
    }
    if (a == b && !build->keeps_twins) {
        build->dropped++;
        return HB_OK;
    }
    struct data_link *links = data_grow(build->links, build->link_count, &build->link_capacity,
        sizeof *links);
    if (links == NULL) {
        return HB_ERR_MEMORY;
    }
    build->links = links;
    uint32_t delay_ns = ends->delay_ns;
    build->has_delays = build->has_delays || delay_ns > 0;
    if (delay_ns == 0 && build->nodes[a].has_place && build->nodes[b].has_place) {
        double km = hb_geo_distance_km(build->nodes[a].at, build->nodes[b].at);
        delay_ns = (uint32_t)lround(km / fibre_km_ms * 1e6);
    }
    build->links[build->link_count++] = (struct data_link){ .a = a + 1, .b = b + 1,
        .delay_ns = delay_ns, .line = ends->line, .relation = DATA_RELATION_INTERNAL };
    return HB_OK;
}

static int compare_links(const void *left, const void *right)
{
    const struct data_link *x = left, *y = right;
    uint32_t xa = x->a < x->b ? x->a : x->b, xb = x->a < x->b ? x->b : x->a;
    uint32_t ya = y->a < y->b ? y->a : y->b, yb = y->a < y->b ? y->b : y->a;
    if (xa != ya) {
        return xa < ya ? -1 : 1;
    }
    if (xb != yb) {
        return xb < yb ? -1 : 1;
    }
    return (x->line > y->line) - (x->line < y->line);
}

static bool is_twin(const struct data_link *x, const struct data_link *y)
{
    return (x->a == y->a && x->b == y->b) || (x->a == y->b && x->b == y->a);
}

static void drop_twins(struct data_netmap_build *build)
{
    if (build->keeps_twins || build->link_count == 0) {
        return;
    }
    qsort(build->links, build->link_count, sizeof *build->links, compare_links);
    size_t kept = 1;
    for (size_t i = 1; i < build->link_count; i++) {
        if (is_twin(&build->links[i], &build->links[kept - 1])) {
            build->dropped++;
        } else {
            build->links[kept++] = build->links[i];
        }
    }
    build->link_count = kept;
}

static enum hb_status text_read(const struct data_netmap_build *build, char **out,
    size_t *length)
{
    uint8_t *text = NULL;
    enum hb_status status
        = data_whole_read(build->name, FILE_BYTES_MAX, &text, length, build->problem);
    *out = (char *)text;
    return status;
}

static enum hb_status read_by_ending(struct data_netmap_build *build)
{
    const char *ending = strrchr(build->name, '.');
    ending = ending == NULL ? "" : ending;
    if (strcmp(ending, ".csv") == 0) {
        return data_netmap_csv(build);
    }
    bool is_gml = strcmp(ending, ".gml") == 0, is_rocketfuel = strcmp(ending, ".intra") == 0;
    if (!is_gml && !is_rocketfuel && strcmp(ending, ".graphml") != 0
        && strcmp(ending, ".xml") != 0) {
        return data_problem_set(build->problem, HB_ERR_UNSUPPORTED,
            "%s: found ending \"%.20s\": expected .gml, .graphml, .xml, .csv or .intra",
            build->name, ending);
    }
    char *text = NULL;
    size_t length = 0;
    enum hb_status status = text_read(build, &text, &length);
    if (status == HB_OK) {
        bool is_latency = strstr(build->name, ".latencies.intra") != NULL;
        status = is_gml ? data_netmap_gml(build, text, length)
            : is_rocketfuel ? data_netmap_rocketfuel(build, text, length, is_latency)
                            : data_xml_netmap(build, text, length);
    }
    free(text);
    return status;
}

enum hb_status data_netmap_load(
    const char *path, struct data_netmap **out, struct data_problem *problem)
{
    struct data_netmap_build build = { .name = path, .problem = problem };
    struct data_netmap *netmap = calloc(1, sizeof *netmap);
    enum hb_status status = netmap == NULL ? HB_ERR_MEMORY : data_names_create(&build.ids);
    if (status == HB_OK) {
        status = read_by_ending(&build);
    }
    if (status == HB_OK) {
        drop_twins(&build);
        status = data_topology_create(
            build.links, build.link_count, path, &netmap->topology, problem);
    }
    data_names_free(build.ids);
    free(build.links);
    if (status != HB_OK) {
        nodes_free(build.nodes, build.node_count);
        free(netmap);
        return status;
    }
    netmap->nodes = build.nodes;
    netmap->node_count = (uint32_t)build.node_count;
    netmap->parallel_count = build.dropped;
    netmap->has_delays = build.has_delays;
    *out = netmap;
    return HB_OK;
}
