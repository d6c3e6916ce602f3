/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/steer_odds.h"

#include <assert.h>
#include <math.h>

#define N STEER_CLUE_COUNT
static const double ridge = 0.05; /* 1 / variance of the prior */
static const double step_enough = 1e-5;
#define STEPS_MAX 30

/* The log posterior's slope and the negative of its curvature. */
struct newton {
    double slope[N], curve[N][N];
};

double sim_steer_odds(const struct steer_row *row, const double weights[N])
{
    double sum = 0.0;
    for (int k = 0; k < N; k++) {
        sum += weights[k] * row->clues[k];
    }
    return sum;
}

static void add_sample(
    struct newton *newton, const struct steer_sample *sample, const double weights[N])
{
    double share = 1.0 / (double)sample->count;
    for (size_t i = 0; i < sample->count; i++) {
        const struct steer_row *row = &sample->rows[i];
        double p = 1.0 / (1.0 + exp(-sim_steer_odds(row, weights)));
        double miss = share * ((row->side == 0 ? 1.0 : 0.0) - p), weight = share * p * (1.0 - p);
        for (int k = 0; k < N; k++) {
            newton->slope[k] += miss * row->clues[k];
            for (int j = 0; j <= k; j++) {
                newton->curve[k][j] += weight * row->clues[k] * row->clues[j];
            }
        }
    }
}

/* Solves curve step = slope by Cholesky: ridge makes it positive definite. */
static void solve(const struct newton *newton, double step[N])
{
    double lower[N][N];
    for (int k = 0; k < N; k++) {
        for (int j = 0; j <= k; j++) {
            double sum = newton->curve[k][j];
            for (int i = 0; i < j; i++) {
                sum -= lower[k][i] * lower[j][i];
            }
            assert(j < k || sum > 0.0);
            lower[k][j] = j == k ? sqrt(sum) : sum / lower[j][j];
        }
    }
    for (int k = 0; k < N; k++) {
        step[k] = newton->slope[k];
        for (int i = 0; i < k; i++) {
            step[k] -= lower[k][i] * step[i];
        }
        step[k] /= lower[k][k];
    }
    for (int k = N - 1; k >= 0; k--) {
        for (int i = k + 1; i < N; i++) {
            step[k] -= lower[i][k] * step[i];
        }
        step[k] /= lower[k][k];
    }
}

void sim_steer_odds_fit(
    const struct steer_sample *samples, size_t sample_count, double weights[N])
{
    double largest = INFINITY;
    for (int round = 0; round < STEPS_MAX && largest > step_enough; round++) {
        struct newton newton = { .slope = { 0.0 } };
        for (int k = 0; k < N; k++) {
            newton.slope[k] = -ridge * weights[k];
            newton.curve[k][k] = ridge;
        }
        for (size_t i = 0; i < sample_count; i++) {
            if (samples[i].is_used && samples[i].count > 0) {
                add_sample(&newton, &samples[i], weights);
            }
        }
        double step[N];
        solve(&newton, step);
        largest = 0.0;
        for (int k = 0; k < N; k++) {
            weights[k] += step[k];
            largest = fmax(largest, fabs(step[k]));
        }
    }
}
