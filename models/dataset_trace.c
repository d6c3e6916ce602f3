/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>

#include "models/dataset_file.h"
#include "models/random.h"

enum { slot_s = HB_TRAIL_SLOT_S };
static const double near_km = 2.2; /* as GeoLife's three rings of 500 m cells */

enum stream { STREAM_CHOICE, STREAM_PART };

/* Clients by chance, in order; [*count] of the caller's to free. */
static uint32_t *choose(const struct data_trace *trace, const struct model_dataset_plan *plan,
    uint32_t *count)
{
    uint32_t all = trace->client_count, *order = calloc((size_t)all + 1, sizeof *order);
    uint8_t *is_chosen = calloc((size_t)all + 1, 1);
    *count = plan->client_max > 0 && plan->client_max < all ? plan->client_max : all;
    for (uint32_t i = 0; order != NULL && i < all; i++) {
        order[i] = i;
    }
    if (order != NULL && is_chosen != NULL) {
        model_random_shuffle(model_random_mix(plan->seed, STREAM_CHOICE), order, all);
        for (uint32_t i = 0; i < *count; i++) {
            is_chosen[order[i]] = 1;
        }
        for (uint32_t i = 0, kept = 0; i < all; i++) {
            if (is_chosen[i]) {
                order[kept++] = i;
            }
        }
    }
    if (is_chosen == NULL) {
        free(order);
        order = NULL;
    }
    free(is_chosen);
    return order;
}

/* Calls for every slot of a client at which its place is known; dataset NULL: only counts. */
static uint64_t walk(const struct data_trace *trace, uint32_t client,
    struct model_dataset *dataset, uint64_t at)
{
    int64_t first_slot = (trace->epoch_unix_s + slot_s - 1) / slot_s;
    uint64_t found = 0, visit = trace->first[client], end = trace->first[client + 1];
    bool was_known = false;
    for (int64_t slot = first_slot;; slot++) {
        int64_t offset_s = slot * slot_s - trace->epoch_unix_s;
        if (offset_s > (int64_t)trace->end_s || visit == end) {
            return found;
        }
        while (visit + 1 < end && (int64_t)trace->visits[visit + 1].start_s <= offset_s) {
            visit++;
        }
        bool is_known = (int64_t)trace->visits[visit].start_s <= offset_s
            && trace->visits[visit].place != DATA_NOWHERE;
        if (is_known && dataset != NULL) {
            dataset->slot[at + found] = (int32_t)slot;
            dataset->place[at + found] = trace->visits[visit].place;
            dataset->flags[at + found]
                = (uint8_t)(MODEL_SLOT_OBSERVED | (was_known ? 0 : MODEL_SLOT_FIRST));
        }
        found += is_known;
        was_known = is_known;
    }
}

static void split(struct model_dataset *dataset, const struct model_dataset_plan *plan,
    uint32_t client)
{
    uint64_t begin = dataset->first[client], n = dataset->first[client + 1] - begin;
    double chance = model_random_unit(model_random_mix(plan->seed, STREAM_PART), client);
    for (uint64_t i = 0; i < n; i++) {
        bool is_test = plan->by_client ? chance >= 0.8 : i >= (8 * n + 9) / 10;
        bool is_train = plan->by_client ? chance < 0.7 : i < (7 * n + 9) / 10;
        dataset->part[begin + i] = (uint8_t)(is_test ? MODEL_PART_TEST
                : is_train                           ? MODEL_PART_TRAIN
                                                     : MODEL_PART_VALID);
    }
}

static enum hb_status fill(const struct data_trace *trace, const struct model_dataset_plan *plan,
    const uint32_t *chosen, struct model_dataset *dataset)
{
    uint64_t at = 0;
    dataset->warm_slots = plan->warm_slots > 0 ? plan->warm_slots : dataset->warm_slots;
    for (uint32_t i = 0; i < dataset->client_count; i++) {
        dataset->first[i] = at;
        at += walk(trace, chosen[i], dataset, at);
        dataset->first[i + 1] = at;
        split(dataset, plan, i);
    }
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        dataset->lat_deg[i] = trace->places[i].at.lat_deg;
        dataset->lon_deg[i] = trace->places[i].at.lon_deg;
        dataset->clock_slots[i] = trace->places[i].utc_offset_s / slot_s;
    }
    return model_dataset_finish(dataset, near_km);
}

enum hb_status model_dataset_of_trace(const struct data_trace *trace,
    const struct model_dataset_plan *plan, struct model_dataset **out)
{
    struct model_dataset_sizes sizes = { .place_count = trace->place_count };
    uint32_t *chosen = choose(trace, plan, &sizes.client_count);
    if (chosen == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < sizes.client_count; i++) {
        sizes.slot_count += walk(trace, chosen[i], NULL, 0);
    }
    struct model_dataset *dataset = NULL;
    enum hb_status status
        = sizes.slot_count > 0 ? model_dataset_create(&sizes, &dataset) : HB_ERR_RANGE;
    if (status == HB_OK) {
        status = fill(trace, plan, chosen, dataset);
    }
    free(chosen);
    if (status != HB_OK) {
        model_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return HB_OK;
}
