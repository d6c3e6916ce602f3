/* SPDX-License-Identifier: Apache-2.0 */
#include "core/markov.h"

#include <assert.h>
#include <stdlib.h>

#include "core/blend.h"
#include "core/follow.h"
#include "core/habit.h"
#include "core/selfcheck.h"
#include "core/stay.h"
#include "core/units.h"

/* For one grid step the distribution is
 *     stay x [place now] + (1 - stay) x moved(q),   q other than the place now.
 * moved starts as "elsewhere" and is refined level by level, most general
 * first (own places; everybody's order 1, ..., k; own moves), see blend.h.
 * stay is the own rate of this place, shrunk to everybody's, with its odds
 * moved by how the dwell so far changes everybody's odds here.
 * All counting levels of a true Markov chain tend to the same matrix power,
 * and so does the mixture. Another horizon mixes the two steps around it. */

/* Ours: of 1, 4, 8, 16, 40 the least that keeps the calibration error of GeoLife's
 * 15-minute slots near 0.02 (4: 0.03). */
static const double weight_of_own = 16.0;

struct client {
    struct hb_history history;
    struct hb_habit habit;
};
_Static_assert(sizeof(struct client) <= 256, "a client takes 256 bytes");

struct markov {
    uint32_t client_capacity, order;
    int population_only, ignores_dwell;
    const struct hb_map *map;
    int64_t unix_epoch_s;
    struct client *clients;
    struct hb_follow *follow;
    struct hb_stay *stay;
    struct hb_selfcheck check;
};

static void refine_by_own_places(struct hb_blend *moved, const struct client *client)
{
    const struct hb_habit *habit = &client->habit;
    struct hb_blend_level level = { 0 };
    for (int i = 0; i < HB_HABIT_PLACES; i++) {
        if (habit->visits[i] > 0 && habit->places[i] != client->history.place) {
            hb_blend_level_add(&level, habit->places[i], habit->visits[i]);
        }
    }
    hb_blend_refine(moved, &level);
}

static void refine_by_all(struct hb_blend *moved, const struct hb_follow_row *row, unsigned step,
    uint32_t now)
{
    struct hb_blend_level level = { .lost = row->lost[step] };
    for (int i = 0; i < HB_FOLLOW_PLACES; i++) {
        if (row->counts[i][step] > 0 && row->places[i] != now) {
            hb_blend_level_add(&level, row->places[i], row->counts[i][step]);
        }
    }
    hb_blend_refine(moved, &level);
}

struct own_stays {
    double stayed, all;
};

static struct own_stays refine_by_own_moves(struct hb_blend *moved, const struct client *client,
    unsigned step)
{
    const struct hb_habit *habit = &client->habit;
    unsigned from = hb_habit_index(habit, client->history.place);
    struct hb_blend_level level = { 0 };
    double stayed = 0.0;
    for (int i = 0; i < HB_HABIT_MOVES; i++) {
        unsigned to = habit->from_to[i] & 15;
        if (habit->from_to[i] >> 4 != from || habit->counts[i][step] == 0) {
            continue;
        }
        if (to == from) {
            stayed += habit->counts[i][step];
        } else {
            hb_blend_level_add(&level, habit->places[to], habit->counts[i][step]);
        }
    }
    hb_blend_refine(moved, &level);
    return (struct own_stays){ stayed, stayed + level.all };
}

static unsigned clock_of(const struct markov *markov, uint32_t place, int64_t at_ns)
{
    int64_t offset_s = markov->map != NULL && place < markov->map->place_count
        ? markov->map->places[place].utc_offset_s
        : 0;
    return hb_stay_clock(markov->unix_epoch_s + at_ns / HB_NS_PER_S + offset_s);
}

