/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/model.h"

#include <math.h>
#include <stdlib.h>

/* A city whose nearest large airport is farther gets an airfield in its centre. */
static const double airport_km_max = 120.0;

static enum hb_status find_cities(struct sim_model *model, struct data_problem *problem)
{
    const struct sim_world_config *config = model->config;
    for (uint32_t i = 0; i < config->city_count; i++) {
        enum hb_status status = data_cities_find(
            model->tables, &config->cities[i].query, problem, &model->cities[i].row);
        if (status != HB_OK) {
            return status;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (model->cities[k].row == model->cities[i].row) {
                return data_problem_set(problem, HB_ERR_RANGE,
                    "city %u: found \"%s\" again: expected each city once", i,
                    model->cities[i].row->name);
            }
        }
    }
    return HB_OK;
}

/* Clients by weight: whole parts first, then the largest remainders, first come first. */
static enum hb_status share_out(struct sim_model *model)
{
    const struct sim_world_config *config = model->config;
    uint32_t n = config->city_count, given = 0;
    double *rest = calloc(n, sizeof *rest);
    if (rest == NULL) {
        return HB_ERR_MEMORY;
    }
    double total = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        rest[i] = config->cities[i].weight > 0.0 ? config->cities[i].weight
                                                 : model->cities[i].row->population;
        total += rest[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        double exact = config->client_count * (rest[i] / total);
        model->cities[i].client_count = (uint32_t)floor(exact);
        rest[i] = exact - floor(exact);
        given += model->cities[i].client_count;
    }
    for (; given < config->client_count; given++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < n; i++) {
            best = rest[i] > rest[best] ? i : best;
        }
        rest[best] -= 1.0;
        model->cities[best].client_count++;
    }
    for (uint32_t i = 1; i < n; i++) {
        model->cities[i].first_client =
            model->cities[i - 1].first_client + model->cities[i - 1].client_count;
    }
    free(rest);
    return HB_OK;
}

static enum hb_status build_city(struct sim_model *model, struct sim_model_city *city)
{
    const struct sim_world_config *config = model->config;
    /* Not of the seed: replications draw other people for the same streets, so
     * that places keep their numbers and a model trained on one seed fits all. */
    struct sim_stream stream = sim_stream_of(0, SIM_STREAM_LAND, city->row->geoname_id);
    struct sim_land_config land = {
        .centre = city->row->at, .population = city->row->population, .zone_km = config->zone_km
    };
    enum hb_status status = sim_land_create(&land, &stream, &city->land);
    if (status != HB_OK) {
        return status;
    }
    const struct data_airport *airport = data_cities_airport(model->tables, city->row->at);
    if (hb_geo_distance_km(airport->at, city->row->at) <= airport_km_max) {
        sim_land_plane(city->land, airport->at, &city->airport_x_km, &city->airport_y_km);
    }
    city->utc_offset_s = data_timezone_offset_s(&city->row->timezone, config->start_unix_s);
    struct sim_commute_config commute = { .law = config->law, .gravity_km = config->gravity_km };
    return sim_commute_create(city->land, &commute, &city->commute);
}

static enum hb_status build(struct sim_model *model, struct data_problem *problem)
{
    const struct sim_world_config *config = model->config;
    uint64_t place = 0;
    for (uint32_t i = 0; i < config->city_count; i++) {
        struct sim_model_city *city = &model->cities[i];
        enum hb_status status = build_city(model, city);
        if (status != HB_OK) {
            return status;
        }
        city->first_zone = (uint32_t)place;
        place += city->land->zone_count;
        if (place + config->city_count > DATA_TRACE_PLACES_MAX) {
            return data_problem_set(problem, HB_ERR_RANGE,
                "found more than %u zones: expected fewer cities or a larger zone_km",
                DATA_TRACE_PLACES_MAX);
        }
    }
    for (uint32_t i = 0; i < config->city_count; i++) {
        model->cities[i].airport_place = (uint32_t)place++;
    }
    const struct data_city **rows = calloc(config->city_count, sizeof *rows);
    if (rows == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < config->city_count; i++) {
        rows[i] = model->cities[i].row;
    }
    struct data_coastline *coastline = NULL;
    enum hb_status status = data_coastline_create(problem, &coastline);
    if (status == HB_OK) {
        status = sim_links_create(rows, coastline, config, (uint32_t)place, &model->links);
    }
    data_coastline_free(coastline);
    free(rows);
    if (status == HB_ERR_RANGE) {
        return data_problem_set(problem, status,
            "found more than %u places with those between cities: expected fewer cities or a "
            "larger way_place_km",
            DATA_TRACE_PLACES_MAX);
    }
    if (status == HB_OK) {
        model->place_count = (uint32_t)place + model->links->place_count;
    }
    return status;
}

enum hb_status sim_model_create(
    const struct sim_world_config *config, struct data_problem *problem, struct sim_model **out)
{
    struct sim_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        return HB_ERR_MEMORY;
    }
    model->config = config;
    model->end_s = config->duration_s;
    model->cities = calloc(config->city_count, sizeof *model->cities);
    enum hb_status status =
        model->cities == NULL ? HB_ERR_MEMORY : data_cities_create(problem, &model->tables);
    if (status == HB_OK) {
        status = find_cities(model, problem);
    }
    if (status == HB_OK) {
        status = share_out(model);
    }
    if (status == HB_OK) {
        status = build(model, problem);
    }
    if (status != HB_OK) {
        sim_model_free(model);
        return status;
    }
    *out = model;
    return HB_OK;
}

void sim_model_free(struct sim_model *model)
{
    if (model == NULL) {
        return;
    }
    sim_links_free(model->links);
    for (uint32_t i = 0; model->cities != NULL && i < model->config->city_count; i++) {
        sim_commute_free(model->cities[i].commute);
        sim_land_free(model->cities[i].land);
    }
    free(model->cities);
    data_cities_free(model->tables);
    free(model);
}

void sim_model_places(const struct sim_model *model, struct hb_place *places)
{
    for (uint32_t i = 0; i < model->config->city_count; i++) {
        const struct sim_model_city *city = &model->cities[i];
        for (uint32_t zone = 0; zone < city->land->zone_count; zone++) {
            const struct sim_land_zone *at = &city->land->zones[zone];
            places[city->first_zone + zone] =
                (struct hb_place) { .at = sim_land_point(city->land, at->x_km, at->y_km),
                    .region = i,
                    .utc_offset_s = city->utc_offset_s };
        }
        places[city->airport_place] = (struct hb_place) {
            .at = sim_land_point(city->land, city->airport_x_km, city->airport_y_km),
            .region = i,
            .utc_offset_s = city->utc_offset_s
        };
    }
    for (uint32_t i = 0; i < model->links->link_count; i++) {
        const struct sim_link *link = &model->links->links[i];
        const struct sim_model_city *from = &model->cities[link->from];
        const struct sim_model_city *to = &model->cities[link->to];
        for (uint32_t k = 0; k < link->place_count; k++) {
            bool nearer_from = 2 * k < link->place_count;
            places[link->first_place + k] =
                (struct hb_place) { .at = sim_links_point(link, from->row->at, to->row->at, k),
                    .region = HB_NONE,
                    .utc_offset_s = nearer_from ? from->utc_offset_s : to->utc_offset_s };
        }
    }
}
