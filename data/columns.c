/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void data_columns_path(
    char path[DATA_COLUMNS_PATH_BYTES], const struct data_table_schema *schema, const char *column)
{
    (void)snprintf(path, DATA_COLUMNS_PATH_BYTES, "/%s%s%s", schema->name,
        column == NULL ? "" : "/", column == NULL ? "" : column);
}

struct data_h5_array data_columns_array(
    const struct data_table_schema *schema, size_t index, struct data_columns_paths *paths)
{
    const struct data_column *column = &schema->columns[index];
    data_columns_path(paths->column, schema, column->name);
    data_columns_path(paths->dimension, schema, "row");
    struct data_h5_array array = { .path = paths->column,
        .type = column->type,
        .rank = 1,
        .text_bytes = column->type == DATA_H5_TEXT ? DATA_NAME_BYTES : 0,
        .scales = { paths->dimension },
        .description = column->description };
    array.unit = column->unit[0] == '\0' ? NULL : column->unit;
    array.labels = data_schema_labels(column->check, &array.label_count);
    return array;
}

/* One bit pattern for "not known": which NaN a division gives depends on the
 * processor and on the compiler's constant folding. */
static void unify_nan(enum data_h5_type type, unsigned char *value)
{
    if (type == DATA_H5_F64) {
        double number;
        memcpy(&number, value, sizeof number);
        number = isnan(number) ? (double)NAN : number;
        memcpy(value, &number, sizeof number);
    } else if (type == DATA_H5_F32) {
        float number;
        memcpy(&number, value, sizeof number);
        number = isnan(number) ? NAN : number;
        memcpy(value, &number, sizeof number);
    }
}

size_t data_columns_gather(
    const struct data_table_schema *schema, size_t index, const void *rows, size_t count, void *out)
{
    const struct data_column *column = &schema->columns[index];
    if (count == 0) {
        return 0;
    }
    const unsigned char *from = (const unsigned char *)rows + column->offset;
    size_t bytes = data_schema_type_bytes(column->type);
    unsigned char *to = out;
    for (size_t i = 0; i < count; i++, from += schema->row_bytes, to += bytes) {
        if (column->type == DATA_H5_TEXT) {
            /* What stands behind the end of a text must not reach the file. */
            size_t length = strnlen((const char *)from, bytes - 1);
            memset(to, 0, bytes);
            memcpy(to, from, length);
        } else {
            memcpy(to, from, bytes);
            unify_nan(column->type, to);
        }
    }
    return count * bytes;
}

void data_columns_scatter(const struct data_table_schema *schema, size_t index, const void *values,
    size_t count, void *rows)
{
    const struct data_column *column = &schema->columns[index];
    unsigned char *to = (unsigned char *)rows + column->offset;
    size_t bytes = data_schema_type_bytes(column->type);
    const unsigned char *from = values;
    for (size_t i = 0; i < count; i++, to += schema->row_bytes, from += bytes) {
        memcpy(to, from, bytes);
        if (column->type == DATA_H5_TEXT) {
            to[bytes - 1] = '\0';
        }
    }
}
