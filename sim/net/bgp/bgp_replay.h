/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_REPLAY_H
#define SIM_NET_BGP_REPLAY_H

#include "data/bgp_experiment.h"
#include "sim/engine/stream.h"
#include "sim/net/bgp/bgp.h"

/* The runs of a measured experiment played in the simulator; for bgp_verify.c. */
#define SIM_BGP_REPLAY_COUNT 31U /* replicas of the whole series */

/* What the simulation did in one run, as the measurement writes it down. */
struct sim_bgp_observed {
    double *first_ms, *last_ms;                  /* [node] since T0, NaN: no change */
    uint32_t *node_announcements, *node_withdrawals;
    uint32_t announcements, withdrawals;
};

struct sim_bgp_replay {
    const struct data_bgp_experiment *experiment;
    const struct data_topology *topology;
    struct data_problem *problem;
    struct sim_bgp *bgp;
    int64_t start_ns, first_message_ns;
    uint32_t *index;           /* [node number] */
    struct sim_bgp_observed *now;      /* being filled by the callbacks */
    struct sim_bgp_observed *all;      /* [replica][run] */
    bool sees_by_telling;
    double *phase_ms;          /* [run] first tick after T0, NaN: not known */
    struct sim_bgp_order *order; /* of the sessions at each node */
    struct sim_stream *stream; /* of the replica: instants of the experimenter */
    bool *path_is_equal;       /* [run][node], over all replicas */
};

/* Builds the network, plays all replicas and fills all and path_is_equal.
 * HB_ERR_FORMAT, HB_ERR_UNSUPPORTED, HB_ERR_DIVERGES, HB_ERR_MEMORY. */
enum hb_status sim_bgp_replay_play(struct sim_bgp_replay *replay, uint64_t seed);

#endif
