/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/synthetic_results.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"

/* Each test spoils a good file in one way, with HDF5 itself as anybody could,
 * and expects the reader's exact sentence. */
static const char *const path = "bad.h5";

static const char *const whole_path = "whole.h5";

static int make_whole(void **state)
{
    (void)state;
    const struct synthetic how
        = { .path = whole_path, .replication_count = 1, .memory_bytes = 1 << 24 };
    synthetic_results(&how, NULL);
    return 0;
}

static int remove_whole(void **state)
{
    (void)state;
    return unlink(whole_path);
}

static int prepare(void **state)
{
    (void)state;
    char part[4096];
    FILE *in = fopen(whole_path, "rb"), *out = fopen(path, "wb");
    if (in == NULL || out == NULL) {
        return -1;
    }
    size_t count;
    while ((count = fread(part, 1, sizeof part, in)) > 0) {
        (void)fwrite(part, 1, count, out);
    }
    (void)fclose(in);
    return fclose(out);
}

static int clean(void **state)
{
    (void)state;
    return unlink(path);
}

static enum hb_status see(void *context, const void *row)
{
    (void)context;
    (void)row;
    return HB_OK;
}

/* Opens, reads every table, recomputes the digest. */
static enum hb_status read_all(struct data_problem *problem)
{
    struct data_result_file *file;
    enum hb_status status = data_results_open(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    for (int t = 0; t < DATA_TABLE_COUNT && status == HB_OK; t++) {
        status = data_results_each(file, (enum data_results_table)t, see, NULL, problem);
    }
    if (status == HB_OK) {
        status = data_results_verify(file, problem);
    }
    data_results_close(file);
    return status;
}

static void expect(enum hb_status status, const char *sentence)
{
    struct data_problem problem = { "" };
    assert_int_equal(read_all(&problem), status);
    assert_string_equal(problem.text, sentence);
}

static hid_t edit(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void finish(hid_t file)
{
    assert_true(H5Fclose(file) >= 0);
}

static void drop(const char *name)
{
    hid_t file = edit();
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    finish(file);
}

/* A dataset in place of another: of type and dims, chunked if chunk > 0. */
static void replace(const char *name, hid_t type, int rank, const hsize_t *dims, hsize_t chunk)
{
    hid_t file = edit(), space = H5Screate_simple(rank, dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk > 0) {
        hsize_t chunks[2] = { chunk, 1 };
        assert_true(H5Pset_chunk(list, rank, chunks) >= 0);
    }
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    finish(file);
}

/* One value of a column, of the type in memory. */
static void poke(const char *name, hsize_t row, hid_t type, const void *value)
{
    hid_t file = edit(), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset), stored = H5Dget_type(dataset);
    hsize_t one = 1;
    hid_t memory = H5Screate_simple(1, &one, NULL);
    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, &row, NULL, &one, NULL) >= 0);
    assert_true(
        H5Dwrite(dataset, type < 0 ? stored : type, memory, space, H5P_DEFAULT, value) >= 0);
    (void)H5Sclose(memory);
    (void)H5Tclose(stored);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    finish(file);
}

static void put_integer(const char *name, int64_t value)
{
    hid_t file = edit(), group = H5Gopen2(file, "/manifest", H5P_DEFAULT);
    assert_true(H5Adelete(group, name) >= 0);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute
        = H5Acreate2(group, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &value) >= 0);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Gclose(group);
    finish(file);
}

static void put_text(const char *name, const char *text)
{
    hid_t file = edit(), group = H5Gopen2(file, "/manifest", H5P_DEFAULT);
    (void)H5Adelete(group, name);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    (void)H5Tset_size(type, strlen(text));
    (void)H5Tset_strpad(type, H5T_STR_NULLPAD);
    hid_t attribute = H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, text) >= 0);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Gclose(group);
    finish(file);
}

static void a_whole_file_is_fine(void **state)
{
    (void)state;
    expect(HB_OK, "");
}

