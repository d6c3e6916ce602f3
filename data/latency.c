/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/latency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

/* What the caller sees, and what it points into. */
struct owner {
    struct data_latency seen; /* first: the two have one address */
    struct data_csv *nodes, *matrix;
    struct hb_point *at;
    const char **names;
    float *rtt_ms;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum hb_status read_point(const struct data_csv *csv, size_t row, const size_t column[2],
    struct data_problem *problem, struct hb_point *out)
{
    struct data_csv_bounds lat = { -90.0, 90.0 }, lon = { -180.0, 180.0 };
    enum hb_status status = data_csv_number(csv, row, column[0], lat, problem, &out->lat_deg);
    return status != HB_OK ? status
        : data_csv_number(csv, row, column[1], lon, problem, &out->lon_deg);
}

/* names stay sorted here until the matrix is read; `at` follows. */
static enum hb_status read_nodes(struct owner *owner, const char *path,
    struct data_problem *problem)
{
    size_t name, column[2], count = data_csv_row_count(owner->nodes);
    enum hb_status status = data_csv_column(owner->nodes, "name|region|id", problem, &name);
    if (status == HB_OK) {
        status = data_csv_column(owner->nodes, "lat|lat_deg", problem, &column[0]);
    }
    if (status == HB_OK) {
        status = data_csv_column(owner->nodes, "lon|lon_deg", problem, &column[1]);
    }
    if (status != HB_OK) {
        return status;
    }
    if (count < 2 || count > DATA_LATENCY_NODES_MAX) {
        return data_problem_set(problem, HB_ERR_RANGE, "%s: found %zu nodes: expected 2..%d",
            path, count, DATA_LATENCY_NODES_MAX);
    }
    owner->names = calloc(count, sizeof *owner->names);
    owner->at = calloc(count, sizeof *owner->at);
    owner->rtt_ms = malloc(count * count * sizeof *owner->rtt_ms);
    if (owner->names == NULL || owner->at == NULL || owner->rtt_ms == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < count * count; i++) {
        owner->rtt_ms[i] = NAN;
    }
    for (size_t row = 0; row < count; row++) {
        owner->names[row] = data_csv_text(owner->nodes, row, name);
    }
    qsort(owner->names, count, sizeof *owner->names, compare_names);
    for (size_t row = 0; row < count; row++) {
        const char *text = data_csv_text(owner->nodes, row, name);
        const char **slot = bsearch(&text, owner->names, count, sizeof text, compare_names);
        size_t i = (size_t)(slot - owner->names);
        int is_twice = (i > 0 && strcmp(owner->names[i - 1], text) == 0)
            || (i + 1 < count && strcmp(owner->names[i + 1], text) == 0);
        if (is_twice || *text == '\0') {
            return data_csv_fault(owner->nodes, row, name, "a name, and each once", problem);
        }
        status = read_point(owner->nodes, row, column, problem, &owner->at[i]);
        if (status != HB_OK) {
            return status;
        }
    }
    owner->seen.node_count = (uint32_t)count;
    return HB_OK;
}

static enum hb_status node_of(const struct owner *owner, size_t row, size_t column,
    struct data_problem *problem, size_t *out)
{
    const char *text = data_csv_text(owner->matrix, row, column);
    const char **slot = bsearch(&text, owner->names, owner->seen.node_count, sizeof text,
        compare_names);
    if (slot == NULL) {
        return data_csv_fault(owner->matrix, row, column, "a node of the other file", problem);
    }
    *out = (size_t)(slot - owner->names);
    return HB_OK;
}

static enum hb_status read_matrix(struct owner *owner, struct data_problem *problem)
{
    size_t from_column, to_column, value_column, count = owner->seen.node_count;
    enum hb_status status = data_csv_column(owner->matrix, "src", problem, &from_column);
    if (status == HB_OK) {
        status = data_csv_column(owner->matrix, "dst", problem, &to_column);
    }
    if (status == HB_OK) {
        status = data_csv_column(owner->matrix, "rtt_ms|rtt_ms_p50|avg_us", problem,
            &value_column);
    }
    if (status != HB_OK) {
        return status;
    }
    int is_us = strcmp(data_csv_column_name(owner->matrix, value_column), "avg_us") == 0;
    struct data_csv_bounds bounds = { 0.0, is_us ? 1e8 : 1e5 };
    for (size_t row = 0; row < data_csv_row_count(owner->matrix); row++) {
        size_t from = 0, to = 0;
        double value = 0.0;
        status = node_of(owner, row, from_column, problem, &from);
        if (status == HB_OK) {
            status = node_of(owner, row, to_column, problem, &to);
        }
        if (status == HB_OK) {
            status = data_csv_number(owner->matrix, row, value_column, bounds, problem, &value);
        }
        if (status != HB_OK) {
            return status;
        }
        float *entry = &owner->rtt_ms[from * count + to];
        if (!isnan(*entry)) {
            return data_csv_fault(owner->matrix, row, from_column, "each pair once", problem);
        }
        *entry = (float)(is_us ? value * 1e-3 : value);
    }
    return HB_OK;
}

static void fill_other_way(struct owner *owner)
{
    size_t count = owner->seen.node_count;
    for (size_t i = 0; i < count * count; i++) {
        float other = owner->rtt_ms[i % count * count + i / count];
        owner->rtt_ms[i] = isnan(owner->rtt_ms[i]) ? other : owner->rtt_ms[i];
    }
}

enum hb_status data_latency_read(const char *nodes_path, const char *matrix_path,
    struct data_problem *problem, struct data_latency **out)
{
    struct owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = data_csv_read(nodes_path, problem, &owner->nodes);
    if (status == HB_OK) {
        status = read_nodes(owner, nodes_path, problem);
    }
    if (status == HB_OK) {
        status = data_csv_read(matrix_path, problem, &owner->matrix);
    }
    if (status == HB_OK) {
        status = read_matrix(owner, problem);
    }
    if (status != HB_OK) {
        data_latency_free(&owner->seen);
        return status;
    }
    fill_other_way(owner);
    data_csv_free(owner->matrix);
    owner->matrix = NULL;
    owner->seen.at = owner->at;
    owner->seen.names = owner->names;
    owner->seen.rtt_ms = owner->rtt_ms;
    *out = &owner->seen;
    return HB_OK;
}

void data_latency_free(struct data_latency *latency)
{
    if (latency == NULL) {
        return;
    }
    struct owner *owner = (struct owner *)latency;
    free(owner->rtt_ms);
    free(owner->at);
    free(owner->names);
    data_csv_free(owner->matrix);
    data_csv_free(owner->nodes);
    free(owner);
}
