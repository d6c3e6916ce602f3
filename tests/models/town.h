/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_MODELS_TOWN_H
#define TESTS_MODELS_TOWN_H

#include "models/train.h"

/* Five clients of a small town who go round: place + 1 every other slot, mostly. */
enum { town_clients = 5, town_slots = 400, town_places = 9 };
struct model_dataset *town_dataset(void);

/* Settings that train on it in a moment. */
struct model_train_config town_config(uint32_t threads);

/* A training run on the town, which it owns. */
struct town_run {
    struct model_dataset *dataset;
    struct model_counts *counts;
    struct model_trainer *trainer;
};
void town_begin(struct town_run *run, struct model_train_config config);
/* The same town so many slots later. */
void town_begin_at(struct town_run *run, struct model_train_config config, int32_t later);
void town_end(struct town_run *run);
/* Until the end, or until so many steps are done. */
void town_go_on(struct town_run *run, uint64_t until);
void town_assert_same(const struct town_run *a, const struct town_run *b);

#endif
