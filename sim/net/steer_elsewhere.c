/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/steer_elsewhere.h"

#include <stdlib.h>

struct choice {
    uint32_t as;
    uint16_t experiment;
    uint8_t side;
};

struct sim_steer_elsewhere {
    const struct data_peering *peering;
    struct choice *choices; /* [choice_count], ascending in AS and experiment */
    size_t choice_count;
    double mean[DATA_PEERING_EXPERIMENTS_MAX]; /* of all its choices; 1: the first site */
};

static int by_as(const void *left, const void *right)
{
    const struct choice *a = left, *b = right;
    if (a->as != b->as) {
        return a->as < b->as ? -1 : 1;
    }
    return (a->experiment > b->experiment) - (a->experiment < b->experiment);
}

static double sign_of(uint8_t side)
{
    return side == 0 ? 1.0 : -1.0;
}

static void take(struct sim_steer_elsewhere *elsewhere, uint32_t index)
{
    const struct data_peering_experiment *experiment = &elsewhere->peering->experiments[index];
    double sum = 0.0;
    for (size_t i = 0; i < experiment->answer_count; i++) {
        const struct data_peering_answer *answer = &experiment->answers[i];
        elsewhere->choices[elsewhere->choice_count++] = (struct choice){ .as = answer->as,
            .experiment = (uint16_t)index, .side = answer->side };
        sum += sign_of(answer->side);
    }
    elsewhere->mean[index]
        = experiment->answer_count == 0 ? 0.0 : sum / (double)experiment->answer_count;
}

enum hb_status sim_steer_elsewhere_create(const struct data_peering *peering,
    const uint8_t *is_used, struct sim_steer_elsewhere **out)
{
    size_t most = 1;
    for (uint32_t e = 0; e < peering->experiment_count; e++) {
        most += is_used[e] != 0 ? peering->experiments[e].answer_count : 0;
    }
    struct sim_steer_elsewhere *elsewhere = calloc(1, sizeof *elsewhere);
    struct choice *choices = malloc(most * sizeof *choices);
    if (elsewhere == NULL || choices == NULL) {
        free(choices);
        free(elsewhere);
        return HB_ERR_MEMORY;
    }
    elsewhere->peering = peering;
    elsewhere->choices = choices;
    for (uint32_t e = 0; e < peering->experiment_count; e++) {
        if (is_used[e] != 0) {
            take(elsewhere, e);
        }
    }
    qsort(choices, elsewhere->choice_count, sizeof *choices, by_as);
    *out = elsewhere;
    return HB_OK;
}

void sim_steer_elsewhere_free(struct sim_steer_elsewhere *elsewhere)
{
    if (elsewhere != NULL) {
        free(elsewhere->choices);
        free(elsewhere);
    }
}

static size_t first_choice(const struct sim_steer_elsewhere *elsewhere, uint32_t as)
{
    size_t low = 0, high = elsewhere->choice_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (elsewhere->choices[middle].as < as) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

double sim_steer_elsewhere_lean(const struct sim_steer_elsewhere *elsewhere,
    const uint32_t site[2], uint32_t as, const uint32_t skip[2])
{
    double sum[2] = { 0.0, 0.0 }, count[2] = { 1.0, 1.0 };
    for (size_t i = first_choice(elsewhere, as);
         i < elsewhere->choice_count && elsewhere->choices[i].as == as; i++) {
        const struct choice *choice = &elsewhere->choices[i];
        if (choice->experiment == skip[0] || choice->experiment == skip[1]) {
            continue;
        }
        const uint32_t *met = elsewhere->peering->experiments[choice->experiment].site;
        double beyond = sign_of(choice->side) - elsewhere->mean[choice->experiment];
        for (int k = 0; k < 2; k++) {
            if (met[0] == site[k] || met[1] == site[k]) {
                sum[k] += met[0] == site[k] ? beyond : -beyond;
                count[k] += 1.0;
            }
        }
    }
    return sum[0] / count[0] - sum[1] / count[1];
}
