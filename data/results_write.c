/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/columns.h"
#include "data/results_digest.h"

/* Rows wait here until there are DATA_COLUMNS_BATCH, so that chunks are written
 * once and the digest's blocks do not depend on how the rows arrived. */
struct batch {
    unsigned char *rows;
    size_t count;
    struct data_digest digest;
};

struct data_results {
    struct data_h5 *file;
    struct data_digest head; /* of seed, times and scenario */
    unsigned char *column; /* one column of a batch */
    struct batch batches[DATA_TABLE_COUNT];
};

static enum hb_status digest_head(
    struct data_results *results, const struct data_manifest *manifest)
{
    const struct data_result_info decisive = { .scenario_text = manifest->scenario_text,
        .seed = manifest->seed,
        .epoch_unix_s = manifest->epoch_unix_s,
        .duration_s = manifest->duration_s,
        .replication_count = manifest->replication_count };
    return data_results_digest_head(&results->head, &decisive);
}

static enum hb_status write_integers(
    struct data_h5 *file, const struct data_manifest *manifest, struct data_problem *problem)
{
    const struct {
        const char *name;
        int64_t value;
    } integers[] = {
        { "format_version", DATA_RESULTS_VERSION },
        { "seed", (int64_t)manifest->seed },
        { "epoch_unix_s", manifest->epoch_unix_s },
        { "duration_s", manifest->duration_s },
        { "replication_count", manifest->replication_count },
    };
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0] && status == HB_OK; i++) {
        status =
            data_h5_integer_write(file, "/manifest", integers[i].name, integers[i].value, problem);
    }
    return status;
}

static enum hb_status write_manifest(
    struct data_h5 *file, const struct data_manifest *manifest, struct data_problem *problem)
{
    char target[32];
    (void)snprintf(target, sizeof target, "%.17g", manifest->latency_target_ms);
    const struct data_pair texts[] = {
        { "format", "harbinger results" },
        { "scenario_name", manifest->scenario_name },
        { "currency", manifest->currency },
        { "program", manifest->program },
        { "latency_target_ms", target },
    };
    enum hb_status status = data_h5_group(file, "/manifest", problem);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == HB_OK; i++) {
        status = data_h5_attribute_write(file, "/manifest", texts[i].name, texts[i].value, problem);
    }
    for (size_t i = 0; i < manifest->pair_count && status == HB_OK; i++) {
        status = data_h5_attribute_write(
            file, "/manifest", manifest->pairs[i].name, manifest->pairs[i].value, problem);
    }
    if (status == HB_OK) {
        status = write_integers(file, manifest, problem);
    }
    if (status == HB_OK) {
        status = data_h5_text_write(file, "/manifest/scenario", manifest->scenario_text, problem);
    }
    return status;
}

static enum hb_status create_table(struct data_h5 *file, enum data_results_table table,
    const char *currency, struct data_problem *problem)
{
    const struct data_table_schema *schema = data_schema_of(table);
    char path[DATA_COLUMNS_PATH_BYTES];
    data_columns_path(path, schema, NULL);
    enum hb_status status = data_h5_group(file, path, problem);
    if (status == HB_OK) {
        status = data_h5_attribute_write(file, path, "description", schema->description, problem);
    }
    data_columns_path(path, schema, "row");
    if (status == HB_OK) {
        status = data_h5_dimension(file, path, 0, problem);
    }
    for (size_t i = 0; i < schema->column_count && status == HB_OK; i++) {
        struct data_columns_paths paths;
        struct data_h5_array array = data_columns_array(schema, i, &paths);
        if (array.unit != NULL && strcmp(array.unit, "money") == 0) {
            array.unit = currency;
        }
        status = data_h5_column(file, &array, problem);
    }
    return status;
}

enum hb_status data_results_create(const char *path, const struct data_manifest *manifest,
    struct data_results **out, struct data_problem *problem)
{
    struct data_results *results = calloc(1, sizeof *results);
    if (results == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", path);
    }
    enum hb_status status = data_h5_create(path, &results->file, problem);
    if (status == HB_OK) {
        results->column = malloc(DATA_COLUMNS_BATCH * DATA_NAME_BYTES);
        status = results->column == NULL ? HB_ERR_MEMORY : digest_head(results, manifest);
    }
    if (status == HB_OK) {
        status = write_manifest(results->file, manifest, problem);
    }
    for (int t = 0; t < DATA_TABLE_COUNT && status == HB_OK; t++) {
        status =
            create_table(results->file, (enum data_results_table)t, manifest->currency, problem);
    }
    if (status != HB_OK) {
        data_results_free(results);
        return status;
    }
    *out = results;
    return HB_OK;
}

