/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/part.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { part_tries = 100 };
static const char part_mark[] = ".part-";
static const size_t write_bytes_max = (size_t)1 << 30; /* Linux writes no more at once */

struct data_part {
    char *path, *part; /* part: path and a mark; NULL until there is such a file */
    const char *base;  /* of path */
    FILE *stream;
    int file, folder;
};

static bool is_number(const char **text)
{
    const char *begin = *text;
    while (isdigit((unsigned char)**text)) {
        ++*text;
    }
    return *text > begin;
}

/* NAME.part-PID-K of this NAME */
static bool is_part_of(const struct data_part *part, const char *name)
{
    size_t bytes = strlen(part->base);
    if (strncmp(name, part->base, bytes) != 0
        || strncmp(name + bytes, part_mark, sizeof part_mark - 1) != 0) {
        return false;
    }
    const char *rest = name + bytes + sizeof part_mark - 1;
    return is_number(&rest) && *rest++ == '-' && is_number(&rest) && *rest == '\0';
}

/* Removes a part that nobody holds. */
static void sweep_one(const struct data_part *part, const char *name)
{
    struct stat there;
    int file = openat(part->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) {
        return;
    }
    if (fstat(file, &there) == 0 && S_ISREG(there.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0) {
        (void)unlinkat(part->folder, name, 0); /* if it stays, it stays for the next time */
    }
    (void)close(file); /* nothing was written to it */
}

static void sweep_folder(const struct data_part *part)
{
    int folder = openat(part->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (entries == NULL) {
        if (folder >= 0) {
            (void)close(folder);
        }
        return;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (is_part_of(part, entry->d_name)) {
            sweep_one(part, entry->d_name);
        }
    }
    (void)closedir(entries);
}

/* Whether the file is ours by lock and still under its name: between being made and being locked
 * it may have been swept by another writer. Where there are no locks nobody sweeps. */
static bool is_held(int file, const char *name)
{
    struct stat ours, named;
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        return errno != EWOULDBLOCK;
    }
    return fstat(file, &ours) == 0 && stat(name, &named) == 0 && ours.st_ino == named.st_ino
        && ours.st_dev == named.st_dev;
}

/* A name beside the final one, so that the rename stays within one file system. */
static int reserve(struct data_part *part, enum data_part_access access)
{
    size_t bytes = strlen(part->path) + 48;
    part->part = malloc(bytes);
    for (int i = 0; i < part_tries && part->part != NULL; i++) {
        (void)snprintf(part->part, bytes, "%s%s%ld-%d", part->path, part_mark, (long)getpid(), i);
        int file = open(part->part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC,
            access == DATA_PART_PRIVATE ? 0600 : 0666);
        if (file < 0 && errno != EEXIST) {
            break;
        }
        if (file >= 0 && is_held(file, part->part)) {
            part->file = file;
            return 0;
        }
        if (file >= 0) {
            (void)close(file); /* nothing was written to it */
        }
    }
    free(part->part); /* not ours: nothing to remove */
    part->part = NULL;
    return -1;
}

static int open_folder(struct data_part *part)
{
    size_t bytes = (size_t)(part->base - part->path);
    char *folder = bytes == 0 ? strdup(".") : strndup(part->path, bytes);
    if (folder == NULL) {
        return -1;
    }
    part->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return part->folder < 0 ? -1 : 0;
}

/* Names, folder, and that clear of what was left. */
static int begin(struct data_part *part, const char *path)
{
    part->file = part->folder = -1;
    part->path = strdup(path);
    if (part->path == NULL) {
        return -1;
    }
    const char *slash = strrchr(part->path, '/');
    part->base = slash == NULL ? part->path : slash + 1;
    if (open_folder(part) != 0) {
        return -1;
    }
    sweep_folder(part);
    return 0;
}

void data_part_sweep(const char *path)
{
    struct data_part *part = calloc(1, sizeof *part);
    if (part != NULL) {
        (void)begin(part, path); /* if it cannot, the next writer of that name may */
        data_part_free(part);
    }
}

enum hb_status data_part_create(const char *path, enum data_part_access access,
    struct data_part **out, struct data_problem *problem)
{
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        return data_problem_set(
            problem, HB_ERR_IO, "%s: not a regular file: expected a new name or a file", path);
    }
    struct data_part *part = calloc(1, sizeof *part);
    if (part == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    if (begin(part, path) != 0 || reserve(part, access) != 0) {
        int why = errno;
        data_part_free(part);
        return data_problem_set(
            problem, HB_ERR_IO, "%s: cannot be created: %s", path, strerror(why));
    }
    *out = part;
    return HB_OK;
}

const char *data_part_path(const struct data_part *part)
{
    return part->part;
}

FILE *data_part_stream(struct data_part *part)
{
    int file = part->stream == NULL ? fcntl(part->file, F_DUPFD_CLOEXEC, 0) : -1;
    if (file >= 0) {
        part->stream = fdopen(file, "wb");
        if (part->stream == NULL) {
            (void)close(file); /* nothing was written to it */
        }
    }
    return part->stream;
}

int data_part_write(struct data_part *part, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t done = write(part->file, at, count < write_bytes_max ? count : write_bytes_max);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        at += done > 0 ? done : 0;
        count -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

static int close_stream(struct data_part *part)
{
    int is_bad = 0;
    if (part->stream != NULL) {
        is_bad = ferror(part->stream) != 0;
        is_bad |= fclose(part->stream) != 0;
        part->stream = NULL;
    }
    return is_bad;
}

enum hb_status data_part_commit(struct data_part *part, struct data_problem *problem)
{
    errno = 0;
    if (close_stream(part) != 0 || fsync(part->file) != 0
        || rename(part->part, part->path) != 0) {
        int why = errno;
        enum hb_status status = data_problem_set(problem, HB_ERR_IO,
            "%s: cannot be written: %s; nothing is left of it", part->path,
            why == 0 ? "an earlier write failed" : strerror(why));
        data_part_free(part);
        return status;
    }
    free(part->part);
    part->part = NULL;
    (void)fsync(part->folder); /* some file systems cannot; the file itself is safe */
    data_part_free(part);
    return HB_OK;
}

void data_part_free(struct data_part *part)
{
    if (part == NULL) {
        return;
    }
    (void)close_stream(part); /* what it holds is given up */
    if (part->part != NULL) {
        (void)unlink(part->part);
    }
    if (part->file >= 0) {
        (void)close(part->file); /* its bytes are on the disk, or given up */
    }
    if (part->folder >= 0) {
        (void)close(part->folder);
    }
    free(part->part);
    free(part->path);
    free(part);
}
