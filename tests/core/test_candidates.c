/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/assert_near.h"

/* Oracle: every feature counted slot by slot in double over the raw list of slots, and over
 * dense tables of the population. */
enum { places = 150, slot_max = 4000, knots = HB_CANDIDATES_KNOTS };

struct raw {
    struct hb_trail_now slots[slot_max];
    int session[slot_max];
    int count;
};

struct world {
    uint64_t seed;
    float east[places], north[places];
    int32_t clock[places];
    uint32_t moves[places][places][knots], totals[places][knots];
    uint32_t slots[places], hours[places][24];
    uint32_t own_moves[places][places][knots], own_totals[places][knots], own_slots[places];
    uint32_t near_first[places + 1], near[places * 20];
    uint32_t first[2][places + 1], to[2][places * places], counts[2][places * places * knots];
    struct hb_candidates_tables tables;
    struct hb_candidates_counts own;
    struct raw raw;
};

static uint32_t draw(struct world *world, uint32_t below)
{
    world->seed = world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(world->seed >> 33) % below;
}

static uint32_t sum4(const uint32_t *x)
{
    return x[0] + x[1] + x[2] + x[3];
}

/* Sparse rows from the dense moves, the most frequent first. */
static void make_rows(const uint32_t (*moves)[places][knots], uint32_t *first, uint32_t *to,
    uint32_t *counts)
{
    uint32_t n = 0;
    for (uint32_t a = 0; a < places; a++) {
        first[a] = n;
        for (uint32_t b = 0; b < places; b++) {
            if (sum4(moves[a][b]) == 0) {
                continue;
            }
            uint32_t i = n++;
            for (; i > first[a] && sum4(moves[a][b]) > sum4(moves[a][to[i - 1]]); i--) {
                to[i] = to[i - 1];
            }
            to[i] = b;
        }
        for (uint32_t i = first[a]; i < n; i++) {
            memcpy(counts + i * knots, moves[a][to[i]], sizeof moves[a][to[i]]);
        }
    }
    first[places] = n;
}

static void make_population(struct world *w)
{
    for (uint32_t a = 0; a < places; a++) {
        w->east[a] = (float)(a % 15) * 0.5F;
        w->north[a] = (float)(a / 15) * 0.5F;
        w->clock[a] = a < 100 ? 32 : -13;
        w->slots[a] = draw(w, 900);
        w->own_slots[a] = w->slots[a] / (2 + draw(w, 5));
        for (int hour = 0; hour < 24; hour++) {
            w->hours[a][hour] = draw(w, 300);
        }
        uint32_t targets = a == 0 ? 0 : draw(w, 60);
        for (uint32_t i = 0; i < targets; i++) {
            uint32_t b = draw(w, places);
            for (int k = 0; k < knots; k++) {
                w->moves[a][b][k] = draw(w, 40);
                w->own_moves[a][b][k] = w->moves[a][b][k] / (1 + draw(w, 3));
                w->totals[a][k] += w->moves[a][b][k];
                w->own_totals[a][k] += w->own_moves[a][b][k];
            }
        }
        w->near_first[a + 1] = w->near_first[a];
        for (uint32_t i = draw(w, 20); i > 0; i--) {
            w->near[w->near_first[a + 1]++] = draw(w, places);
        }
    }
    make_rows(w->moves, w->first[0], w->to[0], w->counts[0]);
    make_rows(w->own_moves, w->first[1], w->to[1], w->counts[1]);
    w->tables = (struct hb_candidates_tables) { .place_count = places, .east_km = w->east,
        .north_km = w->north, .clock_slots = w->clock, .near_first = w->near_first,
        .near_places = w->near,
        .everybody = { .row_count = places, .slot_counts = w->slots,
            .hour_counts = w->hours[0], .move_totals = w->totals[0], .move_first = w->first[0],
            .move_places = w->to[0], .move_counts = w->counts[0] } };
    w->own = (struct hb_candidates_counts) { .row_count = places, .slot_counts = w->own_slots,
        .move_totals = w->own_totals[0], .move_first = w->first[1], .move_places = w->to[1],
        .move_counts = w->counts[1] };
}

