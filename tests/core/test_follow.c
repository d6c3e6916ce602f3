/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/follow.h"

static struct hb_follow *created(uint32_t capacity)
{
    struct hb_follow *follow = NULL;
    assert_int_equal(hb_follow_create(capacity, &follow), HB_OK);
    return follow;
}

static unsigned count_of(const struct hb_follow_row *row, uint32_t place, unsigned step)
{
    unsigned sum = 0;
    for (int i = 0; i < HB_FOLLOW_PLACES; i++) {
        sum += row->places[i] == place ? row->counts[i][step] : 0;
    }
    return sum;
}

static void counts_are_kept_by_context_and_step(void **state)
{
    (void)state;
    struct hb_follow *follow = created(100);
    for (int i = 0; i < 9; i++) {
        hb_follow_count(follow, 500 + (uint64_t)(i % 2), 2, 31);
    }
    hb_follow_count(follow, 500, 0, 32);
    assert_int_equal(count_of(hb_follow_row_of(follow, 500), 31, 2), 5);
    assert_int_equal(count_of(hb_follow_row_of(follow, 501), 31, 2), 4);
    assert_int_equal(count_of(hb_follow_row_of(follow, 500), 32, 0), 1);
    assert_null(hb_follow_row_of(follow, 502));
    hb_follow_free(follow);
    hb_follow_free(NULL);
}

/* Nothing is lost in all: named counts and lost ones sum to what was counted. */
static void rare_places_are_lost_but_counted(void **state)
{
    (void)state;
    struct hb_follow *follow = created(100);
    for (uint32_t i = 0; i < 300; i++) {
        hb_follow_count(follow, 77, 1, i % 3 == 0 ? 5 : 1000 + i);
    }
    const struct hb_follow_row *row = hb_follow_row_of(follow, 77);
    unsigned sum = row->lost[1];
    for (int i = 0; i < HB_FOLLOW_PLACES; i++) {
        sum += row->counts[i][1];
    }
    assert_int_equal(sum, 300);
    assert_int_equal(count_of(row, 5, 1), 100);
    hb_follow_free(follow);
}

static void a_full_table_keeps_what_is_common(void **state)
{
    (void)state;
    struct hb_follow *follow = created(8);
    size_t bytes = hb_follow_bytes(follow);
    for (uint64_t i = 0; i < 5000; i++) {
        hb_follow_count(follow, 9, 0, 1);
        hb_follow_count(follow, 100 + i, 0, 2);
    }
    assert_int_equal(hb_follow_bytes(follow), bytes);
    assert_int_equal(count_of(hb_follow_row_of(follow, 9), 1, 0), 5000);
    assert_non_null(hb_follow_row_of(follow, 100 + 4999));
    assert_null(hb_follow_row_of(follow, 100));
    hb_follow_free(follow);
}

static void shares_stay_when_counts_fade(void **state)
{
    (void)state;
    struct hb_follow *follow = created(8);
    for (uint32_t i = 0; i < 400000; i++) {
        hb_follow_count(follow, 9, 3, i % 5 == 0 ? 41 : 42);
    }
    const struct hb_follow_row *row = hb_follow_row_of(follow, 9);
    double rare = count_of(row, 41, 3), often = count_of(row, 42, 3);
    assert_near(rare / (rare + often), 0.2, 0.001);
    hb_follow_free(follow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_kept_by_context_and_step),
        cmocka_unit_test(rare_places_are_lost_but_counted),
        cmocka_unit_test(a_full_table_keeps_what_is_common),
        cmocka_unit_test(shares_stay_when_counts_fade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
