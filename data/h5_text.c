/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/h5_file.h"

#include <errno.h>
#include <hdf5.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum hb_status data_h5_failed(
    const struct data_h5 *file, const char *path, struct data_problem *problem)
{
    return data_problem_set(problem, HB_ERR_IO, "%s: %s: cannot be written%s%s", file->path, path,
        errno == 0 ? "" : ": ", errno == 0 ? "" : strerror(errno));
}

int64_t data_h5_text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    (void)H5Tset_size(type, bytes == 0 ? 1 : bytes);
    (void)H5Tset_strpad(type, H5T_STR_NULLPAD);
    (void)H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

int data_h5_attribute_put(int64_t object, const char *name, const char *text)
{
    hid_t type = data_h5_text_type(strlen(text)), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    int is_bad = attribute < 0 || H5Awrite(attribute, type, *text == '\0' ? "\0" : text) < 0;
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    return is_bad ? -1 : 0;
}

enum hb_status data_h5_text_write(
    struct data_h5 *file, const char *path, const char *text, struct data_problem *problem)
{
    errno = 0;
    hid_t type = data_h5_text_type(strlen(text)), space = H5Screate(H5S_SCALAR);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_obj_track_times(list, 0);
    hid_t dataset = H5Dcreate2(file->id, path, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    int is_bad = dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0;
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    return is_bad ? data_h5_failed(file, path, problem) : HB_OK;
}

enum hb_status data_h5_attribute_write(struct data_h5 *file, const char *path, const char *name,
    const char *text, struct data_problem *problem)
{
    errno = 0;
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
    int is_bad = object < 0 || data_h5_attribute_put(object, name, text) != 0;
    (void)H5Oclose(object);
    return is_bad ? data_h5_failed(file, path, problem) : HB_OK;
}

enum hb_status data_h5_integer_write(struct data_h5 *file, const char *path, const char *name,
    int64_t value, struct data_problem *problem)
{
    errno = 0;
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    int is_bad = object < 0 || attribute < 0 || H5Awrite(attribute, H5T_NATIVE_INT64, &value) < 0;
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Oclose(object);
    return is_bad ? data_h5_failed(file, path, problem) : HB_OK;
}

static enum hb_status not_text(
    const struct data_h5 *file, const char *path, const char *name, struct data_problem *problem)
{
    return data_problem_set(problem, HB_ERR_FORMAT,
        "%s: %s%s%s: found something else: expected one text of fixed length", file->path, path,
        *name == '\0' ? "" : " attribute ", name);
}

/* Bytes of a scalar text of fixed length; 0 if it is anything else. */
static size_t scalar_text_bytes(hid_t type, hid_t space)
{
    int is_text = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0
        && H5Sget_simple_extent_type(space) == H5S_SCALAR;
    return is_text ? H5Tget_size(type) : 0;
}

enum hb_status data_h5_text_read(struct data_h5 *file, const char *path, uint64_t bytes_max,
    char **text, struct data_problem *problem)
{
    enum hb_status status = HB_OK;
    hid_t dataset = data_h5_dataset(file, path, problem, &status);
    if (dataset < 0) {
        return status;
    }
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    size_t bytes = scalar_text_bytes(type, space);
    char *read = NULL;
    if (bytes == 0 || H5Dget_storage_size(dataset) > file->file_bytes) {
        status = not_text(file, path, "", problem);
    } else if (bytes > bytes_max || bytes > file->file_bytes) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: %s: found %zu bytes: expected at most %" PRIu64, file->path, path, bytes,
            bytes_max < file->file_bytes ? bytes_max : file->file_bytes);
    } else if ((read = calloc(1, bytes + 1)) == NULL) {
        status = data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", file->path);
    } else if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) < 0) {
        status = not_text(file, path, "", problem);
    }
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Dclose(dataset);
    if (status != HB_OK) {
        free(read);
        return status;
    }
    *text = read;
    return HB_OK;
}

/* The attribute, or -1 with status and sentence. */
static hid_t attribute_open(struct data_h5 *file, const char *path, const char *name,
    struct data_problem *problem, enum hb_status *status)
{
    hid_t attribute = data_h5_has(file, path)
        ? H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, H5P_DEFAULT)
        : -1;
    if (attribute < 0) {
        *status = data_problem_set(problem, HB_ERR_NOT_FOUND,
            "%s: %s: found no attribute '%s': expected one", file->path, path, name);
    }
    return attribute;
}

enum hb_status data_h5_attribute_read(struct data_h5 *file, const char *path, const char *name,
    char *text, size_t text_bytes, struct data_problem *problem)
{
    enum hb_status status = HB_OK;
    hid_t attribute = attribute_open(file, path, name, problem, &status);
    if (attribute < 0) {
        return status;
    }
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    size_t bytes = scalar_text_bytes(type, space);
    if (bytes == 0) {
        status = not_text(file, path, name, problem);
    } else if (bytes >= text_bytes) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: %s attribute %s: found %zu bytes: expected at most %zu", file->path, path, name,
            bytes, text_bytes - 1);
    } else if (H5Aread(attribute, type, text) < 0) {
        status = not_text(file, path, name, problem);
    } else {
        text[bytes] = '\0';
    }
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Aclose(attribute);
    return status;
}

enum hb_status data_h5_integer_read(struct data_h5 *file, const char *path, const char *name,
    int64_t *value, struct data_problem *problem)
{
    enum hb_status status = HB_OK;
    hid_t attribute = attribute_open(file, path, name, problem, &status);
    if (attribute < 0) {
        return status;
    }
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int is_integer = H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) <= 8
        && H5Sget_simple_extent_npoints(space) == 1;
    if (!is_integer || H5Aread(attribute, H5T_NATIVE_INT64, value) < 0) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: %s attribute %s: found something else: expected one integer", file->path, path,
            name);
    }
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Aclose(attribute);
    return status;
}
