/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/results_digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/columns.h"

enum hb_status data_results_digest_head(
    struct data_digest *digest, const struct data_result_info *info)
{
    size_t bytes = strlen(info->scenario_text) + 256;
    char *text = malloc(bytes);
    if (text == NULL) {
        return HB_ERR_MEMORY;
    }
    int length = snprintf(text, bytes, "%d %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu32 "\n%s",
        DATA_RESULTS_VERSION, info->seed, info->epoch_unix_s, info->duration_s,
        info->replication_count, info->scenario_text);
    data_digest_block(digest, text, (size_t)length);
    free(text);
    return HB_OK;
}

static enum hb_status digest_table(struct data_result_file *file, enum data_results_table table,
    struct data_digest *digest, struct data_problem *problem)
{
    const struct data_table_schema *schema = data_schema_of(table);
    uint64_t length = data_results_len(file, table);
    unsigned char *rows = calloc(DATA_COLUMNS_BATCH, schema->row_bytes);
    unsigned char *column = malloc(DATA_COLUMNS_BATCH * DATA_NAME_BYTES);
    enum hb_status status = rows == NULL || column == NULL ? HB_ERR_MEMORY : HB_OK;
    /* The last block may be empty: the writer always closes with one. */
    for (uint64_t first = 0; first <= length && status == HB_OK; first += DATA_COLUMNS_BATCH) {
        uint64_t left = length - first;
        size_t count = left < DATA_COLUMNS_BATCH ? (size_t)left : DATA_COLUMNS_BATCH;
        status = data_results_read(file, table, first, count, rows, problem);
        for (size_t i = 0; i < schema->column_count && status == HB_OK; i++) {
            size_t bytes = data_columns_gather(schema, i, rows, count, column);
            data_digest_block(digest, column, bytes);
        }
    }
    free(column);
    free(rows);
    return status;
}

enum hb_status data_results_verify(struct data_result_file *file, struct data_problem *problem)
{
    const struct data_result_info *info = data_results_info(file);
    struct data_digest whole = { { 0 } };
    enum hb_status status = data_results_digest_head(&whole, info);
    for (int t = 0; t < DATA_TABLE_COUNT && status == HB_OK; t++) {
        struct data_digest table = { { 0 } };
        status = digest_table(file, (enum data_results_table)t, &table, problem);
        data_digest_block(&whole, table.state, sizeof table.state);
    }
    if (status != HB_OK) {
        return status;
    }
    char text[DATA_DIGEST_BYTES];
    data_digest_text(&whole, text);
    if (strcmp(text, info->digest) != 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: /manifest attribute digest: found %s: expected %s of these rows", info->path,
            info->digest, text);
    }
    return HB_OK;
}
