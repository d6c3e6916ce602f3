/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_STEER_H
#define SIM_NET_STEER_H

#include "data/ascountry.h"
#include "data/peering.h"
#include "data/topology.h"

/* Which of two sites an AS's packets reach when both announce one prefix:
 * predicted from relationships, from what each site alone looks like to route
 * collectors, and from geography, and compared with what was measured.
 *
 * plain      Gao-Rexford by the three-phase solver; the sites are ASes beside
 *            their listed neighbours (providers, or peers); ties: lowest number.
 * announced  the same from the last two ASes of the collectors' paths on: where
 *            the sites' neighbours really told the prefix, and how far prepended;
 *            of equally good routes the mean.
 * observed   all ASes on the collectors' paths choose between their two observed
 *            routes (customer before others, then shorter, then by geography);
 *            the rest inherit by Gao-Rexford.
 * full       the clues of steer_odds.h weighted (observed, the predicted majority
 *            of the collectors' neighbours, geography, the routes to each site
 *            alone), weights fitted to all experiments.
 * left_out   the same with weights fitted to all other experiments.
 * elsewhere  left_out with one clue more: what the AS chose in other experiments; this
 *            experiment enters neither weights nor clues.
 * Both sites' announcements together are never looked at, but as the answers. */
struct sim_steer_outcome {
    uint32_t id, site[2];
    size_t answer_count;
    double first_share, majority; /* measured share of the first site; of the larger */
    double plain, announced, observed, full, left_out, elsewhere; /* of answers, told right */
    int is_competitive;           /* both sites have a tenth of the ASes */
};

struct sim_steer_input {
    const struct data_topology *topology; /* AS relationships */
    const struct data_peering *peering;
    const struct data_ascountry *countries;
    void *ctx;
    void (*progress)(void *ctx, uint32_t done, uint32_t of); /* or NULL */
};

/* out [experiment_count] in order. HB_ERR_MEMORY, HB_ERR_UNSUPPORTED (a
 * topology with sibling or internal links). */
enum hb_status sim_steer_verify(const struct sim_steer_input *input,
    struct sim_steer_outcome *out, struct data_problem *problem);

#endif
