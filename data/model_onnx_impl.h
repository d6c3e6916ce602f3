/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_ONNX_IMPL_H
#define DATA_MODEL_ONNX_IMPL_H

/* Shared by model_onnx*.c only. */
#include "core/lstm.h"
#include "data/onnx.h"

enum data_model_onnx_input {
    DATA_MODEL_ONNX_FEATURES, DATA_MODEL_ONNX_CONTEXT, DATA_MODEL_ONNX_CANDIDATES,
    DATA_MODEL_ONNX_INPUTS
};

/* Inputs that a masked model may not see whole. The graph takes them up under `name`: times
 * factors of 1 and 0 if columns are hidden, so that what is fed there does not count. Lives as
 * long as the graph. */
struct data_model_onnx_seen {
    const char *name[DATA_MODEL_ONNX_INPUTS];
    uint32_t count[DATA_MODEL_ONNX_INPUTS];  /* columns; 0: the model has no such input */
    uint32_t hidden[DATA_MODEL_ONNX_INPUTS]; /* bit i: column i */
    float kept[DATA_MODEL_ONNX_INPUTS][HB_LSTM_FEATURES_MAX];
};

/* From "top" [B, u], "knots" [B, 4] and "e" [B, horizon_size] (if the model knows the horizon) to
 * the outputs. */
void data_model_onnx_heads(struct data_onnx *graph, const struct hb_lstm_model *model,
    const struct data_model_onnx_seen *seen);

#endif
