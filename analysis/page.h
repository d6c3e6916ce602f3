/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_PAGE_H
#define ANALYSIS_PAGE_H

#include "analysis/figure.h"

/* One figure of the page, already drawn. */
struct analysis_page_figure {
    const char *name, *title, *caption;
};

/* Writes report.html into the drawing's directory: summary, comparison,
 * figures (as data, no other file is needed), manifest and scenario. Whole or
 * not at all. HB_ERR_IO. */
enum hb_status analysis_page_write(const struct analysis_drawing *drawing,
    const struct analysis_page_figure *figures, size_t figure_count);

#endif
