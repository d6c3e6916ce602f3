/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_SYNTHETIC_RESULTS_H
#define TESTS_SUPPORT_SYNTHETIC_RESULTS_H

#include "data/results.h"

/* An invented day of four cities, five sites and six policies, that looks like
 * a run's results: enough for every figure. Not simulated; only for tests. */
struct synthetic {
    const char *path;
    uint32_t replication_count;
    uint32_t lead_count;     /* settings of lead_s; 0: nothing is swept */
    size_t memory_bytes;     /* of each data_rows */
    const char *policy_name; /* instead of the first policy's; NULL: as usual */
};

/* Fails the running test unless all is written. digest may be NULL. */
void synthetic_results(const struct synthetic *how, char digest[DATA_DIGEST_BYTES]);

#endif
