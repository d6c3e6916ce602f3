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
    const char *directory;      /* made if absent; every figure is a .pdf, .png, .gp and .tsv */
    const char *coastline_path; /* data/coastline.tsv; NULL: map without coast */
    FILE *progress;             /* one line a figure; NULL: silent */
};

/* Writes all figures that the files have data for, and report.html, one page
 * that needs no other file. HB_ERR_UNSUPPORTED: gnuplot cannot be started. */
enum hb_status analysis_report_write(const struct analysis_report *report,
    struct data_problem *problem);

/* The summary as tables of text: a block per setting, a row per policy, means
 * over replications with 95 % intervals, regret to the clairvoyant optimum. */
enum hb_status analysis_report_summary(const char *const *paths, size_t path_count, FILE *out,
    struct data_problem *problem);

#endif
