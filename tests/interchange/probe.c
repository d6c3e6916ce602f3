/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes into a folder, for random models of several shapes: the model as this program exports it
 * (NAME.safetensors, NAME.onnx), random inputs (0 where a masked model may not look) with what the
 * core answers to them (NAME.io), for another program to compare. Arguments: FOLDER [MODEL of a
 * real training]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/features.h"
#include "core/lstm_net.h"
#include "data/model_onnx.h"
#include "data/model_tensors.h"
#include "data/safetensors.h"
#include "tests/core/lstm_world.h"

enum { steps = 7, rows = 6, asked = 4 * rows, tensors_max = 16 };

static const float horizons_s[4] = { 900.0F, 1313.0F, 2700.0F, 3600.0F };
static const uint32_t candidate_counts[rows] = { 0, 1, 16, 37, 95, 96 };

struct list {
    struct data_safetensors_tensor tensors[tensors_max];
    size_t count;
};

/* A new tensor of the list, zero. */
static void *put(struct list *list, struct data_safetensors_tensor tensor)
{
    void *values = calloc((size_t)data_safetensors_bytes(&tensor) + 1, 1);
    if (values == NULL || list->count == tensors_max) {
        abort();
    }
    tensor.values = values;
    list->tensors[list->count++] = tensor;
    return values;
}

static void check(enum hb_status status, const struct data_problem *problem)
{
    if (status != HB_OK) {
        fprintf(stderr, "%s: %s\n", hb_status_text(status), problem->text);
        exit(1);
    }
}

static int64_t token_of(const struct hb_lstm_model *model, uint32_t place)
{
    uint32_t unknown = model->shape.vocabulary_count;
    uint32_t token = place >= model->tables.place_count ? unknown
        : model->tokens == NULL                         ? place
                                                        : model->tokens[place];
    return token < unknown ? token : unknown;
}

/* A number of column `column`; 0 where the model may not look. */
static float draw_seen(struct lstm_world *draws, uint32_t hidden, size_t column)
{
    float number = lstm_world_real(draws);
    return (hidden >> column & 1) != 0 ? 0.0F : number;
}

static void walk(struct hb_lstm_net *net, const struct hb_lstm_model *model,
    struct lstm_world *draws, struct list *list)
{
    const struct hb_lstm_shape *s = &model->shape;
    size_t state_len = hb_lstm_net_state_len(net);
    uint32_t hidden = hb_features_hidden(model->tables.masked).step;
    int64_t *tokens = put(list, (struct data_safetensors_tensor) { .name = "tokens",
        .type = DATA_SAFETENSORS_I64, .rank = 2, .dims = { steps, rows } });
    float *features = put(list, (struct data_safetensors_tensor) { .name = "features",
        .type = DATA_SAFETENSORS_F32, .rank = 3, .dims = { steps, rows, s->feature_count } });
    float *states = put(list, (struct data_safetensors_tensor) { .name = "states",
        .type = DATA_SAFETENSORS_F32, .rank = 2, .dims = { rows, state_len } });
    for (size_t t = 0; t < steps; t++) {
        uint32_t places[rows];
        float *now = features + t * rows * s->feature_count;
        for (size_t i = 0; i < rows; i++) {
            places[i] = lstm_world_draw(draws, model->tables.place_count + 9);
            tokens[t * rows + i] = token_of(model, places[i]);
        }
        for (size_t i = 0; i < rows * s->feature_count; i++) {
            now[i] = draw_seen(draws, hidden, i % s->feature_count);
        }
        hb_lstm_net_step(net, rows, places, now, states);
    }
}

static void draw_set(struct lstm_world *draws, const struct hb_lstm_model *model, uint32_t count,
    struct hb_candidates_set *set)
{
    uint32_t place_count = model->tables.place_count;
    uint32_t hidden = hb_features_hidden(model->tables.masked).candidate;
    uint32_t first = lstm_world_draw(draws, place_count);
    *set = (struct hb_candidates_set) { .count = count < place_count ? count : place_count };
    for (uint32_t i = 0; i < set->count; i++) {
        set->places[i] = (first + i) % place_count;
        for (size_t j = 0; j < HB_CANDIDATES_FEATURES; j++) {
            set->features[j][i] = draw_seen(draws, hidden, j);
        }
    }
}

