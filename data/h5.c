/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/h5_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(hid_t) == sizeof(int64_t), "HDF5 handles are int64_t since 1.10");

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
    file->path = strdup(path);
    if (file->path == NULL) {
        free(file);
        return NULL;
    }
    return file;
}

enum hb_status data_h5_create(const char *path, struct data_h5 **out, struct data_problem *problem)
{
    data_h5_start();
    struct data_h5 *file = handle_new(path);
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    enum hb_status status = data_part_create(path, DATA_PART_PUBLIC, &file->part, problem);
    if (status != HB_OK) {
        data_h5_free(file);
        return status;
    }
    hid_t access = access_list(), creation = creation_list();
    file->id = H5Fcreate(data_part_path(file->part), H5F_ACC_TRUNC, creation, access);
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

enum hb_status data_h5_commit(struct data_h5 *file, struct data_problem *problem)
{
    assert(file->part != NULL);
    errno = 0;
    int is_flushed = H5Fflush(file->id, H5F_SCOPE_GLOBAL) >= 0;
    int cause = errno;
    enum hb_status status = HB_OK;
    if (close_id(file) != 0 || !is_flushed) {
        cause = cause == 0 ? errno : cause;
        status = data_problem_set(problem, HB_ERR_IO,
            "%s: cannot be written: %s; nothing is left of it", file->path,
            cause == 0 ? "HDF5 gave up" : strerror(cause));
    } else {
        status = data_part_commit(file->part, problem);
        file->part = NULL;
    }
    data_h5_free(file);
    return status;
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
    data_part_free(file->part);
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
