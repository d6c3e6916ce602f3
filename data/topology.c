/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/topology.h"

#include <stdlib.h>

#define LINK_COUNT_MAX ((size_t)1 << 27)

/* The public view, and the memory behind it. */
struct rows {
    struct data_topology view;
    uint32_t *number, *first, *peer, *back, *delay_ns;
    uint8_t *relation;
};

struct build {
    const struct data_link *links;
    size_t link_count;
    const char *name;
    struct data_problem *problem;
    uint32_t *end;   /* [2 * link_count] node index of half-link h (link h / 2, side h % 2) */
    uint32_t *order; /* [2 * link_count] half-links by (node, peer) */
};

enum data_relation data_topology_mirrored(enum data_relation relation)
{
    switch (relation) {
    case DATA_RELATION_CUSTOMER:
        return DATA_RELATION_PROVIDER;
    case DATA_RELATION_PROVIDER:
        return DATA_RELATION_CUSTOMER;
    case DATA_RELATION_PEER:
    case DATA_RELATION_SIBLING:
    case DATA_RELATION_INTERNAL:
    case DATA_RELATION_COUNT:
        break;
    }
    return relation;
}

void data_topology_free(struct data_topology *topology)
{
    if (topology == NULL) {
        return;
    }
    struct rows *rows = (struct rows *)topology;
    free(rows->relation);
    free(rows->delay_ns);
    free(rows->back);
    free(rows->peer);
    free(rows->first);
    free(rows->number);
    free(rows);
}

/* Four passes of a stable byte-wise counting sort. spare [count]. */
static void sort_numbers(uint32_t *numbers, uint32_t *spare, size_t count)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        size_t starts[257] = { 0 };
        for (size_t i = 0; i < count; i++) {
            starts[((numbers[i] >> shift) & 255U) + 1]++;
        }
        for (size_t i = 0; i < 256; i++) {
            starts[i + 1] += starts[i];
        }
        for (size_t i = 0; i < count; i++) {
            spare[starts[(numbers[i] >> shift) & 255U]++] = numbers[i];
        }
        uint32_t *sorted = spare;
        spare = numbers;
        numbers = sorted;
    }
}

