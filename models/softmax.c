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
    float *logits;  /* [chunk][places + padding] */
    float *h, *dh;  /* [chunk][units] */
    float *packed;  /* h of the chunk, each row times its factor: chunk x units */
    float *factors; /* [chunk] */
};

/* The tokens of a chunk that count. */
struct chunk {
    uint32_t tokens[chunk_tokens];
    size_t count;
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
    work->h = model_memory_floats(chunk_tokens * units);
    work->dh = model_memory_floats(chunk_tokens * units);
    work->packed = model_memory_floats(model_gemm_packed_len(chunk_tokens, units));
    work->factors = model_memory_floats(chunk_tokens);
    if (work->logits == NULL || work->h == NULL || work->dh == NULL || work->packed == NULL
        || work->factors == NULL) {
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
    free(work->factors);
    free(work->packed);
    free(work->dh);
    free(work->h);
    free(work->logits);
    free(work);
}

/* Logits of the chunk become exponentials, and those of the targets that less their sum: times
 * weight / sum, which the products take later, they are d loss / d logits. */
static double loss_of_chunk(const struct model_softmax_packed *packed, const struct chunk *chunk,
    const uint32_t *targets, float weight, struct model_softmax_work *work)
{
    size_t places = packed->places, row = places + row_padding;
    double loss = 0.0;
    model_gemm_run(&(struct model_gemm_product) { .a = { work->h, packed->units, 1 },
        .packed = packed->forward, .m = chunk->count, .n = places, .k = packed->units,
        .start = packed->bias, .c = work->logits, .ldc = row });
    for (size_t i = 0; i < chunk->count; i++) {
        float *logits = work->logits + i * row, *at_target = logits + targets[chunk->tokens[i]];
        float max, target_logit = *at_target;
        float sum = model_vector_exp_sum(logits, places, &max);
        *at_target -= sum;
        work->factors[i] = weight / sum;
        loss += (double)weight * (log((double)sum) + (double)max - (double)target_logit);
    }
    return loss;
}

static void back_chunk(const struct model_softmax_packed *packed, const struct chunk *chunk,
    struct model_softmax_work *work, const struct model_softmax_weights *gradient, float *dh)
{
    size_t places = packed->places, units = packed->units, row = places + row_padding;
    model_gemm((struct model_matrix) { work->logits, row, 1 }, packed->backward, chunk->count,
        units, places, false, work->dh, units);
    for (size_t i = 0; i < chunk->count; i++) {
        float factor = work->factors[i];
        float *to = dh + chunk->tokens[i] * units;
        memcpy(to, work->dh + i * units, units * sizeof *to);
        model_vector_scale(to, units, factor);
        model_vector_scale(work->h + i * units, units, factor);
        model_vector_add_times(gradient->bias, work->logits + i * row, places, factor);
    }
    model_gemm_pack((struct model_matrix) { work->h, units, 1 }, chunk->count, units,
        work->packed);
    model_gemm((struct model_matrix) { work->logits, 1, row }, work->packed, places, units,
        chunk->count, true, gradient->out, units);
}

double model_softmax_loss(const struct model_softmax_packed *packed, const float *h, size_t h_row,
    const uint32_t *targets, size_t tokens, float weight, struct model_softmax_work *work,
    const struct model_softmax_weights *gradient, float *dh)
{
    size_t units = packed->units;
    double loss = 0.0;
    struct chunk chunk;
    for (size_t token = 0; token < tokens;) {
        for (chunk.count = 0; token < tokens && chunk.count < chunk_tokens; token++) {
            if (targets[token] != MODEL_SOFTMAX_IGNORE) {
                memcpy(work->h + chunk.count * units, h + token * h_row, units * sizeof *h);
                chunk.tokens[chunk.count++] = (uint32_t)token;
            } else if (gradient != NULL) {
                memset(dh + token * units, 0, units * sizeof *dh);
            }
        }
        loss += loss_of_chunk(packed, &chunk, targets, weight, work);
        if (gradient != NULL) {
            back_chunk(packed, &chunk, work, gradient, dh);
        }
    }
    return loss;
}
