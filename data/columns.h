/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_COLUMNS_H
#define DATA_COLUMNS_H

/* Between row structs and HDF5 columns; shared by the result writer and reader. */
#include "data/schema.h"

#define DATA_COLUMNS_BATCH ((size_t)8192) /* rows moved at a time; a block of the digest */
#define DATA_COLUMNS_PATH_BYTES 64

struct data_columns_paths {
    char column[DATA_COLUMNS_PATH_BYTES], dimension[DATA_COLUMNS_PATH_BYTES];
};

/* "/table/column", or "/table" if column is NULL. */
void data_columns_path(char path[DATA_COLUMNS_PATH_BYTES], const struct data_table_schema *schema,
    const char *column);
/* What column index of a table is in HDF5; paths holds its texts. */
struct data_h5_array data_columns_array(const struct data_table_schema *schema, size_t index,
    struct data_columns_paths *paths);
/* Column index of rows [count], packed into out; texts are padded with NUL. Bytes written. */
size_t data_columns_gather(const struct data_table_schema *schema, size_t index,
    const void *rows, size_t count, void *out);
/* The opposite: values [count] of column index into the rows. */
void data_columns_scatter(const struct data_table_schema *schema, size_t index,
    const void *values, size_t count, void *rows);

#endif
