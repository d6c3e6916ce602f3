/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/migration.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

static struct analysis_migration *read_from(const char *directory)
{
    struct data_problem problem = { .text = "" };
    struct analysis_migration *migration = NULL;
    if (analysis_migration_read(directory, &problem, &migration) != HB_OK) {
        fail_msg("%s", problem.text);
    }
    return migration;
}

static double cost_of(const struct analysis_migration *migration,
    enum analysis_migration_kind kind, uint32_t theta, uint32_t lead_slots)
{
    struct analysis_migration_policy policy = { kind, theta, lead_slots };
    double cost = -1.0;
    assert_int_equal(analysis_migration_cost(migration, &policy, &cost), HB_OK);
    return cost;
}

/* Published: theta = 20 (the paper's "never"), truly never, always. */
static void the_published_day_costs_what_was_published(void **state)
{
    (void)state;
    const char *directory = path_of_shared("service-migration-sf");
    if (directory == NULL) {
        skip();
    }
    struct analysis_migration *migration = read_from(directory);
    struct analysis_migration_size size = analysis_migration_size_of(migration);
    assert_int_equal(size.cell_count, 209);
    assert_int_equal(size.site_count, 100);
    assert_int_equal(size.slot_count, 1441);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 20, 0), 0.9045, 0.00005);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_NEVER, 0, 0), 0.9068, 0.00005);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 1, 0), 0.8600, 0.00005);
    analysis_migration_free(migration);
}

static void no_policy_beats_the_optimum_at_any_lead(void **state)
{
    (void)state;
    const char *directory = path_of_shared("service-migration-sf");
    if (directory == NULL) {
        skip();
    }
    struct analysis_migration *migration = read_from(directory);
    static const uint32_t leads[] = { 0, 2, 5, 15, 30 };
    double last = 0.0;
    for (int i = 0; i < 5; i++) {
        double least = cost_of(migration, ANALYSIS_MIGRATION_OPTIMUM, 0, leads[i]);
        assert_true(least >= last); /* a longer lead never helps */
        last = least;
        assert_true(cost_of(migration, ANALYSIS_MIGRATION_NEVER, 0, leads[i]) >= least);
        for (uint32_t theta = 1; theta <= 20; theta++) {
            assert_true(
                cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, theta, leads[i]) >= least);
        }
        assert_true(cost_of(migration, ANALYSIS_MIGRATION_WORK_FUNCTION, 0, leads[i]) >= least);
    }
    analysis_migration_free(migration);
}

/* By hand. Sites A in cell 1, B in cell 3, 0.025 degrees apart: 3 hops; cell 2 is 1 from A,
 * 2 (1.5 up) from B. Arrival 1; serving 4 (1 - 0.8^h) = 0.8, 1.44, 1.952 at 1, 2, 3 hops; a
 * move 2 - 0.512 = 1.488. User 0 is in 1 2 3 3, user 1 in 3 - 1 3; two users in slots
 * 0, 2, 3, one in slot 1. */
static void the_small_case_follows_the_hand_count(void **state)
{
    (void)state;
    struct analysis_migration *migration
        = read_from(path_of_source("tests/analysis/migration"));
    /* 2/2 + 0.8 + (1.952 + 1)/2 + (1.952 + 1.952)/2 = 5.228 */
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_NEVER, 0, 0), 5.228 / 4, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 4, 0), 5.228 / 4, 1e-12);
    /* 2/2 + 0.8 + (1.488 + 1)/2 + 1.488/2 = 3.788 */
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 1, 0), 3.788 / 4, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 3, 0), 3.788 / 4, 1e-12);
    /* User 0 moves a slot late, user 1's move comes after its end:
     * 1 + 0.8 + (1.952 + 1)/2 + (1.488 + 1.952)/2 = 4.996 */
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 1, 1), 4.996 / 4, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 1, 9), 5.228 / 4, 1e-12);
    /* Work function: user 0 hesitates one slot, user 1 to the end: 3.02 + 1.976. */
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_WORK_FUNCTION, 0, 0), 4.996 / 4, 1e-12);
    /* The optimum moves as always-nearest does; with lead 2 user 1's second stay
     * is too short (+ 0.976 - 0.744), with lead 3 user 0 is a slot late too (+ 0.976). */
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_OPTIMUM, 0, 0), 3.788 / 4, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_OPTIMUM, 0, 1), 3.788 / 4, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_OPTIMUM, 0, 2), 4.020 / 4, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_OPTIMUM, 0, 3), 4.996 / 4, 1e-12);
    analysis_migration_free(migration);
}

/* A copy of the small case in a new folder, one file of it replaced. */
static char *folder;

static const char *const names[] = { "cells.csv", "slots.csv", "cell_of_user.csv" };

static void write_small_case(void)
{
    static char text[4096];
    for (int i = 0; i < 3; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "tests/analysis/migration/%s", names[i]);
        FILE *file = fopen(path_of_source(path), "rb");
        assert_non_null(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        assert_int_equal(fclose(file), 0);
        program_write(folder, names[i], text);
    }
}

/* By hand: decided in slot 1, while under way nothing else is, effect in slot 3:
 * 1 + 2 x 1.952 + 1.488 + 0 over 5 slots. With lead 4 the end comes first. */
static void one_move_is_under_way_at_a_time(void **state)
{
    (void)state;
    write_small_case();
    program_write(folder, "slots.csv",
        "slot,cm,pm,ct,pt,total_users\n0,2,-1,4,-4,1\n1,2,-1,4,-4,1\n2,2,-1,4,-4,1\n"
        "3,2,-1,4,-4,1\n4,2,-1,4,-4,1\n");
    program_write(folder, "cell_of_user.csv",
        "user,slot,cell\n9,0,1\n9,1,3\n9,2,3\n9,3,3\n9,4,3\n");
    struct analysis_migration *migration = read_from(folder);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 1, 2), 6.392 / 5, 1e-12);
    assert_near(cost_of(migration, ANALYSIS_MIGRATION_THRESHOLD, 1, 4), 8.808 / 5, 1e-12);
    analysis_migration_free(migration);
}

