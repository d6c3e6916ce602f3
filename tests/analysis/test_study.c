/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/study.h"
#include "analysis/table.h"

static const char *const path = "study-small.h5";

/* Two policies, two settings, three replications, with numbers that can be
 * worked out by hand; the run of policy 1, setting 1, replication 2 is missing. */
static void add_run(struct data_results *results, struct data_run run)
{
    struct data_rows *rows;
    assert_int_equal(data_rows_create(run, 1 << 20, &rows), HB_OK);
    double shared = 100.0 * run.replication;
    struct data_summary_row row = { .requests = 200.0,
        .requests_failed = 5.0,
        .cost = 50.0 + shared + 7.0 * run.policy + 3.0 * run.setting,
        .optimum_cost = 40.0,
        .latency_mean_ms = 10.0 + run.policy,
        .latency_p50_ms = (double)NAN,
        .mirrors = 8,
        .hit = 6,
        .late = 2,
        .energy_j = 7.2e6 };
    data_rows_add(rows, DATA_TABLE_SUMMARY, &row);
    assert_int_equal(data_results_append(results, rows, NULL), HB_OK);
    data_rows_free(rows);
}

static void add_world(struct data_results *results)
{
    struct data_rows *rows;
    assert_int_equal(data_rows_create((struct data_run) { 0 }, 1 << 20, &rows), HB_OK);
    struct data_policies_row policies[] = { { .name = "static" }, { .name = "reactive" } };
    struct data_settings_row settings[] = { { .setting = 0, .parameter = "lead_s" },
        { .setting = 1, .parameter = "lead_s", .value = 120.0 } };
    for (int i = 0; i < 2; i++) {
        data_rows_add(rows, DATA_TABLE_POLICIES, &policies[i]);
        data_rows_add(rows, DATA_TABLE_SETTINGS, &settings[i]);
    }
    assert_int_equal(data_results_append(results, rows, NULL), HB_OK);
    data_rows_free(rows);
}

static void write_small(int is_doubled)
{
    const struct data_manifest manifest = { .scenario_name = "small",
        .scenario_text = "<s/>",
        .currency = "EUR",
        .program = "p",
        .duration_s = 86400,
        .replication_count = 3 };
    struct data_results *results;
    assert_int_equal(data_results_create(path, &manifest, &results, NULL), HB_OK);
    add_world(results);
    for (unsigned i = 0; i < 12; i++) {
        /* Backwards, so that the study has to sort. */
        struct data_run run = { .setting = (uint16_t)((11 - i) / 6),
            .policy = (uint16_t)((11 - i) % 2),
            .replication = (uint16_t)((11 - i) / 2 % 3) };
        if (run.setting != 1 || run.policy != 1 || run.replication != 2) {
            add_run(results, run);
        }
    }
    if (is_doubled) {
        add_run(results, (struct data_run) { .setting = 0, .policy = 1, .replication = 2 });
    }
    assert_int_equal(data_results_commit(results, NULL, NULL), HB_OK);
}

static struct analysis_study *opened(void)
{
    write_small(0);
    struct analysis_study *study;
    struct data_problem problem = { "" };
    assert_int_equal(analysis_study_open(&path, 1, &study, &problem), HB_OK);
    (void)unlink(path);
    return study;
}

static void metrics_are_means_over_replications(void **state)
{
    (void)state;
    struct analysis_study *study = opened();
    struct analysis_interval got;
    struct analysis_cell cell = { .series = 1, .setting = 0 };
    assert_int_equal(analysis_study_metric(study, cell, ANALYSIS_METRIC_COST, &got), HB_OK);
    assert_near(got.estimate, 157.0, 1e-12);
    /* t(0.975, 2) = 4.3027, standard deviation 100 */
    assert_near(got.upper - got.estimate, 4.30265 * 100.0 / sqrt(3.0), 1e-5);
    assert_int_equal(analysis_study_metric(study, cell, ANALYSIS_METRIC_REGRET, &got), HB_OK);
    assert_near(got.estimate, (42.5 + 292.5 + 542.5) / 3.0, 1e-12);
    assert_int_equal(analysis_study_metric(study, cell, ANALYSIS_METRIC_HIT, &got), HB_OK);
    assert_near(got.estimate, 75.0, 1e-12);
    assert_int_equal(
        analysis_study_metric(study, cell, ANALYSIS_METRIC_REQUESTS_FAILED, &got), HB_OK);
    assert_near(got.estimate, 2.5, 1e-12);
    assert_int_equal(analysis_study_metric(study, cell, ANALYSIS_METRIC_ENERGY, &got), HB_OK);
    assert_near(got.estimate, 2.0, 1e-12);
    analysis_study_close(study);
}

