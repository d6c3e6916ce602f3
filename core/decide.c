/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

/* Whether to mirror, and where. A trial weighs one set of places (a forecast,
 * or the present place with certainty) against the policy's criteria. */

struct trial {
    const struct hb_guess *guesses;
    uint32_t guess_count;
    uint8_t horizon_index;
    struct hb_select_answer best;
    double saving, cost; /* expected; see hb_decision_sample */
};

static int is_acting_on_present(const struct hb_controller *controller)
{
    switch ((enum hb_policy_kind)controller->setup.policy.kind) {
    case HB_POLICY_REACTIVE:
    case HB_POLICY_NEAREST:
    case HB_POLICY_LYAPUNOV:
        return 1;
    case HB_POLICY_SKI_RENTAL:
        return !controller->setup.has_predictor;
    case HB_POLICY_STATIC:
    case HB_POLICY_ANYCAST:
    case HB_POLICY_PREDICTIVE:
    case HB_POLICY_COUNT:
        break;
    }
    return 0;
}

static int is_reacting(const struct hb_controller *controller)
{
    const struct hb_policy *policy = &controller->setup.policy;
    return is_acting_on_present(controller)
        || (policy->kind == HB_POLICY_PREDICTIVE && policy->react);
}

static int is_deciding(const struct hb_controller *controller)
{
    return is_acting_on_present(controller)
        || hb_policy_is_forecasting(&controller->setup.policy);
}

void hb_decide_accrue(struct hb_controller *controller, uint32_t client)
{
    struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_controller_setup *setup = &controller->setup;
    int is_counting = me->is_connected && me->phase >= HB_PHASE_SERVED
        && me->phase <= HB_PHASE_REVERTING;
    if (!is_counting) {
        return;
    }
    double since_s = hb_units_s(controller->now_ns - me->debt_at_ns);
    me->debt_at_ns = controller->now_ns;
    int is_at_mirror = hb_phase_has_mirror(me->phase) && me->served == me->mirror;
    double rtt_ms = hb_client_rtt_ms(controller, client, is_at_mirror ? me->mirror : me->primary);
    if (setup->policy.kind == HB_POLICY_SKI_RENTAL) {
        double least_ms = hb_select_least_ms(controller->select, me->place);
        me->debt += since_s
            * (hb_cost_latency_rate(&setup->prices, &setup->service, rtt_ms)
                - hb_cost_latency_rate(&setup->prices, &setup->service, least_ms));
    } else if (setup->policy.kind == HB_POLICY_LYAPUNOV) {
        me->debt = fmax(0.0, me->debt + since_s * (rtt_ms - setup->policy.debt_target_ms));
    }
}

static void select_best(const struct hb_controller *controller, uint32_t client,
    struct trial *trial)
{
    const struct hb_controller_client *me = &controller->clients[client];
    const struct hb_controller_setup *setup = &controller->setup;
    struct hb_select_question question = {
        .guesses = trial->guesses,
        .guess_count = trial->guess_count,
        .from = me->primary,
        .rival = hb_phase_has_mirror(me->phase) ? me->mirror : HB_NONE,
    };
    hb_select_best_location(controller->select, controller->sites, &question, &trial->best);
    if (trial->best.site == HB_NONE) {
        return;
    }
    const struct hb_site *sites = setup->map->sites;
    struct hb_stay from = { trial->best.from_ms, (double)sites[me->primary].price_factor };
    struct hb_stay to = { trial->best.to_ms, (double)sites[trial->best.site].price_factor };
    trial->saving = trial->best.confidence * setup->policy.stay_s
        * hb_cost_saving_rate(&setup->prices, &setup->service, from, to);
    trial->cost = hb_cost_mirror(&setup->prices, &setup->service, to.price_factor);
}

