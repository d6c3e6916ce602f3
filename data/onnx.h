/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_ONNX_H
#define DATA_ONNX_H

#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* A graph of operators as an ONNX file (IR version 7, operator set 13), built from the
 * first input to the last output. The owner of protobuf-c. Nothing fails before the file is
 * written: then memory that was short comes out as HB_ERR_MEMORY. */
#define DATA_ONNX_OPSET 13
#define DATA_ONNX_RANK_MAX 3

struct data_onnx; /* a graph, opaque */

enum data_onnx_type { DATA_ONNX_FLOAT = 1, DATA_ONNX_INT64 = 7 };

/* Shape: names of dimensions or numbers, parted by blanks: "T B 10". All texts are copied. */
struct data_onnx_value {
    const char *name;
    enum data_onnx_type type;
    const char *shape, *meaning;
};

/* NULL: no memory. */
struct data_onnx *data_onnx_create(const char *name, const char *meaning);
void data_onnx_free(struct data_onnx *graph);
void data_onnx_input(struct data_onnx *graph, const struct data_onnx_value *value);
void data_onnx_output(struct data_onnx *graph, const struct data_onnx_value *value);
void data_onnx_text(struct data_onnx *graph, const char *key, const char *text);

/* A constant; values [product of dims] are borrowed until the graph is freed. */
void data_onnx_floats(struct data_onnx *graph, const char *name, const float *values,
    uint32_t rank, const uint64_t *dims);
/* A vector of whole numbers (scalar: one without a dimension), copied. */
void data_onnx_integers(struct data_onnx *graph, const char *name, const int64_t *values,
    size_t count);
void data_onnx_scalar(struct data_onnx *graph, const char *name, int64_t value);

/* An operator; inputs and outputs are names parted by blanks, "-" an input that is left out. */
void data_onnx_node(struct data_onnx *graph, const char *type, const char *inputs,
    const char *outputs);
/* Of the last operator. */
void data_onnx_attribute(struct data_onnx *graph, const char *name, int64_t value);

/* Written whole or not at all. HB_ERR_MEMORY, HB_ERR_RANGE (over 2 GiB), HB_ERR_IO. */
enum hb_status data_onnx_write(const char *path, const struct data_onnx *graph,
    struct data_problem *problem);

#endif
