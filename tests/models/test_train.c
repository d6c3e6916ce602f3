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
#include "tests/support/assert_near.h"

/* Five clients of a small town who go round: place + 1 every other slot, mostly. */
enum { clients = 5, slots = 400, places = 9 };

static struct model_dataset *town(void)
{
    struct model_dataset *dataset = NULL;
    struct model_dataset_sizes sizes
        = { .slot_count = clients * slots, .client_count = clients, .place_count = places };
    assert_int_equal(model_dataset_create(&sizes, &dataset), HB_OK);
    for (uint32_t i = 0; i < clients * slots; i++) {
        uint32_t t = i % slots, before = t > 0 ? dataset->place[i - 1] : 0;
        int goes = t % 2 == 0 && model_random_unit(31, i) < 0.9;
        dataset->slot[i] = (int32_t)(1000 + t);
        dataset->place[i] = goes ? (before + 1) % places : before;
        dataset->flags[i] = (uint8_t)(1 | (t % 100 == 0 ? MODEL_SLOT_FIRST : 0));
        dataset->part[i] = (uint8_t)(t < 300 ? 0 : t < 350 ? 1 : 2);
        dataset->first[i / slots + 1] = i + 1;
    }
    for (uint32_t i = 0; i < places; i++) {
        dataset->lat_deg[i] = 47.1 + 0.004 * i;
        dataset->lon_deg[i] = 8.3;
    }
    assert_int_equal(model_dataset_finish(dataset, 2.2), HB_OK);
    return dataset;
}

static struct model_train_config small(uint32_t threads)
{
    struct model_train_config config = model_train_defaults();
    config.seed = 731;
    config.threads = threads;
    config.units = 16;
    config.embedding = 7;
    config.visits = 40;
    config.epochs = 3;
    config.batch = 6;
    config.rate = 5e-3F;
    return config;
}

struct run {
    struct model_dataset *dataset;
    struct model_counts *counts;
    struct model_trainer *trainer;
};

static void begin_at(struct run *run, struct model_train_config config, int32_t later)
{
    run->dataset = town();
    for (uint32_t i = 0; i < clients * slots; i++) {
        run->dataset->slot[i] += later;
    }
    assert_int_equal(model_counts_create(run->dataset, 0, &run->counts), HB_OK);
    assert_int_equal(
        model_trainer_create(&config, run->dataset, run->counts, &run->trainer), HB_OK);
}

static void begin(struct run *run, struct model_train_config config)
{
    begin_at(run, config, 0);
}

static void end(struct run *run)
{
    model_trainer_free(run->trainer);
    model_counts_free(run->counts);
    model_dataset_free(run->dataset);
}

static void go_on(struct run *run, uint64_t until)
{
    struct data_problem problem = { "" };
    while (!model_trainer_state(run->trainer).is_done
        && model_trainer_state(run->trainer).step < until) {
        assert_int_equal(model_trainer_step(run->trainer, &problem), HB_OK);
    }
}

static void assert_same(const struct run *a, const struct run *b)
{
    size_t bytes = model_trainer_layout(a->trainer)->count * sizeof(float);
    assert_memory_equal(model_trainer_numbers(a->trainer), model_trainer_numbers(b->trainer),
        bytes);
}

static void one_and_three_threads_give_the_same_bytes(void **state)
{
    (void)state;
    struct run one, three;
    begin(&one, small(1));
    begin(&three, small(3));
    go_on(&one, UINT64_MAX);
    go_on(&three, UINT64_MAX);
    assert_same(&one, &three);
    end(&three);
    end(&one);
}

/* Stopped in the middle of the second epoch. */
static void a_resumed_run_gives_the_same_bytes(void **state)
{
    (void)state;
    char path[] = "/tmp/harbinger_checkpoint_XXXXXX";
    struct data_problem problem = { "" };
    struct run whole, cut, resumed, other;
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    begin(&whole, small(1));
    begin(&cut, small(1));
    begin(&resumed, small(2));
    go_on(&whole, UINT64_MAX);
    uint64_t stop = model_trainer_state(whole.trainer).steps / 2;
    go_on(&cut, stop);
    assert_int_equal(model_trainer_save(cut.trainer, path, &problem), HB_OK);
    assert_int_equal(model_trainer_resume(resumed.trainer, path, &problem), HB_OK);
    assert_int_equal(model_trainer_state(resumed.trainer).step, stop);
    go_on(&resumed, UINT64_MAX);
    assert_same(&whole, &resumed);
    struct model_train_config config = small(1);
    config.seed++;
    begin(&other, config);
    assert_int_equal(model_trainer_resume(other.trainer, path, &problem), HB_ERR_STATE);
    assert_non_null(strstr(problem.text, path));
    assert_int_equal(truncate(path, 3000), 0);
    assert_int_not_equal(model_trainer_resume(cut.trainer, path, &problem), HB_OK);
    (void)unlink(path);
    end(&other);
    end(&resumed);
    end(&cut);
    end(&whole);
}

