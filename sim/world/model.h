/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_MODEL_H
#define SIM_WORLD_MODEL_H

#include "sim/world/commute.h"
#include "sim/world/land.h"
#include "sim/world/links.h"

/* One city as the generator sees it. Its zones are places first_zone on. */
struct sim_model_city {
    const struct data_city *row;
    struct sim_land *land;
    struct sim_commute *commute;
    uint32_t first_zone, airport_place;
    double airport_x_km, airport_y_km;
    int32_t utc_offset_s; /* of clocks at the start of the scenario */
    uint32_t first_client, client_count;
};

/* All that clients share; read-only once made. */
struct sim_model {
    const struct sim_world_config *config;
    struct data_cities *tables;
    struct sim_model_city *cities; /* [config->city_count] */
    struct sim_links *links;
    uint32_t place_count;
    double end_s;
};

/* config is borrowed until sim_model_free, and has been checked by
 * sim_world_create. Status and problem as there. */
enum hb_status sim_model_create(
    const struct sim_world_config *config, struct data_problem *problem, struct sim_model **out);
void sim_model_free(struct sim_model *model);

/* The places table: [place_count]. */
void sim_model_places(const struct sim_model *model, struct hb_place *places);

#endif
