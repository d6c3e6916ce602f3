/* SPDX-License-Identifier: Apache-2.0 */
#include "core/geo.h"

#include <math.h>

static const double earth_radius_km = 6371.0088; /* IUGG mean radius R1 */
static const double rad_per_deg = 0.017453292519943295;

double hb_geo_distance_km(struct hb_point a, struct hb_point b)
{
    double half_lat = sin((b.lat_deg - a.lat_deg) * rad_per_deg / 2.0);
    double half_lon = sin((b.lon_deg - a.lon_deg) * rad_per_deg / 2.0);
    double h = half_lat * half_lat
        + cos(a.lat_deg * rad_per_deg) * cos(b.lat_deg * rad_per_deg) * half_lon * half_lon;
    return 2.0 * earth_radius_km * asin(sqrt(fmin(h, 1.0)));
}

void hb_geo_sum_add(struct hb_geo_sum *sum, struct hb_point at, double weight)
{
    double lat = at.lat_deg * rad_per_deg, lon = at.lon_deg * rad_per_deg;
    sum->x += weight * cos(lat) * cos(lon);
    sum->y += weight * cos(lat) * sin(lon);
    sum->z += weight * sin(lat);
    sum->weight += weight;
}

enum hb_status hb_geo_sum_middle(const struct hb_geo_sum *sum, struct hb_point *out)
{
    static const double cancelled = 1e-12; /* of the weight: no direction left, but rounding */
    double across = hypot(sum->x, sum->y);
    if (!(hypot(across, sum->z) > cancelled * sum->weight)) {
        return HB_ERR_NOT_FOUND;
    }
    *out = (struct hb_point) { .lat_deg = atan2(sum->z, across) / rad_per_deg,
        .lon_deg = atan2(sum->y, sum->x) / rad_per_deg };
    return HB_OK;
}
