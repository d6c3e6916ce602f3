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
