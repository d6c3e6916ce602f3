/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/judge.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/geo.h"
#include "core/lstm_net.h"
#include "core/map.h"

enum { knots = HB_CANDIDATES_KNOTS };

struct court {
    const struct model_judge *judge;
    struct hb_lstm_net *net;
    struct hb_candidates *candidates;
    struct hb_candidates_tables tables; /* the model's */
    struct hb_trail *trail;
    struct hb_candidates_set *sets; /* [knots] */
    float *state, *dense;           /* dense [knots][place_count] */
    struct model_score *scores;
};

static float error_km(const struct model_dataset *dataset, const float *chances, uint32_t target)
{
    uint32_t top = 0;
    for (uint32_t i = 1; i < dataset->place_count; i++) {
        top = chances[i] > chances[top] ? i : top;
    }
    struct hb_point from = { dataset->lat_deg[top], dataset->lon_deg[top] };
    struct hb_point to = { dataset->lat_deg[target], dataset->lon_deg[target] };
    return (float)hb_geo_distance_km(from, to);
}

void model_judge_detail_init(struct model_judge_detail *detail, const struct model_sites *sites)
{
    *detail = (struct model_judge_detail) { .sites = sites };
}

void model_judge_detail_fini(struct model_judge_detail *detail)
{
    for (int k = 0; k < knots; k++) {
        model_score_fini(&detail->moved[k]);
        model_score_fini(&detail->at_sites[k]);
        model_score_fini(&detail->moved_sites[k]);
    }
}

static enum hb_status add_site_case(const struct model_dataset *dataset,
    const struct model_score_case *one, uint32_t knot, struct model_judge_detail *detail)
{
    static const uint32_t known[MODEL_SITES_MAX]; /* every site can be right */
    const struct model_sites *sites = detail->sites;
    float chances[MODEL_SITES_MAX] = { 0.0F };
    uint32_t now = sites->of_place[one->now], target = sites->of_place[one->target], top = 0;
    for (uint32_t i = 0; i < one->place_count; i++) {
        chances[sites->of_place[i]] += one->chances[i]; /* unseen places have a site too */
    }
    for (uint32_t i = 1; i < sites->count; i++) {
        top = chances[i] > chances[top] ? i : top;
    }
    struct hb_point from = { sites->lat_deg[top], sites->lon_deg[top] };
    struct hb_point to = { dataset->lat_deg[one->target], dataset->lon_deg[one->target] };
    struct model_score_case at_site = { .chances = chances,
        .tokens = known,
        .place_count = sites->count,
        .now = now,
        .target = target,
        .error_km = (float)hb_geo_distance_km(from, to) };
    model_decision_add(&detail->decisions[knot], chances, sites->count, now, target);
    enum hb_status status = model_score_add(&detail->at_sites[knot], &at_site);
    return status == HB_OK && now != target
        ? model_score_add(&detail->moved_sites[knot], &at_site)
        : status;
}

static enum hb_status add_case(const struct model_judge *judge, uint64_t i, uint32_t knot,
    const float *chances, struct model_score *scores)
{
    const struct model_dataset *dataset = judge->dataset;
    uint32_t target = dataset->place[i + knot + 1];
    struct model_score_case one = { .chances = chances,
        .tokens = judge->right != NULL ? judge->right : dataset->tokens,
        .place_count = dataset->place_count,
        .now = dataset->place[i],
        .target = target,
        .error_km = error_km(dataset, chances, target) };
    enum hb_status status = model_score_add(&scores[knot], &one);
    if (status == HB_OK && judge->detail != NULL && one.now != target) {
        status = model_score_add(&judge->detail->moved[knot], &one);
    }
    return status == HB_OK && judge->detail != NULL
        ? add_site_case(dataset, &one, knot, judge->detail)
        : status;
}

static int is_asked(const struct model_judge *judge, uint64_t i)
{
    /* of visits, the target's part counts: the first of a part may follow the last of another */
    uint64_t at = judge->dataset->is_visits ? i + 1 : i;
    return judge->asked[i] > 0 && judge->dataset->part[at] == judge->part;
}

