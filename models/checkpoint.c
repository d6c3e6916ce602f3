/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A training run on disk: numbers, moments, the best so far and where it stands. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5.h"
#include "models/train_impl.h"

#define CHECKPOINT_VERSION 4
enum { recipe_bytes = 512 };

/* All that the numbers depend on; not the threads. */
static void write_recipe(const struct model_trainer *trainer, char text[recipe_bytes])
{
    const struct model_train_config *c = &trainer->config;
    int length = snprintf(text, recipe_bytes,
        "version=%d seed=%" PRIu64 " units=%u embedding=%u epochs=%u patience=%u batch=%u rows=%u"
        " pieces=%u warm=%u visits=%u vocabulary=%u masked=%u rate=%a rate_last=%a clip=%a decay=%a"
        " average=%a dropout=%a unknown_dropout=%a score_dropout=%a data=%s",
        CHECKPOINT_VERSION, c->seed, c->units, c->embedding, c->epochs, c->patience, c->batch,
        c->rows, c->pieces, trainer->scene.dataset->warm_slots, c->visits, c->has_vocabulary,
        c->masked, (double)c->rate, (double)c->rate_last, (double)c->clip, (double)c->decay,
        (double)c->average, (double)c->dropout, (double)c->unknown_dropout,
        (double)c->score_dropout, trainer->data_digest);
    assert(length > 0);
    assert(length < recipe_bytes);
}

/* What one file holds: the five arrays of floats, and the rest in doubles. */
enum { array_count = 5, standing_count = 7 };

static const char *const array_paths[array_count] = { "/numbers", "/m", "/v", "/mean", "/best" };

static void name_arrays(const struct model_trainer *trainer, float *arrays[array_count])
{
    arrays[0] = trainer->numbers;
    arrays[1] = trainer->m;
    arrays[2] = trainer->v;
    arrays[3] = trainer->mean;
    arrays[4] = trainer->best;
}

/* Whole numbers below 2^53 are exact. */
static double *write_standing(const struct model_trainer *trainer, uint64_t *count)
{
    uint32_t epochs = trainer->config.epochs;
    *count = standing_count + 2 * (uint64_t)epochs;
    double *values = calloc(*count, sizeof *values);
    if (values == NULL) {
        return NULL;
    }
    const double standing[standing_count] = { (double)trainer->step, (double)trainer->epoch,
        (double)trainer->best_epoch, (double)trainer->rows, (double)trainer->epoch_rows,
        trainer->epoch_loss, trainer->best_valid };
    memcpy(values, standing, sizeof standing);
    memcpy(values + standing_count, trainer->curves[0], epochs * sizeof *values);
    memcpy(values + standing_count + epochs, trainer->curves[1], epochs * sizeof *values);
    return values;
}

static enum hb_status write_all(const struct model_trainer *trainer, struct data_h5 *file,
    struct data_problem *problem)
{
    char recipe[recipe_bytes];
    float *arrays[array_count];
    uint64_t count;
    double *standing = write_standing(trainer, &count);
    if (standing == NULL) {
        return HB_ERR_MEMORY;
    }
    write_recipe(trainer, recipe);
    name_arrays(trainer, arrays);
    enum hb_status status = data_h5_text_write(file, "/recipe", recipe, problem);
    struct data_h5_array array = { .path = "/standing", .type = DATA_H5_F64, .rank = 1,
        .dims = { count }, .description = "where the run stands" };
    if (status == HB_OK) {
        status = data_h5_write(file, &array, standing, problem);
    }
    free(standing);
    for (int i = 0; status == HB_OK && i < array_count; i++) {
        struct data_h5_array one = { .path = array_paths[i], .type = DATA_H5_F32, .rank = 1,
            .dims = { trainer->scene.layout.count } };
        status = data_h5_write(file, &one, arrays[i], problem);
    }
    return status;
}

