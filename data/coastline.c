/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/coastline.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/grow.h"
#include "data/lines.h"
#include "data/tables.h"

static const double rad_per_deg = 3.14159265358979323846 / 180.0;

/* A side of an outline. */
struct side {
    struct hb_point from, to;
};

struct data_coastline {
    struct side *sides;
    size_t side_count, side_capacity;
};

static enum hb_status add_side(
    struct data_coastline *coastline, struct hb_point from, struct hb_point to)
{
    struct side *sides = data_grow(coastline->sides, coastline->side_count,
        &coastline->side_capacity, sizeof *coastline->sides);
    if (sides == NULL) {
        return HB_ERR_MEMORY;
    }
    coastline->sides = sides;
    coastline->sides[coastline->side_count++] = (struct side) { .from = from, .to = to };
    return HB_OK;
}

static enum hb_status read_point(
    struct data_lines *lines, char *text, struct data_problem *problem, struct hb_point *out)
{
    char *end = NULL;
    out->lon_deg = strtod(text, &end);
    bool is_good = end != text && *end == '\t' && fabs(out->lon_deg) <= 180.0;
    text = end + is_good;
    out->lat_deg = strtod(text, &end);
    is_good = is_good && end != text && *end == '\0' && fabs(out->lat_deg) <= 90.0;
    return is_good
        ? HB_OK
        : data_lines_refuse(lines, problem, "no point: expected lon_deg, a tab, lat_deg");
}

static enum hb_status read_sides(
    struct data_coastline *coastline, struct data_lines *lines, struct data_problem *problem)
{
    struct hb_point last = { 0 };
    bool is_down = false; /* the pen */
    for (;;) {
        char *text = NULL;
        enum hb_status status = data_lines_next(lines, problem, &text);
        if (status != HB_OK || text == NULL) {
            return status;
        }
        if (*text == '#') {
            continue;
        }
        struct hb_point point = last;
        if (*text != '\0') {
            status = read_point(lines, text, problem, &point);
        }
        if (status == HB_OK && *text != '\0' && is_down) {
            status = add_side(coastline, last, point);
        }
        if (status != HB_OK) {
            return status;
        }
        is_down = *text != '\0';
        last = point;
    }
}

enum hb_status data_coastline_create(struct data_problem *problem, struct data_coastline **out)
{
    char path[4096];
    struct data_lines *lines = NULL;
    struct data_coastline *coastline = calloc(1, sizeof *coastline);
    enum hb_status status = coastline == NULL
        ? HB_ERR_MEMORY
        : data_tables_path("coastline.tsv", path, sizeof path, problem);
    if (status == HB_OK) {
        status = data_lines_open(path, problem, &lines);
    }
    if (status == HB_OK) {
        status = read_sides(coastline, lines, problem);
    }
    data_lines_close(lines);
    if (status != HB_OK) {
        data_coastline_free(coastline);
        return status;
    }
    *out = coastline;
    return HB_OK;
}

void data_coastline_free(struct data_coastline *coastline)
{
    if (coastline == NULL) {
        return;
    }
    free(coastline->sides);
    free(coastline);
}

/* Even-odd rule: a meridian from the point to the north pole crosses an odd number of sides. */
bool data_coastline_is_land(const struct data_coastline *coastline, struct hb_point at)
{
    bool is_land = false;
    for (size_t i = 0; i < coastline->side_count; i++) {
        struct hb_point a = coastline->sides[i].from, b = coastline->sides[i].to;
        if ((a.lon_deg > at.lon_deg) == (b.lon_deg > at.lon_deg)) {
            continue;
        }
        double part = (at.lon_deg - a.lon_deg) / (b.lon_deg - a.lon_deg);
        is_land ^= a.lat_deg + part * (b.lat_deg - a.lat_deg) > at.lat_deg;
    }
    return is_land;
}

static void unit_vector(struct hb_point at, double v[3])
{
    v[0] = cos(at.lat_deg * rad_per_deg) * cos(at.lon_deg * rad_per_deg);
    v[1] = cos(at.lat_deg * rad_per_deg) * sin(at.lon_deg * rad_per_deg);
    v[2] = sin(at.lat_deg * rad_per_deg);
}

double data_coastline_water_km(
    const struct data_coastline *coastline, struct hb_point from, struct hb_point to)
{
    double a[3], b[3], km = hb_geo_distance_km(from, to), longest_km = 0.0, water_km = 0.0;
    unit_vector(from, a);
    unit_vector(to, b);
    double angle = km / 6371.0088, steps = ceil(km / 5.0);
    for (double i = 0.0; i <= steps && angle > 0.0; i += 1.0) {
        double v[3], f = i / steps;
        for (int k = 0; k < 3; k++) {
            v[k] = a[k] * sin((1.0 - f) * angle) + b[k] * sin(f * angle);
        }
        struct hb_point at = { .lat_deg = atan2(v[2], hypot(v[0], v[1])) / rad_per_deg,
            .lon_deg = atan2(v[1], v[0]) / rad_per_deg };
        water_km = data_coastline_is_land(coastline, at) ? 0.0 : water_km + km / steps;
        longest_km = fmax(longest_km, water_km);
    }
    return longest_km;
}
