/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_GEO_H
#define HB_GEO_H

#include "core/status.h"

/* A point on the WGS 84 ellipsoid; lat -90..90, lon -180..180. */
struct hb_point {
    double lat_deg, lon_deg;
};

/* Great-circle distance on the sphere of mean radius 6371.0088 km (haversine);
 * within 0.57 % of the ellipsoid (most from north to south on the equator).
 * For decisions, symmetric and exact at 0. */
HB_API double hb_geo_distance_km(struct hb_point a, struct hb_point b);

#endif
