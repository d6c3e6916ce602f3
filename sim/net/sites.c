/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/sites.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

struct entry {
    char name[SIM_SITES_NAME_BYTES];
    enum sim_sites_kind kind;
};

struct sim_sites {
    struct hb_site *sites;
    struct entry *entries;
    uint32_t count, capacity;
};

enum hb_status sim_sites_create(struct sim_sites **out)
{
    struct sim_sites *sites = calloc(1, sizeof *sites);
    if (sites == NULL) {
        return HB_ERR_MEMORY;
    }
    *out = sites;
    return HB_OK;
}

void sim_sites_free(struct sim_sites *sites)
{
    if (sites == NULL) {
        return;
    }
    free(sites->entries);
    free(sites->sites);
    free(sites);
}

static enum hb_status grow(struct sim_sites *sites)
{
    if (sites->count < sites->capacity) {
        return HB_OK;
    }
    uint32_t capacity = sites->capacity * 2 + 64;
    struct hb_site *list = realloc(sites->sites, capacity * sizeof *list);
    if (list != NULL) {
        sites->sites = list;
    }
    struct entry *entries = realloc(sites->entries, capacity * sizeof *entries);
    if (entries != NULL) {
        sites->entries = entries;
    }
    if (list == NULL || entries == NULL) {
        return HB_ERR_MEMORY;
    }
    sites->capacity = capacity;
    return HB_OK;
}

struct addition {
    const char *name;
    struct hb_point at;
    enum sim_sites_kind kind;
};

static enum hb_status append(struct sim_sites *sites, const struct addition *added,
    const struct sim_sites_terms *terms, struct data_problem *problem)
{
    if (added->name[0] == '\0' || strlen(added->name) >= SIM_SITES_NAME_BYTES) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "site name \"%.80s\": expected 1..%d bytes", added->name, SIM_SITES_NAME_BYTES - 1);
    }
    if (!(fabs(added->at.lat_deg) <= 90.0 && fabs(added->at.lon_deg) <= 180.0)) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "site %s: found latitude %g, longitude %g: expected -90..90 and -180..180",
            added->name, added->at.lat_deg, added->at.lon_deg);
    }
    if (!(terms->price_factor > 0.0f && terms->price_factor <= 1e6f)) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "site %s: price_factor %g: expected above 0, to 1e6", added->name,
            (double)terms->price_factor);
    }
    if (sim_sites_find(sites, added->name) != HB_NONE) {
        return data_problem_set(problem, HB_ERR_EXISTS, "site %s: found twice: expected once",
            added->name);
    }
    if (sites->count == SIM_SITES_MAX) {
        return data_problem_set(problem, HB_ERR_FULL, "site %s: expected %d sites at most",
            added->name, SIM_SITES_MAX);
    }
    if (grow(sites) != HB_OK) {
        return HB_ERR_MEMORY;
    }
    struct entry *entry = &sites->entries[sites->count];
    (void)strcpy(entry->name, added->name);
    entry->kind = added->kind;
    sites->sites[sites->count++] = (struct hb_site){ .at = added->at, .slots = terms->slots,
        .price_factor = terms->price_factor };
    return HB_OK;
}

static enum hb_status append_region(struct sim_sites *sites, const struct data_region *region,
    const struct sim_sites_terms *terms, struct data_problem *problem)
{
    char name[SIM_SITES_NAME_BYTES];
    (void)snprintf(name, sizeof name, "%.20s/%.40s", region->provider, region->id);
    struct addition added = { name, region->at, SIM_SITES_REGION };
    return append(sites, &added, terms, problem);
}

enum hb_status sim_sites_add_region(struct sim_sites *sites, const struct data_regions *regions,
    const char *name, const struct sim_sites_terms *terms, struct data_problem *problem)
{
    const struct data_region *region;
    enum hb_status status = data_regions_find(regions, name, problem, &region);
    return status != HB_OK ? status : append_region(sites, region, terms, problem);
}

enum hb_status sim_sites_add_provider(struct sim_sites *sites, const struct data_regions *regions,
    const char *provider, const struct sim_sites_terms *terms, struct data_problem *problem)
{
    uint32_t before = sites->count;
    enum hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < data_regions_len(regions); i++) {
        const struct data_region *region = data_regions_at(regions, i);
        if (strcmp(region->provider, provider) == 0) {
            status = append_region(sites, region, terms, problem);
        }
    }
    if (status != HB_OK) {
        sites->count = before;
    } else if (sites->count == before) {
        return data_problem_set(problem, HB_ERR_NOT_FOUND,
            "provider \"%.60s\": not in regions.tsv", provider);
    }
    return status;
}

