/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_TENSORS_H
#define DATA_MODEL_TENSORS_H

#include "data/model.h"

/* A model as safetensors, for other programs. Weights under PyTorch's names and in its layout
 * ("lstm.weight_ih_l0", gates in the order i, f, g, o): torch.nn.LSTM, Embedding and Linear load
 * them as they are. Beside them "inverse_temperature" [4][3], "confidence" [4][9] if there is
 * one, and the tables of the model file as "places.east_km", "moves.slot_counts", ...; unsigned
 * tables are I64, which PyTorch has. The card is the file's metadata. */
#define DATA_MODEL_TENSORS_VERSION 1

/* HB_ERR_IO, HB_ERR_RANGE (the card is no UTF-8), HB_ERR_MEMORY. */
enum hb_status data_model_tensors_write(const char *path, const struct data_model *model,
    struct data_problem *problem);

/* All sizes follow from the tensors' shapes. like: where tables of places, temperatures and
 * card come from if the file has none of them; NULL: they must be there. Weights that were
 * written and read back are the same bits. Errors as data_model_read; a tensor that is no part of
 * a model is refused. *out is for data_model_free. */
enum hb_status data_model_tensors_read(const char *path, const struct data_model *like,
    struct data_model **out, struct data_problem *problem);
/* The same from memory; path is for sentences. */
enum hb_status data_model_tensors_parse(const char *path, const uint8_t *bytes, size_t count,
    const struct data_model *like, struct data_model **out, struct data_problem *problem);

#endif
