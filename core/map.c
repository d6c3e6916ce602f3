/* SPDX-License-Identifier: Apache-2.0 */
#include "core/map.h"

uint32_t hb_map_nearest_site(const struct hb_map *map, uint32_t place)
{
    uint32_t best = 0;
    for (uint32_t site = 1; site < map->site_count; site++) {
        if (hb_map_rtt_ms(map, place, site) < hb_map_rtt_ms(map, place, best)) {
            best = site;
        }
    }
    return best;
}

uint32_t hb_map_region_middle(const struct hb_place *places, uint32_t place_count,
    uint32_t region, struct hb_point *out)
{
    struct hb_geo_sum sum = { .weight = 0.0 };
    uint32_t count = 0, first = 0;
    for (uint32_t place = 0; place < place_count; place++) {
        if (places[place].region == region) {
            hb_geo_sum_add(&sum, places[place].at, 1.0);
            first = count++ == 0 ? place : first;
        }
    }
    if (count > 0 && hb_geo_sum_middle(&sum, out) != HB_OK) {
        *out = places[first].at;
    }
    return count;
}
