/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/geo.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_degree_of_the_equator_is_111_195_km),
        cmocka_unit_test(the_antipode_is_half_a_circle_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
