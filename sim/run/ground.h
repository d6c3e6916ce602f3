/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_GROUND_H
#define SIM_RUN_GROUND_H

#include "sim/run/stage.h"

/* The sites of the scenario on the stage's places: stage->sites, link_mb_s and
 * all of stage->map but the paths. What the parts give, with problem. */
enum hb_status sim_ground_sites(struct sim_stage *stage, struct data_problem *problem);

/* Path latencies: stage->path, measured, map.rtt_ms, made anew. */
enum hb_status sim_ground_paths(struct sim_stage *stage, uint32_t threads,
    struct data_problem *problem);

/* The network of the scenario's topology: stage->topo, made anew; the sites that its
 * changes name exist. */
enum hb_status sim_ground_routes(struct sim_stage *stage, struct data_problem *problem);

#endif
