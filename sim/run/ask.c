/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The predictor behind the port: it sees connected clients that have opted in,
 * questions are gathered and answered together, and every answer is judged by
 * the truth, which only the simulator knows. Predictors count time from the
 * trace's first second, so that history lies before the study. */
#include "sim/run/episode_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/frequency.h"
#include "core/markov.h"
#include "core/persistence.h"
#include "sim/run/oracle.h"
#include "sim/run/registry.h"
#include "sim/run/team.h"
#include "sim/run/trained.h"

enum { answers_max = SIM_TEAM_BATCH };      /* before the first is told */
static const uint32_t evaluated_max = 64; /* together by one member of a team */

/* A setting may have changed the kind after the models were read. */
static enum hb_status create_lstm(struct sim_episode *episode,
    const struct sim_scenario_predictor *wanted)
{
    const struct sim_stage *stage = episode->stage;
    const struct hb_lstm_model *model
        = sim_trained_model(stage->trained, episode->policy->predictor_index);
    if (model == NULL) {
        return data_problem_set(episode->problem, HB_ERR_UNSUPPORTED,
            "%s: kind=\"lstm\": expected to be so from the start of the study", wanted->at);
    }
    struct hb_lstm_config config
        = { .client_capacity = sim_registry_capacity(stage->registry),
              .unix_epoch_s = stage->trace->epoch_unix_s, .is_tracked = 1,
              .visit_count = wanted->visits, .is_compact = wanted->compact,
              .is_int8 = wanted->int8, .batch_max = evaluated_max };
    struct hb_predictor *members[SIM_TEAM_MAX];
    uint32_t count = 0;
    enum hb_status status = HB_OK;
    while (status == HB_OK && count < episode->options.threads) {
        status = hb_lstm_create(model, &config, &members[count]);
        count += status == HB_OK;
        config.peer = members[0];
    }
    status = status == HB_OK ? sim_team_create(members, count, &episode->team) : status;
    while (status != HB_OK && count > 0) {
        hb_predictor_free(members[--count]);
    }
    return status;
}

static enum hb_status create_kind(struct sim_episode *episode,
    const struct sim_scenario_predictor *wanted, struct hb_predictor **out)
{
    const struct sim_stage *stage = episode->stage;
    uint32_t clients = sim_registry_capacity(stage->registry);
    switch ((enum sim_predictor_kind)wanted->kind) {
    case SIM_PREDICTOR_PERSISTENCE:
        return hb_persistence_create(clients, out);
    case SIM_PREDICTOR_FREQUENCY:
        return hb_frequency_create(
            &(struct hb_frequency_config) { .client_capacity = clients,
                .place_capacity = stage->map.place_count },
            out);
    case SIM_PREDICTOR_MARKOV:
        return hb_markov_create(
            &(struct hb_markov_config) { .client_capacity = clients, .order = wanted->order,
                .map = &stage->map, .unix_epoch_s = stage->trace->epoch_unix_s },
            out);
    case SIM_PREDICTOR_ORACLE:
        episode->predictor_is_oracle = true;
        return sim_oracle_create(
            &(struct sim_oracle_config) { .trace = stage->trace, .accuracy = wanted->accuracy,
                .seed = stage->seed },
            out);
    case SIM_PREDICTOR_LSTM:
        break; /* create_lstm */
    }
    return HB_ERR_RANGE;
}

/* One for all clients, with as many hands as it has threads if these may work apart. */
static enum hb_status create_team(struct sim_episode *episode,
    const struct sim_scenario_predictor *wanted)
{
    if (wanted->kind == SIM_PREDICTOR_LSTM) {
        return create_lstm(episode, wanted);
    }
    struct hb_predictor *predictor = NULL;
    enum hb_status status = create_kind(episode, wanted, &predictor);
    status = status == HB_OK ? sim_team_create(&predictor, 1, &episode->team) : status;
    if (status != HB_OK) {
        hb_predictor_free(predictor);
    }
    return status;
}

/* Of one client: what it asks, an interval apart, while an answer is on its way, and a question of
 * a new session; SIM_SCENARIO_ANSWERS_MAX bounds it (sim/run/rules.c). */
static uint32_t capacity_of(const struct sim_episode *episode)
{
    const struct sim_scenario_predictor *predictor
        = &episode->scenario->predictors[episode->policy->predictor_index];
    double wait_s = predictor->latency_s + predictor->batch_s;
    uint32_t asked = 2 + (uint32_t)(wait_s / episode->policy->set.interval_s);
    return asked * episode->stage->client_count + 64;
}

