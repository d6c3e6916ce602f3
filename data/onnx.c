/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/onnx.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/onnx.pb-c.h"
#include "data/whole.h"

/* Everything is taken from one list of blocks, so that freeing it is one loop. */
struct block {
    struct block *next;
    max_align_t start[];
};

struct data_onnx {
    struct block *blocks;
    int is_short; /* of memory */
    DataOnnxPb__Graph graph;
    DataOnnxPb__Model model;
};

static const int64_t ir_version = 7; /* the first that has operator set 13 in its releases */
enum { attribute_int = 2, file_bytes_max = INT32_MAX };

static void *take(struct data_onnx *graph, size_t bytes)
{
    struct block *block = calloc(1, sizeof *block + bytes);
    if (block == NULL) {
        graph->is_short = 1;
        return NULL;
    }
    block->next = graph->blocks;
    graph->blocks = block;
    return block->start;
}

static char *copy(struct data_onnx *graph, const char *text, size_t length)
{
    char *to = take(graph, length + 1);
    if (to != NULL) {
        memcpy(to, text, length);
    }
    return to;
}

static char *copy_text(struct data_onnx *graph, const char *text)
{
    return copy(graph, text, strlen(text));
}

/* A list of pointers [count] with room for one more: longer when count is a power of two. NULL: no
 * memory, and the graph will not be written. */
static void *grown(struct data_onnx *graph, void *list, size_t count)
{
    if ((count & (count - 1)) != 0 || graph->is_short) {
        return graph->is_short ? NULL : list;
    }
    void *longer = take(graph, (count == 0 ? 1 : 2 * count) * sizeof(void *));
    if (longer != NULL && count > 0) {
        memcpy(longer, list, count * sizeof(void *));
    }
    return longer;
}

/* Calls with every word of a text of words parted by blanks. */
static void each_word(struct data_onnx *graph, const char *text, void *to,
    void (*put)(struct data_onnx *graph, void *to, char *word))
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length > 0) {
            char *word = copy(graph, text, length);
            if (word != NULL) {
                put(graph, to, word);
            }
        }
        text += length + (text[length] == ' ');
    }
}

struct data_onnx *data_onnx_create(const char *name, const char *meaning)
{
    struct data_onnx *graph = calloc(1, sizeof *graph);
    if (graph == NULL) {
        return NULL;
    }
    data_onnx_pb__graph__init(&graph->graph);
    data_onnx_pb__model__init(&graph->model);
    graph->graph.name = copy_text(graph, name);
    graph->graph.doc_string = copy_text(graph, meaning);
    graph->model.ir_version = ir_version;
    graph->model.producer_name = copy_text(graph, "harbinger");
    graph->model.graph = &graph->graph;
    DataOnnxPb__Opset *opset = take(graph, sizeof *opset);
    if (opset != NULL) {
        data_onnx_pb__opset__init(opset);
        opset->domain = copy_text(graph, "");
        opset->version = DATA_ONNX_OPSET;
    }
    graph->model.opset_import
        = grown(graph, graph->model.opset_import, graph->model.n_opset_import);
    if (graph->model.opset_import != NULL) {
        graph->model.opset_import[graph->model.n_opset_import++] = opset;
    }
    return graph;
}