static const struct {
    const char *name, *text, *message;
} spoiled[] = {
    { "cells.csv", "cell,lat,lon,site\n",
        "cells.csv:1: header \"cell,lat,lon,site\": expected \"cell,lat_deg,lon_deg,is_site\"" },
    { "cells.csv", "cell,lat_deg,lon_deg,is_site\n1,10,20\n",
        "cells.csv:2: 3 fields: expected 4" },
    { "cells.csv", "cell,lat_deg,lon_deg,is_site\n1,10,20,1\n3,10,20,1\n",
        "cells.csv:3: cell=\"3\": expected a whole number 2 to 2" },
    { "cells.csv", "cell,lat_deg,lon_deg,is_site\n1,91,20,1\n",
        "cells.csv:2: lat_deg=\"91\": expected a number -90 to 90" },
    { "cells.csv", "cell,lat_deg,lon_deg,is_site\n1,10,nan,1\n",
        "cells.csv:2: lon_deg=\"nan\": expected a number -180 to 180" },
    { "cells.csv", "cell,lat_deg,lon_deg,is_site\n1,10,20,yes\n",
        "cells.csv:2: is_site=\"yes\": expected a whole number 0 to 1" },
    { "cells.csv", "cell,lat_deg,lon_deg,is_site\n1,10,20,0\n2,10,20,0\n3,10,20,0\n",
        "cells.csv: 3 cells, 0 sites: expected 1 site, and 20000000 pairs at most" },
    { "slots.csv", "slot,cm,pm,ct,pt,total_users\n1,2,-1,4,-4,2\n",
        "slots.csv:2: slot=\"1\": expected a whole number 0 to 0" },
    { "slots.csv", "slot,cm,pm,ct,pt,total_users\n0,2,,4,-4,2\n",
        "slots.csv:2: pm=\"\": expected a number -1e+09 to 1e+09" },
    { "slots.csv", "slot,cm,pm,ct,pt,total_users\n0,2,-3,4,-4,2\n",
        "slots.csv:2: cm=2 pm=-3: expected cm >= 0 and cm + pm >= 0, a move that costs nothing "
        "or more" },
    { "slots.csv", "slot,cm,pm,ct,pt,total_users\n",
        "slots.csv:2: no slot: expected at least one" },
    { "slots.csv",
        "slot,cm,pm,ct,pt,total_users\n0,2,-1,4,-4,2\n1,2,-1,4,-4,2\n2,2,-1,4,-4,2\n"
        "3,2,-1,4,-4,2\n",
        "slots.csv:3: total_users=\"2\": expected 1, the users with a row in slot 1" },
    { "cell_of_user.csv", "user,slot,cell\n0,4,1\n",
        "cell_of_user.csv:2: slot=\"4\": expected a whole number 0 to 3" },
    { "cell_of_user.csv", "user,slot,cell\n0,0,4\n",
        "cell_of_user.csv:2: cell=\"4\": expected a whole number 1 to 3" },
    { "cell_of_user.csv", "user,slot,cell\n0,0,1\n0,0,1\n",
        "cell_of_user.csv:3: user 0, slot 0: expected rows by user and slot, "
        "after user 0, slot 0" },
    { "cell_of_user.csv", "user,slot,cell\n1,0,1\n0,3,1\n",
        "cell_of_user.csv:3: user 0, slot 3: expected rows by user and slot, "
        "after user 1, slot 0" },
    { "cell_of_user.csv", "user,slot,cell\n-1,0,1\n",
        "cell_of_user.csv:2: user=\"-1\": expected a whole number 0 to 200000000" },
    { "cell_of_user.csv", "user,slot,cell\n", "cell_of_user.csv: no user: expected at least one" },
};

static void spoiled_folders_are_told_by_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoiled / sizeof spoiled[0]; i++) {
        write_small_case();
        program_write(folder, spoiled[i].name, spoiled[i].text);
        struct data_problem problem = { .text = "" };
        struct analysis_migration *migration = NULL;
        assert_int_equal(analysis_migration_read(folder, &problem, &migration), HB_ERR_FORMAT);
        assert_null(migration);
        assert_memory_equal(problem.text, folder, strlen(folder));
        assert_string_equal(problem.text + strlen(folder) + 1, spoiled[i].message);
    }
    write_small_case();
    analysis_migration_free(read_from(folder));
}

static void an_absent_file_is_told(void **state)
{
    (void)state;
    struct data_problem problem = { .text = "" };
    struct analysis_migration *migration = NULL;
    assert_int_equal(analysis_migration_read("/nowhere", &problem, &migration), HB_ERR_IO);
    assert_string_equal(problem.text, "/nowhere/cells.csv: No such file or directory");
    assert_null(migration);
    analysis_migration_free(NULL);
}

int main(void)
{
#define IN_FOLDER(name) \
    cmocka_unit_test_prestate_setup_teardown(name, program_make_folder, \
        program_remove_folder, &folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_day_costs_what_was_published),
        cmocka_unit_test(no_policy_beats_the_optimum_at_any_lead),
        cmocka_unit_test(the_small_case_follows_the_hand_count),
        IN_FOLDER(one_move_is_under_way_at_a_time),
        IN_FOLDER(spoiled_folders_are_told_by_file_and_line),
        cmocka_unit_test(an_absent_file_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
