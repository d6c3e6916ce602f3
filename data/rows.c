/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/grow.h"

#define BLOCK_BYTES ((size_t)65536)

/* A full block lies in memory or, once the memory is used up, in the spool. */
struct block {
    unsigned char *memory; /* NULL: in the spool */
    uint64_t offset;
    size_t count;
};

struct shelf {
    struct block *blocks; /* all but the last are full */
    size_t block_count, block_capacity;
    uint64_t row_count;
};

struct data_rows {
    struct data_run run;
    enum hb_status status;
    int spool; /* descriptor of a file without a name; -1: not needed yet */
    uint64_t spool_bytes;
    size_t memory_bytes, memory_used;
    struct shelf shelves[DATA_TABLE_COUNT];
};

enum hb_status data_rows_create(struct data_run run, size_t memory_bytes, struct data_rows **out)
{
    struct data_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        return HB_ERR_MEMORY;
    }
    rows->run = run;
    rows->spool = -1;
    rows->memory_bytes = memory_bytes;
    *out = rows;
    return HB_OK;
}

void data_rows_free(struct data_rows *rows)
{
    if (rows == NULL) {
        return;
    }
    for (int t = 0; t < DATA_TABLE_COUNT; t++) {
        for (size_t i = 0; i < rows->shelves[t].block_count; i++) {
            free(rows->shelves[t].blocks[i].memory);
        }
        free(rows->shelves[t].blocks);
    }
    if (rows->spool >= 0) {
        (void)close(rows->spool);
    }
    free(rows);
}

static int spool_open(void)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    int length = snprintf(path, sizeof path, "%s/harbinger-rows-XXXXXX",
        folder == NULL || *folder == '\0' ? "/tmp" : folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        return -1;
    }
    int spool = mkstemp(path);
    if (spool >= 0) {
        (void)unlink(path); /* gone with its last descriptor, kill -9 included */
    }
    return spool;
}

static int write_whole(int to, const unsigned char *bytes, size_t count, uint64_t offset)
{
    while (count > 0) {
        ssize_t written = pwrite(to, bytes, count, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        bytes += written;
        count -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

static int read_whole(int from, unsigned char *bytes, size_t count, uint64_t offset)
{
    while (count > 0) {
        ssize_t got = pread(from, bytes, count, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return -1;
        }
        bytes += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

/* Moves a full block to the spool; its memory is the caller's then. */
static unsigned char *block_spill(struct data_rows *rows, struct block *block)
{
    if (rows->spool < 0) {
        rows->spool = spool_open();
    }
    if (rows->spool < 0
        || write_whole(rows->spool, block->memory, BLOCK_BYTES, rows->spool_bytes) != 0) {
        rows->status = HB_ERR_IO;
        return NULL;
    }
    unsigned char *memory = block->memory;
    block->memory = NULL;
    block->offset = rows->spool_bytes;
    rows->spool_bytes += BLOCK_BYTES;
    return memory;
}

/* Room for one more block on the shelf, in fresh memory or in that of the
 * block just filled. NULL: status is set. */
static struct block *block_next(struct data_rows *rows, struct shelf *shelf)
{
    struct block *blocks = data_grow(shelf->blocks, shelf->block_count, &shelf->block_capacity,
        sizeof *shelf->blocks);
    if (blocks == NULL) {
        rows->status = HB_ERR_MEMORY;
        return NULL;
    }
    shelf->blocks = blocks;
    unsigned char *memory = NULL;
    if (shelf->block_count > 0 && rows->memory_used + BLOCK_BYTES > rows->memory_bytes) {
        memory = block_spill(rows, &shelf->blocks[shelf->block_count - 1]);
    } else {
        memory = malloc(BLOCK_BYTES);
        rows->status = memory == NULL ? HB_ERR_MEMORY : rows->status;
        rows->memory_used += BLOCK_BYTES;
    }
    if (memory == NULL) {
        return NULL;
    }
    struct block *block = &shelf->blocks[shelf->block_count++];
    *block = (struct block) { .memory = memory };
    return block;
}

void data_rows_add(struct data_rows *rows, enum data_results_table table, const void *row)
{
    const struct data_table_schema *schema = data_schema_of(table);
    struct shelf *shelf = &rows->shelves[table];
    if (rows->status != HB_OK) {
        return;
    }
    struct block *block = shelf->block_count == 0 ? NULL : &shelf->blocks[shelf->block_count - 1];
    if (block == NULL || (block->count + 1) * schema->row_bytes > BLOCK_BYTES) {
        block = block_next(rows, shelf);
        if (block == NULL) {
            return;
        }
    }
    unsigned char *slot = block->memory + block->count * schema->row_bytes;
    memcpy(slot, row, schema->row_bytes);
    if (schema->is_keyed) {
        memcpy(slot + schema->columns[0].offset, &rows->run.setting, sizeof(uint16_t));
        memcpy(slot + schema->columns[1].offset, &rows->run.policy, sizeof(uint16_t));
        memcpy(slot + schema->columns[2].offset, &rows->run.replication, sizeof(uint16_t));
    }
    block->count++;
    shelf->row_count++;
}

void data_rows_add_latency(
    struct data_rows *rows, uint32_t region, uint16_t hour, const struct data_histogram *histogram)
{
    for (uint32_t i = 0; i < DATA_HISTOGRAM_BINS; i++) {
        if (histogram->weights[i] > 0.0) {
            struct data_latency_row row = { .region = region,
                .hour = hour,
                .bin = (uint16_t)i,
                .requests = histogram->weights[i] };
            data_rows_add(rows, DATA_TABLE_LATENCY, &row);
        }
    }
}

uint64_t data_rows_count(const struct data_rows *rows, enum data_results_table table)
{
    return rows->shelves[table].row_count;
}

enum hb_status data_rows_status(const struct data_rows *rows)
{
    return rows->status;
}

enum hb_status data_rows_each(struct data_rows *rows, enum data_results_table table,
    enum hb_status (*take)(void *context, const void *block, size_t count), void *context)
{
    enum hb_status status = rows->status;
    unsigned char *scratch = malloc(BLOCK_BYTES);
    if (scratch == NULL) {
        return HB_ERR_MEMORY;
    }
    const struct shelf *shelf = &rows->shelves[table];
    for (size_t i = 0; i < shelf->block_count && status == HB_OK; i++) {
        const struct block *block = &shelf->blocks[i];
        const unsigned char *bytes = block->memory;
        if (bytes == NULL) {
            bytes = scratch;
            if (read_whole(rows->spool, scratch, BLOCK_BYTES, block->offset) != 0) {
                status = HB_ERR_IO;
                break;
            }
        }
        status = take(context, bytes, block->count);
    }
    free(scratch);
    return status;
}
