/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "data/csv.h"
#include "data/netmap_build.h"

/* A table of links. The ends are the nodes: there are no others. */
struct table {
    struct data_csv *csv;
    struct data_netmap_build *build;
    size_t ends[2], places[2][2], delay; /* columns; places: latitude, longitude */
    int has_places[2], has_delay;
};

static enum hb_status columns_found(struct table *table)
{
    static const char *const names[2][2]
        = { { "a_lat_deg|a_lat", "a_lon_deg|a_lon" }, { "b_lat_deg|b_lat", "b_lon_deg|b_lon" } };
    struct data_problem *problem = table->build->problem;
    enum hb_status status
        = data_csv_column(table->csv, "a|source|from", problem, &table->ends[0]);
    if (status == HB_OK) {
        status = data_csv_column(table->csv, "b|target|to", problem, &table->ends[1]);
    }
    table->has_delay = data_csv_has(table->csv, "delay_ms", &table->delay);
    for (int side = 0; side < 2 && status == HB_OK; side++) {
        table->has_places[side] = data_csv_has(table->csv, names[side][0], &table->places[side][0])
            || data_csv_has(table->csv, names[side][1], &table->places[side][1]);
        for (int axis = 0; axis < 2 && table->has_places[side] && status == HB_OK; axis++) {
            status = data_csv_column(
                table->csv, names[side][axis], problem, &table->places[side][axis]);
        }
    }
    return status;
}

/* The end of a row as a node; one that is known must be where it was. */
static enum hb_status end_known(const struct table *table, size_t row, int side)
{
    static const struct data_csv_bounds bounds[2] = { { -90.0, 90.0 }, { -180.0, 180.0 } };
    struct data_netmap_build *build = table->build;
    struct data_netmap_node node = { .id = data_csv_text(table->csv, row, table->ends[side]),
        .label = "", .has_place = table->has_places[side] != 0 };
    double degrees[2] = { 0.0, 0.0 };
    for (int axis = 0; axis < 2 && node.has_place; axis++) {
        enum hb_status status = data_csv_number(table->csv, row, table->places[side][axis],
            bounds[axis], build->problem, &degrees[axis]);
        if (status != HB_OK) {
            return status;
        }
    }
    node.at = (struct hb_point){ .lat_deg = degrees[0], .lon_deg = degrees[1] };
    uint32_t index = data_names_find(build->ids, node.id);
    if (index == DATA_NAMES_NONE) {
        return data_netmap_add_node(build, &node, (uint32_t)data_csv_line(table->csv, row));
    }
    struct data_netmap_node *known = &build->nodes[index];
    if (node.has_place && known->has_place
        && (fabs(known->at.lat_deg - degrees[0]) > 1e-6
            || fabs(known->at.lon_deg - degrees[1]) > 1e-6)) {
        return data_csv_fault(table->csv, row, table->ends[side],
            "the place that an earlier line gave this node", build->problem);
    }
    if (node.has_place) {
        known->at = node.at;
        known->has_place = true;
    }
    return HB_OK;
}

static enum hb_status link_read(const struct table *table, size_t row)
{
    struct data_netmap_ends ends = { .line = (uint32_t)data_csv_line(table->csv, row),
        .a = data_csv_text(table->csv, row, table->ends[0]),
        .b = data_csv_text(table->csv, row, table->ends[1]) };
    if (table->has_delay) {
        double delay_ms = 0.0;
        enum hb_status status = data_csv_number(table->csv, row, table->delay,
            (struct data_csv_bounds){ 0.0, 4000.0 }, table->build->problem, &delay_ms);
        if (status != HB_OK) {
            return status;
        }
        ends.delay_ns = (uint32_t)lround(delay_ms * 1e6);
    }
    return data_netmap_add_link(table->build, &ends);
}

enum hb_status data_netmap_csv(struct data_netmap_build *build)
{
    struct table table = { .build = build };
    enum hb_status status = data_csv_read(build->name, build->problem, &table.csv);
    if (status == HB_OK) {
        status = columns_found(&table);
    }
    build->keeps_twins = true;
    size_t rows = status == HB_OK ? data_csv_row_count(table.csv) : 0;
    /* All places before any delay is made of them. */
    for (size_t i = 0; i < 2 * rows && status == HB_OK; i++) {
        status = end_known(&table, i / 2, (int)(i % 2));
    }
    for (size_t row = 0; row < rows && status == HB_OK; row++) {
        status = link_read(&table, row);
    }
    data_csv_free(table.csv);
    return status;
}
