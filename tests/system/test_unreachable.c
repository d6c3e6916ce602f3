/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What routes do to clients in small runs of the program: how long they are without, what
 * the messages cost, how a site is taken out of use, and one that anycast overbooks. */
#include "tests/support/assert_near.h"

#include <stdbool.h>
#include <stdio.h>

#include "core/units.h"
#include "tests/system/small_run.h"

struct changes {
    struct data_bgp_row rows[8];
    uint32_t count;
    uint64_t messages;
};

static enum hb_status keep_change(void *context, const void *visited)
{
    struct changes *all = context;
    const struct data_bgp_row *row = visited;
    if (row->policy == 0 && all->count < 8) {
        all->rows[all->count++] = *row;
        all->messages += row->messages;
    }
    return HB_OK;
}

/* Silence without hold timers lasts as long as the line is dead: nobody has a route again
 * before the next change (censored), with hold timers of 90 s all have, 60 to 90 s later. */
static void censored_outages_are_told_apart(void **state)
{
    (void)state;
    for (int has_timer = 0; has_timer < 2; has_timer++) {
        char topology[400];
        (void)snprintf(topology, sizeof topology,
            "<topology ases=\"100\" profile=\"frr\" hold_s=\"%d\"><change at_s=\"1000\" "
            "for_s=\"731\" kind=\"silence\" site=\"edge/Köln-1\"/></topology>", 90 * has_timer);
        struct small small = { .clients = 100, .hours = 0.75, .topology = topology,
            .policies = "<policy name=\"a\" kind=\"anycast\"/>" };
        struct changes changes = { .count = 0 };
        struct data_result_file *file = small_run(&small);
        small_run_rows(file, DATA_TABLE_BGP, keep_change, &changes);
        data_results_close(file);
        assert_int_equal(changes.count, 2);
        double share = (double)changes.rows[0].censored;
        double unreachable_s = (double)changes.rows[0].unreachable_s;
        if (has_timer) {
            assert_near(share, 0.0, 0.0);
            assert_true(unreachable_s > 59.0);
            assert_true(unreachable_s < 91.0);
        } else {
            assert_near(share, 1.0, 0.0);
            assert_near(unreachable_s, 731.0, 1e-3);
            assert_near((double)changes.rows[1].censored, 0.0, 0.0);
        }
    }
    struct small small = { .clients = 60, .hours = 0.5,
        .policies = "<policy name=\"a\" kind=\"anycast\" probe_interval_s=\"100\"/>",
        .failures = "<failures><failure kind=\"server_crash\" at_h=\"0.4\" duration_s=\"3600\"/>"
                    "</failures>" };
    struct data_result_file *file = small_run(&small);
    struct small_outages all = small_run_outages(file);
    struct data_resilience_row row = small_run_resilience(file, 0);
    data_results_close(file);
    assert_int_equal(all.count, 60); /* every site is dead, to the run's end */
    assert_int_equal(all.censored, 60);
    assert_int_equal(row.censored, 60);
    assert_near(all.sum_s, 60.0 * 360.0, 1e-3);
}

struct books {
    double messages, message_cost, update_cost, summary_cost;
};

static enum hb_status keep_account(void *context, const void *visited)
{
    struct books *books = context;
    const struct data_ledger_row *row = visited;
    bool is_update = row->account == DATA_ACCOUNT_DNS_UPDATE
        || row->account == DATA_ACCOUNT_ROUTE_UPDATE || row->account == DATA_ACCOUNT_BGP_MESSAGE;
    if (row->account == DATA_ACCOUNT_BGP_MESSAGE) {
        books->messages += row->amount;
        books->message_cost += row->cost;
    }
    books->update_cost += is_update ? row->cost : 0.0;
    return HB_OK;
}

static enum hb_status keep_updates(void *context, const void *visited)
{
    struct books *books = context;
    books->summary_cost += ((const struct data_summary_row *)visited)->cost_updates;
    return HB_OK;
}

/* Messages of all changes, those of a failing line included, are paid; --check has balanced
 * sites against the whole. */
static void messages_of_routers_are_paid(void **state)
{
    (void)state;
    struct small small = { .clients = 50, .hours = 1.0, .prices = "bgp_message=\"0.25\"",
        .topology = "<topology ases=\"100\" profile=\"frr\"><change at_s=\"600\" for_s=\"300\" "
                    "kind=\"withdraw\" site=\"edge/Paris-1\"/></topology>",
        .failures = "<failures><failure kind=\"site_crash\" site=\"edge/Köln-1\" at_h=\"0.5\" "
                    "duration_s=\"600\"/></failures>",
        .policies = "<policy name=\"a\" kind=\"anycast\"/>" };
    struct changes changes = { .count = 0 };
    struct books books = { .messages = 0.0 };
    struct data_result_file *file = small_run(&small);
    small_run_rows(file, DATA_TABLE_BGP, keep_change, &changes);
    small_run_rows(file, DATA_TABLE_LEDGER, keep_account, &books);
    small_run_rows(file, DATA_TABLE_SUMMARY, keep_updates, &books);
    data_results_close(file);
    assert_true(changes.count >= 4); /* withdrawn and back, line down and up */
    assert_true(changes.messages > 100); /* each reaches every AS at least */
    assert_near(books.messages, (double)changes.messages, 0.0);
    assert_near(books.message_cost, 0.25 * books.messages, 1e-9);
    assert_near(books.summary_cost, books.update_cost, 1e-9);
}

/* A drained site is announced as the last choice at once, withdrawn drain_s later, and
 * announced again when it is taken back into use; its clients miss nothing. */
