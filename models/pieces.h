/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_PIECES_H
#define MODEL_PIECES_H

#include "models/dataset.h"

/* The stretches that sequences are trained and judged on: runs of slots of one session and
 * one part, at least two slots longer than dataset->warm_slots; longer ones than
 * MODEL_PIECES_MAX are cut with an overlap. A slot t of a piece is an instant to be asked at
 * once it has warm_slots slots up to and including itself; its target t + k must lie in
 * the piece. */
#define MODEL_PIECES_MAX 96
#define MODEL_PIECES_OVERLAP 4

struct model_piece {
    uint64_t begin, end; /* slots of the data set */
    uint32_t client, part;
};

/* Shortest run that is taken. */
static inline uint32_t model_pieces_run_min(const struct model_dataset *dataset)
{
    return dataset->warm_slots + 2;
}

/* Questions of a piece, at most. */
static inline uint32_t model_pieces_questions_max(const struct model_dataset *dataset)
{
    return (MODEL_PIECES_MAX - dataset->warm_slots) * HB_CANDIDATES_KNOTS;
}

struct model_pieces {
    struct model_piece *at; /* in order of the data set */
    uint32_t count;
};

/* All pieces of a data set, which is not kept. HB_ERR_MEMORY. */
enum hb_status model_pieces_init(struct model_pieces *pieces, const struct model_dataset *dataset);
void model_pieces_fini(struct model_pieces *pieces);

/* For every slot the farthest lag 0..4 that may be asked for at it: 0 where it is no
 * instant. asked [slot_count]. */
void model_pieces_ask(const struct model_pieces *pieces, const struct model_dataset *dataset,
    uint8_t *asked);

/* Of the instants of one part that may be asked at, keeps about `wanted` by chance; 0: all. */
void model_pieces_thin(const struct model_dataset *dataset, uint32_t part, uint64_t wanted,
    uint64_t seed, uint8_t *asked);

#endif