uint32_t data_topology_node(const struct data_topology *topology, uint32_t number)
{
    uint32_t low = 0, high = topology->node_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (topology->number[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < topology->node_count && topology->number[low] == number ? low : UINT32_MAX;
}

uint32_t data_topology_edge(const struct data_topology *topology, uint32_t node, uint32_t peer)
{
    uint32_t low = topology->first[node], high = topology->first[node + 1];
    uint32_t end = high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (topology->peer[middle] < peer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < end && topology->peer[low] == peer ? low : UINT32_MAX;
}

static enum hb_status number_nodes(struct rows *rows, struct build *build)
{
    size_t half_count = 2 * build->link_count;
    uint32_t *numbers = malloc(half_count * sizeof *numbers);
    if (numbers == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < build->link_count; i++) {
        numbers[2 * i] = build->links[i].a;
        numbers[2 * i + 1] = build->links[i].b;
    }
    sort_numbers(numbers, build->order, half_count);
    uint32_t count = 0;
    for (size_t h = 0; h < half_count; h++) {
        if (count == 0 || numbers[h] != numbers[count - 1]) {
            numbers[count++] = numbers[h];
        }
    }
    uint32_t *exact = realloc(numbers, count * sizeof *numbers);
    rows->number = exact == NULL ? numbers : exact;
    rows->view.number = rows->number;
    rows->view.node_count = count;
    return HB_OK;
}

/* Node indices of the half-links' ends; most files repeat the first number. */
static void find_ends(const struct rows *rows, struct build *build)
{
    uint32_t number = rows->number[0], node = 0;
    for (size_t i = 0; i < build->link_count; i++) {
        if (build->links[i].a != number) {
            number = build->links[i].a;
            node = data_topology_node(&rows->view, number);
        }
        build->end[2 * i] = node;
        build->end[2 * i + 1] = data_topology_node(&rows->view, build->links[i].b);
    }
}

static enum hb_status rows_alloc(struct rows *rows, size_t half_count)
{
    rows->first = calloc((size_t)rows->view.node_count + 2, sizeof *rows->first);
    rows->peer = malloc(half_count * sizeof *rows->peer);
    rows->back = malloc(half_count * sizeof *rows->back);
    rows->delay_ns = malloc(half_count * sizeof *rows->delay_ns);
    rows->relation = malloc(half_count);
    rows->view.first = rows->first;
    rows->view.peer = rows->peer;
    rows->view.back = rows->back;
    rows->view.delay_ns = rows->delay_ns;
    rows->view.relation = rows->relation;
    rows->view.edge_count = (uint32_t)half_count;
    if (rows->first == NULL || rows->peer == NULL || rows->back == NULL
        || rows->delay_ns == NULL || rows->relation == NULL) {
        return HB_ERR_MEMORY;
    }
    return HB_OK;
}

/* Orders the half-links by peer, then stably by node: back serves as the list
 * between the two passes, and then holds each half-link's place. */
static void order_halves(struct rows *rows, struct build *build)
{
    uint32_t half_count = rows->view.edge_count, node_count = rows->view.node_count;
    uint32_t *starts = rows->first; /* one longer than first needs to be */
    for (uint32_t h = 0; h < half_count; h++) {
        starts[build->end[h] + 2]++;
    }
    for (uint32_t i = 1; i < node_count; i++) {
        starts[i + 1] += starts[i];
    }
    for (uint32_t h = 0; h < half_count; h++) {
        rows->back[starts[build->end[h ^ 1U] + 1]++] = h;
    }
    /* Filling has moved every start one node on; move them back. */
    for (uint32_t i = node_count; i > 0; i--) {
        starts[i + 1] = starts[i];
    }
    starts[1] = 0;
    for (uint32_t k = 0; k < half_count; k++) {
        uint32_t h = rows->back[k];
        build->order[starts[build->end[h] + 1]++] = h;
    }
}

static void fill_rows(struct rows *rows, struct build *build)
{
    uint32_t half_count = rows->view.edge_count;
    uint32_t *place = rows->peer; /* of each half-link, until the peers are known */
    for (uint32_t k = 0; k < half_count; k++) {
        place[build->order[k]] = k;
    }
    for (uint32_t k = 0; k < half_count; k++) {
        rows->back[k] = place[build->order[k] ^ 1U];
    }
    for (uint32_t k = 0; k < half_count; k++) {
        uint32_t h = build->order[k];
        const struct data_link *link = &build->links[h / 2];
        rows->peer[k] = build->end[h ^ 1U];
        rows->delay_ns[k] = link->delay_ns;
        rows->relation[k] = (uint8_t)(h % 2 == 0 ? link->relation
                                                 : data_topology_mirrored(link->relation));
    }
}

static enum hb_status check_links(const struct rows *rows, const struct build *build)
{
    for (uint32_t node = 0; node < rows->view.node_count; node++) {
        for (uint32_t k = rows->first[node]; k < rows->first[node + 1]; k++) {
            const struct data_link *link = &build->links[build->order[k] / 2];
            if (rows->peer[k] == node) {
                return data_problem_set(build->problem, HB_ERR_FORMAT,
                    "%s:%u: found a link of %u to itself: expected two different nodes",
                    build->name, link->line, link->a);
            }
            if (k > rows->first[node] && rows->peer[k] == rows->peer[k - 1]) {
                uint32_t line = build->links[build->order[k - 1] / 2].line;
                return data_problem_set(build->problem, HB_ERR_EXISTS,
                    "%s:%u: found the link of %u and %u again: expected it once (line %u)",
                    build->name, line > link->line ? line : link->line, link->a, link->b,
                    line > link->line ? link->line : line);
            }
        }
    }
    return HB_OK;
}

/* Names a cycle: from a node with an unfinished provider, up through unfinished
 * providers, until a node comes again; depth counts down on what is left. */
static enum hb_status cycle_problem(
    const struct rows *rows, const struct build *build, const uint32_t *waiting, uint32_t node)
{
    uint32_t edge = 0;
    for (uint32_t step = 0; step <= rows->view.node_count; step++) {
        for (uint32_t k = rows->first[node]; k < rows->first[node + 1]; k++) {
            if (rows->relation[k] == DATA_RELATION_PROVIDER && waiting[rows->peer[k]] != 0) {
                edge = k;
                break;
            }
        }
        node = rows->peer[edge];
    }
    const struct data_link *link = &build->links[build->order[edge] / 2];
    return data_problem_set(build->problem, HB_ERR_FORMAT,
        "%s:%u: found %u to be, through its customers, a provider of itself (customer %u): "
        "expected provider relations without a cycle",
        build->name, link->line, rows->number[node], rows->number[rows->peer[rows->back[edge]]]);
}

/* Kahn's algorithm from the nodes without providers down. */
static enum hb_status check_cycles(const struct rows *rows, const struct build *build)
{
    uint32_t count = rows->view.node_count, done = 0, ready_count = 0;
    uint32_t *waiting = build->end, *ready = waiting + count; /* 2 * links >= nodes */
    uint32_t *own = NULL;
    if (2 * build->link_count < 2 * (size_t)count) {
        own = malloc(2 * (size_t)count * sizeof *own);
        if (own == NULL) {
            return HB_ERR_MEMORY;
        }
        waiting = own;
        ready = own + count;
    }
    for (uint32_t node = 0; node < count; node++) {
        waiting[node] = 0;
        for (uint32_t k = rows->first[node]; k < rows->first[node + 1]; k++) {
            waiting[node] += rows->relation[k] == DATA_RELATION_PROVIDER;
        }
        if (waiting[node] == 0) {
            ready[ready_count++] = node;
        }
    }
    while (done < ready_count) {
        uint32_t node = ready[done++];
        for (uint32_t k = rows->first[node]; k < rows->first[node + 1]; k++) {
            if (rows->relation[k] == DATA_RELATION_CUSTOMER && --waiting[rows->peer[k]] == 0) {
                ready[ready_count++] = rows->peer[k];
            }
        }
    }
    enum hb_status status = HB_OK;
    if (done < count) {
        uint32_t node = 0;
        while (waiting[node] == 0) {
            node++;
        }
        status = cycle_problem(rows, build, waiting, node);
    }
    free(own);
    return status;
}

static enum hb_status build_rows(struct rows *rows, struct build *build)
{
    enum hb_status status = number_nodes(rows, build);
    if (status == HB_OK) {
        find_ends(rows, build);
        status = rows_alloc(rows, 2 * build->link_count);
    }
    if (status != HB_OK) {
        return data_problem_set(build->problem, status, "%s: out of memory", build->name);
    }
    order_halves(rows, build);
    fill_rows(rows, build);
    status = check_links(rows, build);
    return status == HB_OK ? check_cycles(rows, build) : status;
}

enum hb_status data_topology_create(const struct data_link *links, size_t link_count,
    const char *name, struct data_topology **out, struct data_problem *problem)
{
    if (link_count == 0 || link_count > LINK_COUNT_MAX) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "%s: found %zu links: expected 1 to %zu", name, link_count, LINK_COUNT_MAX);
    }
    struct build build = { .links = links, .link_count = link_count, .name = name,
        .problem = problem,
        .end = malloc(2 * link_count * sizeof(uint32_t)),
        .order = malloc(2 * link_count * sizeof(uint32_t)) };
    struct rows *rows = calloc(1, sizeof *rows);
    enum hb_status status = HB_ERR_MEMORY;
    if (build.end != NULL && build.order != NULL && rows != NULL) {
        status = build_rows(rows, &build);
    }
    free(build.order);
    free(build.end);
    if (status != HB_OK) {
        data_topology_free(rows == NULL ? NULL : &rows->view);
        return status;
    }
    *out = &rows->view;
    return HB_OK;
}
