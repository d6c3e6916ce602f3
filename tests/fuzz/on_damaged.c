/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/on_damaged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_file.h"

enum { whole_bytes_max = 1 << 22 };

static uint8_t whole[whole_bytes_max];

static size_t load(void (*make)(const char *path))
{
    char path[] = "/tmp/fuzz_whole_XXXXXX";
    int made = mkstemp(path);
    if (made < 0) {
        abort();
    }
    (void)close(made); /* the writer opens it anew */
    make(path);
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(whole, 1, sizeof whole, file) : 0;
    if (size == 0 || size == sizeof whole) {
        abort();
    }
    (void)fclose(file); /* only read */
    (void)unlink(path); /* it is ours */
    return size;
}

void on_damaged(const uint8_t *bytes, size_t size, void (*make)(const char *path),
    void (*read)(const char *path))
{
    static uint8_t damaged[whole_bytes_max];
    static size_t whole_bytes;
    whole_bytes = whole_bytes == 0 ? load(make) : whole_bytes;
    size_t end = whole_bytes;
    memcpy(damaged, whole, whole_bytes);
    for (size_t i = 0; i + 4 <= size; i += 4) {
        uint64_t where = (uint64_t)bytes[i] << 16 | (uint64_t)bytes[i + 1] << 8 | bytes[i + 2];
        size_t at = (size_t)(where * whole_bytes >> 24);
        damaged[at] ^= bytes[i + 3];
        end = bytes[i + 3] == 0 && at < end ? at : end;
    }
    read(fuzz_file_written("damaged.h5", damaged, end));
}
