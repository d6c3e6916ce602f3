/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failures in whole runs of the program: what the result file says of them. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/results.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

static struct program_run said;
static char *folder;

static void run(const char *scenario, const char *option, const char *value)
{
    const char *const arguments[] = { "run", path_of_source(scenario), "--quiet", "--no-report",
        "--check", "--set", "scenario.replications=1", "--set", "world.clients=900", "-o", "a.h5",
        option, value, NULL };
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
    if (said.exit_status != 0) {
        fail_msg("exit status %d: %s", said.exit_status, said.err);
    }
}

static struct data_result_file *opened(void)
{
    char path[1024];
    struct data_problem problem = { "" };
    struct data_result_file *file;
    snprintf(path, sizeof path, "%s/a.h5", folder);
    assert_int_equal(data_results_open(path, &file, &problem), HB_OK);
    return file;
}

enum { POLICIES = 6 };

static void read_all(struct data_result_file *file, struct data_resilience_row *rows)
{
    struct data_problem problem;
    assert_int_equal(data_results_len(file, DATA_TABLE_RESILIENCE), POLICIES);
    assert_int_equal(data_results_read(file, DATA_TABLE_RESILIENCE, 0, POLICIES, rows, &problem),
        HB_OK);
}

struct sums {
    double length_s[POLICIES], parts_s[POLICIES], lost_mb[POLICIES];
    uint64_t count[POLICIES];
};

static enum hb_status add(void *context, const void *visited)
{
    struct sums *sums = context;
    const struct data_outages_row *row = visited;
    double length_s = hb_units_s(row->ended_ns - row->began_ns);
    double parts_s = (double)row->detection_s + (double)row->reaction_s
        + (double)row->convergence_s + (double)row->dns_s;
    assert_true(row->ended_ns > row->began_ns);
    assert_near(parts_s, length_s, 1e-3 + 1e-5 * length_s); /* floats */
    sums->length_s[row->policy] += length_s;
    sums->count[row->policy]++;
    return HB_OK;
}

/* Shows 7: parts apart, and nobody late. --check has verified it as the run went. */
static double requests_of_violators_once_none_is_late(const char *scenario)
{
    struct data_resilience_row rows[POLICIES];
    struct data_problem problem;
    struct sums sums = { .count = { 0 } };
    run(scenario, "-j", "2");
    struct data_result_file *file = opened();
    read_all(file, rows);
    assert_int_equal(data_results_each(file, DATA_TABLE_OUTAGES, add, &sums, &problem), HB_OK);
    double violator_requests = 0.0;
    for (int policy = 0; policy < POLICIES; policy++) {
        const struct data_resilience_row *row = &rows[policy];
        assert_true(row->outages > 0);
        assert_near(row->late_requests, 0.0, 0.0);
        assert_int_equal(row->outages, sums.count[policy]);
        assert_near(row->outage_mean_s, sums.length_s[policy] / (double)row->outages, 1e-6);
        assert_near(row->detection_part_s + row->reaction_part_s + row->convergence_part_s
                + row->dns_part_s, row->outage_mean_s, 1e-3 * row->outage_mean_s);
        assert_true((row->violators > 0) == (row->violator_requests > 0.0));
        violator_requests += row->violator_requests;
    }
    data_results_close(file);
    return violator_requests;
}

static void a_site_is_left_in_time(void **state)
{
    (void)state;
    double requests = requests_of_violators_once_none_is_late("scenarios/anycast-failover.xml");
    assert_true(requests > 0.0); /* violators exist, and are seen */
}

static void a_region_is_left_in_time(void **state)
{
    (void)state;
    /* of 900 clients none may be a violator there at that hour */
    (void)requests_of_violators_once_none_is_late("scenarios/regional-outage.xml");
}

/* Bounds of the detectors, and what TTL and mirror are worth: closed forms of
 * tests/core/test_health.c in the whole program (the probe's way adds milliseconds). */
static void detection_and_dns_parts_are_what_they_must_be(void **state)
{
    (void)state;
    struct data_resilience_row rows[POLICIES];
    run("scenarios/anycast-failover.xml", "-j", "2");
    struct data_result_file *file = opened();
    read_all(file, rows);
    for (int policy = 0; policy < POLICIES; policy++) {
        assert_int_equal(rows[policy].failures, 1);
        assert_int_equal(rows[policy].detected, 1);
    }
    /* (2 - 1) x 10 + 2 to 2 x 10 + 2 s */
    assert_in_range((int)(rows[0].detection_s * 1e3), 12000, 22100);
    assert_in_range((int)(rows[1].detection_s * 1e3), 500, 5000);
    assert_in_range((int)(rows[2].detection_s * 1e3), 600, 950);   /* 3 x 0.3, less a gap */
    assert_true(rows[0].dns_part_s < 1e-9); /* anycast needs no other answer */
    assert_true(rows[4].dns_part_s > 3.0 * rows[3].dns_part_s); /* TTL 300 against 30 */
    assert_true(rows[5].lost_mb < 0.1 * rows[3].lost_mb); /* a mirror's lag against the session */
    data_results_close(file);
}

static void threads_do_not_change_outages_and_replays_repeat_them(void **state)
{
    (void)state;
    char one[64], two[64];
    run("scenarios/regional-outage.xml", "-j", "1");
    snprintf(one, sizeof one, "%.40s", strstr(said.out, "\ndigest"));
    run("scenarios/regional-outage.xml", "-j", "2");
    snprintf(two, sizeof two, "%.40s", strstr(said.out, "\ndigest"));
    assert_string_equal(one, two);
    static const char *const policies[] = { "to-anycast", "standby", "mirror-bfd" };
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        const char *const record[] = { "run", path_of_source("scenarios/regional-outage.xml"),
            "--quiet", "--no-report", "--set", "scenario.replications=1", "--set",
            "world.clients=500", "-o", "b.h5", "--record", "rec", "--record-policy", policies[i],
            NULL };
        program_run(&(struct program_call) { .arguments = record, .folder = folder }, &said);
        assert_int_equal(said.exit_status, 0);
        const char *const replay[] = { "replay", "rec", NULL };
        program_run(&(struct program_call) { .arguments = replay, .folder = folder }, &said);
        assert_int_equal(said.exit_status, 0);
        assert_non_null(strstr(said.out, "identical to the recording"));
    }
}

static void bad_failures_are_told(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "failure.mtbf_h=5", "expected either at_h or mtbf_h" },
        { "failure.share=1.5", "share=\"1.5\": expected a share from 0 to 1" },
        { "failure.kind=earthquake", "kind=\"earthquake\": expected" },
        { "failure.radius_km=1", "expected a failure that strikes one of the sites at least" },
        { "policy.probe_timeout_s=20", "expected at most probe_interval_s" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const arguments[] = { "run", path_of_source("scenarios/anycast-failover.xml"),
            "--quiet", "--no-report", "--set", "world.clients=50", "--set", cases[i][0], "-o",
            "c.h5", NULL };
        program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
        if (said.exit_status != 1 || strstr(said.err, cases[i][1]) == NULL) {
            fail_msg("case %zu: exit %d, said %s", i, said.exit_status, said.err);
        }
    }
}

int main(void)
{
#define T(name) \
    cmocka_unit_test_prestate_setup_teardown(name, program_make_folder, \
        program_remove_folder, &folder)
    const struct CMUnitTest tests[] = {
        T(a_site_is_left_in_time),
        T(a_region_is_left_in_time),
        T(detection_and_dns_parts_are_what_they_must_be),
        T(threads_do_not_change_outages_and_replays_repeat_them),
        T(bad_failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
