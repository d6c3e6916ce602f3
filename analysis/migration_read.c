/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/migration_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/lines.h"

#define CELLS_MAX 20000
#define SLOTS_MAX 1000000
#define VISITS_MAX 200000000
#define PAIRS_MAX 20000000 /* cells x sites */

static const double b = 0.8, cell_deg = 0.01, whole_within = 1e-8;

struct reader {
    struct analysis_migration *migration;
    struct data_lines *lines;
    struct data_problem *problem;
};

/* Makes room for one more item, doubling. */
static enum hb_status grow(void **items, uint64_t count, size_t item_bytes)
{
    if (count != 0 && (count < 64 || (count & (count - 1)) != 0)) {
        return HB_OK;
    }
    uint64_t capacity = count < 64 ? 64 : 2 * count;
    void *grown = realloc(*items, capacity * item_bytes);
    if (grown == NULL) {
        return HB_ERR_MEMORY;
    }
    *items = grown;
    return HB_OK;
}

static enum hb_status out_of_memory(const struct reader *reader)
{
    return data_problem_set(reader->problem, HB_ERR_MEMORY, "out of memory");
}

static enum hb_status real(const struct reader *reader, const char *field,
    struct data_lines_range range, double *out)
{
    return data_lines_real(reader->lines, field, &range, reader->problem, out);
}

static enum hb_status whole(const struct reader *reader, const char *field,
    struct data_lines_range range, uint32_t *out)
{
    return data_lines_whole(reader->lines, field, &range, reader->problem, out);
}

static enum hb_status read_cell(struct reader *reader, char **fields)
{
    struct analysis_migration *migration = reader->migration;
    struct migration_cell cell = { .site = HB_NONE };
    double next = migration->cell_count + 1.0;
    uint32_t number, is_site;
    enum hb_status status;
    if (migration->cell_count == CELLS_MAX) {
        return data_lines_refuse(reader->lines, reader->problem, "too many cells: expected %d",
            CELLS_MAX);
    }
    if ((status = whole(reader, fields[0], (struct data_lines_range){ "cell", next, next },
             &number)) != HB_OK
        || (status = real(reader, fields[1], (struct data_lines_range){ "lat_deg", -90, 90 },
                &cell.lat_deg)) != HB_OK
        || (status = real(reader, fields[2], (struct data_lines_range){ "lon_deg", -180, 180 },
                &cell.lon_deg)) != HB_OK
        || (status = whole(reader, fields[3], (struct data_lines_range){ "is_site", 0, 1 },
                &is_site)) != HB_OK) {
        return status;
    }
    if (grow((void **)&migration->cells, migration->cell_count, sizeof cell) != HB_OK
        || grow((void **)&migration->site_cells, migration->site_count, sizeof number) != HB_OK) {
        return out_of_memory(reader);
    }
    if (is_site) {
        cell.site = migration->site_count;
        migration->site_cells[migration->site_count++] = migration->cell_count;
    }
    migration->cells[migration->cell_count++] = cell;
    return HB_OK;
}

static enum hb_status read_slot(struct reader *reader, char **fields)
{
    struct analysis_migration *migration = reader->migration;
    struct migration_slot slot = { 0 };
    double next = migration->slot_count;
    double *const prices[] = { &slot.cm, &slot.pm, &slot.ct, &slot.pt };
    static const char *const names[] = { "cm", "pm", "ct", "pt" };
    uint32_t number;
    if (migration->slot_count == SLOTS_MAX) {
        return data_lines_refuse(reader->lines, reader->problem, "too many slots: expected %d",
            SLOTS_MAX);
    }
    enum hb_status status
        = whole(reader, fields[0], (struct data_lines_range){ "slot", next, next }, &number);
    for (int i = 0; status == HB_OK && i < 4; i++) {
        struct data_lines_range range = { names[i], -1e9, 1e9 };
        status = real(reader, fields[i + 1], range, prices[i]);
    }
    if (status == HB_OK) {
        struct data_lines_range range = { "total_users", 0, VISITS_MAX };
        status = whole(reader, fields[5], range, &slot.user_count);
    }
    if (status != HB_OK) {
        return status;
    }
    if (slot.cm < 0.0 || slot.cm + slot.pm < 0.0) {
        return data_lines_refuse(reader->lines, reader->problem,
            "cm=%g pm=%g: expected cm >= 0 and cm + pm >= 0, a move that costs nothing or more",
            slot.cm, slot.pm);
    }
    if (grow((void **)&migration->slots, migration->slot_count, sizeof slot) != HB_OK) {
        return out_of_memory(reader);
    }
    migration->slots[migration->slot_count++] = slot;
    migration->busy_slot_count += slot.user_count > 0;
    return HB_OK;
}

