/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/trace.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct data_trace_store {
    struct data_trace view;
    struct data_trace_arrays arrays;
    char **names;
};

enum hb_status data_trace_create(
    const struct data_trace_sizes *sizes, struct data_trace_store **out)
{
    if (sizes->place_count > DATA_TRACE_PLACES_MAX || sizes->region_count > DATA_TRACE_PLACES_MAX
        || sizes->client_count > DATA_TRACE_CLIENTS_MAX
        || sizes->visit_count > DATA_TRACE_VISITS_MAX) {
        return HB_ERR_RANGE;
    }
    struct data_trace_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return HB_ERR_MEMORY;
    }
    struct data_trace_arrays *arrays = &store->arrays;
    arrays->places = calloc((size_t)sizes->place_count + 1, sizeof *arrays->places);
    arrays->first = calloc((size_t)sizes->client_count + 1, sizeof *arrays->first);
    arrays->visits = calloc((size_t)sizes->visit_count + 1, sizeof *arrays->visits);
    store->names = calloc((size_t)sizes->region_count + 1, sizeof *store->names);
    if (arrays->places == NULL || arrays->first == NULL || arrays->visits == NULL
        || store->names == NULL) {
        data_trace_free(store);
        return HB_ERR_MEMORY;
    }
    store->view = (struct data_trace) {
        .client_count = sizes->client_count,
        .place_count = sizes->place_count,
        .region_count = sizes->region_count,
        .places = arrays->places,
        .region_names = (const char *const *)store->names,
        .first = arrays->first,
        .visits = arrays->visits,
    };
    *out = store;
    return HB_OK;
}

void data_trace_free(struct data_trace_store *store)
{
    if (store == NULL) {
        return;
    }
    for (uint32_t i = 0; store->names != NULL && i < store->view.region_count; i++) {
        free(store->names[i]);
    }
    free(store->names);
    free(store->arrays.visits);
    free(store->arrays.first);
    free(store->arrays.places);
    free(store);
}

struct data_trace_arrays data_trace_arrays(struct data_trace_store *store)
{
    return store->arrays;
}

enum hb_status data_trace_name_region(
    struct data_trace_store *store, uint32_t region, const char *name)
{
    assert(region < store->view.region_count);
    char *copy = strdup(name);
    if (copy == NULL) {
        return HB_ERR_MEMORY;
    }
    free(store->names[region]);
    store->names[region] = copy;
    return HB_OK;
}

void data_trace_span(struct data_trace_store *store, int64_t epoch_unix_s, uint32_t end_s)
{
    store->view.epoch_unix_s = epoch_unix_s;
    store->view.end_s = end_s;
}

const struct data_trace *data_trace_view(const struct data_trace_store *store)
{
    return &store->view;
}

static enum hb_status check_places(
    const struct data_trace *trace, const char *file, struct data_problem *problem)
{
    for (uint32_t i = 0; i < trace->place_count; i++) {
        const struct hb_place *place = &trace->places[i];
        if (!(fabs(place->at.lat_deg) <= 90.0) || !(fabs(place->at.lon_deg) <= 180.0)) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: place %u: found lat_deg=%g lon_deg=%g: expected -90..90 and -180..180", file,
                i, place->at.lat_deg, place->at.lon_deg);
        }
        if (place->utc_offset_s < -64800 || place->utc_offset_s > 64800) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: place %u: found utc_offset_s=%d: expected -64800..64800", file, i,
                place->utc_offset_s);
        }
        if (place->region >= trace->region_count && place->region != HB_NONE) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: place %u: found region=%u: expected less than %u", file, i, place->region,
                trace->region_count);
        }
    }
    return HB_OK;
}

static enum hb_status check_visit(const struct data_trace *trace, uint32_t client, uint64_t i,
    const char *file, struct data_problem *problem)
{
    const struct data_visit *visit = &trace->visits[i];
    if (visit->start_s > trace->end_s) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: client %u: found start_s=%u: expected at most end_s=%u", file, client,
            visit->start_s, trace->end_s);
    }
    if (visit->place >= trace->place_count && visit->place != DATA_NOWHERE) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: client %u: found place=%u: expected less than %u", file, client, visit->place,
            trace->place_count);
    }
    if (visit->activity >= DATA_ACTIVITY_COUNT) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: client %u: found activity=%u: expected less than %d", file, client,
            visit->activity, DATA_ACTIVITY_COUNT);
    }
    if (i == trace->first[client]) {
        return HB_OK;
    }
    if (visit->start_s <= visit[-1].start_s) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: client %u: found start_s=%u after %u: expected it to increase", file, client,
            visit->start_s, visit[-1].start_s);
    }
    if (visit->place == visit[-1].place && visit->activity == visit[-1].activity) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: client %u: found place=%u activity=%u twice in a row at start_s=%u: expected a "
            "change",
            file, client, visit->place, visit->activity, visit->start_s);
    }
    return HB_OK;
}

enum hb_status data_trace_check(
    const struct data_trace *trace, const char *file, struct data_problem *problem)
{
    enum hb_status status = check_places(trace, file, problem);
    if (status == HB_OK && trace->first[0] != 0) {
        status =
            data_problem_set(problem, HB_ERR_FORMAT, "%s: client 0: found first=%llu: expected 0",
                file, (unsigned long long)trace->first[0]);
    }
    /* Before any visit is read: the indices stay below the last one, which the caller knows. */
    for (uint32_t client = 0; client < trace->client_count && status == HB_OK; client++) {
        if (trace->first[client + 1] < trace->first[client]) {
            status = data_problem_set(problem, HB_ERR_FORMAT,
                "%s: client %u: found first=%llu after %llu: expected it not to decrease", file,
                client + 1, (unsigned long long)trace->first[client + 1],
                (unsigned long long)trace->first[client]);
        }
    }
    for (uint32_t client = 0; client < trace->client_count && status == HB_OK; client++) {
        for (uint64_t i = trace->first[client]; i < trace->first[client + 1]; i++) {
            status = check_visit(trace, client, i, file, problem);
            if (status != HB_OK) {
                break;
            }
        }
    }
    return status;
}

uint64_t data_trace_visit_at(const struct data_trace *trace, uint32_t client, uint32_t at_s)
{
    uint64_t low = trace->first[client], high = trace->first[client + 1];
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (trace->visits[middle].start_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == trace->first[client] ? UINT64_MAX : low - 1;
}

uint32_t data_trace_place_at(const struct data_trace *trace, uint32_t client, uint32_t at_s)
{
    uint64_t i = data_trace_visit_at(trace, client, at_s);
    return i == UINT64_MAX ? DATA_NOWHERE : trace->visits[i].place;
}
