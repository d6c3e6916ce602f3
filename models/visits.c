/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/visits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/map.h"
#include "data/grow.h"
#include "data/lines.h"

enum { field_count = 9, location_max = 999999, day_slots = 96, window_days = 7, window_least = 3 };

struct row {
    uint32_t user, location, day, minute, part, index;
};

struct rows {
    struct row *at;
    size_t count, capacity;
};

static enum hb_status append(struct rows *rows, struct row row)
{
    struct row *at = data_grow(rows->at, rows->count, &rows->capacity, sizeof *rows->at);
    if (at == NULL) {
        return HB_ERR_MEMORY;
    }
    rows->at = at;
    row.index = (uint32_t)rows->count;
    rows->at[rows->count++] = row;
    return HB_OK;
}

static enum hb_status parse(const struct data_lines *lines, char **fields,
    struct data_problem *problem, struct row *row)
{
    const struct {
        int field;
        struct data_lines_range range;
        uint32_t *to;
    } columns[] = { { 1, { "user_id", 0, 1e9 }, &row->user },
        { 2, { "location_id", 1, location_max }, &row->location },
        { 4, { "start_day", 0, 1e6 }, &row->day }, { 6, { "start_min", 0, 1440 }, &row->minute } };
    enum hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < sizeof columns / sizeof columns[0]; i++) {
        status = data_lines_whole(lines, fields[columns[i].field], &columns[i].range, problem,
            columns[i].to);
    }
    return status;
}

static enum hb_status read_file(const char *folder, const char *name, uint32_t part,
    struct data_problem *problem, struct rows *rows)
{
    char path[PATH_MAX];
    struct data_lines *lines = NULL;
    int len = snprintf(path, sizeof path, "%s/%s.csv", folder, name);
    if (len < 0 || (size_t)len >= sizeof path) {
        return data_problem_set(problem, HB_ERR_RANGE, "%.80s...: path too long", folder);
    }
    enum hb_status status = data_lines_open(path, problem, &lines);
    if (status == HB_OK) {
        status = data_lines_header(lines, "id,user_id,location_id,duration,start_day,end_day,"
                                          "start_min,end_min,weekday", problem);
    }
    for (int has_row = 1; status == HB_OK && has_row;) {
        char *fields[field_count];
        struct row row = { .part = part };
        status = data_lines_row(lines, field_count, fields, problem, &has_row);
        if (status == HB_OK && has_row) {
            status = parse(lines, fields, problem, &row);
        }
        if (status == HB_OK && has_row) {
            status = append(rows, row);
        }
    }
    data_lines_close(lines);
    return status;
}

static int in_order(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    const uint32_t keys[][2] = { { a->user, b->user }, { a->part, b->part }, { a->day, b->day },
        { a->minute, b->minute }, { a->index, b->index } };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* The first half of a client's validation rows joins the training. */
static void split(struct model_dataset *dataset, uint64_t begin, uint64_t end)
{
    uint64_t first = begin, last = end;
    while (first < end && dataset->part[first] == MODEL_PART_TRAIN) {
        first++;
    }
    while (last > first && dataset->part[last - 1] == MODEL_PART_TEST) {
        last--;
    }
    for (uint64_t i = first; i < first + (last - first) / 2; i++) {
        dataset->part[i] = MODEL_PART_TRAIN;
    }
}

/* Whether test row i is an official sample. */
static int is_sample(const struct rows *rows, size_t i)
{
    const struct row *row = &rows->at[i];
    uint32_t seen = 0, first_day = row->day;
    for (size_t j = i; j-- > 0;) {
        const struct row *before = &rows->at[j];
        if (before->user != row->user || before->part != MODEL_PART_TEST) {
            break;
        }
        first_day = before->day;
        seen += before->day + window_days >= row->day;
    }
    return row->part == MODEL_PART_TEST && row->day >= first_day + window_days
        && seen >= window_least;
}

static void fill(const struct rows *rows, const uint32_t *place_of, struct model_dataset *dataset,
    uint8_t *asked)
{
    uint32_t client = 0;
    dataset->is_visits = 1;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->at[i];
        int is_new = i == 0 || row->user != rows->at[i - 1].user;
        if (is_new && i > 0) {
            dataset->first[++client] = i;
        }
        dataset->slot[i] = (int32_t)(row->day * day_slots + row->minute / 15);
        dataset->place[i] = place_of[row->location];
        dataset->flags[i] = (uint8_t)(MODEL_SLOT_OBSERVED | (is_new ? MODEL_SLOT_FIRST : 0));
        dataset->part[i] = (uint8_t)row->part;
        if (!is_new) {
            asked[i - 1] = (uint8_t)is_sample(rows, i);
        }
    }
    dataset->first[dataset->client_count] = rows->count;
    for (uint32_t i = 0; i < dataset->client_count; i++) {
        split(dataset, dataset->first[i], dataset->first[i + 1]);
    }
}

static enum hb_status build(const struct rows *rows, struct model_dataset **out, uint8_t **asked)
{
    uint32_t *place_of = calloc((size_t)location_max + 1, sizeof *place_of);
    uint8_t *wanted = calloc(rows->count + 1, 1);
    struct model_dataset *dataset = NULL;
    struct model_dataset_sizes sizes = { .slot_count = rows->count };
    enum hb_status status = place_of == NULL || wanted == NULL ? HB_ERR_MEMORY : HB_OK;
    for (size_t i = 0; status == HB_OK && i < rows->count; i++) {
        place_of[rows->at[i].location] = 1;
        sizes.client_count += i == 0 || rows->at[i].user != rows->at[i - 1].user;
    }
    for (uint32_t i = 0; status == HB_OK && i <= location_max; i++) {
        place_of[i] = place_of[i] != 0 ? sizes.place_count++ : HB_NONE;
    }
    if (status == HB_OK) {
        status = model_dataset_create(&sizes, &dataset);
    }
    if (status == HB_OK) {
        fill(rows, place_of, dataset, wanted);
        status = model_dataset_finish(dataset, 0.0);
    }
    free(place_of);
    if (status != HB_OK) {
        model_dataset_free(dataset);
        free(wanted);
        return status;
    }
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        dataset->near_first[i + 1] = 0; /* nobody knows where the places are */
    }
    *out = dataset;
    *asked = wanted;
    return HB_OK;
}

enum hb_status model_visits_read(const char *folder, struct data_problem *problem,
    struct model_dataset **out, uint8_t **asked)
{
    static const char *const names[] = { "train", "valid", "test" };
    struct rows rows = { .at = NULL };
    enum hb_status status = HB_OK;
    for (uint32_t part = 0; status == HB_OK && part < 3; part++) {
        status = read_file(folder, names[part], part, problem, &rows);
    }
    if (status == HB_OK && rows.count == 0) {
        status = data_problem_set(problem, HB_ERR_FORMAT, "%s: no visits: expected some", folder);
    }
    if (status == HB_OK) {
        qsort(rows.at, rows.count, sizeof *rows.at, in_order);
        status = build(&rows, out, asked);
    }
    free(rows.at);
    if (status != HB_OK && problem->text[0] == '\0') {
        return data_problem_set(problem, status, "%s: %s", folder, hb_status_text(status));
    }
    return status;
}
