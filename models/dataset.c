/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset.h"

#include <math.h>
#include <stdlib.h>

#include "core/map.h"

enum { near_max = 48, warm_default = 4 /* GeoLife's protocol: an hour */ };

static const double km_per_deg = 111.195; /* mean radius 6371.0 km */
static const double rad_per_deg = 0.017453292519943295;

enum hb_status model_dataset_create(const struct model_dataset_sizes *sizes,
    struct model_dataset **out)
{
    if (sizes->client_count == 0 || sizes->place_count == 0
        || sizes->place_count > HB_TRAIL_PLACE_MAX + 1) {
        return HB_ERR_RANGE;
    }
    struct model_dataset *dataset = calloc(1, sizeof *dataset);
    if (dataset == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t slots = sizes->slot_count + 1, places = sizes->place_count;
    *dataset = (struct model_dataset) { .client_count = sizes->client_count,
        .place_count = sizes->place_count,
        .warm_slots = warm_default,
        .slot_count = sizes->slot_count,
        .first = calloc((size_t)sizes->client_count + 1, sizeof *dataset->first),
        .slot = calloc(slots, sizeof *dataset->slot),
        .place = calloc(slots, sizeof *dataset->place),
        .flags = calloc(slots, 1),
        .part = calloc(slots, 1),
        .lat_deg = calloc(places, sizeof *dataset->lat_deg),
        .lon_deg = calloc(places, sizeof *dataset->lon_deg),
        .east_km = calloc(places, sizeof *dataset->east_km),
        .north_km = calloc(places, sizeof *dataset->north_km),
        .clock_slots = calloc(places, sizeof *dataset->clock_slots),
        .tokens = calloc(places, sizeof *dataset->tokens),
        .near_first = calloc(places + 1, sizeof *dataset->near_first) };
    if (dataset->first == NULL || dataset->slot == NULL || dataset->place == NULL
        || dataset->flags == NULL || dataset->part == NULL || dataset->lat_deg == NULL
        || dataset->lon_deg == NULL || dataset->east_km == NULL || dataset->north_km == NULL
        || dataset->clock_slots == NULL || dataset->tokens == NULL
        || dataset->near_first == NULL) {
        model_dataset_free(dataset);
        return HB_ERR_MEMORY;
    }
    *out = dataset;
    return HB_OK;
}

void model_dataset_free(struct model_dataset *dataset)
{
    if (dataset == NULL) {
        return;
    }
    free(dataset->near_places);
    free(dataset->near_first);
    free(dataset->tokens);
    free(dataset->clock_slots);
    free(dataset->north_km);
    free(dataset->east_km);
    free(dataset->lon_deg);
    free(dataset->lat_deg);
    free(dataset->part);
    free(dataset->flags);
    free(dataset->place);
    free(dataset->slot);
    free(dataset->first);
    free(dataset);
}

static void lay_out(struct model_dataset *dataset)
{
    double lat_deg = 0.0, lon_deg = 0.0;
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        lat_deg += dataset->lat_deg[i] / dataset->place_count;
        lon_deg += dataset->lon_deg[i] / dataset->place_count;
    }
    double shrink = cos(lat_deg * rad_per_deg);
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        double east_deg = dataset->lon_deg[i] - lon_deg;
        dataset->east_km[i] = (float)(east_deg * km_per_deg * shrink);
        dataset->north_km[i] = (float)((dataset->lat_deg[i] - lat_deg) * km_per_deg);
    }
}

static void name_vocabulary(struct model_dataset *dataset)
{
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        dataset->tokens[i] = HB_NONE;
    }
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        if (dataset->part[i] == MODEL_PART_TRAIN) {
            dataset->tokens[dataset->place[i]] = 0;
        }
    }
    dataset->vocabulary_count = 0;
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        if (dataset->tokens[i] == 0) {
            dataset->tokens[i] = dataset->vocabulary_count++;
        }
    }
}

struct near {
    float km2;
    uint32_t place;
};

static int by_distance(const void *left, const void *right)
{
    const struct near *a = left, *b = right;
    if (a->km2 < b->km2 || b->km2 < a->km2) {
        return a->km2 < b->km2 ? -1 : 1;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

static uint32_t collect_near(const struct model_dataset *dataset, uint32_t from, double near_km,
    struct near *found)
{
    uint32_t count = 0;
    float limit = (float)(near_km * near_km);
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        float east = dataset->east_km[i] - dataset->east_km[from];
        float north = dataset->north_km[i] - dataset->north_km[from];
        float km2 = east * east + north * north;
        if (i != from && dataset->tokens[i] != HB_NONE && km2 <= limit) {
            found[count++] = (struct near) { km2, i };
        }
    }
    qsort(found, count, sizeof *found, by_distance);
    return count < near_max ? count : near_max;
}

enum hb_status model_dataset_finish(struct model_dataset *dataset, double near_km)
{
    lay_out(dataset);
    name_vocabulary(dataset);
    struct near *found = calloc(dataset->place_count, sizeof *found);
    uint32_t *places = calloc((size_t)dataset->place_count * near_max, sizeof *places);
    if (found == NULL || places == NULL) {
        free(places);
        free(found);
        return HB_ERR_MEMORY;
    }
    uint32_t all = 0;
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        uint32_t count = collect_near(dataset, i, near_km, found);
        dataset->near_first[i] = all;
        for (uint32_t j = 0; j < count; j++) {
            places[all++] = found[j].place;
        }
    }
    dataset->near_first[dataset->place_count] = all;
    free(dataset->near_places);
    dataset->near_places = places;
    free(found);
    return HB_OK;
}

struct hb_trail_now model_dataset_now(const struct model_dataset *dataset, uint64_t i)
{
    uint32_t is_first = (dataset->flags[i] & MODEL_SLOT_FIRST) != 0;
    return (struct hb_trail_now) { .slot = dataset->slot[i],
        .place = dataset->place[i],
        .is_observed = (dataset->flags[i] & MODEL_SLOT_OBSERVED) != 0,
        .is_first = is_first,
        .was_observed = !is_first && (dataset->flags[i - 1] & MODEL_SLOT_OBSERVED) != 0 };
}

struct hb_trail_now model_dataset_asking(const struct model_dataset *dataset, uint64_t i)
{
    struct hb_trail_now now = model_dataset_now(dataset, i);
    if (dataset->is_visits && i + 1 < dataset->slot_count) {
        now.slot = dataset->slot[i + 1] - 1;
    }
    return now;
}

uint32_t model_dataset_lags(const struct model_dataset *dataset)
{
    return dataset->is_visits ? 1 : HB_CANDIDATES_KNOTS;
}

void model_dataset_add(const struct model_dataset *dataset, uint64_t i, struct hb_trail *trail)
{
    struct hb_trail_now now = model_dataset_now(dataset, i);
    if (dataset->is_visits) {
        hb_trail_add_visit(trail, &now);
    } else {
        hb_trail_add(trail, &now);
    }
}
