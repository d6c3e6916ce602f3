/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_ON_DAMAGED_H
#define TESTS_FUZZ_ON_DAMAGED_H

#include <stddef.h>
#include <stdint.h>

/* For readers of HDF5: random bytes would end at its signature, so the input says
 * what is damaged in a whole file instead. Each 4 bytes: 0 to 2 say where (in units
 * of the file's size / 2^24), 3 what that byte is changed by; by 0: cut off there.
 * make writes the whole file, once. */
void on_damaged(const uint8_t *bytes, size_t size, void (*make)(const char *path),
    void (*read)(const char *path));

#endif
