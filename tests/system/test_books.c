/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of a result file must tell one story: what the summary says is
 * what the rows add up to, and no policy beats clairvoyance. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/telemetry.h"
#include "data/results.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

#define POLICIES_MAX 16

struct sums {
    struct data_summary_row summary[POLICIES_MAX];
    double latency_requests[POLICIES_MAX], ledger_cost[POLICIES_MAX];
    double ledger_energy[POLICIES_MAX], ledger_bytes[POLICIES_MAX];
    uint64_t mirrors[POLICIES_MAX], outcomes[POLICIES_MAX][HB_OUTCOME_COUNT];
    double hour_requests[POLICIES_MAX];
    uint32_t policy_count;
};

static enum hb_status add_summary(void *context, const void *row)
{
    struct sums *sums = context;
    const struct data_summary_row *it = row;
    assert_true(it->policy < POLICIES_MAX);
    sums->summary[it->policy] = *it;
    sums->policy_count++;
    return HB_OK;
}

static enum hb_status add_latency(void *context, const void *row)
{
    const struct data_latency_row *it = row;
    ((struct sums *)context)->latency_requests[it->policy] += it->requests;
    return HB_OK;
}

static enum hb_status add_ledger(void *context, const void *row)
{
    struct sums *sums = context;
    const struct data_ledger_row *it = row;
    int is_bytes = it->account == DATA_ACCOUNT_STATE || it->account == DATA_ACCOUNT_IMAGE;
    sums->ledger_cost[it->policy] += it->cost;
    sums->ledger_energy[it->policy] += it->account == DATA_ACCOUNT_ENERGY ? it->amount : 0.0;
    sums->ledger_bytes[it->policy] += is_bytes ? it->amount : 0.0;
    return HB_OK;
}

static enum hb_status add_mirror(void *context, const void *row)
{
    struct sums *sums = context;
    const struct data_mirrors_row *it = row;
    sums->mirrors[it->policy]++;
    sums->outcomes[it->policy][it->outcome]++;
    int64_t last_ns = it->decided_ns;
    const int64_t instants[] = { it->provisioned_ns, it->synced_ns };
    for (size_t i = 0; i < 2; i++) {
        if (instants[i] != HB_NEVER_NS) {
            assert_true(instants[i] >= last_ns);
            last_ns = instants[i];
        }
    }
    assert_true(it->closed_ns >= last_ns);
    return HB_OK;
}

static enum hb_status add_hour(void *context, const void *row)
{
    const struct data_site_hours_row *it = row;
    ((struct sums *)context)->hour_requests[it->policy] += it->requests;
    return HB_OK;
}

static void run_smoke(const char *folder, struct sums *sums)
{
    static struct program_run said;
    char path[1024];
    const char *const arguments[] = { "run", path_of_source("scenarios/smoke.xml"), "--quiet",
        "--no-report", "-o", "a.h5", NULL };
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
    assert_int_equal(said.exit_status, 0);
    snprintf(path, sizeof path, "%s/a.h5", folder);
    struct data_problem problem = { .text = "" };
    struct data_result_file *file = NULL;
    assert_int_equal(data_results_open(path, &file, &problem), HB_OK);
    const struct {
        enum data_results_table table;
        enum hb_status (*visit)(void *context, const void *row);
    } visits[] = { { DATA_TABLE_SUMMARY, add_summary }, { DATA_TABLE_LATENCY, add_latency },
        { DATA_TABLE_LEDGER, add_ledger }, { DATA_TABLE_MIRRORS, add_mirror },
        { DATA_TABLE_SITE_HOURS, add_hour } };
    for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++) {
        assert_int_equal(data_results_each(file, visits[i].table, visits[i].visit, sums, &problem),
            HB_OK);
    }
    data_results_close(file);
}

static void summary_and_rows_agree(void **state)
{
    (void)state;
    char *folder = program_folder();
    static struct sums sums;
    run_smoke(folder, &sums);
    assert_int_equal(sums.policy_count, 8);
    for (uint32_t i = 0; i < sums.policy_count; i++) {
        const struct data_summary_row *summary = &sums.summary[i];
        double answered = summary->requests - summary->requests_failed;
        assert_near(sums.latency_requests[i], answered, 1e-9);
        assert_near(sums.hour_requests[i], answered, 1e-9);
        assert_near(sums.ledger_cost[i], summary->cost, 1e-9);
        assert_near(sums.ledger_energy[i], summary->energy_j, 1e-9);
        assert_near(sums.ledger_bytes[i], summary->bytes_moved, 1e-9);
        assert_true(sums.mirrors[i] == summary->mirrors);
        assert_true(sums.outcomes[i][HB_OUTCOME_HIT] == summary->hit);
        assert_true(sums.outcomes[i][HB_OUTCOME_LATE] == summary->late);
        assert_true(sums.outcomes[i][HB_OUTCOME_UNUSED] == summary->unused);
        double parts = summary->cost_latency + summary->cost_instances + summary->cost_bytes
            + summary->cost_updates + summary->cost_failures;
        assert_near(parts, summary->cost, 1e-12);
    }
    program_remove(folder);
    free(folder);
}

/* Common random numbers: the same people ask for the same, whatever the policy. */
static void all_policies_meet_the_same_world_and_none_beats_clairvoyance(void **state)
{
    (void)state;
    char *folder = program_folder();
    static struct sums sums;
    run_smoke(folder, &sums);
    for (uint32_t i = 0; i < sums.policy_count; i++) {
        const struct data_summary_row *summary = &sums.summary[i];
        assert_true(summary->clients == sums.summary[0].clients);
        assert_true(summary->connections == sums.summary[0].connections);
        assert_near(summary->requests, sums.summary[0].requests, 1e-9);
        assert_near(summary->optimum_cost, sums.summary[0].optimum_cost, 1e-15);
        assert_true(summary->cost >= summary->optimum_cost);
        assert_true(summary->latency_mean_ms >= summary->latency_p50_ms / 2.0);
        assert_true(summary->latency_p50_ms <= summary->latency_p95_ms);
        assert_true(summary->latency_p95_ms <= summary->latency_p99_ms);
    }
    program_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_and_rows_agree),
        cmocka_unit_test(all_policies_meet_the_same_world_and_none_beats_clairvoyance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