/* Stays of odd lengths, sessions, a few places outside the table. */
static void make_raw(struct world *w, int count, uint32_t span)
{
    int32_t slot = 1900123;
    int session = 0;
    uint32_t place = 1;
    struct hb_trail_now before = { .is_observed = 0 };
    for (int i = 0; i < count; i++) {
        int is_first = i == 0 || draw(w, 60) == 0;
        slot += is_first ? 1 + (int32_t)draw(w, 50) : 1;
        session += is_first;
        if (draw(w, 3) == 0) {
            place = draw(w, 40) == 0 ? 1000 : draw(w, span);
        }
        struct hb_trail_now now = { .slot = slot, .place = place, .is_first = (uint32_t)is_first,
            .is_observed = draw(w, 3) > 0, .was_observed = is_first ? 0 : before.is_observed };
        w->raw.slots[i] = before = now;
        w->raw.session[i] = session;
    }
    w->raw.count = count;
}

static struct world *world_of(uint64_t seed, int count, uint32_t span)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->seed = seed;
    make_population(world);
    make_raw(world, count, span);
    return world;
}

static int hour_of(const struct world *w, uint32_t here, int32_t slot)
{
    int32_t clock = here < places ? w->clock[here] : 0;
    return (slot + clock) % 96 / 4;
}

static double own_near_hour(const struct world *w, int at, uint32_t place, int hour)
{
    double sum = 0.0;
    for (int i = 0; i <= at; i++) {
        int off = abs(hour_of(w, w->raw.slots[at].place, w->raw.slots[i].slot) - hour);
        if (w->raw.slots[i].place == place) {
            sum += off == 0 ? 1.0 : off == 1 || off == 23 ? 0.5 : 0.0;
        }
    }
    return sum;
}

static uint32_t before_of(const struct raw *raw, int at, int back)
{
    uint32_t place = raw->slots[at].place;
    for (int i = at - 1; i >= 0 && raw->session[i] == raw->session[at]; i--) {
        back -= raw->slots[i].place != place;
        place = raw->slots[i].place;
        if (back == 0) {
            return place;
        }
    }
    return UINT32_MAX;
}

struct offset {
    double east, north, km;
};

static struct offset offset_of(const struct world *w, uint32_t from, uint32_t to)
{
    struct offset offset = { 0.0, 0.0, 0.0 };
    if (from < places && to < places) {
        offset.east = (double)w->east[to] - (double)w->east[from];
        offset.north = (double)w->north[to] - (double)w->north[from];
        offset.km = hypot(offset.east, offset.north);
    }
    return offset;
}

