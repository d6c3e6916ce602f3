/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_LAW_H
#define SIM_WORLD_LAW_H

#include <stdint.h>

#include "core/status.h"

/* Who goes from where to where: flows between count locations. All matrices
 * are row-major [count][count], row = origin. */
struct sim_law_sites {
    uint32_t count;
    const double *out; /* [count] people who leave, >= 0 */
    const double *in; /* [count] places to go to, >= 0; scaled to the sum of out */
    const double *km; /* [count][count] distances */
};

/* Doubly constrained gravity: flow = a_i out_i b_j in_j exp(-km / scale_km), a
 * and b by iterative proportional fitting until every row sum is within 1e-9
 * of the total of its own, the column sums being exact. flow [count][count].
 * HB_ERR_RANGE if nobody leaves or there is nowhere to go; HB_ERR_DIVERGES
 * if rounds_max do not do: flow is then as far as they come; HB_ERR_MEMORY.
 * Source: Wilson, Transportation Research 1967. */
enum hb_status sim_law_gravity(
    const struct sim_law_sites *sites, double scale_km, uint32_t rounds_max, double *flow);

/* Radiation: of out_i, the share in_j m_i / ((m_i + s)(m_i + s + in_j)) goes to
 * j, s being the places nearer to i than j (ties by index), normalised over
 * all j; m_i = in_i. stays: location i itself is the nearest, else nobody may stay.
 * Only rows are constrained. HB_ERR_RANGE as above, HB_ERR_MEMORY.
 * Source: Simini, Gonzalez, Maritan, Barabasi, Nature 2012; normalisation for
 * finite systems: Masucci et al., Physical Review E 2013. */
enum hb_status sim_law_radiation(const struct sim_law_sites *sites, int stays, double *flow);

/* Common part of commuters: 2 sum min(a, b) / (sum a + sum b); 1 = the same, 0 =
 * disjoint. Source: Gargiulo et al., JASSS 2012. */
double sim_law_common_part(const double *a, const double *b, uint64_t count);

#endif