/* Turns the waiting rows of a table into columns, digests and writes these. */
static enum hb_status flush_batch(
    struct data_results *results, enum data_results_table table, struct data_problem *problem)
{
    const struct data_table_schema *schema = data_schema_of(table);
    struct batch *batch = &results->batches[table];
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < schema->column_count && status == HB_OK; i++) {
        struct data_columns_paths paths;
        struct data_h5_array array = data_columns_array(schema, i, &paths);
        size_t bytes = data_columns_gather(schema, i, batch->rows, batch->count, results->column);
        data_digest_block(&batch->digest, results->column, bytes);
        status = data_h5_append(results->file, &array, results->column, batch->count, problem);
    }
    batch->count = 0;
    return status;
}

struct feed {
    struct data_results *results;
    struct data_problem *problem;
    enum data_results_table table;
};

static enum hb_status take_block(void *context, const void *block, size_t count)
{
    const struct feed *feed = context;
    struct batch *batch = &feed->results->batches[feed->table];
    size_t row_bytes = data_schema_of(feed->table)->row_bytes;
    const unsigned char *rows = block;
    if (batch->rows == NULL) {
        batch->rows = malloc(DATA_COLUMNS_BATCH * row_bytes);
        if (batch->rows == NULL) {
            return HB_ERR_MEMORY;
        }
    }
    while (count > 0) {
        size_t room = DATA_COLUMNS_BATCH - batch->count;
        size_t taken = count < room ? count : room;
        memcpy(batch->rows + batch->count * row_bytes, rows, taken * row_bytes);
        batch->count += taken;
        rows += taken * row_bytes;
        count -= taken;
        if (batch->count == DATA_COLUMNS_BATCH) {
            enum hb_status status = flush_batch(feed->results, feed->table, feed->problem);
            if (status != HB_OK) {
                return status;
            }
        }
    }
    return HB_OK;
}

enum hb_status data_results_append(
    struct data_results *results, struct data_rows *rows, struct data_problem *problem)
{
    struct data_problem inner = { "" };
    enum hb_status status = HB_OK;
    for (int t = 0; t < DATA_TABLE_COUNT && status == HB_OK; t++) {
        struct feed feed = { results, &inner, (enum data_results_table)t };
        status = data_rows_each(rows, (enum data_results_table)t, take_block, &feed);
    }
    if (status == HB_OK) {
        return HB_OK;
    }
    const char *path = data_h5_path(results->file);
    return inner.text[0] != '\0' ? data_problem_set(problem, status, "%s", inner.text)
                                 : data_problem_set(problem, status,
                                     "%s: rows of a run are lost: %s (temporary files go to "
                                     "$TMPDIR or /tmp)",
                                     path, hb_status_text(status));
}

static enum hb_status write_bins(struct data_results *results, struct data_problem *problem)
{
    struct feed feed = { results, problem, DATA_TABLE_BINS };
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        struct data_bins_row row = { .lower_ms = data_histogram_edge_ms(i),
            .upper_ms = data_histogram_edge_ms(i + 1) };
        enum hb_status status = take_block(&feed, &row, 1);
        if (status != HB_OK) {
            return status;
        }
    }
    return HB_OK;
}

enum hb_status data_results_commit(
    struct data_results *results, char digest[DATA_DIGEST_BYTES], struct data_problem *problem)
{
    enum hb_status status = write_bins(results, problem);
    struct data_digest whole = results->head;
    for (int t = 0; t < DATA_TABLE_COUNT && status == HB_OK; t++) {
        status = flush_batch(results, (enum data_results_table)t, problem);
        data_digest_block(&whole, results->batches[t].digest.state, sizeof whole.state);
    }
    char text[DATA_DIGEST_BYTES];
    data_digest_text(&whole, text);
    if (status == HB_OK) {
        status = data_h5_attribute_write(results->file, "/manifest", "digest", text, problem);
    }
    if (status == HB_OK) {
        struct data_h5 *file = results->file;
        results->file = NULL;
        status = data_h5_commit(file, problem);
    }
    if (status == HB_OK && digest != NULL) {
        memcpy(digest, text, sizeof text);
    }
    data_results_free(results);
    return status;
}

void data_results_free(struct data_results *results)
{
    if (results == NULL) {
        return;
    }
    for (int t = 0; t < DATA_TABLE_COUNT; t++) {
        free(results->batches[t].rows);
    }
    free(results->column);
    data_h5_free(results->file);
    free(results);
}
