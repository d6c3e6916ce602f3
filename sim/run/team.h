/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_TEAM_H
#define SIM_RUN_TEAM_H

#include "core/predictor.h"

/* Several hands at one predictor: each member is a thread with a predictor of its own that
 * shares its clients with the others' (hb_lstm_config.peer). What comes out does not depend on
 * how many there are. The caller is member 0; the others wait for work. */
#define SIM_TEAM_MAX 64u
#define SIM_TEAM_BATCH 128u /* questions at once */

struct sim_team;

/* members [count], 1..SIM_TEAM_MAX, taken over unless it fails: freed with the team, the last
 * first. HB_ERR_MEMORY, also if a thread cannot be had. */
enum hb_status sim_team_create(struct hb_predictor *const *members, uint32_t count,
    struct sim_team **out);
void sim_team_free(struct sim_team *team);
uint32_t sim_team_len(const struct sim_team *team);
struct hb_predictor *sim_team_member(const struct sim_team *team, uint32_t index);

/* work(ctx, i) by each member i; returns when all are through. */
typedef void sim_team_work_fn(void *ctx, uint32_t member);
void sim_team_run(struct sim_team *team, sim_team_work_fn *work, void *ctx);

/* As hb_predict_location; all questions about one client go to one member.
 * count <= SIM_TEAM_BATCH. */
void sim_team_predict(struct sim_team *team, const struct hb_question *questions, uint32_t count,
    struct hb_prediction *out);

#endif