enum hb_status sim_ask_create(struct sim_episode *episode)
{
    uint32_t index = episode->policy->predictor_index;
    if (index == SIM_SCENARIO_ABSENT) {
        return HB_OK;
    }
    episode->question_capacity = capacity_of(episode);
    episode->questions = calloc(episode->question_capacity, sizeof *episode->questions);
    if (episode->questions == NULL) {
        return HB_ERR_MEMORY;
    }
    return create_team(episode, &episode->scenario->predictors[index]);
}

void sim_ask_free(struct sim_episode *episode)
{
    sim_team_free(episode->team);
    free(episode->questions);
}

static int64_t predictor_ns(const struct sim_episode *episode, int64_t at_ns)
{
    return at_ns + (int64_t)episode->stage->origin_s * HB_NS_PER_S;
}

static uint32_t client_of(const struct sim_episode *episode, uint32_t core)
{
    return episode->predictor_is_oracle ? episode->trace_of[core] : core;
}

static void observe(const struct sim_episode *episode, struct hb_predictor *predictor,
    uint32_t client, int64_t at_ns, uint32_t place)
{
    struct hb_observation seen = { .at_ns = at_ns,
        .client = client_of(episode, episode->core_of[client]), .place = place,
        .context = { NAN, NAN, NAN, NAN, NAN, NAN } };
    hb_predictor_observe(predictor, &seen);
}

static void observe_now(struct sim_episode *episode, uint32_t client, uint32_t place)
{
    if (episode->team != NULL && episode->core_of[client] != HB_NONE) {
        observe(episode, sim_team_member(episode->team, 0), client,
            predictor_ns(episode, sim_episode_now_ns(episode)), place);
    }
}

void sim_ask_observe(struct sim_episode *episode, uint32_t client)
{
    observe_now(episode, client, episode->riders[client].place);
}

/* Lost from sight: what follows is not a stay. */
void sim_ask_lose(struct sim_episode *episode, uint32_t client)
{
    observe_now(episode, client, HB_NONE);
}

struct past {
    const struct sim_episode *episode;
    uint64_t *next; /* [client_count] the first visit that was not observed yet */
};

/* Everything of one hour, client by client: later than all of the hour before. */
static void observe_hour(const struct past *past, uint32_t member, uint32_t end_s)
{
    const struct sim_episode *episode = past->episode;
    const struct data_trace *trace = episode->stage->trace;
    uint32_t members = sim_team_len(episode->team);
    struct hb_predictor *predictor = sim_team_member(episode->team, member);
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        uint32_t core = episode->core_of[client];
        if (core == HB_NONE || core % members != member) {
            continue;
        }
        uint64_t visit = past->next[client];
        for (; visit < trace->first[client + 1] && trace->visits[visit].start_s < end_s; visit++) {
            uint32_t place = trace->visits[visit].place;
            observe(episode, predictor, client,
                (int64_t)trace->visits[visit].start_s * HB_NS_PER_S,
                place == DATA_NOWHERE ? HB_NONE : place);
        }
        past->next[client] = visit;
    }
}

/* Members share the clients out: where there are several, clients are learnt from one by one. */
static void observe_past(void *ctx, uint32_t member)
{
    const struct past *past = ctx;
    const struct sim_stage *stage = past->episode->stage;
    for (uint32_t end_s = 3600; end_s < stage->origin_s && !sim_stage_is_interrupted(stage);
         end_s += 3600) {
        observe_hour(past, member, end_s);
    }
    observe_hour(past, member, stage->origin_s);
}

void sim_ask_history(struct sim_episode *episode)
{
    const struct sim_stage *stage = episode->stage;
    if (episode->team == NULL || episode->predictor_is_oracle || stage->origin_s == 0) {
        return;
    }
    struct past past = { .episode = episode,
        .next = calloc(stage->client_count, sizeof *past.next) };
    if (past.next == NULL) {
        sim_loop_stop(episode->loop, HB_ERR_MEMORY);
        return;
    }
    memcpy(past.next, stage->trace->first, stage->client_count * sizeof *past.next);
    sim_team_run(episode->team, observe_past, &past);
    free(past.next);
}

