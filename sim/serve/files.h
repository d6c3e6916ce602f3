/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_FILES_H
#define SIM_SERVE_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* A whole file, a NUL added behind it; the caller frees. HB_ERR_NOT_FOUND, HB_ERR_IO,
 * HB_ERR_RANGE (over bytes_max), HB_ERR_MEMORY. */
enum hb_status sim_files_read(const char *path, size_t bytes_max, struct data_problem *problem,
    uint8_t **bytes, size_t *count);

/* Readable by its owner only; under its name only when it is on the disk. HB_ERR_IO. */
enum hb_status sim_files_write(const char *path, const uint8_t *bytes, size_t count,
    struct data_problem *problem);

#endif