static void an_absent_or_empty_file_is_told(void **state)
{
    (void)state;
    assert_int_equal(truncate(path, 0), 0);
    expect(HB_ERR_FORMAT, "bad.h5: found no HDF5 signature: expected an HDF5 file");
    assert_int_equal(unlink(path), 0);
    expect(HB_ERR_NOT_FOUND, "bad.h5: cannot be opened: No such file or directory");
    prepare(NULL);
}

static void a_truncated_file_is_told(void **state)
{
    (void)state;
    assert_int_equal(truncate(path, 50000), 0);
    expect(HB_ERR_FORMAT,
        "bad.h5: found a damaged or truncated HDF5 file: expected a whole one");
}

static void another_kind_of_file_is_told(void **state)
{
    (void)state;
    drop("/manifest");
    expect(HB_ERR_FORMAT,
        "bad.h5: found another kind of HDF5 file: expected results of harbinger");
}

static void a_newer_version_is_told(void **state)
{
    (void)state;
    put_integer("format_version", 2);
    expect(HB_ERR_VERSION, "bad.h5: /manifest attribute format_version: found 2: expected 1");
}

static void a_missing_table_or_column_is_told(void **state)
{
    (void)state;
    drop("/mirrors/outcome");
    expect(HB_ERR_NOT_FOUND, "bad.h5: /mirrors/outcome: found nothing: expected a dataset");
    drop("/mirrors");
    expect(HB_ERR_NOT_FOUND, "bad.h5: /mirrors/setting: found nothing: expected a dataset");
}

static void a_missing_attribute_is_told(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(H5Adelete_by_name(file, "/manifest", "seed", H5P_DEFAULT) >= 0);
    finish(file);
    expect(HB_ERR_NOT_FOUND, "bad.h5: /manifest: found no attribute 'seed': expected one");
}

static void an_attribute_of_another_type_is_told(void **state)
{
    (void)state;
    put_text("seed", "731");
    expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute seed: found something else: expected one integer");
}

static void an_attribute_out_of_range_is_told(void **state)
{
    (void)state;
    put_integer("duration_s", -5);
    expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute duration_s: found -5: expected 0 to 3162240000");
}

static void a_number_that_is_none_is_told(void **state)
{
    (void)state;
    put_text("latency_target_ms", "50 ms");
    expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute latency_target_ms: found '50 ms': expected a number >= 0");
}

static void a_very_long_attribute_is_told(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    put_text("program", text);
    expect(HB_ERR_FORMAT,
        "bad.h5: /manifest attribute program: found 1999 bytes: expected at most 255");
}

static void another_type_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 1200 };
    replace("/mirrors/confidence", H5T_NATIVE_DOUBLE, 1, dims, 0);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/confidence: found float64: expected float32");
}

static void a_compound_or_variable_type_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 6 };
    hid_t variable = H5Tcopy(H5T_C_S1), compound = H5Tcreate(H5T_COMPOUND, 8);
    (void)H5Tset_size(variable, H5T_VARIABLE);
    (void)H5Tinsert(compound, "a", 0, H5T_NATIVE_INT);
    replace("/policies/name", variable, 1, dims, 0);
    expect(HB_ERR_FORMAT,
        "bad.h5: /policies/name: found a type of variable length: expected text of 64 bytes");
    replace("/policies/name", compound, 1, dims, 0);
    expect(HB_ERR_FORMAT,
        "bad.h5: /policies/name: found a compound type: expected text of 64 bytes");
    (void)H5Tclose(compound);
    (void)H5Tclose(variable);
}

static void another_enumeration_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 1200 };
    hid_t type = H5Tenum_create(H5T_STD_U8LE);
    uint8_t value = 0;
    (void)H5Tenum_insert(type, "miss", &value);
    replace("/mirrors/outcome", type, 1, dims, 0);
    expect(HB_ERR_FORMAT,
        "bad.h5: /mirrors/outcome: found an enumeration of other names: expected an enumeration "
        "of 6 names from 'hit' to 'cancelled'");
    replace("/mirrors/outcome", H5T_STD_U8LE, 1, dims, 0);
    expect(HB_ERR_FORMAT,
        "bad.h5: /mirrors/outcome: found uint8: expected an enumeration of 6 names from 'hit' "
        "to 'cancelled'");
    (void)H5Tclose(type);
}

