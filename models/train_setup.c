/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/features.h"
#include "core/lstm.h"
#include "data/digest.h"
#include "models/memory.h"
#include "models/random.h"
#include "models/train_impl.h"

static struct model_net_shape shape_of(const struct model_train_config *config,
    const struct model_dataset *dataset)
{
    return (struct model_net_shape) { .places = dataset->vocabulary_count,
        .embedding = config->embedding,
        .inputs = HB_CANDIDATES_STEP_FEATURES,
        .units = config->units,
        .knots = HB_CANDIDATES_KNOTS,
        .horizon = 16,
        .context_count = HB_CANDIDATES_CONTEXT,
        .context_size = 64,
        .features = HB_CANDIDATES_FEATURES,
        .hidden1 = 48,
        .hidden2 = 24,
        .masked = config->masked | HB_FEATURES_FEEDS,
        .has_vocabulary = config->has_vocabulary };
}

/* Every piece's trail: its client's slots before it. */
static void keep_trails(struct model_trainer *trainer, struct hb_trail *trail)
{
    const struct model_dataset *dataset = trainer->scene.dataset;
    size_t bytes = hb_trail_bytes(trainer->scene.visits);
    uint32_t piece = 0;
    for (uint32_t client = 0; client < dataset->client_count; client++) {
        hb_trail_init(trail, trainer->scene.visits);
        uint64_t at = dataset->first[client];
        for (; piece < trainer->pieces.count && trainer->pieces.at[piece].client == client;
             piece++) {
            uint64_t begin = trainer->pieces.at[piece].begin;
            /* pieces of one run overlap: then start over */
            if (begin < at) {
                hb_trail_init(trail, trainer->scene.visits);
                at = dataset->first[client];
            }
            for (; at < begin; at++) {
                model_dataset_add(dataset, at, trail);
            }
            memcpy(trainer->trails + piece * bytes, trail, bytes);
        }
    }
}

/* All that the file of a data set holds, so that a checkpoint knows its own. */
static void digest_data(struct model_trainer *trainer)
{
    const struct model_dataset *dataset = trainer->scene.dataset;
    struct data_digest digest = { { 0 } };
    size_t slots = dataset->slot_count, places = dataset->place_count;
    data_digest_block(&digest, dataset->first,
        ((size_t)dataset->client_count + 1) * sizeof *dataset->first);
    data_digest_block(&digest, dataset->lat_deg, places * sizeof *dataset->lat_deg);
    data_digest_block(&digest, dataset->lon_deg, places * sizeof *dataset->lon_deg);
    data_digest_block(&digest, dataset->clock_slots, places * sizeof *dataset->clock_slots);
    data_digest_block(&digest, dataset->near_first, (places + 1) * sizeof *dataset->near_first);
    data_digest_block(&digest, dataset->near_places,
        dataset->near_first[places] * sizeof *dataset->near_places);
    data_digest_block(&digest, dataset->slot, slots * sizeof *dataset->slot);
    data_digest_block(&digest, dataset->place, slots * sizeof *dataset->place);
    data_digest_block(&digest, dataset->flags, slots);
    data_digest_block(&digest, dataset->part, slots);
    data_digest_text(&digest, trainer->data_digest);
}

/* Of many pieces to validate on, some by chance. */
static void thin_out(struct model_trainer *trainer)
{
    uint32_t wanted = (trainer->config.pieces + 3) / 4;
    if (wanted > 0 && trainer->counts[1] > wanted) {
        model_random_shuffle(model_random_mix(trainer->config.seed + MODEL_TRAIN_STREAM_ORDER,
                                 UINT64_MAX), trainer->orders[1], trainer->counts[1]);
        trainer->counts[1] = wanted;
    }
}

