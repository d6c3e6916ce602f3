/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/shard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "models/memory.h"
#include "models/random.h"
#include "models/vector.h"

enum { knots = HB_CANDIDATES_KNOTS, piece_max = MODEL_PIECES_MAX };

/* Streams of chance within one task. */
enum stream { STREAM_ROWS, STREAM_UNKNOWN, STREAM_INPUT, STREAM_OUTPUT, STREAM_SCORE };

struct row_data {
    float context[HB_CANDIDATES_CONTEXT];
    struct hb_candidates_set set;
};

struct model_shard {
    const struct model_shard_scene *scene;
    struct hb_candidates *candidates;
    struct hb_trail *trail;
    struct model_lstm_tape *tape;
    struct model_heads_work *work;
    float *x, *h, *dh, *gradient;
    uint32_t *words;     /* [tokens]: rows of the embedding */
    uint32_t *order;     /* [pieces_max * piece_max * knots] */
    uint8_t *wanted;     /* the same */
    struct row_data *data;
    struct model_heads_row *rows;
    size_t row_count, row_capacity;
};

static size_t row_capacity_of(const struct model_shard_scene *scene)
{
    return (size_t)scene->pieces_max * piece_max * knots;
}

enum hb_status model_shard_create(const struct model_shard_scene *scene, struct model_shard **out)
{
    struct model_shard *shard = calloc(1, sizeof *shard);
    if (shard == NULL) {
        return HB_ERR_MEMORY;
    }
    const struct model_net_shape *s = &scene->layout.shape;
    size_t tokens = (size_t)scene->pieces_max * piece_max;
    struct model_lstm_shape shape = { .steps = piece_max,
        .batch = scene->pieces_max,
        .inputs = s->embedding + s->inputs,
        .units = s->units };
    *shard = (struct model_shard) { .scene = scene,
        .trail = malloc(hb_trail_bytes(scene->visits)),
        .x = model_memory_floats(2 * tokens * shape.inputs), /* and its derivative */
        .h = model_memory_floats(tokens * s->units),
        .dh = model_memory_floats(tokens * s->units),
        .gradient = model_memory_floats(scene->layout.count),
        .words = calloc(tokens, sizeof *shard->words),
        .order = calloc(row_capacity_of(scene), sizeof *shard->order),
        .wanted = calloc(row_capacity_of(scene), 1),
        .data = aligned_alloc(64, scene->rows_max * sizeof *shard->data),
        .rows = calloc(scene->rows_max, sizeof *shard->rows),
        .row_capacity = scene->rows_max };
    if (shard->trail == NULL || shard->x == NULL || shard->h == NULL || shard->dh == NULL
        || shard->gradient == NULL || shard->words == NULL || shard->order == NULL
        || shard->wanted == NULL || shard->data == NULL || shard->rows == NULL
        || hb_candidates_create(&scene->tables, scene->visits, &shard->candidates) != HB_OK
        || model_lstm_tape_create(&shape, &shard->tape) != HB_OK
        || model_heads_work_create(&scene->layout, HB_CANDIDATES_MAX, &shard->work) != HB_OK) {
        model_shard_free(shard);
        return HB_ERR_MEMORY;
    }
    *out = shard;
    return HB_OK;
}

void model_shard_free(struct model_shard *shard)
{
    if (shard == NULL) {
        return;
    }
    model_heads_work_free(shard->work);
    model_lstm_tape_free(shard->tape);
    hb_candidates_free(shard->candidates);
    free(shard->rows);
    free(shard->data);
    free(shard->wanted);
    free(shard->order);
    free(shard->words);
    free(shard->gradient);
    free(shard->dh);
    free(shard->h);
    free(shard->x);
    free(shard->trail);
    free(shard);
}

float *model_shard_gradient(struct model_shard *shard)
{
    return shard->gradient;
}

static size_t length_of(const struct model_piece *piece)
{
    return (size_t)(piece->end - piece->begin);
}

