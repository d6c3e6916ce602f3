/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

/* Flap damping, RFC 2439: a penalty for each flap, halved every half-life; a
 * route above the threshold is not used until it has decayed to `reuse`. */

static double decayed(const struct sim_bgp *bgp, size_t at, const struct sim_bgp_damping *damping)
{
    double passed_s = hb_units_s(bgp->now_ns - bgp->penalty_ns[at]);
    return bgp->penalty[at] * exp2(-passed_s / damping->half_life_s);
}

void sim_bgp_damp_flap(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, bool is_withdrawal)
{
    const struct sim_bgp_damping *damping = &bgp_profile(bgp, bgp->in[edge].owner)->damping;
    size_t at = bgp_at(bgp, prefix, edge);
    bool is_first = bgp->in[at].path == SIM_BGP_PATH_NONE && bgp->penalty[at] <= 0.0;
    if (damping->suppress <= 0.0 || is_first) {
        return;
    }
    double most = damping->reuse * exp2(damping->max_suppress_s / damping->half_life_s);
    bool is_return = bgp->in[at].path == SIM_BGP_PATH_NONE;
    double add = is_withdrawal ? damping->withdraw_penalty
        : is_return ? 0.0 : damping->change_penalty;
    bgp->penalty[at] = fmin(decayed(bgp, at, damping) + add, most);
    bgp->penalty_ns[at] = bgp->now_ns;
    if (bgp->penalty[at] <= damping->suppress || bgp->suppressed[at] != 0) {
        return;
    }
    bgp->suppressed[at] = 1;
    sim_bgp_damp_reuse(bgp, edge, prefix);
}

/* Due, or asked when it will be: flaps since then have moved the instant. */
void sim_bgp_damp_reuse(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix)
{
    const struct sim_bgp_damping *damping = &bgp_profile(bgp, bgp->in[edge].owner)->damping;
    size_t at = bgp_at(bgp, prefix, edge);
    double left = decayed(bgp, at, damping);
    if (left > damping->reuse) {
        double wait_s = damping->half_life_s * log2(left / damping->reuse);
        sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_REUSE, .rank = 8, .entity = edge,
            .payload = prefix, .order = ++bgp->order,
            .at_ns = hb_units_after(bgp->now_ns, wait_s) + HB_NS_PER_MS });
        return;
    }
    bgp->suppressed[at] = 0;
    sim_bgp_rib_rekey(bgp, edge, prefix);
}
