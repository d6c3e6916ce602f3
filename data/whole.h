/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_WHOLE_H
#define DATA_WHOLE_H

#include <stddef.h>
#include <stdint.h>

#include "data/part.h"
#include "data/problem.h"

/* A whole file in memory, a NUL added behind it; the caller frees. Only regular files.
 * HB_ERR_NOT_FOUND, HB_ERR_IO, HB_ERR_FORMAT (a folder, a pipe), HB_ERR_RANGE (over
 * bytes_max), HB_ERR_MEMORY. */
enum hb_status data_whole_read(const char *path, size_t bytes_max, uint8_t **bytes, size_t *count,
    struct data_problem *problem);

/* HB_ERR_FORMAT if there is something by that name that is no regular file: for those who open it
 * by other means, since opening a pipe may take for ever. */
enum hb_status data_whole_check(const char *path, struct data_problem *problem);

/* A stretch of what is to be written. */
struct data_whole_part {
    const void *bytes;
    size_t count;
};

/* The parts one after the other, as data_part writes files. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status data_whole_write(const char *path, enum data_part_access access,
    const struct data_whole_part *parts, size_t part_count, struct data_problem *problem);

#endif
