/* SPDX-License-Identifier: Apache-2.0 */
#include "core/candidates_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/lstm_math.h"
#include "core/map.h"

enum { day_slots = 96, near_max = 48 };

static void sum_hours(uint8_t sums[24][97])
{
    for (int hour = 0; hour < 24; hour++) {
        for (int slot = 0; slot < day_slots; slot++) {
            int off = (slot / 4 - hour + 36) % 24; /* 12: that hour; 11, 13: beside it */
            int halves = off == 12 ? 2 : off == 11 || off == 13 ? 1 : 0;
            sums[hour][slot + 1] = (uint8_t)(sums[hour][slot] + halves);
        }
    }
}

static uint32_t longest_row(const struct hb_candidates_counts *counts)
{
    uint32_t longest = 0;
    for (uint32_t row = 0; row < counts->row_count; row++) {
        uint32_t len = counts->move_first[row + 1] - counts->move_first[row];
        longest = len > longest ? len : longest;
    }
    return longest;
}

enum hb_status hb_candidates_create(const struct hb_candidates_tables *tables,
    uint32_t visit_max, struct hb_candidates **out)
{
    if (tables->place_count == 0 || tables->place_count > HB_TRAIL_PLACE_MAX + 1
        || visit_max == 0 || visit_max > UINT32_MAX / 4) {
        return HB_ERR_RANGE;
    }
    struct hb_candidates *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return HB_ERR_MEMORY;
    }
    work->tables = *tables;
    work->hidden = hb_features_hidden(tables->masked);
    work->visit_max = visit_max;
    work->row_max = longest_row(&tables->everybody);
    uint32_t keys = visit_max > work->row_max ? visit_max : work->row_max;
    work->own_of = calloc(tables->place_count, sizeof *work->own_of);
    work->candidate_of = calloc(tables->place_count, sizeof *work->candidate_of);
    work->visits = calloc((size_t)visit_max + 1, sizeof *work->visits);
    work->owns = calloc((size_t)visit_max + 2, sizeof *work->owns);
    work->keys = calloc((size_t)keys + 2, sizeof *work->keys);
    if (work->own_of == NULL || work->candidate_of == NULL || work->visits == NULL
        || work->owns == NULL || work->keys == NULL) {
        hb_candidates_free(work);
        return HB_ERR_MEMORY;
    }
    sum_hours(work->hour_sums);
    *out = work;
    return HB_OK;
}

void hb_candidates_free(struct hb_candidates *work)
{
    if (work == NULL) {
        return;
    }
    free(work->keys);
    free(work->owns);
    free(work->visits);
    free(work->candidate_of);
    free(work->own_of);
    free(work);
}

size_t hb_candidates_bytes(const struct hb_candidates *work)
{
    size_t keys = work->visit_max > work->row_max ? work->visit_max : work->row_max;
    return sizeof *work + 2 * (size_t)work->tables.place_count * sizeof *work->own_of
        + ((size_t)work->visit_max + 1) * sizeof *work->visits
        + ((size_t)work->visit_max + 2) * sizeof *work->owns + (keys + 2) * sizeof *work->keys;
}

/* The index of place among the own places; a place outside the table has index 0. */
static uint32_t own_at(struct hb_candidates *work, uint32_t place)
{
    if (place >= work->tables.place_count) {
        return 0;
    }
    if ((work->own_of[place] ^ work->stamp) >> 32 != 0) {
        uint32_t index = ++work->own_count;
        work->own_of[place] = work->stamp | index;
        work->owns[index] = (struct hb_candidates_own) { .place = place };
    }
    return (uint32_t)work->own_of[place];
}

/* Where the visit lies within days of 96 slots, by now's local clock. */
static void place_in_day(struct hb_candidates_visit *visit, int32_t shift)
{
    uint32_t start = (uint32_t)(visit->start + shift), end = start + visit->count;
    visit->days16 = 16 * (int32_t)(end / day_slots - start / day_slots);
    visit->clock_start = (uint8_t)(start % day_slots);
    visit->clock_end = (uint8_t)(end % day_slots);
}

