/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/rate.h"

#include <math.h>

#include "core/units.h"

bool sim_rate_take(struct sim_rate *rate, const struct sim_rate_limit *limit, int64_t now_ns)
{
    double left = limit->burst;
    if (rate->at_ns != 0) {
        double elapsed_s = fmax(0.0, hb_units_s(now_ns - rate->at_ns));
        left = fmin(limit->burst, rate->left + elapsed_s * limit->per_s);
    }
    bool is_allowed = left >= 1.0;
    *rate = (struct sim_rate) { .left = is_allowed ? left - 1.0 : left, .at_ns = now_ns };
    return is_allowed;
}
