/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/results.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/columns.h"
#include "data/digest.h"
#include "data/results_check.h"

#define SCENARIO_BYTES_MAX ((uint64_t)64 << 20)
#define ATTRIBUTE_BYTES 256

/* Most rows of the tables that are held in memory. */
static const struct {
    enum data_results_table table;
    uint64_t rows_max;
} held[] = {
    { DATA_TABLE_POLICIES, UINT16_MAX }, { DATA_TABLE_SETTINGS, UINT16_MAX },
    { DATA_TABLE_REGIONS, 1 << 20 }, { DATA_TABLE_SITES, 1 << 20 },
    { DATA_TABLE_PLACES, 1 << 26 }, /* bits of a place in a trace */
};
#define HELD_COUNT (sizeof held / sizeof held[0])

struct data_result_file {
    struct data_h5 *file;
    struct data_result_info info;
    uint64_t lengths[DATA_TABLE_COUNT];
    void *held[HELD_COUNT];
    void *column; /* one column of a batch */
    char *scenario;
    char scenario_name[ATTRIBUTE_BYTES], currency[ATTRIBUTE_BYTES], program[ATTRIBUTE_BYTES],
        digest[ATTRIBUTE_BYTES];
};

static enum hb_status check_format(struct data_h5 *file, struct data_problem *problem)
{
    char format[ATTRIBUTE_BYTES];
    if (!data_h5_has(file, "/manifest")
        || data_h5_attribute_read(file, "/manifest", "format", format, sizeof format, NULL) != HB_OK
        || strcmp(format, "harbinger results") != 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found another kind of HDF5 file: expected results of harbinger",
            data_h5_path(file));
    }
    int64_t version;
    enum hb_status status =
        data_h5_integer_read(file, "/manifest", "format_version", &version, problem);
    if (status == HB_OK && version != DATA_RESULTS_VERSION) {
        status = data_problem_set(problem, HB_ERR_VERSION,
            "%s: /manifest attribute format_version: found %" PRId64 ": expected %d",
            data_h5_path(file), version, DATA_RESULTS_VERSION);
    }
    return status;
}

static enum hb_status read_bounded(struct data_h5 *file, const char *name, int64_t most,
    int64_t *value, struct data_problem *problem)
{
    enum hb_status status = data_h5_integer_read(file, "/manifest", name, value, problem);
    if (status == HB_OK && (*value < 0 || *value > most)) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /manifest attribute %s: found %" PRId64 ": expected 0 to %" PRId64,
            data_h5_path(file), name, *value, most);
    }
    return status;
}

static enum hb_status read_numbers(struct data_result_file *from, struct data_problem *problem)
{
    static const int64_t century_s = INT64_C(100) * 366 * 86400;
    struct data_result_info *info = &from->info;
    int64_t seed = 0, replications = 0;
    enum hb_status status = data_h5_integer_read(from->file, "/manifest", "seed", &seed, problem);
    if (status == HB_OK) {
        status =
            read_bounded(from->file, "epoch_unix_s", 10 * century_s, &info->epoch_unix_s, problem);
    }
    if (status == HB_OK) {
        status = read_bounded(from->file, "duration_s", century_s, &info->duration_s, problem);
    }
    if (status == HB_OK) {
        status = read_bounded(from->file, "replication_count", UINT16_MAX, &replications, problem);
    }
    info->seed = (uint64_t)seed;
    info->replication_count = (uint32_t)replications;
    return status;
}

static enum hb_status read_manifest(struct data_result_file *from, struct data_problem *problem)
{
    char target[ATTRIBUTE_BYTES] = "";
    const struct {
        const char *name;
        char *text;
    } texts[] = {
        { "scenario_name", from->scenario_name },
        { "currency", from->currency },
        { "program", from->program },
        { "digest", from->digest },
        { "latency_target_ms", target },
    };
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == HB_OK; i++) {
        status = data_h5_attribute_read(
            from->file, "/manifest", texts[i].name, texts[i].text, ATTRIBUTE_BYTES, problem);
    }
    if (status == HB_OK) {
        status = read_numbers(from, problem);
    }
    if (status != HB_OK) {
        return status;
    }
    char *end;
    from->info.latency_target_ms = strtod(target, &end);
    if (end == target || *end != '\0' || !(from->info.latency_target_ms >= 0.0)) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /manifest attribute latency_target_ms: found '%s': expected a number >= 0",
            data_h5_path(from->file), target);
    }
    return data_h5_text_read(
        from->file, "/manifest/scenario", SCENARIO_BYTES_MAX, &from->scenario, problem);
}

