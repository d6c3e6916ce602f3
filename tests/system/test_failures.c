/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of failures in small runs of the program, against closed forms. Without a topology
 * anycast moves at once, so every part of an outage has a bound that follows from the
 * scenario alone. */
#include "tests/support/assert_near.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/results.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

static struct program_run said;
static char *folder;

/* Two cities with a site each; what fails, the policies and more are the test's. */
struct small {
    const char *failures, *policies;
    const char *network, *topology; /* NULL: nothing */
    uint32_t clients;
    double hours;
};

static void write_small(const struct small *it)
{
    char text[6000];
    (void)snprintf(text, sizeof text, "<?xml version=\"1.0\"?>\n"
        "<scenario version=\"1\" name=\"small\" seed=\"731\">\n"
        "<world start=\"2026-03-02T06:00:00Z\" duration_h=\"%g\" history_h=\"1\" clients=\"%u\">\n"
        "<city name=\"Köln\" country=\"DE\"/><city name=\"Paris\" country=\"FR\"/></world>\n"
        "<service request_rate_hz=\"5\" sessions=\"always_on\" state_mb=\"50\" lead_s=\"3\"/>\n"
        "<network suboptimal=\"0\" %s/>\n%s\n"
        "<sites><edge per_city=\"1\"/></sites>\n"
        "<failures>\n%s\n</failures>\n"
        "<policies>\n%s\n</policies>\n</scenario>\n",
        it->hours, it->clients, it->network == NULL ? "" : it->network,
        it->topology == NULL ? "" : it->topology, it->failures, it->policies);
    program_write(folder, "small.xml", text);
}

static struct data_result_file *play(const struct small *it)
{
    char path[1200];
    struct data_problem problem = { "" };
    struct data_result_file *file = NULL;
    static const char *const arguments[] = { "run", "small.xml", "--quiet", "--no-report",
        "--check", "-j1", "-o", "small.h5", NULL };
    write_small(it);
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
    if (said.exit_status != 0) {
        fail_msg("exit status %d: %s", said.exit_status, said.err);
    }
    (void)snprintf(path, sizeof path, "%s/small.h5", folder);
    assert_int_equal(data_results_open(path, &file, &problem), HB_OK);
    return file;
}

enum { SITES = 2, POLICIES_MAX = 4 };

struct seen {
    double detected_s[POLICIES_MAX][SITES]; /* after the failure's begin; NaN: not */
    double began_s[POLICIES_MAX][SITES];
    double most_s[POLICIES_MAX][4]; /* of each part: detection, reaction, convergence, DNS */
    double least_detection_s[POLICIES_MAX];
    uint32_t outages[POLICIES_MAX];
};

static enum hb_status keep_failure(void *context, const void *visited)
{
    struct seen *seen = context;
    const struct data_failures_row *row = visited;
    seen->began_s[row->policy][row->site] = hb_units_s(row->began_ns);
    seen->detected_s[row->policy][row->site] = row->detected_ns == HB_NEVER_NS
        ? (double)NAN : hb_units_s(row->detected_ns - row->began_ns);
    return HB_OK;
}

static enum hb_status keep_outage(void *context, const void *visited)
{
    struct seen *seen = context;
    const struct data_outages_row *row = visited;
    const double parts[4] = { (double)row->detection_s, (double)row->reaction_s,
        (double)row->convergence_s, (double)row->dns_s };
    double *most_s = seen->most_s[row->policy], *least_s = &seen->least_detection_s[row->policy];
    for (int part = 0; part < 4; part++) {
        most_s[part] = fmax(most_s[part], parts[part]);
    }
    *least_s = seen->outages[row->policy]++ == 0 ? parts[0] : fmin(*least_s, parts[0]);
    return HB_OK;
}

static struct seen see(struct data_result_file *file)
{
    struct data_problem problem = { "" };
    struct seen seen = { .outages = { 0 } };
    assert_int_equal(data_results_each(file, DATA_TABLE_FAILURES, keep_failure, &seen, &problem),
        HB_OK);
    assert_int_equal(data_results_each(file, DATA_TABLE_OUTAGES, keep_outage, &seen, &problem),
        HB_OK);
    data_results_close(file);
    return seen;
}

/* Probes of site i of n leave at interval (i + 1/2) / n and every interval from then on. The
 * first after the crash is missed; the site is taken down fall - 1 intervals and a time-out
 * later, and that is what each of its clients waits for, however its address is found. After
 * that none waits longer for DNS than its TTL and a request's gap. */
static void detection_is_fall_intervals_and_a_timeout(void **state)
{
    (void)state;
    static const struct {
        double interval_s, timeout_s, ttl_s;
        int fall;
    } cases[] = { { 10.0, 2.0, 30.0, 2 }, { 7.3, 1.9, 117.0, 3 }, { 2.0, 0.7, 5.0, 1 } };
    static const double at_s = 5403.7;
    char policies[3][200], all[700];
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(policies[i], sizeof policies[i], "<policy name=\"p%zu\" kind=\"nearest\" "
            "failover=\"%s\" probe_interval_s=\"%g\" probe_timeout_s=\"%g\" probe_fall=\"%d\" "
            "dns_ttl_s=\"%g\"/>", i, i == 1 ? "anycast" : "new", cases[i].interval_s,
            cases[i].timeout_s, cases[i].fall, cases[i].ttl_s);
    }
    (void)snprintf(all, sizeof all, "%s\n%s\n%s", policies[0], policies[1], policies[2]);
    struct small small = { .clients = 200, .hours = 2.0, .policies = all,
        .network = "extend_share=\"0\"",
        .failures = "<failure kind=\"server_crash\" site=\"edge/Köln-1\" at_h=\"1.50102777\" "
                    "duration_s=\"900\"/>" };
    struct seen seen = see(play(&small));
    for (int i = 0; i < 3; i++) {
        double phase_s = cases[i].interval_s * 0.5 / SITES;
        double probes = ceil((at_s - phase_s) / cases[i].interval_s);
        double missed_s = phase_s + probes * cases[i].interval_s;
        double due_s = missed_s + (cases[i].fall - 1) * cases[i].interval_s + cases[i].timeout_s
            - at_s;
        assert_true(seen.outages[i] > 50);
        assert_near(seen.began_s[i][0], at_s, 1e-4);
        assert_near(seen.detected_s[i][0], due_s, 1e-3);
        assert_true(seen.detected_s[i][0]
            >= (cases[i].fall - 1) * cases[i].interval_s + cases[i].timeout_s - 1e-3);
        assert_true(seen.detected_s[i][0]
            <= cases[i].fall * cases[i].interval_s + cases[i].timeout_s + 1e-3);
        assert_near(seen.most_s[i][0], due_s, 1e-3);
        assert_near(seen.least_detection_s[i], due_s, 1e-3); /* all stay connected */
        assert_true(seen.most_s[i][2] < 1e-6); /* anycast moves at once */
        assert_true(seen.most_s[i][3] <= cases[i].ttl_s + 0.2 + 1e-3);
        if (cases[i].ttl_s < 60.0) { /* the phases are spread over a TTL of anycast's record */
            assert_true(seen.most_s[i][3] > 0.8 * cases[i].ttl_s - 1.0); /* the update's second */
        }
    }
}

static int make_folder(void **state)
{
    (void)state;
    folder = program_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    program_remove(folder);
    free(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_is_fall_intervals_and_a_timeout),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
