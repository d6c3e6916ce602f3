/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What PredictLocation costs: one client alone, batches of 64, 8-bit weights, the whole mixture
 * with candidates, and a 1024-square product by OpenBLAS for scale. Prints "name microseconds"
 * lines that predict.py sets beside PyTorch's. Arguments: places units. */
#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/lstm.h"
#include "core/units.h"
#include "models/blas.h"
#include "tests/core/lstm_world.h"

enum { client_count = 64, runs = 15, square = 1024 };

static double now_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at); /* others may want the processor too */
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, runs, sizeof *times, by_value);
    return times[runs / 2];
}

static struct hb_predictor *walked(struct lstm_world *world, struct hb_lstm_config config)
{
    struct hb_predictor *predictor;
    config.client_capacity = client_count;
    enum hb_status status = hb_lstm_create(&world->model, &config, &predictor);
    assert(status == HB_OK);
    for (int slot = 0; slot < 200; slot++) {
        for (uint32_t client = 0; client < client_count; client++) {
            struct hb_observation seen = { .client = client,
                .at_ns = slot * 900 * HB_NS_PER_S, .place = (client * 13
                    + lstm_world_draw(world, 60)) % world->model.tables.place_count };
            if (lstm_world_draw(world, 3) > 0) {
                hb_predictor_observe(predictor, &seen);
            }
        }
    }
    return predictor;
}

/* Microseconds a question, `batch` at a time. */
static double predict_us(struct hb_predictor *predictor, size_t batch)
{
    static struct hb_prediction out[client_count];
    struct hb_question questions[client_count];
    double times[runs], guard = 0.0;
    size_t rounds = 4096 / batch;
    for (uint32_t i = 0; i < client_count; i++) {
        questions[i] = (struct hb_question) { .client = i, .horizon_s = 1800.0F,
            .at_ns = 200 * 900 * HB_NS_PER_S };
    }
    for (int run = 0; run < runs; run++) {
        double start = now_us();
        for (size_t i = 0; i < rounds; i++) {
            size_t first = i * batch % client_count;
            hb_predict_location(predictor, questions + first, batch, out);
            guard += (double)out[0].elsewhere;
        }
        times[run] = (now_us() - start) / (double)(rounds * batch);
    }
    assert(guard >= 0.0);
    return median(times);
}

static double observe_us(struct hb_predictor *predictor, uint32_t places)
{
    double start = now_us();
    for (int slot = 0; slot < 64; slot++) {
        for (uint32_t client = 0; client < client_count; client++) {
            struct hb_observation seen = { .client = client, .place = (client * 7
                + (uint32_t)slot) % places, .at_ns = (201 + slot) * 900 * HB_NS_PER_S };
            hb_predictor_observe(predictor, &seen);
        }
    }
    return (now_us() - start) / (64.0 * client_count);
}

static double square_us(void)
{
    size_t len = (size_t)square * square;
    float *a = malloc(len * sizeof *a), *b = malloc(len * sizeof *b), *c = malloc(len * sizeof *c);
    assert(a != NULL && b != NULL && c != NULL);
    for (size_t i = 0; i < len; i++) {
        a[i] = (float)(i % 17) - 8.0F;
        b[i] = (float)(i % 13) - 6.0F;
    }
    double times[runs];
    model_blas_gemm(a, b, square, square, square, false, c);
    for (int run = 0; run < runs; run++) {
        double start = now_us();
        model_blas_gemm(a, b, square, square, square, false, c);
        times[run] = now_us() - start;
    }
    free(a);
    free(b);
    free(c);
    return median(times);
}

static void measure(const char *name, struct lstm_world *world, struct hb_lstm_config config)
{
    struct hb_predictor *predictor = walked(world, config);
    printf("%s_alone %.3f\n", name, predict_us(predictor, 1));
    printf("%s_batch %.3f\n", name, predict_us(predictor, client_count));
    printf("%s_observe %.3f\n", name, observe_us(predictor, world->model.tables.place_count));
    hb_predictor_free(predictor);
}

int main(int argc, char **argv)
{
    uint32_t places = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1024;
    uint32_t units = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 128;
    struct model_blas blas;
    if (model_blas_prepare(&blas) != HB_OK) {
        printf("start again with OPENBLAS_CORETYPE=%s\n", blas.expected);
        return 77;
    }
    struct lstm_world_shape plain = { .place_count = places, .has_vocabulary = 1,
        .shape = { .vocabulary_count = places, .embedding = 64, .feature_count = 8,
            .units = units, .layer_count = 1 } };
    struct lstm_world_shape full = plain;
    full.is_tied = 1;
    full.shape = (struct hb_lstm_shape) { .vocabulary_count = places, .embedding = 64,
        .feature_count = 10, .units = units, .layer_count = 1, .horizon_size = 16,
        .context_count = 12, .context_size = 64, .score1_size = 48, .score2_size = 24,
        .query_size = 64 };
    struct lstm_world_shape scorer = full;
    scorer.has_vocabulary = 0;
    scorer.is_tied = 0;
    struct lstm_world world;
    lstm_world_init(&world, 1, &plain);
    measure("plain", &world, (struct hb_lstm_config) { 0 });
    measure("plain8", &world, (struct hb_lstm_config) { .is_int8 = 1 });
    lstm_world_fini(&world);
    lstm_world_init(&world, 1, &full);
    measure("full", &world, (struct hb_lstm_config) { 0 });
    lstm_world_fini(&world);
    lstm_world_init(&world, 1, &scorer);
    measure("candidates", &world, (struct hb_lstm_config) { .is_compact = 1 });
    lstm_world_fini(&world);
    printf("square %.3f\n", square_us());
    return 0;
}