/* All columns of a table: there, of their types, equally long. */
static enum hb_status check_table(
    struct data_result_file *from, enum data_results_table table, struct data_problem *problem)
{
    const struct data_table_schema *schema = data_schema_of(table);
    for (size_t i = 0; i < schema->column_count; i++) {
        struct data_columns_paths paths;
        struct data_h5_array array = data_columns_array(schema, i, &paths);
        enum hb_status status = data_h5_check(from->file, &array, problem);
        if (status != HB_OK) {
            return status;
        }
        if (i == 0) {
            from->lengths[table] = array.dims[0];
        } else if (array.dims[0] != from->lengths[table]) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: %s: found %" PRIu64 " rows: expected %" PRIu64 " as in /%s/%s",
                data_h5_path(from->file), array.path, array.dims[0], from->lengths[table],
                schema->name, schema->columns[0].name);
        }
    }
    return HB_OK;
}

static enum hb_status read_held(
    struct data_result_file *from, size_t index, struct data_problem *problem)
{
    enum data_results_table table = held[index].table;
    const struct data_table_schema *schema = data_schema_of(table);
    uint64_t count = from->lengths[table];
    if (count > held[index].rows_max) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /%s: found %" PRIu64 " rows: expected at most %" PRIu64, data_h5_path(from->file),
            schema->name, count, held[index].rows_max);
    }
    from->held[index] = calloc((size_t)count + 1, schema->row_bytes);
    if (from->held[index] == NULL) {
        return data_problem_set(
            problem, HB_ERR_MEMORY, "%s: out of memory", data_h5_path(from->file));
    }
    return data_results_read(from, table, 0, count, from->held[index], problem);
}

/* Counts first, then the tables themselves: regions before the places that
 * point to them. */
static enum hb_status read_names(struct data_result_file *from, struct data_problem *problem)
{
    struct data_result_info *info = &from->info;
    for (int t = 0; t < DATA_TABLE_COUNT; t++) {
        enum hb_status status = check_table(from, (enum data_results_table)t, problem);
        if (status != HB_OK) {
            return status;
        }
    }
    info->policy_count = (uint32_t)from->lengths[DATA_TABLE_POLICIES];
    info->region_count = (uint32_t)from->lengths[DATA_TABLE_REGIONS];
    info->site_count = (uint32_t)from->lengths[DATA_TABLE_SITES];
    info->place_count = (uint32_t)from->lengths[DATA_TABLE_PLACES];
    info->settings_row_count = (size_t)from->lengths[DATA_TABLE_SETTINGS];
    for (size_t i = 0; i < HELD_COUNT; i++) {
        enum hb_status status = read_held(from, i, problem);
        if (status != HB_OK) {
            return status;
        }
    }
    info->policies = from->held[0];
    info->settings = from->held[1];
    info->regions = from->held[2];
    info->sites = from->held[3];
    info->places = from->held[4];
    info->setting_count = 1;
    for (size_t i = 0; i < info->settings_row_count; i++) {
        uint32_t end = (uint32_t)info->settings[i].setting + 1;
        info->setting_count = end > info->setting_count ? end : info->setting_count;
    }
    if (from->lengths[DATA_TABLE_BINS] != DATA_HISTOGRAM_BINS) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /bins: found %" PRIu64 " rows: expected %d", data_h5_path(from->file),
            from->lengths[DATA_TABLE_BINS], DATA_HISTOGRAM_BINS);
    }
    if (info->policy_count == 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /policies: found no row: expected at least one", data_h5_path(from->file));
    }
    return HB_OK;
}

