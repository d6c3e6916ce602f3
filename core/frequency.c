/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frequency.h"

#include <assert.h>
#include <stdlib.h>

#include "core/blend.h"
#include "core/habit.h"
#include "core/selfcheck.h"

#define TOP HB_BLEND_LEVEL_PLACES
#define WAYS 8

/* Everybody's places: a set-associative table of counts, the rarest of a set
 * makes room, and the commonest ones of all kept in order as they grow. */
struct row {
    uint32_t place, visits; /* visits 0: free */
};

struct frequency {
    uint32_t client_capacity, row_count, top_count;
    uint64_t all;
    struct hb_history *histories;
    struct hb_habit *habits;
    struct row *rows;
    struct row top[TOP];
    struct hb_selfcheck check;
};

static void raise_in_top(struct frequency *frequency, struct row row)
{
    struct row *top = frequency->top;
    uint32_t i = 0;
    while (i < frequency->top_count && top[i].place != row.place) {
        i++;
    }
    if (i == TOP) {
        if (top[TOP - 1].visits >= row.visits) { /* not among the commonest */
            return;
        }
        i = TOP - 1;
    } else if (i == frequency->top_count) {
        frequency->top_count++;
    }
    if (row.visits < top[i].visits && top[i].place == row.place) {
        return; /* it lost its row meanwhile; the older count knows more */
    }
    for (; i > 0 && top[i - 1].visits < row.visits; i--) {
        top[i] = top[i - 1];
    }
    top[i] = row;
}

static void count_place(struct frequency *frequency, uint32_t place)
{
    uint32_t set = (uint32_t)hb_history_mix(2, place) & (frequency->row_count - 1);
    struct row *ways = &frequency->rows[set & ~(uint32_t)(WAYS - 1)], *row = &ways[0];
    for (int i = 0; i < WAYS; i++) {
        if (ways[i].visits > 0 && ways[i].place == place) {
            row = &ways[i];
            break;
        }
        row = ways[i].visits < row->visits ? &ways[i] : row;
    }
    if (row->place != place) {
        *row = (struct row){ .place = place };
    }
    row->visits += row->visits < UINT32_MAX;
    frequency->all++;
    raise_in_top(frequency, *row);
}

static void forecast(const void *self, const struct hb_question *question,
    struct hb_prediction *out)
{
    const struct frequency *frequency = self;
    assert(question->client < frequency->client_capacity);
    *out = (struct hb_prediction){ .horizon_s = question->horizon_s, .elsewhere = 1.0f };
    if (frequency->histories[question->client].next_ns == INT64_MIN) {
        return;
    }
    struct hb_blend blend = { .elsewhere = 1.0 };
    struct hb_blend_level everybody = { 0 }, own = { 0 };
    for (uint32_t i = 0; i < frequency->top_count; i++) {
        hb_blend_level_add(&everybody, frequency->top[i].place, frequency->top[i].visits);
    }
    everybody.lost = (double)frequency->all - everybody.all;
    const struct hb_habit *habit = &frequency->habits[question->client];
    for (int i = 0; i < HB_HABIT_PLACES; i++) {
        if (habit->visits[i] > 0) {
            hb_blend_level_add(&own, habit->places[i], habit->visits[i]);
        }
    }
    hb_blend_refine(&blend, &everybody);
    hb_blend_refine(&blend, &own);
    hb_blend_take(&blend, out);
}

static void learn(void *self, uint32_t client, const struct hb_history *history, int64_t at_ns)
{
    struct frequency *frequency = self;
    struct hb_observation seen = { .at_ns = at_ns, .client = client, .place = history->place };
    hb_selfcheck_at(&frequency->check, &seen, forecast, frequency);
    if (history->place != HB_NONE) {
        hb_habit_visit(&frequency->habits[client], history->place);
        count_place(frequency, history->place);
    }
}

static void observe(void *self, const struct hb_observation *seen)
{
    struct frequency *frequency = self;
    assert(seen->client < frequency->client_capacity);
    hb_history_observe(&frequency->histories[seen->client], seen, learn, frequency);
}

static void predict(void *self, const struct hb_question *questions, size_t count,
    struct hb_prediction *out)
{
    const struct frequency *frequency = self;
    hb_selfcheck_predict(&frequency->check,
        (struct hb_selfcheck_batch){ questions, count, out }, forecast, frequency);
}

static void forget(void *self, uint32_t client)
{
    struct frequency *frequency = self;
    assert(client < frequency->client_capacity);
    hb_history_init(&frequency->histories[client]);
    frequency->habits[client] = (struct hb_habit){ 0 };
    hb_selfcheck_forget(&frequency->check, client);
}

static size_t bytes(const void *self)
{
    const struct frequency *frequency = self;
    return sizeof *frequency + (size_t)frequency->row_count * sizeof *frequency->rows
        + (size_t)frequency->client_capacity
        * (sizeof *frequency->histories + sizeof *frequency->habits);
}

static void free_self(void *self)
{
    struct frequency *frequency = self;
    free(frequency->rows);
    free(frequency->habits);
    free(frequency->histories);
    free(frequency);
}

static enum hb_status allocate(struct frequency *frequency, uint32_t place_capacity)
{
    frequency->row_count = WAYS;
    while (frequency->row_count < place_capacity && frequency->row_count < UINT32_C(1) << 30) {
        frequency->row_count *= 2;
    }
    uint32_t capacity = frequency->client_capacity;
    frequency->rows = calloc(frequency->row_count, sizeof *frequency->rows);
    frequency->habits = calloc(capacity, sizeof *frequency->habits);
    frequency->histories = malloc(capacity * sizeof *frequency->histories);
    if (frequency->rows == NULL || frequency->habits == NULL || frequency->histories == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        hb_history_init(&frequency->histories[i]);
    }
    return HB_OK;
}

enum hb_status hb_frequency_create(const struct hb_frequency_config *config,
    struct hb_predictor **out)
{
    static const struct hb_predictor_kind kind
        = { "frequency", observe, predict, forget, bytes, free_self };
    if (config->client_capacity == 0) {
        return HB_ERR_RANGE;
    }
    struct frequency *frequency = calloc(1, sizeof *frequency);
    if (frequency == NULL) {
        return HB_ERR_MEMORY;
    }
    frequency->client_capacity = config->client_capacity;
    hb_selfcheck_init(&frequency->check);
    enum hb_status status
        = allocate(frequency, config->place_capacity == 0 ? 4096 : config->place_capacity);
    if (status == HB_OK) {
        status = hb_predictor_create(&kind, frequency, out);
    }
    if (status != HB_OK) {
        free_self(frequency);
    }
    return status;
}
