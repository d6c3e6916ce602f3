/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "core/candidates_impl.h"
#include "core/lstm_math.h"

enum { day_slots = 96, week_slots = 7 * day_slots };

uint32_t hb_candidates_clock(const struct hb_candidates_tables *tables, uint32_t place,
    int32_t slot)
{
    int64_t shift = tables->clock_slots != NULL && place < tables->place_count
        ? tables->clock_slots[place]
        : 0;
    /* 1970 began on a Thursday. */
    int64_t clock = ((int64_t)slot + shift + 4 * day_slots) % week_slots;
    return (uint32_t)(clock < 0 ? clock + week_slots : clock);
}

uint32_t hb_candidates_row(const struct hb_candidates_counts *counts, uint32_t place)
{
    if (counts->row_places == NULL) {
        return place < counts->row_count ? place : HB_TRAIL_UNKNOWN;
    }
    uint32_t lo = 0, hi = counts->row_count;
    while (lo < hi) {
        uint32_t middle = lo + (hi - lo) / 2;
        if (counts->row_places[middle] < place) {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    return lo < counts->row_count && counts->row_places[lo] == place ? lo : HB_TRAIL_UNKNOWN;
}

/* sin and cos of turn / 96 of a turn: Taylor series within a quarter, whose last terms are
 * below 1e-9. */
static void circle(uint32_t turn, float *sine, float *cosine)
{
    double x = (double)(turn % 24) * (3.14159265358979323846 / 48.0), z = -x * x;
    double s = x * (1 + z / 6 * (1 + z / 20 * (1 + z / 42 * (1 + z / 72 * (1 + z / 110
        * (1 + z / 156 * (1 + z / 210)))))));
    double c = 1 + z / 2 * (1 + z / 12 * (1 + z / 30 * (1 + z / 56 * (1 + z / 90
        * (1 + z / 132 * (1 + z / 182))))));
    uint32_t quarter = turn / 24 % 4;
    *sine = (float)(quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c);
    *cosine = (float)(quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s);
}

static float is_weekend(uint32_t clock)
{
    uint32_t day = clock / day_slots; /* 0 Sunday, 6 Saturday */
    return day == 0 || day == 6 ? 1.0F : 0.0F;
}

/* From the place before to here. */
static float jump(const struct hb_candidates_tables *tables, uint32_t before, uint32_t here,
    float *east, float *north)
{
    *east = *north = 0.0F;
    if (before < tables->place_count && here < tables->place_count) {
        *east = tables->east_km[here] - tables->east_km[before];
        *north = tables->north_km[here] - tables->north_km[before];
    }
    return sqrtf(*east * *east + *north * *north);
}

/* Masked inputs are 0. */
static void hide(uint32_t hidden, uint32_t count, float *features)
{
    for (uint32_t i = 0; hidden != 0 && i < count; i++) {
        features[i] = (hidden >> i & 1) != 0 ? 0.0F : features[i];
    }
}

void hb_candidates_step(const struct hb_candidates_tables *tables, const struct hb_trail *trail,
    const struct hb_trail_now *now, float features[HB_CANDIDATES_STEP_FEATURES])
{
    struct hb_trail_now at = *now;
    at.place = now->place > HB_TRAIL_PLACE_MAX ? HB_TRAIL_UNKNOWN : now->place;
    uint32_t clock = hb_candidates_clock(tables, at.place, at.slot);
    uint32_t dwell = hb_trail_dwell(trail, &at);
    float east, north;
    float km = jump(tables, hb_trail_before(trail, &at, 1), at.place, &east, &north);
    circle(clock % day_slots, &features[0], &features[1]);
    features[2] = is_weekend(clock);
    features[3] = hb_lstm_math_log((float)dwell) / 2.0F;
    features[4] = east / (1.0F + km);
    features[5] = north / (1.0F + km);
    features[6] = hb_lstm_math_log(1.0F + km);
    features[7] = now->is_observed ? 1.0F : 0.0F;
    features[8] = !now->is_first && dwell == 1 ? 1.0F : 0.0F;
    features[9] = now->is_first ? 1.0F : 0.0F;
    hide(hb_features_hidden(tables->masked).step, HB_CANDIDATES_STEP_FEATURES, features);
}

void hb_candidates_context(const struct hb_candidates *work, float context[HB_CANDIDATES_CONTEXT])
{
    const struct hb_candidates_own *here
        = &work->owns[work->visits[work->visit_count - 1].own];
    float before = here->slots > 0 ? (float)(here->slots - 1) : 0.0F;
    circle(work->clock % day_slots, &context[0], &context[1]);
    context[2] = is_weekend(work->clock);
    context[3] = hb_lstm_math_log((float)work->dwell);
    context[4] = work->east_km / (1.0F + work->jump_km);
    context[5] = work->north_km / (1.0F + work->jump_km);
    context[6] = hb_lstm_math_log(1.0F + work->jump_km);
    context[7] = work->now.is_observed ? 1.0F : 0.0F;
    context[8] = hb_lstm_math_log(1.0F + before) / 3.0F;
    context[9] = hb_lstm_math_log(1.0F + (float)work->slots_seen) / 5.0F;
    context[10] = work->now.is_observed && work->now.was_observed ? 1.0F : 0.0F;
    context[11] = hb_lstm_math_log(1.0F + (float)work->own_totals[3]) / 3.0F;
    hide(work->hidden.context, HB_CANDIDATES_CONTEXT, context);
}

/* x [HB_CANDIDATES_MAX] = log(1 + x) * factor. */
HB_CANDIDATES_CLONES static void log_scaled(float *x, float factor)
{
    for (uint32_t i = 0; i < HB_CANDIDATES_MAX; i++) {
        x[i] = hb_lstm_math_log(1.0F + x[i]) * factor;
    }
}

/* 10, 11, 19 from the offsets of the candidates from here, left in 10 and 11. */
HB_CANDIDATES_CLONES static void fix_geometry(float (*f)[HB_CANDIDATES_MAX], float jump_east,
    float jump_north, float jump_km)
{
    for (uint32_t i = 0; i < HB_CANDIDATES_MAX; i++) {
        float east = f[10][i], north = f[11][i];
        float km = sqrtf(east * east + north * north), product = km * jump_km;
        float dot = east * jump_east + north * jump_north;
        f[10][i] = hb_lstm_math_log(1.0F + km);
        f[11][i] = product > 0.0F ? dot / (product > 0.0F ? product : 1.0F) : 0.0F;
        f[19][i] = km < 0.8F && km > 0.0F ? 1.0F : 0.0F;
    }
}

static float others_slots(const struct hb_candidates *work, uint32_t place)
{
    const struct hb_candidates_counts *all = &work->tables.everybody;
    uint32_t total = place < all->row_count ? all->slot_counts[place] : 0, own = 0;
    if (work->own_counts != NULL) {
        uint32_t row = hb_candidates_row(work->own_counts, place);
        own = row == HB_TRAIL_UNKNOWN ? 0 : work->own_counts->slot_counts[row];
    }
    return total > own ? (float)(total - own) : 0.0F;
}

static void fix_one(struct hb_candidates *work, uint32_t i)
{
    uint32_t place = work->places[i], here = work->now.place;
    const struct hb_candidates_own *own = &work->owns[work->own_index[i]];
    float(*f)[HB_CANDIDATES_MAX] = work->fixed;
    float slots = (float)own->slots;
    f[0][i] = place == here ? 1.0F : 0.0F;
    f[1][i] = slots;
    f[2][i] = (float)own->visits;
    f[3][i] = (float)(work->slot_total - 1 - own->last);
    f[9][i] = others_slots(work, place);
    if (here != HB_TRAIL_UNKNOWN) {
        f[10][i] = work->tables.east_km[place] - work->tables.east_km[here];
        f[11][i] = work->tables.north_km[place] - work->tables.north_km[here];
    }
    f[12][i] = place == work->before[0] ? 1.0F : 0.0F;
    f[13][i] = place == work->before[1] ? 1.0F : 0.0F;
    f[14][i] = own->slots > 0 ? 1.0F : 0.0F;
    f[15][i] = slots / (float)work->slot_total;
    work->own_slots[i] = slots;
    for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        work->own_moves[k][i] = (float)own->moves[k];
    }
}

void hb_candidates_fix(struct hb_candidates *work)
{
    float(*f)[HB_CANDIDATES_MAX] = work->fixed;
    memset(f, 0, sizeof work->fixed);
    memset(work->own_slots, 0, sizeof work->own_slots);
    memset(work->own_moves, 0, sizeof work->own_moves);
    work->jump_km = jump(&work->tables, work->before[0], work->now.place, &work->east_km,
        &work->north_km);
    for (uint32_t i = 0; i < work->count; i++) {
        fix_one(work, i);
    }
    log_scaled(f[1], 1.0F / 3.0F);
    log_scaled(f[2], 1.0F / 3.0F);
    log_scaled(f[3], 0.25F);
    log_scaled(f[9], 0.2F);
    fix_geometry(f, work->east_km, work->north_km, work->jump_km);
    for (uint32_t i = 0; i < work->count; i++) {
        f[3][i] = work->own_index[i] == 0 ? 2.5F : f[0][i] > 0.0F ? 0.0F : f[3][i];
    }
}

/* The eight features that depend on the horizon, at one knot. */
enum { at_4, at_5, at_6, at_7, at_8, at_16, at_17, at_18, moving };
static const uint8_t feature_of[moving] = { 4, 5, 6, 7, 8, 16, 17, 18 };

HB_CANDIDATES_CLONES static void move_features(const struct hb_candidates *work, uint32_t k,
    float (*f)[HB_CANDIDATES_MAX])
{
    float own_total = (float)work->own_totals[k], others_total = (float)work->others_totals[k];
    const float *own = work->own_moves[k], *others = work->others_moves[k];
    for (uint32_t i = 0; i < HB_CANDIDATES_MAX; i++) {
        float share = others[i] / (others_total + 2.0F);
        f[at_4][i] = hb_lstm_math_log(1.0F + own[i]);
        f[at_5][i] = own[i] / (own_total + 1.0F);
        f[at_6][i] = hb_lstm_math_log(1.0F + f[at_18][i]) * 0.5F;
        f[at_7][i] = share;
        f[at_8][i] = hb_lstm_math_log(1.0F + others[i]);
        f[at_16][i] = hb_lstm_math_log(1.0F + f[at_16][i]) * (1.0F / 3.0F);
        f[at_17][i] = hb_lstm_math_log((own[i] + share + 0.02F) / (own_total + 1.6F))
            * (1.0F / 3.0F);
        f[at_18][i] = f[at_18][i] / (work->own_slots[i] + 1.0F);
    }
}

static float hour_slots(const struct hb_candidates *work, uint32_t place, uint32_t hour)
{
    const struct hb_candidates_counts *all = &work->tables.everybody, *mine = work->own_counts;
    uint32_t total = place < all->row_count ? all->hour_counts[place * 24 + hour] : 0, own = 0;
    if (mine != NULL && mine->hour_counts != NULL) {
        uint32_t row = hb_candidates_row(mine, place);
        own = row == HB_TRAIL_UNKNOWN ? 0 : mine->hour_counts[row * 24 + hour];
    }
    return total > own ? (float)(total - own) : 0.0F;
}

static void knot_features(struct hb_candidates *work, uint32_t k, float (*f)[HB_CANDIDATES_MAX])
{
    uint32_t hour = (work->clock + k + 1) % day_slots / 4;
    const uint8_t *sums = work->hour_sums[hour];
    for (uint32_t i = 0; i <= work->own_count; i++) {
        work->owns[i].hour_halves = 0;
    }
    for (uint32_t i = 0; i < work->visit_count; i++) {
        const struct hb_candidates_visit *visit = &work->visits[i];
        work->owns[visit->own].hour_halves
            += visit->days16 + sums[visit->clock_end] - sums[visit->clock_start];
    }
    work->owns[0].hour_halves = 0;
    memset(f[at_16], 0, sizeof f[at_16]);
    memset(f[at_18], 0, sizeof f[at_18]);
    for (uint32_t i = 0; i < work->count; i++) {
        f[at_16][i] = hour_slots(work, work->places[i], hour);
        f[at_18][i] = 0.5F * (float)work->owns[work->own_index[i]].hour_halves;
    }
    move_features(work, k, f);
}

struct hb_candidates_bracket hb_candidates_bracket_of(float horizon_s)
{
    float at = horizon_s / HB_TRAIL_SLOT_S - 1.0F;
    if (!(at > 0.0F)) {
        return (struct hb_candidates_bracket) { .lo = 0 };
    }
    if (at >= HB_CANDIDATES_KNOTS - 1) {
        return (struct hb_candidates_bracket) { .lo = HB_CANDIDATES_KNOTS - 1 };
    }
    uint32_t lo = (uint32_t)at;
    return (struct hb_candidates_bracket) { .lo = lo, .weight = at - (float)lo };
}

void hb_candidates_collect(struct hb_candidates *work, float horizon_s,
    struct hb_candidates_set *out)
{
    struct hb_candidates_bracket at = hb_candidates_bracket_of(horizon_s);
    float knots[2][moving][HB_CANDIDATES_MAX];
    knot_features(work, at.lo, knots[0]);
    if (at.weight > 0.0F) {
        knot_features(work, at.lo + 1, knots[1]);
        for (uint32_t j = 0; j < moving; j++) {
            for (uint32_t i = 0; i < HB_CANDIDATES_MAX; i++) {
                knots[0][j][i] += at.weight * (knots[1][j][i] - knots[0][j][i]);
            }
        }
    }
    out->count = work->count;
    memcpy(out->places, work->places, sizeof out->places);
    memset(out->places + work->count, 0, (HB_CANDIDATES_MAX - work->count) * sizeof *out->places);
    memcpy(out->features, work->fixed, sizeof out->features);
    for (uint32_t j = 0; j < moving; j++) {
        size_t bytes = work->count * sizeof(float);
        memcpy(out->features[feature_of[j]], knots[0][j], bytes);
    }
    for (uint32_t i = 0; work->hidden.candidate != 0 && i < HB_CANDIDATES_FEATURES; i++) {
        if ((work->hidden.candidate >> i & 1) != 0) {
            memset(out->features[i], 0, sizeof out->features[i]);
        }
    }
}
