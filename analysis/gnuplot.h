/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_GNUPLOT_H
#define ANALYSIS_GNUPLOT_H

#include "data/problem.h"

/* The one owner of the external program gnuplot. It is started without a
 * shell and without the user's start-up files. */

/* HB_ERR_UNSUPPORTED, with a sentence that says what to install. */
enum hb_status analysis_gnuplot_check(struct data_problem *problem);

/* Runs `script`, a file name in directory, there. HB_ERR_IO: it failed; the
 * sentence ends with the first line that it printed. */
enum hb_status analysis_gnuplot_run(const char *directory, const char *script,
    struct data_problem *problem);

#endif
