/* SPDX-License-Identifier: Apache-2.0 */
#include "core/calibration.h"

#include <assert.h>

/* A bin starts out as if this many guesses had come true as said (ours). */
static const double trust_count = 20.0;
static const double fade_at_count = 4096.0;

/* Pool adjacent violators (Ayer et al. 1955): the ascending curve that is
 * least squares nearest to the bins' rates, weighted by their counts. */
static void fit(struct hb_calibration *calibration, unsigned step)
{
    double rates[HB_CALIBRATION_BINS], weights[HB_CALIBRATION_BINS];
    int sizes[HB_CALIBRATION_BINS], blocks = 0;
    for (int i = 0; i < HB_CALIBRATION_BINS; i++) {
        const struct hb_calibration_bin *bin = &calibration->bins[step][i];
        double centre = (i + 0.5) / HB_CALIBRATION_BINS, weight = bin->count + trust_count;
        double said = (bin->sum + trust_count * centre) / weight;
        calibration->said[step][i] = said;
        rates[blocks] = (bin->hits + trust_count * said) / weight;
        weights[blocks] = weight;
        sizes[blocks] = 1;
        blocks++;
        for (; blocks > 1 && rates[blocks - 2] > rates[blocks - 1]; blocks--) {
            double sum = weights[blocks - 2] + weights[blocks - 1];
            rates[blocks - 2] = (rates[blocks - 2] * weights[blocks - 2]
                                    + rates[blocks - 1] * weights[blocks - 1])
                / sum;
            weights[blocks - 2] = sum;
            sizes[blocks - 2] += sizes[blocks - 1];
        }
    }
    for (int block = 0, i = 0; block < blocks; block++) {
        for (int k = 0; k < sizes[block]; k++) {
            calibration->came_true[step][i++] = rates[block];
        }
    }
}

void hb_calibration_init(struct hb_calibration *calibration)
{
    *calibration = (struct hb_calibration){ 0 };
    for (unsigned step = 0; step < HB_HISTORY_STEPS; step++) {
        fit(calibration, step);
    }
}

void hb_calibration_count(struct hb_calibration *calibration, unsigned step, double said,
    int has_come_true)
{
    assert(step < HB_HISTORY_STEPS);
    assert(said >= 0.0 && said <= 1.0 + 1e-9);
    int i = (int)(said * HB_CALIBRATION_BINS);
    struct hb_calibration_bin *bin
        = &calibration->bins[step][i < HB_CALIBRATION_BINS ? i : HB_CALIBRATION_BINS - 1];
    bin->count += 1.0;
    bin->sum += said;
    bin->hits += has_come_true != 0;
    if (bin->count >= fade_at_count) {
        bin->count /= 2.0;
        bin->sum /= 2.0;
        bin->hits /= 2.0;
    }
    fit(calibration, step);
}

/* The curve runs from (0, 0) through the bins' points to (1, 1), straight between them. */
static double corrected(const struct hb_calibration *calibration, unsigned step, double said)
{
    double x0 = 0.0, y0 = 0.0, x1 = 1.0, y1 = 1.0;
    for (int i = 0; i < HB_CALIBRATION_BINS; i++) {
        double x = calibration->said[step][i], y = calibration->came_true[step][i];
        if (x >= said) {
            x1 = x;
            y1 = y;
            break;
        }
        x0 = x;
        y0 = y;
    }
    return x1 > x0 ? y0 + (y1 - y0) * (said - x0) / (x1 - x0) : y1;
}

void hb_calibration_correct(const struct hb_calibration *calibration,
    struct hb_history_bracket bracket, struct hb_prediction *prediction)
{
    if (prediction->guess_count == 0) {
        return;
    }
    double said = prediction->guesses[0].confidence;
    double lo = bracket.lo == 0 ? said : corrected(calibration, bracket.lo - 1, said);
    double hi = bracket.hi == 0 ? said : corrected(calibration, bracket.hi - 1, said);
    double first = lo + (hi - lo) * bracket.weight;
    if (prediction->guess_count > 1) {
        /* Below this the second guess, scaled, would overtake it. */
        double second = prediction->guesses[1].confidence;
        double floor = second / (1.0 - said + second);
        first = first < floor ? floor : first;
    }
    double scale = said < 1.0 ? (1.0 - first) / (1.0 - said) : 0.0;
    double left = 1.0 - first;
    prediction->guesses[0].confidence = (float)first;
    for (uint32_t i = 1; i < prediction->guess_count; i++) {
        float confidence = (float)(prediction->guesses[i].confidence * scale);
        float above = prediction->guesses[i - 1].confidence;
        prediction->guesses[i].confidence = confidence < above ? confidence : above;
        left -= prediction->guesses[i].confidence;
    }
    prediction->elsewhere = (float)(left > 0.0 ? left : 0.0);
}
