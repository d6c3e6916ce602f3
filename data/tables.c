/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/tables.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX (UINT64_C(64) << 20)

struct data_table {
    char *text, *path;
    const char **cells; /* [row_count * column_count] */
    unsigned long *lines; /* [row_count], for messages */
    size_t row_count, column_count, row_capacity;
    char columns[256];
};

enum hb_status data_tables_path(
    const char *name, char *path, size_t path_bytes, struct data_problem *problem)
{
    const char *chosen = getenv("HARBINGER_DATA");
    const char *const folders[] = { HARBINGER_DATA_SOURCE, HARBINGER_DATA_INSTALL };
    for (size_t i = 0; i < 2; i++) {
        const char *folder = chosen != NULL ? chosen : folders[i];
        int bytes = snprintf(path, path_bytes, "%s/%s", folder, name);
        if (bytes < 0 || (size_t)bytes >= path_bytes) {
            return data_problem_set(problem, HB_ERR_RANGE, "%s: path too long", folder);
        }
        if (access(path, R_OK) == 0) {
            return HB_OK;
        }
    }
    return data_problem_set(problem, HB_ERR_NOT_FOUND,
        "%s: found no such table in %s%s%s: expected there ($HARBINGER_DATA says where else)", name,
        chosen != NULL ? chosen : folders[0], chosen != NULL ? "" : " or ",
        chosen != NULL ? "" : folders[1]);
}

/* The file's bytes and a closing NUL. */
static enum hb_status read_whole(
    const char *path, struct data_problem *problem, char **out, size_t *out_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    enum hb_status status = HB_OK;
    size_t used = 0, capacity = 65536;
    char *text = malloc(capacity);
    while (text != NULL && !feof(file)) {
        used += fread(text + used, 1, capacity - used - 1, file);
        if (ferror(file) != 0) {
            status = data_problem_set(problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
            break;
        }
        if (used + 1 < capacity) {
            continue;
        }
        if (capacity >= FILE_BYTES_MAX) {
            status = data_problem_set(problem, HB_ERR_RANGE,
                "%s: found more than 64 MiB: "
                "expected a table",
                path);
            break;
        }
        capacity *= 2;
        char *grown = realloc(text, capacity);
        if (grown == NULL) {
            free(text);
        }
        text = grown;
    }
    (void)fclose(file); /* only read from */
    if (text == NULL) {
        return HB_ERR_MEMORY;
    }
    if (status != HB_OK) {
        free(text);
        return status;
    }
    text[used] = '\0';
    *out = text;
    *out_bytes = used;
    return HB_OK;
}

static enum hb_status add_row(
    struct data_table *table, char *line, unsigned long number, struct data_problem *problem)
{
    if (table->row_count == table->row_capacity) {
        size_t capacity = table->row_capacity == 0 ? 256 : table->row_capacity * 2;
        const char **cells = realloc(table->cells, capacity * table->column_count * sizeof *cells);
        if (cells == NULL) {
            return HB_ERR_MEMORY;
        }
        table->cells = cells;
        unsigned long *lines = realloc(table->lines, capacity * sizeof *lines);
        if (lines == NULL) {
            return HB_ERR_MEMORY;
        }
        table->lines = lines;
        table->row_capacity = capacity;
    }
    const char **cells = &table->cells[table->row_count * table->column_count];
    size_t column = 0;
    for (char *field = line; field != NULL; column++) {
        char *tab = strchr(field, '\t');
        if (tab != NULL) {
            *tab = '\0';
        }
        if (column < table->column_count) {
            cells[column] = field;
        }
        field = tab == NULL ? NULL : tab + 1;
    }
    if (column != table->column_count) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s:%lu: found %zu columns: expected %zu",
            table->path, number, column, table->column_count);
    }
    table->lines[table->row_count++] = number;
    return HB_OK;
}

/* Rows from the lines; the first that is no comment names the columns. */
static enum hb_status split(
    struct data_table *table, const char *columns, struct data_problem *problem)
{
    unsigned long number = 0;
    bool has_header = false;
    enum hb_status status = HB_OK;
    for (char *line = table->text; status == HB_OK && line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        number++;
        if (*line == '#' || *line == '\0') {
            /* comment */
        } else if (has_header) {
            status = add_row(table, line, number, problem);
        } else if (strcmp(line, columns) != 0) {
            status = data_problem_set(problem, HB_ERR_FORMAT,
                "%s:%lu: found columns \"%.100s\": expected \"%s\"", table->path, number, line,
                columns);
        } else {
            has_header = true;
        }
        line = end == NULL ? NULL : end + 1;
    }
    if (status == HB_OK && !has_header) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s:1: found no columns: expected \"%s\"",
            table->path, columns);
    }
    return status;
}

enum hb_status data_tables_read(
    const char *path, const char *columns, struct data_problem *problem, struct data_table **out)
{
    assert(strlen(columns) < sizeof((struct data_table *)NULL)->columns);
    struct data_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return HB_ERR_MEMORY;
    }
    (void)strcpy(table->columns, columns);
    table->column_count = 1;
    for (const char *c = columns; *c != '\0'; c++) {
        table->column_count += *c == '\t';
    }
    table->path = strdup(path);
    size_t bytes = 0;
    enum hb_status status =
        table->path == NULL ? HB_ERR_MEMORY : read_whole(path, problem, &table->text, &bytes);
    if (status == HB_OK && strlen(table->text) != bytes) {
        status =
            data_problem_set(problem, HB_ERR_FORMAT, "%s: found a NUL byte: expected text", path);
    }
    if (status == HB_OK) {
        status = split(table, columns, problem);
    }
    if (status != HB_OK) {
        data_tables_free(table);
        return status;
    }
    *out = table;
    return HB_OK;
}

enum hb_status data_tables_read_shipped(
    const char *name, const char *columns, struct data_problem *problem, struct data_table **out)
{
    char path[4096];
    enum hb_status status = data_tables_path(name, path, sizeof path, problem);
    return status != HB_OK ? status : data_tables_read(path, columns, problem, out);
}

void data_tables_free(struct data_table *table)
{
    if (table == NULL) {
        return;
    }
    free(table->lines);
    free(table->cells);
    free(table->path);
    free(table->text);
    free(table);
}

size_t data_tables_row_count(const struct data_table *table)
{
    return table->row_count;
}

const char *data_tables_text(const struct data_table *table, size_t row, size_t column)
{
    assert(row < table->row_count);
    assert(column < table->column_count);
    return table->cells[row * table->column_count + column];
}

/* The name of a column, for messages. */
static int column_name(const struct data_table *table, size_t column, const char **start)
{
    const char *name = table->columns;
    for (size_t i = 0; i < column; i++) {
        name = strchr(name, '\t') + 1;
    }
    *start = name;
    return (int)strcspn(name, "\t");
}

enum hb_status data_tables_number(const struct data_table *table, size_t row, size_t column,
    double min, double max, struct data_problem *problem, double *out)
{
    const char *text = data_tables_text(table, row, column);
    char *end = NULL;
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && value >= min && value <= max) {
        *out = value;
        return HB_OK;
    }
    const char *name = NULL;
    int name_bytes = column_name(table, column, &name);
    return data_problem_set(problem, HB_ERR_FORMAT,
        "%s:%lu: %.*s=\"%.60s\": expected a number in %g..%g", table->path, table->lines[row],
        name_bytes, name, text, min, max);
}
