/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/map.h"

static const float rtt_ms[] = { 31.5f, 7.25f, 7.25f, 90.0f, 12.0f, 4.0f };
static const struct hb_map map = { .place_count = 2, .site_count = 3, .rtt_ms = rtt_ms };

static void the_matrix_is_read_by_place_then_site(void **state)
{
    (void)state;
    assert_near(hb_map_rtt_ms(&map, 0, 1), 7.25, 0.0);
    assert_near(hb_map_rtt_ms(&map, 1, 0), 90.0, 0.0);
}

static void the_nearest_site_is_the_lowest_among_equals(void **state)
{
    (void)state;
    assert_int_equal(hb_map_nearest_site(&map, 0), 1);
    assert_int_equal(hb_map_nearest_site(&map, 1), 2);
}

/* Odd ones out are of another region; the third region's two cancel. */
static void a_regions_middle_is_that_of_its_own_places(void **state)
{
    (void)state;
    static const struct hb_place places[] = { { .at = { 10.0, 179.0 }, .region = 4 },
        { .at = { 50.0, 7.0 }, .region = 0 }, { .at = { -10.0, -178.0 }, .region = 4 },
        { .at = { 0.0, 31.0 }, .region = 2 }, { .at = { 0.0, -149.0 }, .region = 2 } };
    struct hb_point middle = { 7.0, 31.0 };
    assert_int_equal(hb_map_region_middle(places, 5, 1, &middle), 0);
    assert_near(middle.lat_deg, 7.0, 0.0);
    assert_int_equal(hb_map_region_middle(places, 5, 4, &middle), 2);
    assert_near(middle.lat_deg, 0.0, 1e-12);
    assert_near(middle.lon_deg, -179.5, 1e-12);
    assert_int_equal(hb_map_region_middle(places, 5, 2, &middle), 2);
    assert_near(middle.lon_deg, 31.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_is_read_by_place_then_site),
        cmocka_unit_test(the_nearest_site_is_the_lowest_among_equals),
        cmocka_unit_test(a_regions_middle_is_that_of_its_own_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
