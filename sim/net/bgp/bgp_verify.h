/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_VERIFY_H
#define SIM_NET_BGP_VERIFY_H

#include "data/bgp_experiment.h"

/* What was simulated of one experiment beside what was measured. Measured
 * times are medians over the repetitions, simulated ones over replicas of the
 * whole series of events (other phases of timers, other jitter). */
struct sim_bgp_verify_event {
    uint32_t pairs, paths_equal;    /* node x run; final best path as measured */
    uint32_t counts_fixed;          /* quantities that are the same in all repetitions: ... */
    uint32_t counts_exact;          /* ... and simulated as that (announcements, withdrawals) */
    uint32_t counts_ranged;         /* quantities that vary ... */
    uint32_t counts_within;         /* ... and simulated within the range seen */
    uint32_t node_counts, node_counts_good; /* the same node by node, both sorts */
    size_t error_count;             /* |simulated - measured| in ms, ascending: ... */
    double *errors_ms;              /* ... first and last change of each node that changed */
};

struct sim_bgp_verify_report {
    struct sim_bgp_verify_event events[DATA_BGP_EVENT_COUNT];
};

/* Adds the comparison with one experiment to report (zero at first).
 *   HB_ERR_UNSUPPORTED  an implementation without profile
 *   HB_ERR_MEMORY, HB_ERR_EXISTS, HB_ERR_FORMAT (its links)
 *   HB_ERR_DIVERGES     the simulation did not settle */
enum hb_status sim_bgp_verify_add(struct sim_bgp_verify_report *report,
    const struct data_bgp_experiment *experiment, uint64_t seed, struct data_problem *problem);

/* Quantile p of the errors of several kinds of event together; NaN: none. */
double sim_bgp_verify_quantile_ms(const struct sim_bgp_verify_report *report,
    const enum data_bgp_event *kinds, size_t kind_count, double p);

void sim_bgp_verify_fini(struct sim_bgp_verify_report *report);

#endif
