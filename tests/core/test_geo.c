/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/geo.h"

#ifdef HARBINGER_HAS_PROJ
#include <geodesic.h>
#endif

static double drawn(uint64_t *state, double low, double high)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * (double)(*state >> 11) * 0x1p-53;
}

/* Published: one degree of a great circle is 2 pi R1 / 360 = 111.195 km. */
static void a_degree_of_the_equator_is_111_195_km(void **state)
{
    (void)state;
    struct hb_point a = { 0.0, 12.5 }, b = { 0.0, 13.5 };
    assert_near(hb_geo_distance_km(a, b), 111.19508, 1e-5);
    assert_near(hb_geo_distance_km(a, a), 0.0, 0.0);
}

static void the_antipode_is_half_a_circle_away(void **state)
{
    (void)state;
    struct hb_point a = { 37.3, -121.9 }, b = { -37.3, 58.1 };
    assert_near(hb_geo_distance_km(a, b), 180.0 * 111.19508, 1e-5);
}

/* Published: Flinders Peak to Buninyon, 54,972.271 m on GRS 80 (Geocentric
 * Datum of Australia, technical manual, Vincenty's worked example). */
static void the_sphere_is_within_its_bound_of_a_surveyed_line(void **state)
{
    (void)state;
    struct hb_point flinders_peak
        = { -(37.0 + 57.0 / 60 + 3.72030 / 3600), 144.0 + 25.0 / 60 + 29.52440 / 3600 };
    struct hb_point buninyon
        = { -(37.0 + 39.0 / 60 + 10.15610 / 3600), 143.0 + 55.0 / 60 + 35.38390 / 3600 };
    assert_near(hb_geo_distance_km(flinders_peak, buninyon) / 54.972271, 1.0, 0.0057);
}

/* Oracle: the angle between the two points' unit vectors. */
static void it_is_the_angle_between_two_directions(void **state)
{
    (void)state;
    const double rad = acos(-1.0) / 180.0;
    uint64_t seed = 88;
    for (int i = 0; i < 2000; i++) {
        double lat[2], lon[2], v[2][3];
        for (int k = 0; k < 2; k++) {
            lat[k] = drawn(&seed, -90.0, 90.0);
            lon[k] = drawn(&seed, -180.0, 180.0);
            v[k][0] = cos(lat[k] * rad) * cos(lon[k] * rad);
            v[k][1] = cos(lat[k] * rad) * sin(lon[k] * rad);
            v[k][2] = sin(lat[k] * rad);
        }
        double cross[3] = { v[0][1] * v[1][2] - v[0][2] * v[1][1],
            v[0][2] * v[1][0] - v[0][0] * v[1][2], v[0][0] * v[1][1] - v[0][1] * v[1][0] };
        double dot = v[0][0] * v[1][0] + v[0][1] * v[1][1] + v[0][2] * v[1][2];
        double angle = atan2(
            sqrt(cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]), dot);
        struct hb_point a = { lat[0], lon[0] }, b = { lat[1], lon[1] };
        assert_near(hb_geo_distance_km(a, b), 6371.0088 * angle, 1e-9);
        assert_near(hb_geo_distance_km(a, b), hb_geo_distance_km(b, a), 0.0);
    }
}

/* Oracle: PROJ's geodesic on the WGS 84 ellipsoid. */
static void it_is_within_0_57_percent_of_the_ellipsoid(void **state)
{
    (void)state;
#ifdef HARBINGER_HAS_PROJ
    struct geod_geodesic earth;
    geod_init(&earth, 6378137.0, 1.0 / 298.257223563);
    uint64_t seed = 1066;
    double worst = 0.0;
    for (int i = 0; i < 20000; i++) {
        struct hb_point a = { drawn(&seed, -90.0, 90.0), drawn(&seed, -180.0, 180.0) };
        double reach = i % 2 == 0 ? 0.5 : 170.0; /* neighbours and far ones */
        struct hb_point b = { fmin(90.0, fmax(-90.0, a.lat_deg + drawn(&seed, -reach, reach))),
            drawn(&seed, -reach, reach) + a.lon_deg };
        double metres = 0.0;
        geod_inverse(&earth, a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg, &metres, NULL, NULL);
        worst = fmax(worst, fabs(hb_geo_distance_km(a, b) * 1000.0 / metres - 1.0));
    }
    assert_true(worst < 0.0057);
    assert_true(worst > 0.005); /* the bound is not idle: the earth is no sphere */
#else
    print_message("skipped: no PROJ\n");
    skip();
#endif
}

/* Suva's zones lie on both sides of the 180th meridian, a mean of longitudes on the other
 * side of the Earth. By hand: at one latitude the middle's longitude is half way, and its
 * latitude the great circle's, tan lat' = tan lat / cos(half the difference). */
static void the_middle_of_points_may_cross_the_180th_meridian(void **state)
{
    (void)state;
    const double rad = acos(-1.0) / 180.0;
    struct hb_geo_sum sum = { .weight = 0.0 };
    struct hb_point middle = { 731.0, 731.0 };
    assert_int_equal(hb_geo_sum_middle(&sum, &middle), HB_ERR_NOT_FOUND);
    hb_geo_sum_add(&sum, (struct hb_point) { -17.3, 178.5 }, 2.5);
    hb_geo_sum_add(&sum, (struct hb_point) { -17.3, -179.1 }, 2.5);
    assert_int_equal(hb_geo_sum_middle(&sum, &middle), HB_OK);
    assert_near(middle.lon_deg, 179.7, 1e-9);
    assert_near(middle.lat_deg, atan(tan(-17.3 * rad) / cos(1.2 * rad)) / rad, 1e-9);
    struct hb_geo_sum axis = { .weight = 0.0 };
    hb_geo_sum_add(&axis, (struct hb_point) { 37.3, -121.9 }, 1.0);
    hb_geo_sum_add(&axis, (struct hb_point) { -37.3, 58.1 }, 1.0);
    assert_int_equal(hb_geo_sum_middle(&axis, &middle), HB_ERR_NOT_FOUND);
    struct hb_geo_sum pole = { .weight = 0.0 };
    for (int i = 0; i < 4; i++) {
        hb_geo_sum_add(&pole, (struct hb_point) { 89.0, 90.0 * i - 170.0 }, 1.0);
    }
    assert_int_equal(hb_geo_sum_middle(&pole, &middle), HB_OK);
    assert_near(middle.lat_deg, 90.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_degree_of_the_equator_is_111_195_km),
        cmocka_unit_test(the_antipode_is_half_a_circle_away),
        cmocka_unit_test(the_sphere_is_within_its_bound_of_a_surveyed_line),
        cmocka_unit_test(it_is_the_angle_between_two_directions),
        cmocka_unit_test(it_is_within_0_57_percent_of_the_ellipsoid),
        cmocka_unit_test(the_middle_of_points_may_cross_the_180th_meridian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
