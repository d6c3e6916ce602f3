/* SPDX-License-Identifier: Apache-2.0 */
#include "core/persistence.h"

#include <assert.h>
#include <stdlib.h>

#include "core/history.h"
#include "core/stay.h"

struct persistence {
    uint32_t client_capacity;
    struct hb_history *histories;
    struct hb_stay *stay; /* of all places together, one clock */
};

static void learn(void *self, uint32_t client, const struct hb_history *history, int64_t at_ns)
{
    (void)client;
    (void)at_ns;
    struct persistence *persistence = self;
    for (unsigned step = 0; history->place != HB_NONE && step < HB_HISTORY_STEPS; step++) {
        uint32_t from = history->step_places[step];
        if (from != HB_NONE) {
            struct hb_stay_case seen
                = { .place = from, .step = step, .dwell = history->step_dwells[step] };
            hb_stay_count(persistence->stay, &seen, from == history->place);
        }
    }
}

static void observe(void *self, const struct hb_observation *seen)
{
    struct persistence *persistence = self;
    assert(seen->client < persistence->client_capacity);
    hb_history_observe(&persistence->histories[seen->client], seen, learn, persistence);
}

/* Chance to stay `step` grid steps (0: now). */
static double stay_at(const struct persistence *persistence, const struct hb_history *history,
    int64_t at_ns, unsigned step)
{
    if (step == 0) {
        return 1.0;
    }
    struct hb_stay_case here = { .place = history->place,
        .step = step - 1,
        .dwell = hb_history_dwell(history, at_ns) };
    return hb_stay_rates_of(persistence->stay, &here).anywhere;
}

static void predict(void *self, const struct hb_question *questions, size_t count,
    struct hb_prediction *out)
{
    const struct persistence *persistence = self;
    for (size_t i = 0; i < count; i++) {
        const struct hb_question *question = &questions[i];
        assert(question->client < persistence->client_capacity);
        const struct hb_history *history = &persistence->histories[question->client];
        out[i] = (struct hb_prediction){ .horizon_s = question->horizon_s, .elsewhere = 1.0f };
        if (history->place == HB_NONE) {
            continue;
        }
        struct hb_history_bracket bracket = hb_history_bracket_of((double)question->horizon_s);
        double lo = stay_at(persistence, history, question->at_ns, bracket.lo);
        double hi = stay_at(persistence, history, question->at_ns, bracket.hi);
        out[i].guess_count = 1;
        out[i].guesses[0].place = history->place;
        out[i].guesses[0].confidence = (float)(lo + (hi - lo) * bracket.weight);
        out[i].elsewhere = 1.0f - out[i].guesses[0].confidence;
    }
}

static void forget(void *self, uint32_t client)
{
    struct persistence *persistence = self;
    assert(client < persistence->client_capacity);
    hb_history_init(&persistence->histories[client]);
}

static size_t bytes(const void *self)
{
    const struct persistence *persistence = self;
    return sizeof *persistence + hb_stay_bytes(persistence->stay)
        + (size_t)persistence->client_capacity * sizeof *persistence->histories;
}

static void free_self(void *self)
{
    struct persistence *persistence = self;
    hb_stay_free(persistence->stay);
    free(persistence->histories);
    free(persistence);
}

enum hb_status hb_persistence_create(uint32_t client_capacity, struct hb_predictor **out)
{
    static const struct hb_predictor_kind kind
        = { "persistence", observe, predict, forget, bytes, free_self };
    if (client_capacity == 0) {
        return HB_ERR_RANGE;
    }
    struct persistence *persistence = calloc(1, sizeof *persistence);
    if (persistence == NULL) {
        return HB_ERR_MEMORY;
    }
    persistence->client_capacity = client_capacity;
    persistence->histories = malloc(client_capacity * sizeof *persistence->histories);
    enum hb_status status = persistence->histories == NULL
        ? HB_ERR_MEMORY
        : hb_stay_create(0, &persistence->stay);
    for (uint32_t i = 0; status == HB_OK && i < client_capacity; i++) {
        hb_history_init(&persistence->histories[i]);
    }
    if (status == HB_OK) {
        status = hb_predictor_create(&kind, persistence, out);
    }
    if (status != HB_OK) {
        free_self(persistence);
    }
    return status;
}
