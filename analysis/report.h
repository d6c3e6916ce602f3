/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_REPORT_H
#define ANALYSIS_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "data/results.h"

/* What `harbinger report` shall do. Several files are laid over one another:
 * their policies are told apart by the file's name. */
struct analysis_report {
    const char *const *paths;   /* result files [path_count] */
    size_t path_count;
    const char *base;           /* policy to compare the others with; NULL: the first */
    const char *directory;      /* made if absent; every figure is a .pdf, .png, .gp and .tsv */
    const char *coastline_path; /* data/coastline.tsv; NULL: map without coast */
    const volatile int *interrupt; /* or NULL; not 0: HB_ERR_INTERRUPTED before the next figure */
    FILE *progress;             /* one line a figure; NULL: silent */
};

/* Writes all figures that the files have data for, and report.html, one page
 * that needs no other file. HB_ERR_UNSUPPORTED: gnuplot cannot be started. */
enum hb_status analysis_report_write(const struct analysis_report *report,
    struct data_problem *problem);

/* The summary as tables of text: a block per setting, a row per policy, means
 * over replications with 95 % intervals, regret to the clairvoyant optimum; and
 * if report->base is set, paired differences to it. Only paths and base are used. */
enum hb_status analysis_report_summary(const struct analysis_report *report, FILE *out,
    struct data_problem *problem);

#endif
