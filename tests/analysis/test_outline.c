/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps across the date line. */
#include "tests/support/assert_near.h"

#include "analysis/outline.h"

/* Auckland, Wellington, Fiji | Apia, Honolulu: side by side, cut where nobody is. */
static void a_map_is_cut_where_nothing_is(void **state)
{
    (void)state;
    double pacific[] = { 174.76, -157.86, 178.4, -171.8, 174.78 };
    assert_near(analysis_outline_cut(pacific, 5), 0.5 * (-157.86 + 174.76), 1e-12);
    double world[] = { -0.13, 2.35, 13.4, -74.0, -87.6, 139.7, 135.5 };
    assert_near(analysis_outline_cut(world, 7), -180.0, 0.0);
    double one[] = { 179.9 };
    assert_near(analysis_outline_cut(one, 1), -180.0, 0.0);
    assert_near(analysis_outline_cut(NULL, 0), -180.0, 0.0);
    /* As wide either way, or nearly: the usual map. */
    double even[] = { -90.0, 90.0 }, nearly[] = { -97.0, 97.0 }, more[] = { -98.0, 98.0 };
    assert_near(analysis_outline_cut(even, 2), -180.0, 0.0);
    assert_near(analysis_outline_cut(nearly, 2), -180.0, 0.0);
    assert_near(analysis_outline_cut(more, 2), 0.0, 0.0);
}

static void what_lies_beyond_the_cut_is_shown_further_east(void **state)
{
    (void)state;
    struct analysis_box box = analysis_outline_nothing();
    assert_near(analysis_outline_lon(&box, -157.86), -157.86, 0.0);
    box.cut_deg = 8.45;
    analysis_outline_add(&box, -36.85, 174.76);
    analysis_outline_add(&box, 21.3, -157.86);
    assert_near(box.west_deg, 174.76, 0.0);
    assert_near(box.east_deg, 202.14, 1e-12);
    assert_true(analysis_outline_holds(&box, -13.8, -171.8));
    assert_false(analysis_outline_holds(&box, -13.8, -150.0));
    assert_false(analysis_outline_holds(&box, -13.8, 171.8));
    analysis_outline_pad(&box, 100.0, 0.0);
    assert_near(box.west_deg, 8.45, 0.0);
    assert_near(box.east_deg, 368.45, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_cut_where_nothing_is),
        cmocka_unit_test(what_lies_beyond_the_cut_is_shown_further_east),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
