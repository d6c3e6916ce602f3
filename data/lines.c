/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/lines.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/whole.h"

#define LINE_BYTES 4000

struct data_lines {
    gzFile file;
    uint64_t at;
    char *path;
    char text[LINE_BYTES + 3]; /* and its end */
};

enum hb_status data_lines_open(const char *path, struct data_problem *problem,
    struct data_lines **out)
{
    enum hb_status status = data_whole_check(path, problem);
    if (status != HB_OK) {
        return status;
    }
    struct data_lines *lines = calloc(1, sizeof *lines);
    char *copy = malloc(strlen(path) + 1);
    if (lines == NULL || copy == NULL) {
        free(copy);
        free(lines);
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    strcpy(copy, path);
    lines->path = copy;
    errno = 0;
    lines->file = gzopen(path, "rb");
    if (lines->file == NULL) {
        status = data_problem_set(problem, errno == 0 ? HB_ERR_MEMORY : HB_ERR_IO,
            "%s: %s", path, errno == 0 ? "out of memory" : strerror(errno));
        data_lines_close(lines);
        return status;
    }
    (void)gzbuffer(lines->file, 1 << 17); /* a smaller buffer would do as well */
    *out = lines;
    return HB_OK;
}

void data_lines_close(struct data_lines *lines)
{
    if (lines == NULL) {
        return;
    }
    if (lines->file != NULL) {
        (void)gzclose(lines->file); /* only read from */
    }
    free(lines->path);
    free(lines);
}

uint64_t data_lines_at(const struct data_lines *lines)
{
    return lines->at;
}

enum hb_status data_lines_refuse(const struct data_lines *lines, struct data_problem *problem,
    const char *format, ...)
{
    char text[384];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return data_problem_set(problem, HB_ERR_FORMAT, "%s:%llu: %s", lines->path,
        (unsigned long long)lines->at, text);
}

/* The end of the file, or why there is no line. */
static enum hb_status end_of(struct data_lines *lines, struct data_problem *problem, char **text)
{
    int code = Z_OK;
    const char *reason = gzerror(lines->file, &code);
    if (code == Z_ERRNO) {
        return data_problem_set(problem, HB_ERR_IO, "%s: %s", lines->path, strerror(errno));
    }
    if (code != Z_OK && code != Z_STREAM_END) {
        return data_lines_refuse(lines, problem,
            "damaged or cut-off gzip (%s): expected whole file", reason);
    }
    *text = NULL;
    return HB_OK;
}

enum hb_status data_lines_next(struct data_lines *lines, struct data_problem *problem,
    char **text)
{
    /* gzgets does not tell NULs: what stands after the line's end does. */
    lines->at++;
    size_t length = 0;
    int byte = 0;
    while (length <= LINE_BYTES && (byte = gzgetc(lines->file)) >= 0 && byte != '\n') {
        if (byte == 0) {
            return data_lines_refuse(lines, problem, "a NUL byte: expected text");
        }
        lines->text[length++] = (char)byte;
    }
    if (length > LINE_BYTES) {
        return data_lines_refuse(lines, problem, "line over %d bytes: expected a shorter one",
            LINE_BYTES);
    }
    if (byte < 0) {
        char *end = NULL;
        enum hb_status status = end_of(lines, problem, &end);
        if (status != HB_OK || length == 0) {
            *text = status == HB_OK ? NULL : *text;
            return status;
        }
    }
    length -= length > 0 && lines->text[length - 1] == '\r';
    lines->text[length] = '\0';
    *text = lines->text;
    return HB_OK;
}

enum hb_status data_lines_header(struct data_lines *lines, const char *header,
    struct data_problem *problem)
{
    char *text = NULL;
    enum hb_status status = data_lines_next(lines, problem, &text);
    if (status != HB_OK) {
        return status;
    }
    if (text == NULL || strcmp(text, header) != 0) {
        return data_lines_refuse(lines, problem, "header \"%.80s\": expected \"%s\"",
            text == NULL ? "" : text, header);
    }
    return HB_OK;
}

enum hb_status data_lines_row(struct data_lines *lines, size_t count, char **fields,
    struct data_problem *problem, int *has_row)
{
    assert(count > 0);
    char *text = NULL;
    enum hb_status status = data_lines_next(lines, problem, &text);
    if (status != HB_OK) {
        return status;
    }
    *has_row = text != NULL;
    if (text == NULL) {
        return HB_OK;
    }
    size_t found = 1;
    fields[0] = text;
    for (char *p = text; *p != '\0'; p++) {
        if (*p != ',') {
            continue;
        }
        *p = '\0';
        if (found < count) {
            fields[found] = p + 1;
        }
        found++;
    }
    if (found != count) {
        return data_lines_refuse(lines, problem, "%zu fields: expected %zu", found, count);
    }
    return HB_OK;
}

enum hb_status data_lines_real(const struct data_lines *lines, const char *field,
    const struct data_lines_range *range, struct data_problem *problem, double *out)
{
    char *end = NULL;
    double value = strtod(field, &end);
    int is_number = end != field && *end == '\0' && strchr("+-.0123456789", field[0]) != NULL
        && strpbrk(field, "xXnN") == NULL;
    if (!is_number || !(value >= range->min && value <= range->max)) {
        return data_lines_refuse(lines, problem, "%s=\"%.40s\": expected a number %g to %g",
            range->name, field, range->min, range->max);
    }
    *out = value;
    return HB_OK;
}

enum hb_status data_lines_whole(const struct data_lines *lines, const char *field,
    const struct data_lines_range *range, struct data_problem *problem, uint32_t *out)
{
    assert(range->min >= 0.0);
    assert(range->max <= UINT32_MAX);
    size_t digits = strspn(field, "0123456789");
    int is_whole = digits > 0 && digits < 11 && field[digits] == '\0';
    double value = is_whole ? strtod(field, NULL) : -1.0;
    if (!is_whole || value < range->min || value > range->max) {
        return data_lines_refuse(lines, problem,
            "%s=\"%.40s\": expected a whole number %.0f to %.0f", range->name, field,
            range->min, range->max);
    }
    *out = (uint32_t)value;
    return HB_OK;
}
