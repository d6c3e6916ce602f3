/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/links.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double rad_per_deg = 3.14159265358979323846 / 180.0;
/* Ours: the straight line from London to Paris, whose train takes the narrows,
 * has 90 km of water, that to Dublin 99, to Amsterdam 223. */
static const double water_km_max = 95.0;

/* What links are made from. */
struct ground {
    const struct data_city *const *cities;
    const struct data_coastline *coastline;
    const struct sim_world_config *config;
};

uint32_t sim_links_find(const struct sim_links *links, uint32_t a, uint32_t b)
{
    uint32_t from = a < b ? a : b, to = a < b ? b : a;
    for (uint32_t i = 0; i < links->link_count; i++) {
        if (links->links[i].from == from && links->links[i].to == to) {
            return i;
        }
    }
    return HB_NONE;
}

/* The link of a pair, made if it is not there; by air if that is wanted and
 * the way is too long or too wet. */
static enum hb_status join(
    struct sim_links *links, const struct ground *ground, struct sim_link wanted, uint32_t *out)
{
    uint32_t found = sim_links_find(links, wanted.from, wanted.to);
    if (found == HB_NONE) {
        struct sim_link *grown =
            realloc(links->links, ((size_t)links->link_count + 1) * sizeof *grown);
        if (grown == NULL) {
            return HB_ERR_MEMORY;
        }
        links->links = grown;
        uint32_t from = wanted.from < wanted.to ? wanted.from : wanted.to;
        uint32_t to = wanted.from < wanted.to ? wanted.to : wanted.from;
        struct hb_point a = ground->cities[from]->at, b = ground->cities[to]->at;
        double km = hb_geo_distance_km(a, b);
        bool by_air = wanted.by_air
            && (km > ground->config->modes.rail_max_km
                || data_coastline_water_km(ground->coastline, a, b) > water_km_max);
        found = links->link_count++;
        links->links[found] =
            (struct sim_link) { .from = from, .to = to, .km = km, .by_air = by_air };
    }
    *out = found;
    return HB_OK;
}

/* The most attractive cities seen from one, best first. */
static uint32_t rank_partners(const struct data_city *const *cities, uint32_t city_count,
    uint32_t home, struct sim_partner *partners)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < city_count; i++) {
        if (i == home) {
            continue;
        }
        double km = fmax(hb_geo_distance_km(cities[home]->at, cities[i]->at), 1.0);
        double pull = cities[i]->population / km;
        uint32_t k = count < SIM_LINKS_PARTNERS_MAX ? count++ : SIM_LINKS_PARTNERS_MAX;
        for (; k > 0 && partners[k - 1].share_sum < pull; k--) {
            if (k < SIM_LINKS_PARTNERS_MAX) {
                partners[k] = partners[k - 1];
            }
        }
        if (k < SIM_LINKS_PARTNERS_MAX) {
            partners[k] = (struct sim_partner) { .city = i, .share_sum = pull };
        }
    }
    double total = 0.0;
    for (uint32_t k = 0; k < count; k++) {
        total += partners[k].share_sum;
        partners[k].share_sum = total;
    }
    for (uint32_t k = 0; k < count; k++) {
        partners[k].share_sum = k + 1 == count ? 1.0 : partners[k].share_sum / total;
    }
    return count;
}

static enum hb_status place_along(
    struct sim_links *links, double way_place_km, uint32_t first_place)
{
    double next = first_place;
    for (uint32_t i = 0; i < links->link_count; i++) {
        struct sim_link *link = &links->links[i];
        double count = link->by_air ? 0.0 : fmax(ceil(link->km / way_place_km) - 1.0, 0.0);
        if (next + count > DATA_TRACE_PLACES_MAX) {
            return HB_ERR_RANGE;
        }
        link->first_place = (uint32_t)next;
        link->place_count = (uint32_t)count;
        next += count;
    }
    links->place_count = (uint32_t)next - first_place;
    return HB_OK;
}

static enum hb_status join_all(struct sim_links *links, const struct ground *ground)
{
    const struct sim_world_config *config = ground->config;
    enum hb_status status = HB_OK;
    uint32_t ignored = 0;
    for (uint32_t i = 0; i < config->corridor_count && status == HB_OK; i++) {
        const struct sim_world_corridor *corridor = &config->corridors[i];
        struct sim_link wanted = { .from = corridor->from, .to = corridor->to };
        status = join(links, ground, wanted, &ignored);
    }
    for (uint32_t i = 0; i < config->city_count && status == HB_OK; i++) {
        struct sim_partner *partners = &links->partners[(size_t)i * SIM_LINKS_PARTNERS_MAX];
        links->partner_counts[i] = rank_partners(ground->cities, config->city_count, i, partners);
        for (uint32_t k = 0; k < links->partner_counts[i] && status == HB_OK; k++) {
            struct sim_link wanted = { .from = i, .to = partners[k].city, .by_air = true };
            status = join(links, ground, wanted, &partners[k].link);
        }
    }
    return status;
}

enum hb_status sim_links_create(const struct data_city *const *cities,
    const struct data_coastline *coastline, const struct sim_world_config *config,
    uint32_t first_place, struct sim_links **out)
{
    const struct ground ground = { .cities = cities, .coastline = coastline, .config = config };
    struct sim_links *links = calloc(1, sizeof *links);
    if (links == NULL) {
        return HB_ERR_MEMORY;
    }
    links->city_count = config->city_count;
    links->partner_counts = calloc(config->city_count, sizeof *links->partner_counts);
    links->partners =
        calloc((size_t)config->city_count * SIM_LINKS_PARTNERS_MAX, sizeof *links->partners);
    enum hb_status status = links->partner_counts == NULL || links->partners == NULL
        ? HB_ERR_MEMORY
        : join_all(links, &ground);
    if (status == HB_OK) {
        status = place_along(links, config->modes.way_place_km, first_place);
    }
    if (status != HB_OK) {
        sim_links_free(links);
        return status;
    }
    *out = links;
    return HB_OK;
}

void sim_links_free(struct sim_links *links)
{
    if (links == NULL) {
        return;
    }
    free(links->partners);
    free(links->partner_counts);
    free(links->links);
    free(links);
}

struct hb_point sim_links_point(
    const struct sim_link *link, struct hb_point from, struct hb_point to, uint32_t k)
{
    assert(k < link->place_count);
    /* Great circle by unit vectors: a sin((1 - f) w) + b sin(f w), w the angle between them. */
    double f = (double)(k + 1) / (double)(link->place_count + 1);
    double a[3] = { cos(from.lat_deg * rad_per_deg) * cos(from.lon_deg * rad_per_deg),
        cos(from.lat_deg * rad_per_deg) * sin(from.lon_deg * rad_per_deg),
        sin(from.lat_deg * rad_per_deg) };
    double b[3] = { cos(to.lat_deg * rad_per_deg) * cos(to.lon_deg * rad_per_deg),
        cos(to.lat_deg * rad_per_deg) * sin(to.lon_deg * rad_per_deg),
        sin(to.lat_deg * rad_per_deg) };
    double w = link->km / 6371.0088, p[3];
    for (uint32_t i = 0; i < 3; i++) {
        p[i] = a[i] * sin((1.0 - f) * w) + b[i] * sin(f * w);
    }
    return (struct hb_point) { .lat_deg = atan2(p[2], hypot(p[0], p[1])) / rad_per_deg,
        .lon_deg = atan2(p[1], p[0]) / rad_per_deg };
}
