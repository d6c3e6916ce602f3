/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5.h"

enum { array_count = 8 };
static const double near_km = 2.2;
static const char format[] = "harbinger-dataset";

/* Every array of the file: where it is in memory, and what it is. */
struct part {
    struct data_h5_array array;
    void *values;
};

static void list_parts(const struct model_dataset *d, struct part parts[array_count])
{
    uint64_t places = d->place_count, clients = (uint64_t)d->client_count + 1;
    uint64_t slots = d->slot_count;
    const struct part all[array_count] = {
        { { .path = "/places/lat_deg", .type = DATA_H5_F64, .dims = { places }, .unit = "deg",
              .description = "latitude" }, d->lat_deg },
        { { .path = "/places/lon_deg", .type = DATA_H5_F64, .dims = { places }, .unit = "deg",
              .description = "longitude" }, d->lon_deg },
        { { .path = "/places/clock_slots", .type = DATA_H5_I32, .dims = { places },
              .unit = "900 s", .description = "local time - UTC" }, d->clock_slots },
        { { .path = "/clients/first", .type = DATA_H5_U64, .dims = { clients },
              .description = "first slot of each client, and the count of all" }, d->first },
        { { .path = "/slots/slot", .type = DATA_H5_I32, .dims = { slots }, .unit = "900 s",
              .description = "Unix time" }, d->slot },
        { { .path = "/slots/place", .type = DATA_H5_U32, .dims = { slots },
              .description = "index of the place" }, d->place },
        { { .path = "/slots/flags", .type = DATA_H5_U8, .dims = { slots },
              .description = "1 observed, 2 first of a session" }, d->flags },
        { { .path = "/slots/part", .type = DATA_H5_U8, .dims = { slots },
              .description = "0 training, 1 validation, 2 test" }, d->part },
    };
    memcpy(parts, all, sizeof all);
    for (int i = 0; i < array_count; i++) {
        parts[i].array.rank = 1;
    }
}

static enum hb_status write_all(struct data_h5 *file, const struct model_dataset *dataset,
    const struct model_dataset_origin *origin, struct data_problem *problem)
{
    static const char *const groups[] = { "/places", "/clients", "/slots" };
    const struct {
        const char *name, *text;
    } texts[] = { { "format", format }, { "source", origin->source }, { "split", origin->split } };
    struct part parts[array_count];
    enum hb_status status = HB_OK;
    list_parts(dataset, parts);
    for (int i = 0; status == HB_OK && i < 3; i++) {
        status = data_h5_attribute_write(file, "/", texts[i].name, texts[i].text, problem);
    }
    if (status == HB_OK) {
        status = data_h5_integer_write(file, "/", "version", MODEL_DATASET_VERSION, problem);
    }
    if (status == HB_OK) {
        status = data_h5_integer_write(file, "/", "seed", (int64_t)origin->seed, problem);
    }
    if (status == HB_OK) {
        status = data_h5_integer_write(file, "/", "warm_slots", dataset->warm_slots, problem);
    }
    for (int i = 0; status == HB_OK && i < 3; i++) {
        status = data_h5_group(file, groups[i], problem);
    }
    for (int i = 0; status == HB_OK && i < array_count; i++) {
        status = data_h5_write(file, &parts[i].array, parts[i].values, problem);
    }
    return status;
}

enum hb_status model_dataset_write(const char *path, const struct model_dataset *dataset,
    const struct model_dataset_origin *origin, struct data_problem *problem)
{
    struct data_h5 *file = NULL;
    enum hb_status status = data_h5_create(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    status = write_all(file, dataset, origin, problem);
    if (status != HB_OK) {
        data_h5_free(file);
        return status;
    }
    return data_h5_commit(file, problem);
}

static enum hb_status fault(struct data_h5 *file, const char *path, const char *expected,
    struct data_problem *problem)
{
    return data_problem_set(problem, HB_ERR_FORMAT, "%s: %s: expected %s", data_h5_path(file),
        path, expected);
}

static enum hb_status check_places(struct data_h5 *file, const struct model_dataset *dataset,
    struct data_problem *problem)
{
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        if (!(fabs(dataset->lat_deg[i]) <= 90.0) || !(fabs(dataset->lon_deg[i]) <= 180.0)
            || abs(dataset->clock_slots[i] % 1000) > 96 || dataset->clock_slots[i] > 96
            || dataset->clock_slots[i] < -96) {
            return fault(file, "/places", "degrees, and clocks within a day of UTC", problem);
        }
    }
    return HB_OK;
}

/* Every promise of struct model_dataset. */
static enum hb_status check(struct data_h5 *file, const struct model_dataset *d,
    struct data_problem *problem)
{
    enum hb_status status = check_places(file, d, problem);
    for (uint32_t i = 0; status == HB_OK && i < d->client_count; i++) {
        if (d->first[0] != 0 || d->first[i] > d->first[i + 1]
            || d->first[d->client_count] != d->slot_count) {
            return fault(file, "/clients/first", "rising indices from 0 to the slots", problem);
        }
        for (uint64_t j = d->first[i]; j < d->first[i + 1]; j++) {
            int is_first = j == d->first[i], goes_on = (d->flags[j] & MODEL_SLOT_FIRST) == 0;
            if (d->place[j] >= d->place_count || d->part[j] >= MODEL_PART_COUNT
                || d->flags[j] > 3 || (is_first && goes_on)
                || d->slot[j] < 0 || d->slot[j] > INT32_MAX / 2) {
                return fault(file, "/slots", "places, parts and flags in range", problem);
            }
            if (!is_first && (d->slot[j] <= d->slot[j - 1]
                    || (goes_on && d->slot[j] != d->slot[j - 1] + 1))) {
                return fault(file, "/slots/slot", "rising ones, one by one in a session", problem);
            }
        }
    }
    return status;
}