/* The same town three days and four hours later. */
static void a_masked_clock_is_not_learnt_from(void **state)
{
    (void)state;
    struct model_train_config config = small(1);
    struct run now, later, seeing, seeing_later;
    begin(&seeing, config);
    begin_at(&seeing_later, config, 304);
    config.masked = HB_FEATURES_CLOCK;
    begin(&now, config);
    begin_at(&later, config, 304);
    struct run *all[] = { &now, &later, &seeing, &seeing_later };
    for (int i = 0; i < 4; i++) {
        go_on(all[i], 5);
    }
    assert_same(&now, &later);
    assert_memory_not_equal(model_trainer_numbers(seeing.trainer),
        model_trainer_numbers(seeing_later.trainer),
        model_trainer_layout(now.trainer)->count * sizeof(float));
    for (int i = 0; i < 4; i++) {
        end(all[i]);
    }
}

/* The mean of what the steps led to, by the recurrence that its comment tells. */
static void the_kept_numbers_are_the_moving_mean(void **state)
{
    (void)state;
    struct model_train_config config = small(1);
    struct run last, mean;
    config.epochs = 1;
    config.average = 0.0F;
    begin(&last, config);
    config.average = 0.6F;
    begin(&mean, config);
    size_t n = model_trainer_layout(last.trainer)->count;
    uint64_t steps = model_trainer_state(last.trainer).steps;
    double *sum = calloc(n, sizeof *sum);
    assert_non_null(sum);
    for (size_t i = 0; i < n; i++) {
        sum[i] = (double)model_trainer_numbers(last.trainer)[i];
    }
    for (uint64_t step = 0; step < steps; step++) {
        double t = (double)step, kept = (1.0 + t) / (10.0 + t) < 0.6 ? (1.0 + t) / (10.0 + t) : 0.6;
        go_on(&last, step + 1);
        for (size_t i = 0; i < n; i++) {
            double x = (double)model_trainer_numbers(last.trainer)[i];
            sum[i] = kept * sum[i] + (1.0 - kept) * x;
        }
    }
    go_on(&mean, UINT64_MAX);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)model_trainer_numbers(mean.trainer)[i], sum[i], 1e-5);
    }
    free(sum);
    end(&mean);
    end(&last);
}

/* Knowing nothing, 9 places are ln 9 = 2.197 nats; those who go on for sure at every
 * other slot are far below. */
static void a_town_is_learnt(void **state)
{
    (void)state;
    struct run run;
    struct model_train_config config = small(1);
    config.epochs = 8;
    begin(&run, config);
    go_on(&run, UINT64_MAX);
    struct model_train_state done = model_trainer_state(run.trainer);
    assert_true(done.best_valid < 1.2);
    assert_true(model_trainer_curve(run.trainer, 1)[0] > done.best_valid);
    end(&run);
}

static void a_number_that_is_not_finite_stops_with_step_and_tensor(void **state)
{
    (void)state;
    struct run run;
    struct model_train_config config = small(1);
    struct data_problem problem = { "" };
    config.rate = 1e30F;
    begin(&run, config);
    enum hb_status status = HB_OK;
    for (int i = 0; i < 4 && status == HB_OK; i++) {
        status = model_trainer_step(run.trainer, &problem);
    }
    assert_int_equal(status, HB_ERR_DIVERGES);
    assert_non_null(strstr(problem.text, "step "));
    assert_non_null(strstr(problem.text, "weight"));
    end(&run);
}

static void a_data_set_survives_its_file(void **state)
{
    (void)state;
    char path[] = "/tmp/harbinger_dataset_XXXXXX";
    struct data_problem problem = { "" };
    struct model_dataset *dataset = town(), *back = NULL;
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
    assert_memory_equal(back->place, dataset->place, clients * slots * sizeof *back->place);
    assert_memory_equal(back->part, dataset->part, clients * slots);
    assert_memory_equal(back->near_first, dataset->near_first, (places + 1) * sizeof(uint32_t));
    model_dataset_free(back);
    dataset->place[77] = places; /* beyond the table */
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
        cmocka_unit_test(a_resumed_run_gives_the_same_bytes),
        cmocka_unit_test(a_masked_clock_is_not_learnt_from),
        cmocka_unit_test(the_kept_numbers_are_the_moving_mean),
        cmocka_unit_test(a_town_is_learnt),
        cmocka_unit_test(a_number_that_is_not_finite_stops_with_step_and_tensor),
        cmocka_unit_test(a_data_set_survives_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
