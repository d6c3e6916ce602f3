/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_MODES_H
#define SIM_WORLD_MODES_H

#include <stdbool.h>

#include "sim/engine/stream.h"
#include "sim/world/world.h"

/* A trip within a city: how, how long before it moves (waiting, parking), and
 * how fast it then moves as the crow flies. */
struct sim_modes_trip {
    enum data_activity mode;
    double overhead_s, speed_km_s;
};

/* Chooses among walk (to 3 km), transit and, for its owner, car by a logit of the
 * door-to-door times. */
struct sim_modes_trip sim_modes_choose(
    const struct sim_world_modes *modes, double crow_km, bool owns_car, struct sim_stream *stream);

/* Share of owners that drive between cities rather than take the train: logit of the times. */
double sim_modes_drive_share(const struct sim_world_modes *modes, double crow_km);

#endif