/* The criteria of reactive and predictive, in the order in which they are told. */
static enum hb_reason threshold(const struct hb_controller *controller, uint32_t client,
    const struct trial *trial)
{
    const struct hb_policy *policy = &controller->setup.policy;
    const struct hb_select_answer *best = &trial->best;
    if (best->confidence < policy->confidence_min) {
        return HB_REASON_CONFIDENCE;
    }
    int is_any_set = policy->deviation_km > 0.0 || policy->gain_ms > 0.0;
    int is_far = policy->deviation_km > 0.0 && best->deviation_km >= policy->deviation_km;
    int is_slow = policy->gain_ms > 0.0 && best->gain_ms >= policy->gain_ms;
    if (is_any_set && !is_far && !is_slow) {
        return HB_REASON_DEVIATION;
    }
    if (best->gain_ms < policy->hysteresis * best->from_ms) {
        return HB_REASON_HYSTERESIS;
    }
    if (controller->now_ns < controller->clients[client].calm_ns) {
        return HB_REASON_COOL_DOWN;
    }
    if (policy->worth_factor > 0.0 && trial->saving < policy->worth_factor * trial->cost) {
        return HB_REASON_WORTH;
    }
    return HB_REASON_MIRROR;
}

/* Drift plus penalty: moving is the lesser evil once debt x gain > v x cost. */
static enum hb_reason lyapunov(const struct hb_controller *controller, uint32_t client,
    struct trial *trial)
{
    trial->saving = controller->clients[client].debt * trial->best.gain_ms;
    trial->cost *= controller->setup.policy.v;
    return trial->saving > trial->cost ? HB_REASON_MIRROR : HB_REASON_DEBT;
}

static struct hb_guess present_guess(const struct hb_controller *controller, uint32_t client)
{
    return (struct hb_guess) { .place = controller->clients[client].place, .confidence = 1.0f };
}

/* Ski rental with advice: the forecast decides how soon, and whether to go
 * where the client will be or where it is. present is the guess of the latter. */
static enum hb_reason ski_rental(const struct hb_controller *controller, uint32_t client,
    const struct hb_guess *present, struct trial *trial)
{
    double lambda = controller->setup.policy.trust_lambda;
    double threshold_factor = lambda;
    int is_trusted = trial->horizon_index != HB_HORIZON_NONE && trial->best.site != HB_NONE
        && trial->saving >= trial->cost;
    if (!is_trusted) {
        threshold_factor = controller->setup.has_predictor ? 1.0 / lambda : 1.0;
        *trial = (struct trial) { .guesses = present, .guess_count = 1,
            .horizon_index = HB_HORIZON_NONE };
        select_best(controller, client, trial);
    }
    if (trial->best.site == HB_NONE) {
        return trial->best.is_full ? HB_REASON_NO_ROOM : HB_REASON_AT_BEST;
    }
    trial->cost *= threshold_factor;
    trial->saving = controller->clients[client].debt;
    return trial->saving >= trial->cost ? HB_REASON_MIRROR : HB_REASON_REGRET;
}

static enum hb_reason judge(const struct hb_controller *controller, uint32_t client,
    const struct hb_guess *present, struct trial *trial)
{
    enum hb_policy_kind kind = (enum hb_policy_kind)controller->setup.policy.kind;
    select_best(controller, client, trial);
    if (kind == HB_POLICY_SKI_RENTAL) {
        return ski_rental(controller, client, present, trial);
    }
    if (trial->guess_count == 0) {
        return HB_REASON_NO_FORECAST;
    }
    if (trial->best.site == HB_NONE) {
        return trial->best.is_full ? HB_REASON_NO_ROOM : HB_REASON_AT_BEST;
    }
    if (kind == HB_POLICY_NEAREST) {
        return HB_REASON_MIRROR;
    }
    if (kind == HB_POLICY_LYAPUNOV) {
        return lyapunov(controller, client, trial);
    }
    return threshold(controller, client, trial);
}

/* A mirror is under way: is another site so much better that it is given up?
 * Forecasts of different instants do not compare, so not before its own. */
static enum hb_reason reconsider(const struct hb_controller *controller, uint32_t client,
    const struct trial *trial)
{
    const struct hb_controller_client *me = &controller->clients[client];
    const struct hb_policy *policy = &controller->setup.policy;
    int64_t due_ns = hb_units_after(hb_course(controller, client)->decided_ns,
        hb_mirror_horizon_s(controller, client));
    int is_held = trial->best.site == me->mirror || me->phase > HB_PHASE_MONITORING
        || me->served == me->mirror || controller->now_ns < due_ns;
    if (is_held) {
        return HB_REASON_UNDER_WAY;
    }
    double needed = (1.0 + policy->hysteresis) * trial->best.rival_score;
    return trial->best.score > needed ? HB_REASON_MIRROR : HB_REASON_UNDER_WAY;
}

