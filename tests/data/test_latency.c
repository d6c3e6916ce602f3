/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/csv.h"
#include "data/latency.h"
#include "tests/support/paths.h"

static void write_file(char *path, const char *text)
{
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (int)strlen(text));
    (void)close(descriptor);
}

/* file: 0 nodes, 1 matrix, 2 no file at all; message is what follows the path. */
static void refused(const char *nodes, const char *matrix, int file, const char *message)
{
    char paths[2][64] = { "/tmp/harbinger-nodes-XXXXXX", "/tmp/harbinger-matrix-XXXXXX" };
    char expected[600];
    write_file(paths[0], nodes);
    write_file(paths[1], matrix);
    struct data_problem problem = { "" };
    struct data_latency *latency = NULL;
    assert_int_not_equal(data_latency_read(paths[0], paths[1], &problem, &latency), HB_OK);
    (void)snprintf(expected, sizeof expected, "%s%s", file < 2 ? paths[file] : "", message);
    assert_string_equal(problem.text, expected);
    assert_null(latency);
    (void)unlink(paths[0]);
    (void)unlink(paths[1]);
}

#define NODES "id,lat_deg,lon_deg\na,1,2\nb,3,4\n"

static void bad_matrices_are_refused_with_their_line(void **state)
{
    (void)state;
    refused("id,lat_deg\na,1\n", "", 0, ":1: found no column \"lon|lon_deg\": expected one");
    refused("id,lat,lon\na,1,2\n", "", 0, ": found 1 nodes: expected 2..4096");
    refused("id,lat,lon\na,1,2\na,3,4\n", "", 0,
        ":2: id=\"a\": expected a name, and each once");
    refused("id,lat,lon\na,1,2\n,3,4\n", "", 0, ":3: id=\"\": expected a name, and each once");
    refused("id,lat,lon\na,1,2\nb,-90.01,4\n", "", 0,
        ":3: lat=\"-90.01\": expected a number in -90..90");
    refused("id,lat,lon\na,1,2\nb,0x10,4\n", "", 0,
        ":3: lat=\"0x10\": expected a number in -90..90");
    refused(NODES, "", 1, ":1: found an empty file: expected a line of column names");
    refused(NODES, "src,dst\na,b\n", 1,
        ":1: found no column \"rtt_ms|rtt_ms_p50|avg_us\": expected one");
    refused(NODES, "src,dst,rtt_ms\na,c,5\n", 1,
        ":2: dst=\"c\": expected a node of the other file");
    refused(NODES, "src,dst,rtt_ms\na,b,-5\n", 1,
        ":2: rtt_ms=\"-5\": expected a number in 0..100000");
    refused(NODES, "src,dst,rtt_ms\na,b,5 \n", 1,
        ":2: rtt_ms=\"5 \": expected a number in 0..100000");
    refused(NODES, "src,dst,rtt_ms\na,b,5\n\na,b,5\n", 1, ":4: src=\"a\": expected each pair once");
    refused(NODES, "src,dst,rtt_ms\na,b,5,6\n", 1, ":2: found 4 fields: expected 3");
    refused(NODES, "src,dst,rtt_ms\n\"a\",\"b,5\n", 1,
        ":2: found a quote within a field or without end: expected \"...\" on one line");
    refused(NODES, "src,dst,rtt_ms\n\"a\"x,b,5\n", 1,
        ":2: found a quote within a field or without end: expected \"...\" on one line");
    refused(NODES, "src,dst,rtt_ms\n\"a,b\",5\n", 1, ":2: found 2 fields: expected 3");
    struct data_problem problem = { "" };
    struct data_latency *none = NULL;
    assert_int_equal(data_latency_read("/nonexistent/x.csv", "y", &problem, &none),
        HB_ERR_NOT_FOUND);
    assert_string_equal(problem.text,
        "/nonexistent/x.csv: cannot be opened: No such file or directory");
}

/* Nodes in another order than their names, a mark of UTF-8, quotes, Windows line ends, an empty
 * line, one way only. */
