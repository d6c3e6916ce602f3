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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_is_read_by_place_then_site),
        cmocka_unit_test(the_nearest_site_is_the_lowest_among_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
