/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static enum hb_status checked(const struct stat *there, const char *path,
    struct data_problem *problem)
{
    return S_ISREG(there->st_mode) ? HB_OK
        : data_problem_set(problem, HB_ERR_FORMAT, "%s: found %s: expected a file", path,
              S_ISDIR(there->st_mode) ? "a folder" : "no regular file");
}

enum hb_status data_whole_check(const char *path, struct data_problem *problem)
{
    struct stat there;
    return stat(path, &there) == 0 ? checked(&there, path, problem) : HB_OK;
}

static enum hb_status read_open(int file, const char *path, size_t bytes_max, uint8_t **bytes,
    size_t *count, struct data_problem *problem)
{
    struct stat there;
    if (fstat(file, &there) != 0) {
        return failed(path, "cannot be read", errno, problem);
    }
    enum hb_status status = checked(&there, path, problem);
    if (status != HB_OK) {
        return status;
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

enum hb_status data_whole_write(const char *path, enum data_part_access access,
    const struct data_whole_part *parts, size_t part_count, struct data_problem *problem)
{
    struct data_part *part = NULL;
    enum hb_status status = data_part_create(path, access, &part, problem);
    for (size_t i = 0; i < part_count && status == HB_OK; i++) {
        if (data_part_write(part, parts[i].bytes, parts[i].count) != 0) {
            status = data_problem_set(problem, HB_ERR_IO,
                "%s: cannot be written: %s; nothing is left of it", path, strerror(errno));
        }
    }
    if (status != HB_OK) {
        data_part_free(part);
        return status;
    }
    return data_part_commit(part, problem);
}
