/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/h5_file.h"

#include <assert.h>
#include <hdf5.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES_MAX ((uint64_t)64 << 20)
#define TEXT_BYTES_MAX 4096
#define PATH_BYTES_MAX 256
#define FILTERS_MAX 4

/* A deflate stream grows at most 1032 times when it is undone (258 bytes from
 * 2 bits: zlib's technical notes), so no honest dataset is larger than that
 * many times what it stores; one that claims more would only cost us memory. */
static const uint64_t expansion_max = 1032;

static const char *const type_names[] = {
#define X(name, bytes, text) text,
    DATA_H5_TYPE_LIST(X)
#undef X
};

static enum hb_status malformed(const struct data_h5 *file, const char *path,
    struct data_problem *problem, const char *found, const char *expected)
{
    return data_problem_set(
        problem, HB_ERR_FORMAT, "%s: %s: found %s: expected %s", file->path, path, found, expected);
}

/* Whether every step of path is an ordinary (hard) link: a soft or external
 * one could lead anywhere, out of the file too. */
int data_h5_has(const struct data_h5 *file, const char *path)
{
    char prefix[PATH_BYTES_MAX];
    size_t length = strlen(path);
    if (length >= sizeof prefix || path[0] != '/') {
        return 0;
    }
    memcpy(prefix, path, length + 1);
    for (size_t i = 1; i <= length && length > 1; i++) { /* the root is always there */
        if (prefix[i] != '/' && prefix[i] != '\0') {
            continue;
        }
        char kept = prefix[i];
        prefix[i] = '\0';
        H5L_info_t link;
        if (H5Lexists(file->id, prefix, H5P_DEFAULT) <= 0
            || H5Lget_info(file->id, prefix, &link, H5P_DEFAULT) < 0
            || link.type != H5L_TYPE_HARD) {
            return 0;
        }
        prefix[i] = kept;
    }
    return 1;
}

int64_t data_h5_dataset(const struct data_h5 *file, const char *path, struct data_problem *problem,
    enum hb_status *status)
{
    if (!data_h5_has(file, path)) {
        *status = data_problem_set(problem, HB_ERR_NOT_FOUND,
            "%s: %s: found nothing: expected a dataset", file->path, path);
        return -1;
    }
    H5O_info_t object;
    if (H5Oget_info_by_name2(file->id, path, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0) {
        *status = malformed(file, path, problem, "a damaged object", "a dataset");
        return -1;
    }
    if (object.type != H5O_TYPE_DATASET) {
        *status = malformed(file, path, problem,
            object.type == H5O_TYPE_GROUP ? "a group" : "a named type", "a dataset");
        return -1;
    }
    hid_t dataset = H5Dopen2(file->id, path, H5P_DEFAULT);
    if (dataset < 0) {
        *status = malformed(file, path, problem, "a damaged dataset", "a readable one");
    }
    return dataset;
}

/* Our name of a numeric type, or NULL. */
static const char *number_name(hid_t type)
{
    size_t bytes = H5Tget_size(type);
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_FLOAT) {
        if (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0) {
            return type_names[DATA_H5_F32];
        }
        int is_double = H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
        return is_double ? type_names[DATA_H5_F64] : NULL;
    }
    if (class != H5T_INTEGER || H5Tget_precision(type) != 8 * bytes) {
        return NULL;
    }
    int is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
    switch (bytes) {
    case 1:
        return is_signed ? "int8" : type_names[DATA_H5_U8];
    case 2:
        return is_signed ? "int16" : type_names[DATA_H5_U16];
    case 4:
        return type_names[is_signed ? DATA_H5_I32 : DATA_H5_U32];
    case 8:
        return type_names[is_signed ? DATA_H5_I64 : DATA_H5_U64];
    default:
        return NULL;
    }
}

static void describe_type(hid_t type, char *text, size_t bytes)
{
    const char *number = number_name(type);
    H5T_class_t class = H5Tget_class(type);
    if (number != NULL) {
        (void)snprintf(text, bytes, "%s", number);
    } else if (class == H5T_STRING && H5Tis_variable_str(type) <= 0) {
        (void)snprintf(text, bytes, "text of %zu bytes", H5Tget_size(type));
    } else if (class == H5T_ENUM) {
        (void)snprintf(text, bytes, "an enumeration");
    } else if (class == H5T_COMPOUND) {
        (void)snprintf(text, bytes, "a compound type");
    } else if (class == H5T_STRING || class == H5T_VLEN) {
        (void)snprintf(text, bytes, "a type of variable length");
    } else {
        (void)snprintf(text, bytes, "an unknown type");
    }
}

