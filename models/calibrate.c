/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/calibrate.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

enum { knots = HB_CANDIDATES_KNOTS, points = HB_LSTM_CONFIDENCE };

static void set_temperature(struct hb_lstm_model *model, uint32_t knot, double temperature)
{
    for (int head = 0; head < HB_LSTM_HEADS; head++) {
        model->inverse_temperature[knot][head] = (float)(1.0 / temperature);
    }
}

/* Lowest point of the parabola through (-1, l), (0, m), (1, h), within -1.5..1.5. */
static double lowest(const double loss[3])
{
    double bend = loss[0] - 2.0 * loss[1] + loss[2];
    double at = bend > 1e-9 ? 0.5 * (loss[0] - loss[2]) / bend : loss[0] < loss[2] ? -1.0 : 1.0;
    return fmin(fmax(at, -1.5), 1.5);
}

static enum hb_status fit_temperatures(const struct model_judge *judge,
    struct hb_lstm_model *model)
{
    const double log_step = 0.18; /* temperatures .835, 1, 1.197 */
    double losses[knots][3];
    enum hb_status status = HB_OK;
    for (int tried = 0; status == HB_OK && tried < 3; tried++) {
        struct model_score scores[knots];
        for (uint32_t k = 0; k < knots; k++) {
            model_score_init(&scores[k], 0.0);
            set_temperature(model, k, exp(log_step * (tried - 1)));
        }
        status = model_judge_lstm(judge, model, scores);
        for (uint32_t k = 0; k < knots; k++) {
            losses[k][tried] = scores[k].nats / fmax((double)scores[k].count, 1.0);
            model_score_fini(&scores[k]);
        }
    }
    for (uint32_t k = 0; status == HB_OK && k < knots; k++) {
        set_temperature(model, k, exp(log_step * lowest(losses[k])));
    }
    return status;
}

/* Normal equations of the hat functions: only neighbours overlap. */
struct normal {
    double diagonal[points], beside[points - 1], right[points], curve[points];
};

static void add_bin(struct normal *normal, double said, double hits, double count)
{
    double x = said * (points - 1);
    int i = x < points - 2 ? (int)x : points - 2;
    double high = x - i, low = 1.0 - high;
    normal->diagonal[i] += count * low * low;
    normal->diagonal[i + 1] += count * high * high;
    normal->beside[i] += count * low * high;
    normal->right[i] += hits * low;
    normal->right[i + 1] += hits * high;
}

enum hb_status model_calibrate_curve(const struct model_score *score, double curve_prior,
    float curve[HB_LSTM_CONFIDENCE])
{
    struct normal normal = { { 0.0 }, { 0.0 }, { 0.0 }, { 0.0 } };
    for (int i = 0; i < points; i++) {
        normal.diagonal[i] = curve_prior;
        normal.right[i] = curve_prior * i / (points - 1);
    }
    for (int b = 0; b < MODEL_SCORE_FINE; b++) {
        double count = (double)score->fine_counts[b];
        if (count > 0.0) {
            add_bin(&normal, score->fine_sums[b] / count, (double)score->fine_hits[b], count);
        }
    }
    gsl_vector_view diagonal = gsl_vector_view_array(normal.diagonal, points);
    gsl_vector_view beside = gsl_vector_view_array(normal.beside, points - 1);
    gsl_vector_view right = gsl_vector_view_array(normal.right, points);
    gsl_vector_view solved = gsl_vector_view_array(normal.curve, points);
    if (gsl_linalg_solve_symm_tridiag(&diagonal.vector, &beside.vector, &right.vector,
            &solved.vector)
        != GSL_SUCCESS) {
        return HB_ERR_MEMORY; /* the matrix is positive definite */
    }
    double before = 0.0;
    for (int i = 0; i < points; i++) {
        before = fmin(fmax(normal.curve[i], before), 1.0);
        curve[i] = (float)before;
    }
    return HB_OK;
}

static enum hb_status fit_curves(const struct model_judge *judge, double curve_prior,
    struct hb_lstm_model *model)
{
    struct model_score scores[knots];
    for (int k = 0; k < knots; k++) {
        model_score_init(&scores[k], 0.0);
    }
    enum hb_status status = model_judge_lstm(judge, model, scores);
    for (int k = 0; k < knots; k++) {
        if (status == HB_OK && scores[k].count > 0) {
            status = model_calibrate_curve(&scores[k], curve_prior, model->confidence[k]);
        }
        model_score_fini(&scores[k]);
    }
    return status;
}

enum hb_status model_calibrate(const struct model_judge *judge, double curve_prior,
    struct hb_lstm_model *model)
{
    memset(model->confidence, 0, sizeof model->confidence);
    enum hb_status status = fit_temperatures(judge, model);
    return status == HB_OK ? fit_curves(judge, curve_prior, model) : status;
}
