/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_ONNX_IMPL_H
#define DATA_MODEL_ONNX_IMPL_H

/* Shared by model_onnx*.c only. */
#include "core/lstm.h"
#include "data/onnx.h"

/* From "top" [B, u], "knots" [B, 4] and "e" [B, horizon_size] (if the model knows the horizon) to
 * the outputs. */
void data_model_onnx_heads(struct data_onnx *graph, const struct hb_lstm_model *model);

#endif