static void a_drained_site_is_left_without_loss(void **state)
{
    (void)state;
    struct small small = { .clients = 100, .hours = 1.0,
        .topology = "<topology ases=\"100\" profile=\"frr\"><change at_s=\"1000\" "
                    "for_s=\"1000\" kind=\"drain\" site=\"edge/Köln-1\"/></topology>",
        .failures = "<failures><failure kind=\"loss\" at_h=\"0\" share=\"0\"/></failures>",
        .policies = "<policy name=\"a\" kind=\"anycast\" drain_s=\"45\"/>" };
    struct changes changes = { .count = 0 };
    struct data_result_file *file = small_run(&small);
    small_run_rows(file, DATA_TABLE_BGP, keep_change, &changes);
    struct small_outages all = small_run_outages(file);
    data_results_close(file);
    assert_int_equal(changes.count, 3);
    assert_int_equal(changes.rows[0].change, DATA_CHANGE_ANNOUNCE);
    assert_near(hb_units_s(changes.rows[0].at_ns), 1000.0, 1e-9);
    assert_true(changes.rows[0].moved > 0.25f); /* they go while the site still answers */
    assert_int_equal(changes.rows[1].change, DATA_CHANGE_WITHDRAW);
    assert_near(hb_units_s(changes.rows[1].at_ns), 1045.0, 1e-9);
    assert_near((double)changes.rows[1].moved, 0.0, 0.0); /* nobody is left there */
    assert_int_equal(changes.rows[2].change, DATA_CHANGE_ANNOUNCE);
    assert_near(hb_units_s(changes.rows[2].at_ns), 2000.0, 1e-9);
    assert_int_equal(all.count, 0);
}

static enum hb_status keep_failed(void *context, const void *visited)
{
    double *failed = context;
    *failed += ((const struct data_summary_row *)visited)->requests_failed;
    return HB_OK;
}

/* Probes do not cross a line that a change of the topology has cut, as little as one that a
 * failure has: the site is taken out of use, rightly, and all that fails is an outage. */
static void a_cut_of_the_topology_is_seen_and_counted(void **state)
{
    (void)state;
    struct small small = { .clients = 200, .hours = 1.0, .network = "extend_share=\"0\"",
        .topology = "<topology ases=\"100\" profile=\"frr\"><change at_s=\"1000\" "
                    "for_s=\"1000\" kind=\"cut\" site=\"edge/Köln-1\"/></topology>",
        .failures = "<failures><failure kind=\"loss\" at_h=\"0\" share=\"0\"/></failures>",
        .policies = "<policy name=\"a\" kind=\"nearest\"/>" };
    double failed = 0.0;
    struct data_result_file *file = small_run(&small);
    struct small_outages all = small_run_outages(file);
    struct data_resilience_row row = small_run_resilience(file, 0);
    small_run_rows(file, DATA_TABLE_SUMMARY, keep_failed, &failed);
    data_results_close(file);
    assert_in_range(all.count, 50, 199);
    assert_true(all.most_s < 22.0 + 1.0 + 30.0 + 3.0 + 5.0); /* not the 1000 s of the cut */
    assert_near(failed, 5.0 * all.sum_s, 0.01 * failed);
    assert_int_equal(row.false_positives, 0);
}

struct load {
    double requests, failed, busy_max;
};

static enum hb_status keep_load(void *context, const void *visited)
{
    struct load *load = context;
    load->requests += ((const struct data_summary_row *)visited)->requests;
    load->failed += ((const struct data_summary_row *)visited)->requests_failed;
    return HB_OK;
}

static enum hb_status keep_busy(void *context, const void *visited)
{
    struct load *load = context;
    double busy_max = (double)((const struct data_site_hours_row *)visited)->busy_max;
    load->busy_max = busy_max > load->busy_max ? busy_max : load->busy_max;
    return HB_OK;
}

/* Anycast leads 120 clients to a site of 2 slots: 600 requests a second of 5 ms on 2 servers
 * with room for 3 more. Oracle: states of M/M/2/5 in balance, p(n) = p(n - 1) a / min(n, 2),
 * a = 3 at most; what finds the last state is refused, and fails. A client in a hundred is
 * between two cities. */
static void anycast_overbooks_and_its_requests_are_refused(void **state)
{
    (void)state;
    struct small small = { .clients = 120, .hours = 2.0,
        .sites = "<sites slots=\"2\" waiting_room=\"3\"><site name=\"one\" lat_deg=\"50\" "
                 "lon_deg=\"6\"/></sites>",
        .policies = "<policy name=\"a\" kind=\"anycast\"/>" };
    struct load load = { .requests = 0.0 };
    struct data_result_file *file = small_run(&small);
    small_run_rows(file, DATA_TABLE_SUMMARY, keep_load, &load);
    small_run_rows(file, DATA_TABLE_SITE_HOURS, keep_busy, &load);
    data_results_close(file);
    double connected = load.requests / (5.0 * 2.0 * 3600.0), a = connected * 5.0 * 0.005;
    double weight = 1.0, sum = 1.0;
    for (int n = 1; n <= 5; n++) {
        weight *= a / (n < 2 ? n : 2);
        sum += weight;
    }
    assert_true(connected > 110.0);
    assert_true(load.busy_max > 110.0); /* instances beyond the slots are told */
    assert_near(load.failed / load.requests, weight / sum, 2e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_of_the_topology_is_seen_and_counted),
        cmocka_unit_test(censored_outages_are_told_apart),
        cmocka_unit_test(messages_of_routers_are_paid),
        cmocka_unit_test(a_drained_site_is_left_without_loss),
        cmocka_unit_test(anycast_overbooks_and_its_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, small_run_begin, small_run_end);
}
