/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _XOPEN_SOURCE 700 /* nftw */
#include "tests/fuzz/fuzz_file.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_all(void)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* the process ends anyway */
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

const char *fuzz_file_folder(void)
{
    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "%s/harbinger-fuzz-XXXXXX",
            access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (mkdtemp(folder) == NULL || atexit(remove_all) != 0) {
            fail(folder);
        }
    }
    return folder;
}

size_t fuzz_file_part(const uint8_t *text, size_t size, size_t *step)
{
    for (size_t at = 0; at + 3 <= size; at++) {
        if (memcmp(text + at, "--\n", 3) == 0) {
            *step = at + 3;
            return at;
        }
    }
    *step = size;
    return size;
}

const char *fuzz_file_written(const char *name, const uint8_t *text, size_t size)
{
    static char path[256];
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        (void)snprintf(path, sizeof path, "%s/%.*s", fuzz_file_folder(), (int)(slash - name), name);
        (void)mkdir(path, 0700); /* it may be there already */
    }
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_file_folder(), name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(text, 1, size, file) != size || fclose(file) != 0) {
        fail(path);
    }
    return path;
}
