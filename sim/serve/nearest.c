/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/digest.h"

struct vector {
    double x[3];
};

struct node {
    struct vector at;
    uint32_t place;
};

/* The tree is implicit: the middle of a range is its root, the halves beside it
 * the subtrees, split on axis depth mod 3. */
struct sim_nearest {
    uint32_t count;
    struct hb_place *places;
    struct node *nodes; /* [count] */
};

static const double deg = 3.14159265358979323846 / 180.0;

static struct vector vector_of(struct hb_point at)
{
    double lat = at.lat_deg * deg, lon = at.lon_deg * deg;
    return (struct vector) { { cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat) } };
}

static int by_axis(const struct node *a, const struct node *b, int axis)
{
    if (a->at.x[axis] < b->at.x[axis] || a->at.x[axis] > b->at.x[axis]) {
        return a->at.x[axis] < b->at.x[axis] ? -1 : 1;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_x(const void *a, const void *b)
{
    return by_axis(a, b, 0);
}

static int by_y(const void *a, const void *b)
{
    return by_axis(a, b, 1);
}

static int by_z(const void *a, const void *b)
{
    return by_axis(a, b, 2);
}

static void build(struct node *nodes, uint32_t count, unsigned depth)
{
    static int (*const orders[3])(const void *, const void *) = { by_x, by_y, by_z };
    if (count < 2) {
        return;
    }
    qsort(nodes, count, sizeof *nodes, orders[depth % 3]);
    uint32_t middle = count / 2;
    build(nodes, middle, depth + 1);
    build(nodes + middle + 1, count - middle - 1, depth + 1);
}

enum hb_status sim_nearest_create(const struct hb_place *places, uint32_t place_count,
    struct sim_nearest **out)
{
    if (place_count == 0) {
        return HB_ERR_RANGE;
    }
    struct sim_nearest *nearest = calloc(1, sizeof *nearest);
    if (nearest == NULL) {
        return HB_ERR_MEMORY;
    }
    nearest->count = place_count;
    nearest->places = calloc(place_count, sizeof *nearest->places);
    nearest->nodes = calloc(place_count, sizeof *nearest->nodes);
    if (nearest->places == NULL || nearest->nodes == NULL) {
        sim_nearest_free(nearest);
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < place_count; i++) {
        nearest->places[i] = places[i];
        nearest->nodes[i] = (struct node) { vector_of(places[i].at), i };
    }
    build(nearest->nodes, place_count, 0);
    *out = nearest;
    return HB_OK;
}

void sim_nearest_free(struct sim_nearest *nearest)
{
    if (nearest != NULL) {
        free(nearest->places);
        free(nearest->nodes);
        free(nearest);
    }
}

struct best {
    double square; /* of the chord */
    uint32_t place;
};

static void consider(const struct node *node, const struct vector *at, struct best *best)
{
    double square = 0.0;
    for (int i = 0; i < 3; i++) {
        double d = node->at.x[i] - at->x[i];
        square += d * d;
    }
    if (square < best->square || (!(square > best->square) && node->place < best->place)) {
        *best = (struct best) { square, node->place };
    }
}

static void search(const struct node *nodes, uint32_t count, unsigned depth,
    const struct vector *at, struct best *best)
{
    if (count == 0) {
        return;
    }
    uint32_t middle = count / 2;
    const struct node *upper = nodes + middle + 1;
    double side = at->x[depth % 3] - nodes[middle].at.x[depth % 3];
    consider(&nodes[middle], at, best);
    if (side < 0.0) {
        search(nodes, middle, depth + 1, at, best);
    } else {
        search(upper, count - middle - 1, depth + 1, at, best);
    }
    if (side * side > best->square) {
        return;
    }
    if (side < 0.0) {
        search(upper, count - middle - 1, depth + 1, at, best);
    } else {
        search(nodes, middle, depth + 1, at, best);
    }
}

uint32_t sim_nearest_place(const struct sim_nearest *nearest, struct hb_point at,
    double *distance_km)
{
    struct vector vector = vector_of(at);
    struct best best = { INFINITY, HB_NONE };
    search(nearest->nodes, nearest->count, 0, &vector, &best);
    *distance_km = hb_geo_distance_km(at, nearest->places[best.place].at);
    return best.place;
}

void sim_nearest_digest(const struct sim_nearest *nearest, uint8_t digest[32])
{
    struct data_digest running = { { 0 } };
    for (uint32_t i = 0; i < nearest->count; i++) {
        double point[2] = { nearest->places[i].at.lat_deg, nearest->places[i].at.lon_deg };
        data_digest_block(&running, point, sizeof point);
    }
    memcpy(digest, running.state, sizeof running.state);
}