/* Every question of the pieces as (piece, step, knot); of too many, some by chance. */
static void choose_rows(struct model_shard *shard, const struct model_shard_task *task)
{
    uint32_t count = 0, lags = model_dataset_lags(shard->scene->dataset);
    memset(shard->wanted, 0, row_capacity_of(shard->scene));
    for (size_t p = 0; p < task->count; p++) {
        size_t length = length_of(task->pieces[p]);
        for (size_t t = shard->scene->dataset->warm_slots - 1; t + 1 < length; t++) {
            for (size_t k = 0; k < lags && t + k + 1 < length; k++) {
                shard->order[count++] = (uint32_t)((p * piece_max + t) * knots + k);
            }
        }
    }
    if (count > shard->row_capacity) {
        model_random_shuffle(model_random_mix(task->stream, STREAM_ROWS), shard->order, count);
        count = (uint32_t)shard->row_capacity;
    }
    for (uint32_t i = 0; i < count; i++) {
        shard->wanted[shard->order[i]] = 1;
    }
}

static uint32_t index_of(const struct hb_candidates_set *set, uint32_t place)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->places[i] == place) {
            return i;
        }
    }
    return MODEL_HEADS_NONE;
}

/* The questions at slot i; token: its row of h. */
static void ask(struct model_shard *shard, uint64_t i, uint32_t client, const uint8_t *wanted,
    uint32_t token)
{
    const struct model_dataset *dataset = shard->scene->dataset;
    if (!wanted[0] && !wanted[1] && !wanted[2] && !wanted[3]) {
        return;
    }
    struct hb_trail_now now = model_dataset_asking(dataset, i);
    hb_candidates_look(shard->candidates, shard->trail, &now,
        model_counts_own(shard->scene->counts, client));
    for (uint32_t k = 0; k < knots; k++) {
        if (!wanted[k]) {
            continue;
        }
        struct row_data *data = &shard->data[shard->row_count];
        uint32_t target = dataset->place[i + k + 1];
        hb_candidates_context(shard->candidates, data->context);
        hb_candidates_collect(shard->candidates, (float)((k + 1) * HB_TRAIL_SLOT_S), &data->set);
        shard->rows[shard->row_count++] = (struct model_heads_row) { .context = data->context,
            .features = &data->set.features[0][0],
            .candidate_count = data->set.count,
            .hit = index_of(&data->set, target),
            .target = dataset->tokens[target], /* HB_NONE is MODEL_HEADS_NONE */
            .token = token,
            .knot = k };
    }
}
_Static_assert(HB_NONE == MODEL_HEADS_NONE, "one word for no place");

/* One piece: inputs of the LSTM, and its questions. */
static void walk(struct model_shard *shard, const struct model_shard_weights *weights,
    const struct model_shard_task *task, size_t p)
{
    const struct model_shard_scene *scene = shard->scene;
    const struct model_net_shape *s = &scene->layout.shape;
    const struct model_piece *piece = task->pieces[p];
    const float *embedding = weights->numbers + scene->layout.first[MODEL_NET_EMBEDDING];
    size_t width = s->embedding + s->inputs, length = length_of(piece);
    uint64_t unknown = model_random_mix(task->stream, STREAM_UNKNOWN);
    memcpy(shard->trail, task->trails[p], hb_trail_bytes(scene->visits));
    for (size_t t = 0; t < length; t++) {
        size_t token = t * task->count + p;
        struct hb_trail_now now = model_dataset_now(scene->dataset, piece->begin + t);
        uint32_t word = scene->dataset->tokens[now.place];
        bool is_hidden = !task->is_judged
            && model_random_unit(unknown, p * piece_max + t) < (double)scene->unknown_dropout;
        word = word == HB_NONE || is_hidden ? s->places : word;
        float *x = shard->x + token * width;
        shard->words[token] = word;
        memcpy(x, embedding + (size_t)word * s->embedding, s->embedding * sizeof *x);
        hb_candidates_step(&scene->tables, shard->trail, &now, x + s->embedding);
        ask(shard, piece->begin + t, piece->client,
            shard->wanted + (p * piece_max + t) * knots, (uint32_t)token);
        model_dataset_add(scene->dataset, piece->begin + t, shard->trail);
    }
}

