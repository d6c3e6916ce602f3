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
 * plain     Gao-Rexford by the three-phase solver; the sites are ASes beside
 *           their listed neighbours (providers, or peers); ties: lowest number.
 * observed  ASes on the collectors' paths choose between their two observed
 *           routes (customer before others, then shorter, then by geography);
 *           the rest inherit by Gao-Rexford, the mean over equally good routes.
 * full      log odds of that share, doubt kept, + prior_weight x log odds of the
 *           share of the collectors' neighbours + geography_per_1000_km x how
 *           much nearer the AS's country is to the first site. */
struct sim_steer_rule {
    double doubt;                 /* a share is believed within doubt .. 1 - doubt */
    double prior_weight, geography_per_1000_km;
};

struct sim_steer_outcome {
    uint32_t id, site[2];
    size_t answer_count;
    double first_share, majority; /* measured share of the first site; of the larger */
    double plain, observed, full; /* shares of the answers that are predicted right */
    double left_out;              /* full, by the rule that is best on all other experiments */
    int is_competitive;           /* both sites have a tenth of the ASes */
};

/* One rule for all experiments. */
struct sim_steer_rule sim_steer_rule_default(void);

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
