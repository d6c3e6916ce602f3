/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MODEL_TENSORS_IMPL_H
#define DATA_MODEL_TENSORS_IMPL_H

/* Shared by model_tensors*.c only. */
#include "data/model_parts.h"
#include "data/model_tensors.h"
#include "data/safetensors.h"

#define DATA_MODEL_TENSORS_TEMPERATURE "inverse_temperature"
#define DATA_MODEL_TENSORS_CONFIDENCE "confidence"

/* A model that is being read, and where from. */
struct data_model_taking {
    const char *path;
    const struct data_safetensors *file;
    const struct data_model *like;
    struct data_model *model;
    struct data_problem *problem;
};

/* "/places/east_km" is "places.east_km", "/weights/gate.bias" is "gate.bias". */
void data_model_tensors_name(const struct data_model_part *part,
    char name[DATA_SAFETENSORS_NAME_BYTES]);

/* All sizes, from the shapes of the file's tensors. */
enum hb_status data_model_tensors_sizes(struct data_model_taking *in);
/* All arrays, sizes known. */
enum hb_status data_model_tensors_arrays(struct data_model_taking *in);

#endif
