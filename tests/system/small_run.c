/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/system/small_run.h"

static char *folder;

static void write_small(const struct small *it)
{
    char text[6000];
    (void)snprintf(text, sizeof text, "<?xml version=\"1.0\"?>\n"
        "<scenario version=\"1\" name=\"small\" seed=\"731\">\n"
        "<world start=\"2026-03-02T06:00:00Z\" duration_h=\"%g\" history_h=\"1\" clients=\"%u\">\n"
        "<city name=\"Köln\" country=\"DE\"/><city name=\"Paris\" country=\"FR\"/></world>\n"
        "<service request_rate_hz=\"5\" sessions=\"always_on\" state_mb=\"50\" lead_s=\"3\" %s/>\n"
        "<network suboptimal=\"%g\" %s/>\n%s\n"
        "%s\n"
        "<prices %s/>\n"
        "%s\n"
        "<policies>\n%s\n</policies>\n</scenario>\n",
        it->hours, it->clients, it->service == NULL ? "" : it->service,
        it->suboptimal, it->network == NULL ? "" : it->network,
        it->topology == NULL ? "" : it->topology,
        it->sites == NULL ? "<sites><edge per_city=\"1\"/></sites>" : it->sites,
        it->prices == NULL ? "" : it->prices,
        it->failures == NULL ? "" : it->failures, it->policies);
    program_write(folder, "small.xml", text);
}

void small_run_try(const struct small *small, struct program_run *said)
{
    static const char *const arguments[] = { "run", "small.xml", "--quiet", "--no-report",
        "--check", "-j1", "-o", "small.h5", NULL };
    write_small(small);
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, said);
}

struct data_result_file *small_run(const struct small *small)
{
    static struct program_run said;
    char path[1200];
    struct data_problem problem = { "" };
    struct data_result_file *file = NULL;
    small_run_try(small, &said);
    if (said.exit_status != 0) {
        fail_msg("exit status %d: %s", said.exit_status, said.err);
    }
    (void)snprintf(path, sizeof path, "%s/small.h5", folder);
    assert_int_equal(data_results_open(path, &file, &problem), HB_OK);
    return file;
}

void small_run_rows(struct data_result_file *file, enum data_results_table table,
    enum hb_status (*visit)(void *context, const void *row), void *context)
{
    struct data_problem problem = { "" };
    assert_int_equal(data_results_each(file, table, visit, context, &problem), HB_OK);
}

struct data_resilience_row small_run_resilience(struct data_result_file *file, uint64_t policy)
{
    struct data_resilience_row row;
    struct data_problem problem = { "" };
    assert_int_equal(
        data_results_read(file, DATA_TABLE_RESILIENCE, policy, 1, &row, &problem), HB_OK);
    return row;
}

static enum hb_status keep_outage(void *context, const void *visited)
{
    struct small_outages *all = context;
    const struct data_outages_row *row = visited;
    double length_s = hb_units_s(row->ended_ns - row->began_ns);
    all->count++;
    all->censored += row->is_censored;
    all->most_s = fmax(all->most_s, length_s);
    all->sum_s += length_s;
    all->dns_s += (double)row->dns_s;
    return HB_OK;
}

struct small_outages small_run_outages(struct data_result_file *file)
{
    struct small_outages all = { .count = 0 };
    small_run_rows(file, DATA_TABLE_OUTAGES, keep_outage, &all);
    return all;
}

int small_run_begin(void **state)
{
    (void)state;
    folder = program_folder();
    return 0;
}

int small_run_end(void **state)
{
    (void)state;
    program_remove(folder);
    free(folder);
    return 0;
}
