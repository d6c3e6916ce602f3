/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_ONNX_H
#define DATA_MODEL_ONNX_H

#include "data/model.h"

/* The network of a model as an ONNX graph of standard operators (operator set 13): everything
 * between features and probabilities, temperatures included, the curve of confidence not. T steps
 * of B clients; N candidates; N and their features come from core/candidates.h, places from the
 * model file.
 *   in   tokens [T, B] (vocabulary_count: unknown), features [T, B, f], h0 and c0 [layers, B, u],
 *        timeframe_s [B], context [B, c], candidate_features [B, N, 20], candidate_count [B]
 *   out  h, c [layers, B, u], candidate_probability [B, N], vocabulary_probability [B, V]
 * A masked model (core/features.h; the file's text "masked" has the names) has the same inputs in
 * the same shapes: of features, context and candidate_features the hidden columns, listed in the
 * input's own text, count as 0 whatever is fed. Candidates that a masked name brings are not
 * offered; who feeds the graph leaves them away, as core/candidates.h does.
 * p(place) is the sum over the candidates that are it, and its token's share. Inputs and outputs
 * of a head that the model has not are absent. HB_ERR_MEMORY, HB_ERR_RANGE, HB_ERR_IO. */
enum hb_status data_model_onnx_write(const char *path, const struct data_model *model,
    struct data_problem *problem);

#endif