static void report(struct hb_controller *controller, uint32_t client, const struct trial *trial,
    enum hb_reason reason)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    uint8_t index = trial->horizon_index;
    struct hb_sample sample = {
        .kind = HB_SAMPLE_DECISION,
        .site = trial->best.site,
        .of.decision = {
            .reason = reason,
            .from = me->primary,
            .to = trial->best.site,
            .confidence = (float)trial->best.confidence,
            .gain_ms = (float)trial->best.gain_ms,
            .deviation_km = (float)trial->best.deviation_km,
            .horizon_s = index == HB_HORIZON_NONE
                ? 0.0f : (float)controller->setup.policy.horizon_s[index],
            .saving = trial->saving,
            .cost = trial->cost,
        },
    };
    hb_controller_emit(controller, client, &sample);
}

/* The client is back where its primary is the best: the mirror has lost its point. */
static int has_come_back(const struct hb_controller *controller, uint32_t client,
    enum hb_reason reason)
{
    const struct hb_controller_client *me = &controller->clients[client];
    return reason == HB_REASON_AT_BEST && hb_phase_has_mirror(me->phase)
        && me->phase <= HB_PHASE_MONITORING && me->horizon_index == HB_HORIZON_NONE
        && is_reacting(controller) && me->served != me->mirror;
}

/* Returns whether a mirror was decided. */
static int decide(struct hb_controller *controller, uint32_t client, struct trial *trial)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    struct hb_guess present = present_guess(controller, client);
    enum hb_reason reason = judge(controller, client, &present, trial);
    int is_backup = hb_phase_has_mirror(me->phase) && hb_mirror_is_backup(controller, client);
    struct hb_mirror_plan plan = { .site = trial->best.site,
        .confidence = (float)trial->best.confidence, .horizon_index = trial->horizon_index };
    if (reason == HB_REASON_MIRROR && is_backup && me->mirror == trial->best.site) {
        report(controller, client, trial, reason);
        hb_mirror_adopt(controller, client, &plan);
        return 1;
    }
    int has_mirror = hb_phase_has_mirror(me->phase);
    if (reason == HB_REASON_MIRROR && has_mirror && !is_backup) {
        reason = reconsider(controller, client, trial);
    }
    report(controller, client, trial, reason);
    int is_dropped = has_mirror && reason == HB_REASON_MIRROR;
    if (is_dropped || has_come_back(controller, client, reason)) {
        hb_mirror_close(controller, client, HB_CAUSE_RETARGETED);
        hb_controller_enter(controller, client, HB_PHASE_SERVED);
        hb_dns_refresh(controller, client);
    }
    if (reason != HB_REASON_MIRROR) {
        return 0;
    }
    hb_mirror_endpoint(controller, client, &plan);
    return 1;
}

static void decide_on_present(struct hb_controller *controller, uint32_t client)
{
    struct hb_guess present = present_guess(controller, client);
    struct trial trial = { .guesses = &present, .guess_count = 1,
        .horizon_index = HB_HORIZON_NONE };
    (void)decide(controller, client, &trial); /* nothing more to ask if it did not */
}

static void ask(struct hb_controller *controller, uint32_t client, uint8_t index)
{
    struct hb_controller_client *me = hb_client(controller, client);
    double horizon_s = controller->setup.policy.horizon_s[index];
    me->asked_ns = controller->now_ns;
    me->asked_index = index;
    uint64_t req = hb_lane_open(controller, client, HB_LANE_PREDICT);
    struct hb_sample sample = { .kind = HB_SAMPLE_ASKED, .site = HB_NONE,
        .of.forecast = { .horizon_s = (float)horizon_s } };
    hb_controller_emit(controller, client, &sample);
    controller->ports.predict(controller->ports.ctx, req, client, horizon_s);
}