static enum hb_status cut_pieces(struct model_trainer *trainer)
{
    enum hb_status status = model_pieces_init(&trainer->pieces, trainer->scene.dataset);
    if (status != HB_OK) {
        return status;
    }
    uint32_t count = trainer->pieces.count;
    size_t bytes = hb_trail_bytes(trainer->scene.visits);
    struct hb_trail *trail = malloc(bytes);
    trainer->trails = calloc(count + 1, bytes);
    trainer->orders[0] = calloc(count + 1, sizeof(uint32_t));
    trainer->orders[1] = calloc(count + 1, sizeof(uint32_t));
    if (trail == NULL || trainer->trails == NULL || trainer->orders[0] == NULL
        || trainer->orders[1] == NULL) {
        free(trail);
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t part = trainer->pieces.at[i].part;
        if (part == MODEL_PART_TRAIN || part == MODEL_PART_VALID) {
            trainer->orders[part][trainer->counts[part]++] = i;
        }
    }
    keep_trails(trainer, trail);
    free(trail);
    thin_out(trainer);
    return trainer->counts[0] > 0 && trainer->counts[1] > 0 ? HB_OK : HB_ERR_RANGE;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* What an epoch takes of the pieces, and room for a shard's share of a batch: of a batch larger
 * than the epoch, of the epoch; of more rows than such a share has questions, for these. */
static void size_shards(struct model_trainer *trainer)
{
    const struct model_train_config *config = &trainer->config;
    uint32_t pieces = config->pieces > 0 ? config->pieces : UINT32_MAX;
    trainer->epoch_pieces = lesser(pieces, trainer->counts[0]);
    trainer->steps_per_epoch = (trainer->epoch_pieces + config->batch - 1) / config->batch;
    uint32_t batch = lesser(config->batch, trainer->epoch_pieces);
    uint32_t questions = model_pieces_questions_max(trainer->scene.dataset);
    uint32_t rows = config->rows / MODEL_TRAIN_SHARDS;
    trainer->scene.pieces_max = (batch + MODEL_TRAIN_SHARDS - 1) / MODEL_TRAIN_SHARDS;
    rows = lesser(rows, trainer->scene.pieces_max * questions);
    trainer->scene.rows_max = rows > questions ? rows : questions;
}

static enum hb_status allocate(struct model_trainer *trainer)
{
    size_t n = trainer->scene.layout.count;
    const struct model_net_shape *s = &trainer->scene.layout.shape;
    trainer->numbers = model_memory_floats(n);
    trainer->m = model_memory_floats(n);
    trainer->v = model_memory_floats(n);
    trainer->mean = model_memory_floats(n);
    trainer->best = model_memory_floats(n);
    trainer->gradient = model_memory_floats(n);
    trainer->curves[0] = calloc(trainer->config.epochs, sizeof(double));
    trainer->curves[1] = calloc(trainer->config.epochs, sizeof(double));
    if (trainer->numbers == NULL || trainer->m == NULL || trainer->v == NULL
        || trainer->mean == NULL || trainer->best == NULL || trainer->gradient == NULL
        || trainer->curves[0] == NULL || trainer->curves[1] == NULL) {
        return HB_ERR_MEMORY;
    }
    struct model_lstm_shape shape = { .inputs = s->embedding + s->inputs, .units = s->units };
    enum hb_status status = model_lstm_packed_create(&shape, &trainer->lstm);
    if (status == HB_OK) {
        status = model_heads_packed_create(&trainer->scene.layout, &trainer->heads);
    }
    for (int i = 0; status == HB_OK && i < MODEL_TRAIN_SHARDS; i++) {
        status = model_shard_create(&trainer->scene, &trainer->shards[i]);
    }
    return status;
}

static bool is_share(float x) /* NaN is none */
{
    return x >= 0.0F && x < 1.0F;
}

/* What the core could serve afterwards, and numbers that are some. */
static bool is_sound(const struct model_train_config *c)
{
    bool is_size = c->units >= 16 && c->units <= HB_LSTM_UNITS_MAX && c->units % 16 == 0
        && c->embedding >= 1 && c->embedding <= HB_LSTM_EMBEDDING_MAX && c->visits >= 1
        && c->visits <= MODEL_TRAIN_VISITS_MAX;
    bool is_course = c->epochs >= 1 && c->epochs <= MODEL_TRAIN_EPOCHS_MAX && c->batch >= 1
        && c->batch <= MODEL_TRAIN_BATCH_MAX && c->rows >= MODEL_TRAIN_SHARDS;
    bool is_rate = isfinite(c->rate) && c->rate >= 0.0F && isfinite(c->rate_last)
        && c->rate_last >= 0.0F && isfinite(c->decay) && c->decay >= 0.0F && c->clip > 0.0F;
    return is_size && is_course && is_rate && is_share(c->average) && is_share(c->dropout)
        && is_share(c->unknown_dropout) && is_share(c->score_dropout);
}

enum hb_status model_trainer_create(const struct model_train_config *config,
    const struct model_dataset *dataset, const struct model_counts *counts,
    struct model_trainer **out)
{
    if (!is_sound(config)) {
        return HB_ERR_RANGE;
    }
    struct model_trainer *trainer = calloc(1, sizeof *trainer);
    if (trainer == NULL) {
        return HB_ERR_MEMORY;
    }
    trainer->config = *config;
    trainer->best_valid = INFINITY;
    trainer->scene = (struct model_shard_scene) { .dataset = dataset,
        .counts = counts,
        .tables = model_counts_tables(counts, dataset),
        .visits = config->visits,
        .dropout = config->dropout,
        .unknown_dropout = config->unknown_dropout,
        .score_dropout = config->score_dropout };
    struct model_net_shape shape = shape_of(config, dataset);
    trainer->scene.tables.masked = shape.masked;
    model_net_layout_init(&trainer->scene.layout, &shape);
    enum hb_status status = cut_pieces(trainer);
    if (status == HB_OK) {
        size_shards(trainer);
        status = allocate(trainer);
    }
    if (status != HB_OK) {
        model_trainer_free(trainer);
        return status;
    }
    digest_data(trainer);
    model_net_start(&trainer->scene.layout, config->seed, trainer->numbers);
    memcpy(trainer->mean, trainer->numbers, trainer->scene.layout.count * sizeof(float));
    *out = trainer;
    return HB_OK;
}

void model_trainer_free(struct model_trainer *trainer)
{
    if (trainer == NULL) {
        return;
    }
    for (int i = 0; i < MODEL_TRAIN_SHARDS; i++) {
        model_shard_free(trainer->shards[i]);
    }
    model_heads_packed_free(trainer->heads);
    model_lstm_packed_free(trainer->lstm);
    free(trainer->curves[1]);
    free(trainer->curves[0]);
    free(trainer->gradient);
    free(trainer->best);
    free(trainer->mean);
    free(trainer->v);
    free(trainer->m);
    free(trainer->numbers);
    free(trainer->orders[1]);
    free(trainer->orders[0]);
    free(trainer->trails);
    model_pieces_fini(&trainer->pieces);
    free(trainer);
}
