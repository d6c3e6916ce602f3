/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/counts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"

enum { lags = HB_CANDIDATES_KNOTS, hours = 24, day_slots = 96 };

/* The arrays of one hb_candidates_counts. */
struct owner {
    uint32_t row_count;
    uint32_t *row_places, *slot_counts, *hour_counts, *move_totals, *move_first, *move_places,
        *move_counts;
};

struct model_counts {
    uint32_t client_count;
    struct owner *owners;               /* [client_count + 1]; the last is everybody's */
    struct hb_candidates_counts *views; /* the same */
};

static void free_owner(struct owner *owner)
{
    free(owner->move_counts);
    free(owner->move_places);
    free(owner->move_first);
    free(owner->move_totals);
    free(owner->hour_counts);
    free(owner->slot_counts);
    free(owner->row_places);
}

static int by_word(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* One move: from (20 bits), to (20), lag - 1 (2); equal ones stand together once sorted. */
static uint64_t move_word(uint32_t from, uint32_t to, uint32_t lag)
{
    return (uint64_t)from << 22 | (uint64_t)to << 2 | (lag - 1);
}

static size_t collect_moves(const struct model_dataset *dataset, uint64_t begin, uint64_t end,
    uint64_t *words)
{
    size_t count = 0;
    for (uint64_t i = begin; i < end; i++) {
        for (uint32_t lag = 1; lag <= lags && i + lag < end; lag++) {
            if ((dataset->flags[i + lag] & MODEL_SLOT_FIRST) != 0
                || dataset->part[i + lag] != MODEL_PART_TRAIN) {
                break;
            }
            if (dataset->part[i] == MODEL_PART_TRAIN) {
                words[count++] = move_word(dataset->place[i], dataset->place[i + lag], lag);
            }
        }
    }
    return count;
}

struct move {
    uint32_t to, sum, counts[lags];
};

static int by_sum(const void *left, const void *right)
{
    const struct move *a = left, *b = right;
    if (a->sum != b->sum) {
        return a->sum > b->sum ? -1 : 1;
    }
    return a->to < b->to ? -1 : a->to > b->to;
}

/* The moves of one row from its sorted words; returns how many different ones. */
static size_t gather_row(const uint64_t *words, size_t count, struct move *moves)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t to = (uint32_t)(words[i] >> 2) & 0xfffff;
        if (found == 0 || moves[found - 1].to != to) {
            moves[found++] = (struct move) { .to = to };
        }
        moves[found - 1].sum++;
        moves[found - 1].counts[words[i] & 3]++;
    }
    qsort(moves, found, sizeof *moves, by_sum);
    return found;
}

/* row_of: a place's row, HB_NONE: none. */
static void fill_moves(struct owner *owner, const uint64_t *words, size_t count,
    const uint32_t *row_of, uint32_t moves_max, struct move *moves)
{
    uint32_t kept = 0, row = 0;
    for (size_t begin = 0, end; begin < count; begin = end) {
        uint32_t from = (uint32_t)(words[begin] >> 22);
        for (end = begin; end < count && words[end] >> 22 == from; end++) {
            owner->move_totals[row_of[from] * lags + (words[end] & 3)]++;
        }
        for (; row <= row_of[from]; row++) {
            owner->move_first[row] = kept;
        }
        size_t found = gather_row(words + begin, end - begin, moves);
        found = moves_max > 0 && found > moves_max ? moves_max : found;
        for (size_t i = 0; i < found; i++, kept++) {
            owner->move_places[kept] = moves[i].to;
            memcpy(owner->move_counts + (size_t)kept * lags, moves[i].counts,
                sizeof moves[i].counts);
        }
    }
    for (; row <= owner->row_count; row++) {
        owner->move_first[row] = kept;
    }
}

static bool allocate(struct owner *owner, size_t rows, size_t moves)
{
    owner->row_count = (uint32_t)rows;
    owner->row_places = calloc(rows + 1, sizeof *owner->row_places);
    owner->slot_counts = calloc(rows + 1, sizeof *owner->slot_counts);
    owner->hour_counts = calloc(rows * hours + 1, sizeof *owner->hour_counts);
    owner->move_totals = calloc(rows * lags + 1, sizeof *owner->move_totals);
    owner->move_first = calloc(rows + 1, sizeof *owner->move_first);
    owner->move_places = calloc(moves + 1, sizeof *owner->move_places);
    owner->move_counts = calloc(moves * lags + 1, sizeof *owner->move_counts);
    return owner->row_places != NULL && owner->slot_counts != NULL && owner->hour_counts != NULL
        && owner->move_totals != NULL && owner->move_first != NULL && owner->move_places != NULL
        && owner->move_counts != NULL;
}

static size_t distinct_moves(const uint64_t *words, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += i == 0 || words[i] >> 2 != words[i - 1] >> 2;
    }
    return found;
}

static void count_slots(const struct model_dataset *dataset, uint64_t begin, uint64_t end,
    const uint32_t *row_of, struct owner *owner)
{
    for (uint64_t i = begin; i < end; i++) {
        uint32_t place = dataset->place[i];
        if (dataset->part[i] == MODEL_PART_TRAIN) {
            int64_t clock = (int64_t)dataset->slot[i] + dataset->clock_slots[place];
            int64_t in_day = (clock % day_slots + day_slots) % day_slots;
            owner->slot_counts[row_of[place]]++;
            owner->hour_counts[row_of[place] * hours + (uint32_t)(in_day / 4)]++;
        }
    }
}

