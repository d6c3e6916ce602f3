/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_STUDY_H
#define SIM_RUN_STUDY_H

#include <stdio.h>

#include "data/results.h"
#include "sim/run/bound.h"
#include "sim/run/scenario.h"

/* A whole scenario: replications x settings x policies, on threads, into one
 * result file, whose bytes do not depend on the number of threads. */
struct sim_study_options {
    uint32_t threads;   /* >= 1 */
    bool check;         /* verify invariants as it runs */
    const char *output; /* the result file; appears only when whole */
    const struct sim_bound_solver *solver; /* NULL: no optimum */
    const char *program;                   /* "harbinger 0.1.0" */
    const struct data_pair *pairs;         /* of the manifest */
    size_t pair_count;
    const volatile int *interrupt; /* or NULL */
    FILE *progress;                /* a terminal, or NULL */
    const char *record;            /* file of a recording, or NULL */
    uint32_t record_policy;        /* of the first replication and setting */
};

struct sim_study_outcome {
    char digest[DATA_DIGEST_BYTES];
    uint32_t client_count, place_count, site_count;
    uint64_t visit_count;
};

/* May change the scenario: it is left at the last setting of its sweep. What
 * the parts give, with the sentence in problem; then no file is left behind. */
enum hb_status sim_study_run(struct sim_scenario *scenario,
    const struct sim_study_options *options, struct sim_study_outcome *out,
    struct data_problem *problem);

#endif
