/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models/town.h"

#include "models/random.h"
#include "tests/support/assert_near.h"

struct model_dataset *town_dataset(void)
{
    struct model_dataset *dataset = NULL;
    struct model_dataset_sizes sizes = { .slot_count = town_clients * town_slots,
        .client_count = town_clients, .place_count = town_places };
    assert_int_equal(model_dataset_create(&sizes, &dataset), HB_OK);
    for (uint32_t i = 0; i < town_clients * town_slots; i++) {
        uint32_t t = i % town_slots, before = t > 0 ? dataset->place[i - 1] : 0;
        int goes = t % 2 == 0 && model_random_unit(31, i) < 0.9;
        dataset->slot[i] = (int32_t)(1000 + t);
        dataset->place[i] = goes ? (before + 1) % town_places : before;
        dataset->flags[i] = (uint8_t)(1 | (t % 100 == 0 ? MODEL_SLOT_FIRST : 0));
        dataset->part[i] = (uint8_t)(t < 300 ? 0 : t < 350 ? 1 : 2);
        dataset->first[i / town_slots + 1] = i + 1;
    }
    for (uint32_t i = 0; i < town_places; i++) {
        dataset->lat_deg[i] = 47.1 + 0.004 * i;
        dataset->lon_deg[i] = 8.3;
    }
    assert_int_equal(model_dataset_finish(dataset, 2.2), HB_OK);
    return dataset;
}

struct model_train_config town_config(uint32_t threads)
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

void town_begin_at(struct town_run *run, struct model_train_config config, int32_t later)
{
    run->dataset = town_dataset();
    for (uint32_t i = 0; i < town_clients * town_slots; i++) {
        run->dataset->slot[i] += later;
    }
    assert_int_equal(model_counts_create(run->dataset, 0, &run->counts), HB_OK);
    assert_int_equal(
        model_trainer_create(&config, run->dataset, run->counts, &run->trainer), HB_OK);
}

void town_begin(struct town_run *run, struct model_train_config config)
{
    town_begin_at(run, config, 0);
}

void town_end(struct town_run *run)
{
    model_trainer_free(run->trainer);
    model_counts_free(run->counts);
    model_dataset_free(run->dataset);
}

void town_go_on(struct town_run *run, uint64_t until)
{
    struct data_problem problem = { "" };
    while (!model_trainer_state(run->trainer).is_done
        && model_trainer_state(run->trainer).step < until) {
        assert_int_equal(model_trainer_step(run->trainer, &problem), HB_OK);
    }
}

void town_assert_same(const struct town_run *a, const struct town_run *b)
{
    size_t bytes = model_trainer_layout(a->trainer)->count * sizeof(float);
    assert_memory_equal(model_trainer_numbers(a->trainer), model_trainer_numbers(b->trainer),
        bytes);
}
