/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/spoiled_results.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"

static void a_whole_file_is_fine(void **state)
{
    (void)state;
    spoiled_expect(HB_OK, "");
}

static void an_absent_or_empty_file_is_told(void **state)
{
    (void)state;
    assert_int_equal(truncate(SPOILED_PATH, 0), 0);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: found no HDF5 signature: expected an HDF5 file");
    assert_int_equal(unlink(SPOILED_PATH), 0);
    spoiled_expect(HB_ERR_NOT_FOUND, "bad.h5: cannot be opened: No such file or directory");
    spoiled_prepare(NULL);
}

static void a_truncated_file_is_told(void **state)
{
    (void)state;
    assert_int_equal(truncate(SPOILED_PATH, 50000), 0);
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: found a damaged or truncated HDF5 file: expected a whole one");
}

static void another_kind_of_file_is_told(void **state)
{
    (void)state;
    spoiled_drop("/manifest");
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: found another kind of HDF5 file: expected results of harbinger");
}

static void a_newer_version_is_told(void **state)
{
    (void)state;
    spoiled_put_integer("format_version", 1);
    spoiled_expect(
        HB_ERR_VERSION, "bad.h5: /manifest attribute format_version: found 1: expected 2");
}

static void a_missing_table_or_column_is_told(void **state)
{
    (void)state;
    spoiled_drop("/mirrors/outcome");
    spoiled_expect(HB_ERR_NOT_FOUND, "bad.h5: /mirrors/outcome: found nothing: expected a dataset");
    spoiled_drop("/mirrors");
    spoiled_expect(HB_ERR_NOT_FOUND, "bad.h5: /mirrors/setting: found nothing: expected a dataset");
}

static void a_missing_attribute_is_told(void **state)
{
    (void)state;
    hid_t file = spoiled_edit();
    assert_true(H5Adelete_by_name(file, "/manifest", "seed", H5P_DEFAULT) >= 0);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_NOT_FOUND, "bad.h5: /manifest: found no attribute 'seed': expected one");
}

static void an_attribute_of_another_type_is_told(void **state)
{
    (void)state;
    spoiled_put_text("seed", "731");
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute seed: found something else: expected one integer");
}

static void an_attribute_out_of_range_is_told(void **state)
{
    (void)state;
    spoiled_put_integer("duration_s", -5);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute duration_s: found -5: expected 0 to 3162240000");
}

static void a_number_that_is_none_is_told(void **state)
{
    (void)state;
    spoiled_put_text("latency_target_ms", "50 ms");
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute latency_target_ms: found '50 ms': expected a number >= 0");
}

static void a_very_long_attribute_is_told(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    spoiled_put_text("program", text);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute program: found 1999 bytes: expected at most 255");
}

static void another_type_is_told(void **state)
{
    (void)state;
    struct spoiled_shape shape = { .rank = 1, .dims = { 1200 } };
    spoiled_replace("/mirrors/confidence", H5T_NATIVE_DOUBLE, shape);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /mirrors/confidence: found float64: expected float32");
}

static void a_compound_or_variable_type_is_told(void **state)
{
    (void)state;
    struct spoiled_shape shape = { .rank = 1, .dims = { 6 } };
    hid_t variable = H5Tcopy(H5T_C_S1), compound = H5Tcreate(H5T_COMPOUND, 8);
    (void)H5Tset_size(variable, H5T_VARIABLE);
    (void)H5Tinsert(compound, "a", 0, H5T_NATIVE_INT);
    spoiled_replace("/policies/name", variable, shape);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /policies/name: found a type of variable length: expected text of 64 bytes");
    spoiled_replace("/policies/name", compound, shape);
    spoiled_expect(
        HB_ERR_FORMAT, "bad.h5: /policies/name: found a compound type: expected text of 64 bytes");
    (void)H5Tclose(compound);
    (void)H5Tclose(variable);
}

static void another_enumeration_is_told(void **state)
{
    (void)state;
    struct spoiled_shape shape = { .rank = 1, .dims = { 1200 } };
    hid_t type = H5Tenum_create(H5T_STD_U8LE);
    uint8_t value = 0;
    (void)H5Tenum_insert(type, "miss", &value);
    spoiled_replace("/mirrors/outcome", type, shape);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /mirrors/outcome: found an enumeration of other names: expected an enumeration "
        "of 6 names from 'hit' to 'cancelled'");
    spoiled_replace("/mirrors/outcome", H5T_STD_U8LE, shape);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /mirrors/outcome: found uint8: expected an enumeration of 6 names from 'hit' "
        "to 'cancelled'");
    (void)H5Tclose(type);
}

static void another_shape_is_told(void **state)
{
    (void)state;
    struct spoiled_shape shape = { .rank = 2, .dims = { 40, 30 } };
    spoiled_replace("/mirrors/client", H5T_STD_U32LE, shape);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /mirrors/client: found 2 dimensions: expected 1");
}

