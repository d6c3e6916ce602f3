/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/h5.h"

static const uint32_t column_values[] = { 731, 4, 4000000000U, 17, 5 };

static struct data_h5_array column(void)
{
    return (struct data_h5_array) { .path = "/t/a", .type = DATA_H5_U32, .rank = 1,
        .scales = { "/t/row" }, .unit = "s", .description = "odd numbers" };
}

static void write_file(const char *path)
{
    struct data_h5 *file;
    struct data_problem problem = { "" };
    assert_int_equal(data_h5_create(path, &file, &problem), HB_OK);
    assert_int_equal(data_h5_group(file, "/t", &problem), HB_OK);
    assert_int_equal(data_h5_dimension(file, "/t/row", 0, &problem), HB_OK);
    struct data_h5_array a = column();
    assert_int_equal(data_h5_column(file, &a, &problem), HB_OK);
    assert_int_equal(data_h5_append(file, &a, column_values, 2, &problem), HB_OK);
    assert_int_equal(data_h5_append(file, &a, column_values + 2, 3, &problem), HB_OK);
    struct data_h5_array grid = { .path = "/grid", .type = DATA_H5_F64, .rank = 2,
        .dims = { 2, 3 } };
    const double values[] = { 0.5, -1.25, 3e300, 7.0, 1e-300, 0.1 };
    assert_int_equal(data_h5_write(file, &grid, values, &problem), HB_OK);
    assert_int_equal(data_h5_text_write(file, "/t/text", "grüße\n", &problem), HB_OK);
    assert_int_equal(data_h5_attribute_write(file, "/t", "name", "value 7", &problem), HB_OK);
    assert_int_equal(data_h5_integer_write(file, "/t", "seed", -731, &problem), HB_OK);
    assert_int_equal(access(path, F_OK), -1); /* not before it is whole */
    assert_int_equal(data_h5_commit(file, &problem), HB_OK);
    assert_string_equal(problem.text, "");
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const char *path = "h5-written.h5";
    (void)unlink(path);
    write_file(path);
    struct data_h5 *file;
    struct data_problem problem = { "" };
    assert_int_equal(data_h5_open(path, &file, &problem), HB_OK);
    struct data_h5_array a = column();
    void *values;
    assert_int_equal(data_h5_read_all(file, &a, 1000, &values, &problem), HB_OK);
    assert_int_equal(a.dims[0], 5);
    assert_memory_equal(values, column_values, sizeof column_values);
    free(values);
    uint32_t some[2];
    assert_int_equal(data_h5_read(file, &a, 1, 2, some, &problem), HB_OK);
    assert_memory_equal(some, column_values + 1, sizeof some);
    struct data_h5_array grid = { .path = "/grid", .type = DATA_H5_F64, .rank = 2,
        .dims = { 0, 3 } };
    assert_int_equal(data_h5_read_all(file, &grid, 48, &values, &problem), HB_OK);
    assert_true(((double *)values)[2] == 3e300);
    free(values);
    char *text, name[16];
    int64_t seed;
    assert_int_equal(data_h5_text_read(file, "/t/text", 100, &text, &problem), HB_OK);
    assert_string_equal(text, "grüße\n");
    free(text);
    assert_int_equal(data_h5_attribute_read(file, "/t", "name", name, 16, &problem), HB_OK);
    assert_string_equal(name, "value 7");
    assert_int_equal(data_h5_integer_read(file, "/t", "seed", &seed, &problem), HB_OK);
    assert_int_equal(seed, -731);
    data_h5_free(file);
    (void)unlink(path);
}

static size_t file_bytes(const char *path, char *bytes, size_t capacity)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, capacity, in);
    (void)fclose(in);
    return count;
}