enum hb_status data_results_open(
    const char *path, struct data_result_file **out, struct data_problem *problem)
{
    struct data_result_file *from = calloc(1, sizeof *from);
    if (from == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    from->column = malloc(DATA_COLUMNS_BATCH * DATA_NAME_BYTES);
    enum hb_status status = from->column == NULL
        ? data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path)
        : data_h5_open(path, &from->file, problem);
    if (status == HB_OK) {
        from->info.path = data_h5_path(from->file);
        status = check_format(from->file, problem);
    }
    if (status == HB_OK) {
        status = read_manifest(from, problem);
    }
    if (status == HB_OK) {
        status = read_names(from, problem);
    }
    if (status != HB_OK) {
        data_results_close(from);
        return status;
    }
    from->info.scenario_name = from->scenario_name;
    from->info.scenario_text = from->scenario;
    from->info.currency = from->currency;
    from->info.program = from->program;
    from->info.digest = from->digest;
    *out = from;
    return HB_OK;
}

void data_results_close(struct data_result_file *from)
{
    if (from == NULL) {
        return;
    }
    for (size_t i = 0; i < HELD_COUNT; i++) {
        free(from->held[i]);
    }
    free(from->scenario);
    free(from->column);
    data_h5_free(from->file);
    free(from);
}

const struct data_result_info *data_results_info(const struct data_result_file *from)
{
    return &from->info;
}

uint64_t data_results_len(const struct data_result_file *from, enum data_results_table table)
{
    return from->lengths[table];
}

/* At most a batch of one column, checked, into from->column. */
static enum hb_status read_column(
    struct data_result_file *from, struct data_results_values *values, struct data_problem *problem)
{
    struct data_columns_paths paths;
    struct data_h5_array array =
        data_columns_array(data_schema_of(values->table), values->column, &paths);
    array.dims[0] = from->lengths[values->table];
    values->values = from->column;
    enum hb_status status =
        data_h5_read(from->file, &array, values->first, values->count, from->column, problem);
    return status == HB_OK ? data_results_check(&from->info, values, problem) : status;
}

enum hb_status data_results_read(struct data_result_file *from, enum data_results_table table,
    uint64_t first, uint64_t count, void *rows, struct data_problem *problem)
{
    const struct data_table_schema *schema = data_schema_of(table);
    assert(first <= from->lengths[table]);
    assert(count <= from->lengths[table] - first);
    unsigned char *out = rows;
    while (count > 0) {
        uint64_t taken = count < DATA_COLUMNS_BATCH ? count : DATA_COLUMNS_BATCH;
        for (size_t i = 0; i < schema->column_count; i++) {
            struct data_results_values values = {
                .table = table, .column = i, .first = first, .count = taken
            };
            enum hb_status status = read_column(from, &values, problem);
            if (status != HB_OK) {
                return status;
            }
            data_columns_scatter(schema, i, from->column, (size_t)taken, out);
        }
        out += taken * schema->row_bytes;
        first += taken;
        count -= taken;
    }
    return HB_OK;
}

enum hb_status data_results_each(struct data_result_file *from, enum data_results_table table,
    enum hb_status (*visit)(void *context, const void *row), void *context,
    struct data_problem *problem)
{
    size_t row_bytes = data_schema_of(table)->row_bytes;
    uint64_t length = from->lengths[table];
    unsigned char *rows = calloc(DATA_COLUMNS_BATCH, row_bytes);
    if (rows == NULL) {
        return data_problem_set(
            problem, HB_ERR_MEMORY, "%s: out of memory", data_h5_path(from->file));
    }
    enum hb_status status = HB_OK;
    for (uint64_t first = 0; first < length && status == HB_OK; first += DATA_COLUMNS_BATCH) {
        uint64_t left = length - first;
        uint64_t count = left < DATA_COLUMNS_BATCH ? left : DATA_COLUMNS_BATCH;
        status = data_results_read(from, table, first, count, rows, problem);
        for (uint64_t i = 0; i < count && status == HB_OK; i++) {
            status = visit(context, rows + i * row_bytes);
        }
    }
    free(rows);
    return status;
}
