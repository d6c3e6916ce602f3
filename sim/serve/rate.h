/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_RATE_H
#define SIM_SERVE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Token bucket: per_s tokens a second, at most burst of them. All zero: full. */
struct sim_rate {
    double left;
    int64_t at_ns; /* when left was right; 0: not used so far */
};

struct sim_rate_limit {
    double per_s, burst; /* per_s > 0, burst >= 1 */
};

/* Takes one token; false, and nothing taken, if there is none. */
bool sim_rate_take(struct sim_rate *rate, const struct sim_rate_limit *limit, int64_t now_ns);

#endif
