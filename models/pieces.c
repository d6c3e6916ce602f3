/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "models/random.h"

static uint64_t run_end(const struct model_dataset *dataset, uint64_t begin, uint64_t end)
{
    uint64_t i = begin + 1;
    while (i < end && dataset->part[i] == dataset->part[begin]
        && (dataset->flags[i] & MODEL_SLOT_FIRST) == 0) {
        i++;
    }
    return i;
}

static void cut(struct model_pieces *pieces, const struct model_dataset *dataset,
    struct model_piece run)
{
    if (run.end - run.begin < model_pieces_run_min(dataset)) {
        return;
    }
    struct model_piece piece = run;
    for (;;) {
        piece.end = run.end - piece.begin <= MODEL_PIECES_MAX ? run.end
                                                              : piece.begin + MODEL_PIECES_MAX;
        pieces->at[pieces->count++] = piece;
        if (piece.end == run.end) {
            return;
        }
        piece.begin = piece.end - MODEL_PIECES_OVERLAP;
    }
}

enum hb_status model_pieces_init(struct model_pieces *pieces, const struct model_dataset *dataset)
{
    /* a run of n >= 3 slots gives at most n / 3 pieces: a longer one than 96 by every 92 */
    pieces->count = 0;
    pieces->at = calloc(dataset->slot_count / 3 + 1, sizeof *pieces->at);
    if (pieces->at == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t client = 0; client < dataset->client_count; client++) {
        uint64_t begin = dataset->first[client], end = dataset->first[client + 1];
        while (begin < end) {
            struct model_piece run = { .begin = begin,
                .end = run_end(dataset, begin, end),
                .client = client,
                .part = dataset->part[begin] };
            cut(pieces, dataset, run);
            begin = run.end;
        }
    }
    return HB_OK;
}

void model_pieces_fini(struct model_pieces *pieces)
{
    free(pieces->at);
    *pieces = (struct model_pieces) { 0 };
}

void model_pieces_ask(const struct model_pieces *pieces, const struct model_dataset *dataset,
    uint8_t *asked)
{
    uint64_t lags = model_dataset_lags(dataset);
    memset(asked, 0, dataset->slot_count);
    for (uint32_t p = 0; p < pieces->count; p++) {
        const struct model_piece *piece = &pieces->at[p];
        for (uint64_t t = piece->begin + dataset->warm_slots - 1; t < piece->end; t++) {
            uint64_t left = piece->end - 1 - t;
            uint8_t far = (uint8_t)(left < lags ? left : lags);
            asked[t] = far > asked[t] ? far : asked[t];
        }
    }
}

void model_pieces_thin(const struct model_dataset *dataset, uint32_t part, uint64_t wanted,
    uint64_t seed, uint8_t *asked)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        count += dataset->part[i] == part && asked[i] > 0;
    }
    if (wanted == 0 || wanted >= count) {
        return;
    }
    double share = (double)wanted / (double)count;
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        if (dataset->part[i] == part && model_random_unit(seed, i) >= share) {
            asked[i] = 0;
        }
    }
}
