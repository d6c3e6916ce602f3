/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of failures in small runs of the program, against closed forms. Without a topology
 * anycast moves at once, so every part of an outage has a bound that follows from the
 * scenario alone. */
#include "tests/support/assert_near.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/system/small_run.h"

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
    struct seen seen = { .outages = { 0 } };
    small_run_rows(file, DATA_TABLE_FAILURES, keep_failure, &seen);
    small_run_rows(file, DATA_TABLE_OUTAGES, keep_outage, &seen);
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
        .failures = "<failures><failure kind=\"server_crash\" site=\"edge/Köln-1\" "
                    "at_h=\"1.50102777\" duration_s=\"900\"/></failures>" };
    struct seen seen = see(small_run(&small));
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

/* Of one policy: lives and repairs of sites, by their rows in order. */
struct lives {
    int64_t ended_ns[SITES];
    double up_s, up_square_s2, down_s;
    uint32_t up_count, down_count, rows, longer;
};

static const double mtbf_s = 7200.0, mttr_s = 300.0;

static enum hb_status keep_life(void *context, const void *visited)
{
    struct lives *lives = context;
    const struct data_failures_row *row = visited;
    if (row->kind == DATA_FAILURE_HEALTHY) {
        return HB_OK;
    }
    double up_s = hb_units_s(row->began_ns - lives->ended_ns[row->site]);
    assert_true(up_s >= 0.0);
    lives->up_s += up_s;
    lives->up_square_s2 += up_s * up_s;
    lives->longer += up_s > mtbf_s;
    lives->up_count++;
    lives->rows++;
    if (row->ended_ns != HB_NEVER_NS) {
        lives->down_s += hb_units_s(row->ended_ns - row->began_ns);
        lives->down_count++;
        lives->ended_ns[row->site] = row->ended_ns;
    }
    return HB_OK;
}

/* Exponential: mean m +- m / sqrt n, a share 1/e of the lives beyond the mean, squares of mean
 * 2 m^2 (deviation of a square sqrt 20 m^2); all within four deviations, so one in some
 * thousand seeds would fail. Repairs are shorter than a site's detection at times: they are
 * counted all the same. */
static void lives_and_repairs_are_exponential(void **state)
{
    (void)state;
    struct small small = { .clients = 3, .hours = 1200.0,
        .policies = "<policy name=\"a\" kind=\"anycast\" probe_interval_s=\"100\"/>",
        .failures = "<failures><failure kind=\"server_crash\" mtbf_h=\"2\" mttr_s=\"300\"/>"
                    "</failures>" };
    struct lives lives = { .rows = 0 };
    struct data_result_file *file = small_run(&small);
    small_run_rows(file, DATA_TABLE_FAILURES, keep_life, &lives);
    struct data_resilience_row row = small_run_resilience(file, 0);
    data_results_close(file);
    double n = lives.up_count, expected = 2.0 * 1200.0 * 3600.0 / (mtbf_s + mttr_s);
    assert_near(n, expected, 4.0 * sqrt(expected));
    assert_near(lives.up_s / n, mtbf_s, 4.0 * mtbf_s / sqrt(n));
    assert_near(lives.longer / n, exp(-1.0), 4.0 * sqrt(exp(-1.0) * (1.0 - exp(-1.0)) / n));
    assert_near(lives.up_square_s2 / n / (mtbf_s * mtbf_s), 2.0, 4.0 * sqrt(20.0 / n));
    assert_near(lives.down_s / lives.down_count, mttr_s, 4.0 * mttr_s / sqrt(lives.down_count));
    assert_int_equal(row.failures, lives.rows);
    assert_true(row.detected < row.failures);
    assert_int_equal(row.false_positives, 0);
    /* a repair must outlast the phase of the probes, 0 to 100 s, and 102 s more */
    double seen = exp(-102.0 / mttr_s) * (1.0 - exp(-100.0 / mttr_s)) * mttr_s / 100.0;
    assert_near(row.detected / n, seen, 4.0 * sqrt(seen * (1.0 - seen) / n));
}

/* Cut lines move anycast at once where no routes are simulated; silent ones when the probes
 * have found out, or the line is whole again before. Who has a record waits for the probes
 * either way. */
