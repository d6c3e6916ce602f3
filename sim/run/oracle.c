/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/oracle.h"

#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"

struct oracle {
    struct sim_oracle_config config;
};

static void observe(void *self, const struct hb_observation *seen)
{
    (void)self; /* knows all from the start */
    (void)seen;
}

static void forget(void *self, uint32_t client)
{
    (void)self; /* the trace is the world's, not a memory of ours */
    (void)client;
}

struct visits {
    const struct data_visit *at;
    uint64_t count;
};

static struct visits visits_of(const struct data_trace *trace, uint32_t client)
{
    uint64_t first = trace->first[client];
    return (struct visits){ trace->visits + first, trace->first[client + 1] - first };
}

/* Where the client is at at_s; DATA_NOWHERE before its first visit. */
static uint32_t place_at(struct visits visits, uint32_t at_s)
{
    uint64_t low = 0, high = visits.count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (visits.at[middle].start_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? DATA_NOWHERE : visits.at[low - 1].place;
}

/* Another place of the client's own, or of anybody's if it has no other. */
static uint32_t wrong_place(const struct data_trace *trace, struct visits visits, uint32_t truth,
    struct sim_stream *stream)
{
    uint64_t start = sim_stream_next(stream) % visits.count;
    for (uint64_t i = 0; i < visits.count; i++) {
        uint32_t place = visits.at[(start + i) % visits.count].place;
        if (place != truth && place != DATA_NOWHERE) {
            return place;
        }
    }
    if (trace->place_count < 2) {
        return truth;
    }
    uint32_t place = sim_draw_below(stream, trace->place_count - 1);
    return place + (place >= truth);
}

static void answer(const struct oracle *oracle, const struct hb_question *question,
    struct hb_prediction *out)
{
    const struct data_trace *trace = oracle->config.trace;
    *out = (struct hb_prediction){ .horizon_s = question->horizon_s, .elsewhere = 1.0f };
    int64_t then_ns = hb_units_after(question->at_ns, (double)question->horizon_s);
    int64_t then_s = (then_ns - oracle->config.epoch_ns) / HB_NS_PER_S;
    if (question->client >= trace->client_count || then_s < 0 || then_s >= trace->end_s) {
        return;
    }
    struct visits visits = visits_of(trace, question->client);
    uint32_t truth = place_at(visits, (uint32_t)then_s);
    if (truth == DATA_NOWHERE) {
        return;
    }
    struct sim_stream stream = sim_stream_of(oracle->config.seed, SIM_STREAM_PREDICTOR,
        (uint64_t)question->client << 32 | (uint32_t)then_s);
    int is_right = sim_draw_chance(&stream, oracle->config.accuracy);
    out->guess_count = 1;
    out->guesses[0].place = is_right ? truth : wrong_place(trace, visits, truth, &stream);
    out->guesses[0].confidence = (float)oracle->config.accuracy;
    out->elsewhere = 1.0f - out->guesses[0].confidence;
}

static void predict(void *self, const struct hb_question *questions, size_t count,
    struct hb_prediction *out)
{
    for (size_t i = 0; i < count; i++) {
        answer(self, &questions[i], &out[i]);
    }
}

static size_t bytes(const void *self)
{
    (void)self;
    return sizeof(struct oracle);
}

enum hb_status sim_oracle_create(const struct sim_oracle_config *config, struct hb_predictor **out)
{
    static const struct hb_predictor_kind right
        = { "oracle", observe, predict, forget, bytes, free };
    static const struct hb_predictor_kind noisy
        = { "noisy oracle", observe, predict, forget, bytes, free };
    if (!(config->accuracy >= 0.0 && config->accuracy <= 1.0)) {
        return HB_ERR_RANGE;
    }
    struct oracle *oracle = malloc(sizeof *oracle);
    if (oracle == NULL) {
        return HB_ERR_MEMORY;
    }
    oracle->config = *config;
    enum hb_status status
        = hb_predictor_create(config->accuracy >= 1.0 ? &right : &noisy, oracle, out);
    if (status != HB_OK) {
        free(oracle);
    }
    return status;
}
