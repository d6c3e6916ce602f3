/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/trace_file.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

/* A folder of its own for each test; the program runs in it. */
struct scratch {
    char *folder;
    char said[4096]; /* by the last run, standard error included */
};

static int set_up(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    assert_non_null(scratch);
    scratch->folder = program_folder();
    *state = scratch;
    return 0;
}

static int tear_down(void **state)
{
    struct scratch *scratch = *state;
    program_remove(scratch->folder);
    free(scratch->folder);
    free(scratch);
    return 0;
}

/* Runs `prefix harbinger import arguments` in the folder; its exit status. */
static int run(struct scratch *scratch, const char *prefix, const char *arguments)
{
    char command[4096];
    (void)snprintf(command, sizeof command, "cd '%s' && %s '%s' import %s 2>&1", scratch->folder,
        prefix, path_of_program(), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    scratch->said[fread(scratch->said, 1, sizeof scratch->said - 1, pipe)] = '\0';
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char good[] = "client,time,lat,lon\na,1224730384,39.98,116.31\n"
                           "a,1224730984,39.90,116.40\nb,1224730384,39.98,116.31\n";

static void a_table_becomes_a_trace_file(void **state)
{
    struct scratch *scratch = *state;
    program_write(scratch->folder, "t.csv", good);
    assert_int_equal(run(scratch, "", "-o t.h5 t.csv"), 0);
    assert_string_equal(scratch->said,
        "t.h5: 2 clients, 2 places, 1 regions, 5 visits, 2008-10-23 to 2008-10-23\n"
        "read 3 fixes from 4 lines of 1 files\n");
    char path[64];
    (void)snprintf(path, sizeof path, "%s/t.h5", scratch->folder);
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_file_read(path, NULL, &store), HB_OK);
    assert_string_equal(data_trace_view(store)->region_names[0], "Beijing");
    assert_int_equal(data_trace_view(store)->places[0].utc_offset_s, 8 * 3600);
    data_trace_free(store);
    assert_int_equal(program_entry_count(scratch->folder), 2);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
    struct scratch *scratch = *state;
    program_write(scratch->folder, "t.csv", good);
    assert_int_equal(run(scratch, "", "-o a.h5 t.csv"), 0);
    assert_int_equal(run(scratch, "gzip t.csv &&", "-o b.h5 t.csv.gz"), 0);
    assert_int_equal(run(scratch, "cmp a.h5 b.h5 && ", "--help"), 0);
}

static void a_bad_line_leaves_nothing_behind(void **state)
{
    struct scratch *scratch = *state;
    program_write(scratch->folder, "t.csv",
        "client,time,lat,lon\na,1224730384,39.98,116.31\na,1224730385,91,2\n");
    assert_int_equal(run(scratch, "", "-o t.h5 t.csv"), 1);
    assert_string_equal(
        scratch->said, "harbinger import: t.csv:3: lat=\"91\": expected degrees -90..90\n");
    assert_int_equal(program_entry_count(scratch->folder), 1);
    assert_int_equal(run(scratch, "", "--skip-bad 1 -o t.h5 t.csv"), 0);
    assert_non_null(strstr(scratch->said,
        "left out 1 bad lines, the first: t.csv:3: lat=\"91\": expected degrees -90..90\n"));
}

static void a_failed_import_leaves_an_older_file_alone(void **state)
{
    struct scratch *scratch = *state;
    program_write(scratch->folder, "t.h5", "older");
    program_write(scratch->folder, "t.csv", "client,time,lat,lon\nx\n");
    assert_int_equal(run(scratch, "", "-o t.h5 t.csv"), 1);
    assert_string_equal(scratch->said, "harbinger import: t.csv:2: found 1 fields: expected 4\n");
    assert_int_equal(run(scratch, "test \"$(cat t.h5)\" = older &&", "--help"), 0);
    assert_int_equal(program_entry_count(scratch->folder), 2);
}

/* A file may grow to 1 KiB: the write fails half way, as on a full disk. */
static void a_full_disk_leaves_nothing_behind(void **state)
{
    struct scratch *scratch = *state;
    program_write(scratch->folder, "t.csv", good);
    assert_int_equal(run(scratch, "trap '' XFSZ; ulimit -f 1;", "-o t.h5 t.csv"), 1);
    assert_non_null(strstr(scratch->said, "harbinger import: t.h5"));
    assert_int_equal(program_entry_count(scratch->folder), 1);
}

static void bad_use_is_told(void **state)
{
    struct scratch *scratch = *state;
    static const char *const uses[][2] = {
        { "t.csv", "harbinger import: -o: found 'nothing': expected a file name\n" },
        { "-o t.h5", "harbinger import: INPUT: found 'nothing': expected a file or folder\n" },
        { "t.csv -o", "harbinger import: -o: found 'nothing': expected a file name\n" },
        { "-o t.h5 --format kml t.csv",
            "harbinger import: --format: found 'kml': expected auto, csv, plt or gpx\n" },
        { "-o t.h5 --cell-km 0 t.csv",
            "harbinger import: --cell-km: found '0': expected 0.05..500\n" },
        { "-o t.h5 --gap-s nan t.csv",
            "harbinger import: --gap-s: found 'nan': expected 60..31536000\n" },
        { "-o t.h5 --skip-bad -1 t.csv",
            "harbinger import: --skip-bad: found '-1': expected a count\n" },
        { "-o t.h5 --from yesterday t.csv",
            "harbinger import: --from: found 'yesterday': expected Unix seconds or ISO 8601\n" },
        { "-o t.h5 --sideways t.csv",
            "harbinger import: --sideways: found '--sideways': expected an option that "
            "'harbinger import --help' lists\n" },
    };
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        assert_int_equal(run(scratch, "", uses[i][0]), 2);
        assert_string_equal(scratch->said, uses[i][1]);
    }
    assert_int_equal(run(scratch, "", "-o t.h5 nowhere.csv"), 1);
    assert_string_equal(
        scratch->said, "harbinger import: nowhere.csv: No such file or directory\n");
    assert_int_equal(program_entry_count(scratch->folder), 0);
    assert_int_equal(run(scratch, "", "--help"), 0);
    assert_int_equal(strncmp(scratch->said, "usage: harbinger import", 23), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_becomes_a_trace_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_input_gives_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_line_leaves_nothing_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_failed_import_leaves_an_older_file_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_nothing_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_use_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