static void another_shape_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 40, 30 };
    replace("/mirrors/client", H5T_STD_U32LE, 2, dims, 0);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/client: found 2 dimensions: expected 1");
}

static void columns_of_unequal_length_are_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 3 };
    replace("/mirrors/client", H5T_STD_U32LE, 1, dims, 0);
    uint32_t zero = 0; /* so that there is something stored */
    poke("/mirrors/client", 2, H5T_NATIVE_UINT32, &zero);
    expect(HB_ERR_FORMAT,
        "bad.h5: /mirrors/client: found 3 rows: expected 1200 as in /mirrors/setting");
}

/* 10^15 rows of which none is stored: nothing may be allocated for them. */
static void a_vast_claim_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 1000000000000000 };
    replace("/places/lat_deg", H5T_IEEE_F64LE, 1, dims, 8192);
    expect(HB_ERR_FORMAT,
        "bad.h5: /places/lat_deg: found 8000000000000000 bytes of values: expected at most what 0 "
        "stored bytes can hold");
}

static void a_vast_chunk_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 36 };
    hid_t file = edit();
    assert_true(H5Ldelete(file, "/places/lat_deg", H5P_DEFAULT) >= 0);
    hsize_t most = H5S_UNLIMITED, chunk = 100000000;
    hid_t space = H5Screate_simple(1, dims, &most), list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_chunk(list, 1, &chunk);
    hid_t dataset = H5Dcreate2(
        file, "/places/lat_deg", H5T_IEEE_F64LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    finish(file);
    expect(HB_ERR_FORMAT,
        "bad.h5: /places/lat_deg: found chunks of over 64 MiB: expected values stored plainly in "
        "this file");
}

static void values_in_another_file_are_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 36 };
    hid_t file = edit(), space = H5Screate_simple(1, dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_external(list, "/etc/passwd", 0, 36 * 8) >= 0);
    assert_true(H5Ldelete(file, "/places/lat_deg", H5P_DEFAULT) >= 0);
    hid_t dataset = H5Dcreate2(
        file, "/places/lat_deg", H5T_IEEE_F64LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    finish(file);
    expect(HB_ERR_FORMAT,
        "bad.h5: /places/lat_deg: found values in another file: expected values stored plainly in "
        "this file");
}

