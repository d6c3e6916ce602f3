/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SYSTEM_SMALL_RUN_H
#define TESTS_SYSTEM_SMALL_RUN_H

#include <stdint.h>

#include "data/results.h"
#include "tests/support/program.h"

/* Two cities with a site each, edge/Köln-1 and edge/Paris-1; what fails, the policies and
 * more are the test's. Everybody is always connected, at 5 requests a second. */
struct small {
    const char *failures, *policies;
    const char *service, *network, *topology; /* NULL: nothing */
    const char *prices;
    const char *sites; /* NULL: an edge site in each city */
    uint32_t clients;
    double hours;
    double suboptimal; /* share of places that anycast leads to the worse site */
};

/* A folder for the tests of a file, as set-up and tear-down of their group. */
int small_run_begin(void **state);
int small_run_end(void **state);
/* Writes small.xml there and runs it, quietly, with --check. */
void small_run_try(const struct small *small, struct program_run *said);
/* ... and opens the results, for the caller to close. Fails if it fails. */
struct data_result_file *small_run(const struct small *small);
/* Visits all rows of a table. */
void small_run_rows(struct data_result_file *file, enum data_results_table table,
    enum hb_status (*visit)(void *context, const void *row), void *context);
/* The policy's one row. */
struct data_resilience_row small_run_resilience(struct data_result_file *file, uint64_t policy);

/* Outages of all policies together. */
struct small_outages {
    uint32_t count, censored;
    double most_s, sum_s, dns_s;
};
struct small_outages small_run_outages(struct data_result_file *file);

#endif
