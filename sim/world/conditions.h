/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_CONDITIONS_H
#define SIM_WORLD_CONDITIONS_H

#include "data/trace.h"

/* What slows or speeds travel: traffic, weather, works, crowds. speed_factor
 * is asked for every stretch that a client travels and multiplies its speed;
 * it must be > 0, depend on its arguments only, and bear calls from several
 * threads. A null function means 1 everywhere. */
struct sim_conditions {
    const void *ctx;
    double (*speed_factor)(
        const void *ctx, uint32_t place, int64_t at_unix_s, enum data_activity mode);
};

#endif