static enum hb_status ask(struct court *court, uint64_t i, uint32_t client)
{
    const struct model_judge *judge = court->judge;
    float context[HB_CANDIDATES_CONTEXT];
    struct hb_lstm_net_question questions[knots];
    struct hb_prediction answers[knots];
    struct hb_trail_now now = model_dataset_asking(judge->dataset, i);
    hb_candidates_look(court->candidates, court->trail, &now,
        judge->counts != NULL ? model_counts_own(judge->counts, client) : NULL);
    hb_candidates_context(court->candidates, context);
    for (uint32_t k = 0; k < judge->asked[i]; k++) {
        float horizon_s = (float)((k + 1) * HB_TRAIL_SLOT_S);
        hb_candidates_collect(court->candidates, horizon_s, &court->sets[k]);
        questions[k] = (struct hb_lstm_net_question) { .state = court->state,
            .context = context,
            .candidates = &court->sets[k],
            .horizon_s = horizon_s };
    }
    hb_lstm_net_answer(court->net, judge->asked[i], questions, answers, court->dense);
    enum hb_status status = HB_OK;
    for (uint32_t k = 0; status == HB_OK && k < judge->asked[i]; k++) {
        status = add_case(judge, i, k, court->dense + (size_t)k * judge->dataset->place_count,
            court->scores);
    }
    return status;
}

/* One slot into the state, then into the trail. */
static void step(struct court *court, uint64_t i, int is_state)
{
    const struct model_dataset *dataset = court->judge->dataset;
    struct hb_trail_now now = model_dataset_now(dataset, i);
    float features[HB_CANDIDATES_STEP_FEATURES];
    if (is_state) {
        hb_candidates_step(&court->tables, court->trail, &now, features);
        hb_lstm_net_step(court->net, 1, &now.place, features, court->state);
    }
}

static void forget(struct court *court)
{
    memset(court->state, 0, hb_lstm_net_state_len(court->net) * sizeof *court->state);
}

/* State and trail anew: the past before the judged part, and the window before the target. */
static void look_back(struct court *court, uint64_t first, uint64_t i)
{
    const struct model_judge *judge = court->judge;
    const struct model_dataset *dataset = judge->dataset;
    int64_t since = (int64_t)dataset->slot[i + 1] / 96 * 96 - judge->window_slots;
    hb_trail_init(court->trail, judge->visits);
    forget(court);
    for (uint64_t j = first; j <= i; j++) {
        int is_late = dataset->slot[j] >= since;
        if (dataset->part[j] == judge->part && !is_late) {
            continue;
        }
        step(court, j, is_late);
        if (j < i) {
            model_dataset_add(dataset, j, court->trail);
        }
    }
}

static bool is_anything_asked(const struct model_judge *judge, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        if (is_asked(judge, i)) {
            return true;
        }
    }
    return false;
}

static enum hb_status try_client(struct court *court, uint32_t client)
{
    const struct model_dataset *dataset = court->judge->dataset;
    uint64_t first = dataset->first[client], end = dataset->first[client + 1];
    int is_windowed = court->judge->window_slots > 0;
    enum hb_status status = HB_OK;
    if (!is_anything_asked(court->judge, first, end)) {
        return HB_OK;
    }
    hb_trail_init(court->trail, court->judge->visits);
    for (uint64_t i = first; status == HB_OK && i < end; i++) {
        if ((dataset->flags[i] & MODEL_SLOT_FIRST) != 0) {
            forget(court);
        }
        if (is_windowed && is_asked(court->judge, i)) {
            look_back(court, first, i);
        } else if (!is_windowed) {
            step(court, i, 1);
        }
        if (is_asked(court->judge, i)) {
            status = ask(court, i, client);
        }
        if (!is_windowed) {
            model_dataset_add(dataset, i, court->trail);
        }
    }
    return status;
}

static void close_court(struct court *court)
{
    free(court->dense);
    free(court->state);
    free(court->sets);
    free(court->trail);
    hb_candidates_free(court->candidates);
    hb_lstm_net_free(court->net);
}

