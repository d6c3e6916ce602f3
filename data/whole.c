/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { part_tries = 100 };
static const size_t write_bytes_max = (size_t)1 << 30; /* Linux writes no more at once */

static enum hb_status failed(const char *path, const char *what, int why,
    struct data_problem *problem)
{
    return data_problem_set(problem, why == ENOENT ? HB_ERR_NOT_FOUND : HB_ERR_IO, "%s: %s: %s",
        path, what, strerror(why));
}

/* 0: all there. A file that shrinks meanwhile is short, and that is the reader's to notice. */
static int read_all(int file, uint8_t *bytes, size_t *count)
{
    size_t wanted = *count;
    *count = 0;
    while (*count < wanted) {
        ssize_t got = read(file, bytes + *count, wanted - *count);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        *count += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static enum hb_status read_open(int file, const char *path, size_t bytes_max, uint8_t **bytes,
    size_t *count, struct data_problem *problem)
{
    struct stat there;
    if (fstat(file, &there) != 0) {
        return failed(path, "cannot be read", errno, problem);
    }
    if (!S_ISREG(there.st_mode)) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s: found %s: expected a file", path,
            S_ISDIR(there.st_mode) ? "a folder" : "no regular file");
    }
    if ((uint64_t)there.st_size > bytes_max) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "%s: found %lld bytes: expected at most %zu", path, (long long)there.st_size,
            bytes_max);
    }
    size_t size = (size_t)there.st_size;
    uint8_t *all = malloc(size + 1);
    if (all == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: no memory for %zu bytes", path, size);
    }
    if (read_all(file, all, &size) != 0) {
        free(all);
        return failed(path, "cannot be read", errno, problem);
    }
    all[size] = '\0';
    *bytes = all;
    *count = size;
    return HB_OK;
}

enum hb_status data_whole_read(const char *path, size_t bytes_max, uint8_t **bytes, size_t *count,
    struct data_problem *problem)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang us */
    if (file < 0) {
        return failed(path, "cannot be opened", errno, problem);
    }
    enum hb_status status = read_open(file, path, bytes_max, bytes, count, problem);
    (void)close(file); /* it was only read */
    return status;
}

static int write_part(int file, const struct data_whole_part *part)
{
    const uint8_t *at = part->bytes;
    size_t left = part->count;
    while (left > 0) {
        ssize_t done = write(file, at, left < write_bytes_max ? left : write_bytes_max);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        at += done > 0 ? done : 0;
        left -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

/* A name beside the final one, so that the rename stays within one file system. */
static int reserve(const char *path, char *part, size_t part_bytes)
{
    for (int i = 0; i < part_tries; i++) {
        (void)snprintf(part, part_bytes, "%s.part-%ld-%d", path, (long)getpid(), i);
        int file = open(part, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST) {
            return file;
        }
    }
    return -1;
}

/* So that the new name, too, is on the disk; some file systems cannot. */
static void sync_folder(char *part)
{
    int folder = open(dirname(part), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)fsync(folder);
        (void)close(folder);
    }
}

enum hb_status data_whole_write(const char *path, const struct data_whole_part *parts,
    size_t part_count, struct data_problem *problem)
{
    size_t name_bytes = strlen(path) + 40;
    char *part = malloc(name_bytes);
    struct stat there;
    if (part == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        free(part);
        return data_problem_set(problem, HB_ERR_IO,
            "%s: not a regular file: expected a new name or a file", path);
    }
    int file = reserve(path, part, name_bytes);
    if (file < 0) {
        int why = errno;
        free(part);
        return data_problem_set(problem, HB_ERR_IO, "%s: cannot be created: %s", path,
            strerror(why));
    }
    int is_bad = 0;
    for (size_t i = 0; i < part_count && !is_bad; i++) {
        is_bad = write_part(file, &parts[i]) != 0;
    }
    is_bad = is_bad || fsync(file) != 0;
    int why = errno;
    is_bad |= close(file) != 0;
    if (is_bad || rename(part, path) != 0) {
        why = is_bad ? why : errno;
        (void)unlink(part);
        free(part);
        return data_problem_set(problem, HB_ERR_IO,
            "%s: cannot be written: %s; nothing is left of it", path, strerror(why));
    }
    sync_folder(part);
    free(part);
    return HB_OK;
}
