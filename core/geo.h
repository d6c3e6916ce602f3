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

/* The middle of points, whichever side of the 180th meridian they lie on: the
 * direction of the sum of their unit vectors. Starts at zero. */
struct hb_geo_sum {
    double x, y, z, weight;
};

HB_API void hb_geo_sum_add(struct hb_geo_sum *sum, struct hb_point at, double weight);

/* HB_ERR_NOT_FOUND: nothing was added, or it cancels (both ends of an axis). */
HB_API enum hb_status hb_geo_sum_middle(const struct hb_geo_sum *sum, struct hb_point *out);

#endif
