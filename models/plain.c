/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/plain.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/lstm_vector.h"
#include "models/lstm.h"
#include "models/memory.h"
#include "models/random.h"
#include "models/softmax.h"
#include "models/vector.h"

/* The softmax sums its gradient over this many shards of tokens, in order. */
enum { shards = 2 };

struct model_plain {
    struct model_plain_shape shape;
    struct model_lstm_shape lstm_shape;
    size_t first[MODEL_PLAIN_TENSOR_COUNT + 1];
    float *numbers, *gradient, *m, *v;
    float *shard_gradient; /* the second shard's, of the last two tensors */
    float *rows, *drows;   /* [distinct places][embedding] */
    float *dh;             /* [tokens][units] */
    uint32_t *row_of, *place_of; /* [tokens] of a token, of a row */
    uint32_t *seen;        /* [places] row + 1, or 0 */
    size_t row_count;
    struct model_lstm_packed *lstm;
    struct model_lstm_tape *tape;
    struct model_softmax_packed *softmax;
    struct model_softmax_work *work[shards];
    uint64_t step;
};

/* One step on its way: what the threads share. */
struct crew {
    struct model_plain *plain;
    const struct model_plain_batch *batch;
    float rate, weight;
    double loss[shards];
    pthread_barrier_t barrier;
    size_t parts;
};

struct member {
    struct crew *crew;
    size_t part;
};

static void lay_out(struct model_plain *plain)
{
    const struct model_plain_shape *s = &plain->shape;
    size_t gates = 4 * (size_t)s->units, places = s->places;
    const size_t lens[] = { places * s->embedding, gates * (s->embedding + s->features),
        gates * s->units, gates, places * s->units, places };
    for (int i = 0; i < MODEL_PLAIN_TENSOR_COUNT; i++) {
        plain->first[i + 1] = plain->first[i] + (lens[i] + 15) / 16 * 16;
    }
}

static void start(struct model_plain *plain, uint64_t seed)
{
    double bound = 1.0 / sqrt((double)plain->shape.units);
    for (int i = 0; i < MODEL_PLAIN_TENSOR_COUNT; i++) {
        enum model_plain_tensor tensor = (enum model_plain_tensor)i;
        uint64_t stream = model_random_mix(seed, (uint64_t)i);
        float *numbers = model_plain_numbers(plain, tensor);
        for (size_t j = 0; j < model_plain_len(plain, tensor); j++) {
            numbers[j] = tensor == MODEL_PLAIN_EMBEDDING
                ? (float)model_random_normal(stream, j)
                : (float)(bound * (2.0 * model_random_unit(stream, j) - 1.0));
        }
    }
}