static enum hb_status read_visit(struct reader *reader, char **fields)
{
    struct analysis_migration *migration = reader->migration;
    struct migration_visit visit;
    enum hb_status status;
    struct data_lines_range slots = { "slot", 0, migration->slot_count - 1.0 };
    struct data_lines_range cells = { "cell", 1, migration->cell_count };
    struct data_lines_range users = { "user", 0, VISITS_MAX };
    uint64_t count = migration->visit_count;
    if ((status = whole(reader, fields[0], users, &visit.user)) != HB_OK
        || (status = whole(reader, fields[1], slots, &visit.slot)) != HB_OK
        || (status = whole(reader, fields[2], cells, &visit.cell)) != HB_OK) {
        return status;
    }
    const struct migration_visit *last = count == 0 ? NULL : &migration->visits[count - 1];
    if (last != NULL
        && (visit.user < last->user || (visit.user == last->user && visit.slot <= last->slot))) {
        return data_lines_refuse(reader->lines, reader->problem,
            "user %u, slot %u: expected rows by user and slot, after user %u, slot %u", visit.user,
            visit.slot, last->user, last->slot);
    }
    if (count == VISITS_MAX) {
        return data_lines_refuse(reader->lines, reader->problem, "too many rows: expected %d",
            VISITS_MAX);
    }
    migration->user_count += last == NULL || visit.user != last->user;
    if (grow((void **)&migration->visits, count, sizeof visit) != HB_OK) {
        return out_of_memory(reader);
    }
    visit.cell--;
    migration->visits[migration->visit_count++] = visit;
    return HB_OK;
}

struct table {
    const char *name, *header;
    size_t field_count;
    enum hb_status (*read_row)(struct reader *reader, char **fields);
};

static enum hb_status read_table(struct reader *reader, const char *path,
    const struct table *table)
{
    char *fields[6];
    int has_row = 1;
    enum hb_status status = data_lines_open(path, reader->problem, &reader->lines);
    if (status != HB_OK) {
        return status;
    }
    status = data_lines_header(reader->lines, table->header, reader->problem);
    while (status == HB_OK && has_row) {
        status = data_lines_row(reader->lines, table->field_count, fields, reader->problem,
            &has_row);
        if (status == HB_OK && has_row) {
            status = table->read_row(reader, fields);
        }
    }
    data_lines_close(reader->lines);
    return status;
}

static uint32_t nearest_site(const struct analysis_migration *migration,
    const struct migration_cell *cell)
{
    uint32_t best = 0;
    double best_square = INFINITY;
    for (uint32_t s = 0; s < migration->site_count; s++) {
        const struct migration_cell *at = &migration->cells[migration->site_cells[s]];
        double lat = at->lat_deg - cell->lat_deg, lon = at->lon_deg - cell->lon_deg;
        double square = lat * lat + lon * lon;
        if (square < best_square) {
            best = s;
            best_square = square;
        }
    }
    return best;
}

static uint32_t hops_between(const struct migration_cell *x, const struct migration_cell *y)
{
    double lat = x->lat_deg - y->lat_deg, lon = x->lon_deg - y->lon_deg;
    double hops = sqrt(lat * lat + lon * lon) / cell_deg, near = nearbyint(hops);
    return (uint32_t)(fabs(hops - near) <= whole_within ? near : ceil(hops));
}

