/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/features.h"
#include "models/dataset_file.h"
#include "models/random.h"
#include "tests/models/town.h"
#include "tests/support/assert_near.h"

static void one_and_three_threads_give_the_same_bytes(void **state)
{
    (void)state;
    struct town_run one, three;
    town_begin(&one, town_config(1));
    town_begin(&three, town_config(3));
    town_go_on(&one, UINT64_MAX);
    town_go_on(&three, UINT64_MAX);
    town_assert_same(&one, &three);
    town_end(&three);
    town_end(&one);
}

/* The same town three days and four hours later. */
static void a_masked_clock_is_not_learnt_from(void **state)
{
    (void)state;
    struct model_train_config config = town_config(1);
    struct town_run now, later, seeing, seeing_later;
    town_begin(&seeing, config);
    town_begin_at(&seeing_later, config, 304);
    config.masked = HB_FEATURES_CLOCK;
    town_begin(&now, config);
    town_begin_at(&later, config, 304);
    struct town_run *all[] = { &now, &later, &seeing, &seeing_later };
    for (int i = 0; i < 4; i++) {
        town_go_on(all[i], 5);
    }
    town_assert_same(&now, &later);
    assert_memory_not_equal(model_trainer_numbers(seeing.trainer),
        model_trainer_numbers(seeing_later.trainer),
        model_trainer_layout(now.trainer)->count * sizeof(float));
    for (int i = 0; i < 4; i++) {
        town_end(all[i]);
    }
}

/* The mean of what the steps led to, by the recurrence that its comment tells. */
static void the_kept_numbers_are_the_moving_mean(void **state)
{
    (void)state;
    struct model_train_config config = town_config(1);
    struct town_run last, mean;
    config.epochs = 1;
    config.average = 0.0F;
    town_begin(&last, config);
    config.average = 0.6F;
    town_begin(&mean, config);
    size_t n = model_trainer_layout(last.trainer)->count;
    uint64_t steps = model_trainer_state(last.trainer).steps;
    double *sum = calloc(n, sizeof *sum);
    assert_non_null(sum);
    for (size_t i = 0; i < n; i++) {
        sum[i] = (double)model_trainer_numbers(last.trainer)[i];
    }
    for (uint64_t step = 0; step < steps; step++) {
        double t = (double)step, kept = (1.0 + t) / (10.0 + t) < 0.6 ? (1.0 + t) / (10.0 + t) : 0.6;
        town_go_on(&last, step + 1);
        for (size_t i = 0; i < n; i++) {
            double x = (double)model_trainer_numbers(last.trainer)[i];
            sum[i] = kept * sum[i] + (1.0 - kept) * x;
        }
    }
    town_go_on(&mean, UINT64_MAX);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)model_trainer_numbers(mean.trainer)[i], sum[i], 1e-5);
    }
    free(sum);
    town_end(&mean);
    town_end(&last);
}

/* Knowing nothing, 9 places are ln 9 = 2.197 nats; those who go on for sure at every
 * other slot are far below. */
static void a_town_is_learnt(void **state)
{
    (void)state;
    struct town_run run;
    struct model_train_config config = town_config(1);
    config.epochs = 8;
    town_begin(&run, config);
    town_go_on(&run, UINT64_MAX);
    struct model_train_state done = model_trainer_state(run.trainer);
    assert_true(done.best_valid < 1.2);
    assert_true(model_trainer_curve(run.trainer, 1)[0] > done.best_valid);
    town_end(&run);
}

static void a_number_that_is_not_finite_stops_with_step_and_tensor(void **state)
{
    (void)state;
    struct town_run run;
    struct model_train_config config = town_config(1);
    struct data_problem problem = { "" };
    config.rate = 1e30F;
    town_begin(&run, config);
    enum hb_status status = HB_OK;
    for (int i = 0; i < 4 && status == HB_OK; i++) {
        status = model_trainer_step(run.trainer, &problem);
    }
    assert_int_equal(status, HB_ERR_DIVERGES);
    assert_non_null(strstr(problem.text, "step "));
    assert_non_null(strstr(problem.text, "weight"));
    town_end(&run);
}

/* Rows for more pieces than a batch has, batches larger than the town: no more room is taken than
 * there is work, and the run ends as any. */
