/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/trace_file.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5.h"

static const char format_name[] = "harbinger-trace";
static const int64_t format_version = 1;

enum {
    slab_rows = 1 << 16, /* read and written at a time */
    name_bytes = 128, /* of a region; longer ones are cut */
};

static const char *const activity_labels[] = {
#define X(name, text) text,
    DATA_ACTIVITY_LIST(X)
#undef X
};

/* The columns of a trace file. In it, absence is place 2^32 - 1. */
#define COLUMN_LIST(X)                                                                             \
    X(PLACE_LAT, "/places/lat_deg", F64, "deg", "latitude of the place's middle")                  \
    X(PLACE_LON, "/places/lon_deg", F64, "deg", "longitude of the place's middle")                 \
    X(PLACE_OFFSET, "/places/utc_offset_s", I32, "s", "its clock, east of UTC")                    \
    X(PLACE_REGION, "/places/region", U32, NULL, "index into regions; 4294967295: none")           \
    X(REGION_NAME, "/regions/name", TEXT, NULL, "city or other region")                            \
    X(FIRST, "/clients/first", U64, NULL,                                                          \
        "index of the client's first visit; one row more than clients")                            \
    X(START, "/visits/start_s", U32, "s", "since epoch_unix_s")                                    \
    X(PLACE, "/visits/place", U32, NULL, "index into places; 4294967295: nowhere")                 \
    X(ACTIVITY, "/visits/activity", U8, NULL, "what the client does")

enum column {
#define X(name, path, type, unit, text) name,
    COLUMN_LIST(X)
#undef X
        COLUMN_COUNT
};

static struct data_h5_array array_of(enum column column)
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

/* Room for one slab of the widest column. */
union slab {
    double f64[slab_rows];
    uint64_t u64[slab_rows];
    uint32_t u32[slab_rows];
    int32_t i32[slab_rows];
    uint8_t u8[slab_rows];
    char text[slab_rows * 8];
};

static uint64_t row_count(enum column column, const struct data_trace *trace)
{
    switch (column) {
    case PLACE_LAT:
    case PLACE_LON:
    case PLACE_OFFSET:
    case PLACE_REGION:
        return trace->place_count;
    case REGION_NAME:
        return trace->region_count;
    case FIRST:
        return (uint64_t)trace->client_count + 1;
    case START:
    case PLACE:
    case ACTIVITY:
        return trace->first[trace->client_count];
    case COLUMN_COUNT:
        break;
    }
    return 0;
}

/* Row i of the trace's column as row k of the slab. */
static void take(
    const struct data_trace *trace, enum column column, uint64_t i, uint64_t k, union slab *slab)
{
    switch (column) {
    case PLACE_LAT:
        slab->f64[k] = trace->places[i].at.lat_deg;
        return;
    case PLACE_LON:
        slab->f64[k] = trace->places[i].at.lon_deg;
        return;
    case PLACE_OFFSET:
        slab->i32[k] = trace->places[i].utc_offset_s;
        return;
    case PLACE_REGION:
        slab->u32[k] = trace->places[i].region;
        return;
    case REGION_NAME:
        memset(&slab->text[k * name_bytes], 0, name_bytes);
        memcpy(&slab->text[k * name_bytes], trace->region_names[i],
            strnlen(trace->region_names[i], name_bytes - 1));
        return;
    case FIRST:
        slab->u64[k] = trace->first[i];
        return;
    case START:
        slab->u32[k] = trace->visits[i].start_s;
        return;
    case PLACE:
        slab->u32[k] = trace->visits[i].place == DATA_NOWHERE ? UINT32_MAX : trace->visits[i].place;
        return;
    case ACTIVITY:
        slab->u8[k] = (uint8_t)trace->visits[i].activity;
        return;
    case COLUMN_COUNT:
        return;
    }
}

static uint64_t slab_length(enum column column)
{
    return column == REGION_NAME ? sizeof(union slab) / name_bytes : slab_rows;
}

static enum hb_status write_column(struct data_h5 *file, const struct data_trace *trace,
    enum column column, union slab *slab, struct data_problem *problem)
{
    struct data_h5_array array = array_of(column);
    uint64_t rows = row_count(column, trace), length = slab_length(column);
    enum hb_status status = data_h5_column(file, &array, problem);
    for (uint64_t first = 0; first < rows && status == HB_OK; first += length) {
        uint64_t count = rows - first < length ? rows - first : length;
        for (uint64_t k = 0; k < count; k++) {
            take(trace, column, first + k, k, slab);
        }
        status = data_h5_append(file, &array, slab, count, problem);
    }
    return status;
}

static enum hb_status write_all(struct data_h5 *file, const struct data_trace *trace,
    union slab *slab, struct data_problem *problem)
{
    static const char *const groups[] = { "/places", "/regions", "/clients", "/visits" };
    enum hb_status status = data_h5_attribute_write(file, "/", "format", format_name, problem);
    const struct {
        const char *name;
        int64_t value;
    } integers[] = { { "version", format_version }, { "epoch_unix_s", trace->epoch_unix_s },
        { "end_s", trace->end_s } };
    for (size_t i = 0; i < 3 && status == HB_OK; i++) {
        status = data_h5_integer_write(file, "/", integers[i].name, integers[i].value, problem);
    }
    for (size_t i = 0; i < 4 && status == HB_OK; i++) {
        status = data_h5_group(file, groups[i], problem);
    }
    for (int column = 0; column < COLUMN_COUNT && status == HB_OK; column++) {
        status = write_column(file, trace, (enum column)column, slab, problem);
    }
    return status;
}

enum hb_status data_trace_file_write(
    const char *path, const struct data_trace *trace, struct data_problem *problem)
{
    union slab *slab = malloc(sizeof *slab);
    struct data_h5 *file = NULL;
    enum hb_status status = slab == NULL ? HB_ERR_MEMORY : data_h5_create(path, &file, problem);
    if (status == HB_OK) {
        status = write_all(file, trace, slab, problem);
    }
    if (status == HB_OK) {
        status = data_h5_commit(file, problem);
        file = NULL;
    }
    data_h5_free(file);
    free(slab);
    return status;
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
        arrays[column] = array_of((enum column)column);
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
    if (status == HB_OK && strcmp(format, format_name) != 0) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found format \"%s\": expected \"%s\"", data_h5_path(file), format, format_name);
    }
    if (status == HB_OK) {
        status = data_h5_integer_read(file, "/", "version", &version, problem);
    }
    if (status == HB_OK && version != format_version) {
        status = data_problem_set(problem, HB_ERR_VERSION,
            "%s: found version %" PRId64 ": expected %" PRId64, data_h5_path(file), version,
            format_version);
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
