/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/curves.h"
#include "sim/cli/judgement.h"

enum { knots = HB_CANDIDATES_KNOTS, curves_max = 16 };

static const char *const timeframes[knots] = { "15 min", "30 min", "45 min", "60 min" };

static enum hb_status draw_reliability(const char *directory, const struct cli_judgement *one,
    struct data_problem *problem)
{
    double said[knots][MODEL_SCORE_BINS], come_true[knots][MODEL_SCORE_BINS];
    struct analysis_curve curves[knots];
    for (int k = 0; k < knots; k++) {
        const struct model_score *s = &one->scores[k];
        for (int b = 0; b < MODEL_SCORE_BINS; b++) {
            double count = s->bin_counts[b] > 0 ? (double)s->bin_counts[b] : (double)NAN;
            said[k][b] = s->bin_sums[b] / count;
            come_true[k][b] = (double)s->bin_hits[b] / count;
        }
        curves[k] = (struct analysis_curve) { timeframes[k], said[k], come_true[k],
            MODEL_SCORE_BINS };
    }
    return analysis_curves_draw(directory,
        &(struct analysis_curves) { .name = "reliability",
            .x_label = "confidence of the first guess",
            .y_label = "share that came true",
            .curves = curves,
            .count = knots,
            .x_high = 1.0,
            .y_high = 1.0,
            .has_diagonal = 1 },
        problem);
}

static enum hb_status draw_decisions(const char *directory, const struct cli_judgements *all,
    struct data_problem *problem)
{
    static double recall[curves_max][MODEL_DECISION_STEPS];
    static double precision[curves_max][MODEL_DECISION_STEPS];
    struct analysis_curve curves[curves_max];
    size_t count = all->count < curves_max ? all->count : curves_max;
    for (size_t i = 0; i < count; i++) {
        const struct model_decision *decision = &all->of[i].detail.decisions[1];
        for (uint32_t step = 0; step < MODEL_DECISION_STEPS; step++) {
            recall[i][step] = model_decision_recall(decision, step);
            precision[i][step] = model_decision_precision(decision, step);
        }
        curves[i] = (struct analysis_curve) { all->of[i].name, recall[i], precision[i],
            MODEL_DECISION_STEPS };
    }
    enum hb_status status = analysis_curves_draw(directory,
        &(struct analysis_curves) { .name = "precision-recall",
            .x_label = "recall: moves to another site that had a mirror",
            .y_label = "precision: mirrors that were right",
            .curves = curves,
            .count = count,
            .x_high = 1.0,
            .y_high = 1.0 },
        problem);
    return status == HB_ERR_RANGE ? HB_OK : status; /* nobody mirrors: nothing to show */
}

static double hits_of(const struct model_score *score)
{
    return 100.0 * model_score_share(score->hits[0], score->count);
}

static double loss_of(const struct model_score *score)
{
    return score->count > 0 ? score->nats / (double)score->count : (double)NAN;
}

static enum hb_status draw_timeframes(const char *directory, const struct cli_judgements *all,
    int is_loss, struct data_problem *problem)
{
    static const double minutes[knots] = { 15.0, 30.0, 45.0, 60.0 };
    double values[curves_max][knots];
    struct analysis_curve curves[curves_max];
    size_t count = all->count < curves_max ? all->count : curves_max;
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < knots; k++) {
            const struct model_score *score = &all->of[i].scores[k];
            values[i][k] = is_loss ? loss_of(score) : hits_of(score);
        }
        curves[i] = (struct analysis_curve) { all->of[i].name, minutes, values[i], knots };
    }
    return analysis_curves_draw(directory,
        &(struct analysis_curves) { .name = is_loss ? "timeframe-loss" : "timeframe-hits",
            .x_label = "timeframe (min)",
            .y_label = is_loss ? "loss (nats)" : "first guess right (%)",
            .curves = curves,
            .count = count,
            .x_low = 10.0,
            .x_high = 65.0,
            .x_step = 15.0 },
        problem);
}

enum hb_status cli_judgements_draw(const char *directory, const struct cli_judgements *all,
    struct data_problem *problem)
{
    enum hb_status status = draw_reliability(directory, &all->of[all->count - 1], problem);
    if (status == HB_OK) {
        status = draw_decisions(directory, all, problem);
    }
    for (int is_loss = 0; status == HB_OK && is_loss < 2; is_loss++) {
        status = draw_timeframes(directory, all, is_loss, problem);
    }
    return status;
}
