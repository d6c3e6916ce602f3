/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/paths.h"

/* Runs the program with arguments; its words, standard error included, in
 * text. The exit status. */
static int run(const char *arguments, char *text, size_t text_bytes)
{
    char command[4096];
    (void)snprintf(command, sizeof command, "'%s' %s 2>&1", path_of_program(), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    text[fread(text, 1, text_bytes - 1, pipe)] = '\0';
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_small_case_gives_its_table(void **state)
{
    (void)state;
    char text[8192], arguments[1200];
    (void)snprintf(arguments, sizeof arguments, "verify migration '%s'",
        path_of_source("tests/analysis/migration"));
    assert_int_equal(run(arguments, text, sizeof text), 0);
    assert_non_null(strstr(text, "2 users, 4 slots, 3 cells, 2 sites\n"));
    /* Hand counts of tests/analysis/test_migration.c, divided by 4 slots. */
    assert_non_null(strstr(text, "never                        1.3070"));
    assert_non_null(strstr(text, "reactive theta=1 (always)    0.9470"));
    assert_non_null(strstr(text, "work function                1.2490"));
    assert_non_null(strstr(text, "clairvoyant optimum          0.9470   1.0050"));
    assert_non_null(strstr(text, "reactive theta=20 "));
}

static void the_published_day_prints_the_published_values(void **state)
{
    (void)state;
    const char *directory = path_of_shared("service-migration-sf");
    if (directory == NULL) {
        skip();
    }
    char text[8192], arguments[1200];
    (void)snprintf(arguments, sizeof arguments, "verify migration '%s'", directory);
    assert_int_equal(run(arguments, text, sizeof text), 0);
    assert_non_null(strstr(text, "reactive theta=20            0.9045"));
    assert_non_null(strstr(text, "never                        0.9068"));
    assert_non_null(strstr(text, "reactive theta=1 (always)    0.8600"));
}

static void bad_input_is_told_and_fails(void **state)
{
    (void)state;
    char text[8192];
    assert_int_equal(run("verify migration /nowhere", text, sizeof text), 1);
    assert_string_equal(text, "/nowhere/cells.csv: No such file or directory\n");
    assert_int_equal(run("verify", text, sizeof text), 2);
    assert_non_null(strstr(text, "usage: harbinger verify KIND"));
    assert_int_equal(run("verify migration", text, sizeof text), 2);
    assert_non_null(strstr(text, "usage: harbinger verify migration DIR"));
    assert_int_equal(run("verify migration --help", text, sizeof text), 0);
    assert_int_equal(run("verify --help", text, sizeof text), 0);
    assert_non_null(strstr(text, "migration"));
    assert_int_equal(run("verify moonlight", text, sizeof text), 2);
    assert_non_null(strstr(text, "harbinger verify: 'moonlight': no such kind"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_case_gives_its_table),
        cmocka_unit_test(the_published_day_prints_the_published_values),
        cmocka_unit_test(bad_input_is_told_and_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
