/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_LINES_H
#define DATA_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* A text file read line by line, plain or gzip alike; the owner of zlib. Bad
 * content is told as `file:line: found: expected ...`. */
struct data_lines;

/* HB_ERR_IO (cannot be opened), HB_ERR_MEMORY. */
enum hb_status data_lines_open(const char *path, struct data_problem *problem,
    struct data_lines **out);
void data_lines_close(struct data_lines *lines);

/* Steps to the next line; *text is it without its end (LF or CR LF), NULL after
 * the last one, and good until the next step. HB_ERR_FORMAT: over 4,000 bytes,
 * a NUL, damaged or cut-off gzip. HB_ERR_IO. */
enum hb_status data_lines_next(struct data_lines *lines, struct data_problem *problem,
    char **text);

/* Steps to the first line, which must be exactly header. HB_ERR_FORMAT and as next. */
enum hb_status data_lines_header(struct data_lines *lines, const char *header,
    struct data_problem *problem);

/* Steps to the next line and splits it at commas into exactly count fields.
 * *has_row 0 after the last line. HB_ERR_FORMAT and as next. */
enum hb_status data_lines_row(struct data_lines *lines, size_t count, char **fields,
    struct data_problem *problem, int *has_row);

/* A field of the present line as a number. HB_ERR_FORMAT: not one, not finite or out of range. */
struct data_lines_range {
    const char *name; /* of the column, for the message */
    double min, max;
};
enum hb_status data_lines_real(const struct data_lines *lines, const char *field,
    const struct data_lines_range *range, struct data_problem *problem, double *out);
/* The same of a whole number; 0 <= min, max <= 2^32 - 1. */
enum hb_status data_lines_whole(const struct data_lines *lines, const char *field,
    const struct data_lines_range *range, struct data_problem *problem, uint32_t *out);

/* A complaint of the caller's about the present line. */
enum hb_status data_lines_refuse(const struct data_lines *lines, struct data_problem *problem,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Of the present line, from 1; 0 before the first. */
uint64_t data_lines_at(const struct data_lines *lines);

#endif