static double stay_share(const struct markov *markov, const struct hb_stay_case *here,
    struct own_stays own)
{
    struct hb_stay_rates rates = hb_stay_rates_of(markov->stay, here);
    double own_rate = (own.stayed + weight_of_own * rates.place) / (own.all + weight_of_own);
    if (markov->ignores_dwell) {
        return own_rate;
    }
    double odds = own_rate / (1.0 - own_rate) * (rates.here / (1.0 - rates.here))
        * ((1.0 - rates.place) / rates.place);
    return odds / (1.0 + odds);
}

static uint64_t key_of(unsigned order, uint32_t context)
{
    return (uint64_t)order << 32 | context;
}

/* Adds weight x the distribution one grid step (0: 15 minutes) after at_ns. */
static void add_step(const struct markov *markov, const struct client *client, int64_t at_ns,
    unsigned step, double weight, struct hb_blend *mix)
{
    uint32_t now = client->history.place;
    struct hb_blend moved = { .elsewhere = 1.0 };
    struct own_stays own = { 0.0, 0.0 };
    if (!markov->population_only) {
        refine_by_own_places(&moved, client);
    }
    for (unsigned order = 1; order <= markov->order; order++) {
        uint32_t context = order == 1 ? now : hb_history_context(&client->history, order);
        const struct hb_follow_row *row = order > 1 && context == 0
            ? NULL
            : hb_follow_row_of(markov->follow, key_of(order, context));
        if (row != NULL) {
            refine_by_all(&moved, row, step, now);
        }
    }
    if (!markov->population_only) {
        own = refine_by_own_moves(&moved, client, step);
    }
    struct hb_stay_case here = { .place = now,
        .step = step,
        .dwell = hb_history_dwell(&client->history, at_ns),
        .clock = clock_of(markov, now, at_ns) };
    double stay = stay_share(markov, &here, own);
    hb_blend_add(mix, now, weight * stay);
    mix->elsewhere += weight * (1.0 - stay) * moved.elsewhere;
    for (uint32_t i = 0; i < moved.count; i++) {
        hb_blend_add(mix, moved.places[i], weight * (1.0 - stay) * moved.shares[i]);
    }
}

static void forecast(const void *self, const struct hb_question *question,
    struct hb_prediction *out)
{
    const struct markov *markov = self;
    assert(question->client < markov->client_capacity);
    const struct client *client = &markov->clients[question->client];
    *out = (struct hb_prediction){ .horizon_s = question->horizon_s, .elsewhere = 1.0f };
    if (client->history.place == HB_NONE) {
        return;
    }
    struct hb_history_bracket bracket = hb_history_bracket_of((double)question->horizon_s);
    struct hb_blend mix = { .elsewhere = 0.0 };
    double lo_weight = 1.0 - bracket.weight;
    if (bracket.lo == 0) {
        hb_blend_add(&mix, client->history.place, lo_weight);
    } else {
        add_step(markov, client, question->at_ns, bracket.lo - 1, lo_weight, &mix);
    }
    if (bracket.weight > 0.0) {
        add_step(markov, client, question->at_ns, bracket.hi - 1, bracket.weight, &mix);
    }
    hb_blend_take(&mix, out);
}

static void predict(void *self, const struct hb_question *questions, size_t count,
    struct hb_prediction *out)
{
    const struct markov *markov = self;
    hb_selfcheck_predict(&markov->check,
        (struct hb_selfcheck_batch){ questions, count, out }, forecast, markov);
}

