/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_POLICY_H
#define HB_POLICY_H

#include <stdint.h>

#include "core/health.h"

/* When an endpoint follows its client. All but anycast give the client its own
 * instance and DNS record.
 *   static      at the first site for ever
 *   anycast     no record, no instance of one's own: BGP decides
 *   reactive    a threshold on where the client is
 *   nearest     always to the nearest site of where the client is
 *   predictive  a threshold on where the client will be
 *   ski_rental  move once the regret of staying has paid for the move; a
 *               forecast shortens or lengthens the wait (trust)
 *   lyapunov    drift plus penalty: move when the latency debt outweighs V x cost */
#define HB_POLICY_LIST(X)                                                  \
    X(STATIC, "static") X(ANYCAST, "anycast") X(REACTIVE, "reactive")      \
    X(NEAREST, "nearest") X(PREDICTIVE, "predictive")                      \
    X(SKI_RENTAL, "ski_rental") X(LYAPUNOV, "lyapunov")

enum hb_policy_kind {
#define X(name, text) HB_POLICY_##name,
    HB_POLICY_LIST(X)
#undef X
        HB_POLICY_COUNT
};

#define HB_POLICY_HORIZON_MAX 4

/* Where the clients of a dead primary go: to the first of these that there is,
 * from the one that the policy names on.
 *   mirror   the mirror, if it is in sync: only the live stream's lag is lost
 *   standby  the instance on standby, with the state that it had
 *   new      a new instance at the nearest site that is up, without state
 *   anycast  no endpoint of their own until failback_s has passed */
#define HB_FAILOVER_LIST(X) \
    X(MIRROR, "mirror") X(STANDBY, "standby") X(NEW, "new") X(ANYCAST, "anycast")

enum hb_failover {
#define X(name, text) HB_FAILOVER_##name,
    HB_FAILOVER_LIST(X)
#undef X
        HB_FAILOVER_COUNT
};

/* Fill by hb_policy_default, then change by name; every value is literal.
 * Defaults in brackets, ours unless a source is named.
 * Criteria (reactive, predictive; a field at 0 is off):
 *   deviation_km    [0] great-circle distance from the endpoint's site to the place, or
 *   gain_ms         [5] RTT that the new site saves there; one of the two is enough
 *   confidence_min  [0.3] probability mass whose best site is the new one
 *   worth_factor    [1] expected saving over stay_s >= this x cost of the mirror
 *   stay_s          [3600] expected stay
 *   hysteresis      [0.1] a site is only better if it saves this share of the present RTT
 *   cooldown_s      [300] after a promotion or a roll-back
 * Forecasts (predictive, ski_rental):
 *   horizon_s       [900] asked one after the other until one decides; 0 ends the list
 *   interval_s      [300] at least between two questions, at most between two decisions
 *   steer_early     [0] 1: DNS points to the mirror as soon as it is in sync;
 *                   0: once the client is where the mirror serves it better
 *   grace_s         [600] past the horizon that a mirror waits for its client
 *   react           [0] 1: predictive also acts, by the same criteria, on where
 *                   the client is; 0: on forecasts alone
 * ski_rental:
 *   trust_lambda    [0.5] 0 < lambda <= 1; 1 ignores forecasts. Moves at lambda x cost when
 *                   the forecast says it pays, else at cost / lambda: at most
 *                   1 + lambda times optimal with right advice, 1 + 1/lambda with
 *                   wrong. Source: Purohit, Svitkina, Kumar, NeurIPS 2018
 * lyapunov:
 *   v               [1e8] ms x ms x s: debt x gain that one unit of money weighs
 *   debt_target_ms  [50] RTT beyond which debt (ms x s) grows, below which it shrinks
 *                   Source: Neely, Stochastic Network Optimization, 2010
 * Life:
 *   linger_s        [600] a disconnected client's primary stays on standby
 *   sustain_s       [30] served by the mirror this long, then promoted
 *   dns_ttl_s       [30] of the client's record (CDN records: 20 to 60 s)
 *   *_timeout_s     [provision 900, copy 600, dns 60, fence 10]
 *   retry_max       [3] attempts after the first, backoff_s [2] doubling up to
 *                   backoff_max_s [60]
 * Health (core/health.h):
 *   detector        [count] enum hb_health_detector
 *   probe_interval_s [0] between two probes of a site, >= 1 ms; 0: the host probes and tells
 *   probe_timeout_s [2] until a probe is missed (count), <= probe_interval_s unless that is 0
 *   probe_rise, probe_fall  [2, 2] answers or misses in a row that turn a site up or
 *                   down; bfd: probe_fall is the detection multiplier
 *                   (anycast-healthchecker's defaults, its interval is 10 s)
 *   phi_down        [8] suspicion at which a site is down (phi; Akka's default)
 *   phi_window      [1000] inter-arrival times kept (Hayashibara et al. 2004)
 *   phi_sd_min_s    [0.1] least deviation of them (Akka's default)
 *   hold_down_s     [0] a site that is up again must stay so this long before it is
 *                   announced and used: hysteresis against flapping
 * Routes (core/route.h):
 *   route           [plain] enum hb_route_kind: how sites with endpoints are preferred
 *   route_levels    [3] classes of sites below the best
 *   route_near_ms   [20] RTT at which a client weighs half
 *   route_interval_s [300] between two reviews of the sites' weights
 *   drain_s         [60] a site that is taken out of use is the last choice this long,
 *                   then withdrawn: longer than routes take to settle
 * Failover:
 *   failover        [mirror] enum hb_failover: to what clients of a dead primary go
 *   backup          [0] 1: a client always has a mirror, at the next nearest site, kept in
 *                   sync for the case that its primary dies; decisions replace it (not static)
 *   failback_s      [300] a client failed over to anycast waits this long for an
 *                   endpoint of its own */
struct hb_policy {
    uint32_t kind; /* enum hb_policy_kind */
    uint32_t steer_early;
    double deviation_km, gain_ms, confidence_min, worth_factor, stay_s, hysteresis, cooldown_s;
    double horizon_s[HB_POLICY_HORIZON_MAX];
    double interval_s, grace_s;
    double trust_lambda;
    double v, debt_target_ms;
    double linger_s, sustain_s, dns_ttl_s;
    double provision_timeout_s, copy_timeout_s, dns_timeout_s, fence_timeout_s;
    double backoff_s, backoff_max_s;
    uint32_t retry_max, probe_rise, probe_fall, react;
    uint32_t detector, failover, phi_window, backup;
    double probe_interval_s, probe_timeout_s, phi_down, phi_sd_min_s, hold_down_s, failback_s;
    uint32_t route, route_levels; /* route: enum hb_route_kind */
    double route_near_ms, route_interval_s, drain_s;
};

HB_API void hb_policy_default(enum hb_policy_kind kind, struct hb_policy *out);

/* HB_ERR_RANGE: a field out of its range; *field (if not NULL) then names it. */
HB_API enum hb_status hb_policy_check(const struct hb_policy *policy, const char **field);

/* "predictive" and so on; NULL outside the list. */
HB_API const char *hb_policy_name(enum hb_policy_kind kind);

/* HB_ERR_NOT_FOUND. */
HB_API enum hb_status hb_policy_kind_of(const char *name, enum hb_policy_kind *out);

/* Whether the policy asks for forecasts at all. */
HB_API int hb_policy_is_forecasting(const struct hb_policy *policy);

#endif
