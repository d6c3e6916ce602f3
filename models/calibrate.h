/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_CALIBRATE_H
#define MODEL_CALIBRATE_H

#include "models/judge.h"

/* Makes a model's confidence believable, on judge's part, which should be the validation's:
 * per knot a temperature by the loss, then the curve that the first guess's probability is put
 * on by what came true. Sets model->inverse_temperature and model->confidence.
 * HB_ERR_MEMORY, HB_ERR_RANGE. */
enum hb_status model_calibrate(const struct model_judge *judge, double curve_prior,
    struct hb_lstm_model *model);

/* The curve of one knot from the score's fine bins: piecewise linear, least squares of hits,
 * drawn to the diagonal with the weight of curve_prior > 0 cases at each of its points,
 * ascending. HB_ERR_MEMORY. */
enum hb_status model_calibrate_curve(const struct model_score *score, double curve_prior,
    float curve[HB_LSTM_CONFIDENCE]);

#endif
