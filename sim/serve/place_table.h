/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_PLACE_TABLE_H
#define SIM_SERVE_PLACE_TABLE_H

#include "core/predictor.h"
#include "data/problem.h"

/* What is served: places, and a predictor over them. */
struct sim_place_table;

struct sim_place_table_config {
    const char *places, *model, *predictor; /* as in service.h */
    uint32_t client_capacity;
};

/* HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_VERSION, HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status sim_place_table_read(const struct sim_place_table_config *config,
    struct data_problem *problem, struct sim_place_table **out);
void sim_place_table_free(struct sim_place_table *table);

const struct hb_map *sim_place_table_map(const struct sim_place_table *table);
struct hb_predictor *sim_place_table_predictor(const struct sim_place_table *table);
/* Of the model's file; NULL: there is no model. */
const char *sim_place_table_digest(const struct sim_place_table *table);

#endif