/* Whether an enumeration has exactly the array's labels, 0 .. label_count - 1. */
static int has_labels(hid_t type, const struct data_h5_array *array)
{
    hid_t base = H5Tget_super(type);
    const char *number = number_name(base);
    (void)H5Tclose(base);
    if (number != type_names[DATA_H5_U8] || H5Tget_nmembers(type) != (int)array->label_count) {
        return 0;
    }
    int is_same = 1;
    for (uint32_t i = 0; i < array->label_count; i++) {
        uint8_t value = UINT8_MAX;
        char *name = H5Tget_member_name(type, i);
        is_same &= name != NULL && strcmp(name, array->labels[i]) == 0;
        is_same &= H5Tget_member_value(type, i, &value) >= 0 && value == i;
        (void)H5free_memory(name);
    }
    return is_same;
}

static enum hb_status check_type(const struct data_h5 *file, hid_t type,
    struct data_h5_array *array, struct data_problem *problem)
{
    char found[64], expected[64];
    describe_type(type, found, sizeof found);
    if (array->type == DATA_H5_TEXT) {
        size_t bytes = H5Tget_size(type);
        int is_text = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0
            && bytes <= TEXT_BYTES_MAX;
        if (is_text && (array->text_bytes == 0 || array->text_bytes == bytes)) {
            array->text_bytes = (uint32_t)bytes;
            return HB_OK;
        }
        (void)snprintf(expected, sizeof expected, "text of at most %d bytes", TEXT_BYTES_MAX);
        if (array->text_bytes != 0) {
            (void)snprintf(expected, sizeof expected, "text of %u bytes", array->text_bytes);
        }
        return malformed(file, array->path, problem, found, expected);
    }
    if (array->label_count > 0) {
        if (H5Tget_class(type) == H5T_ENUM && has_labels(type, array)) {
            return HB_OK;
        }
        (void)snprintf(expected, sizeof expected, "an enumeration of %u names from '%s' to '%s'",
            array->label_count, array->labels[0], array->labels[array->label_count - 1]);
        return malformed(file, array->path, problem,
            H5Tget_class(type) == H5T_ENUM ? "an enumeration of other names" : found, expected);
    }
    if (number_name(type) == type_names[array->type]) {
        return HB_OK;
    }
    return malformed(file, array->path, problem, found, type_names[array->type]);
}

static enum hb_status check_shape(const struct data_h5 *file, hid_t space,
    struct data_h5_array *array, struct data_problem *problem)
{
    char found[96], expected[64];
    int rank =
        H5Sget_simple_extent_type(space) == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : 0;
    if (rank != (int)array->rank) {
        (void)snprintf(found, sizeof found, "%d dimensions", rank);
        (void)snprintf(expected, sizeof expected, "%u", array->rank);
        return malformed(file, array->path, problem, found, expected);
    }
    hsize_t dims[DATA_H5_RANK_MAX] = { 0 };
    (void)H5Sget_simple_extent_dims(space, dims, NULL);
    for (uint32_t i = 0; i < array->rank; i++) {
        if (array->dims[i] != 0 && array->dims[i] != dims[i]) {
            (void)snprintf(
                found, sizeof found, "length %" PRIu64 " in dimension %u", (uint64_t)dims[i], i);
            (void)snprintf(expected, sizeof expected, "%" PRIu64, array->dims[i]);
            return malformed(file, array->path, problem, found, expected);
        }
        array->dims[i] = dims[i];
    }
    return HB_OK;
}

/* The values must be stored in this file, plainly or by filters that bound
 * their growth, in chunks that fit memory. */
static const char *layout_fault(hid_t list)
{
    H5D_layout_t layout = H5Pget_layout(list);
    if (layout == H5D_CONTIGUOUS && H5Pget_external_count(list) != 0) {
        return "values in another file";
    }
    if (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) {
        return NULL;
    }
    if (layout != H5D_CHUNKED) {
        return "a virtual dataset";
    }
    int filters = H5Pget_nfilters(list);
    for (int i = 0; i < filters; i++) {
        unsigned flags;
        size_t parameter_count = 0;
        H5Z_filter_t filter = i < FILTERS_MAX
            ? H5Pget_filter2(list, (unsigned)i, &flags, &parameter_count, NULL, 0, NULL, NULL)
            : -1;
        int is_known = filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE
            || filter == H5Z_FILTER_FLETCHER32;
        if (!is_known) {
            return "a filter other than deflate, shuffle and fletcher32";
        }
    }
    return NULL;
}

