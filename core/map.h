/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_MAP_H
#define HB_MAP_H

#include <stdint.h>

#include "core/geo.h"

#define HB_NONE UINT32_MAX /* no client, place, site */

/* Where clients can be: a cell of a city, a stop on a rail line, a grid cell. */
struct hb_place {
    struct hb_point at;
    uint32_t region;      /* city or grid region, an index of the host's; HB_NONE: none */
    int32_t utc_offset_s; /* standard time of the place */
};

/* Where endpoints can be. */
struct hb_site {
    struct hb_point at;
    uint32_t slots;          /* instances that fit; UINT32_MAX: no limit */
    float price_factor;      /* of an instance-hour, 1 = the price list's */
};

/* What operations believe of the network: plain, read-only, borrowed for the
 * controller's life. rtt_ms is row-major [place_count][site_count]. */
struct hb_map {
    uint32_t place_count, site_count;
    const struct hb_place *places;
    const struct hb_site *sites;
    const float *rtt_ms;
};

static inline double hb_map_rtt_ms(const struct hb_map *map, uint32_t place, uint32_t site)
{
    return (double)map->rtt_ms[(uint64_t)place * map->site_count + site];
}

/* The middle of a region's places (of the first of them, if they cancel); returns how
 * many there are, 0: *out is not written. */
HB_API uint32_t hb_map_region_middle(const struct hb_place *places, uint32_t place_count,
    uint32_t region, struct hb_point *out);

/* The site of least believed RTT from place; the lowest index among equals. */
HB_API uint32_t hb_map_nearest_site(const struct hb_map *map, uint32_t place);

#endif
