/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/lines.h"

static char path[64];

static int make_path(void **state)
{
    (void)state;
    strcpy(path, "/tmp/harbinger-lines-XXXXXX");
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int drop_path(void **state)
{
    (void)state;
    return unlink(path);
}

static struct data_lines *reading(const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    struct data_problem problem = { "" };
    struct data_lines *lines = NULL;
    assert_int_equal(data_lines_open(path, &problem, &lines), HB_OK);
    return lines;
}

/* The message, without the name of the temporary file. */
static const char *after_path(const struct data_problem *problem)
{
    assert_memory_equal(problem->text, path, strlen(path));
    return problem->text + strlen(path);
}

static void lines_come_without_their_ends(void **state)
{
    (void)state;
    static const char text[] = "one\ntwo\r\n\nlast";
    static const char *const want[] = { "one", "two", "", "last" };
    struct data_lines *lines = reading(text, sizeof text - 1);
    struct data_problem problem;
    char *got = NULL;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(data_lines_next(lines, &problem, &got), HB_OK);
        assert_string_equal(got, want[i]);
        assert_int_equal(data_lines_at(lines), i + 1);
    }
    assert_int_equal(data_lines_next(lines, &problem, &got), HB_OK);
    assert_null(got);
    data_lines_close(lines);
    data_lines_close(NULL);
}

/* "user,slot\n7,3\n" as gzip wrote it (gzip -n9). */
static const unsigned char packed[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x2d, 0x4e, 0x2d, 0xd2, 0x29,
    0xce, 0xc9, 0x2f, 0xe1, 0x32, 0xd7, 0x31, 0xe6, 0x02, 0x00, 0xfd, 0x75, 0x15, 0x5a, 0x0e, 0x00,
    0x00, 0x00 };

static void gzip_is_read_alike(void **state)
{
    (void)state;
    struct data_lines *lines = reading(packed, sizeof packed);
    struct data_problem problem;
    char *fields[2];
    int has_row = 0;
    assert_int_equal(data_lines_header(lines, "user,slot", &problem), HB_OK);
    assert_int_equal(data_lines_row(lines, 2, fields, &problem, &has_row), HB_OK);
    assert_true(has_row);
    assert_string_equal(fields[1], "3");
    assert_int_equal(data_lines_row(lines, 2, fields, &problem, &has_row), HB_OK);
    assert_false(has_row);
    data_lines_close(lines);
}

static void damaged_gzip_is_told(void **state)
{
    (void)state;
    unsigned char spoiled[sizeof packed];
    memcpy(spoiled, packed, sizeof packed);
    spoiled[sizeof packed - 7] ^= 1; /* the checksum */
    for (int i = 0; i < 2; i++) {
        struct data_lines *lines = reading(spoiled, i == 0 ? sizeof packed : sizeof packed - 9);
        struct data_problem problem = { "" };
        char *text = "";
        enum hb_status status = HB_OK;
        while (status == HB_OK && text != NULL) {
            status = data_lines_next(lines, &problem, &text);
        }
        assert_int_equal(status, HB_ERR_FORMAT);
        assert_non_null(strstr(problem.text, "damaged or cut-off gzip"));
        assert_non_null(strstr(problem.text, "expected whole file"));
        data_lines_close(lines);
    }
}

static void rows_of_another_width_are_refused(void **state)
{
    (void)state;
    struct data_lines *lines = reading("a,b\n1,2,3\n", 10);
    struct data_problem problem;
    char *fields[2];
    int has_row;
    assert_int_equal(data_lines_header(lines, "a,b", &problem), HB_OK);
    assert_int_equal(data_lines_row(lines, 2, fields, &problem, &has_row), HB_ERR_FORMAT);
    assert_string_equal(after_path(&problem), ":2: 3 fields: expected 2");
    data_lines_close(lines);
}

static void another_header_is_refused(void **state)
{
    (void)state;
    struct data_lines *lines = reading("a,c\n", 4);
    struct data_problem problem;
    assert_int_equal(data_lines_header(lines, "a,b", &problem), HB_ERR_FORMAT);
    assert_string_equal(after_path(&problem), ":1: header \"a,c\": expected \"a,b\"");
    data_lines_close(lines);
    lines = reading("", 0);
    assert_int_equal(data_lines_header(lines, "a,b", &problem), HB_ERR_FORMAT);
    assert_string_equal(after_path(&problem), ":1: header \"\": expected \"a,b\"");
    data_lines_close(lines);
}

static void nul_bytes_and_endless_lines_are_refused(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 'x', sizeof text);
    struct data_lines *lines = reading(text, sizeof text);
    struct data_problem problem;
    char *got = NULL;
    assert_int_equal(data_lines_next(lines, &problem, &got), HB_ERR_FORMAT);
    assert_string_equal(after_path(&problem), ":1: line over 4000 bytes: expected a shorter one");
    data_lines_close(lines);
    lines = reading("ab\0c\n", 5);
    assert_int_equal(data_lines_next(lines, &problem, &got), HB_ERR_FORMAT);
    assert_string_equal(after_path(&problem), ":1: a NUL byte: expected text");
    data_lines_close(lines);
    text[4000] = '\n';
    lines = reading(text, sizeof text - 999);
    assert_int_equal(data_lines_next(lines, &problem, &got), HB_OK);
    assert_int_equal(strlen(got), 4000);
    data_lines_close(lines);
}

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad_reals[] = { "", "1.5x", "nan", "inf", "0x10", " 1", "7.6",
        "-3.1" };
    static const char *const bad_wholes[] = { "", "-1", "1.0", "+4", "99", "2", "12345678901",
        "4 " };
    struct data_lines *lines = reading("x\n", 2);
    struct data_problem problem;
    struct data_lines_range real = { "cm", -3.0, 7.5 }, whole = { "cell", 3.0, 98.0 };
    for (int i = 0; i < 8; i++) {
        double value = 42.0;
        uint32_t index = 42;
        assert_int_equal(data_lines_real(lines, bad_reals[i], &real, &problem, &value),
            HB_ERR_FORMAT);
        assert_int_equal(data_lines_whole(lines, bad_wholes[i], &whole, &problem, &index),
            HB_ERR_FORMAT);
        assert_near(value, 42.0, 0.0);
        assert_int_equal(index, 42);
    }
    assert_string_equal(after_path(&problem),
        ":0: cell=\"4 \": expected a whole number 3 to 98");
    double value;
    uint32_t index;
    assert_int_equal(data_lines_real(lines, "-2.5e0", &real, &problem, &value), HB_OK);
    assert_near(value, -2.5, 0.0);
    assert_int_equal(data_lines_whole(lines, "98", &whole, &problem, &index), HB_OK);
    assert_int_equal(index, 98);
    data_lines_close(lines);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct data_lines *lines = NULL;
    struct data_problem problem;
    assert_int_equal(data_lines_open("/nowhere/file.csv", &problem, &lines), HB_ERR_IO);
    assert_string_equal(problem.text, "/nowhere/file.csv: No such file or directory");
    assert_null(lines);
    assert_int_equal(data_lines_open("/tmp", &problem, &lines), HB_ERR_FORMAT);
    assert_string_equal(problem.text, "/tmp: found a folder: expected a file");
    assert_null(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_without_their_ends),
        cmocka_unit_test(gzip_is_read_alike),
        cmocka_unit_test(damaged_gzip_is_told),
        cmocka_unit_test(rows_of_another_width_are_refused),
        cmocka_unit_test(another_header_is_refused),
        cmocka_unit_test(nul_bytes_and_endless_lines_are_refused),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(what_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, make_path, drop_path);
}
