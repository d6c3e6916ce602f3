/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_SAFETENSORS_H
#define DATA_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* Tensors by name in one file: 8 bytes length of the header (little-endian), the header in JSON
 * {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__":
 * {"key": "text"}}, then the values, row-major, little-endian, without holes or overlaps.
 * Source: github.com/huggingface/safetensors, README, section Format. The owner of
 * jansson for this format. */
#define DATA_SAFETENSORS_TYPE_LIST(X)                                                        \
    X(BOOL, 1) X(U8, 1) X(I8, 1) X(I16, 2) X(U16, 2) X(F16, 2) X(BF16, 2) X(I32, 4)          \
    X(U32, 4) X(F32, 4) X(F64, 8) X(I64, 8) X(U64, 8)

enum data_safetensors_type {
#define X(name, bytes) DATA_SAFETENSORS_##name,
    DATA_SAFETENSORS_TYPE_LIST(X)
#undef X
        DATA_SAFETENSORS_TYPE_COUNT
};

#define DATA_SAFETENSORS_RANK_MAX 8
#define DATA_SAFETENSORS_NAME_BYTES 128
#define DATA_SAFETENSORS_COUNT_MAX 4096
#define DATA_SAFETENSORS_HEADER_BYTES_MAX (1 << 20) /* of a header that is read */

struct data_safetensors_tensor {
    char name[DATA_SAFETENSORS_NAME_BYTES];
    enum data_safetensors_type type;
    uint32_t rank;
    uint64_t dims[DATA_SAFETENSORS_RANK_MAX];
    uint64_t bytes;
    const void *values; /* at any address: copy, do not cast */
};

struct data_safetensors; /* a file that was read, opaque */

/* Nothing in the file is trusted; memory is taken for the file and its header only.
 * HB_ERR_NOT_FOUND, HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_RANGE, HB_ERR_MEMORY; the sentence is
 * "file: tensor: found ...: expected ...". */
enum hb_status data_safetensors_read(const char *path, struct data_safetensors **out,
    struct data_problem *problem);
/* The same from memory: bytes [count] are borrowed for the life of *out; path is for sentences. */
enum hb_status data_safetensors_parse(const char *path, const uint8_t *bytes, size_t count,
    struct data_safetensors **out, struct data_problem *problem);
void data_safetensors_free(struct data_safetensors *file);

/* Tensors in the order of their values; NULL if there is none of that name. */
size_t data_safetensors_count(const struct data_safetensors *file);
const struct data_safetensors_tensor *data_safetensors_at(const struct data_safetensors *file,
    size_t i);
const struct data_safetensors_tensor *data_safetensors_find(const struct data_safetensors *file,
    const char *name);
/* A text of the metadata; NULL: none. Valid as long as the file. */
const char *data_safetensors_text(const struct data_safetensors *file, const char *key);

const char *data_safetensors_type_name(enum data_safetensors_type type);
/* Bytes of the values of a tensor; UINT64_MAX: more than a file can have. */
uint64_t data_safetensors_bytes(const struct data_safetensors_tensor *tensor);

struct data_safetensors_pair {
    const char *key, *text;
};

/* Written whole or not at all; widest types first, so that every tensor lies at a multiple of
 * its type's size; `bytes` is worked out. HB_ERR_RANGE (a name twice or too long, a text that is
 * no UTF-8), HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status data_safetensors_write(const char *path,
    const struct data_safetensors_tensor *tensors, size_t count,
    const struct data_safetensors_pair *texts, size_t text_count, struct data_problem *problem);

#endif
