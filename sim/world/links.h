/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_LINKS_H
#define SIM_WORLD_LINKS_H

#include "data/coastline.h"
#include "sim/world/world.h"

/* Ways between cities: on the ground, with places every way_place_km of the great
 * circle (shared by train and car), or by air. */
struct sim_link {
    uint32_t from, to; /* cities, from < to */
    double km;
    bool by_air;
    uint32_t first_place, place_count; /* places along it, from `from` to `to` */
};

/* Where a city's travellers go. */
struct sim_partner {
    uint32_t city, link;
    double share_sum; /* running sum of shares, the last one 1 */
};

enum { SIM_LINKS_PARTNERS_MAX = 12 };

struct sim_links {
    uint32_t link_count, city_count, place_count;
    struct sim_link *links;
    uint32_t *partner_counts; /* [city_count] */
    struct sim_partner *partners; /* [city_count][SIM_LINKS_PARTNERS_MAX] */
};

/* Each city gets the partners with the largest population / km (at most 12);
 * a pair beyond rail_max_km, or with more than 95 km of water between, goes by
 * air, corridors never. The way places are
 * numbered from first_place on. HB_ERR_MEMORY, HB_ERR_RANGE: too many places. */
enum hb_status sim_links_create(const struct data_city *const *cities,
    const struct data_coastline *coastline, const struct sim_world_config *config,
    uint32_t first_place, struct sim_links **out);
void sim_links_free(struct sim_links *links);

/* The link between two cities, in either order; HB_NONE: none. */
uint32_t sim_links_find(const struct sim_links *links, uint32_t a, uint32_t b);

/* Position of a way place, 0 <= k < place_count of the link, on the great circle. */
struct hb_point sim_links_point(
    const struct sim_link *link, struct hb_point from, struct hb_point to, uint32_t k);

#endif
