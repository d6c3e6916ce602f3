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
