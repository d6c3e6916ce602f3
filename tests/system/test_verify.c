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

/* Measured answers, blind: weights from the other experiments beat the majority. */
static void catchments_are_predicted_experiment_by_experiment(void **state)
{
    (void)state;
    const char *directory = path_of_shared("peering-anycast");
    if (directory == NULL || path_of_shared("caida-as-rel/20180101.as-rel.txt") == NULL) {
        skip();
    }
    char text[8192], arguments[1200];
    (void)snprintf(arguments, sizeof arguments, "verify catchment '%s'", directory);
    assert_int_equal(run(arguments, text, sizeof text), 0);
    assert_non_null(strstr(text, "  21 grnet01      ufmg01          10044   0.187     0.813"));
    const char *mean = strstr(text, "mean of those where both sites have a tenth (*)");
    assert_non_null(mean);
    double values[6];
    assert_int_equal(sscanf(mean + 47, "%lf %lf %lf %lf %lf %lf", &values[0], &values[1],
        &values[2], &values[3], &values[4], &values[5]), 6);
    assert_near(values[0], 0.765, 0.0006);
    assert_true(values[5] > values[0]);
    assert_int_equal(run("verify catchment /nowhere", text, sizeof text), 1);
    assert_non_null(strstr(text, "/nowhere/peers.json"));
    assert_int_equal(run("verify catchment", text, sizeof text), 2);
}

static void round_trips_are_predicted_from_geography(void **state)
{
    (void)state;
    const char *nodes = path_of_shared("aws-latency/aws_region_coords.csv");
    const char *matrix = path_of_shared("aws-latency/aws_p50_rtt_ms.csv");
    if (nodes == NULL || matrix == NULL) {
        skip();
    }
    char text[8192], arguments[2400];
    (void)snprintf(arguments, sizeof arguments, "verify rtt '%s' '%s'", nodes, matrix);
    assert_int_equal(run(arguments, text, sizeof text), 0);
    assert_non_null(strstr(text, "32 regions, 992 pairs"));
    const char *line = strstr(text, "region left out of the fit");
    assert_non_null(line);
    double middle = 1.0;
    assert_int_equal(sscanf(line + strlen("region left out of the fit"), "%lf", &middle), 1);
    assert_true(middle < 0.15);
    assert_int_equal(run("verify rtt /nowhere /nowhere", text, sizeof text), 1);
    assert_int_equal(run("verify rtt one", text, sizeof text), 2);
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
        cmocka_unit_test(catchments_are_predicted_experiment_by_experiment),
        cmocka_unit_test(round_trips_are_predicted_from_geography),
        cmocka_unit_test(bad_input_is_told_and_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