void sim_ask_question(struct sim_episode *episode, uint64_t req, uint32_t core, double horizon_s)
{
    const struct sim_scenario_predictor *predictor
        = &episode->scenario->predictors[episode->policy->predictor_index];
    int64_t now_ns = sim_episode_now_ns(episode);
    int64_t due_ns = hb_units_after(now_ns, predictor->batch_s + predictor->latency_s);
    episode->sums.predictions++;
    if (!episode->is_batch_due && due_ns >= episode->end_ns) {
        return; /* the run ends before the answer */
    }
    if (episode->question_count == episode->question_capacity) {
        sim_loop_stop(episode->loop, HB_ERR_FULL); /* sessions shorter than an answer takes */
        return;
    }
    episode->questions[episode->question_count++] = (struct sim_question) {
        .req = req, .client = core, .horizon_s = (float)horizon_s, .asked_ns = now_ns
    };
    if (!episode->is_batch_due) {
        episode->is_batch_due = true;
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = due_ns, .order = episode->batch_count++,
                .rank = SIM_RANK_BATCH, .kind = SIM_EPISODE_BATCH });
    }
}

/* Where the client then was, or HB_NONE: nowhere, or after the end of the trace. */
static uint32_t truth_of(const struct sim_episode *episode, uint32_t client,
    const struct sim_question *question)
{
    double at_s = hb_units_s(predictor_ns(episode, question->asked_ns))
        + (double)question->horizon_s;
    if (at_s > episode->stage->trace->end_s) {
        return HB_NONE;
    }
    uint32_t place = data_trace_place_at(episode->stage->trace, client, (uint32_t)at_s);
    return place == DATA_NOWHERE ? HB_NONE : place;
}

static void judge(struct sim_episode *episode, const struct sim_question *question,
    const struct hb_prediction *answer)
{
    const struct hb_place *places = episode->stage->map.places;
    uint32_t client = episode->trace_of[question->client];
    uint32_t truth = truth_of(episode, client, question);
    uint32_t guess = answer->guess_count > 0 ? answer->guesses[0].place : HB_NONE;
    float error_km = NAN;
    if (truth != HB_NONE && guess != HB_NONE) {
        error_km = (float)hb_geo_distance_km(places[truth].at, places[guess].at);
        episode->sums.judged += 1.0;
        episode->sums.correct += truth == guess ? 1.0 : 0.0;
        episode->sums.error_km += (double)error_km;
    }
    if (episode->options.has_places && sim_episode_is_sampled(episode, client)) {
        struct data_predictions_row row = { .client = client,
            .asked_ns = question->asked_ns,
            .horizon_s = question->horizon_s,
            .place_now = episode->riders[client].place,
            .place = guess,
            .confidence = answer->guess_count > 0 ? answer->guesses[0].confidence : 0.0f,
            .truth = truth,
            .error_km = error_km };
        data_rows_add(episode->options.rows, DATA_TABLE_PREDICTIONS, &row);
    }
}

static void tell(struct sim_episode *episode, const struct sim_question *question,
    const struct hb_prediction *prediction)
{
    judge(episode, question, prediction);
    struct hb_event told = { .at_ns = sim_episode_now_ns(episode), .req = question->req,
        .kind = HB_EVENT_PREDICTED, .client = question->client, .place = HB_NONE, .site = HB_NONE,
        .prediction = prediction, .result = HB_RESULT_OK };
    sim_episode_tell(episode, &told);
    sim_serve_settle(episode);
}

/* Questions are answered together before the first answer is told: a predictor learns nothing
 * from answers, so this is the same as one by one. */
static void answer(struct sim_episode *episode, const struct sim_question *questions,
    uint32_t count)
{
    struct hb_question asked[answers_max];
    struct hb_prediction predictions[answers_max];
    assert(count <= answers_max);
    for (uint32_t i = 0; i < count; i++) {
        asked[i] = (struct hb_question) {
            .at_ns = predictor_ns(episode, sim_episode_now_ns(episode)),
            .client = client_of(episode, questions[i].client),
            .horizon_s = questions[i].horizon_s
        };
    }
    sim_team_predict(episode->team, asked, count, predictions);
    for (uint32_t i = 0; i < count; i++) {
        tell(episode, &questions[i], &predictions[i]);
    }
}

void sim_ask_batch(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    uint32_t count = episode->question_count;
    struct sim_question questions[answers_max]; /* telling may ask again, at the end */
    (void)event;
    episode->is_batch_due = false;
    for (uint32_t i = 0; i < count && !sim_stage_is_interrupted(episode->stage);) {
        uint32_t some = count - i < answers_max ? count - i : answers_max;
        memcpy(questions, episode->questions + i, some * sizeof *questions);
        answer(episode, questions, some);
        i += some;
    }
    episode->question_count -= count;
    memmove(episode->questions, episode->questions + count,
        episode->question_count * sizeof *episode->questions);
}
