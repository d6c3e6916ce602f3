/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of training of the plain next-place model, median of many, and a 1024-square product
 * by OpenBLAS for scale. train.py sets it beside PyTorch's on the same batches.
 *   bench_train FILE PLACES UNITS STEPS BATCH BATCHES THREADS ROUNDS
 * FILE: BATCHES times uint32 places [STEPS][BATCH], targets, float32 features [STEPS][BATCH][8].
 * Prints "name value" lines: step_ms (processor time with one thread, else of the wall), square_ms,
 * loss, peak_mb. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/blas.h"
#include "models/plain.h"

enum { features = 8, embedding = 64, square = 1024, rounds_max = 1000, square_runs = 9 };

struct task {
    struct model_plain_shape shape;
    uint32_t batches;
    struct model_plain_batch *at;
};

static double now_ms(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof *times, by_value);
    return times[count / 2];
}

static void *read_block(FILE *file, size_t count)
{
    void *block = malloc(count * 4);
    if (block == NULL || fread(block, 4, count, file) != count) {
        fprintf(stderr, "the file of batches is too short\n");
        exit(1);
    }
    return block;
}

static void read_batches(const char *path, struct task *task)
{
    size_t tokens = (size_t)task->shape.steps * task->shape.batch;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    task->at = calloc(task->batches, sizeof *task->at);
    assert(task->at != NULL);
    for (uint32_t i = 0; i < task->batches; i++) {
        task->at[i].places = read_block(file, tokens);
        task->at[i].targets = read_block(file, tokens);
        task->at[i].features = read_block(file, tokens * features);
    }
    (void)fclose(file); /* only read from */
}

static double square_ms(void)
{
    size_t len = (size_t)square * square;
    float *a = malloc(len * sizeof *a), *b = malloc(len * sizeof *b), *c = malloc(len * sizeof *c);
    double times[square_runs];
    assert(a != NULL && b != NULL && c != NULL);
    for (size_t i = 0; i < len; i++) {
        a[i] = (float)(i % 17) - 8.0F;
        b[i] = (float)(i % 13) - 6.0F;
    }
    model_blas_gemm(a, b, square, square, square, false, c);
    for (int run = 0; run < square_runs; run++) {
        double start = now_ms(CLOCK_THREAD_CPUTIME_ID);
        model_blas_gemm(a, b, square, square, square, false, c);
        times[run] = now_ms(CLOCK_THREAD_CPUTIME_ID) - start;
    }
    free(a);
    free(b);
    free(c);
    return median(times, square_runs);
}

static void measure(const struct task *task, int rounds)
{
    static double times[rounds_max];
    clockid_t clock = task->shape.threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
    struct model_plain *plain;
    if (model_plain_create(&task->shape, 1, &plain) != HB_OK) {
        fprintf(stderr, "no memory for the model\n");
        exit(1);
    }
    double loss = 0.0;
    for (int i = -2; i < rounds; i++) { /* two to warm up */
        double start = now_ms(clock);
        loss = model_plain_step(plain, &task->at[(uint32_t)(i + 2) % task->batches], 1e-3F);
        if (i >= 0) {
            times[i] = now_ms(clock) - start;
        }
    }
    printf("step_ms %.4f\nloss %.5f\n", median(times, (size_t)rounds), loss);
    model_plain_free(plain);
}

/* Of this program alone: what getrusage tells begins with the peak of the program that started
 * it, here a Python with PyTorch. */
static double peak_mb(void)
{
    char line[128];
    double kb = 0.0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "VmHWM: %lf kB", &kb);
    }
    if (file != NULL) {
        (void)fclose(file); /* only read */
    }
    return kb / 1024.0;
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr,
            "usage: bench_train FILE PLACES UNITS STEPS BATCH BATCHES THREADS ROUNDS\n");
        return 2;
    }
    uint32_t numbers[9];
    for (int i = 2; i < 9; i++) {
        numbers[i] = (uint32_t)strtoul(argv[i], NULL, 10);
    }
    struct task task = { .shape = { .places = numbers[2], .embedding = embedding,
                             .features = features, .units = numbers[3], .steps = numbers[4],
                             .batch = numbers[5], .threads = numbers[7] },
        .batches = numbers[6] };
    int rounds = numbers[8] < rounds_max ? (int)numbers[8] : rounds_max;
    read_batches(argv[1], &task);
    measure(&task, rounds);
    printf("peak_mb %.1f\n", peak_mb()); /* before BLAS takes its own */
    struct model_blas blas;
    if (model_blas_prepare(&blas) != HB_OK) {
        fprintf(stderr, "start again with OPENBLAS_CORETYPE=%s\n", blas.expected);
        return 77;
    }
    printf("square_ms %.4f\n", square_ms());
    for (uint32_t i = 0; i < task.batches; i++) {
        free((void *)(uintptr_t)task.at[i].places);
        free((void *)(uintptr_t)task.at[i].targets);
        free((void *)(uintptr_t)task.at[i].features);
    }
    free(task.at);
    return 0;
}