static void ask(struct hb_lstm_net *net, const struct hb_lstm_model *model,
    struct lstm_world *draws, struct list *list)
{
    const struct hb_lstm_shape *s = &model->shape;
    static struct hb_candidates_set sets[asked];
    struct hb_lstm_net_question questions[asked];
    struct hb_prediction out[asked];
    uint32_t place_count = model->tables.place_count;
    uint32_t hidden = hb_features_hidden(model->tables.masked).context;
    size_t state_len = hb_lstm_net_state_len(net);
    const float *states = list->tensors[2].values;
    float *horizon = put(list, (struct data_safetensors_tensor) { .name = "horizon_s",
        .type = DATA_SAFETENSORS_F32, .rank = 1, .dims = { asked } });
    float *context = put(list, (struct data_safetensors_tensor) { .name = "context",
        .type = DATA_SAFETENSORS_F32, .rank = 2, .dims = { asked, s->context_count } });
    int64_t *counts = put(list, (struct data_safetensors_tensor) { .name = "candidate_count",
        .type = DATA_SAFETENSORS_I64, .rank = 1, .dims = { asked } });
    int64_t *places = put(list, (struct data_safetensors_tensor) { .name = "candidate_places",
        .type = DATA_SAFETENSORS_I64, .rank = 2, .dims = { asked, HB_CANDIDATES_MAX } });
    float *features = put(list, (struct data_safetensors_tensor) { .name = "candidate_features",
        .type = DATA_SAFETENSORS_F32, .rank = 3,
        .dims = { asked, HB_CANDIDATES_MAX, HB_CANDIDATES_FEATURES } });
    float *answer = put(list, (struct data_safetensors_tensor) { .name = "answer",
        .type = DATA_SAFETENSORS_F32, .rank = 2, .dims = { asked, place_count } });
    for (size_t i = 0; i < asked; i++) {
        draw_set(draws, model, candidate_counts[i % rows], &sets[i]);
        horizon[i] = horizons_s[i / rows];
        counts[i] = s->score1_size > 0 ? sets[i].count : 0;
        for (size_t j = 0; j < s->context_count; j++) {
            context[i * s->context_count + j] = draw_seen(draws, hidden, j);
        }
        for (size_t j = 0; j < sets[i].count; j++) {
            places[i * HB_CANDIDATES_MAX + j] = sets[i].places[j];
            for (size_t k = 0; k < HB_CANDIDATES_FEATURES; k++) {
                features[(i * HB_CANDIDATES_MAX + j) * HB_CANDIDATES_FEATURES + k]
                    = sets[i].features[k][j];
            }
        }
        questions[i] = (struct hb_lstm_net_question) { .state = states + i % rows * state_len,
            .context = context + i * s->context_count, .horizon_s = horizon[i],
            .candidates = s->score1_size > 0 ? &sets[i] : NULL };
    }
    hb_lstm_net_answer(net, asked, questions, out, answer);
}

static void write_case(const char *folder, const char *name, const struct data_model *model)
{
    struct hb_lstm_model own = *data_model_weights(model);
    const struct hb_lstm_model *weights = &own;
    struct lstm_world draws = { .seed = 731 };
    struct list list = { .count = 0 };
    struct hb_lstm_net *net = NULL;
    struct data_problem problem = { "" };
    char path[1024];
    memset(own.confidence, 0, sizeof own.confidence); /* the curve is no part of the network */
    (void)snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    check(data_model_tensors_write(path, model, &problem), &problem);
    (void)snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    check(data_model_onnx_write(path, model, &problem), &problem);
    check(hb_lstm_net_create(weights, &(struct hb_lstm_net_config) { .batch_max = 0 }, &net),
        &problem);
    walk(net, weights, &draws, &list);
    ask(net, weights, &draws, &list);
    int64_t *tokens = put(&list, (struct data_safetensors_tensor) { .name = "place_tokens",
        .type = DATA_SAFETENSORS_I64, .rank = 1, .dims = { weights->tables.place_count } });
    for (uint32_t i = 0; i < weights->tables.place_count; i++) {
        tokens[i] = token_of(weights, i);
    }
    (void)snprintf(path, sizeof path, "%s/%s.io", folder, name);
    check(data_safetensors_write(path, list.tensors, list.count, NULL, 0, &problem), &problem);
    for (size_t i = 0; i < list.count; i++) {
        free((void *)(uintptr_t)list.tensors[i].values);
    }
    hb_lstm_net_free(net);
}

static void write_random(const char *folder, const char *name,
    const struct lstm_world_shape *shape, uint32_t masked)
{
    struct lstm_world world;
    struct data_model *model = NULL;
    struct data_problem problem = { "" };
    char path[1024];
    lstm_world_init(&world, 29, shape);
    world.model.tables.masked = masked;
    (void)snprintf(path, sizeof path, "%s/%s.h5", folder, name);
    check(data_model_write(path, &world.model, NULL, NULL, &problem), &problem);
    check(data_model_read(path, &model, &problem), &problem);
    write_case(folder, name, model);
    data_model_free(model);
    lstm_world_fini(&world);
}

int main(int argc, char **argv)
{
    struct data_problem problem = { "" };
    struct data_model *model = NULL;
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER [MODEL]\n", argv[0]);
        return 2;
    }
    write_random(argv[1], "plain", &lstm_world_plain, HB_FEATURES_FEEDS);
    write_random(argv[1], "full", &lstm_world_full, HB_FEATURES_FEEDS);
    write_random(argv[1], "sparse", &lstm_world_sparse, HB_FEATURES_FEEDS);
    write_random(argv[1], "deep", &lstm_world_deep, HB_FEATURES_FEEDS);
    write_random(argv[1], "masked", &lstm_world_full,
        HB_FEATURES_FEEDS | HB_FEATURES_CLOCK | HB_FEATURES_OWN | HB_FEATURES_OBSERVED);
    write_random(argv[1], "blind", &lstm_world_deep, HB_FEATURES_ALL);
    if (argc > 2) {
        check(data_model_read(argv[2], &model, &problem), &problem);
        write_case(argv[1], "trained", model);
        data_model_free(model);
    }
    return 0;
}
