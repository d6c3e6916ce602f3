/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_PERSON_H
#define SIM_WORLD_PERSON_H

#include "sim/world/epr.h"
#include "sim/world/walker.h"

/* Who a client is: fixed by its streams (HOME, WORK), the city and its number there. */
struct sim_person {
    uint32_t home_city, home_zone;
    bool works, owns_car;
    uint32_t work_city, work_zone;
    uint32_t corridor; /* index into config->corridors, or HB_NONE: works at home's city */
    double wake_s, bed_s; /* usual time of day */
    double drive_level; /* 0..1: an owner drives between cities if the share that does exceeds it */
};

/* The entity of a client's streams: its city and its number there, so that a
 * client does not depend on how many others there are elsewhere. */
uint64_t sim_person_entity(const struct sim_model *model, uint32_t city, uint32_t number);

struct sim_person sim_person_of(const struct sim_model *model, uint32_t city, uint32_t number);

/* Where a client that explores from a zone would go: of some places at jump
 * length in random directions, one drawn by leisure. Possibly a known one. */
uint32_t sim_person_discovery(
    const struct sim_model *model, uint32_t city, uint32_t from_zone, struct sim_stream *stream);

/* Whether a client that ends a stay somewhere goes home next. */
bool sim_person_turns_home(struct sim_stream *stream);

/* What a client knows of its city when the scenario starts: home, and what 60
 * moves by EPR have shown it, going home in between as it will later: without that, what
 * it knows would spread over the city, and its trips would be a third too long. */
void sim_person_remember(const struct sim_model *model, const struct sim_person *person,
    struct sim_stream *stream, struct sim_epr *epr);

#endif
