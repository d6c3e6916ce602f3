/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One name for all and clients who share subnets, in small runs of the program. */
#include "tests/support/assert_near.h"

#include <stdbool.h>
#include <stdio.h>

#include "core/units.h"
#include "tests/system/small_run.h"

struct asked {
    double queries, cache_answers, updates, failed, requests;
};

static enum hb_status keep_dns(void *context, const void *visited)
{
    struct asked *asked = context;
    const struct data_dns_row *row = visited;
    asked->queries += (double)row->queries;
    asked->cache_answers += (double)row->cache_answers;
    asked->updates += (double)row->updates;
    return HB_OK;
}

static enum hb_status keep_summary(void *context, const void *visited)
{
    struct asked *asked = context;
    const struct data_summary_row *row = visited;
    asked->failed += row->requests_failed;
    asked->requests += (double)row->requests;
    return HB_OK;
}

static struct asked ask(const struct small *small)
{
    struct asked asked = { .queries = 0.0 };
    struct data_result_file *file = small_run(small);
    small_run_rows(file, DATA_TABLE_DNS, keep_dns, &asked);
    small_run_rows(file, DATA_TABLE_SUMMARY, keep_summary, &asked);
    data_results_close(file);
    return asked;
}

static const char plain_policy[] = "<policy name=\"a\" kind=\"anycast\"/>";

/* Nobody's record changes: everybody looks up every TTL and request gap, alone at the
 * servers; one subnet for each resolver of a city leaves a query for each of these. */
static void a_subnet_asks_the_servers_once(void **state)
{
    (void)state;
    static const double cycle_s = 60.0 + 0.2, hours = 2.0;
    struct small small = { .clients = 300, .hours = hours, .policies = plain_policy,
        .network = "naming=\"common\" extend_share=\"0\" resolvers_per_region=\"1\"" };
    struct asked alone = ask(&small);
    small.network = "naming=\"common\" extend_share=\"0\" resolvers_per_region=\"1\" "
                    "subnet_clients=\"1000\"";
    struct asked shared = ask(&small);
    double rounds = hours * 3600.0 / cycle_s;
    assert_near(alone.queries, 300.0 * rounds, 300.0 * 2.0);
    assert_near(alone.cache_answers, 0.0, 0.0);
    assert_near(shared.queries, 2.0 * rounds, 2.0 * 2.0); /* two cities */
    assert_near(shared.queries + shared.cache_answers, 300.0 * rounds, 300.0 * 2.0);
}

/* The record of one is that of all: whoever is told of a site where it has nothing is
 * passed on from there, so nobody is without service for it, whoever moves or fails over. */
static void who_is_told_of_a_neighbours_site_is_passed_on(void **state)
{
    (void)state;
    static const char *const networks[] = { "naming=\"common\" extend_share=\"0\"",
        "naming=\"common\" extend_share=\"0\" subnet_clients=\"40\"" };
    for (int i = 0; i < 2; i++) {
        struct small small = { .clients = 200, .hours = 2.0, .network = networks[i],
            .policies = "<policy name=\"a\" kind=\"nearest\"/>" };
        struct asked calm = ask(&small);
        assert_true(calm.updates > 150.0); /* everybody's first, at least most */
        assert_true(calm.requests > 6e6);
        assert_true(calm.failed < 1e-4 * calm.requests);
        small.failures = "<failures><failure kind=\"server_crash\" site=\"edge/Köln-1\" "
                         "at_h=\"1\" duration_s=\"600\"/></failures>";
        struct asked struck = ask(&small);
        /* half of the people for no longer than detection (22 s), start (3 s) and TTL take */
        assert_true(struck.failed > 0.0);
        assert_true(struck.failed < 200.0 * 5.0 * 100.0);
    }
}

/* Dead servers pass nothing on, though packets still come there by an old answer: with one
 * name for all it takes clients as long to get away as with names of their own. */
static void a_dead_site_passes_nothing_on(void **state)
{
    (void)state;
    struct small small = { .clients = 200, .hours = 2.0, .network = "extend_share=\"0\"",
        .policies = "<policy name=\"a\" kind=\"nearest\"/>",
        .failures = "<failures><failure kind=\"server_crash\" site=\"edge/Köln-1\" at_h=\"1\" "
                    "duration_s=\"600\"/></failures>" };
    struct asked own = ask(&small);
    small.network = "naming=\"common\" extend_share=\"0\"";
    struct asked common = ask(&small);
    assert_true(own.failed > 5000.0);
    assert_near(common.failed, own.failed, 0.02 * own.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subnet_asks_the_servers_once),
        cmocka_unit_test(a_dead_site_passes_nothing_on),
        cmocka_unit_test(who_is_told_of_a_neighbours_site_is_passed_on),
    };
    return cmocka_run_group_tests(tests, small_run_begin, small_run_end);
}