/* Lays the trail out, oldest first, with the current slot at its end. */
static void unpack(struct hb_candidates *work, const struct hb_trail *trail,
    const struct hb_trail_now *now)
{
    uint32_t n = trail->visit_count, position = 0, session = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct hb_trail_visit from = hb_trail_visit(trail, i);
        session += from.is_first;
        work->visits[i] = (struct hb_candidates_visit) { .start = (int32_t)from.clock,
            .place = from.place, .count = from.count, .position = position, .session = session };
        position += from.count;
    }
    struct hb_candidates_visit *last = n > 0 ? &work->visits[n - 1] : NULL;
    if (!now->is_first && last != NULL && last->place == now->place
        && trail->end_slot == now->slot) {
        last->count++;
    } else {
        work->visits[n++] = (struct hb_candidates_visit) { .start = now->slot,
            .place = now->place, .count = 1, .position = position,
            .session = session + (now->is_first != 0) };
    }
    work->visit_count = n;
    work->slot_total = position + 1;
}

/* Slots of a whose slot `lag` later is one of b: both runs of consecutive positions. */
static uint32_t overlap(const struct hb_candidates_visit *a, const struct hb_candidates_visit *b,
    uint32_t lag)
{
    uint32_t lo = a->position + lag > b->position ? a->position + lag : b->position;
    uint32_t a_end = a->position + a->count + lag, b_end = b->position + b->count;
    uint32_t hi = a_end < b_end ? a_end : b_end;
    return hi > lo ? hi - lo : 0;
}

/* Own moves from now's place, at lags 1..4 within sessions. */
static void count_moves(struct hb_candidates *work)
{
    for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        work->own_totals[k] = 0;
    }
    for (uint32_t i = 0; i < work->visit_count; i++) {
        const struct hb_candidates_visit *from = &work->visits[i];
        if (from->own == 0 || from->place != work->now.place) {
            continue;
        }
        uint32_t end = from->position + from->count + HB_CANDIDATES_KNOTS;
        for (uint32_t j = i; j < work->visit_count; j++) {
            const struct hb_candidates_visit *to = &work->visits[j];
            if (to->session != from->session || to->position >= end) {
                break;
            }
            for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
                uint32_t moves = overlap(from, to, k + 1);
                work->owns[to->own].moves[k] += moves;
                work->own_totals[k] += moves;
            }
        }
    }
}

static void count_own(struct hb_candidates *work)
{
    work->own_count = 0;
    work->owns[0] = (struct hb_candidates_own) { .place = HB_TRAIL_UNKNOWN };
    uint32_t here = work->now.place;
    int32_t clock = work->tables.clock_slots != NULL && here < work->tables.place_count
        ? work->tables.clock_slots[here]
        : 0;
    for (uint32_t i = 0; i < work->visit_count; i++) {
        struct hb_candidates_visit *visit = &work->visits[i];
        visit->own = own_at(work, visit->place);
        place_in_day(visit, clock + 10000 * day_slots);
        struct hb_candidates_own *own = &work->owns[visit->own];
        own->slots += visit->count;
        own->visits++;
        own->last = visit->position + visit->count - 1;
    }
    count_moves(work);
    work->owns[0] = (struct hb_candidates_own) { .place = HB_TRAIL_UNKNOWN };
}

HB_CANDIDATES_CLONES static void score_owns(struct hb_candidates_own *owns, uint32_t count,
    uint32_t position)
{
    for (uint32_t i = 1; i <= count; i++) {
        struct hb_candidates_own *own = &owns[i];
        uint32_t moves = own->moves[0] + own->moves[1] + own->moves[2] + own->moves[3];
        own->score = hb_lstm_math_log((float)(1 + own->slots))
            - 0.5F * hb_lstm_math_log((float)(1 + position - own->last))
            + 2.0F * hb_lstm_math_log((float)(1 + moves));
    }
}

/* The `keep` largest keys come first, in an order that depends on the keys only. All
 * keys differ. */