static enum hb_status derive(struct reader *reader, const char *directory)
{
    struct analysis_migration *migration = reader->migration;
    uint64_t pairs = (uint64_t)migration->cell_count * migration->site_count;
    if (migration->site_count == 0 || pairs > PAIRS_MAX) {
        return data_problem_set(reader->problem, HB_ERR_FORMAT,
            "%s/cells.csv: %u cells, %u sites: expected 1 site, and %d pairs at most", directory,
            migration->cell_count, migration->site_count, PAIRS_MAX);
    }
    migration->hops = malloc(pairs * sizeof *migration->hops);
    migration->decay = malloc(pairs * sizeof *migration->decay);
    if (migration->hops == NULL || migration->decay == NULL) {
        return out_of_memory(reader);
    }
    for (uint32_t c = 0; c < migration->cell_count; c++) {
        struct migration_cell *cell = &migration->cells[c];
        cell->nearest = nearest_site(migration, cell);
        for (uint32_t s = 0; s < migration->site_count; s++) {
            uint64_t pair = (uint64_t)c * migration->site_count + s;
            uint32_t hops = hops_between(cell, &migration->cells[migration->site_cells[s]]);
            migration->hops[pair] = (uint16_t)hops; /* at most 40,250 */
            migration->decay[pair] = pow(b, hops);
        }
    }
    return HB_OK;
}

static enum hb_status check_users(struct reader *reader, const char *directory)
{
    struct analysis_migration *migration = reader->migration;
    if (migration->visit_count == 0) {
        return data_problem_set(reader->problem, HB_ERR_FORMAT,
            "%s/cell_of_user.csv: no user: expected at least one", directory);
    }
    uint32_t *counts = calloc(migration->slot_count, sizeof *counts);
    if (counts == NULL) {
        return out_of_memory(reader);
    }
    for (uint64_t i = 0; i < migration->visit_count; i++) {
        counts[migration->visits[i].slot]++;
    }
    enum hb_status status = HB_OK;
    for (uint32_t t = 0; status == HB_OK && t < migration->slot_count; t++) {
        if (counts[t] != migration->slots[t].user_count) {
            status = data_problem_set(reader->problem, HB_ERR_FORMAT,
                "%s/slots.csv:%u: total_users=\"%u\": expected %u, the users with a row in slot %u",
                directory, t + 2, migration->slots[t].user_count, counts[t], t);
        }
    }
    free(counts);
    return status;
}

static enum hb_status read_all(struct reader *reader, const char *directory)
{
    static const struct table tables[] = {
        { "cells.csv", "cell,lat_deg,lon_deg,is_site", 4, read_cell },
        { "slots.csv", "slot,cm,pm,ct,pt,total_users", 6, read_slot },
        { "cell_of_user.csv.gz", "user,slot,cell", 3, read_visit },
    };
    char path[4096];
    enum hb_status status = HB_OK;
    for (int i = 0; status == HB_OK && i < 3; i++) {
        if (strlen(directory) + 32 > sizeof path) {
            return data_problem_set(reader->problem, HB_ERR_IO, "path over 4,000 bytes");
        }
        (void)snprintf(path, sizeof path, "%s/%s", directory, tables[i].name);
        if (i == 2 && access(path, F_OK) != 0) {
            path[strlen(path) - 3] = '\0'; /* then without .gz */
        }
        if (i == 2 && reader->migration->slot_count == 0) {
            return data_problem_set(reader->problem, HB_ERR_FORMAT,
                "%s/slots.csv:2: no slot: expected at least one", directory);
        }
        status = read_table(reader, path, &tables[i]);
    }
    if (status == HB_OK) {
        status = check_users(reader, directory);
    }
    return status != HB_OK ? status : derive(reader, directory);
}

enum hb_status analysis_migration_read(const char *directory, struct data_problem *problem,
    struct analysis_migration **out)
{
    struct reader reader = { .problem = problem };
    reader.migration = calloc(1, sizeof *reader.migration);
    if (reader.migration == NULL) {
        return out_of_memory(&reader);
    }
    enum hb_status status = read_all(&reader, directory);
    if (status != HB_OK) {
        analysis_migration_free(reader.migration);
        return status;
    }
    *out = reader.migration;
    return HB_OK;
}

void analysis_migration_free(struct analysis_migration *migration)
{
    if (migration == NULL) {
        return;
    }
    free(migration->decay);
    free(migration->hops);
    free(migration->visits);
    free(migration->slots);
    free(migration->site_cells);
    free(migration->cells);
    free(migration);
}
