/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_SESSION_H
#define SIM_RUN_SESSION_H

#include "sim/run/stage.h"

/* When a client wants to be connected: sessions and gaps in turn, from a
 * stream of the client's own, so the same for every policy. A plain value;
 * `drawn` counts them. */
struct sim_session {
    int64_t until_ns; /* the present session or gap ends; HB_NEVER_NS: never */
    uint32_t drawn;
    bool is_on;
};

/* At instant 0: on with the long-run share of time. */
struct sim_session sim_session_start(const struct sim_stage *stage, uint32_t client);

/* The next one, from until_ns on. */
void sim_session_next(const struct sim_stage *stage, uint32_t client,
    struct sim_session *session);

#endif