static void the_same_calls_give_the_same_bytes(void **state)
{
    (void)state;
    static char first[100000], second[100000];
    write_file("h5-first.h5");
    sleep(1); /* a time stamp would tell */
    write_file("h5-second.h5");
    size_t count = file_bytes("h5-first.h5", first, sizeof first);
    assert_int_equal(file_bytes("h5-second.h5", second, sizeof second), count);
    assert_memory_equal(first, second, count);
    (void)unlink("h5-first.h5");
    (void)unlink("h5-second.h5");
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    (void)state;
    struct data_h5 *file;
    assert_int_equal(data_h5_create("h5-none.h5", &file, NULL), HB_OK);
    data_h5_free(file);
    assert_int_equal(access("h5-none.h5", F_OK), -1);
    char part[64];
    (void)snprintf(part, sizeof part, "h5-none.h5.part-%ld-0", (long)getpid());
    assert_int_equal(access(part, F_OK), -1);
}

static void expect_fault(struct data_h5_array array, const char *sentence)
{
    struct data_h5 *file;
    struct data_problem problem = { "" };
    assert_int_equal(data_h5_open("h5-bad.h5", &file, &problem), HB_OK);
    assert_int_not_equal(data_h5_check(file, &array, &problem), HB_OK);
    assert_string_equal(problem.text, sentence);
    data_h5_free(file);
}

static void a_wrong_type_or_shape_is_told(void **state)
{
    (void)state;
    write_file("h5-bad.h5");
    struct data_h5_array a = column();
    a.type = DATA_H5_F32;
    expect_fault(a, "h5-bad.h5: /t/a: found uint32: expected float32");
    a = column();
    a.dims[0] = 6;
    expect_fault(a, "h5-bad.h5: /t/a: found length 5 in dimension 0: expected 6");
    a.rank = 2;
    expect_fault(a, "h5-bad.h5: /t/a: found 1 dimensions: expected 2");
    a.path = "/t";
    expect_fault(a, "h5-bad.h5: /t: found a group: expected a dataset");
    a.path = "/t/b";
    expect_fault(a, "h5-bad.h5: /t/b: found nothing: expected a dataset");
    (void)unlink("h5-bad.h5");
}

static void expect_open(const char *path, enum hb_status status, const char *sentence)
{
    struct data_h5 *file;
    struct data_problem problem = { "" };
    assert_int_equal(data_h5_open(path, &file, &problem), status);
    assert_string_equal(problem.text, sentence);
}

static void what_is_no_hdf5_file_is_told(void **state)
{
    (void)state;
    expect_open("h5-absent.h5", HB_ERR_NOT_FOUND,
        "h5-absent.h5: cannot be opened: No such file or directory");
    expect_open(".", HB_ERR_FORMAT, ".: found a folder: expected an HDF5 file");
    FILE *out = fopen("h5-text.h5", "w");
    (void)fputs("not at all", out);
    (void)fclose(out);
    expect_open("h5-text.h5", HB_ERR_FORMAT,
        "h5-text.h5: found no HDF5 signature: expected an HDF5 file");
    (void)unlink("h5-text.h5");
}

static void every_truncation_is_noticed(void **state)
{
    (void)state;
    static char bytes[100000];
    write_file("h5-whole.h5");
    size_t count = file_bytes("h5-whole.h5", bytes, sizeof bytes);
    for (size_t kept = 8; kept < count; kept += 1 + count / 37) {
        FILE *out = fopen("h5-cut.h5", "wb");
        (void)fwrite(bytes, 1, kept, out);
        (void)fclose(out);
        struct data_problem problem = { "" };
        struct data_h5 *file;
        assert_int_equal(data_h5_open("h5-cut.h5", &file, &problem), HB_ERR_FORMAT);
        assert_string_equal(problem.text,
            "h5-cut.h5: found a damaged or truncated HDF5 file: expected a whole one");
    }
    (void)unlink("h5-cut.h5");
    (void)unlink("h5-whole.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_same_calls_give_the_same_bytes),
        cmocka_unit_test(an_abandoned_file_leaves_nothing),
        cmocka_unit_test(a_wrong_type_or_shape_is_told),
        cmocka_unit_test(what_is_no_hdf5_file_is_told),
        cmocka_unit_test(every_truncation_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