/* Counts what was 15, 30, 45, 60 minutes before at_ns as followed by now. */
static void learn(void *self, uint32_t index, const struct hb_history *history, int64_t at_ns)
{
    struct markov *markov = self;
    uint32_t now = history->place;
    struct hb_observation seen_now = { .at_ns = at_ns, .client = index, .place = now };
    hb_selfcheck_at(&markov->check, &seen_now, forecast, markov);
    if (now == HB_NONE) {
        return;
    }
    struct hb_habit *habit = &markov->clients[index].habit;
    hb_habit_visit(habit, now);
    for (unsigned step = 0; step < HB_HISTORY_STEPS; step++) {
        uint32_t from = history->step_places[step];
        if (from == HB_NONE) {
            continue;
        }
        hb_habit_move(habit, step, from, now);
        hb_follow_count(markov->follow, key_of(1, from), step, now);
        for (unsigned order = 2; order <= markov->order; order++) {
            uint32_t context = history->step_contexts[step][order - 2];
            if (context != 0) {
                hb_follow_count(markov->follow, key_of(order, context), step, now);
            }
        }
        int64_t then_ns = at_ns - (int64_t)(step + 1) * HB_HISTORY_STEP_S * HB_NS_PER_S;
        struct hb_stay_case seen = { .place = from,
            .step = step,
            .dwell = history->step_dwells[step],
            .clock = clock_of(markov, from, then_ns) };
        hb_stay_count(markov->stay, &seen, from == now);
    }
}

static void observe(void *self, const struct hb_observation *seen)
{
    struct markov *markov = self;
    assert(seen->client < markov->client_capacity);
    hb_history_observe(&markov->clients[seen->client].history, seen, learn, markov);
}

static void forget(void *self, uint32_t index)
{
    struct markov *markov = self;
    assert(index < markov->client_capacity);
    struct client *client = &markov->clients[index];
    hb_history_init(&client->history);
    client->habit = (struct hb_habit){ 0 };
    hb_selfcheck_forget(&markov->check, index);
}

static size_t bytes(const void *self)
{
    const struct markov *markov = self;
    return sizeof *markov + (size_t)markov->client_capacity * sizeof *markov->clients
        + hb_follow_bytes(markov->follow) + hb_stay_bytes(markov->stay);
}

static void free_self(void *self)
{
    struct markov *markov = self;
    hb_stay_free(markov->stay);
    hb_follow_free(markov->follow);
    free(markov->clients);
    free(markov);
}

static const struct hb_predictor_kind kinds[] = {
    { "markov-1", observe, predict, forget, bytes, free_self },
    { "markov-2", observe, predict, forget, bytes, free_self },
    { "markov-3", observe, predict, forget, bytes, free_self },
};

static enum hb_status allocate(struct markov *markov, uint32_t context_capacity)
{
    markov->clients = malloc(markov->client_capacity * sizeof *markov->clients);
    if (markov->clients == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < markov->client_capacity; i++) {
        forget(markov, i);
    }
    enum hb_status status = hb_follow_create(context_capacity, &markov->follow);
    return status != HB_OK ? status : hb_stay_create(context_capacity / 2, &markov->stay);
}

static const uint32_t fewest_contexts = 16384;

static uint32_t context_capacity_of(const struct hb_markov_config *config, uint32_t order)
{
    if (config->context_capacity != 0 || config->map == NULL) {
        return config->context_capacity != 0 ? config->context_capacity : fewest_contexts;
    }
    uint64_t wanted = (uint64_t)config->map->place_count * order;
    wanted = wanted < UINT32_C(1) << 24 ? wanted : UINT32_C(1) << 24;
    return wanted > fewest_contexts ? (uint32_t)wanted : fewest_contexts;
}

enum hb_status hb_markov_create(const struct hb_markov_config *config, struct hb_predictor **out)
{
    if (config->client_capacity == 0 || config->order > 3) {
        return HB_ERR_RANGE;
    }
    struct markov *markov = calloc(1, sizeof *markov);
    if (markov == NULL) {
        return HB_ERR_MEMORY;
    }
    markov->client_capacity = config->client_capacity;
    markov->order = config->order == 0 ? 1 : config->order;
    markov->population_only = config->population_only;
    markov->ignores_dwell = config->ignores_dwell;
    markov->map = config->map;
    markov->unix_epoch_s = config->unix_epoch_s;
    hb_selfcheck_init(&markov->check);
    enum hb_status status = allocate(markov, context_capacity_of(config, markov->order));
    if (status == HB_OK) {
        status = hb_predictor_create(&kinds[markov->order - 1], markov, out);
    }
    if (status != HB_OK) {
        free_self(markov);
    }
    return status;
}
