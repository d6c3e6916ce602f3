/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/model_tensors_impl.h"

enum { number_bytes = 24 };

void data_model_tensors_name(const struct data_model_part *part,
    char name[DATA_SAFETENSORS_NAME_BYTES])
{
    static const char weights[] = "/weights/";
    int is_weight = strncmp(part->path, weights, sizeof weights - 1) == 0;
    (void)snprintf(name, DATA_SAFETENSORS_NAME_BYTES, "%s",
        part->path + (is_weight ? sizeof weights - 1 : 1));
    char *slash = strchr(name, '/');
    if (slash != NULL) {
        *slash = '.';
    }
}

/* Unsigned tables as 64-bit integers; *own is to be freed. */
static const void *widened(const void *values, uint64_t count, void **own)
{
    int64_t *wide = malloc(count * sizeof *wide + 1);
    for (uint64_t i = 0; wide != NULL && i < count; i++) {
        wide[i] = ((const uint32_t *)values)[i];
    }
    *own = wide;
    return wide;
}

/* What of a model goes into the file. */
struct list {
    struct data_safetensors_tensor tensors[DATA_MODEL_PARTS_MAX + 2];
    void *own[DATA_MODEL_PARTS_MAX + 2];
    size_t count;
};

static enum data_safetensors_type type_of(enum data_h5_type type)
{
    return type == DATA_H5_F32 ? DATA_SAFETENSORS_F32
        : type == DATA_H5_F64  ? DATA_SAFETENSORS_F64
        : type == DATA_H5_I32  ? DATA_SAFETENSORS_I32
                               : DATA_SAFETENSORS_I64;
}

static enum hb_status put_part(struct list *list, const struct data_model *model,
    const struct data_model_part *part)
{
    const void *values = data_model_part_values(model, part);
    struct data_safetensors_tensor *to = &list->tensors[list->count];
    if (values == NULL) {
        return HB_OK;
    }
    data_model_tensors_name(part, to->name);
    to->type = type_of(part->type);
    to->rank = part->rank;
    memcpy(to->dims, part->dims, sizeof part->dims);
    to->values = to->type == DATA_SAFETENSORS_I64
        ? widened(values, data_model_part_bytes(part) / 4, &list->own[list->count])
        : values;
    list->count++;
    return to->values == NULL ? HB_ERR_MEMORY : HB_OK;
}

static enum hb_status fill(struct list *list, const struct data_model *model)
{
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    uint32_t count = data_model_parts(model, parts);
    list->tensors[list->count++] = (struct data_safetensors_tensor) {
        .name = DATA_MODEL_TENSORS_TEMPERATURE, .type = DATA_SAFETENSORS_F32, .rank = 2,
        .dims = { HB_CANDIDATES_KNOTS, HB_LSTM_HEADS },
        .values = model->weights.inverse_temperature };
    if (data_model_has_confidence(&model->weights)) {
        list->tensors[list->count++] = (struct data_safetensors_tensor) {
            .name = DATA_MODEL_TENSORS_CONFIDENCE, .type = DATA_SAFETENSORS_F32, .rank = 2,
            .dims = { HB_CANDIDATES_KNOTS, HB_LSTM_CONFIDENCE },
            .values = model->weights.confidence };
    }
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        status = put_part(list, model, &parts[i]);
    }
    return status;
}

enum hb_status data_model_tensors_write(const char *path, const struct data_model *model,
    struct data_problem *problem)
{
    char version[number_bytes], seed[number_bytes], steps[number_bytes], stay[number_bytes];
    char masked[number_bytes];
    (void)snprintf(version, sizeof version, "%d", DATA_MODEL_TENSORS_VERSION);
    (void)snprintf(seed, sizeof seed, "%" PRIu64, model->card.seed);
    (void)snprintf(steps, sizeof steps, "%" PRId64, model->card.trained_steps);
    (void)snprintf(stay, sizeof stay, "%" PRIu32, model->weights.stay_step_max);
    (void)snprintf(masked, sizeof masked, "%" PRIu32, model->weights.tables.masked);
    const struct data_safetensors_pair texts[] = {
        { "format", "pt" }, /* what readers of this format for PyTorch ask for */
        { "harbinger_model", version },
#define X(name, text) { #name, model->card.name },
        DATA_MODEL_CARD_LIST(X)
#undef X
        { "seed", seed },
        { "trained_steps", steps },
        { "stay_step_max", stay },
        { DATA_MODEL_MASKED, masked },
    };
    struct list *list = calloc(1, sizeof *list);
    enum hb_status status = list == NULL ? HB_ERR_MEMORY : fill(list, model);
    if (status == HB_OK) {
        status = data_safetensors_write(path, list->tensors, list->count, texts,
            sizeof texts / sizeof texts[0], problem);
    } else {
        (void)data_problem_set(problem, status, "%s: out of memory", path);
    }
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        free(list->own[i]);
    }
    free(list);
    return status;
}
