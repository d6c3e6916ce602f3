/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trace file grows by parts of its population, so that a large one need not be in memory
 * at once. */
#include <stdlib.h>
#include <string.h>

#include "data/trace_columns.h"

struct data_trace_writer {
    struct data_h5 *file;
    uint32_t place_count;
    uint64_t client_count, visit_count; /* written so far */
    union slab slab;
};

/* Row i of the trace's column as row k of the slab; FIRST continues what is written. */
static void take(struct data_trace_writer *writer, const struct data_trace *trace,
    enum column column, uint64_t i, uint64_t k)
{
    union slab *slab = &writer->slab;
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
        slab->u64[k] = writer->visit_count + trace->first[i];
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

struct rows {
    enum column column;
    uint64_t begin, end;
};

static enum hb_status append(struct data_trace_writer *writer, const struct data_trace *trace,
    struct rows rows, struct data_problem *problem)
{
    struct data_h5_array array = data_trace_columns_array(rows.column);
    uint64_t length = slab_length(rows.column);
    enum hb_status status = HB_OK;
    for (uint64_t first = rows.begin; first < rows.end && status == HB_OK; first += length) {
        uint64_t count = rows.end - first < length ? rows.end - first : length;
        for (uint64_t k = 0; k < count; k++) {
            take(writer, trace, rows.column, first + k, k);
        }
        status = data_h5_append(writer->file, &array, &writer->slab, count, problem);
    }
    return status;
}

static enum hb_status append_all(struct data_trace_writer *writer, const struct data_trace *trace,
    const struct rows *rows, size_t count, struct data_problem *problem)
{
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < count && status == HB_OK; i++) {
        status = append(writer, trace, rows[i], problem);
    }
    return status;
}

/* Everything but clients and visits, whose columns are begun. What is not 0 where it should be
 * is for the reader to refuse. */
static enum hb_status write_head(struct data_trace_writer *writer, const struct data_trace *trace,
    struct data_problem *problem)
{
    static const char *const groups[] = { "/places", "/regions", "/clients", "/visits" };
    struct data_h5 *file = writer->file;
    enum hb_status status
        = data_h5_attribute_write(file, "/", "format", DATA_TRACE_FORMAT, problem);
    const struct {
        const char *name;
        int64_t value;
    } integers[] = { { "version", DATA_TRACE_VERSION }, { "epoch_unix_s", trace->epoch_unix_s },
        { "end_s", trace->end_s } };
    for (size_t i = 0; i < 3 && status == HB_OK; i++) {
        status = data_h5_integer_write(file, "/", integers[i].name, integers[i].value, problem);
    }
    for (size_t i = 0; i < 4 && status == HB_OK; i++) {
        status = data_h5_group(file, groups[i], problem);
    }
    for (int column = 0; column < COLUMN_COUNT && status == HB_OK; column++) {
        struct data_h5_array array = data_trace_columns_array((enum column)column);
        status = data_h5_column(file, &array, problem);
    }
    const struct rows rows[] = { { PLACE_LAT, 0, trace->place_count },
        { PLACE_LON, 0, trace->place_count }, { PLACE_OFFSET, 0, trace->place_count },
        { PLACE_REGION, 0, trace->place_count }, { REGION_NAME, 0, trace->region_count } };
    if (status == HB_OK) {
        status = append_all(writer, trace, rows, sizeof rows / sizeof rows[0], problem);
    }
    if (status == HB_OK) {
        const struct data_h5_array first = data_trace_columns_array(FIRST);
        status = data_h5_append(file, &first, trace->first, 1, problem); /* 0 */
    }
    return status;
}

enum hb_status data_trace_writer_create(const char *path, const struct data_trace *head,
    struct data_problem *problem, struct data_trace_writer **out)
{
    struct data_trace_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return HB_ERR_MEMORY;
    }
    writer->place_count = head->place_count;
    enum hb_status status = data_h5_create(path, &writer->file, problem);
    if (status == HB_OK) {
        status = write_head(writer, head, problem);
    }
    if (status != HB_OK) {
        data_trace_writer_free(writer);
        return status;
    }
    *out = writer;
    return HB_OK;
}

enum hb_status data_trace_writer_add(struct data_trace_writer *writer,
    const struct data_trace *part, struct data_problem *problem)
{
    uint64_t clients = part->client_count, visits = part->first[clients];
    if (part->place_count != writer->place_count
        || writer->client_count + clients > DATA_TRACE_CLIENTS_MAX
        || writer->visit_count + visits > DATA_TRACE_VISITS_MAX) {
        return HB_ERR_RANGE;
    }
    const struct rows rows[] = { { FIRST, 1, clients + 1 }, { START, 0, visits },
        { PLACE, 0, visits }, { ACTIVITY, 0, visits } };
    enum hb_status status
        = append_all(writer, part, rows, sizeof rows / sizeof rows[0], problem);
    writer->client_count += clients;
    writer->visit_count += visits;
    return status;
}

enum hb_status data_trace_writer_commit(struct data_trace_writer *writer,
    struct data_problem *problem)
{
    enum hb_status status = data_h5_commit(writer->file, problem);
    writer->file = NULL;
    data_trace_writer_free(writer);
    return status;
}

void data_trace_writer_free(struct data_trace_writer *writer)
{
    if (writer != NULL) {
        data_h5_free(writer->file);
        free(writer);
    }
}

enum hb_status data_trace_file_write(
    const char *path, const struct data_trace *trace, struct data_problem *problem)
{
    struct data_trace_writer *writer = NULL;
    enum hb_status status = data_trace_writer_create(path, trace, problem, &writer);
    if (status == HB_OK) {
        status = data_trace_writer_add(writer, trace, problem);
        if (status == HB_OK) {
            return data_trace_writer_commit(writer, problem);
        }
    }
    data_trace_writer_free(writer);
    return status;
}
