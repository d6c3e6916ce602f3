/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TABLES_H
#define DATA_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* Path of a shipped table such as "cities.tsv": in $HARBINGER_DATA if that is
 * set, else in the source tree the program was built from, else where it was
 * installed. path [path_bytes]. HB_ERR_NOT_FOUND (problem says where it was
 * looked for), HB_ERR_RANGE if path is too small. */
enum hb_status data_tables_path(
    const char *name, char *path, size_t path_bytes, struct data_problem *problem);

/* A table of text: UTF-8, one row a line, fields separated by tabs, first line
 * = column names, '#' in column one = comment. All text is the table's. */
struct data_table;

/* Reads a table whose columns must be exactly those of columns (separated by
 * tabs, in order). path is kept for messages. HB_ERR_IO, HB_ERR_FORMAT,
 * HB_ERR_RANGE (over 64 MiB), HB_ERR_MEMORY. */
enum hb_status data_tables_read(
    const char *path, const char *columns, struct data_problem *problem, struct data_table **out);
/* The same of a shipped table, by its name. */
enum hb_status data_tables_read_shipped(
    const char *name, const char *columns, struct data_problem *problem, struct data_table **out);
void data_tables_free(struct data_table *table);

size_t data_tables_row_count(const struct data_table *table);
const char *data_tables_text(const struct data_table *table, size_t row, size_t column);
/* The field as a number in min..max; HB_ERR_FORMAT says `file:line: column="x": expected ...`. */
enum hb_status data_tables_number(const struct data_table *table, size_t row, size_t column,
    double min, double max, struct data_problem *problem, double *out);

#endif
