/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_COMMUTE_H
#define SIM_WORLD_COMMUTE_H

#include "sim/world/land.h"
#include "sim/world/world.h"

/* Where the people of a city live and work: homes by zone, work places by a law
 * between districts (blocks of zones, at most 400) and by jobs within one. */
struct sim_commute;

struct sim_commute_config {
    enum sim_world_law law;
    double gravity_km;
};

/* land is borrowed until sim_commute_free. HB_ERR_MEMORY. */
enum hb_status sim_commute_create(
    const struct sim_land *land, const struct sim_commute_config *config, struct sim_commute **out);
void sim_commute_free(struct sim_commute *commute);

uint32_t sim_commute_home(const struct sim_commute *commute, struct sim_stream *stream);
/* A work place anywhere in the city, for those who come from outside. */
uint32_t sim_commute_any_work(const struct sim_commute *commute, struct sim_stream *stream);
uint32_t sim_commute_work(
    const struct sim_commute *commute, uint32_t home_zone, struct sim_stream *stream);

#endif