static void what_is_not_known_is_not_found(void **state)
{
    (void)state;
    struct analysis_study *study = opened();
    struct analysis_interval got;
    struct analysis_cell cell = { .series = 0, .setting = 0 };
    assert_int_equal(
        analysis_study_metric(study, cell, ANALYSIS_METRIC_LATENCY_P50, &got), HB_ERR_NOT_FOUND);
    assert_false(analysis_table_has(study, 0, 0, ANALYSIS_METRIC_LATENCY_P50));
    assert_true(analysis_table_has(study, 0, 0, ANALYSIS_METRIC_COST));
    cell.setting = 7;
    assert_int_equal(
        analysis_study_metric(study, cell, ANALYSIS_METRIC_COST, &got), HB_ERR_NOT_FOUND);
    analysis_study_close(study);
}

/* The shared 100 per replication cancels: 7 exactly, although one side lacks a run. */
static void differences_pair_equal_replications(void **state)
{
    (void)state;
    struct analysis_study *study = opened();
    struct analysis_interval got;
    struct analysis_cell cell = { .series = 1, .setting = 1 }, base = { .setting = 1 };
    assert_int_equal(
        analysis_study_difference(study, cell, base, ANALYSIS_METRIC_COST, &got), HB_OK);
    assert_int_equal(got.count, 2);
    assert_near(got.estimate, 7.0, 1e-12);
    assert_near(got.upper, 7.0, 1e-9);
    analysis_study_close(study);
}

static void two_rows_of_one_run_are_told(void **state)
{
    (void)state;
    write_small(1);
    struct analysis_study *study;
    struct data_problem problem = { "" };
    assert_int_equal(analysis_study_open(&path, 1, &study, &problem), HB_ERR_FORMAT);
    assert_string_equal(problem.text,
        "study-small.h5: /summary: found two rows of setting 0, policy 1, replication 2: "
        "expected one");
    (void)unlink(path);
}

static void series_of_several_files_carry_the_file_name(void **state)
{
    (void)state;
    write_small(0);
    const char *paths[] = { path, "./study-small.h5" };
    struct analysis_study *study;
    assert_int_equal(analysis_study_open(paths, 2, &study, NULL), HB_OK);
    assert_int_equal(analysis_study_series_count(study), 4);
    assert_string_equal(analysis_study_series(study, 3)->label, "study-small: reactive");
    assert_int_equal(analysis_study_series(study, 3)->file, 1);
    analysis_study_close(study);
    (void)unlink(path);
}

static void expect_cell(struct analysis_interval value, int is_signed, const char *wanted)
{
    char text[ANALYSIS_TABLE_CELL_BYTES];
    analysis_table_cell(HB_OK, &value, is_signed, text);
    assert_string_equal(text, wanted);
}

static void cells_show_as_many_digits_as_are_known(void **state)
{
    (void)state;
    expect_cell((struct analysis_interval) { 25.3137, 24.8937, 25.7337, 5 }, 0, "25.31 ± 0.42");
    expect_cell((struct analysis_interval) { 7313.7, 7258.7, 7368.7, 5 }, 0, "7314 ± 55");
    expect_cell((struct analysis_interval) { 3.14159, 3.14159, 3.14159, 1 }, 0, "3.142");
    expect_cell((struct analysis_interval) { 300.0, 300.0, 300.0, 5 }, 0, "300");
    expect_cell((struct analysis_interval) { -2.5, -3.0, -2.0, 4 }, 1, "-2.50 ± 0.50");
    expect_cell((struct analysis_interval) { 2.5, 2.0, 3.0, 4 }, 1, "+2.50 ± 0.50");
    expect_cell((struct analysis_interval) { 0.0, 0.0, 0.0, 4 }, 0, "0");
    char text[ANALYSIS_TABLE_CELL_BYTES];
    analysis_table_cell(HB_ERR_NOT_FOUND, NULL, 0, text);
    assert_string_equal(text, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_means_over_replications),
        cmocka_unit_test(what_is_not_known_is_not_found),
        cmocka_unit_test(differences_pair_equal_replications),
        cmocka_unit_test(two_rows_of_one_run_are_told),
        cmocka_unit_test(series_of_several_files_carry_the_file_name),
        cmocka_unit_test(cells_show_as_many_digits_as_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
