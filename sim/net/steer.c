/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/steer.h"

#include <math.h>
#include <stdlib.h>

#include "sim/net/steer_impl.h"

static const double competitive_share = 0.1;

/* The rules that the leave-one-out chooses among. */
static const double doubts[] = { 0.02, 0.1, 0.2 };
static const double prior_weights[] = { 0.0, 0.5, 1.0, 2.0, 3.0 };
static const double slopes[] = { 0.0, 0.1, 0.2 };
#define RULE_COUNT (3 * 5 * 3)

static struct sim_steer_rule rule_at(size_t i)
{
    return (struct sim_steer_rule){ .doubt = doubts[i / 15],
        .prior_weight = prior_weights[i / 3 % 5], .geography_per_1000_km = slopes[i % 3] };
}

struct sim_steer_rule sim_steer_rule_default(void)
{
    return (struct sim_steer_rule){ .doubt = 0.2, .prior_weight = 2.0,
        .geography_per_1000_km = 0.1 };
}

/* What is known of one answer's AS. */
struct clue {
    double share, nearer;
    uint8_t side;
};

struct verifier {
    const struct sim_steer_input *input;
    struct steer_state *states;
    uint8_t *sides;
    struct clue *clues;
    double (*scores)[RULE_COUNT]; /* [experiment] */
};

static double log_odds(double share, double doubt)
{
    double kept = fmin(1.0 - doubt, fmax(doubt, share));
    return log(kept / (1.0 - kept));
}

static double score(const struct clue *clues, size_t count, struct sim_steer_rule rule,
    double prior)
{
    double bias = rule.prior_weight * log_odds(prior, 0.02);
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        double odds = log_odds(clues[i].share, rule.doubt) + bias
            + rule.geography_per_1000_km * clues[i].nearer;
        right += (odds > 0.0) == (clues[i].side == 0);
    }
    return (double)right / (double)count;
}

/* Shares of the answers that plain and observed routes predict right; an AS
 * that has no route or is undecided goes where most of the predicted ASes go. */
static void compare(const struct verifier *verifier,
    const struct data_peering_experiment *experiment, struct sim_steer_outcome *out)
{
    const struct data_topology *topology = verifier->input->topology;
    size_t sides[3] = { 0, 0, 0 }, first = 0, right_plain = 0, right_observed = 0;
    double share_sum = 0.0;
    for (uint32_t node = 0; node < topology->node_count; node++) {
        sides[verifier->sides[node]]++;
        share_sum += verifier->states[node].length > 0 ? verifier->states[node].share - 0.5 : 0.0;
    }
    for (size_t i = 0; i < experiment->answer_count; i++) {
        const struct data_peering_answer *answer = &experiment->answers[i];
        uint32_t node = data_topology_node(topology, answer->as);
        bool has = node != STEER_NONE && verifier->states[node].length > 0;
        struct clue *clue = &verifier->clues[i];
        *clue = (struct clue){ .side = answer->side,
            .share = has ? verifier->states[node].share : 0.5,
            .nearer = sim_steer_nearer(verifier->input, experiment->site, answer->as) };
        first += answer->side == 0;
        uint8_t plain = node == STEER_NONE ? 2 : verifier->sides[node];
        plain = plain == 2 ? (sides[1] > sides[0]) : plain;
        right_plain += plain == answer->side;
        double lean = fabs(clue->share - 0.5) < 1e-9 ? share_sum : clue->share - 0.5;
        right_observed += (lean > 0.0) == (answer->side == 0);
    }
    double count = (double)experiment->answer_count;
    out->first_share = (double)first / count;
    out->majority = fmax(out->first_share, 1.0 - out->first_share);
    out->is_competitive = out->majority <= 1.0 - competitive_share;
    out->plain = (double)right_plain / count;
    out->observed = (double)right_observed / count;
}

static enum hb_status one(struct verifier *verifier, uint32_t index,
    struct sim_steer_outcome *out, struct data_problem *problem)
{
    const struct data_peering_experiment *experiment
        = &verifier->input->peering->experiments[index];
    *out = (struct sim_steer_outcome){ .id = experiment->id,
        .site = { experiment->site[0], experiment->site[1] },
        .answer_count = experiment->answer_count };
    if (experiment->answer_count == 0) {
        return HB_OK;
    }
    double prior = 0.5;
    enum hb_status status
        = sim_steer_plain(verifier->input, experiment->site, verifier->sides, problem);
    if (status == HB_OK) {
        status = sim_steer_choose(verifier->input, experiment->site, verifier->states, &prior);
    }
    if (status == HB_OK) {
        status = sim_steer_inherit(verifier->input, experiment->site, verifier->states);
    }
    if (status != HB_OK) {
        return status;
    }
    compare(verifier, experiment, out);
    size_t count = experiment->answer_count;
    out->full = score(verifier->clues, count, sim_steer_rule_default(), prior);
    for (size_t rule = 0; rule < RULE_COUNT; rule++) {
        verifier->scores[index][rule] = score(verifier->clues, count, rule_at(rule), prior);
    }
    return HB_OK;
}

/* For each experiment the rule that does best on the other competitive ones. */
static void leave_one_out(const struct verifier *verifier, struct sim_steer_outcome *out)
{
    uint32_t count = verifier->input->peering->experiment_count;
    for (uint32_t left = 0; left < count; left++) {
        double best = -1.0;
        for (size_t rule = 0; rule < RULE_COUNT; rule++) {
            double sum = 0.0;
            for (uint32_t i = 0; i < count; i++) {
                sum += i != left && out[i].is_competitive ? verifier->scores[i][rule] : 0.0;
            }
            if (sum > best) {
                best = sum;
                out[left].left_out = verifier->scores[left][rule];
            }
        }
    }
}

enum hb_status sim_steer_verify(const struct sim_steer_input *input,
    struct sim_steer_outcome *out, struct data_problem *problem)
{
    const struct data_peering *peering = input->peering;
    size_t nodes = input->topology->node_count, answers = 1;
    for (uint32_t i = 0; i < peering->experiment_count; i++) {
        size_t count = peering->experiments[i].answer_count;
        answers = count > answers ? count : answers;
    }
    struct verifier verifier = { .input = input,
        .states = calloc(nodes, sizeof *verifier.states), .sides = calloc(nodes, 1),
        .clues = calloc(answers, sizeof *verifier.clues),
        .scores = calloc(peering->experiment_count, sizeof *verifier.scores) };
    enum hb_status status = HB_OK;
    if (verifier.states == NULL || verifier.sides == NULL || verifier.clues == NULL
        || verifier.scores == NULL) {
        status = HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < peering->experiment_count && status == HB_OK; i++) {
        status = one(&verifier, i, &out[i], problem);
        if (input->progress != NULL) {
            input->progress(input->ctx, i + 1, peering->experiment_count);
        }
    }
    if (status == HB_OK) {
        leave_one_out(&verifier, out);
    }
    free(verifier.scores);
    free(verifier.clues);
    free(verifier.sides);
    free(verifier.states);
    return status;
}
