/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/spoiled_results.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"

static void a_value_outside_its_enumeration_is_told(void **state)
{
    (void)state;
    uint8_t nine = 9;
    spoiled_poke("/mirrors/outcome", 17, -1, &nine);
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: /mirrors/outcome[17]: found 9: expected less than the 6 names");
}

static void not_a_number_is_told(void **state)
{
    (void)state;
    double nan_value = (double)NAN, infinite = (double)INFINITY;
    spoiled_poke("/summary/cost", 2, H5T_NATIVE_DOUBLE, &infinite);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /summary/cost[2]: found inf: expected a finite number");
    spoiled_poke("/summary/cost", 1, H5T_NATIVE_DOUBLE, &nan_value);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /summary/cost[1]: found nan: expected a finite number");
}

static void a_value_out_of_range_is_told(void **state)
{
    (void)state;
    float share = 1.5F;
    double lat_deg = 91.5;
    spoiled_poke("/mirrors/confidence", 8, H5T_NATIVE_FLOAT, &share);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /mirrors/confidence[8]: found 1.5: expected 0 to 1");
    spoiled_poke("/sites/lat_deg", 4, H5T_NATIVE_DOUBLE, &lat_deg);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /sites/lat_deg[4]: found 91.5: expected -90 to 90");
}

static void a_reference_to_nothing_is_told(void **state)
{
    (void)state;
    uint32_t site = 5;
    uint16_t policy = 6;
    spoiled_poke("/mirrors/to_site", 3, H5T_NATIVE_UINT32, &site);
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: /mirrors/to_site[3]: found 5: expected less than the 5 sites");
    spoiled_poke("/summary/policy", 0, H5T_NATIVE_UINT16, &policy);
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: /summary/policy[0]: found 6: expected less than the 6 policies");
}

static void an_instant_before_the_start_is_told(void **state)
{
    (void)state;
    int64_t at_ns = -7;
    spoiled_poke("/mirrors/decided_ns", 700, H5T_NATIVE_INT64, &at_ns);
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: /mirrors/decided_ns[700]: found -7: expected an instant >= 0");
}

static void a_name_that_is_empty_is_told(void **state)
{
    (void)state;
    char name[64] = "";
    spoiled_poke("/regions/name", 1, -1, name);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /regions/name[1]: found '': expected a name");
}

static void changed_rows_do_not_match_the_digest(void **state)
{
    (void)state;
    spoiled_put_text("digest", "00000000000000000000000000000000");
    struct data_problem problem = { "" };
    assert_int_equal(spoiled_read_all(&problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text,
        "bad.h5: /manifest attribute digest: found "
        "00000000000000000000000000000000: expected "));
}

/* A flipped byte anywhere: either harmless (unused space) or noticed; checks of
 * metadata and of chunks leave nothing between. */
static void every_flipped_byte_is_harmless_or_noticed(void **state)
{
    (void)state;
    FILE *file = fopen(SPOILED_PATH, "rb+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    int noticed = 0, tried = 0;
    for (long at = 9; at < size; at += 1 + size / 61) {
        (void)fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        (void)fseek(file, at, SEEK_SET);
        (void)fputc(byte ^ 0x41, file);
        (void)fflush(file);
        struct data_problem problem = { "" };
        enum hb_status status = spoiled_read_all(&problem);
        noticed += status != HB_OK;
        tried++;
        assert_int_equal(status == HB_OK, problem.text[0] == '\0');
        (void)fseek(file, at, SEEK_SET);
        (void)fputc(byte, file);
        (void)fflush(file);
    }
    (void)fclose(file);
    assert_true(noticed > tried / 3);
    spoiled_expect(HB_OK, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPOILED(a_value_outside_its_enumeration_is_told),
        SPOILED(not_a_number_is_told),
        SPOILED(a_value_out_of_range_is_told),
        SPOILED(a_reference_to_nothing_is_told),
        SPOILED(an_instant_before_the_start_is_told),
        SPOILED(a_name_that_is_empty_is_told),
        SPOILED(changed_rows_do_not_match_the_digest),
        SPOILED(every_flipped_byte_is_harmless_or_noticed),
    };
    return cmocka_run_group_tests(tests, spoiled_make_whole, spoiled_remove_whole);
}
