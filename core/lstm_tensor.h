/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_LSTM_TENSOR_H
#define HB_LSTM_TENSOR_H

#include "core/lstm.h"

/* The weights of a model of some shape by name: for files, checks, interchange. */
struct hb_lstm_tensor {
    const char *name;       /* PyTorch's, "lstm.weight_ih_l0"; lives for ever */
    uint32_t rows, columns; /* columns 0: a vector of rows */
    uint32_t is_optional;
    size_t offset; /* of its `const float *` within struct hb_lstm_model */
};
#define HB_LSTM_TENSORS_MAX 32

/* HB_ERR_RANGE for a shape outside the bounds of core/lstm.h; *what names the member. */
HB_API enum hb_status hb_lstm_shape_check(const struct hb_lstm_shape *shape, const char **what);

/* Fills tensors [HB_LSTM_TENSORS_MAX] in a fixed order for a shape that is in bounds; returns
 * how many. A tensor of size 0 is not among them. */
HB_API uint32_t hb_lstm_tensors(const struct hb_lstm_shape *shape,
    struct hb_lstm_tensor *tensors);

static inline const float **hb_lstm_tensor_at(struct hb_lstm_model *model,
    const struct hb_lstm_tensor *tensor)
{
    return (const float **)(void *)((char *)model + tensor->offset);
}

static inline size_t hb_lstm_tensor_len(const struct hb_lstm_tensor *tensor)
{
    return (size_t)tensor->rows * (tensor->columns == 0 ? 1 : tensor->columns);
}

#endif
