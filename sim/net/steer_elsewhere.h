/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_STEER_ELSEWHERE_H
#define SIM_NET_STEER_ELSEWHERE_H

#include "core/status.h"
#include "data/peering.h"

/* What ASes chose in other experiments: one that took a site more often than the crowd
 * did is expected to do so against other sites too. That pairwise choices carry over to
 * other pairs is what AnyOpt rests on (Zhang et al., SIGCOMM 2021). */
struct sim_steer_elsewhere;

/* is_used [experiment_count]: the others are never looked at. peering is borrowed for
 * life. HB_ERR_MEMORY. */
enum hb_status sim_steer_elsewhere_create(const struct data_peering *peering,
    const uint8_t *is_used, struct sim_steer_elsewhere **out);
void sim_steer_elsewhere_free(struct sim_steer_elsewhere *elsewhere);

/* Of all experiments used but the two skipped (indices, or alike): by how much the AS
 * leans to site[0] more than to site[1]. The lean to a site is the mean, over n experiments
 * with it and n + 1 in the divisor, of 1 (taken) or -1 less the mean of all ASes there. */
double sim_steer_elsewhere_lean(const struct sim_steer_elsewhere *elsewhere,
    const uint32_t site[2], uint32_t as, const uint32_t skip[2]);

#endif