void data_onnx_free(struct data_onnx *graph)
{
    if (graph == NULL) {
        return;
    }
    for (struct block *block = graph->blocks; block != NULL;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(graph);
}

static void put_dimension(struct data_onnx *graph, void *to, char *word)
{
    DataOnnxPb__Shape *shape = to;
    DataOnnxPb__Dimension *dimension = take(graph, sizeof *dimension);
    if (dimension != NULL) {
        data_onnx_pb__dimension__init(dimension);
        dimension->has_dim_value = word[0] >= '0' && word[0] <= '9';
        dimension->dim_value = strtoll(word, NULL, 10);
        dimension->dim_param = dimension->has_dim_value ? NULL : word;
    }
    shape->dim = grown(graph, shape->dim, shape->n_dim);
    if (shape->dim != NULL) {
        shape->dim[shape->n_dim++] = dimension;
    }
}

static DataOnnxPb__Value *new_value(struct data_onnx *graph, const struct data_onnx_value *from)
{
    struct all {
        DataOnnxPb__Value value;
        DataOnnxPb__Type type;
        DataOnnxPb__TensorType tensor;
        DataOnnxPb__Shape shape;
    } *all = take(graph, sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    data_onnx_pb__value__init(&all->value);
    data_onnx_pb__type__init(&all->type);
    data_onnx_pb__tensor_type__init(&all->tensor);
    data_onnx_pb__shape__init(&all->shape);
    all->value.name = copy_text(graph, from->name);
    all->value.doc_string = copy_text(graph, from->meaning);
    all->value.type = &all->type;
    all->type.tensor_type = &all->tensor;
    all->tensor.elem_type = (int32_t)from->type;
    all->tensor.shape = &all->shape;
    each_word(graph, from->shape, &all->shape, put_dimension);
    return &all->value;
}

void data_onnx_input(struct data_onnx *graph, const struct data_onnx_value *value)
{
    graph->graph.input = grown(graph, graph->graph.input, graph->graph.n_input);
    if (graph->graph.input != NULL) {
        graph->graph.input[graph->graph.n_input++] = new_value(graph, value);
    }
}

void data_onnx_output(struct data_onnx *graph, const struct data_onnx_value *value)
{
    graph->graph.output = grown(graph, graph->graph.output, graph->graph.n_output);
    if (graph->graph.output != NULL) {
        graph->graph.output[graph->graph.n_output++] = new_value(graph, value);
    }
}

void data_onnx_text(struct data_onnx *graph, const char *key, const char *text)
{
    DataOnnxPb__Pair *pair = take(graph, sizeof *pair);
    if (pair != NULL) {
        data_onnx_pb__pair__init(pair);
        pair->key = copy_text(graph, key);
        pair->value = copy_text(graph, text);
    }
    graph->model.metadata_props
        = grown(graph, graph->model.metadata_props, graph->model.n_metadata_props);
    if (graph->model.metadata_props != NULL) {
        graph->model.metadata_props[graph->model.n_metadata_props++] = pair;
    }
}

/* Values of bytes [count x size] as they lie in memory: hosts of this program are
 * little-endian. */
static void add_tensor(struct data_onnx *graph, const char *name, enum data_onnx_type type,
    const void *values, uint32_t rank, const uint64_t *dims)
{
    DataOnnxPb__Tensor *tensor = take(graph, sizeof *tensor);
    int64_t *lengths = take(graph, (rank + 1) * sizeof *lengths);
    size_t bytes = type == DATA_ONNX_FLOAT ? sizeof(float) : sizeof(int64_t);
    if (tensor == NULL || lengths == NULL) {
        return;
    }
    data_onnx_pb__tensor__init(tensor);
    for (uint32_t i = 0; i < rank; i++) {
        lengths[i] = (int64_t)dims[i];
        bytes *= (size_t)dims[i];
    }
    tensor->name = copy_text(graph, name);
    tensor->data_type = (int32_t)type;
    tensor->n_dims = rank;
    tensor->dims = lengths;
    tensor->has_raw_data = 1;
    tensor->raw_data.len = bytes;
    tensor->raw_data.data = (uint8_t *)(uintptr_t)values; /* only read from */
    graph->graph.initializer = grown(graph, graph->graph.initializer, graph->graph.n_initializer);
    if (graph->graph.initializer != NULL) {
        graph->graph.initializer[graph->graph.n_initializer++] = tensor;
    }
}

void data_onnx_floats(struct data_onnx *graph, const char *name, const float *values,
    uint32_t rank, const uint64_t *dims)
{
    add_tensor(graph, name, DATA_ONNX_FLOAT, values, rank, dims);
}

void data_onnx_integers(struct data_onnx *graph, const char *name, const int64_t *values,
    size_t count)
{
    uint64_t dims[1] = { count };
    const void *own = copy(graph, (const char *)values, count * sizeof *values);
    add_tensor(graph, name, DATA_ONNX_INT64, own, 1, dims);
}

void data_onnx_scalar(struct data_onnx *graph, const char *name, int64_t value)
{
    const void *own = copy(graph, (const char *)&value, sizeof value);
    add_tensor(graph, name, DATA_ONNX_INT64, own, 0, NULL);
}

static void put_input(struct data_onnx *graph, void *to, char *word)
{
    DataOnnxPb__Node *node = to;
    if (strcmp(word, "-") == 0) {
        word[0] = '\0';
    }
    node->input = grown(graph, node->input, node->n_input);
    if (node->input != NULL) {
        node->input[node->n_input++] = word;
    }
}

static void put_output(struct data_onnx *graph, void *to, char *word)
{
    DataOnnxPb__Node *node = to;
    node->output = grown(graph, node->output, node->n_output);
    if (node->output != NULL) {
        node->output[node->n_output++] = word;
    }
}

void data_onnx_node(struct data_onnx *graph, const char *type, const char *inputs,
    const char *outputs)
{
    DataOnnxPb__Node *node = take(graph, sizeof *node);
    if (node == NULL) {
        return;
    }
    data_onnx_pb__node__init(node);
    node->op_type = copy_text(graph, type);
    each_word(graph, inputs, node, put_input);
    each_word(graph, outputs, node, put_output);
    node->name = node->n_output > 0 ? node->output[0] : NULL;
    graph->graph.node = grown(graph, graph->graph.node, graph->graph.n_node);
    if (graph->graph.node != NULL) {
        graph->graph.node[graph->graph.n_node++] = node;
    }
}

void data_onnx_attribute(struct data_onnx *graph, const char *name, int64_t value)
{
    DataOnnxPb__Attribute *attribute = take(graph, sizeof *attribute);
    if (attribute == NULL || graph->graph.n_node == 0) {
        return;
    }
    data_onnx_pb__attribute__init(attribute);
    attribute->name = copy_text(graph, name);
    attribute->type = attribute_int;
    attribute->has_i = 1;
    attribute->i = value;
    DataOnnxPb__Node *node = graph->graph.node[graph->graph.n_node - 1];
    node->attribute = grown(graph, node->attribute, node->n_attribute);
    if (node->attribute != NULL) {
        node->attribute[node->n_attribute++] = attribute;
    }
}

enum hb_status data_onnx_write(const char *path, const struct data_onnx *graph,
    struct data_problem *problem)
{
    if (graph == NULL || graph->is_short) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    size_t count = data_onnx_pb__model__get_packed_size(&graph->model);
    if (count > file_bytes_max) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "%s: found a model of %zu bytes: expected at most %d, which is all that such a file "
            "can hold", path, count, file_bytes_max);
    }
    uint8_t *bytes = malloc(count);
    if (bytes == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    struct data_whole_part part = { bytes, data_onnx_pb__model__pack(&graph->model, bytes) };
    enum hb_status status = data_whole_write(path, DATA_PART_PUBLIC, &part, 1, problem);
    free(bytes);
    return status;
}