enum hb_status sim_sites_add_edge(struct sim_sites *sites, const struct sim_sites_city *city,
    uint32_t count, const struct sim_sites_terms *terms, struct data_problem *problem)
{
    if (count == 0 || count > SIM_SITES_PER_CITY_MAX) {
        return data_problem_set(problem, HB_ERR_RANGE, "edge sites of %s: found %u: expected 1..%d",
            city->name, count, SIM_SITES_PER_CITY_MAX);
    }
    struct hb_point at[SIM_SITES_PER_CITY_MAX];
    sim_sites_edge_points(city, count, at);
    uint32_t before = sites->count;
    enum hb_status status = HB_OK;
    for (uint32_t k = 0; status == HB_OK && k < count; k++) {
        char name[SIM_SITES_NAME_BYTES];
        (void)snprintf(name, sizeof name, "edge/%.48s-%u", city->name, k + 1);
        for (char *c = name + strlen("edge/"); *c != '\0'; c++) {
            *c = *c == '/' || *c == ' ' ? '-' : *c;
        }
        struct addition added = { name, at[k], SIM_SITES_EDGE };
        status = append(sites, &added, terms, problem);
    }
    sites->count = status == HB_OK ? sites->count : before;
    return status;
}

enum hb_status sim_sites_add_point(struct sim_sites *sites, const char *name, struct hb_point at,
    const struct sim_sites_terms *terms, struct data_problem *problem)
{
    struct addition added = { name, at, SIM_SITES_POINT };
    return append(sites, &added, terms, problem);
}

struct cells_columns {
    size_t cell, lat, lon, is_site;
};

static enum hb_status add_cell(struct sim_sites *sites, const struct data_csv *csv, size_t row,
    const struct cells_columns *columns, const struct sim_sites_terms *terms,
    struct data_problem *problem)
{
    struct data_csv_bounds lat = { -90.0, 90.0 }, lon = { -180.0, 180.0 };
    struct addition added = { .kind = SIM_SITES_CELL };
    const char *flag = data_csv_text(csv, row, columns->is_site);
    enum hb_status status = data_csv_number(csv, row, columns->lat, lat, problem,
        &added.at.lat_deg);
    if (status == HB_OK) {
        status = data_csv_number(csv, row, columns->lon, lon, problem, &added.at.lon_deg);
    }
    if (status != HB_OK) {
        return status;
    }
    if (strcmp(flag, "1") != 0) {
        return strcmp(flag, "0") == 0 ? HB_OK
            : data_csv_fault(csv, row, columns->is_site, "0 or 1", problem);
    }
    char name[SIM_SITES_NAME_BYTES];
    (void)snprintf(name, sizeof name, "cell/%.50s", data_csv_text(csv, row, columns->cell));
    added.name = name;
    return append(sites, &added, terms, problem);
}

static enum hb_status add_rows(struct sim_sites *sites, const struct data_csv *csv,
    const struct sim_sites_terms *terms, struct data_problem *problem)
{
    struct cells_columns columns;
    enum hb_status status = data_csv_column(csv, "cell|id|name", problem, &columns.cell);
    if (status == HB_OK) {
        status = data_csv_column(csv, "lat_deg|lat", problem, &columns.lat);
    }
    if (status == HB_OK) {
        status = data_csv_column(csv, "lon_deg|lon", problem, &columns.lon);
    }
    if (status == HB_OK) {
        status = data_csv_column(csv, "is_site", problem, &columns.is_site);
    }
    for (size_t row = 0; status == HB_OK && row < data_csv_row_count(csv); row++) {
        status = add_cell(sites, csv, row, &columns, terms, problem);
    }
    return status;
}

enum hb_status sim_sites_add_cells(struct sim_sites *sites, const char *path,
    const struct sim_sites_terms *terms, struct data_problem *problem)
{
    struct data_csv *csv;
    enum hb_status status = data_csv_read(path, problem, &csv);
    if (status != HB_OK) {
        return status;
    }
    uint32_t before = sites->count;
    status = add_rows(sites, csv, terms, problem);
    data_csv_free(csv);
    if (status == HB_OK && sites->count == before) {
        status = data_problem_set(problem, HB_ERR_NOT_FOUND,
            "%s: found no row with is_site 1: expected one", path);
    }
    sites->count = status == HB_OK ? sites->count : before;
    return status;
}

uint32_t sim_sites_len(const struct sim_sites *sites)
{
    return sites->count;
}

const struct hb_site *sim_sites_list(const struct sim_sites *sites)
{
    return sites->sites;
}

const char *sim_sites_name(const struct sim_sites *sites, uint32_t site)
{
    assert(site < sites->count);
    return sites->entries[site].name;
}

enum sim_sites_kind sim_sites_kind(const struct sim_sites *sites, uint32_t site)
{
    assert(site < sites->count);
    return sites->entries[site].kind;
}

uint32_t sim_sites_find(const struct sim_sites *sites, const char *name)
{
    for (uint32_t site = 0; site < sites->count; site++) {
        if (strcmp(sites->entries[site].name, name) == 0) {
            return site;
        }
    }
    return HB_NONE;
}
