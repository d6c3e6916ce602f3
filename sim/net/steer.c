/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/steer.h"

#include <math.h>
#include <stdlib.h>

#include "sim/net/steer_elsewhere.h"
#include "sim/net/steer_impl.h"
#include "sim/net/steer_odds.h"

static const double competitive_share = 0.1;
/* What a share is believed to at most, and how far clues that have no bound count. */
static const double prior_doubt = 0.02, share_doubt = 0.1, nearer_most = 8.0, shorter_most = 4.0;

struct verifier {
    const struct sim_steer_input *input;
    struct steer_state *states;      /* both sites together */
    struct steer_state *alone[2];    /* each by itself */
    uint8_t *sides;
    struct steer_row **rows;         /* [experiment][answer] */
    struct steer_sample *samples;    /* [experiment] */
};

static double bounded(double value, double most)
{
    return fmin(most, fmax(-most, value));
}

static double log_odds(double share, double doubt)
{
    double kept = fmin(1.0 - doubt, fmax(doubt, share));
    return log(kept / (1.0 - kept));
}

static int worth(enum data_relation relation)
{
    return relation == DATA_RELATION_CUSTOMER ? 2 : relation == DATA_RELATION_PEER ? 1 : 0;
}

static struct steer_row row_made(const struct verifier *verifier,
    const struct data_peering_experiment *experiment, const struct data_peering_answer *answer,
    double prior)
{
    uint32_t node = data_topology_node(verifier->input->topology, answer->as);
    double nearer = sim_steer_nearer(verifier->input, experiment->site, answer->as);
    struct steer_row row = { .side = answer->side };
    row.clues[STEER_PRIOR] = log_odds(prior, prior_doubt);
    row.clues[STEER_NEARER] = bounded(nearer, nearer_most);
    if (node == STEER_NONE) {
        return row;
    }
    const struct steer_state *both = &verifier->states[node], *first = &verifier->alone[0][node],
        *second = &verifier->alone[1][node];
    row.clues[STEER_SHARE] = both->length > 0 ? log_odds(both->share, share_doubt) : 0.0;
    if (first->length > 0 && second->length > 0) {
        row.clues[STEER_SHORTER]
            = bounded((double)second->length - (double)first->length, shorter_most);
        row.clues[STEER_PAYING] = worth(first->relation) - worth(second->relation);
    } else {
        row.clues[STEER_ONLY] = (first->length > 0) - (second->length > 0);
    }
    return row;
}

/* What tells the predicted side of the ASes that a prediction leaves open. */
static double lean_of(const struct verifier *verifier)
{
    double sum = 0.0;
    for (uint32_t node = 0; node < verifier->input->topology->node_count; node++) {
        const struct steer_state *state = &verifier->states[node];
        sum += state->length > 0 ? state->share - 0.5 : 0.0;
    }
    return sum;
}

/* Share of the answers that states tell right; an AS without route, or with
 * equal ones, goes where most of the predicted ASes go. */
static double states_right(
    const struct verifier *verifier, const struct data_peering_experiment *experiment)
{
    double lean = lean_of(verifier);
    size_t right = 0;
    for (size_t i = 0; i < experiment->answer_count; i++) {
        uint32_t node = data_topology_node(verifier->input->topology, experiment->answers[i].as);
        bool has = node != STEER_NONE && verifier->states[node].length > 0;
        double own = has ? verifier->states[node].share - 0.5 : 0.0;
        right += ((fabs(own) < 1e-9 ? lean : own) > 0.0) == (experiment->answers[i].side == 0);
    }
    return (double)right / (double)experiment->answer_count;
}

static double plain_right(
    const struct verifier *verifier, const struct data_peering_experiment *experiment)
{
    const struct data_topology *topology = verifier->input->topology;
    size_t sides[3] = { 0, 0, 0 }, right = 0;
    for (uint32_t node = 0; node < topology->node_count; node++) {
        sides[verifier->sides[node]]++;
    }
    for (size_t i = 0; i < experiment->answer_count; i++) {
        uint32_t node = data_topology_node(topology, experiment->answers[i].as);
        uint8_t side = node == STEER_NONE ? 2 : verifier->sides[node];
        side = side == 2 ? sides[1] > sides[0] : side;
        right += side == experiment->answers[i].side;
    }
    return (double)right / (double)experiment->answer_count;
}

