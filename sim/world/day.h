/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_DAY_H
#define SIM_WORLD_DAY_H

#include "sim/world/person.h"

/* A day runs from 3:00 to 3:00 by the clock of the city one is in. On Monday
 * to Friday workers go to work for 8 to 9 hours, some out for lunch, and home,
 * by way of another place two times in five; the rest of everyone's waking time
 * is exploration and preferential return. Nights are spent at home, or on a
 * journey in a lodging near the centre (activity HOME, too). A journey to another city starts
 * with probability intercity_trips_day of a day at home and lasts a day, if two
 * times the way fits, or some nights. */

/* Writes the client's visits from the scenario's start to its end into the log. */
void sim_day_live(
    const struct sim_model *model, uint32_t city, uint32_t number, struct sim_walker_log *log);

#endif
