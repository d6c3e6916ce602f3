/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/lstm_net_impl.h"

/* A temperature stretches all logits alike. What the mixture says of its first guess is off in
 * another way: too sure in the middle, not sure enough at the top. So the first guess's
 * probability p becomes c(p), by a curve fitted to what came true, and all others keep their
 * proportions: q (1 - c) / (1 - p). The second guess q would overtake the first where
 * c < q (1 - c) / (1 - p); so c is at least a thousandth
 * more than q / (1 - p + q). */

static const float points = HB_LSTM_CONFIDENCE - 1;

void hb_lstm_confidence_of(const struct hb_lstm_model *model, uint32_t knot,
    float curve[HB_LSTM_CONFIDENCE])
{
    memcpy(curve, model->confidence[knot], HB_LSTM_CONFIDENCE * sizeof *curve);
    int is_absent = !(curve[HB_LSTM_CONFIDENCE - 1] > 0.0F);
    for (uint32_t i = 0; is_absent && i < HB_LSTM_CONFIDENCE; i++) {
        curve[i] = (float)i / points;
    }
}

static float on_curve(const float *curve, float p)
{
    uint32_t i = (uint32_t)(p * points);
    i = i < HB_LSTM_CONFIDENCE - 1 ? i : HB_LSTM_CONFIDENCE - 2;
    return curve[i] + (p * points - (float)i) * (curve[i + 1] - curve[i]);
}

void hb_lstm_confidence_put(const struct hb_lstm_net *net, struct hb_prediction *out,
    float *dense)
{
    struct hb_candidates_bracket at = hb_candidates_bracket_of(out->horizon_s);
    float p = out->guess_count > 0 ? out->guesses[0].confidence : 1.0F;
    if (!(p < 1.0F)) {
        return;
    }
    float c = on_curve(net->confidence[at.lo], p);
    if (at.weight > 0.0F) {
        c += at.weight * (on_curve(net->confidence[at.lo + 1], p) - c);
    }
    float second = out->guess_count > 1 ? out->guesses[1].confidence : 0.0F;
    float least = 1.001F * second / (1.0F - p + second);
    c = c > least ? c : least;
    c = c < 1.0F ? c : 1.0F;
    float factor = (1.0F - c) / (1.0F - p), sum = c;
    out->guesses[0].confidence = c;
    for (uint32_t i = 1; i < out->guess_count; i++) {
        out->guesses[i].confidence *= factor;
        sum += out->guesses[i].confidence;
    }
    out->elsewhere = sum < 1.0F ? 1.0F - sum : 0.0F;
    for (uint32_t i = 0; dense != NULL && i < net->tables.place_count; i++) {
        dense[i] *= factor;
    }
    if (dense != NULL) {
        dense[out->guesses[0].place] = c;
    }
}
