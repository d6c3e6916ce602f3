/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/decision.h"

#include <math.h>

double model_decision_threshold(uint32_t step)
{
    return (step + 1) / (double)(MODEL_DECISION_STEPS + 1);
}

void model_decision_add(struct model_decision *decision, const float *chances,
    uint32_t site_count, uint32_t now, uint32_t target)
{
    uint32_t best = now;
    for (uint32_t i = 0; i < site_count; i++) {
        if (i != now && (best == now || chances[i] > chances[best])) {
            best = i;
        }
    }
    decision->count++;
    decision->moved += target != now;
    for (uint32_t step = 0; best != now && step < MODEL_DECISION_STEPS; step++) {
        if ((double)chances[best] >= model_decision_threshold(step)) {
            decision->made[step]++;
            decision->right[step] += target == best;
        }
    }
}

double model_decision_precision(const struct model_decision *decision, uint32_t step)
{
    return decision->made[step] > 0
        ? (double)decision->right[step] / (double)decision->made[step]
        : (double)NAN;
}

double model_decision_recall(const struct model_decision *decision, uint32_t step)
{
    return decision->moved > 0 ? (double)decision->right[step] / (double)decision->moved
                               : (double)NAN;
}
