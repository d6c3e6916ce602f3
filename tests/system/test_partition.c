/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State that is to cross a cut line, in small runs of the program: copies and streams stand
 * still, break, and are made anew. --check is on in all of them. */
#include "tests/support/assert_near.h"

#include <stdbool.h>
#include <stdio.h>

#include "core/units.h"
#include "tests/system/small_run.h"

static const double at_s = 3600.0;

/* Mirrors by what became of them. */
struct mirrors {
    uint32_t count, failed, failed_at_break, synced_meanwhile, alive_before, made_after;
    double until_s;
};

static enum hb_status keep_mirror(void *context, const void *visited)
{
    struct mirrors *all = context;
    const struct data_mirrors_row *row = visited;
    double closed_s = hb_units_s(row->closed_ns);
    double synced_s = row->synced_ns == HB_NEVER_NS ? -1.0 : hb_units_s(row->synced_ns);
    all->count++;
    all->failed += row->outcome == HB_OUTCOME_FAILED;
    all->alive_before += synced_s >= 0.0 && synced_s < at_s && closed_s > at_s;
    all->failed_at_break += row->outcome == HB_OUTCOME_FAILED && closed_s > at_s + 60.0 - 1e-3
        && closed_s < at_s + 60.0 + 1e-3;
    all->synced_meanwhile += synced_s > at_s && synced_s < all->until_s;
    all->made_after += synced_s >= all->until_s;
    return HB_OK;
}

/* A second cut at 6840 s ends the mirrors that live then, so that they have rows. */
static struct mirrors mirrors_of(double duration_s, const char *policy)
{
    char failures[400];
    (void)snprintf(failures, sizeof failures, "<failures><failure kind=\"partition\" "
        "site=\"edge/Köln-1\" at_h=\"1\" duration_s=\"%g\"/>\n<failure kind=\"partition\" "
        "site=\"edge/Köln-1\" at_h=\"1.9\" duration_s=\"100\"/></failures>", duration_s);
    struct small small = { .clients = 120, .hours = 2.0, .failures = failures,
        .policies = policy, .network = "extend_share=\"0\"" };
    struct mirrors all = { .until_s = at_s + duration_s };
    struct data_result_file *file = small_run(&small);
    small_run_rows(file, DATA_TABLE_MIRRORS, keep_mirror, &all);
    data_results_close(file);
    return all;
}

/* Everybody has a backup at the other site, so every stream crosses the line. Probes are
 * too rare to notice: the streams break after 60 s, all at one instant, and no copy gets
 * in sync before the line is whole; then all do. */
static void streams_break_and_copies_wait_for_the_line(void **state)
{
    (void)state;
    static const char blind[] = "<policy name=\"a\" kind=\"nearest\" backup=\"yes\" "
        "probe_interval_s=\"100\" probe_fall=\"100\" cooldown_s=\"10\"/>";
    struct mirrors all = mirrors_of(1000.0, blind);
    assert_int_equal(all.alive_before, 120);
    assert_int_equal(all.failed_at_break, 120);
    assert_int_equal(all.synced_meanwhile, 0);
    assert_int_equal(all.made_after, 120);
    assert_in_range(all.failed, 240, all.count);
}

/* A line that is whole again before that costs nobody a mirror. */
static void a_short_cut_breaks_nothing(void **state)
{
    (void)state;
    static const char blind[] = "<policy name=\"a\" kind=\"nearest\" backup=\"yes\" "
        "probe_interval_s=\"100\" probe_fall=\"100\"/>";
    struct mirrors all = mirrors_of(45.0, blind);
    assert_int_equal(all.alive_before, 120);
    assert_int_equal(all.failed_at_break, 0);
    assert_int_equal(all.made_after, 0); /* they are the same to the second cut */
}

/* Noticed in time the mirrors of the cut site's clients take over, those there are given
 * up, and nothing is copied to or from it until it is back. */
static void a_seen_cut_fails_over(void **state)
{
    (void)state;
    struct mirrors all = mirrors_of(900.0, "<policy name=\"a\" kind=\"nearest\" "
        "backup=\"yes\" probe_interval_s=\"10\" probe_timeout_s=\"2\"/>");
    assert_int_equal(all.alive_before, 120);
    assert_int_equal(all.failed_at_break, 0);
    assert_int_equal(all.synced_meanwhile, 0);
    assert_true(all.made_after >= 120); /* and again for those who move back */
}

static enum hb_status keep_failed(void *context, const void *visited)
{
    double *failed = context;
    *failed += ((const struct data_summary_row *)visited)->requests_failed;
    return HB_OK;
}

/* Every line is cut, so that all end up at anycast's own instances; then the controller asks
 * for endpoints, some where such an instance runs, at another site than anycast now leads
 * to. It gets that one, and the host does not stop it any more: no request fails but those
 * of the outages (1 %: the first look at a client that has just moved). */
static void an_endpoint_outlives_the_hosts_wish_for_it(void **state)
{
    (void)state;
    struct small small = { .clients = 200, .hours = 2.0, .suboptimal = 0.5,
        .network = "extend_share=\"0\"", .policies = "<policy name=\"a\" kind=\"nearest\"/>",
        .failures = "<failures><failure kind=\"partition\" at_h=\"0.5\" duration_s=\"600\"/>"
                    "</failures>" };
    double failed = 0.0;
    struct data_result_file *file = small_run(&small);
    struct small_outages all = small_run_outages(file);
    small_run_rows(file, DATA_TABLE_SUMMARY, keep_failed, &failed);
    data_results_close(file);
    assert_int_equal(all.count, 200);
    assert_near(failed, 5.0 * all.sum_s, 0.01 * failed);
}

static enum hb_status keep_stale(void *context, const void *visited)
{
    double *stale = context;
    const struct data_summary_row *row = visited;
    *stale += row->requests_stale;
    return HB_OK;
}

static double stale_of(double duration_s)
{
    char failures[200];
    double stale = 0.0;
    (void)snprintf(failures, sizeof failures, "<failures><failure kind=\"partition\" "
        "site=\"edge/Köln-1\" at_h=\"1\" duration_s=\"%g\"/></failures>", duration_s);
    struct small small = { .clients = 120, .hours = 2.0, .failures = failures,
        .policies = "<policy name=\"a\" kind=\"anycast\"/>" };
    struct data_result_file *file = small_run(&small);
    small_run_rows(file, DATA_TABLE_SUMMARY, keep_stale, &stale);
    data_results_close(file);
    return stale;
}

/* Anycast leads its clients to the other site at once, but their state is behind the cut:
 * at 5 requests a second the answers of some 60 people are stale until the line is whole. */
static void anycast_answers_without_the_state_behind_the_cut(void **state)
{
    (void)state;
    double calm = stale_of(1.0), one = stale_of(300.0), two = stale_of(600.0);
    double people = (two - one) / (5.0 * 300.0);
    assert_true(people > 20.0);
    assert_true(people < 100.0);
    assert_near((one - calm) / (5.0 * 299.0), people, 0.1 * people); /* few of them travel */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_break_and_copies_wait_for_the_line),
        cmocka_unit_test(a_short_cut_breaks_nothing),
        cmocka_unit_test(a_seen_cut_fails_over),
        cmocka_unit_test(an_endpoint_outlives_the_hosts_wish_for_it),
        cmocka_unit_test(anycast_answers_without_the_state_behind_the_cut),
    };
    return cmocka_run_group_tests(tests, small_run_begin, small_run_end);
}
