/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_FUZZ_FILE_H
#define TESTS_FUZZ_FUZZ_FILE_H

#include <stddef.h>
#include <stdint.h>

/* For readers that take a path: the input as a file of that name in a folder of
 * this process, in memory where there is /dev/shm; gone when the process ends.
 * name may have one folder in front. The text stays until the next call. */
const char *fuzz_file_written(const char *name, const uint8_t *text, size_t size);

/* One input for several files: the bytes up to a line "--" or the end, and with
 * step where the next begins. */
size_t fuzz_file_part(const uint8_t *text, size_t size, size_t *step);

/* The folder itself. */
const char *fuzz_file_folder(void);

#endif
