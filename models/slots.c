/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/slots.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/map.h"
#include "data/grow.h"
#include "data/lines.h"

/* The grid of the protocol; Beijing keeps UTC + 8 h. */
enum { cell_columns = 94, cell_max = 999999, beijing_slots = 32 };
static const double south_deg = 39.75, west_deg = 116.10;
static const double row_deg = 0.0045, column_deg = 0.00586;

struct row {
    uint32_t user, session, slot, cell, observed;
};

struct rows {
    struct row *at;
    size_t count, capacity;
};

static enum hb_status parse(const struct data_lines *lines, char **fields,
    struct data_problem *problem, struct row *row)
{
    const struct {
        struct data_lines_range range;
        uint32_t *to;
    } columns[] = { { { "user", 0, 1e9 }, &row->user }, { { "session", 0, 1e9 }, &row->session },
        { { "slot", 0, 2e9 }, &row->slot }, { { "cell", 0, cell_max }, &row->cell },
        { { "observed", 0, 1 }, &row->observed } };
    enum hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < 5; i++) {
        status = data_lines_whole(lines, fields[i], &columns[i].range, problem, columns[i].to);
    }
    return status;
}

/* Order within the file; before: the row above. */
static enum hb_status follow(const struct data_lines *lines, const struct row *before,
    const struct row *row, struct data_problem *problem)
{
    if (row->user < before->user) {
        return data_lines_refuse(lines, problem, "user %u after %u: expected users in order",
            row->user, before->user);
    }
    if (row->user == before->user && row->slot <= before->slot) {
        return data_lines_refuse(lines, problem, "slot %u after %u: expected a later one",
            row->slot, before->slot);
    }
    if (row->user == before->user && row->session == before->session
        && row->slot != before->slot + 1) {
        return data_lines_refuse(lines, problem,
            "slot %u after %u in session %u: expected the next one", row->slot, before->slot,
            row->session);
    }
    return HB_OK;
}

static enum hb_status append(struct rows *rows, const struct row *row)
{
    struct row *at = data_grow(rows->at, rows->count, &rows->capacity, sizeof *rows->at);
    if (at == NULL) {
        return HB_ERR_MEMORY;
    }
    rows->at = at;
    rows->at[rows->count++] = *row;
    return HB_OK;
}

static enum hb_status read_rows(struct data_lines *lines, struct data_problem *problem,
    struct rows *rows)
{
    enum hb_status status
        = data_lines_header(lines, "user,session,slot,cell,observed", problem);
    for (;;) {
        char *fields[5];
        struct row row;
        int has_row = 0;
        if (status == HB_OK) {
            status = data_lines_row(lines, 5, fields, problem, &has_row);
        }
        if (status != HB_OK || !has_row) {
            break;
        }
        status = parse(lines, fields, problem, &row);
        if (status == HB_OK && rows->count > 0) {
            status = follow(lines, &rows->at[rows->count - 1], &row, problem);
        }
        if (status == HB_OK) {
            status = append(rows, &row);
        }
    }
    if (status == HB_OK && rows->count == 0) {
        return data_lines_refuse(lines, problem, "no slots: expected at least one");
    }
    return status;
}

static struct model_dataset_sizes sizes_of(const struct rows *rows, uint32_t *place_of)
{
    struct model_dataset_sizes sizes = { .slot_count = rows->count };
    for (size_t i = 0; i < rows->count; i++) {
        place_of[rows->at[i].cell] = 1;
        sizes.client_count += i == 0 || rows->at[i].user != rows->at[i - 1].user;
    }
    for (uint32_t cell = 0; cell <= cell_max; cell++) {
        place_of[cell] = place_of[cell] != 0 ? sizes.place_count++ : HB_NONE;
    }
    return sizes;
}

/* The first 70 % train, the next 10 % validate, the last 20 % test. */
static void split(struct model_dataset *dataset, uint64_t begin, uint64_t end)
{
    uint64_t n = end - begin, train = (7 * n + 9) / 10, valid = (8 * n + 9) / 10;
    for (uint64_t i = 0; i < n; i++) {
        dataset->part[begin + i] = (uint8_t)(i < train ? MODEL_PART_TRAIN
                : i < valid                            ? MODEL_PART_VALID
                                                       : MODEL_PART_TEST);
    }
}

static void fill(const struct rows *rows, const uint32_t *place_of, struct model_dataset *dataset)
{
    uint32_t client = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->at[i], *before = i > 0 ? row - 1 : NULL;
        bool is_new = before == NULL || before->user != row->user;
        bool is_first = is_new || before->session != row->session;
        if (is_new && i > 0) {
            dataset->first[++client] = i;
        }
        dataset->slot[i] = (int32_t)row->slot;
        dataset->place[i] = place_of[row->cell];
        dataset->flags[i] = (uint8_t)((row->observed ? MODEL_SLOT_OBSERVED : 0)
            | (is_first ? MODEL_SLOT_FIRST : 0));
    }
    dataset->first[dataset->client_count] = rows->count;
    for (uint32_t i = 0; i < dataset->client_count; i++) {
        split(dataset, dataset->first[i], dataset->first[i + 1]);
    }
    for (uint32_t cell = 0; cell <= cell_max; cell++) {
        uint32_t place = place_of[cell];
        if (place != HB_NONE) {
            dataset->lat_deg[place] = south_deg + row_deg * (cell / cell_columns + 0.5);
            dataset->lon_deg[place] = west_deg + column_deg * (cell % cell_columns + 0.5);
            dataset->clock_slots[place] = beijing_slots;
        }
    }
}

static enum hb_status build(const struct rows *rows, struct model_dataset **out)
{
    uint32_t *place_of = calloc((size_t)cell_max + 1, sizeof *place_of);
    if (place_of == NULL) {
        return HB_ERR_MEMORY;
    }
    struct model_dataset_sizes sizes = sizes_of(rows, place_of);
    struct model_dataset *dataset = NULL;
    enum hb_status status = model_dataset_create(&sizes, &dataset);
    if (status == HB_OK) {
        fill(rows, place_of, dataset);
        status = model_dataset_finish(dataset, 2.2); /* three rings of cells */
    }
    free(place_of);
    if (status != HB_OK) {
        model_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return HB_OK;
}

/* Leaves each user the first slots, rounded up. */
static void shorten(struct rows *rows, uint64_t first_percent)
{
    size_t kept = 0;
    for (size_t begin = 0; begin < rows->count;) {
        size_t end = begin + 1;
        while (end < rows->count && rows->at[end].user == rows->at[begin].user) {
            end++;
        }
        size_t count = ((end - begin) * first_percent + 99) / 100;
        for (size_t i = 0; i < count; i++) {
            rows->at[kept++] = rows->at[begin + i];
        }
        begin = end;
    }
    rows->count = kept;
}

enum hb_status model_slots_read(const char *path, uint32_t first_percent,
    struct data_problem *problem, struct model_dataset **out)
{
    assert(first_percent >= 1);
    assert(first_percent <= 100);
    struct data_lines *lines = NULL;
    struct rows rows = { .at = NULL };
    enum hb_status status = data_lines_open(path, problem, &lines);
    if (status == HB_OK) {
        status = read_rows(lines, problem, &rows);
    }
    if (status == HB_OK) {
        shorten(&rows, first_percent);
        status = build(&rows, out);
    }
    data_lines_close(lines);
    free(rows.at);
    if (status != HB_OK && problem->text[0] == '\0') {
        return data_problem_set(problem, status, "%s: %s", path, hb_status_text(status));
    }
    return status;
}