static void select_largest(uint64_t *keys, uint32_t count, uint32_t keep)
{
    uint32_t lo = 0, hi = count;
    while (hi - lo > 1 && keep > lo && keep < hi) {
        uint64_t pivot = keys[lo + (hi - lo - 1) / 2]; /* never the last: split < hi */
        uint32_t left = lo, right = hi - 1;
        for (;;) {
            while (keys[left] > pivot) {
                left++;
            }
            while (keys[right] < pivot) {
                right--;
            }
            if (left >= right) {
                break;
            }
            uint64_t swap = keys[left];
            keys[left++] = keys[right];
            keys[right--] = swap;
        }
        uint32_t split = right + 1; /* [lo, split) >= pivot >= the rest */
        lo = keep > split ? split : lo;
        hi = keep > split ? hi : keep == split ? lo : split;
    }
}

static void add(struct hb_candidates *work, uint32_t place)
{
    if ((work->candidate_of[place] ^ work->stamp) >> 32 == 0
        || work->count == HB_CANDIDATES_MAX) {
        return;
    }
    uint32_t i = work->count++;
    work->candidate_of[place] = work->stamp | i;
    work->places[i] = place;
    int is_own = (work->own_of[place] ^ work->stamp) >> 32 == 0;
    work->own_index[i] = is_own ? (uint32_t)work->own_of[place] : 0;
}

static void add_owns(struct hb_candidates *work)
{
    uint32_t n = work->own_count;
    if (n <= HB_CANDIDATES_OWN_MAX) {
        for (uint32_t i = 1; i <= n; i++) {
            add(work, work->owns[i].place);
        }
        return;
    }
    score_owns(work->owns, n, work->slot_total - 1);
    uint32_t count = 0;
    for (uint32_t i = 1; i <= n; i++) {
        /* Floats in order as unsigned numbers; among equals the first seen. */
        uint32_t bits;
        memcpy(&bits, &work->owns[i].score, sizeof bits);
        bits = bits >> 31 != 0 ? ~bits : bits | UINT32_C(1) << 31;
        if (work->owns[i].place != work->now.place) {
            work->keys[count++] = (uint64_t)bits << 32 | (UINT32_MAX - i);
        }
    }
    select_largest(work->keys, count, HB_CANDIDATES_OWN_MAX);
    for (uint32_t i = 0; i < HB_CANDIDATES_OWN_MAX && i < count; i++) {
        add(work, work->owns[UINT32_MAX - (uint32_t)work->keys[i]].place);
    }
}

/* Moves from here to `place` at lag k + 1 that are this client's own. */
static uint32_t own_share(const struct hb_candidates *work, uint32_t place, uint32_t k)
{
    if (work->own_row == HB_TRAIL_UNKNOWN) {
        return 0;
    }
    const struct hb_candidates_counts *own = work->own_counts;
    for (uint32_t i = own->move_first[work->own_row]; i < own->move_first[work->own_row + 1]; i++) {
        if (own->move_places[i] == place) {
            return own->move_counts[i * HB_CANDIDATES_KNOTS + k];
        }
    }
    return 0;
}

static uint32_t others(const struct hb_candidates *work, uint32_t at, uint32_t k)
{
    const struct hb_candidates_counts *all = &work->tables.everybody;
    uint32_t total = all->move_counts[at * HB_CANDIDATES_KNOTS + k];
    uint32_t own = own_share(work, all->move_places[at], k);
    return total > own ? total - own : 0;
}

static void add_others(struct hb_candidates *work)
{
    const struct hb_candidates_counts *all = &work->tables.everybody;
    uint32_t here = work->now.place, count = 0;
    if (here >= all->row_count) {
        return;
    }
    uint32_t first = all->move_first[here], end = all->move_first[here + 1];
    for (uint32_t at = first; at < end; at++) {
        if (work->own_row == HB_TRAIL_UNKNOWN && count == HB_CANDIDATES_MOVES_MAX) {
            break; /* they are listed in order */
        }
        uint32_t sum = 0;
        for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
            sum += others(work, at, k);
        }
        if (sum > 0 && all->move_places[at] != here) {
            work->keys[count++] = (uint64_t)sum << 32 | (UINT32_MAX - at);
        }
    }
    uint32_t keep = count < HB_CANDIDATES_MOVES_MAX ? count : HB_CANDIDATES_MOVES_MAX;
    select_largest(work->keys, count, keep);
    for (uint32_t i = 0; i < keep; i++) {
        add(work, all->move_places[UINT32_MAX - (uint32_t)work->keys[i]]);
    }
}