/* Rows of the places in begin .. end, or of all. Writes row_of; returns how many. */
static uint32_t name_rows(const struct model_dataset *dataset, uint64_t begin, uint64_t end,
    bool is_all, uint32_t *row_of)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        row_of[i] = is_all ? 0 : HB_NONE;
    }
    for (uint64_t i = begin; i < end; i++) {
        row_of[dataset->place[i]] = 0;
    }
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        row_of[i] = row_of[i] == 0 ? rows++ : HB_NONE;
    }
    return rows;
}

struct scratch {
    uint64_t *words;
    uint32_t *row_of;
    struct move *moves;
    uint32_t moves_max;
};

static enum hb_status count_range(const struct model_dataset *dataset, uint64_t begin,
    uint64_t end, const struct scratch *scratch, struct owner *owner)
{
    bool is_all = begin == 0 && end == dataset->slot_count;
    uint32_t rows = name_rows(dataset, begin, end, is_all, scratch->row_of);
    size_t count = 0;
    for (uint32_t client = 0; client < dataset->client_count; client++) {
        if (dataset->first[client] >= begin && dataset->first[client + 1] <= end) {
            count += collect_moves(dataset, dataset->first[client], dataset->first[client + 1],
                scratch->words + count);
        }
    }
    qsort(scratch->words, count, sizeof *scratch->words, by_word);
    if (!allocate(owner, rows, distinct_moves(scratch->words, count))) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        if (scratch->row_of[i] != HB_NONE) {
            owner->row_places[scratch->row_of[i]] = i;
        }
    }
    count_slots(dataset, begin, end, scratch->row_of, owner);
    fill_moves(owner, scratch->words, count, scratch->row_of, is_all ? scratch->moves_max : 0,
        scratch->moves);
    return HB_OK;
}

static struct hb_candidates_counts view_of(const struct owner *owner, bool is_all)
{
    return (struct hb_candidates_counts) { .row_count = owner->row_count,
        .row_places = is_all ? NULL : owner->row_places,
        .slot_counts = owner->slot_counts,
        .hour_counts = owner->hour_counts,
        .move_totals = owner->move_totals,
        .move_first = owner->move_first,
        .move_places = owner->move_places,
        .move_counts = owner->move_counts };
}

static enum hb_status count_all(const struct model_dataset *dataset, const struct scratch *scratch,
    struct model_counts *counts)
{
    if (scratch->words == NULL || scratch->row_of == NULL || scratch->moves == NULL
        || counts->owners == NULL || counts->views == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i <= dataset->client_count; i++) {
        bool is_all = i == dataset->client_count;
        uint64_t begin = is_all ? 0 : dataset->first[i];
        uint64_t end = is_all ? dataset->slot_count : dataset->first[i + 1];
        enum hb_status status = count_range(dataset, begin, end, scratch, &counts->owners[i]);
        if (status != HB_OK) {
            return status;
        }
        counts->views[i] = view_of(&counts->owners[i], is_all);
    }
    return HB_OK;
}

enum hb_status model_counts_create(const struct model_dataset *dataset, uint32_t moves_max,
    struct model_counts **out)
{
    struct model_counts *counts = calloc(1, sizeof *counts);
    if (counts == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t owners = (size_t)dataset->client_count + 1;
    counts->client_count = dataset->client_count;
    counts->owners = calloc(owners, sizeof *counts->owners);
    counts->views = calloc(owners, sizeof *counts->views);
    struct scratch scratch = { .words = calloc(lags * dataset->slot_count + 1, sizeof(uint64_t)),
        .row_of = calloc(dataset->place_count, sizeof(uint32_t)),
        .moves = calloc(dataset->place_count, sizeof(struct move)),
        .moves_max = moves_max };
    enum hb_status status = count_all(dataset, &scratch, counts);
    free(scratch.moves);
    free(scratch.row_of);
    free(scratch.words);
    if (status != HB_OK) {
        model_counts_free(counts);
        return status;
    }
    *out = counts;
    return HB_OK;
}

void model_counts_free(struct model_counts *counts)
{
    if (counts == NULL) {
        return;
    }
    for (uint32_t i = 0; counts->owners != NULL && i <= counts->client_count; i++) {
        free_owner(&counts->owners[i]);
    }
    free(counts->views);
    free(counts->owners);
    free(counts);
}

const struct hb_candidates_counts *model_counts_everybody(const struct model_counts *counts)
{
    return &counts->views[counts->client_count];
}

const struct hb_candidates_counts *model_counts_own(const struct model_counts *counts,
    uint32_t client)
{
    return &counts->views[client];
}

struct hb_candidates_tables model_counts_tables(const struct model_counts *counts,
    const struct model_dataset *dataset)
{
    return (struct hb_candidates_tables) { .place_count = dataset->place_count,
        .east_km = dataset->east_km,
        .north_km = dataset->north_km,
        .clock_slots = dataset->clock_slots,
        .near_first = dataset->near_first,
        .near_places = dataset->near_places,
        .everybody = *model_counts_everybody(counts) };
}
