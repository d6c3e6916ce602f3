/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_CATCHMENT_H
#define ANALYSIS_CATCHMENT_H

#include <stddef.h>

#include "data/problem.h"

#define ANALYSIS_CATCHMENT_KINDS 5
struct analysis_catchment_row { /* an experiment */
    const char *sites[2];
    double right[ANALYSIS_CATCHMENT_KINDS]; /* shares of the ASes predicted right */
};

/* Draws the rows into directory as catchment.pdf, .png, .gp and .tsv; names of
 * the kinds for the key. HB_ERR_RANGE: no row; HB_ERR_IO, HB_ERR_UNSUPPORTED (no gnuplot). */
enum hb_status analysis_catchment_draw(const char *directory,
    const char *const names[ANALYSIS_CATCHMENT_KINDS], const struct analysis_catchment_row *rows,
    size_t count, struct data_problem *problem);

#endif