static void add_neighbours(struct hb_candidates *work)
{
    const struct hb_candidates_tables *tables = &work->tables;
    uint32_t here = work->now.place;
    if (here >= tables->place_count || tables->near_first == NULL) {
        return;
    }
    uint32_t first = tables->near_first[here], end = tables->near_first[here + 1];
    end = end - first > near_max ? first + near_max : end;
    for (uint32_t i = first; i < end; i++) {
        add(work, tables->near_places[i]);
    }
}

/* Others' moves from here to the candidates. */
static void count_others(struct hb_candidates *work)
{
    const struct hb_candidates_counts *all = &work->tables.everybody;
    uint32_t here = work->now.place;
    for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        memset(work->others_moves[k], 0, sizeof work->others_moves[k]);
        uint32_t total = here < all->row_count
            ? all->move_totals[here * HB_CANDIDATES_KNOTS + k]
            : 0;
        uint32_t own = work->own_row == HB_TRAIL_UNKNOWN
            ? 0
            : work->own_counts->move_totals[work->own_row * HB_CANDIDATES_KNOTS + k];
        work->others_totals[k] = total > own ? total - own : 0;
    }
    if (here >= all->row_count) {
        return;
    }
    for (uint32_t at = all->move_first[here]; at < all->move_first[here + 1]; at++) {
        uint64_t mark = work->candidate_of[all->move_places[at]];
        if ((mark ^ work->stamp) >> 32 == 0) {
            for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
                work->others_moves[k][(uint32_t)mark] = (float)others(work, at, k);
            }
        }
    }
}

void hb_candidates_look(struct hb_candidates *work, const struct hb_trail *trail,
    const struct hb_trail_now *now, const struct hb_candidates_counts *own)
{
    assert(trail->visit_count <= work->visit_max);
    work->stamp += UINT64_C(1) << 32;
    if (work->stamp == 0) { /* after 2^32 looks old marks might be taken for new ones */
        memset(work->own_of, 0, work->tables.place_count * sizeof *work->own_of);
        memset(work->candidate_of, 0, work->tables.place_count * sizeof *work->candidate_of);
        work->stamp = UINT64_C(1) << 32;
    }
    struct hb_trail_now at = *now; /* its place as the trail writes it */
    at.place = now->place > HB_TRAIL_PLACE_MAX ? HB_TRAIL_UNKNOWN : now->place;
    work->now = at;
    work->now.place = at.place < work->tables.place_count ? at.place : HB_TRAIL_UNKNOWN;
    work->own_counts = own;
    work->own_row = own == NULL ? HB_TRAIL_UNKNOWN : hb_candidates_row(own, work->now.place);
    work->slots_seen = trail->slots_seen;
    work->dwell = hb_trail_dwell(trail, &at);
    work->before[0] = hb_trail_before(trail, &at, 1);
    work->before[1] = hb_trail_before(trail, &at, 2);
    work->clock = hb_candidates_clock(&work->tables, work->now.place, now->slot);
    unpack(work, trail, &at);
    count_own(work);
    work->count = 0;
    if (work->now.place != HB_TRAIL_UNKNOWN) {
        add(work, work->now.place);
    }
    if ((work->tables.masked & HB_FEATURES_OWN) == 0) {
        add_owns(work);
    }
    if ((work->tables.masked & HB_FEATURES_POPULATION) == 0) {
        add_others(work);
    }
    if ((work->tables.masked & HB_FEATURES_NEIGHBOURS) == 0) {
        add_neighbours(work);
    }
    count_others(work);
    hb_candidates_fix(work);
}