static int is_link(const struct data_peering *peering, uint32_t site, uint32_t as)
{
    int is = 0;
    for (size_t i = 0; i < peering->link_count; i++) {
        is |= peering->links[i].site == site && peering->links[i].as == as;
    }
    return is;
}

/* A site that no collector saw beyond one of its own neighbours did not really
 * announce; paths that end elsewhere are left over from another site. */
static int is_seen(const struct data_peering *peering, uint32_t site)
{
    for (size_t p = 0; p < peering->path_count; p++) {
        const struct data_peering_path *path = &peering->paths[p];
        if (path->site == site
            && is_link(peering, site, peering->hops[path->first + path->count - 1])) {
            return 1;
        }
    }
    return 0;
}

/* The routes to one site while it is alone, seen or inherited. */
static enum hb_status alone(const struct verifier *verifier, uint32_t site,
    struct steer_state *states)
{
    const uint32_t pair[2] = { site, STEER_NONE };
    double ignored = 0.0;
    enum hb_status status = sim_steer_choose(verifier->input, pair, states, &ignored);
    return status != HB_OK ? status : sim_steer_inherit(verifier->input, pair, NULL, states);
}

static enum hb_status predict(const struct verifier *verifier,
    const struct data_peering_experiment *experiment, struct sim_steer_outcome *out,
    double *prior, struct data_problem *problem)
{
    const struct sim_steer_input *input = verifier->input;
    enum hb_status status
        = sim_steer_plain(input, experiment->site, verifier->sides, problem);
    if (status == HB_OK) {
        out->plain = plain_right(verifier, experiment);
        status = sim_steer_announced(input, experiment->site, verifier->states);
    }
    for (int side = 0; side < 2 && status == HB_OK; side++) {
        status = alone(verifier, experiment->site[side], verifier->alone[side]);
    }
    if (status == HB_OK) {
        out->announced = states_right(verifier, experiment);
        status = sim_steer_choose(input, experiment->site, verifier->states, prior);
    }
    if (status == HB_OK) {
        status = sim_steer_inherit(input, experiment->site, NULL, verifier->states);
    }
    if (status == HB_OK) {
        out->observed = states_right(verifier, experiment);
    }
    return status;
}

static enum hb_status one(struct verifier *verifier, uint32_t index,
    struct sim_steer_outcome *out, struct data_problem *problem)
{
    const struct data_peering *peering = verifier->input->peering;
    const struct data_peering_experiment *experiment = &peering->experiments[index];
    size_t count = experiment->answer_count;
    *out = (struct sim_steer_outcome){ .id = experiment->id,
        .site = { experiment->site[0], experiment->site[1] }, .answer_count = count };
    if (count == 0) {
        return HB_OK;
    }
    double prior = 0.5;
    struct steer_row *rows = malloc(count * sizeof *rows);
    verifier->rows[index] = rows;
    enum hb_status status = rows == NULL ? HB_ERR_MEMORY
        : predict(verifier, experiment, out, &prior, problem);
    if (status != HB_OK) {
        return status;
    }
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        rows[i] = row_made(verifier, experiment, &experiment->answers[i], prior);
        first += rows[i].side == 0;
    }
    verifier->samples[index] = (struct steer_sample){ .rows = rows, .count = count,
        .is_used = is_seen(peering, experiment->site[0]) && is_seen(peering, experiment->site[1]) };
    out->first_share = (double)first / (double)count;
    out->majority = fmax(out->first_share, 1.0 - out->first_share);
    out->is_competitive = out->majority <= 1.0 - competitive_share;
    return HB_OK;
}

static double right_by(const struct steer_sample *sample, const double *weights)
{
    size_t right = 0;
    for (size_t i = 0; i < sample->count; i++) {
        right += (sim_steer_odds(&sample->rows[i], weights) > 0.0) == (sample->rows[i].side == 0);
    }
    return (double)right / (double)sample->count;
}