static void columns_of_unequal_length_are_told(void **state)
{
    (void)state;
    struct spoiled_shape shape = { .rank = 1, .dims = { 3 } };
    spoiled_replace("/mirrors/client", H5T_STD_U32LE, shape);
    uint32_t zero = 0; /* so that there is something stored */
    spoiled_poke("/mirrors/client", 2, H5T_NATIVE_UINT32, &zero);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /mirrors/client: found 3 rows: expected 1200 as in /mirrors/setting");
}

/* 10^15 rows of which none is stored: nothing may be allocated for them. */
static void a_vast_claim_is_told(void **state)
{
    (void)state;
    struct spoiled_shape shape = { .rank = 1, .dims = { 1000000000000000 }, .chunk = 8192 };
    spoiled_replace("/places/lat_deg", H5T_IEEE_F64LE, shape);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /places/lat_deg: found 8000000000000000 bytes of values: expected at most what 0 "
        "stored bytes can hold");
}

static void a_vast_chunk_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 36 };
    hid_t file = spoiled_edit();
    assert_true(H5Ldelete(file, "/places/lat_deg", H5P_DEFAULT) >= 0);
    hsize_t most = H5S_UNLIMITED, chunk = 100000000;
    hid_t space = H5Screate_simple(1, dims, &most), list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_chunk(list, 1, &chunk);
    hid_t dataset =
        H5Dcreate2(file, "/places/lat_deg", H5T_IEEE_F64LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /places/lat_deg: found chunks of over 64 MiB: expected values stored plainly in "
        "this file");
}

static void values_in_another_file_are_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 36 };
    hid_t file = spoiled_edit(), space = H5Screate_simple(1, dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_external(list, "/etc/passwd", 0, 36 * 8) >= 0);
    assert_true(H5Ldelete(file, "/places/lat_deg", H5P_DEFAULT) >= 0);
    hid_t dataset =
        H5Dcreate2(file, "/places/lat_deg", H5T_IEEE_F64LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /places/lat_deg: found values in another file: expected values stored plainly in "
        "this file");
}

static void an_unknown_filter_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 36 };
    hid_t file = spoiled_edit(), space = H5Screate_simple(1, dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_chunk(list, 1, dims);
    assert_true(H5Pset_nbit(list) >= 0);
    assert_true(H5Ldelete(file, "/places/region", H5P_DEFAULT) >= 0);
    hid_t dataset =
        H5Dcreate2(file, "/places/region", H5T_STD_U32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_FORMAT,
        "bad.h5: /places/region: found a filter other than deflate, shuffle and fletcher32: "
        "expected values stored plainly in this file");
}

static void links_that_lead_elsewhere_are_not_followed(void **state)
{
    (void)state;
    hid_t file = spoiled_edit();
    assert_true(H5Ldelete(file, "/sites/name", H5P_DEFAULT) >= 0);
    assert_true(
        H5Lcreate_external("other.h5", "/x", file, "/sites/name", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_NOT_FOUND, "bad.h5: /sites/name: found nothing: expected a dataset");
    file = spoiled_edit();
    assert_true(H5Ldelete(file, "/sites/name", H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_soft("/sites/name", file, "/sites/name", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_NOT_FOUND, "bad.h5: /sites/name: found nothing: expected a dataset");
}

static void a_circle_of_links_does_no_harm(void **state)
{
    (void)state;
    hid_t file = spoiled_edit();
    assert_true(
        H5Lcreate_hard(file, "/mirrors", file, "/mirrors/loop", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    spoiled_finish(file);
    spoiled_expect(HB_OK, "");
    file = spoiled_edit();
    assert_true(H5Ldelete(file, "/mirrors/outcome", H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_hard(file, "/", file, "/mirrors/outcome", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    spoiled_finish(file);
    spoiled_expect(HB_ERR_FORMAT, "bad.h5: /mirrors/outcome: found a group: expected a dataset");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPOILED(a_whole_file_is_fine),
        SPOILED(an_absent_or_empty_file_is_told),
        SPOILED(a_truncated_file_is_told),
        SPOILED(another_kind_of_file_is_told),
        SPOILED(a_newer_version_is_told),
        SPOILED(a_missing_table_or_column_is_told),
        SPOILED(a_missing_attribute_is_told),
        SPOILED(an_attribute_of_another_type_is_told),
        SPOILED(an_attribute_out_of_range_is_told),
        SPOILED(a_number_that_is_none_is_told),
        SPOILED(a_very_long_attribute_is_told),
        SPOILED(another_type_is_told),
        SPOILED(a_compound_or_variable_type_is_told),
        SPOILED(another_enumeration_is_told),
        SPOILED(another_shape_is_told),
        SPOILED(columns_of_unequal_length_are_told),
        SPOILED(a_vast_claim_is_told),
        SPOILED(a_vast_chunk_is_told),
        SPOILED(values_in_another_file_are_told),
        SPOILED(an_unknown_filter_is_told),
        SPOILED(links_that_lead_elsewhere_are_not_followed),
        SPOILED(a_circle_of_links_does_no_harm),
    };
    return cmocka_run_group_tests(tests, spoiled_make_whole, spoiled_remove_whole);
}
