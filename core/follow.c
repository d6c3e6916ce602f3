/* SPDX-License-Identifier: Apache-2.0 */
#include "core/follow.h"

#include <assert.h>
#include <stdlib.h>

#define WAYS 8

struct hb_follow {
    uint32_t row_count; /* a power of two, >= WAYS */
    struct hb_follow_row *rows;
};

enum hb_status hb_follow_create(uint32_t context_capacity, struct hb_follow **out)
{
    struct hb_follow *follow = calloc(1, sizeof *follow);
    if (follow == NULL) {
        return HB_ERR_MEMORY;
    }
    follow->row_count = WAYS;
    while (follow->row_count < context_capacity && follow->row_count < UINT32_C(1) << 30) {
        follow->row_count *= 2;
    }
    follow->rows = calloc(follow->row_count, sizeof *follow->rows);
    if (follow->rows == NULL) {
        free(follow);
        return HB_ERR_MEMORY;
    }
    *out = follow;
    return HB_OK;
}

void hb_follow_free(struct hb_follow *follow)
{
    if (follow != NULL) {
        free(follow->rows);
        free(follow);
    }
}

size_t hb_follow_bytes(const struct hb_follow *follow)
{
    return sizeof *follow + (size_t)follow->row_count * sizeof *follow->rows;
}

static struct hb_follow_row *ways_of(const struct hb_follow *follow, uint64_t key)
{
    assert(key != 0);
    uint32_t set = (uint32_t)hb_history_mix(1, key) & (follow->row_count - 1);
    return &follow->rows[set & ~(uint32_t)(WAYS - 1)];
}

static struct hb_follow_row *find(const struct hb_follow *follow, uint64_t key)
{
    struct hb_follow_row *ways = ways_of(follow, key);
    for (int i = 0; i < WAYS; i++) {
        if (ways[i].key == key) {
            return &ways[i];
        }
    }
    return NULL;
}

const struct hb_follow_row *hb_follow_row_of(const struct hb_follow *follow, uint64_t key)
{
    return find(follow, key);
}

static uint32_t place_total(const struct hb_follow_row *row, int place)
{
    uint32_t total = 0;
    for (int step = 0; step < HB_HISTORY_STEPS; step++) {
        total += row->counts[place][step];
    }
    return total;
}

static uint32_t row_total(const struct hb_follow_row *row)
{
    uint32_t total = 0;
    for (int step = 0; step < HB_HISTORY_STEPS; step++) {
        total += row->lost[step];
    }
    for (int place = 0; place < HB_FOLLOW_PLACES; place++) {
        total += place_total(row, place);
    }
    return total;
}

/* The least used of the ways becomes the row of key. */
static struct hb_follow_row *make_row(struct hb_follow *follow, uint64_t key)
{
    struct hb_follow_row *ways = ways_of(follow, key), *least = &ways[0];
    uint32_t least_total = UINT32_MAX;
    for (int i = 0; i < WAYS; i++) {
        uint32_t total = row_total(&ways[i]);
        if (total < least_total) {
            least = &ways[i];
            least_total = total;
        }
    }
    *least = (struct hb_follow_row){ .key = key };
    return least;
}

static int place_index(const struct hb_follow_row *row, uint32_t place)
{
    for (int i = 0; i < HB_FOLLOW_PLACES; i++) {
        if (row->places[i] == place && place_total(row, i) > 0) {
            return i;
        }
    }
    return -1;
}

/* The rarest place joins the lost (a free one has nothing to add to them). */
static int make_place(struct hb_follow_row *row, uint32_t place)
{
    int rarest = 0;
    uint32_t rarest_total = UINT32_MAX;
    for (int i = 0; i < HB_FOLLOW_PLACES; i++) {
        uint32_t total = place_total(row, i);
        if (total < rarest_total) {
            rarest = i;
            rarest_total = total;
        }
    }
    for (int step = 0; step < HB_HISTORY_STEPS; step++) {
        uint32_t lost = (uint32_t)row->lost[step] + row->counts[rarest][step];
        row->lost[step] = (uint16_t)(lost > UINT16_MAX ? UINT16_MAX : lost);
        row->counts[rarest][step] = 0;
    }
    row->places[rarest] = place;
    return rarest;
}

static void fade(struct hb_follow_row *row)
{
    for (int step = 0; step < HB_HISTORY_STEPS; step++) {
        row->lost[step] /= 2;
        for (int i = 0; i < HB_FOLLOW_PLACES; i++) {
            row->counts[i][step] /= 2;
        }
    }
}

void hb_follow_count(struct hb_follow *follow, uint64_t key, unsigned step, uint32_t place)
{
    assert(step < HB_HISTORY_STEPS);
    struct hb_follow_row *row = find(follow, key);
    row = row != NULL ? row : make_row(follow, key);
    int i = place_index(row, place);
    i = i >= 0 ? i : make_place(row, place);
    if (row->counts[i][step] == UINT16_MAX) {
        fade(row);
    }
    row->counts[i][step]++;
}