enum hb_status model_trainer_save(const struct model_trainer *trainer, const char *path,
    struct data_problem *problem)
{
    struct data_h5 *file = NULL;
    enum hb_status status = data_h5_create(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    status = write_all(trainer, file, problem);
    if (status != HB_OK) {
        data_h5_free(file);
        return status;
    }
    return data_h5_commit(file, problem);
}

static enum hb_status check_recipe(const struct model_trainer *trainer, struct data_h5 *file,
    struct data_problem *problem)
{
    char recipe[recipe_bytes], *found = NULL;
    write_recipe(trainer, recipe);
    enum hb_status status = data_h5_text_read(file, "/recipe", recipe_bytes, &found, problem);
    if (status == HB_OK && strcmp(recipe, found) != 0) {
        status = data_problem_set(problem, HB_ERR_STATE,
            "%s: found a checkpoint of another run (%.120s...): expected one of this recipe and "
            "data; remove it to start afresh",
            data_h5_path(file), found);
    }
    free(found);
    return status;
}

static int is_standing(const struct model_trainer *trainer, const double *values)
{
    double steps = (double)trainer->steps_per_epoch * trainer->config.epochs;
    for (int i = 0; i < 5; i++) {
        if (!(values[i] >= 0.0) || values[i] > 9e15 || floor(values[i]) < values[i]) {
            return 0;
        }
    }
    uint64_t step = (uint64_t)values[0];
    return values[0] <= steps && (uint64_t)values[1] == step / trainer->steps_per_epoch
        && values[2] <= values[1];
}

static enum hb_status read_standing(struct model_trainer *trainer, struct data_h5 *file,
    struct data_problem *problem)
{
    uint32_t epochs = trainer->config.epochs;
    struct data_h5_array array = { .path = "/standing", .type = DATA_H5_F64, .rank = 1,
        .dims = { standing_count + 2 * (uint64_t)epochs } };
    double *values = NULL;
    enum hb_status status
        = data_h5_read_all(file, &array, array.dims[0] * sizeof *values, (void **)&values, problem);
    if (status != HB_OK) {
        return status;
    }
    if (!is_standing(trainer, values)) {
        free(values);
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /standing: found steps and epochs that cannot be: expected a whole checkpoint",
            data_h5_path(file));
    }
    trainer->step = (uint64_t)values[0];
    trainer->epoch = (uint32_t)values[1];
    trainer->best_epoch = (uint32_t)values[2];
    trainer->rows = (uint64_t)values[3];
    trainer->epoch_rows = (uint64_t)values[4];
    trainer->epoch_loss = values[5];
    trainer->best_valid = values[6];
    memcpy(trainer->curves[0], values + standing_count, epochs * sizeof *values);
    memcpy(trainer->curves[1], values + standing_count + epochs, epochs * sizeof *values);
    free(values);
    return HB_OK;
}

enum hb_status model_trainer_resume(struct model_trainer *trainer, const char *path,
    struct data_problem *problem)
{
    struct data_h5 *file = NULL;
    float *arrays[array_count], *found[array_count] = { NULL };
    uint64_t count = trainer->scene.layout.count;
    enum hb_status status = data_h5_open(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    name_arrays(trainer, arrays);
    status = check_recipe(trainer, file, problem);
    for (int i = 0; status == HB_OK && i < array_count; i++) {
        struct data_h5_array array
            = { .path = array_paths[i], .type = DATA_H5_F32, .rank = 1, .dims = { count } };
        status = data_h5_read_all(file, &array, count * sizeof(float), (void **)&found[i],
            problem);
    }
    if (status == HB_OK) {
        status = read_standing(trainer, file, problem);
    }
    for (int i = 0; i < array_count; i++) {
        if (status == HB_OK) {
            memcpy(arrays[i], found[i], count * sizeof(float));
        }
        free(found[i]);
    }
    data_h5_free(file);
    if (status == HB_OK && trainer->step % trainer->steps_per_epoch != 0) {
        model_trainer_order(trainer);
    }
    return status;
}
