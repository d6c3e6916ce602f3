/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { path_bytes = 4096 };

static enum hb_status slurp(FILE *file, size_t size, uint8_t **bytes, size_t *count)
{
    uint8_t *all = malloc(size + 1);
    if (all == NULL) {
        return HB_ERR_MEMORY;
    }
    *count = fread(all, 1, size, file);
    if (*count != size || ferror(file)) {
        free(all);
        return HB_ERR_IO;
    }
    all[size] = '\0';
    *bytes = all;
    return HB_OK;
}

enum hb_status sim_files_read(const char *path, size_t bytes_max, struct data_problem *problem,
    uint8_t **bytes, size_t *count)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return data_problem_set(problem, errno == ENOENT ? HB_ERR_NOT_FOUND : HB_ERR_IO,
            "%s: %s", path, strerror(errno));
    }
    enum hb_status status = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode) ? HB_OK
                                                                                       : HB_ERR_IO;
    if (status == HB_OK) {
        status = (size_t)about.st_size > bytes_max
            ? HB_ERR_RANGE
            : slurp(file, (size_t)about.st_size, bytes, count);
    }
    (void)fclose(file); /* it was only read */
    return status == HB_OK ? HB_OK
                           : data_problem_set(problem, status,
                                 "%s: %s: expected a readable file of at most %zu bytes", path,
                                 hb_status_text(status), bytes_max);
}

static bool write_all(int file, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += written > 0 ? written : 0;
        count -= written > 0 ? (size_t)written : 0;
    }
    return fsync(file) == 0;
}

/* So that the new name, too, is on the disk. */
static bool sync_folder(const char *path)
{
    char copy[path_bytes];
    (void)snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_good = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        (void)close(folder); /* it was only synchronised */
    }
    return is_good;
}

enum hb_status sim_files_write(const char *path, const uint8_t *bytes, size_t count,
    struct data_problem *problem)
{
    char part[path_bytes];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) {
        return data_problem_set(problem, HB_ERR_IO, "the name of the snapshot is too long");
    }
    int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_good = file >= 0 && write_all(file, bytes, count);
    if (file >= 0) {
        is_good = close(file) == 0 && is_good;
    }
    is_good = is_good && rename(part, path) == 0 && sync_folder(path);
    if (!is_good) {
        int why = errno;
        (void)unlink(part); /* may not be there */
        return data_problem_set(problem, HB_ERR_IO, "%s: cannot be written: %s", path,
            strerror(why));
    }
    return HB_OK;
}