static int is_ask_due(const struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = &controller->clients[client];
    return me->asked_ns == INT64_MIN || controller->now_ns
        >= hb_units_after(me->asked_ns, controller->setup.policy.interval_s);
}

static void decide_or_ask(struct hb_controller *controller, uint32_t client)
{
    if (is_reacting(controller)) {
        decide_on_present(controller, client);
    }
    int is_asking = hb_policy_is_forecasting(&controller->setup.policy)
        && !is_acting_on_present(controller);
    if (is_asking && is_ask_due(controller, client)) {
        ask(controller, client, 0);
    }
}

/* policy.backup: a served client without a mirror gets one at the next nearest site. */
static void protect(struct hb_controller *controller, uint32_t client)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    int is_due = controller->setup.policy.backup && me->phase == HB_PHASE_SERVED
        && me->is_connected && controller->now_ns >= me->calm_ns;
    uint32_t site = is_due ? hb_select_nearest(controller->select, controller->sites, me->place,
                                 me->primary)
                           : HB_NONE;
    if (site != HB_NONE) {
        const struct hb_mirror_plan plan = { .site = site, .confidence = 1.0f,
            .horizon_index = HB_HORIZON_BACKUP };
        hb_mirror_endpoint(controller, client, &plan);
    }
}

static int is_ticking(const struct hb_controller *controller)
{
    return is_deciding(controller) || controller->setup.policy.backup;
}

void hb_decide_start_ticking(struct hb_controller *controller, uint32_t client)
{
    if (is_ticking(controller)) {
        hb_lane_arm(controller, client, HB_LANE_TICK, controller->setup.policy.interval_s);
    }
}

void hb_decide_begin(struct hb_controller *controller, uint32_t client)
{
    if (is_deciding(controller)) {
        decide_or_ask(controller, client);
    }
    protect(controller, client);
}

void hb_decide_seen(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    decide_or_ask(controller, client);
}

static int is_next_horizon(const struct hb_policy *policy, uint32_t index)
{
    return index < HB_POLICY_HORIZON_MAX && policy->horizon_s[index] > 0.0;
}

void hb_decide_forecast(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    const struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_policy *policy = &controller->setup.policy;
    const struct hb_prediction *prediction = event->prediction;
    int is_known = event->result == HB_RESULT_OK && prediction != NULL
        && prediction->guess_count > 0;
    uint8_t index = me->asked_index;
    struct trial trial = { .horizon_index = index, .best = { .site = HB_NONE } };
    struct hb_sample sample = { .kind = HB_SAMPLE_ANSWERED, .site = HB_NONE,
        .of.forecast = { .horizon_s = (float)policy->horizon_s[index] } };
    if (is_known) {
        trial.guesses = prediction->guesses;
        trial.guess_count = prediction->guess_count;
        sample.of.forecast.confidence = prediction->guesses[0].confidence;
    }
    sample.place = is_known ? prediction->guesses[0].place : HB_NONE;
    hb_controller_emit_at(controller, client, sample.place, &sample);
    int is_decided = decide(controller, client, &trial);
    if (!is_decided && is_known && is_next_horizon(policy, index + 1u)) {
        ask(controller, client, (uint8_t)(index + 1));
    }
}

void hb_decide_tick(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)event;
    const struct hb_controller_client *me = hb_client(controller, client);
    const struct hb_policy *policy = &controller->setup.policy;
    int is_live = me->phase >= HB_PHASE_STARTING && me->phase <= HB_PHASE_REVERTING;
    int is_open = me->phase >= HB_PHASE_SERVED && me->phase <= HB_PHASE_MONITORING;
    hb_dns_refresh(controller, client);
    if (is_live && me->is_connected && is_ticking(controller)) {
        hb_lane_arm(controller, client, HB_LANE_TICK, policy->interval_s);
    }
    if (!is_open) {
        return;
    }
    int is_unanswered = hb_lane_req(controller, client, HB_LANE_PREDICT) != 0;
    if (policy->kind == HB_POLICY_SKI_RENTAL && is_unanswered) {
        decide_on_present(controller, client); /* the predictor is out: do without */
    }
    if (is_deciding(controller)) {
        decide_or_ask(controller, client);
    }
    protect(controller, client);
}