static enum hb_status read_sizes(struct data_h5 *file, struct model_dataset_sizes *sizes,
    struct data_problem *problem)
{
    struct data_h5_array places = { .path = "/places/lat_deg", .type = DATA_H5_F64, .rank = 1 };
    struct data_h5_array clients = { .path = "/clients/first", .type = DATA_H5_U64, .rank = 1 };
    struct data_h5_array slots = { .path = "/slots/slot", .type = DATA_H5_I32, .rank = 1 };
    enum hb_status status = data_h5_check(file, &places, problem);
    if (status == HB_OK) {
        status = data_h5_check(file, &clients, problem);
    }
    if (status == HB_OK) {
        status = data_h5_check(file, &slots, problem);
    }
    if (status == HB_OK && (clients.dims[0] < 2 || clients.dims[0] > DATA_TRACE_CLIENTS_MAX
            || places.dims[0] < 1 || places.dims[0] > HB_TRAIL_PLACE_MAX + 1
            || slots.dims[0] < 1)) {
        return fault(file, "/", "places, clients and slots, not too many", problem);
    }
    *sizes = (struct model_dataset_sizes) { .slot_count = slots.dims[0],
        .client_count = (uint32_t)clients.dims[0] - 1, .place_count = (uint32_t)places.dims[0] };
    return status;
}

static enum hb_status read_origin(struct data_h5 *file, struct model_dataset_origin *origin,
    struct data_problem *problem)
{
    char text[64];
    int64_t version = 0, seed = 0;
    enum hb_status status
        = data_h5_attribute_read(file, "/", "format", text, sizeof text, problem);
    if (status != HB_OK || strcmp(text, format) != 0) {
        return fault(file, "attribute format", "a data set of harbinger dataset", problem);
    }
    status = data_h5_integer_read(file, "/", "version", &version, problem);
    if (status == HB_OK && version != MODEL_DATASET_VERSION) {
        return data_problem_set(problem, HB_ERR_VERSION, "%s: version %" PRId64 ": expected %d%s",
            data_h5_path(file), version, MODEL_DATASET_VERSION,
            version > MODEL_DATASET_VERSION ? "; a newer program wrote it" : "");
    }
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/", "seed", &seed, problem);
    }
    origin->seed = (uint64_t)seed;
    if (status == HB_OK) {
        status = data_h5_attribute_read(file, "/", "source", origin->source,
            sizeof origin->source, problem);
    }
    return status != HB_OK ? status
                           : data_h5_attribute_read(file, "/", "split", origin->split,
                               sizeof origin->split, problem);
}

static enum hb_status read_all(struct data_h5 *file, struct model_dataset **out,
    struct model_dataset_origin *origin, struct data_problem *problem)
{
    struct model_dataset_sizes sizes;
    struct part parts[array_count];
    enum hb_status status = read_origin(file, origin, problem);
    if (status == HB_OK) {
        status = read_sizes(file, &sizes, problem);
    }
    for (int i = 0; status == HB_OK && i < array_count; i++) {
        /* all shapes first, so that memory is taken only for a file that holds them */
        list_parts(&(struct model_dataset) { .slot_count = sizes.slot_count,
            .client_count = sizes.client_count, .place_count = sizes.place_count }, parts);
        status = data_h5_check(file, &parts[i].array, problem);
    }
    if (status == HB_OK) {
        status = model_dataset_create(&sizes, out);
    }
    if (status != HB_OK) {
        return status;
    }
    list_parts(*out, parts);
    for (int i = 0; status == HB_OK && i < array_count; i++) {
        status = data_h5_check(file, &parts[i].array, problem);
        if (status == HB_OK) {
            status = data_h5_read(file, &parts[i].array, 0, parts[i].array.dims[0],
                parts[i].values, problem);
        }
    }
    if (status == HB_OK) {
        status = check(file, *out, problem);
    }
    int64_t warm = 0;
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/", "warm_slots", &warm, problem);
    }
    if (status == HB_OK && (warm < 1 || warm > MODEL_WARM_MAX)) {
        return fault(file, "attribute warm_slots", "1 to 48 slots", problem);
    }
    (*out)->warm_slots = (uint32_t)warm;
    return status == HB_OK ? model_dataset_finish(*out, near_km) : status;
}

enum hb_status model_dataset_read(const char *path, struct model_dataset **out,
    struct model_dataset_origin *origin, struct data_problem *problem)
{
    struct data_h5 *file = NULL;
    struct model_dataset *dataset = NULL;
    enum hb_status status = data_h5_open(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    *origin = (struct model_dataset_origin) { .seed = 0 };
    status = read_all(file, &dataset, origin, problem);
    data_h5_free(file);
    if (status != HB_OK) {
        model_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return HB_OK;
}
