/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/h5_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(hid_t) == sizeof(int64_t), "HDF5 handles are int64_t since 1.10");

#define PART_TRIES 100

/* HDF5 1.10 crashes in its own clean-up at exit after a file could not be
 * written (a full disk). All files here are closed by their owners, so it has
 * nothing to clean up. */
void data_h5_start(void)
{
    (void)H5dont_atexit();
    (void)H5open();
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    (void)H5PLset_loading_state(0);
}

/* Access: formats of 1.10 carry checksums in all their metadata; no file
 * locks, which fail on some network file systems. */
static hid_t access_list(void)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    (void)H5Pset_libver_bounds(list, H5F_LIBVER_V110, H5F_LIBVER_V110);
    (void)H5Pset_file_locking(list, 0, 1);
    (void)H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
    return list;
}

static hid_t creation_list(void)
{
    hid_t list = H5Pcreate(H5P_FILE_CREATE);
    (void)H5Pset_obj_track_times(list, 0);
    return list;
}

static struct data_h5 *handle_new(const char *path)
{
    struct data_h5 *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return NULL;
    }
    file->id = -1;
    file->directory = -1;
    file->path = strdup(path);
    if (file->path == NULL) {
        free(file);
        return NULL;
    }
    return file;
}

static int directory_open(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL) {
        return -1;
    }
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    return directory;
}

/* Reserves a name beside the final one, so that the rename stays within one
 * file system; leftovers of killed runs are stepped over. */
static int part_reserve(struct data_h5 *file)
{
    size_t bytes = strlen(file->path) + 40;
    file->part_path = malloc(bytes);
    if (file->part_path == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (int i = 0; i < PART_TRIES; i++) {
        (void)snprintf(file->part_path, bytes, "%s.part-%ld-%d", file->path, (long)getpid(), i);
        int part = open(file->part_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (part >= 0 || errno != EEXIST) {
            return part;
        }
    }
    return -1;
}

enum hb_status data_h5_create(const char *path, struct data_h5 **out, struct data_problem *problem)
{
    data_h5_start();
    struct data_h5 *file = handle_new(path);
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        data_h5_free(file);
        return data_problem_set(
            problem, HB_ERR_IO, "%s: not a regular file: expected a new name or a file", path);
    }
    file->directory = directory_open(path);
    int part = file->directory < 0 ? -1 : part_reserve(file);
    if (part < 0) {
        int cause = errno;
        free(file->part_path); /* not ours: nothing to remove */
        file->part_path = NULL;
        data_h5_free(file);
        return data_problem_set(
            problem, HB_ERR_IO, "%s: cannot be created: %s", path, strerror(cause));
    }
    (void)close(part);
    hid_t access = access_list(), creation = creation_list();
    file->id = H5Fcreate(file->part_path, H5F_ACC_TRUNC, creation, access);
    (void)H5Pclose(creation);
    (void)H5Pclose(access);
    if (file->id < 0) {
        data_h5_free(file);
        return data_problem_set(problem, HB_ERR_IO, "%s: cannot be created", path);
    }
    *out = file;
    return HB_OK;
}

/* Closes HDF5's side; what it still held in memory goes to the file now. */
static int close_id(struct data_h5 *file)
{
    int failed = 0;
    if (file->id >= 0) {
        failed = H5Fclose(file->id) < 0;
        file->id = -1;
    }
    return failed ? -1 : 0;
}

static int sync_part(const char *path)
{
    int part = open(path, O_RDWR | O_CLOEXEC);
    if (part < 0) {
        return -1;
    }
    int failed = fsync(part);
    return close(part) != 0 || failed != 0 ? -1 : 0;
}

enum hb_status data_h5_commit(struct data_h5 *file, struct data_problem *problem)
{
    assert(file->part_path != NULL);
    errno = 0;
    int is_flushed = H5Fflush(file->id, H5F_SCOPE_GLOBAL) >= 0;
    int cause = errno;
    if (close_id(file) != 0 || !is_flushed || sync_part(file->part_path) != 0
        || rename(file->part_path, file->path) != 0) {
        cause = cause == 0 ? errno : cause;
        enum hb_status status =
            data_problem_set(problem, HB_ERR_IO, "%s: cannot be written: %s; nothing is left of it",
                file->path, cause == 0 ? "HDF5 gave up" : strerror(cause));
        data_h5_free(file);
        return status;
    }
    free(file->part_path);
    file->part_path = NULL;
    (void)fsync(file->directory); /* some file systems cannot; the file itself is safe */
    data_h5_free(file);
    return HB_OK;
}

enum hb_status data_h5_open(const char *path, struct data_h5 **out, struct data_problem *problem)
{
    data_h5_start();
    struct stat there;
    if (stat(path, &there) != 0) {
        return data_problem_set(problem, errno == ENOENT ? HB_ERR_NOT_FOUND : HB_ERR_IO,
            "%s: cannot be opened: %s", path, strerror(errno));
    }
    if (!S_ISREG(there.st_mode)) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s: found %s: expected an HDF5 file", path,
            S_ISDIR(there.st_mode) ? "a folder" : "no regular file");
    }
    if (access(path, R_OK) != 0) {
        return data_problem_set(
            problem, HB_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    struct data_h5 *file = handle_new(path);
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    file->file_bytes = (uint64_t)there.st_size;
    hid_t list = access_list();
    htri_t is_hdf5 = H5Fis_hdf5(path);
    file->id = is_hdf5 > 0 ? H5Fopen(path, H5F_ACC_RDONLY, list) : -1;
    (void)H5Pclose(list);
    if (file->id < 0) {
        data_h5_free(file);
        return data_problem_set(problem, HB_ERR_FORMAT, "%s: found %s: expected %s", path,
            is_hdf5 > 0 ? "a damaged or truncated HDF5 file" : "no HDF5 signature",
            is_hdf5 > 0 ? "a whole one" : "an HDF5 file");
    }
    *out = file;
    return HB_OK;
}

void data_h5_free(struct data_h5 *file)
{
    if (file == NULL) {
        return;
    }
    (void)close_id(file); /* the file is given up: its state does not matter */
    if (file->part_path != NULL) {
        (void)unlink(file->part_path);
    }
    if (file->directory >= 0) {
        (void)close(file->directory);
    }
    free(file->part_path);
    free(file->path);
    free(file);
}

const char *data_h5_path(const struct data_h5 *file)
{
    return file->path;
}

const char *data_h5_version(void)
{
    return &H5_VERS_INFO[sizeof "HDF5 library version: " - 1];
}