/* The features of place x at instant `at` for a horizon of `lag` slots. */
static void features_of(const struct world *w, int at, uint32_t x, int lag, int is_own_left_out,
    double f[HB_CANDIDATES_FEATURES])
{
    const struct raw *raw = &w->raw;
    uint32_t c = raw->slots[at].place;
    double slots = 0, visits = 0, since = -1, moves = 0, moves_all = 0;
    for (int i = 0; i <= at; i++) {
        int is_x = raw->slots[i].place == x;
        slots += is_x;
        visits += is_x && (i == 0 || raw->slots[i - 1].place != x
            || raw->session[i - 1] != raw->session[i]);
        since = is_x ? at - i : since;
        if (i >= lag && raw->session[i] == raw->session[i - lag] && c < places
            && raw->slots[i - lag].place == c) {
            moves += is_x;
            moves_all++;
        }
    }
    double g = 0, g_all = 0, left = is_own_left_out ? 1 : 0;
    double popular = w->slots[x] - left * w->own_slots[x];
    if (c < places) {
        g = w->moves[c][x][lag - 1] - left * w->own_moves[c][x][lag - 1];
        g_all = w->totals[c][lag - 1] - left * w->own_totals[c][lag - 1];
    }
    struct offset d = offset_of(w, c, x), jump = offset_of(w, before_of(raw, at, 1), c);
    int hour = hour_of(w, c, raw->slots[at].slot + lag);
    double near_hour = own_near_hour(w, at, x, hour);
    double product = d.km * jump.km, share = g / (g_all + 2);
    const double all[HB_CANDIDATES_FEATURES] = { x == c, log(1 + slots) / 3, log(1 + visits) / 3,
        since < 0 ? 2.5 : x == c ? 0 : log(1 + since) / 4, log(1 + moves), moves / (moves_all + 1),
        log(1 + near_hour) / 2, share, log(1 + g), log(1 + popular) / 5, log(1 + d.km),
        product > 0 ? (d.east * jump.east + d.north * jump.north) / product : 0,
        x == before_of(raw, at, 1), x == before_of(raw, at, 2), slots > 0, slots / (at + 1),
        log(1.0 + w->hours[x][hour]) / 3, log((moves + share + .02) / (moves_all + 1.6)) / 3,
        near_hour / (slots + 1), d.km > 0 && d.km < 0.8 };
    memcpy(f, all, sizeof all);
}

static void check_instant(const struct world *w, struct hb_candidates *work, int at, double horizon,
    int is_own_left_out)
{
    struct hb_candidates_set set;
    hb_candidates_collect(work, (float)(horizon * 900.0), &set);
    int lo = horizon < 1.0 ? 1 : horizon > 4.0 ? 4 : (int)horizon, hi = lo < 4 ? lo + 1 : 4;
    double weight = horizon < 1.0 || horizon > 4.0 ? 0.0 : horizon - lo;
    for (uint32_t i = 0; i < set.count; i++) {
        double a[HB_CANDIDATES_FEATURES], b[HB_CANDIDATES_FEATURES];
        features_of(w, at, set.places[i], lo, is_own_left_out, a);
        features_of(w, at, set.places[i], hi, is_own_left_out, b);
        for (int j = 0; j < HB_CANDIDATES_FEATURES; j++) {
            double want = a[j] + weight * (b[j] - a[j]), got = (double)set.features[j][i];
            if (fabs(got - want) > 2e-6 * fmax(1.0, fabs(want))) {
                fail_msg("instant %d place %u feature %d: %.9g, expected %.9g", at, set.places[i],
                    j, got, want);
            }
        }
    }
    for (uint32_t i = set.count; i < HB_CANDIDATES_MAX; i++) {
        for (int j = 0; j < HB_CANDIDATES_FEATURES; j++) {
            assert_true(set.features[j][i] == 0.0F);
        }
    }
}

static struct hb_trail *trail_of(uint32_t capacity)
{
    struct hb_trail *trail = malloc(hb_trail_bytes(capacity));
    assert_non_null(trail);
    hb_trail_init(trail, capacity);
    return trail;
}

static void walk(uint64_t seed, int count, uint32_t span, int is_own_left_out)
{
    static const double horizons[] = { 0.4, 1.0, 1.37, 2.0, 2.5, 3.0, 3.99, 4.0, 7.3 };
    struct world *w = world_of(seed, count, span);
    struct hb_candidates *work;
    assert_int_equal(hb_candidates_create(&w->tables, slot_max, &work), HB_OK);
    struct hb_trail *trail = trail_of(slot_max);
    for (int at = 0; at < count; at++) {
        if (at < 5 || at % 17 == 0) {
            hb_candidates_look(work, trail, &w->raw.slots[at], is_own_left_out ? &w->own : NULL);
            for (size_t i = 0; i < sizeof horizons / sizeof *horizons; i++) {
                check_instant(w, work, at, horizons[i], is_own_left_out);
            }
        }
        hb_trail_add(trail, &w->raw.slots[at]);
    }
    free(trail);
    hb_candidates_free(work);
    free(w);
}