static size_t longest(const struct model_shard_task *task)
{
    size_t steps = 0;
    for (size_t p = 0; p < task->count; p++) {
        size_t length = length_of(task->pieces[p]);
        steps = length > steps ? length : steps;
    }
    assert(steps <= piece_max);
    return steps;
}

static void back(struct model_shard *shard, const struct model_shard_weights *weights,
    const struct model_shard_task *task, const struct model_lstm_shape *shape)
{
    const struct model_net_layout *layout = &shard->scene->layout;
    float *gradient = shard->gradient, dropout = shard->scene->dropout;
    size_t tokens = shape->steps * shape->batch, embedding = layout->shape.embedding;
    model_random_dropout((uint32_t)model_random_mix(task->stream, STREAM_OUTPUT), dropout,
        shard->dh, tokens * shape->units);
    struct model_lstm_weights to = { gradient + layout->first[MODEL_NET_LSTM_INPUT],
        gradient + layout->first[MODEL_NET_LSTM_RECURRENT],
        gradient + layout->first[MODEL_NET_LSTM_BIAS] };
    float *dx = shard->x + tokens * shape->inputs;
    struct model_lstm_input input = { .rows = shard->x, .row_count = tokens };
    model_lstm_backward(weights->lstm, shape, &input, shard->tape, shard->dh, &to, dx);
    model_random_dropout((uint32_t)model_random_mix(task->stream, STREAM_INPUT), dropout, dx,
        tokens * shape->inputs);
    float *dembedding = gradient + layout->first[MODEL_NET_EMBEDDING];
    for (size_t token = 0; token < tokens; token++) {
        model_vector_add(dembedding + shard->words[token] * embedding, dx + token * shape->inputs,
            embedding);
    }
}

struct model_shard_sum model_shard_run(struct model_shard *shard,
    const struct model_shard_weights *weights, const struct model_shard_task *task)
{
    const struct model_shard_scene *scene = shard->scene;
    const struct model_net_shape *s = &scene->layout.shape;
    assert(task->count <= scene->pieces_max);
    struct model_lstm_shape shape = { .steps = longest(task), .batch = task->count,
        .inputs = s->embedding + s->inputs, .units = s->units };
    size_t tokens = shape.steps * shape.batch;
    shard->row_count = 0;
    memset(shard->gradient, 0, scene->layout.count * sizeof *shard->gradient);
    if (task->count == 0) {
        return (struct model_shard_sum) { 0.0, 0 };
    }
    memset(shard->x, 0, tokens * shape.inputs * sizeof *shard->x);
    memset(shard->words, 0, tokens * sizeof *shard->words);
    choose_rows(shard, task);
    for (size_t p = 0; p < task->count; p++) {
        walk(shard, weights, task, p);
    }
    float dropout = task->is_judged ? 0.0F : scene->dropout;
    model_random_dropout((uint32_t)model_random_mix(task->stream, STREAM_INPUT), dropout, shard->x,
        tokens * shape.inputs);
    struct model_lstm_input input = { .rows = shard->x, .row_count = tokens };
    const float *h = model_lstm_forward(weights->lstm, &shape, &input, shard->tape);
    for (size_t token = 0; token < tokens; token++) {
        memcpy(shard->h + token * s->units, h + token * model_lstm_state_row(&shape),
            s->units * sizeof *h);
    }
    model_random_dropout((uint32_t)model_random_mix(task->stream, STREAM_OUTPUT), dropout,
        shard->h, tokens * s->units);
    memset(shard->dh, 0, tokens * s->units * sizeof *shard->dh);
    struct model_heads_config config = { .candidates_max = HB_CANDIDATES_MAX,
        .stride = HB_CANDIDATES_MAX,
        .weight = 1.0F,
        .dropout = task->is_judged ? 0.0F : scene->score_dropout,
        .stream = model_random_mix(task->stream, STREAM_SCORE) };
    struct model_shard_sum sum = { .rows = shard->row_count };
    sum.loss = model_heads_loss(weights->heads, &config, shard->rows, shard->row_count, shard->h,
        shard->work, task->is_judged ? NULL : shard->gradient, shard->dh);
    if (!task->is_judged) {
        back(shard, weights, task, &shape);
    }
    return sum;
}
