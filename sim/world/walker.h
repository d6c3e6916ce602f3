/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_WALKER_H
#define SIM_WORLD_WALKER_H

#include <stddef.h>

#include "sim/world/model.h"
#include "sim/world/modes.h"

/* Visits of one client after the other; grows. */
struct sim_walker_log {
    struct data_visit *visits;
    size_t len, capacity;
    bool failed; /* out of memory: visits are missing */
};

/* Where one client is, and the pen that writes its visits. Time runs from
 * before the scenario's start (at_s < 0) to model->end_s; what is written
 * before 0 shows as the first visit. */
struct sim_walker {
    const struct sim_model *model;
    struct sim_walker_log *log;
    size_t first; /* of its visits in the log */
    double at_s;
    double written_s; /* of the last visit */
    uint32_t city, place;
    double x_km, y_km; /* in city */
};

/* Puts the client into a zone of a city. */
void sim_walker_place(struct sim_walker *walker, uint32_t city, uint32_t zone);

bool sim_walker_is_done(const struct sim_walker *walker);

/* Stays here, doing activity, until until_s (at least no time). */
void sim_walker_stay(struct sim_walker *walker, enum data_activity activity, double until_s);

/* Goes straight to a zone of the same city; visits each zone on the way, but
 * for those that it leaves within the minute. */
void sim_walker_go(struct sim_walker *walker, uint32_t zone, const struct sim_modes_trip *trip);

/* Rides from the centre of this city to that of the link's other end. */
void sim_walker_ride(
    struct sim_walker *walker, uint32_t link, enum data_activity mode, double speed_km_h);

/* Goes to the airport, flies to the link's other end and leaves the aircraft;
 * nowhere while in the air. */
void sim_walker_fly(
    struct sim_walker *walker, uint32_t link, const struct sim_modes_trip *trip_to_airport);

#endif