static void features_are_those_counted_slot_by_slot(void **state)
{
    (void)state;
    walk(7, 400, 12, 0);
    walk(8, 400, places, 0);
}

static void a_clients_own_share_is_left_out_of_everybodys(void **state)
{
    (void)state;
    walk(9, 300, 30, 1);
}

static int is_in(const struct hb_candidates_set *set, uint32_t place)
{
    int found = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        found += set->places[i] == place;
    }
    return found;
}

static int by_descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Score of an own place as documented: slots, recency, moves. */
static double score_of(const struct world *w, int at, uint32_t x)
{
    double slots = 0, since = 0, moves = 0;
    for (int i = 0; i <= at; i++) {
        slots += w->raw.slots[i].place == x;
        since = w->raw.slots[i].place == x ? at - i : since;
        for (int lag = 1; lag <= knots && lag <= i; lag++) {
            moves += w->raw.slots[i].place == x
                && w->raw.slots[i - lag].place == w->raw.slots[at].place
                && w->raw.session[i] == w->raw.session[i - lag];
        }
    }
    return slots == 0 ? -1e9 : log(1 + slots) - 0.5 * log(1 + since) + 2 * log(1 + moves);
}

static void candidates_are_the_best_of_each_source(void **state)
{
    (void)state;
    struct world *w = world_of(21, 700, places);
    int at = w->raw.count - 1;
    w->raw.slots[at].place = 5;
    struct hb_candidates *work;
    assert_int_equal(hb_candidates_create(&w->tables, slot_max, &work), HB_OK);
    struct hb_trail *trail = trail_of(slot_max);
    for (int i = 0; i < at; i++) {
        hb_trail_add(trail, &w->raw.slots[i]);
    }
    struct hb_candidates_set set;
    hb_candidates_look(work, trail, &w->raw.slots[at], NULL);
    hb_candidates_collect(work, 900.0F, &set);
    assert_int_equal(set.places[0], 5);
    double scores[places], sorted[places];
    for (uint32_t x = 0; x < places; x++) {
        scores[x] = x == 5 ? -1e9 : score_of(w, at, x);
        sorted[x] = scores[x];
        assert_true(is_in(&set, x) <= 1);
    }
    qsort(sorted, places, sizeof *sorted, by_descending);
    assert_true(sorted[HB_CANDIDATES_OWN_MAX] > -1e8); /* there were more to choose from */
    for (uint32_t x = 0; x < places; x++) {
        assert_true(scores[x] < sorted[HB_CANDIDATES_OWN_MAX - 1] + 1e-5 || is_in(&set, x));
    }
    uint32_t first = w->first[0][5], len = w->first[0][6] - first;
    for (uint32_t i = 0; i < len && i < HB_CANDIDATES_MOVES_MAX; i++) {
        assert_true(is_in(&set, w->to[0][first + i]));
    }
    free(trail);
    hb_candidates_free(work);
    free(w);
}

static void a_place_outside_the_table_has_only_own_candidates(void **state)
{
    (void)state;
    struct world *w = world_of(3, 100, 20);
    struct hb_candidates *work;
    assert_int_equal(hb_candidates_create(&w->tables, 50, &work), HB_OK);
    struct hb_trail *trail = trail_of(50);
    struct hb_candidates_set set;
    struct hb_trail_now nowhere = { .slot = 77, .place = places, .is_first = 1 };
    hb_candidates_look(work, trail, &nowhere, NULL);
    hb_candidates_collect(work, 1800.0F, &set);
    assert_int_equal(set.count, 0);
    hb_trail_add(trail, &nowhere);
    struct hb_trail_now home = { .slot = 78, .place = 4 };
    hb_trail_add(trail, &home);
    nowhere = (struct hb_trail_now) { .slot = 79, .place = UINT32_MAX };
    hb_candidates_look(work, trail, &nowhere, &w->own);
    hb_candidates_collect(work, 1800.0F, &set);
    assert_int_equal(set.count, 1);
    assert_int_equal(set.places[0], 4);
    free(trail);
    hb_candidates_free(work);
    free(w);
}

