/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_H5_H
#define DATA_H5_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* The one owner of HDF5. One writer or reader at a time per process: HDF5
 * itself holds one lock. Files are little-endian, carry no time stamps, and
 * the same calls give the same bytes. A file that is being written stands
 * beside its final name and takes it only on commit. A file that is read is
 * not trusted: only plain datasets of at most three dimensions, and never more
 * bytes of values than what is stored can have held (1032 times as many). */
#define DATA_H5_TYPE_LIST(X)                                            \
    X(U8, 1, "uint8") X(U16, 2, "uint16") X(U32, 4, "uint32") X(U64, 8, "uint64") \
    X(I32, 4, "int32") X(I64, 8, "int64") X(F32, 4, "float32") X(F64, 8, "float64") \
    X(TEXT, 1, "text") /* text_bytes a value, NUL-padded UTF-8 */

enum data_h5_type {
#define X(name, bytes, text) DATA_H5_##name,
    DATA_H5_TYPE_LIST(X)
#undef X
        DATA_H5_TYPE_COUNT
};

#define DATA_H5_RANK_MAX 3

/* A dataset: what it is, and what it says of itself to other readers. */
struct data_h5_array {
    const char *path; /* "/mirrors/outcome" */
    enum data_h5_type type;
    uint32_t text_bytes;              /* of one TEXT value */
    uint32_t rank;                    /* 1..3 */
    uint64_t dims[DATA_H5_RANK_MAX];
    const char *scales[DATA_H5_RANK_MAX]; /* paths of dimensions; NULL makes an own one */
    const char *unit, *description;   /* attributes "units", "long_name"; NULL: none */
    const char *const *labels;        /* U8 only: an enumeration's [label_count] names */
    uint32_t label_count;
};

struct data_h5; /* a file, opaque */

/* A new file, invisible under path until data_h5_commit. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status data_h5_create(const char *path, struct data_h5 **out,
    struct data_problem *problem);
/* To disk (fsync), then to its final name, replacing what was there; closes.
 * Whatever happens the handle is freed; on failure nothing is left behind. */
enum hb_status data_h5_commit(struct data_h5 *file, struct data_problem *problem);
/* HB_ERR_IO, HB_ERR_NOT_FOUND, HB_ERR_FORMAT (not an HDF5 file, or a damaged one). */
enum hb_status data_h5_open(const char *path, struct data_h5 **out, struct data_problem *problem);
void data_h5_free(struct data_h5 *file); /* an uncommitted new file is removed */

/* Writing. Paths are absolute; parents are made by data_h5_group. */
enum hb_status data_h5_group(struct data_h5 *file, const char *path, struct data_problem *problem);
/* A dimension without values of its own, to name in data_h5_array.scales. */
enum hb_status data_h5_dimension(struct data_h5 *file, const char *path, uint64_t length,
    struct data_problem *problem);
enum hb_status data_h5_write(struct data_h5 *file, const struct data_h5_array *array,
    const void *values, struct data_problem *problem);
/* A compressed column that grows: rank 1, dims[0] ignored, then any number of appends.
 * A column's dimension grows with it. */
enum hb_status data_h5_column(struct data_h5 *file, const struct data_h5_array *array,
    struct data_problem *problem);
enum hb_status data_h5_append(struct data_h5 *file, const struct data_h5_array *array,
    const void *values, uint64_t count, struct data_problem *problem);
/* One text of any length as a scalar dataset. */
enum hb_status data_h5_text_write(struct data_h5 *file, const char *path, const char *text,
    struct data_problem *problem);
/* Attributes of the group or dataset at path. */
enum hb_status data_h5_attribute_write(struct data_h5 *file, const char *path, const char *name,
    const char *text, struct data_problem *problem);
enum hb_status data_h5_integer_write(struct data_h5 *file, const char *path, const char *name,
    int64_t value, struct data_problem *problem);

/* Reading. HB_ERR_NOT_FOUND, HB_ERR_FORMAT; the sentence names file and path. */
int data_h5_has(const struct data_h5 *file, const char *path);
/* Checks that path is a dataset of type, rank and (U8) labels; fills dims, and
 * text_bytes of TEXT. A dims[i] other than 0 is demanded. */
enum hb_status data_h5_check(struct data_h5 *file, struct data_h5_array *array,
    struct data_problem *problem);
/* Rows first .. first + count of the first dimension into values; array as
 * data_h5_check has filled it. */
enum hb_status data_h5_read(struct data_h5 *file, const struct data_h5_array *array,
    uint64_t first, uint64_t count, void *values, struct data_problem *problem);
/* Check and read the whole array if it has at most bytes_max bytes; *values is
 * the caller's to free, and never NULL on HB_OK. */
enum hb_status data_h5_read_all(struct data_h5 *file, struct data_h5_array *array,
    uint64_t bytes_max, void **values, struct data_problem *problem);
enum hb_status data_h5_text_read(struct data_h5 *file, const char *path, uint64_t bytes_max,
    char **text, struct data_problem *problem);
enum hb_status data_h5_attribute_read(struct data_h5 *file, const char *path, const char *name,
    char *text, size_t text_bytes, struct data_problem *problem);
enum hb_status data_h5_integer_read(struct data_h5 *file, const char *path, const char *name,
    int64_t *value, struct data_problem *problem);

/* The path given at create or open; "1.10.8". */
const char *data_h5_path(const struct data_h5 *file);
const char *data_h5_version(void);

#endif