/* The clue of the experiment at index in all rows, with nothing of one of them in it. */
static void elsewhere_filled(struct verifier *verifier,
    const struct sim_steer_elsewhere *elsewhere, uint32_t without)
{
    const struct data_peering *peering = verifier->input->peering;
    for (uint32_t e = 0; e < peering->experiment_count; e++) {
        const struct data_peering_experiment *experiment = &peering->experiments[e];
        const uint32_t skip[2] = { e, without };
        for (size_t i = 0; i < verifier->samples[e].count; i++) {
            verifier->rows[e][i].clues[STEER_ELSEWHERE] = sim_steer_elsewhere_lean(
                elsewhere, experiment->site, experiment->answers[i].as, skip);
        }
    }
}

static enum hb_status judge_elsewhere(struct verifier *verifier, struct sim_steer_outcome *out)
{
    uint32_t count = verifier->input->peering->experiment_count;
    uint8_t is_used[DATA_PEERING_EXPERIMENTS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        is_used[i] = verifier->samples[i].is_used != 0;
    }
    struct sim_steer_elsewhere *elsewhere = NULL;
    enum hb_status status
        = sim_steer_elsewhere_create(verifier->input->peering, is_used, &elsewhere);
    double weights[STEER_CLUE_COUNT] = { 0.0 };
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        struct steer_sample *sample = &verifier->samples[i];
        if (sample->count == 0) {
            continue;
        }
        elsewhere_filled(verifier, elsewhere, i);
        sample->is_used = 0;
        sim_steer_odds_fit(verifier->samples, count, weights);
        sample->is_used = is_used[i];
        out[i].elsewhere = right_by(sample, weights);
    }
    sim_steer_elsewhere_free(elsewhere);
    return status;
}

/* With the weights of all experiments, and of all others. */
static void judge(struct verifier *verifier, struct sim_steer_outcome *out)
{
    uint32_t count = verifier->input->peering->experiment_count;
    double all[STEER_CLUE_COUNT] = { 0.0 };
    sim_steer_odds_fit(verifier->samples, count, all);
    for (uint32_t i = 0; i < count; i++) {
        struct steer_sample *sample = &verifier->samples[i];
        if (sample->count == 0) {
            continue;
        }
        double others[STEER_CLUE_COUNT];
        int was_used = sample->is_used;
        for (int k = 0; k < STEER_CLUE_COUNT; k++) {
            others[k] = all[k];
        }
        sample->is_used = 0;
        sim_steer_odds_fit(verifier->samples, count, others);
        sample->is_used = was_used;
        out[i].full = right_by(sample, all);
        out[i].left_out = right_by(sample, others);
    }
}

enum hb_status sim_steer_verify(const struct sim_steer_input *input,
    struct sim_steer_outcome *out, struct data_problem *problem)
{
    uint32_t count = input->peering->experiment_count;
    size_t nodes = input->topology->node_count;
    struct verifier verifier = { .input = input,
        .states = calloc(nodes, sizeof *verifier.states),
        .alone = { calloc(nodes, sizeof *verifier.states), calloc(nodes, sizeof *verifier.states) },
        .sides = calloc(nodes, 1), .rows = calloc(count + 1, sizeof *verifier.rows),
        .samples = calloc(count + 1, sizeof *verifier.samples) };
    enum hb_status status = HB_OK;
    if (verifier.states == NULL || verifier.alone[0] == NULL || verifier.alone[1] == NULL
        || verifier.sides == NULL || verifier.rows == NULL || verifier.samples == NULL) {
        status = HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        status = one(&verifier, i, &out[i], problem);
        if (input->progress != NULL) {
            input->progress(input->ctx, i + 1, count);
        }
    }
    if (status == HB_OK) {
        judge(&verifier, out);
        status = judge_elsewhere(&verifier, out);
    }
    for (uint32_t i = 0; verifier.rows != NULL && i < count; i++) {
        free(verifier.rows[i]);
    }
    free(verifier.samples);
    free(verifier.rows);
    free(verifier.sides);
    free(verifier.alone[1]);
    free(verifier.alone[0]);
    free(verifier.states);
    return status;
}
