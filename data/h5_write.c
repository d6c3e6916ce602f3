/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/h5_file.h"

#include <assert.h>
#include <errno.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <string.h>

/* A chunk of about this size: small beside HDF5's 1 MiB cache, large for deflate. */
#define CHUNK_BYTES 65536
#define COLUMN_CHUNK_ROWS 8192 /* of a column that grows; appends of this size fit best */

/* What netCDF-4 calls a dimension without a variable; its readers look for
 * this text, followed by the length in ten columns. */
static const char dimension_name[] = "This is a netCDF dimension but not a netCDF variable%10lu";

static hid_t label_type(const struct data_h5_array *array)
{
    hid_t type = H5Tenum_create(H5T_STD_U8LE);
    for (uint32_t i = 0; i < array->label_count; i++) {
        uint8_t value = (uint8_t)i;
        (void)H5Tenum_insert(type, array->labels[i], &value);
    }
    return type;
}

/* Type on disk, little-endian; all hosts of this program are. */
static hid_t stored_type(const struct data_h5_array *array)
{
    switch (array->type) {
    case DATA_H5_U8:
        return array->label_count > 0 ? label_type(array) : H5Tcopy(H5T_STD_U8LE);
    case DATA_H5_U16:
        return H5Tcopy(H5T_STD_U16LE);
    case DATA_H5_U32:
        return H5Tcopy(H5T_STD_U32LE);
    case DATA_H5_U64:
        return H5Tcopy(H5T_STD_U64LE);
    case DATA_H5_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case DATA_H5_I64:
        return H5Tcopy(H5T_STD_I64LE);
    case DATA_H5_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case DATA_H5_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case DATA_H5_TEXT:
        return data_h5_text_type(array->text_bytes);
    case DATA_H5_TYPE_COUNT:
        break;
    }
    return -1;
}

static hsize_t at_least_one(uint64_t length)
{
    return length == 0 ? 1 : length;
}

/* Chunks hold whole inner rows where these are small; shuffle and deflate for
 * size, fletcher32 so that a reader notices damage. */
static hid_t dataset_list(hid_t type, uint32_t rank, const uint64_t *dims, int is_growing)
{
    hsize_t chunk[DATA_H5_RANK_MAX];
    size_t inner_bytes = H5Tget_size(type);
    for (uint32_t i = rank; i-- > 1;) {
        chunk[i] = at_least_one(dims[i] < CHUNK_BYTES ? dims[i] : CHUNK_BYTES);
        inner_bytes *= (size_t)chunk[i];
    }
    uint64_t rows = is_growing ? COLUMN_CHUNK_ROWS : CHUNK_BYTES / inner_bytes;
    chunk[0] = at_least_one(is_growing || rows < dims[0] ? rows : dims[0]);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_obj_track_times(list, 0);
    (void)H5Pset_chunk(list, (int)rank, chunk);
    (void)H5Pset_shuffle(list);
    (void)H5Pset_deflate(list, 1);
    (void)H5Pset_fletcher32(list);
    return list;
}

static int attach_scales(struct data_h5 *file, hid_t dataset, const struct data_h5_array *array)
{
    for (uint32_t i = 0; i < array->rank; i++) {
        if (array->scales[i] == NULL) {
            continue;
        }
        hid_t scale = H5Dopen2(file->id, array->scales[i], H5P_DEFAULT);
        int is_bad = scale < 0 || H5DSattach_scale(dataset, scale, i) < 0;
        (void)H5Dclose(scale);
        if (is_bad) {
            return -1;
        }
    }
    return 0;
}

static int describe(struct data_h5 *file, hid_t dataset, const struct data_h5_array *array)
{
    if (array->unit != NULL && data_h5_attribute_put(dataset, "units", array->unit) != 0) {
        return -1;
    }
    if (array->description != NULL
        && data_h5_attribute_put(dataset, "long_name", array->description) != 0) {
        return -1;
    }
    return attach_scales(file, dataset, array);
}