static void an_unknown_filter_is_told(void **state)
{
    (void)state;
    hsize_t dims[] = { 36 };
    hid_t file = edit(), space = H5Screate_simple(1, dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_chunk(list, 1, dims);
    assert_true(H5Pset_nbit(list) >= 0);
    assert_true(H5Ldelete(file, "/places/region", H5P_DEFAULT) >= 0);
    hid_t dataset = H5Dcreate2(
        file, "/places/region", H5T_STD_U32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    finish(file);
    expect(HB_ERR_FORMAT,
        "bad.h5: /places/region: found a filter other than deflate, shuffle and fletcher32: "
        "expected values stored plainly in this file");
}

static void links_that_lead_elsewhere_are_not_followed(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(H5Ldelete(file, "/sites/name", H5P_DEFAULT) >= 0);
    assert_true(
        H5Lcreate_external("other.h5", "/x", file, "/sites/name", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    finish(file);
    expect(HB_ERR_NOT_FOUND, "bad.h5: /sites/name: found nothing: expected a dataset");
    file = edit();
    assert_true(H5Ldelete(file, "/sites/name", H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_soft("/sites/name", file, "/sites/name", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    finish(file);
    expect(HB_ERR_NOT_FOUND, "bad.h5: /sites/name: found nothing: expected a dataset");
}

static void a_circle_of_links_does_no_harm(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(
        H5Lcreate_hard(file, "/mirrors", file, "/mirrors/loop", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    finish(file);
    expect(HB_OK, "");
    file = edit();
    assert_true(H5Ldelete(file, "/mirrors/outcome", H5P_DEFAULT) >= 0);
    assert_true(
        H5Lcreate_hard(file, "/", file, "/mirrors/outcome", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    finish(file);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/outcome: found a group: expected a dataset");
}

static void a_value_outside_its_enumeration_is_told(void **state)
{
    (void)state;
    uint8_t nine = 9;
    poke("/mirrors/outcome", 17, -1, &nine);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/outcome[17]: found 9: expected less than the 6 names");
}

static void not_a_number_is_told(void **state)
{
    (void)state;
    double nan_value = (double)NAN, infinite = (double)INFINITY;
    poke("/summary/cost", 2, H5T_NATIVE_DOUBLE, &infinite);
    expect(HB_ERR_FORMAT, "bad.h5: /summary/cost[2]: found inf: expected a finite number");
    poke("/summary/cost", 1, H5T_NATIVE_DOUBLE, &nan_value);
    expect(HB_ERR_FORMAT, "bad.h5: /summary/cost[1]: found nan: expected a finite number");
}

static void a_value_out_of_range_is_told(void **state)
{
    (void)state;
    float share = 1.5F;
    double lat_deg = 91.5;
    poke("/mirrors/confidence", 8, H5T_NATIVE_FLOAT, &share);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/confidence[8]: found 1.5: expected 0 to 1");
    poke("/sites/lat_deg", 4, H5T_NATIVE_DOUBLE, &lat_deg);
    expect(HB_ERR_FORMAT, "bad.h5: /sites/lat_deg[4]: found 91.5: expected -90 to 90");
}

static void a_reference_to_nothing_is_told(void **state)
{
    (void)state;
    uint32_t site = 5;
    uint16_t policy = 6;
    poke("/mirrors/to_site", 3, H5T_NATIVE_UINT32, &site);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/to_site[3]: found 5: expected less than the 5 sites");
    poke("/summary/policy", 0, H5T_NATIVE_UINT16, &policy);
    expect(HB_ERR_FORMAT, "bad.h5: /summary/policy[0]: found 6: expected less than the 6 policies");
}

static void an_instant_before_the_start_is_told(void **state)
{
    (void)state;
    int64_t at_ns = -7;
    poke("/mirrors/decided_ns", 700, H5T_NATIVE_INT64, &at_ns);
    expect(HB_ERR_FORMAT, "bad.h5: /mirrors/decided_ns[700]: found -7: expected an instant >= 0");
}

static void a_name_that_is_empty_is_told(void **state)
{
    (void)state;
    char name[64] = "";
    poke("/regions/name", 1, -1, name);
    expect(HB_ERR_FORMAT, "bad.h5: /regions/name[1]: found '': expected a name");
}

static void changed_rows_do_not_match_the_digest(void **state)
{
    (void)state;
    put_text("digest", "00000000000000000000000000000000");
    struct data_problem problem = { "" };
    assert_int_equal(read_all(&problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "bad.h5: /manifest attribute digest: found "
                                         "00000000000000000000000000000000: expected "));
}

/* A flipped byte anywhere: either harmless (unused space) or noticed; checks of
 * metadata and of chunks leave nothing between. */
static void every_flipped_byte_is_harmless_or_noticed(void **state)
{
    (void)state;
    FILE *file = fopen(path, "rb+");
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
        enum hb_status status = read_all(&problem);
        noticed += status != HB_OK;
        tried++;
        assert_int_equal(status == HB_OK, problem.text[0] == '\0');
        (void)fseek(file, at, SEEK_SET);
        (void)fputc(byte, file);
        (void)fflush(file);
    }
    (void)fclose(file);
    assert_true(noticed > tried / 3);
    expect(HB_OK, "");
}

#define SPOILED(name) cmocka_unit_test_setup_teardown(name, prepare, clean)

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
        SPOILED(a_value_outside_its_enumeration_is_told),
        SPOILED(not_a_number_is_told),
        SPOILED(a_value_out_of_range_is_told),
        SPOILED(a_reference_to_nothing_is_told),
        SPOILED(an_instant_before_the_start_is_told),
        SPOILED(a_name_that_is_empty_is_told),
        SPOILED(changed_rows_do_not_match_the_digest),
        SPOILED(every_flipped_byte_is_harmless_or_noticed),
    };
    return cmocka_run_group_tests(tests, make_whole, remove_whole);
}