static void batches_and_rows_of_any_proportion_are_trained(void **state)
{
    (void)state;
    static const uint32_t cases[][2] = { { 1, 1000000 }, { 3, 4 }, { MODEL_TRAIN_BATCH_MAX, 4 },
        { MODEL_TRAIN_BATCH_MAX, 1000000 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct town_run run;
        struct model_train_config config = town_config(1);
        config.epochs = 1;
        config.batch = cases[i][0];
        config.rows = cases[i][1];
        town_begin(&run, config);
        town_go_on(&run, UINT64_MAX);
        assert_true(isfinite(model_trainer_state(run.trainer).best_valid));
        town_end(&run);
    }
}

static void settings_out_of_bounds_are_refused(void **state)
{
    (void)state;
    struct model_train_config bad[16];
    size_t count = sizeof bad / sizeof bad[0];
    for (size_t i = 0; i < count; i++) {
        bad[i] = town_config(1);
    }
    bad[0].units = 1;
    bad[1].units = 100000;
    bad[2].units = 17;
    bad[3].epochs = 0;
    bad[4].batch = 0;
    bad[5].batch = MODEL_TRAIN_BATCH_MAX + 1;
    bad[6].rows = MODEL_TRAIN_SHARDS - 1;
    bad[7].rate = NAN;
    bad[8].rate_last = INFINITY;
    bad[9].decay = NAN;
    bad[10].dropout = 1.0F;
    bad[11].score_dropout = NAN;
    bad[12].embedding = 0;
    bad[13].embedding = 100000;
    bad[14].visits = UINT32_MAX;
    bad[15].epochs = UINT32_MAX;
    struct town_run run;
    town_begin(&run, town_config(1));
    for (size_t i = 0; i < count; i++) {
        struct model_trainer *none = NULL;
        assert_int_equal(model_trainer_create(&bad[i], run.dataset, run.counts, &none),
            HB_ERR_RANGE);
        assert_null(none);
    }
    town_end(&run);
}

/* One visit a client: nothing lies ahead of any instant. One client, one place: all is known. */
static void the_smallest_data_sets_are_trained_or_refused(void **state)
{
    (void)state;
    struct model_dataset *dataset = town_dataset();
    struct model_counts *counts = NULL;
    struct model_trainer *trainer = NULL;
    struct model_train_config config = town_config(1);
    for (uint32_t i = 0; i < town_clients * town_slots; i++) {
        dataset->flags[i] = 1 | MODEL_SLOT_FIRST;
    }
    assert_int_equal(model_counts_create(dataset, 0, &counts), HB_OK);
    assert_int_equal(model_trainer_create(&config, dataset, counts, &trainer), HB_ERR_RANGE);
    model_counts_free(counts);
    model_dataset_free(dataset);
    assert_int_equal(model_dataset_create(&(struct model_dataset_sizes) { .slot_count = 40,
        .client_count = 1, .place_count = 1 }, &dataset), HB_OK);
    for (uint32_t i = 0; i < 40; i++) {
        dataset->slot[i] = (int32_t)(7000 + i);
        dataset->flags[i] = (uint8_t)(1 | (i == 0 ? MODEL_SLOT_FIRST : 0));
        dataset->part[i] = i < 20 ? MODEL_PART_TRAIN : MODEL_PART_VALID;
    }
    dataset->first[1] = 40;
    assert_int_equal(model_dataset_finish(dataset, 2.2), HB_OK);
    struct town_run run = { .dataset = dataset };
    assert_int_equal(model_counts_create(dataset, 0, &run.counts), HB_OK);
    assert_int_equal(model_trainer_create(&config, dataset, run.counts, &run.trainer), HB_OK);
    town_go_on(&run, UINT64_MAX);
    assert_true(fabs(model_trainer_state(run.trainer).best_valid) < 1e-3);
    town_end(&run);
}

static void a_data_set_survives_its_file(void **state)
{
    (void)state;
    char path[] = "/tmp/harbinger_dataset_XXXXXX";
    struct data_problem problem = { "" };
    struct model_dataset *dataset = town_dataset(), *back = NULL;
    struct model_dataset_origin origin = { .source = "a town", .split = "75/12/13", .seed = 5 };
    struct model_dataset_origin found;
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    assert_int_equal(model_dataset_write(path, dataset, &origin, &problem), HB_OK);
    assert_int_equal(model_dataset_read(path, &back, &found, &problem), HB_OK);
    assert_string_equal(found.source, "a town");
    assert_int_equal(found.seed, 5);
    assert_int_equal(back->vocabulary_count, dataset->vocabulary_count);
    assert_memory_equal(back->place, dataset->place,
        town_clients * town_slots * sizeof *back->place);
    assert_memory_equal(back->part, dataset->part, town_clients * town_slots);
    assert_memory_equal(back->near_first, dataset->near_first,
        (town_places + 1) * sizeof(uint32_t));
    model_dataset_free(back);
    dataset->place[77] = town_places; /* beyond the table */
    assert_int_equal(model_dataset_write(path, dataset, &origin, &problem), HB_OK);
    assert_int_equal(model_dataset_read(path, &back, &found, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, path));
    assert_int_equal(truncate(path, 2000), 0);
    assert_int_not_equal(model_dataset_read(path, &back, &found, &problem), HB_OK);
    (void)unlink(path);
    model_dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_and_three_threads_give_the_same_bytes),
        cmocka_unit_test(a_masked_clock_is_not_learnt_from),
        cmocka_unit_test(the_kept_numbers_are_the_moving_mean),
        cmocka_unit_test(a_town_is_learnt),
        cmocka_unit_test(a_number_that_is_not_finite_stops_with_step_and_tensor),
        cmocka_unit_test(batches_and_rows_of_any_proportion_are_trained),
        cmocka_unit_test(settings_out_of_bounds_are_refused),
        cmocka_unit_test(the_smallest_data_sets_are_trained_or_refused),
        cmocka_unit_test(a_data_set_survives_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