/* The new dataset, described, or -1. */
static hid_t dataset_new(struct data_h5 *file, const struct data_h5_array *array, int is_growing)
{
    assert(array->rank >= 1);
    assert(array->rank <= DATA_H5_RANK_MAX);
    hsize_t dims[DATA_H5_RANK_MAX], most[DATA_H5_RANK_MAX];
    for (uint32_t i = 0; i < array->rank; i++) {
        dims[i] = is_growing ? 0 : array->dims[i];
        most[i] = is_growing ? H5S_UNLIMITED : array->dims[i];
    }
    hid_t type = stored_type(array), space = H5Screate_simple((int)array->rank, dims, most);
    hid_t list = dataset_list(type, array->rank, array->dims, is_growing);
    hid_t dataset = H5Dcreate2(file->id, array->path, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    if (dataset >= 0 && describe(file, dataset, array) != 0) {
        (void)H5Dclose(dataset);
        return -1;
    }
    return dataset;
}

enum hb_status data_h5_group(struct data_h5 *file, const char *path, struct data_problem *problem)
{
    errno = 0;
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    (void)H5Pset_obj_track_times(list, 0);
    hid_t group = H5Gcreate2(file->id, path, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Pclose(list);
    if (group < 0 || H5Gclose(group) < 0) {
        return data_h5_failed(file, path, problem);
    }
    return HB_OK;
}

enum hb_status data_h5_dimension(
    struct data_h5 *file, const char *path, uint64_t length, struct data_problem *problem)
{
    errno = 0;
    char name[sizeof dimension_name + 20];
    (void)snprintf(name, sizeof name, dimension_name, (unsigned long)length);
    hsize_t dims = length, most = H5S_UNLIMITED, chunk = CHUNK_BYTES;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    (void)H5Pset_obj_track_times(list, 0);
    (void)H5Pset_chunk(list, 1, &chunk);
    hid_t space = H5Screate_simple(1, &dims, &most);
    hid_t dataset =
        H5Dcreate2(file->id, path, H5T_IEEE_F32BE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    (void)H5Sclose(space);
    (void)H5Pclose(list);
    int is_bad = dataset < 0 || H5DSset_scale(dataset, name) < 0;
    (void)H5Dclose(dataset);
    return is_bad ? data_h5_failed(file, path, problem) : HB_OK;
}

enum hb_status data_h5_write(struct data_h5 *file, const struct data_h5_array *array,
    const void *values, struct data_problem *problem)
{
    errno = 0;
    hid_t dataset = dataset_new(file, array, 0);
    if (dataset < 0) {
        return data_h5_failed(file, array->path, problem);
    }
    int is_empty = 0;
    for (uint32_t i = 0; i < array->rank; i++) {
        is_empty |= array->dims[i] == 0;
    }
    hid_t type = H5Dget_type(dataset);
    int is_bad = !is_empty && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;
    (void)H5Tclose(type);
    is_bad |= H5Dclose(dataset) < 0;
    return is_bad ? data_h5_failed(file, array->path, problem) : HB_OK;
}

enum hb_status data_h5_column(
    struct data_h5 *file, const struct data_h5_array *array, struct data_problem *problem)
{
    assert(array->rank == 1);
    errno = 0;
    hid_t dataset = dataset_new(file, array, 1);
    if (dataset < 0 || H5Dclose(dataset) < 0) {
        return data_h5_failed(file, array->path, problem);
    }
    return HB_OK;
}

static int grow_dimension(struct data_h5 *file, const char *path, hsize_t length)
{
    hid_t scale = H5Dopen2(file->id, path, H5P_DEFAULT);
    int is_bad = scale < 0 || H5Dset_extent(scale, &length) < 0;
    (void)H5Dclose(scale);
    return is_bad ? -1 : 0;
}

static int append(struct data_h5 *file, hid_t dataset, const struct data_h5_array *array,
    const void *values, uint64_t count)
{
    hid_t space = H5Dget_space(dataset);
    hsize_t first = 0, added = count;
    (void)H5Sget_simple_extent_dims(space, &first, NULL);
    (void)H5Sclose(space);
    hsize_t length = first + count;
    if (H5Dset_extent(dataset, &length) < 0) {
        return -1;
    }
    if (array->scales[0] != NULL && grow_dimension(file, array->scales[0], length) != 0) {
        return -1;
    }
    space = H5Dget_space(dataset);
    hid_t memory = H5Screate_simple(1, &added, NULL), type = H5Dget_type(dataset);
    (void)H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &added, NULL);
    int is_bad = H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values) < 0;
    (void)H5Tclose(type);
    (void)H5Sclose(memory);
    (void)H5Sclose(space);
    return is_bad ? -1 : 0;
}

enum hb_status data_h5_append(struct data_h5 *file, const struct data_h5_array *array,
    const void *values, uint64_t count, struct data_problem *problem)
{
    if (count == 0) {
        return HB_OK;
    }
    errno = 0;
    hid_t dataset = H5Dopen2(file->id, array->path, H5P_DEFAULT);
    int is_bad = dataset < 0 || append(file, dataset, array, values, count) != 0;
    is_bad |= H5Dclose(dataset) < 0;
    return is_bad ? data_h5_failed(file, array->path, problem) : HB_OK;
}
