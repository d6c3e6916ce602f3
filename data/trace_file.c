/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/trace_file.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/trace_columns.h"

static const char *const activity_labels[] = {
#define X(name, text) text,
    DATA_ACTIVITY_LIST(X)
#undef X
};

struct data_h5_array data_trace_columns_array(enum column column)
{
    static const struct data_h5_array arrays[] = {
#define X(name, file_path, kind, its_unit, text)                                                   \
    { .path = file_path, .type = DATA_H5_##kind, .rank = 1, .unit = its_unit, .description = text },
        COLUMN_LIST(X)
#undef X
    };
    struct data_h5_array array = arrays[column];
    if (column == ACTIVITY) {
        array.labels = activity_labels;
        array.label_count = DATA_ACTIVITY_COUNT;
    }
    if (column == REGION_NAME) {
        array.text_bytes = name_bytes;
    }
    return array;
}

/* Row k of the slab into the store; what a bit field cannot hold is refused. */
static bool put(const union slab *slab, enum column column, uint64_t k, uint64_t i,
    const struct data_trace_arrays *arrays)
{
    switch (column) {
    case PLACE_LAT:
        arrays->places[i].at.lat_deg = slab->f64[k];
        return true;
    case PLACE_LON:
        arrays->places[i].at.lon_deg = slab->f64[k];
        return true;
    case PLACE_OFFSET:
        arrays->places[i].utc_offset_s = slab->i32[k];
        return true;
    case PLACE_REGION:
        arrays->places[i].region = slab->u32[k];
        return true;
    case FIRST:
        arrays->first[i] = slab->u64[k];
        return true;
    case START:
        arrays->visits[i].start_s = slab->u32[k];
        return true;
    case PLACE:
        arrays->visits[i].place = slab->u32[k] & DATA_NOWHERE;
        return slab->u32[k] < DATA_NOWHERE || slab->u32[k] == UINT32_MAX;
    case ACTIVITY:
        arrays->visits[i].activity = slab->u8[k] & 63u;
        return slab->u8[k] < DATA_ACTIVITY_COUNT;
    case REGION_NAME:
    case COLUMN_COUNT:
        break;
    }
    return false;
}

static enum hb_status read_column(struct data_h5 *file, enum column column,
    const struct data_h5_array *array, union slab *slab, struct data_trace_store *store,
    struct data_problem *problem)
{
    const struct data_trace_arrays arrays = data_trace_arrays(store);
    uint64_t rows = array->dims[0], length = slab_length(column);
    for (uint64_t first = 0; first < rows; first += length) {
        uint64_t count = rows - first < length ? rows - first : length;
        enum hb_status status = data_h5_read(file, array, first, count, slab, problem);
        for (uint64_t k = 0; k < count && status == HB_OK; k++) {
            if (column == REGION_NAME) {
                slab->text[k * name_bytes + name_bytes - 1] = '\0';
                status = data_trace_name_region(
                    store, (uint32_t)(first + k), &slab->text[k * name_bytes]);
            } else if (!put(slab, column, k, first + k, &arrays)) {
                status = data_problem_set(problem, HB_ERR_FORMAT,
                    "%s:%s row %" PRIu64 ": found %" PRIu32 ": expected %s", data_h5_path(file),
                    array->path, first + k, column == PLACE ? slab->u32[k] : slab->u8[k],
                    column == PLACE ? "a place" : "an activity");
            }
        }
        if (status != HB_OK) {
            return status;
        }
    }
    return HB_OK;
}

static enum hb_status demand_rows(const struct data_h5 *file, const struct data_h5_array *array,
    uint64_t min, uint64_t max, struct data_problem *problem)
{
    if (array->dims[0] >= min && array->dims[0] <= max) {
        return HB_OK;
    }
    return data_problem_set(problem, HB_ERR_FORMAT,
        "%s:%s: found %" PRIu64 " rows: expected %" PRIu64 "..%" PRIu64, data_h5_path(file),
        array->path, array->dims[0], min, max);
}

/* Types and lengths of all columns, the latter equal within a group. */
static enum hb_status check_columns(struct data_h5 *file, struct data_h5_array *arrays,
    struct data_trace_sizes *sizes, struct data_problem *problem)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        arrays[column] = data_trace_columns_array((enum column)column);
        enum hb_status status = data_h5_check(file, &arrays[column], problem);
        if (status != HB_OK) {
            return status;
        }
    }
    const struct {
        enum column column;
        uint64_t min, max;
    } lengths[] = {
        { PLACE_LAT, 0, DATA_TRACE_PLACES_MAX },
        { PLACE_LON, arrays[PLACE_LAT].dims[0], arrays[PLACE_LAT].dims[0] },
        { PLACE_OFFSET, arrays[PLACE_LAT].dims[0], arrays[PLACE_LAT].dims[0] },
        { PLACE_REGION, arrays[PLACE_LAT].dims[0], arrays[PLACE_LAT].dims[0] },
        { REGION_NAME, 0, DATA_TRACE_PLACES_MAX },
        { FIRST, 1, (uint64_t)DATA_TRACE_CLIENTS_MAX + 1 },
        { START, 0, DATA_TRACE_VISITS_MAX },
        { PLACE, arrays[START].dims[0], arrays[START].dims[0] },
        { ACTIVITY, arrays[START].dims[0], arrays[START].dims[0] },
    };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        enum hb_status status =
            demand_rows(file, &arrays[lengths[i].column], lengths[i].min, lengths[i].max, problem);
        if (status != HB_OK) {
            return status;
        }
    }
    *sizes = (struct data_trace_sizes) { .visit_count = arrays[START].dims[0],
        .client_count = (uint32_t)(arrays[FIRST].dims[0] - 1),
        .place_count = (uint32_t)arrays[PLACE_LAT].dims[0],
        .region_count = (uint32_t)arrays[REGION_NAME].dims[0] };
    if (arrays[REGION_NAME].text_bytes != name_bytes) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s:/regions/name: found texts of %" PRIu32 " bytes: expected %d", data_h5_path(file),
            arrays[REGION_NAME].text_bytes, name_bytes);
    }
    return HB_OK;
}