static void step_and_context_tell_time_dwell_and_motion(void **state)
{
    (void)state;
    struct world *w = world_of(3, 10, 20);
    struct hb_candidates *work;
    assert_int_equal(hb_candidates_create(&w->tables, 50, &work), HB_OK);
    struct hb_trail *trail = trail_of(50);
    /* 2024-06-01 06:45 UTC is slot 1717224300 / 900; 14:45 on a Saturday at UTC+8. */
    int32_t slot = 1717224300 / 900;
    const struct hb_trail_now day[] = { { .slot = slot - 3, .place = 2, .is_first = 1 },
        { .slot = slot - 2, .place = 19 }, { .slot = slot - 1, .place = 19 } };
    for (int i = 0; i < 3; i++) {
        hb_trail_add(trail, &day[i]);
    }
    struct hb_trail_now now
        = { .slot = slot, .place = 19, .is_observed = 1, .was_observed = 1 };
    float f[HB_CANDIDATES_STEP_FEATURES], context[HB_CANDIDATES_CONTEXT];
    hb_candidates_step(&w->tables, trail, &now, f);
    double angle = 2.0 * acos(-1.0) * 59.0 / 96.0, km = hypot(1.0, 0.5); /* 2 -> 19: (+1, +0.5) */
    const double want[] = { sin(angle), cos(angle), 1, log(3) / 2, 1 / (1 + km), 0.5 / (1 + km),
        log(1 + km), 1, 0, 0 };
    for (int i = 0; i < HB_CANDIDATES_STEP_FEATURES; i++) {
        assert_near((double)f[i], want[i], 1e-6);
    }
    hb_candidates_look(work, trail, &now, NULL);
    hb_candidates_context(work, context);
    const double wanted[] = { sin(angle), cos(angle), 1, log(3), 1 / (1 + km), 0.5 / (1 + km),
        log(1 + km), 1, log(3) / 3, log(4) / 5, 1, 0 };
    for (int i = 0; i < HB_CANDIDATES_CONTEXT; i++) {
        assert_near((double)context[i], wanted[i], 1e-6);
    }
    now = (struct hb_trail_now) { .slot = slot + 96 * 2, .place = 2, .is_first = 1 };
    hb_candidates_step(&w->tables, trail, &now, f);
    assert_near((double)f[2], 0.0, 0.0); /* Monday */
    assert_near((double)f[9], 1.0, 0.0);
    free(trail);
    hb_candidates_free(work);
    free(w);
}

static void sizes_out_of_bounds_are_refused(void **state)
{
    (void)state;
    struct world *w = world_of(3, 10, 20);
    struct hb_candidates *work = NULL;
    struct hb_candidates_tables tables = w->tables;
    assert_int_equal(hb_candidates_create(&tables, 0, &work), HB_ERR_RANGE);
    tables.place_count = 0;
    assert_int_equal(hb_candidates_create(&tables, 5, &work), HB_ERR_RANGE);
    tables.place_count = HB_TRAIL_PLACE_MAX + 2;
    assert_int_equal(hb_candidates_create(&tables, 5, &work), HB_ERR_RANGE);
    assert_null(work);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_those_counted_slot_by_slot),
        cmocka_unit_test(a_clients_own_share_is_left_out_of_everybodys),
        cmocka_unit_test(candidates_are_the_best_of_each_source),
        cmocka_unit_test(a_place_outside_the_table_has_only_own_candidates),
        cmocka_unit_test(step_and_context_tell_time_dwell_and_motion),
        cmocka_unit_test(sizes_out_of_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
