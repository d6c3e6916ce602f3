/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_PARTS_H
#define SIM_RUN_PARTS_H

#include "sim/run/episode_impl.h"

/* From the scenario's values to the configurations of an episode's parts. */
struct hb_prices sim_parts_prices(const struct sim_scenario *scenario);

/* What operations expect from decision to being served: start, copy, DNS. */
double sim_parts_lead_s(const struct sim_stage *stage, const struct hb_policy *policy);

enum hb_status sim_parts_loop(struct sim_episode *episode);
enum hb_status sim_parts_net(struct sim_episode *episode);
enum hb_status sim_parts_infra(struct sim_episode *episode);

#endif
