/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/latency.h"
#include "data/regions.h"

static struct sim_sites_terms terms_of(const struct sim_scenario_sites *all,
    const struct sim_scenario_size *size)
{
    bool has_price = sim_scenario_is_given(size->price_factor);
    return (struct sim_sites_terms) {
        .slots = size->slots != SIM_SCENARIO_ABSENT ? size->slots : all->size.slots,
        .price_factor = (float)(has_price ? size->price_factor : all->size.price_factor)
    };
}

/* Distance from the nearest place of the trace, thinned to 4096 of them. */
static double distance_km(const struct data_trace *trace, struct hb_point at)
{
    uint32_t step = trace->place_count / 4096 + 1;
    double least_km = 1e9;
    for (uint32_t place = 0; place < trace->place_count; place += step) {
        double km = hb_geo_distance_km(trace->places[place].at, at);
        least_km = km < least_km ? km : least_km;
    }
    return least_km;
}

static enum hb_status add_provider(struct sim_stage *stage, const struct data_regions *regions,
    const struct sim_scenario_site *group, struct data_problem *problem)
{
    struct sim_sites_terms terms = terms_of(&stage->scenario->sites, &group->size);
    enum hb_status status = HB_OK;
    uint32_t before = sim_sites_len(stage->sites);
    bool is_named = group->provider[0] != '\0', is_known = false;
    for (size_t i = 0; i < data_regions_len(regions) && status == HB_OK; i++) {
        const struct data_region *region = data_regions_at(regions, i);
        char name[2 * SIM_SCENARIO_TEXT];
        if (is_named && strcmp(region->provider, group->provider) != 0) {
            continue;
        }
        is_known = true;
        if (distance_km(stage->trace, region->at) <= group->near_km) {
            snprintf(name, sizeof name, "%s/%s", region->provider, region->id);
            status = sim_sites_add_region(stage->sites, regions, name, &terms, problem);
        }
    }
    if (status == HB_OK && is_named && !is_known) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "provider=\"%s\": expected one of the table of cloud regions", group->provider);
    }
    if (status == HB_OK && sim_sites_len(stage->sites) == before) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "near_km=\"%g\": expected a distance within which there is a region", group->near_km);
    }
    return status;
}

static enum hb_status add_cloud(struct sim_stage *stage, const struct sim_scenario_site *group,
    struct data_problem *problem)
{
    struct data_regions *regions = NULL;
    enum hb_status status = data_regions_create(problem, &regions);
    if (status == HB_OK && group->region[0] != '\0') {
        struct sim_sites_terms terms = terms_of(&stage->scenario->sites, &group->size);
        status = sim_sites_add_region(stage->sites, regions, group->region, &terms, problem);
    } else if (status == HB_OK) {
        status = add_provider(stage, regions, group, problem);
    }
    data_regions_free(regions);
    return status;
}

static enum hb_status add_edge(struct sim_stage *stage, const struct sim_scenario_site *group,
    struct data_problem *problem)
{
    struct sim_sites_terms terms = terms_of(&stage->scenario->sites, &group->size);
    enum hb_status status = HB_OK;
    for (uint32_t region = 0; region < stage->trace->region_count && status == HB_OK; region++) {
        struct sim_sites_city city = { .name = stage->trace->region_names[region],
            .places = stage->trace->places, .place_count = stage->trace->place_count,
            .region = region };
        if (hb_map_region_middle(city.places, stage->trace->place_count, region, &city.at) > 0) {
            status = sim_sites_add_edge(stage->sites, &city, group->per_city, &terms, problem);
        }
    }
    return status;
}

static enum hb_status add_group(struct sim_stage *stage, const struct sim_scenario_site *group,
    struct data_problem *problem)
{
    struct sim_sites_terms terms = terms_of(&stage->scenario->sites, &group->size);
    switch ((enum sim_site_group)group->group) {
    case SIM_SITE_GROUP_CLOUD:
        return add_cloud(stage, group, problem);
    case SIM_SITE_GROUP_EDGE:
        return add_edge(stage, group, problem);
    case SIM_SITE_GROUP_SITE:
        return sim_sites_add_point(stage->sites, group->name,
            (struct hb_point) { group->lat_deg, group->lon_deg }, &terms, problem);
    case SIM_SITE_GROUP_CELLS:
        return sim_sites_add_cells(stage->sites, group->file, &terms, problem);
    }
    return HB_ERR_RANGE;
}

static enum hb_status note_links(struct sim_stage *stage, uint32_t first, double link_mb_s)
{
    uint32_t count = sim_sites_len(stage->sites);
    double *links = realloc(stage->link_mb_s, (count + 1) * sizeof *links);
    if (links == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t site = first; site < count; site++) {
        links[site] = link_mb_s;
    }
    stage->link_mb_s = links;
    return HB_OK;
}

enum hb_status sim_ground_sites(struct sim_stage *stage, struct data_problem *problem)
{
    const struct sim_scenario_sites *wanted = &stage->scenario->sites;
    enum hb_status status = sim_sites_create(&stage->sites);
    for (size_t i = 0; i < wanted->group_count && status == HB_OK; i++) {
        const struct sim_scenario_site *group = &wanted->groups[i];
        struct data_problem why = { .text = "" };
        uint32_t first = sim_sites_len(stage->sites);
        status = add_group(stage, group, &why);
        if (status != HB_OK) {
            return data_problem_set(problem, status, "%s: %s", group->at, why.text);
        }
        bool has_link = sim_scenario_is_given(group->size.link_mb_s);
        status = note_links(stage, first,
            has_link ? group->size.link_mb_s : wanted->size.link_mb_s);
    }
    if (status != HB_OK) {
        return status;
    }
    stage->map = (struct hb_map) { .place_count = stage->trace->place_count,
        .site_count = sim_sites_len(stage->sites),
        .places = stage->trace->places,
        .sites = sim_sites_list(stage->sites) };
    return HB_OK;
}

enum hb_status sim_ground_paths(struct sim_stage *stage, uint32_t threads,
    struct data_problem *problem)
{
    const struct sim_scenario_network *network = &stage->scenario->network;
    enum hb_status status = HB_OK;
    data_latency_free(stage->measured);
    stage->measured = NULL;
    if (network->matrix[0] != '\0') {
        status = data_latency_read(network->matrix_nodes, network->matrix, problem,
            &stage->measured);
    }
    if (status != HB_OK) {
        return status;
    }
    struct sim_path *path = &stage->path;
    sim_path_default(path);
    const double wanted[] = { network->aggregation_ms, network->detour_ms, network->detour_km,
        network->stretch };
    double *const values[]
        = { &path->aggregation_ms, &path->detour_ms, &path->detour_km, &path->stretch };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        *values[i] = sim_scenario_is_given(wanted[i]) ? wanted[i] : *values[i];
    }
    path->measured = stage->measured;
    float *rtt_ms = NULL;
    if (stage->scenario->has_topology) {
        status = sim_ground_routes(stage, problem);
        status = status == HB_OK ? sim_topo_matrix(stage->topo, &rtt_ms, problem) : status;
    } else {
        status = sim_path_matrix(path, &stage->map, threads, &rtt_ms);
    }
    if (status == HB_ERR_RANGE && problem->text[0] == '\0') {
        return data_problem_set(problem, status,
            "%u places and %u sites: expected a matrix of at most 1 GiB", stage->map.place_count,
            stage->map.site_count);
    }
    if (status == HB_OK) {
        free((void *)(uintptr_t)stage->map.rtt_ms);
        stage->map.rtt_ms = rtt_ms;
    }
    return status;
}
