/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "data/cities.h"
#include "sim/net/topo/topo_impl.h"

static const double same_city_km = 50.0; /* our choice: a metropolitan area */

uint32_t sim_topo_hub_nearest(const struct topo_draft *draft, struct hb_point at)
{
    uint32_t best = 0;
    double best_km = 1e9;
    for (uint32_t hub = 0; hub < draft->hub_count; hub++) {
        double km = hb_geo_distance_km(draft->hubs[hub].at, at);
        if (km < best_km) {
            best = hub;
            best_km = km;
        }
    }
    return best;
}

enum hb_status sim_topo_hub_add(struct topo_draft *draft, const struct topo_hub *hub,
    uint32_t *index)
{
    if (draft->hub_count > 0) {
        uint32_t near = sim_topo_hub_nearest(draft, hub->at);
        if (hb_geo_distance_km(draft->hubs[near].at, hub->at) <= same_city_km) {
            *index = near;
            return HB_OK;
        }
    }
    if (draft->hub_count == SIM_TOPO_HUBS_MAX) {
        return data_problem_set(draft->problem, HB_ERR_FULL,
            "%s: found more than %d cities with clients, sites or ASes: expected fewer",
            topo_name(draft), SIM_TOPO_HUBS_MAX);
    }
    *index = draft->hub_count;
    draft->hubs[draft->hub_count++] = *hub;
    return HB_OK;
}

/* Cities of the clients, at the middle of their places. */
static enum hb_status add_regions(struct topo_draft *draft, uint32_t *hub_of_region,
    uint32_t region_count)
{
    const struct hb_map *map = draft->config->map;
    enum hb_status status = HB_OK;
    for (uint32_t region = 0; region < region_count && status == HB_OK; region++) {
        struct topo_hub hub = { .weight = 0.0 };
        hub.weight = hb_map_region_middle(map->places, map->place_count, region, &hub.at);
        hub_of_region[region] = HB_NONE;
        if (hub.weight > 0.0) {
            status = sim_topo_hub_add(draft, &hub, &hub_of_region[region]);
        }
    }
    return status;
}

static uint32_t count_regions(const struct hb_map *map)
{
    uint32_t count = 0;
    for (uint32_t place = 0; place < map->place_count; place++) {
        uint32_t region = map->places[place].region;
        count = region != HB_NONE && region >= count ? region + 1 : count;
    }
    return count;
}

static enum hb_status name_countries(struct topo_draft *draft)
{
    struct data_cities *cities = NULL;
    enum hb_status status = data_cities_create(draft->problem, &cities);
    for (uint32_t hub = 0; hub < draft->hub_count && status == HB_OK; hub++) {
        const struct data_city *city = data_cities_nearest(cities, draft->hubs[hub].at);
        draft->hubs[hub].country = (uint16_t)(city->country[0] << 8 | city->country[1]);
    }
    data_cities_free(cities);
    return status;
}

enum hb_status sim_topo_hub_all(struct topo_draft *draft)
{
    const struct hb_map *map = draft->config->map;
    uint32_t region_count = count_regions(map);
    uint32_t *hub_of_region = calloc((size_t)region_count + 1, sizeof *hub_of_region);
    draft->hubs = calloc(SIM_TOPO_HUBS_MAX, sizeof *draft->hubs);
    draft->place_hub = calloc(map->place_count, sizeof *draft->place_hub);
    draft->site_hub = calloc(map->site_count, sizeof *draft->site_hub);
    enum hb_status status = HB_ERR_MEMORY;
    if (hub_of_region != NULL && draft->hubs != NULL && draft->place_hub != NULL
        && draft->site_hub != NULL) {
        status = add_regions(draft, hub_of_region, region_count);
    }
    for (uint32_t site = 0; site < map->site_count && status == HB_OK; site++) {
        struct topo_hub hub = { .at = map->sites[site].at, .weight = 1.0 };
        status = sim_topo_hub_add(draft, &hub, &draft->site_hub[site]);
    }
    for (uint32_t place = 0; place < map->place_count && status == HB_OK; place++) {
        uint32_t region = map->places[place].region;
        draft->place_hub[place] = region != HB_NONE
            ? hub_of_region[region] : sim_topo_hub_nearest(draft, map->places[place].at);
    }
    free(hub_of_region);
    return status == HB_OK ? name_countries(draft) : status;
}

enum hb_status sim_topo_hub_measure(struct topo_draft *draft)
{
    size_t count = draft->hub_count;
    draft->hub_km = malloc(count * count * sizeof *draft->hub_km);
    if (draft->hub_km == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < count; b++) {
            draft->hub_km[a * count + b]
                = (float)hb_geo_distance_km(draft->hubs[a].at, draft->hubs[b].at);
        }
    }
    return HB_OK;
}
