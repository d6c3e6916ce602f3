/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/gemm.h"
#include "models/memory.h"
#include "models/vector.h"

/* 128 tokens x 8192 places are 4 MiB of logits. The leading dimension is
 * padded by 16: rows of 8192 floats would fall on the same cache lines. */
enum { chunk_tokens = 128, row_padding = 16 };

struct model_softmax_packed {
    size_t places, units;
    float *forward;  /* out^T: units x places */
    float *backward; /* out: places x units */
    float *bias;     /* [places] */
};

struct model_softmax_work {
    float *logits; /* [chunk][places + padding] */
    float *packed; /* h of the chunk: chunk x units */
};

static void free_packed(struct model_softmax_packed *packed)
{
    free(packed->bias);
    free(packed->backward);
    free(packed->forward);
    free(packed);
}

enum hb_status model_softmax_packed_create(size_t places, size_t units,
    struct model_softmax_packed **out)
{
    struct model_softmax_packed *packed = calloc(1, sizeof *packed);
    if (packed == NULL) {
        return HB_ERR_MEMORY;
    }
    packed->places = places;
    packed->units = units;
    packed->forward = model_memory_floats(model_gemm_packed_len(units, places));
    packed->backward = model_memory_floats(model_gemm_packed_len(places, units));
    packed->bias = model_memory_floats(places);
    if (packed->forward == NULL || packed->backward == NULL || packed->bias == NULL) {
        free_packed(packed);
        return HB_ERR_MEMORY;
    }
    *out = packed;
    return HB_OK;
}

void model_softmax_packed_free(struct model_softmax_packed *packed)
{
    if (packed != NULL) {
        free_packed(packed);
    }
}

void model_softmax_packed_update(struct model_softmax_packed *packed,
    const struct model_softmax_weights *weights)
{
    size_t places = packed->places, units = packed->units;
    model_gemm_pack((struct model_matrix) { weights->out, 1, units }, units, places,
        packed->forward);
    model_gemm_pack((struct model_matrix) { weights->out, units, 1 }, places, units,
        packed->backward);
    memcpy(packed->bias, weights->bias, places * sizeof *packed->bias);
}

enum hb_status model_softmax_work_create(size_t places, size_t units,
    struct model_softmax_work **out)
{
    struct model_softmax_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return HB_ERR_MEMORY;
    }
    work->logits = model_memory_floats(chunk_tokens * (places + row_padding));
    work->packed = model_memory_floats(model_gemm_packed_len(chunk_tokens, units));
    if (work->logits == NULL || work->packed == NULL) {
        model_softmax_work_free(work);
        return HB_ERR_MEMORY;
    }
    *out = work;
    return HB_OK;
}

void model_softmax_work_free(struct model_softmax_work *work)
{
    if (work == NULL) {
        return;
    }
    free(work->packed);
    free(work->logits);
    free(work);
}

/* The loss of one row of logits, which become d loss / d logits. */
static double loss_of_row(float *logits, size_t places, uint32_t target, float weight)
{
    if (target == MODEL_SOFTMAX_IGNORE) {
        memset(logits, 0, places * sizeof *logits);
        return 0.0;
    }
    float max, at_target = logits[target];
    float sum = model_vector_exp_sum(logits, places, &max);
    model_vector_scale(logits, places, weight / sum);
    logits[target] -= weight;
    return (double)weight * (log((double)sum) + (double)max - (double)at_target);
}

static double loss_of_chunk(const struct model_softmax_packed *packed, const float *h,
    const uint32_t *targets, size_t tokens, float weight, struct model_softmax_work *work)
{
    size_t places = packed->places, row = places + row_padding;
    double loss = 0.0;
    for (size_t i = 0; i < tokens; i++) {
        memcpy(work->logits + i * row, packed->bias, places * sizeof *packed->bias);
    }
    model_gemm((struct model_matrix) { h, packed->units, 1 }, packed->forward, tokens, places,
        packed->units, true, work->logits, row);
    for (size_t i = 0; i < tokens; i++) {
        loss += loss_of_row(work->logits + i * row, places, targets[i], weight);
    }
    return loss;
}

double model_softmax_loss(const struct model_softmax_packed *packed, const float *h,
    const uint32_t *targets, size_t tokens, float weight, struct model_softmax_work *work,
    const struct model_softmax_weights *gradient, float *dh)
{
    size_t places = packed->places, units = packed->units, row = places + row_padding;
    double loss = 0.0;
    for (size_t first = 0; first < tokens; first += chunk_tokens) {
        size_t count = tokens - first < chunk_tokens ? tokens - first : chunk_tokens;
        const float *h_chunk = h + first * units;
        loss += loss_of_chunk(packed, h_chunk, targets + first, count, weight, work);
        if (gradient == NULL) {
            continue;
        }
        model_gemm((struct model_matrix) { work->logits, row, 1 }, packed->backward, count, units,
            places, false, dh + first * units, units);
        model_gemm_pack((struct model_matrix) { h_chunk, units, 1 }, count, units, work->packed);
        model_gemm((struct model_matrix) { work->logits, 1, row }, work->packed, places, units,
            count, true, gradient->out, units);
        for (size_t i = 0; i < count; i++) {
            model_vector_add(gradient->bias, work->logits + i * row, places);
        }
    }
    return loss;
}