static enum hb_status check_head(
    struct data_h5 *file, int64_t *epoch_unix_s, int64_t *end_s, struct data_problem *problem)
{
    char format[64] = "";
    int64_t version = 0;
    enum hb_status status =
        data_h5_attribute_read(file, "/", "format", format, sizeof format, problem);
    if (status == HB_OK && strcmp(format, DATA_TRACE_FORMAT) != 0) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found format \"%s\": expected \"%s\"", data_h5_path(file), format,
            DATA_TRACE_FORMAT);
    }
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/", "version", &version, problem);
    }
    if (status == HB_OK && version != DATA_TRACE_VERSION) {
        status = data_problem_set(problem, HB_ERR_VERSION,
            "%s: found version %" PRId64 ": expected %d", data_h5_path(file), version,
            DATA_TRACE_VERSION);
    }
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/", "epoch_unix_s", epoch_unix_s, problem);
    }
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/", "end_s", end_s, problem);
    }
    if (status == HB_OK && (*end_s < 0 || *end_s > UINT32_MAX)) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found end_s=%" PRId64 ": expected 0..%" PRIu32, data_h5_path(file), *end_s,
            UINT32_MAX);
    }
    /* +-10,000 years: no sum with an instant of the trace overflows. */
    if (status == HB_OK && (*epoch_unix_s < -315576000000 || *epoch_unix_s > 315576000000)) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found epoch_unix_s=%" PRId64 ": expected seconds since 1970", data_h5_path(file),
            *epoch_unix_s);
    }
    return status;
}

/* Indices must end where the visits do, or data_trace_check would follow them out. */
static enum hb_status check_contents(const struct data_trace *trace, uint64_t visit_count,
    const char *path, struct data_problem *problem)
{
    if (trace->first[trace->client_count] != visit_count) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s:/clients/first: found last row %" PRIu64 ": expected %" PRIu64
            ", the number of visits",
            path, trace->first[trace->client_count], visit_count);
    }
    return data_trace_check(trace, path, problem);
}

enum hb_status data_trace_file_read(
    const char *path, struct data_problem *problem, struct data_trace_store **out)
{
    struct data_h5_array arrays[COLUMN_COUNT];
    struct data_trace_sizes sizes = { 0 };
    struct data_trace_store *store = NULL;
    struct data_h5 *file = NULL;
    int64_t epoch_unix_s = 0, end_s = 0;
    union slab *slab = malloc(sizeof *slab);
    enum hb_status status = slab == NULL ? HB_ERR_MEMORY : data_h5_open(path, &file, problem);
    if (status == HB_OK) {
        status = check_head(file, &epoch_unix_s, &end_s, problem);
    }
    if (status == HB_OK) {
        status = check_columns(file, arrays, &sizes, problem);
    }
    if (status == HB_OK) {
        status = data_trace_create(&sizes, &store);
    }
    for (int column = 0; column < COLUMN_COUNT && status == HB_OK; column++) {
        status = read_column(file, (enum column)column, &arrays[column], slab, store, problem);
    }
    if (status == HB_OK) {
        data_trace_span(store, epoch_unix_s, (uint32_t)end_s);
        status = check_contents(data_trace_view(store), sizes.visit_count, path, problem);
    }
    data_h5_free(file);
    free(slab);
    if (status != HB_OK) {
        data_trace_free(store);
        return status;
    }
    *out = store;
    return HB_OK;
}
