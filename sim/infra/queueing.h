/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_QUEUEING_H
#define SIM_INFRA_QUEUEING_H

#include <stdint.h>

#include "core/status.h"

/* A pool of equal servers with Poisson arrivals and exponential service:
 * M/M/c, or with room for finitely many waiting requests M/M/c/c+room. */
struct sim_queueing {
    double arrival_hz;     /* offered, >= 0 */
    double service_s;      /* mean, > 0 */
    uint32_t servers;      /* c >= 1 */
    uint32_t waiting_room; /* 0: Erlang's loss system; UINT32_MAX: unlimited */
};

struct sim_queueing_delay {
    double wait_s;       /* mean wait of an accepted request, service not included */
    double wait_share;   /* of accepted requests that wait at all: Erlang C */
    double loss_share;   /* of offered requests that find no room: Erlang B if room is 0 */
    double utilization;  /* of the servers, 0..1 */
};

/* Steady state. Stable for servers up to 1e6, at most about 20 sqrt(c) steps
 * near full load. With limited room any load has a steady state: overload
 * fills the queue and the excess is lost.
 * HB_ERR_RANGE: a field out of range or not finite.
 * HB_ERR_DIVERGES: unlimited room and load >= servers: the queue grows without end.
 * Source: Erlang 1917; formulas in queueing.c. */
enum hb_status sim_queueing_delay(const struct sim_queueing *in, struct sim_queueing_delay *out);

/* The wait that a share p (0 <= p < 1) of requests stays below; unlimited room
 * only. 0 for p <= 1 - wait_share. Errors as above. */
enum hb_status sim_queueing_quantile_s(const struct sim_queueing *in, double p, double *out);

#endif