static uint64_t saturating_product(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t array_bytes(const struct data_h5_array *array)
{
    static const uint32_t type_bytes[] = {
#define X(name, bytes, text) bytes,
        DATA_H5_TYPE_LIST(X)
#undef X
    };
    uint64_t bytes = array->type == DATA_H5_TEXT ? array->text_bytes : type_bytes[array->type];
    for (uint32_t i = 0; i < array->rank; i++) {
        bytes = saturating_product(bytes, array->dims[i]);
    }
    return bytes;
}

static enum hb_status check_storage(const struct data_h5 *file, hid_t dataset,
    const struct data_h5_array *array, struct data_problem *problem)
{
    hid_t list = H5Dget_create_plist(dataset);
    const char *fault = layout_fault(list);
    hsize_t chunk[DATA_H5_RANK_MAX] = { 0 };
    uint64_t chunk_bytes = 8;
    int chunk_rank =
        H5Pget_layout(list) == H5D_CHUNKED ? H5Pget_chunk(list, DATA_H5_RANK_MAX, chunk) : 0;
    for (int i = 0; i < chunk_rank && i < DATA_H5_RANK_MAX; i++) {
        chunk_bytes = saturating_product(chunk_bytes, chunk[i]);
    }
    (void)H5Pclose(list);
    if (fault == NULL && chunk_bytes > CHUNK_BYTES_MAX) {
        fault = "chunks of over 64 MiB";
    }
    if (fault != NULL) {
        return malformed(file, array->path, problem, fault, "values stored plainly in this file");
    }
    uint64_t stored = H5Dget_storage_size(dataset);
    stored = stored < file->file_bytes ? stored : file->file_bytes;
    uint64_t limit = saturating_product(stored, expansion_max);
    if (array_bytes(array) > limit) {
        char found[64], expected[64];
        (void)snprintf(found, sizeof found, "%" PRIu64 " bytes of values", array_bytes(array));
        (void)snprintf(
            expected, sizeof expected, "at most what %" PRIu64 " stored bytes can hold", stored);
        return malformed(file, array->path, problem, found, expected);
    }
    return HB_OK;
}

enum hb_status data_h5_check(
    struct data_h5 *file, struct data_h5_array *array, struct data_problem *problem)
{
    assert(array->rank >= 1);
    assert(array->rank <= DATA_H5_RANK_MAX);
    enum hb_status status = HB_OK;
    hid_t dataset = data_h5_dataset(file, array->path, problem, &status);
    if (dataset < 0) {
        return status;
    }
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    status = check_type(file, type, array, problem);
    if (status == HB_OK) {
        status = check_shape(file, space, array, problem);
    }
    if (status == HB_OK) {
        status = check_storage(file, dataset, array, problem);
    }
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Dclose(dataset);
    return status;
}

/* Type in memory: numbers native, text and enumerations as they stand. */
static hid_t memory_type(const struct data_h5_array *array, hid_t dataset)
{
    hid_t stored = H5Dget_type(dataset);
    if (array->type == DATA_H5_TEXT || array->label_count > 0) {
        return stored;
    }
    hid_t native = H5Tget_native_type(stored, H5T_DIR_ASCEND);
    (void)H5Tclose(stored);
    return native;
}

enum hb_status data_h5_read(struct data_h5 *file, const struct data_h5_array *array, uint64_t first,
    uint64_t count, void *values, struct data_problem *problem)
{
    assert(first <= array->dims[0]);
    assert(count <= array->dims[0] - first);
    enum hb_status status = HB_OK;
    hsize_t start[DATA_H5_RANK_MAX] = { first }, length[DATA_H5_RANK_MAX] = { count };
    uint64_t total = count;
    for (uint32_t i = 1; i < array->rank; i++) {
        length[i] = array->dims[i];
        total *= array->dims[i];
    }
    if (total == 0) {
        return HB_OK;
    }
    hid_t dataset = data_h5_dataset(file, array->path, problem, &status);
    if (dataset < 0) {
        return status;
    }
    hid_t space = H5Dget_space(dataset), type = memory_type(array, dataset);
    hid_t memory = H5Screate_simple((int)array->rank, length, NULL);
    int is_bad = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, length, NULL) < 0
        || H5Dread(dataset, type, memory, space, H5P_DEFAULT, values) < 0;
    (void)H5Sclose(memory);
    (void)H5Tclose(type);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    return is_bad ? malformed(file, array->path, problem, "damaged values", "readable ones")
                  : HB_OK;
}

enum hb_status data_h5_read_all(struct data_h5 *file, struct data_h5_array *array,
    uint64_t bytes_max, void **values, struct data_problem *problem)
{
    enum hb_status status = data_h5_check(file, array, problem);
    if (status != HB_OK) {
        return status;
    }
    uint64_t bytes = array_bytes(array);
    if (bytes > bytes_max) {
        char found[64], expected[64];
        (void)snprintf(found, sizeof found, "%" PRIu64 " bytes", bytes);
        (void)snprintf(expected, sizeof expected, "at most %" PRIu64, bytes_max);
        return malformed(file, array->path, problem, found, expected);
    }
    void *read = malloc((size_t)bytes + 1);
    if (read == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY,
            "%s: %s: out of memory for %" PRIu64 " bytes", file->path, array->path, bytes);
    }
    status = data_h5_read(file, array, 0, array->dims[0], read, problem);
    if (status != HB_OK) {
        free(read);
        return status;
    }
    *values = read;
    return HB_OK;
}