static void one_way_holds_for_both(void **state)
{
    (void)state;
    char nodes[] = "/tmp/harbinger-nodes-XXXXXX", matrix[] = "/tmp/harbinger-matrix-XXXXXX";
    write_file(nodes, "\xef\xbb\xbf\"region\",city,lat,lon\r\nzeta,\"Z, or \"\"Z\"\"\",10,20\r\n"
        "\"alpha\",A,\"-30\",40\r\n\r\nmid,\"\",0,\"0\"\r\n");
    write_file(matrix, "dst,src,avg_us,max_us\r\nalpha,zeta,12345,9\r\nzeta,alpha,54321,9\r\n"
        "alpha,mid,777,1\r\n");
    struct data_problem problem = { "" };
    struct data_latency *got;
    assert_int_equal(data_latency_read(nodes, matrix, &problem, &got), HB_OK);
    assert_int_equal(got->node_count, 3);
    uint32_t at[3] = { 0 }; /* alpha, mid, zeta */
    for (uint32_t i = 0; i < 3; i++) {
        at[got->names[i][0] == 'a' ? 0 : got->names[i][0] == 'm' ? 1 : 2] = i;
    }
    assert_near(got->at[at[0]].lat_deg, -30.0, 0.0);
    assert_near(got->at[at[2]].lon_deg, 20.0, 0.0);
    assert_near((double)got->rtt_ms[at[2] * 3 + at[0]], 12.345, 1e-6);
    assert_near((double)got->rtt_ms[at[0] * 3 + at[2]], 54.321, 1e-6);
    assert_near((double)got->rtt_ms[at[0] * 3 + at[1]], 0.777, 1e-6);
    assert_true(isnan(got->rtt_ms[at[1] * 3 + at[2]]));
    data_latency_free(got);
    data_latency_free(NULL);
    (void)unlink(nodes);
    (void)unlink(matrix);
}

static void a_zero_byte_and_a_missing_end_are_met(void **state)
{
    (void)state;
    char path[] = "/tmp/harbinger-csv-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "a,b\n1,\0002\n", 9), 9);
    struct data_problem problem = { "" };
    struct data_csv *csv = NULL;
    assert_int_equal(data_csv_read(path, &problem, &csv), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, ": found a zero byte: expected text"));
    assert_int_equal(ftruncate(descriptor, 6), 0); /* "a,b\n1," */
    problem.text[0] = '\0';
    assert_int_equal(data_csv_read(path, &problem, &csv), HB_OK);
    assert_int_equal(data_csv_row_count(csv), 1);
    assert_string_equal(data_csv_text(csv, 0, 1), "");
    data_csv_free(csv);
    (void)close(descriptor);
    (void)unlink(path);
}

/* A small generator of its own: the layers below have none. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Good files with up to eight bytes changed, cut off or doubled: read, or
 * refused with a message; under the sanitizers nothing else. */
static void spoiled_files_are_read_or_refused(void **state)
{
    (void)state;
    static const char *const good[2] = { "id,lat_deg,lon_deg\na,1,2\nb,3,4\nc,-5,170.5\n",
        "src,dst,rtt_ms\na,b,5\nb,c,61.25\na,c,7e1\n" };
    static const char letters[] = ",,\n\n-0123456789.eEabc\r \"";
    char paths[2][64] = { "/tmp/harbinger-nodes-XXXXXX", "/tmp/harbinger-matrix-XXXXXX" };
    write_file(paths[0], "");
    write_file(paths[1], "");
    uint64_t random = 4;
    int read = 0, was_refused = 0;
    for (int round = 0; round < 4000; round++) {
        for (int file = 0; file < 2; file++) {
            char text[256];
            size_t length = strlen(good[file]);
            memcpy(text, good[file], length);
            int changes = (int)(next_random(&random) % 9);
            for (int i = 0; i < changes && round % 2 == file; i++) {
                text[next_random(&random) % length] = letters[next_random(&random)
                    % (sizeof letters - 1)];
            }
            length -= next_random(&random) % 10 == 0 ? next_random(&random) % length : 0;
            FILE *out = fopen(paths[file], "wb");
            assert_non_null(out);
            assert_int_equal(fwrite(text, 1, length, out), length);
            assert_int_equal(fclose(out), 0);
        }
        struct data_problem problem = { "" };
        struct data_latency *got = NULL;
        enum hb_status status = data_latency_read(paths[0], paths[1], &problem, &got);
        assert_true(status == HB_OK || problem.text[0] != '\0');
        read += status == HB_OK;
        was_refused += status != HB_OK;
        data_latency_free(got);
    }
    assert_true(read > 300);
    assert_true(was_refused > 1000);
    (void)unlink(paths[0]);
    (void)unlink(paths[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_matrices_are_refused_with_their_line),
        cmocka_unit_test(one_way_holds_for_both),
        cmocka_unit_test(a_zero_byte_and_a_missing_end_are_met),
        cmocka_unit_test(spoiled_files_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
