/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_CSV_H
#define DATA_CSV_H

#include <stddef.h>

#include "data/problem.h"

/* A small table of a user's: UTF-8 with or without its mark, first line = column names, fields
 * separated by commas, in quotes or not (RFC 4180, but no line breaks in a field), CR LF or LF,
 * empty lines ignored. All text is the table's. */
struct data_csv;

/* path is copied for messages. Errors of data_whole_read, and HB_ERR_FORMAT: no columns, a row
 * with another number of fields, a zero byte, a quote without end. Over 64 MiB: HB_ERR_RANGE. */
enum hb_status data_csv_read(const char *path, struct data_problem *problem,
    struct data_csv **out);
void data_csv_free(struct data_csv *csv);

size_t data_csv_row_count(const struct data_csv *csv);

/* The first column that bears one of the names ("lat|lat_deg"). HB_ERR_FORMAT. */
enum hb_status data_csv_column(const struct data_csv *csv, const char *names,
    struct data_problem *problem, size_t *out);

const char *data_csv_text(const struct data_csv *csv, size_t row, size_t column);
const char *data_csv_column_name(const struct data_csv *csv, size_t column);
/* The field as a number in min..max; HB_ERR_FORMAT says where and what. */
struct data_csv_bounds {
    double min, max;
};
enum hb_status data_csv_number(const struct data_csv *csv, size_t row, size_t column,
    struct data_csv_bounds bounds, struct data_problem *problem, double *out);

/* The line that the row stood on, from 1. */
unsigned long data_csv_line(const struct data_csv *csv, size_t row);
/* As data_csv_column, for a column that may be missing: then 0, and out is left alone. */
int data_csv_has(const struct data_csv *csv, const char *names, size_t *out);

/* `file:line: column="x": expected ...`; returns HB_ERR_FORMAT. */
enum hb_status data_csv_fault(const struct data_csv *csv, size_t row, size_t column,
    const char *expected, struct data_problem *problem);

#endif
