/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_ON_FILE_H
#define TESTS_FUZZ_ON_FILE_H

#include <stddef.h>
#include <stdint.h>

/* For readers that take a path: the input as a file in memory, alive during the call. */
void on_file(const uint8_t *bytes, size_t size, void (*read)(const char *path));

#endif
