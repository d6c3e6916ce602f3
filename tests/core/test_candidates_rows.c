/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/candidates_impl.h"

/* Oracle: a linear search, for every table of ascending places drawn out of 40. */
static void a_place_is_found_in_its_row_and_only_there(void **state)
{
    (void)state;
    uint64_t lot = 731;
    for (int round = 0; round < 500; round++) {
        uint32_t rows[40], count = 0;
        for (uint32_t place = 0; place < 40; place++) {
            lot = lot * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            if ((lot >> 33) % 500 < (uint64_t)round) {
                rows[count++] = place * 7 + 3;
            }
        }
        const struct hb_candidates_counts counts = { .row_count = count, .row_places = rows };
        for (uint32_t place = 0; place < 290; place++) {
            uint32_t want = HB_TRAIL_UNKNOWN;
            for (uint32_t row = 0; row < count; row++) {
                want = rows[row] == place ? row : want;
            }
            assert_int_equal(hb_candidates_row(&counts, place), want);
        }
    }
}

static void without_a_list_rows_are_places(void **state)
{
    (void)state;
    const struct hb_candidates_counts counts = { .row_count = 17 };
    assert_int_equal(hb_candidates_row(&counts, 0), 0);
    assert_int_equal(hb_candidates_row(&counts, 16), 16);
    assert_int_equal(hb_candidates_row(&counts, 17), HB_TRAIL_UNKNOWN);
    assert_int_equal(hb_candidates_row(&counts, UINT32_MAX), HB_TRAIL_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_found_in_its_row_and_only_there),
        cmocka_unit_test(without_a_list_rows_are_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