static enum hb_status open_court(struct court *court, const struct hb_lstm_model *model)
{
    const struct model_judge *judge = court->judge;
    struct hb_lstm_net_config config = { .batch_max = knots };
    enum hb_status status = hb_lstm_net_create(model, &config, &court->net);
    if (status == HB_OK) {
        status = hb_candidates_create(&model->tables, judge->visits, &court->candidates);
    }
    if (status != HB_OK) {
        return status;
    }
    court->trail = malloc(hb_trail_bytes(judge->visits));
    court->sets = aligned_alloc(64, knots * sizeof *court->sets);
    court->state = calloc(hb_lstm_net_state_len(court->net), sizeof *court->state);
    court->dense = calloc((size_t)knots * judge->dataset->place_count, sizeof *court->dense);
    return court->trail == NULL || court->sets == NULL || court->state == NULL
            || court->dense == NULL
        ? HB_ERR_MEMORY
        : HB_OK;
}

enum hb_status model_judge_lstm(const struct model_judge *judge, const struct hb_lstm_model *model,
    struct model_score *scores)
{
    struct court court = { .judge = judge, .scores = scores, .tables = model->tables };
    enum hb_status status = open_court(&court, model);
    for (uint32_t i = 0; status == HB_OK && i < judge->dataset->client_count; i++) {
        status = try_client(&court, i);
    }
    close_court(&court);
    return status;
}

static void observe(const struct model_dataset *dataset, uint64_t i, uint32_t client,
    struct hb_predictor *predictor)
{
    struct hb_observation seen = { .at_ns = (int64_t)dataset->slot[i] * HB_TRAIL_SLOT_S
            * 1000000000,
        .client = client,
        .place = dataset->place[i],
        .context = { NAN, NAN, NAN, NAN, NAN, NAN } };
    hb_predictor_observe(predictor, &seen);
    bool is_last = i + 1 == dataset->first[client + 1]
        || (dataset->flags[i + 1] & MODEL_SLOT_FIRST) != 0;
    if (is_last) {
        seen.at_ns += (int64_t)HB_TRAIL_SLOT_S * 1000000000;
        seen.place = HB_NONE;
        hb_predictor_observe(predictor, &seen);
    }
}

/* Guesses, and the rest evenly. */
static void spread(const struct model_dataset *dataset, const struct hb_prediction *answer,
    float *chances)
{
    uint32_t others = dataset->vocabulary_count > answer->guess_count
        ? dataset->vocabulary_count - answer->guess_count
        : 1;
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        chances[i] = dataset->tokens[i] == HB_NONE ? 0.0F : answer->elsewhere / (float)others;
    }
    for (uint32_t i = 0; i < answer->guess_count; i++) {
        chances[answer->guesses[i].place] = answer->guesses[i].confidence;
    }
}

static enum hb_status question(const struct model_judge *judge, uint64_t i, uint32_t client,
    struct hb_predictor *predictor, float *chances, struct model_score *scores)
{
    enum hb_status status = HB_OK;
    for (uint32_t k = 0; status == HB_OK && k < judge->asked[i]; k++) {
        struct hb_question asked = { .at_ns = (int64_t)judge->dataset->slot[i] * HB_TRAIL_SLOT_S
                * 1000000000,
            .client = client,
            .horizon_s = (float)((k + 1) * HB_TRAIL_SLOT_S) };
        struct hb_prediction answer;
        hb_predict_location(predictor, &asked, 1, &answer);
        spread(judge->dataset, &answer, chances);
        status = add_case(judge, i, k, chances, scores);
    }
    return status;
}

enum hb_status model_judge_predictor(const struct model_judge *judge,
    struct hb_predictor *predictor, struct model_score *scores)
{
    const struct model_dataset *dataset = judge->dataset;
    float *chances = calloc(dataset->place_count, sizeof *chances);
    if (chances == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = HB_OK;
    for (int is_rest = 0; is_rest < 2; is_rest++) {
        for (uint32_t client = 0; client < dataset->client_count; client++) {
            for (uint64_t i = dataset->first[client];
                 status == HB_OK && i < dataset->first[client + 1]; i++) {
                if ((dataset->part[i] != MODEL_PART_TRAIN) != is_rest) {
                    continue;
                }
                observe(dataset, i, client, predictor);
                if (is_asked(judge, i)) {
                    status = question(judge, i, client, predictor, chances, scores);
                }
            }
        }
    }
    free(chances);
    return status;
}