static void a_partition_is_felt_until_somebody_sees_it(void **state)
{
    (void)state;
    static const struct {
        const char *silent;
        double duration_s, anycast_s;
    } cases[] = { { "no", 900.0, 0.0 }, { "yes", 900.0, 1.0 }, { "yes", 7.0, 7.0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char failures[300];
        (void)snprintf(failures, sizeof failures, "<failures><failure kind=\"partition\" "
            "site=\"edge/Köln-1\" at_h=\"0.75\" duration_s=\"%g\" silent=\"%s\"/></failures>",
            cases[i].duration_s, cases[i].silent);
        struct small small = { .clients = 100, .hours = 1.5, .failures = failures,
            .network = "extend_share=\"0\"",
            .policies = "<policy name=\"a\" kind=\"anycast\"/>"
                        "<policy name=\"b\" kind=\"nearest\" failover=\"new\" dns_ttl_s=\"30\"/>" };
        struct seen seen = see(small_run(&small));
        double detected_s = seen.detected_s[0][0];
        bool is_short = cases[i].duration_s < 10.0;
        assert_true(isnan(detected_s) == is_short);
        if (cases[i].anycast_s < 0.5) {
            assert_int_equal(seen.outages[0], 0);
        } else {
            double felt_s = is_short ? cases[i].duration_s : detected_s;
            assert_true(seen.outages[0] > 25);
            assert_near(seen.most_s[0][0], felt_s, 1e-3);
            assert_near(seen.least_detection_s[0], felt_s, 1e-3);
        }
        assert_true(seen.outages[1] > 25);
        assert_near(seen.most_s[1][0], is_short ? cases[i].duration_s : seen.detected_s[1][0],
            1e-3);
        assert_true(seen.most_s[1][3] <= 30.2 + 1e-3);
    }
}

/* Answers are kept for 100 s and asked for again a request (0.2 s) later, at phases spread
 * over that: 40 s without resolvers strike 40 of 100.2 clients, until the first retry (5.2 s)
 * after the end. */
static void resolvers_are_missed_when_answers_expire(void **state)
{
    (void)state;
    struct small small = { .clients = 600, .hours = 0.5,
        .network = "extend_share=\"0\" anycast_ttl_s=\"100\"",
        .policies = "<policy name=\"a\" kind=\"anycast\"/>",
        .failures = "<failures><failure kind=\"dns_resolvers\" at_h=\"0.25\" "
                    "duration_s=\"40\"/></failures>" };
    struct data_result_file *file = small_run(&small);
    struct small_outages all = small_run_outages(file);
    struct data_resilience_row row = small_run_resilience(file, 0);
    data_results_close(file);
    double share = 40.0 / 100.2, clients = small.clients;
    assert_near(all.count, share * clients, 4.0 * sqrt(share * (1.0 - share) * clients));
    assert_near(all.dns_s, all.sum_s, 1e-3 * all.sum_s);
    assert_true(all.most_s <= 40.0 + 5.2 + 1e-6);
    assert_near(all.sum_s / all.count, 20.0 + 2.6, 4.0 * 13.0 / sqrt(all.count));
    assert_int_equal(all.censored, 0);
    assert_near(row.lost_requests, 5.0 * all.sum_s, 1e-6 * row.lost_requests);
}

/* In summary of what failed at least one client; else nothing is said of outages. */
static void outages_are_told_where_there_are_any(void **state)
{
    (void)state;
    static struct program_run said;
    struct small small = { .clients = 30, .hours = 1.0,
        .policies = "<policy name=\"a\" kind=\"anycast\"/>",
        .failures = "<failures><failure kind=\"server_crash\" at_h=\"0.5\" "
                    "duration_s=\"100\"/></failures>" };
    small_run_try(&small, &said);
    assert_int_equal(said.exit_status, 0);
    const char *table = strstr(said.out, "\noutages: seconds that clients waited");
    assert_non_null(table);
    double outages = 0.0, detection_s = 0.0, reaction_s = -1.0;
    const char *row = strstr(table, "\na ");
    assert_non_null(row);
    assert_int_equal(sscanf(row, " a %lf %lf %lf", &outages, &detection_s, &reaction_s), 3);
    assert_near(outages, 30.0, 0.0); /* both sites die */
    assert_true(detection_s >= 12.0);
    assert_true(detection_s <= 22.0);
    small.failures = NULL;
    small_run_try(&small, &said);
    assert_int_equal(said.exit_status, 0);
    assert_null(strstr(said.out, "outages"));
}

/* The failure stands in line 10 of the file, the change in line 7, the price in line 9. */
static void bad_values_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *failures, *topology, *prices, *said;
    } cases[] = {
        { "kind=\"server_crash\" mtbf_h=\"0\"", NULL, NULL,
            "small.xml:10: mtbf_h=\"0\": expected hours from 0.001 to 8784" },
        { "kind=\"server_crash\" mtbf_h=\"2\" mttr_s=\"0\"", NULL, NULL,
            "small.xml:10: mttr_s=\"0\": expected seconds > 0" },
        { "kind=\"server_crash\" mtbf_h=\"soon\"", NULL, NULL, "small.xml:10: mtbf_h=\"soon\"" },
        { "kind=\"server_crash\" mtbf_h=\"2\" at_h=\"1\"", NULL, NULL,
            "small.xml:10: at_h=\"1\": expected either at_h or mtbf_h" },
        { "kind=\"partition\" at_h=\"1\" silent=\"quiet\"", NULL, NULL,
            "small.xml:10: silent=\"quiet\": expected yes or no" },
        { "kind=\"dns_resolver\" at_h=\"1\"", NULL, NULL, "small.xml:10: kind=\"dns_resolver\"" },
        { "kind=\"partition\" at_h=\"1\" site=\"edge/Bonn-1\"", NULL, NULL,
            "small.xml:10: site=\"edge/Bonn-1\"" },
        { "kind=\"partition\" at_h=\"1\"",
            "<topology ases=\"100\"><change at_s=\"5\" kind=\"drains\" site=\"x\"/></topology>",
            NULL, "small.xml:7: kind=\"drains\"" },
        { "kind=\"partition\" at_h=\"1\"",
            "<topology ases=\"100\"><change at_s=\"5\" kind=\"drain\" site=\"x\"/></topology>",
            NULL, "small.xml:7: site=\"x\": expected the name of one of the 2 sites" },
        { "kind=\"partition\" at_h=\"1\"", NULL, "bgp_message=\"-1\"",
            "small.xml:9: bgp_message=\"-1\": expected a price" },
    };
    static struct program_run said;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char failures[300];
        (void)snprintf(failures, sizeof failures, "<failures><failure %s/></failures>",
            cases[i].failures);
        struct small small = { .clients = 5, .hours = 1.0, .failures = failures,
            .topology = cases[i].topology, .prices = cases[i].prices,
            .policies = "<policy name=\"a\" kind=\"anycast\"/>" };
        small_run_try(&small, &said);
        if (said.exit_status != 1 || strstr(said.err, cases[i].said) == NULL) {
            fail_msg("case %zu: exit %d, said %s", i, said.exit_status, said.err);
        }
    }
}

/* Lines come and go while fences take five seconds: a mirror whose site is withdrawn then is
 * left when the older endpoint is fenced in again, and that is not late (--check is on). */
static void a_record_waits_for_the_fence(void **state)
{
    (void)state;
    struct small small = { .clients = 200, .hours = 2.0, .service = "fence_s=\"5\"",
        .network = "extend_share=\"0\"", .policies = "<policy name=\"a\" kind=\"nearest\"/>",
        .failures = "<failures><failure kind=\"partition\" mtbf_h=\"0.05\" mttr_s=\"60\"/>"
                    "</failures>" };
    struct seen seen = see(small_run(&small));
    assert_true(seen.outages[0] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_waits_for_the_fence),
        cmocka_unit_test(detection_is_fall_intervals_and_a_timeout),
        cmocka_unit_test(lives_and_repairs_are_exponential),
        cmocka_unit_test(a_partition_is_felt_until_somebody_sees_it),
        cmocka_unit_test(resolvers_are_missed_when_answers_expire),
        cmocka_unit_test(outages_are_told_where_there_are_any),
        cmocka_unit_test(bad_values_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, small_run_begin, small_run_end);
}
