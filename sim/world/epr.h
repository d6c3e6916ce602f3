/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_EPR_H
#define SIM_WORLD_EPR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/engine/stream.h"
#include "sim/world/world.h"

enum { SIM_EPR_PLACES_MAX = 512 };

/* One person's memory under exploration and preferential return: the places
 * known and how often each was visited. Source: Song et al., Nature Physics 2010. */
struct sim_epr {
    uint32_t len;
    uint32_t places[SIM_EPR_PLACES_MAX];
    uint32_t counts[SIM_EPR_PLACES_MAX];
    uint64_t visits; /* sum of counts */
};

/* One more visit to a place; forgotten if it is new and the memory is full. */
void sim_epr_visit(struct sim_epr *epr, uint32_t place, uint32_t times);

/* Whether the next move explores: with probability rho S^-gamma, S = len; false when full. */
bool sim_epr_explores(
    const struct sim_epr *epr, const struct sim_world_epr *law, struct sim_stream *stream);

/* A known place other than the current one, by number of visits; HB_NONE: there is none. */
uint32_t sim_epr_return(const struct sim_epr *epr, uint32_t current, struct sim_stream *stream);

/* Length of a stay: density ~ t^-(1 + beta) exp(-t / tau) from stay_min on. */
double sim_epr_stay_s(const struct sim_world_epr *law, struct sim_stream *stream);

/* Length of a jump: density ~ r^-(1 + alpha) from jump_min_km to max_km. */
double sim_epr_jump_km(const struct sim_world_epr *law, double max_km, struct sim_stream *stream);

#endif
