/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_PHASE_H
#define SIM_NET_BGP_PHASE_H

#include "data/bgp_experiment.h"

/* Where a measured run stands against the ticks of the kernel's clock: delayed
 * acknowledgements are sent at ticks, and the messages that they set free tell.
 *   delay_ms  [node_count][node_count] one way, of node - 1 to node - 1; 0: no link
 * The first tick after T0 in ms, or NaN where too few messages tell. */
double sim_bgp_phase_ms(
    const struct data_bgp_run *run, const double *delay_ms, uint32_t node_count);

#endif
