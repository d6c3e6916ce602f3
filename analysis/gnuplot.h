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

/* Takes the instant of its making out of the PDF that gnuplot wrote, so that the same figure is the
 * same bytes: 1970 stands in its place. HB_ERR_IO. */
enum hb_status analysis_gnuplot_undate(const char *path, struct data_problem *problem);

#endif
