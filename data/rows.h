/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_ROWS_H
#define DATA_ROWS_H

/* What results_write.c takes from a data_rows, whose public face is in results.h. */
#include "data/results.h"

/* Calls take(context, rows, count) for the rows of a table in order, in blocks;
 * stops at the first status that is not HB_OK. HB_ERR_IO if the spool fails. */
enum hb_status data_rows_each(struct data_rows *rows, enum data_results_table table,
    enum hb_status (*take)(void *context, const void *block, size_t count), void *context);

#endif