static enum hb_status allocate(struct model_plain *plain)
{
    const struct model_plain_shape *s = &plain->shape;
    size_t tokens = (size_t)s->steps * s->batch, n = plain->first[MODEL_PLAIN_TENSOR_COUNT];
    plain->numbers = model_memory_floats(n);
    plain->gradient = model_memory_floats(n);
    plain->m = model_memory_floats(n);
    plain->v = model_memory_floats(n);
    plain->shard_gradient = model_memory_floats(n - plain->first[MODEL_PLAIN_OUT]);
    plain->rows = model_memory_floats(tokens * s->embedding);
    plain->drows = model_memory_floats(tokens * s->embedding);
    plain->dh = model_memory_floats(tokens * s->units);
    plain->row_of = calloc(tokens, sizeof *plain->row_of);
    plain->place_of = calloc(tokens, sizeof *plain->place_of);
    plain->seen = calloc(s->places, sizeof *plain->seen);
    if (plain->numbers == NULL || plain->gradient == NULL || plain->m == NULL || plain->v == NULL
        || plain->shard_gradient == NULL || plain->rows == NULL || plain->drows == NULL
        || plain->dh == NULL || plain->row_of == NULL || plain->place_of == NULL
        || plain->seen == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = model_lstm_packed_create(&plain->lstm_shape, &plain->lstm);
    if (status == HB_OK) {
        status = model_lstm_tape_create(&plain->lstm_shape, &plain->tape);
    }
    if (status == HB_OK) {
        status = model_softmax_packed_create(s->places, s->units, &plain->softmax);
    }
    for (int i = 0; status == HB_OK && i < shards; i++) {
        status = model_softmax_work_create(s->places, s->units, &plain->work[i]);
    }
    return status;
}

enum hb_status model_plain_create(const struct model_plain_shape *shape, uint64_t seed,
    struct model_plain **out)
{
    if (shape->places == 0 || shape->embedding == 0 || shape->units == 0 || shape->steps == 0
        || shape->batch == 0) {
        return HB_ERR_RANGE;
    }
    struct model_plain *plain = calloc(1, sizeof *plain);
    if (plain == NULL) {
        return HB_ERR_MEMORY;
    }
    plain->shape = *shape;
    plain->lstm_shape = (struct model_lstm_shape) { .steps = shape->steps, .batch = shape->batch,
        .inputs = (size_t)shape->embedding + shape->features, .units = shape->units,
        .features = shape->features };
    lay_out(plain);
    enum hb_status status = allocate(plain);
    if (status != HB_OK) {
        model_plain_free(plain);
        return status;
    }
    start(plain, seed);
    *out = plain;
    return HB_OK;
}

void model_plain_free(struct model_plain *plain)
{
    if (plain == NULL) {
        return;
    }
    for (int i = 0; i < shards; i++) {
        model_softmax_work_free(plain->work[i]);
    }
    model_softmax_packed_free(plain->softmax);
    model_lstm_tape_free(plain->tape);
    model_lstm_packed_free(plain->lstm);
    free(plain->seen);
    free(plain->place_of);
    free(plain->row_of);
    free(plain->dh);
    free(plain->drows);
    free(plain->rows);
    free(plain->shard_gradient);
    free(plain->v);
    free(plain->m);
    free(plain->gradient);
    free(plain->numbers);
    free(plain);
}

float *model_plain_numbers(struct model_plain *plain, enum model_plain_tensor tensor)
{
    return plain->numbers + plain->first[tensor];
}

size_t model_plain_len(const struct model_plain *plain, enum model_plain_tensor tensor)
{
    const struct model_plain_shape *s = &plain->shape;
    return tensor == MODEL_PLAIN_OUT_BIAS ? s->places
        : tensor == MODEL_PLAIN_BIAS ? 4 * (size_t)s->units
        : tensor == MODEL_PLAIN_EMBEDDING ? (size_t)s->places * s->embedding
        : tensor == MODEL_PLAIN_OUT ? (size_t)s->places * s->units
        : tensor == MODEL_PLAIN_INPUT ? 4 * s->units * plain->lstm_shape.inputs
        : 4 * (size_t)s->units * s->units;
}

const float *model_plain_gradient(const struct model_plain *plain, enum model_plain_tensor tensor)
{
    return plain->gradient + plain->first[tensor];
}

/* The different places of a batch, in order of appearance. */
static void find_rows(struct model_plain *plain, const struct model_plain_batch *batch)
{
    size_t embedding = plain->shape.embedding;
    plain->row_count = 0;
    for (size_t i = 0; i < (size_t)plain->shape.steps * plain->shape.batch; i++) {
        uint32_t place = batch->places[i];
        assert(place < plain->shape.places);
        if (plain->seen[place] == 0) {
            memcpy(plain->rows + plain->row_count * embedding, plain->numbers + place * embedding,
                embedding * sizeof *plain->rows);
            plain->place_of[plain->row_count++] = place;
            plain->seen[place] = (uint32_t)plain->row_count;
        }
        plain->row_of[i] = plain->seen[place] - 1;
    }
    for (size_t i = 0; i < plain->row_count; i++) {
        plain->seen[plain->place_of[i]] = 0;
    }
}

static struct model_lstm_weights lstm_of(const struct model_plain *plain, float *numbers)
{
    return (struct model_lstm_weights) { numbers + plain->first[MODEL_PLAIN_INPUT],
        numbers + plain->first[MODEL_PLAIN_RECURRENT], numbers + plain->first[MODEL_PLAIN_BIAS] };
}

static struct model_softmax_weights softmax_of(const struct model_plain *plain, float *numbers)
{
    return (struct model_softmax_weights) { numbers + plain->first[MODEL_PLAIN_OUT],
        numbers + plain->first[MODEL_PLAIN_OUT_BIAS] };
}

static void prepare(struct crew *crew)
{
    struct model_plain *plain = crew->plain;
    struct model_lstm_weights lstm = lstm_of(plain, plain->numbers);
    struct model_softmax_weights softmax = softmax_of(plain, plain->numbers);
    size_t counted = 0, tokens = (size_t)plain->shape.steps * plain->shape.batch;
    for (size_t i = 0; i < tokens; i++) {
        counted += crew->batch->targets[i] != MODEL_SOFTMAX_IGNORE;
    }
    crew->weight = counted > 0 ? 1.0F / (float)counted : 0.0F;
    find_rows(plain, crew->batch);
    model_lstm_packed_update(plain->lstm, &lstm);
    model_softmax_packed_update(plain->softmax, &softmax);
    size_t n = plain->first[MODEL_PLAIN_TENSOR_COUNT], tail = n - plain->first[MODEL_PLAIN_OUT];
    memset(plain->gradient, 0, n * sizeof *plain->gradient);
    memset(plain->shard_gradient, 0, tail * sizeof *plain->shard_gradient);
}

static void run_shards(struct crew *crew, size_t part, const float *h)
{
    struct model_plain *plain = crew->plain;
    size_t tokens = (size_t)plain->shape.steps * plain->shape.batch, units = plain->shape.units;
    size_t h_row = model_lstm_state_row(&plain->lstm_shape);
    float *second = plain->shard_gradient - plain->first[MODEL_PLAIN_OUT];
    for (size_t s = part; s < shards; s += crew->parts) {
        size_t begin = tokens * s / shards, end = tokens * (s + 1) / shards;
        struct model_softmax_weights to = softmax_of(plain, s == 0 ? plain->gradient : second);
        crew->loss[s] = model_softmax_loss(plain->softmax, h + begin * h_row, h_row,
            crew->batch->targets + begin, end - begin, crew->weight, plain->work[s], &to,
            plain->dh + begin * units);
    }
}

/* Adds up the shards, and moves the numbers of one part. */
static void move(struct crew *crew, size_t part)
{
    struct model_plain *plain = crew->plain;
    size_t n = plain->first[MODEL_PLAIN_TENSOR_COUNT], out = plain->first[MODEL_PLAIN_OUT];
    size_t begin = n / 16 * part / crew->parts * 16, end = n / 16 * (part + 1) / crew->parts * 16;
    size_t from = begin > out ? begin : out;
    if (end > from) {
        model_vector_add(plain->gradient + from, plain->shard_gradient + (from - out), end - from);
    }
    double t = (double)(plain->step + 1), beta1 = 0.9, beta2 = 0.999;
    double correct1 = 1.0 - pow(beta1, t), correct2 = sqrt(1.0 - pow(beta2, t));
    struct model_vector_adam adam = { .rate = (float)((double)crew->rate * correct2 / correct1),
        .beta1 = (float)beta1, .beta2 = (float)beta2, .epsilon = (float)(1e-8 * correct2),
        .gradient_factor = 1.0F };
    if (crew->rate > 0.0F) {
        model_vector_adam_step(&adam, plain->gradient + begin, end - begin, plain->numbers + begin,
            plain->m + begin, plain->v + begin);
    }
}

static void wait_for_all(struct crew *crew)
{
    if (crew->parts > 1) {
        (void)pthread_barrier_wait(&crew->barrier); /* tells who is last, which is no matter */
    }
}

static void *work(void *ctx)
{
    const struct member *member = ctx;
    struct crew *crew = member->crew;
    struct model_plain *plain = crew->plain;
    const struct model_lstm_shape *shape = &plain->lstm_shape;
    struct model_lstm_part part = { member->part, crew->parts };
    struct model_lstm_input input = { .rows = plain->rows, .row_count = plain->row_count,
        .row_of = plain->row_of, .features = crew->batch->features };
    struct model_lstm_weights to = lstm_of(plain, plain->gradient);
    uint32_t before = hb_lstm_flush_on();
    model_lstm_forward_rows(plain->lstm, shape, &input, plain->tape, part);
    wait_for_all(crew);
    const float *h = model_lstm_forward_steps(plain->lstm, shape, &input, plain->tape, part);
    wait_for_all(crew);
    run_shards(crew, member->part, h);
    wait_for_all(crew);
    model_lstm_back_steps(plain->lstm, shape, plain->tape, plain->dh, part);
    model_lstm_back_pack(shape, &input, plain->tape, part);
    wait_for_all(crew);
    model_lstm_back_weights(shape, &input, plain->tape, &to, part);
    wait_for_all(crew);
    struct model_lstm_range rows =
        model_lstm_back_rows(plain->lstm, shape, &input, plain->tape, plain->drows, part);
    for (size_t i = rows.begin; i < rows.end; i++) {
        memcpy(plain->gradient + plain->place_of[i] * plain->shape.embedding,
            plain->drows + i * plain->shape.embedding,
            plain->shape.embedding * sizeof *plain->gradient);
    }
    wait_for_all(crew);
    move(crew, member->part);
    hb_lstm_flush_restore(before);
    return NULL;
}

double model_plain_step(struct model_plain *plain, const struct model_plain_batch *batch,
    float rate)
{
    struct crew crew = { .plain = plain, .batch = batch, .rate = rate,
        .parts = plain->shape.threads > 1 ? 2 : 1 };
    struct member members[] = { { &crew, 0 }, { &crew, 1 } };
    pthread_t other;
    if (crew.parts == 2 && pthread_barrier_init(&crew.barrier, NULL, 2) != 0) {
        crew.parts = 1;
    }
    prepare(&crew);
    bool has_barrier = crew.parts == 2;
    if (crew.parts == 2 && pthread_create(&other, NULL, work, &members[1]) != 0) {
        crew.parts = 1;
    }
    (void)work(&members[0]);
    if (crew.parts == 2) {
        (void)pthread_join(other, NULL); /* a thread that was started can be joined */
    }
    if (has_barrier) {
        (void)pthread_barrier_destroy(&crew.barrier); /* nobody waits any more */
    }
    plain->step++;
    return crew.loss[0] + crew.loss[1];
}
