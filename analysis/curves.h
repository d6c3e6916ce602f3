/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_CURVES_H
#define ANALYSIS_CURVES_H

#include <stddef.h>

#include "data/problem.h"

/* A figure of lines: y over x, one line a series. */
struct analysis_curve {
    const char *label;
    const double *x, *y; /* [count]; a point with a NaN is left out */
    size_t count;
};

struct analysis_curves {
    const char *name;               /* of the files */
    const char *x_label, *y_label;  /* with unit */
    const struct analysis_curve *curves;
    size_t count;
    double x_low, x_high;           /* low < high */
    double x_step;                  /* between ticks; 0: chosen */
    double y_low, y_high;           /* low < high, or both 0: as the data are */
    int has_diagonal;               /* 1: y = x is drawn too */
};

/* Draws into directory as NAME.pdf, .png, .gp and .tsv. HB_ERR_RANGE: no point at all;
 * HB_ERR_IO, HB_ERR_MEMORY, HB_ERR_UNSUPPORTED (no gnuplot). */
enum hb_status analysis_curves_draw(const char *directory, const struct analysis_curves *curves,
    struct data_problem *problem);

#endif
