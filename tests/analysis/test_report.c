/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/synthetic_results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/report.h"
#include "tests/support/assert_near.h"
#include "tests/support/paths.h"

static const char *const directory = "report-test";
static const char *const results = "report-test.h5";
static const char *const names[] = { "latency-cdf", "latency-day", "cost-latency",
    "mirror-outcomes", "mirror-phases", "prediction-horizon", "sweep", "map", "client-day" };
static const char *const suffixes[] = { ".tsv", ".gp", ".pdf", ".png" };
#define NAMES (sizeof names / sizeof names[0])

static char *file_text(const char *name, size_t *count)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return NULL;
    }
    (void)fseek(in, 0, SEEK_END);
    *count = (size_t)ftell(in);
    rewind(in);
    char *text = calloc(1, *count + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *count, in), *count);
    (void)fclose(in);
    return text;
}

static int remove_all(void **state)
{
    (void)state;
    char path[200];
    for (size_t i = 0; i < NAMES; i++) {
        for (size_t k = 0; k < 4; k++) {
            (void)snprintf(path, sizeof path, "%s/%s%s", directory, names[i], suffixes[k]);
            (void)unlink(path);
        }
    }
    (void)snprintf(path, sizeof path, "%s/report.html", directory);
    (void)unlink(path);
    (void)rmdir(directory);
    (void)unlink(results);
    return 0;
}

static enum hb_status report(struct synthetic how, struct data_problem *problem)
{
    how.path = results;
    how.memory_bytes = 1 << 24;
    synthetic_results(&how, NULL);
    const struct analysis_report what = { .paths = &results,
        .path_count = 1,
        .directory = directory,
        .coastline_path = path_of_source("data/coastline.tsv") };
    return analysis_report_write(&what, problem);
}

static int starts_with(const char *name, const char *suffix, const char *magic)
{
    char path[100];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s%s", name, suffix);
    char *text = file_text(path, &count);
    int is_same = text != NULL && count > 500 && memcmp(text, magic, strlen(magic)) == 0;
    free(text);
    return is_same;
}

static void every_figure_is_there(void **state)
{
    (void)state;
    struct data_problem problem = { "" };
    struct synthetic how = { .replication_count = 3, .lead_count = 3 };
    assert_int_equal(report(how, &problem), HB_OK);
    for (size_t i = 0; i < NAMES; i++) {
        if (!starts_with(names[i], ".pdf", "%PDF-") || !starts_with(names[i], ".png", "\x89PNG")) {
            fail_msg("%s is not drawn", names[i]);
        }
    }
}

/* One page that needs nothing else: nine images as data, no address, no path. */
static void the_page_stands_alone(void **state)
{
    (void)state;
    struct data_problem problem = { "" };
    struct synthetic how = { .replication_count = 2, .lead_count = 2 };
    assert_int_equal(report(how, &problem), HB_OK);
    size_t count;
    char *page = file_text("report.html", &count);
    assert_non_null(page);
    int images = 0;
    for (char *at = page; (at = strstr(at, "src=\"")) != NULL; at++) {
        assert_memory_equal(at + 5, "data:image/png;base64,iVBORw0KGgo", 33);
        images++;
    }
    assert_int_equal(images, NAMES);
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "https:"));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, path_of_source("")));
    assert_non_null(strstr(page, "prefers-color-scheme:dark"));
    assert_non_null(strstr(page, "Difference to anycast: lead_s = 120"));
    assert_non_null(strstr(page, "&lt;scenario name=&quot;synthetic&quot;&gt;"));
    free(page);
}

static void without_data_there_is_no_figure(void **state)
{
    (void)state;
    struct data_problem problem = { "" };
    struct synthetic how = { .replication_count = 1 };
    assert_int_equal(report(how, &problem), HB_OK);
    size_t count;
    char *script = file_text("sweep.gp", &count);
    assert_null(script);
    script = file_text("sweep.tsv", &count);
    assert_null(script);
}

static void a_hostile_name_runs_nothing(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "'; system('touch owned') #",
        "\"`touch owned`\" @x \\",
        "<script>alert(1)</script>",
        "a\n!touch owned\n\tb\x1b[2J",
        "\xff\xfe{/Bold x}_y^z",
        "}} # {{{ \\",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct data_problem problem = { "" };
        struct synthetic how = { .replication_count = 2, .policy_name = hostile[i] };
        if (report(how, &problem) != HB_OK) {
            fail_msg("%s", problem.text);
        }
        assert_int_equal(access("owned", F_OK), -1);
        char owned[64];
        (void)snprintf(owned, sizeof owned, "%s/owned", directory);
        assert_int_equal(access(owned, F_OK), -1);
        size_t count;
        char *page = file_text("report.html", &count);
        assert_non_null(page);
        assert_null(strstr(page, "<script"));
        free(page);
    }
}

static void a_missing_gnuplot_is_told(void **state)
{
    (void)state;
    char *kept = strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    struct data_problem problem = { "" };
    struct synthetic how = { .replication_count = 1 };
    assert_int_equal(report(how, &problem), HB_ERR_UNSUPPORTED);
    assert_string_equal(problem.text,
        "gnuplot cannot be started: figures need it: install gnuplot-nox (5.4 or later)");
    assert_int_equal(setenv("PATH", kept, 1), 0);
    assert_int_equal(access(directory, F_OK), -1);
    free(kept);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    FILE *in_the_way = fopen(directory, "w");
    assert_non_null(in_the_way);
    (void)fclose(in_the_way);
    struct data_problem problem = { "" };
    struct synthetic how = { .replication_count = 1 };
    assert_int_equal(report(how, &problem), HB_ERR_IO);
    assert_string_equal(problem.text, "report-test: folder cannot be made: File exists");
    (void)unlink(directory);
}

static void the_summary_has_a_row_for_every_policy(void **state)
{
    (void)state;
    struct synthetic how = { .path = results, .replication_count = 2, .memory_bytes = 1 << 24 };
    synthetic_results(&how, NULL);
    char *text = NULL;
    size_t count;
    FILE *out = open_memstream(&text, &count);
    struct data_problem problem = { "" };
    struct analysis_report what = { .paths = &results, .path_count = 1, .base = "oracle" };
    assert_int_equal(analysis_report_summary(&what, out, &problem), HB_OK);
    (void)fclose(out);
    assert_non_null(strstr(text, "\ndifference to oracle\n"));
    what.base = "clairvoyance";
    assert_int_equal(analysis_report_summary(&what, stdout, &problem), HB_ERR_NOT_FOUND);
    assert_string_equal(problem.text,
        "report-test.h5: /policies: found no 'clairvoyance': expected the policy to compare with");
    assert_non_null(strstr(text, "synthetic: 24 h, seed 731, 2 replications, digest "));
    assert_non_null(strstr(text, "\nski_rental "));
    assert_non_null(strstr(text, "regret %"));
    free(text);
}

#define REPORTED(name) cmocka_unit_test_teardown(name, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPORTED(every_figure_is_there),
        REPORTED(the_page_stands_alone),
        REPORTED(without_data_there_is_no_figure),
        REPORTED(a_hostile_name_runs_nothing),
        REPORTED(a_missing_gnuplot_is_told),
        REPORTED(a_folder_that_cannot_be_made_is_told),
        REPORTED(the_summary_has_a_row_for_every_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
