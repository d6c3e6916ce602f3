/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/csv.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/whole.h"

static const size_t bytes_max = (size_t)64 << 20;

struct data_csv {
    char *path, *text;
    const char **cells;   /* [row_count][column_count], the names are row 0 */
    unsigned long *lines; /* [row_count] */
    size_t row_count, column_count;
};

static enum hb_status read_text(struct data_csv *csv, struct data_problem *problem)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    enum hb_status status = data_whole_read(csv->path, bytes_max, &bytes, &count, problem);
    csv->text = (char *)bytes;
    if (status == HB_OK && strlen(csv->text) != count) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found a zero byte: expected text", csv->path);
    }
    return status;
}

static size_t count_of(const char *text, char c)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == c;
    }
    return count;
}

/* Room for the names and for what the rest of the text can hold: rows of
 * another length are refused, so there are no more fields than separators. */
static enum hb_status make_room(struct data_csv *csv, const char *rest)
{
    size_t lines = count_of(rest, '\n') + 2;
    csv->cells = calloc(csv->column_count + count_of(rest, ',') + lines, sizeof *csv->cells);
    csv->lines = calloc(lines, sizeof *csv->lines);
    return csv->cells == NULL || csv->lines == NULL ? HB_ERR_MEMORY : HB_OK;
}

/* What stands between quotes, moved together where quotes in it are doubled, up to *end. Returns
 * what follows the closing one; NULL: there is none. */
static char *take_quoted(char *from, char **end)
{
    char *to = from;
    for (; *from != '\0'; from++) {
        if (*from == '"' && *++from != '"') {
            *end = to;
            return from;
        }
        *to++ = *from;
    }
    return NULL;
}

/* Cuts a line into its fields, in place. Returns how many there are, the first `most` in cells;
 * 0: a quote has no end, or more than a comma follows it. */
static size_t cut(char *line, const char **cells, size_t most)
{
    for (size_t count = 0;;) {
        char *field = line, *end = line + strcspn(line, ","), *next = end;
        if (*line == '"') {
            field = line + 1;
            next = take_quoted(field, &end);
        }
        if (next == NULL || (*next != ',' && *next != '\0')) {
            return 0;
        }
        int is_last = *next == '\0';
        *end = '\0';
        if (count < most) {
            cells[count] = field;
        }
        count++;
        if (is_last) {
            return count;
        }
        line = next + 1;
    }
}

/* Its column_count is what the line of names may have, or has. */
static enum hb_status add_row(struct data_csv *csv, char *line, unsigned long number,
    struct data_problem *problem)
{
    const char **cells = &csv->cells[csv->row_count * csv->column_count];
    size_t found = cut(line, cells, csv->column_count);
    if (found == 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s:%lu: found a quote within a field or without end: expected \"...\" on one line",
            csv->path, number);
    }
    csv->column_count = csv->row_count == 0 ? found : csv->column_count;
    if (found != csv->column_count) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s:%lu: found %zu fields: expected %zu",
            csv->path, number, found, csv->column_count);
    }
    csv->lines[csv->row_count++] = number;
    return HB_OK;
}

static enum hb_status split(struct data_csv *csv, struct data_problem *problem)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, which some programs write */
    enum hb_status status = HB_OK;
    unsigned long number = 0;
    char *line = csv->text, *next;
    line += strncmp(line, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
    for (; status == HB_OK && *line != '\0'; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] == '\0' ? line + length : line + length + 1;
        line[length] = '\0';
        number++;
        if (length > 0 && line[length - 1] == '\r') {
            line[--length] = '\0';
        }
        if (length > 0 && csv->column_count == 0) {
            csv->column_count = count_of(line, ',') + 1;
            status = make_room(csv, next);
        }
        if (length > 0 && status == HB_OK) {
            status = add_row(csv, line, number, problem);
        }
    }
    if (status == HB_OK && csv->column_count == 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s:1: found an empty file: expected a line of column names", csv->path);
    }
    return status;
}

enum hb_status data_csv_read(const char *path, struct data_problem *problem, struct data_csv **out)
{
    struct data_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) {
        return HB_ERR_MEMORY;
    }
    csv->path = strdup(path);
    enum hb_status status = csv->path == NULL ? HB_ERR_MEMORY : read_text(csv, problem);
    if (status == HB_OK) {
        status = split(csv, problem);
    }
    if (status != HB_OK) {
        data_csv_free(csv);
        return status;
    }
    *out = csv;
    return HB_OK;
}

void data_csv_free(struct data_csv *csv)
{
    if (csv == NULL) {
        return;
    }
    free(csv->lines);
    free(csv->cells);
    free(csv->text);
    free(csv->path);
    free(csv);
}

size_t data_csv_row_count(const struct data_csv *csv)
{
    return csv->row_count - 1;
}

static int is_among(const char *names, const char *name)
{
    size_t length = strlen(name);
    while (length > 0 && *names != '\0') {
        size_t one = strcspn(names, "|");
        if (one == length && strncmp(names, name, length) == 0) {
            return 1;
        }
        names += names[one] == '|' ? one + 1 : one;
    }
    return 0;
}

int data_csv_has(const struct data_csv *csv, const char *names, size_t *out)
{
    for (size_t column = 0; column < csv->column_count; column++) {
        if (is_among(names, csv->cells[column])) {
            *out = column;
            return 1;
        }
    }
    return 0;
}

enum hb_status data_csv_column(const struct data_csv *csv, const char *names,
    struct data_problem *problem, size_t *out)
{
    if (data_csv_has(csv, names, out)) {
        return HB_OK;
    }
    return data_problem_set(problem, HB_ERR_FORMAT, "%s:%lu: found no column \"%s\": expected one",
        csv->path, csv->lines[0], names);
}

unsigned long data_csv_line(const struct data_csv *csv, size_t row)
{
    assert(row + 1 < csv->row_count);
    return csv->lines[row + 1];
}

const char *data_csv_text(const struct data_csv *csv, size_t row, size_t column)
{
    assert(row + 1 < csv->row_count);
    assert(column < csv->column_count);
    return csv->cells[(row + 1) * csv->column_count + column];
}

const char *data_csv_column_name(const struct data_csv *csv, size_t column)
{
    assert(column < csv->column_count);
    return csv->cells[column];
}

enum hb_status data_csv_fault(const struct data_csv *csv, size_t row, size_t column,
    const char *expected, struct data_problem *problem)
{
    return data_problem_set(problem, HB_ERR_FORMAT, "%s:%lu: %s=\"%.80s\": expected %s",
        csv->path, csv->lines[row + 1], csv->cells[column], data_csv_text(csv, row, column),
        expected);
}

enum hb_status data_csv_number(const struct data_csv *csv, size_t row, size_t column,
    struct data_csv_bounds bounds, struct data_problem *problem, double *out)
{
    const char *text = data_csv_text(csv, row, column);
    char *end;
    double value = strtod(text, &end);
    int is_plain = text[0] != '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
    if (!is_plain || *end != '\0' || !(value >= bounds.min && value <= bounds.max)) {
        char expected[80];
        (void)snprintf(expected, sizeof expected, "a number in %g..%g", bounds.min, bounds.max);
        return data_csv_fault(csv, row, column, expected, problem);
    }
    *out = value;
    return HB_OK;
}
