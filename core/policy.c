/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/route.h"

void hb_policy_default(enum hb_policy_kind kind, struct hb_policy *out)
{
    *out = (struct hb_policy) {
        .kind = kind,
        .gain_ms = 5.0,
        .confidence_min = 0.3,
        .worth_factor = 1.0,
        .stay_s = 3600.0,
        .hysteresis = 0.1,
        .cooldown_s = 300.0,
        .horizon_s = { 900.0 },
        .interval_s = 300.0,
        .grace_s = 600.0,
        .trust_lambda = 0.5,
        .v = 1e8,
        .debt_target_ms = 50.0,
        .linger_s = 600.0,
        .sustain_s = 30.0,
        .dns_ttl_s = 30.0,
        .provision_timeout_s = 900.0,
        .copy_timeout_s = 600.0,
        .dns_timeout_s = 60.0,
        .fence_timeout_s = 10.0,
        .backoff_s = 2.0,
        .backoff_max_s = 60.0,
        .retry_max = 3,
        .probe_rise = 2,
        .probe_fall = 2,
        .detector = HB_HEALTH_COUNT,
        .probe_timeout_s = 2.0,
        .phi_down = 8.0,
        .phi_window = HB_HEALTH_WINDOW_MAX,
        .phi_sd_min_s = 0.1,
        .failback_s = 300.0,
        .route_levels = 3,
        .route_near_ms = 20.0,
        .route_interval_s = 300.0,
        .drain_s = 60.0,
    };
}

struct bound {
    const char *field;
    double value, least, most;
    int is_least_open; /* the value must lie above `least` */
};

static int is_within(const struct bound *bound)
{
    int is_high_enough = bound->is_least_open ? bound->value > bound->least
                                              : bound->value >= bound->least;
    return is_high_enough && bound->value <= bound->most;
}

static const double s_max = 1e9; /* about 32 years, far inside an int64_t of nanoseconds */

static enum hb_status check_horizons(const struct hb_policy *policy)
{
    int has_ended = 0;
    for (int i = 0; i < HB_POLICY_HORIZON_MAX; i++) {
        double horizon_s = policy->horizon_s[i];
        if (!(horizon_s >= 0.0) || horizon_s > s_max) {
            return HB_ERR_RANGE;
        }
        if (has_ended && horizon_s > 0.0) {
            return HB_ERR_RANGE;
        }
        has_ended = has_ended || horizon_s <= 0.0;
    }
    return policy->horizon_s[0] > 0.0 ? HB_OK : HB_ERR_RANGE;
}

/* A probe is answered or missed before the next is sent; only `count` asks. */
static double probe_timeout_max_s(const struct hb_policy *policy)
{
    int is_asked = policy->detector == HB_HEALTH_COUNT && policy->probe_interval_s > 0.0;
    return is_asked ? policy->probe_interval_s : s_max;
}

/* At most 1000 probes a second of each site: BFD's fastest are 300. 0: none. */
static double probe_interval_min_s(const struct hb_policy *policy)
{
    return policy->probe_interval_s > 0.0 ? 1e-3 : 0.0;
}

enum hb_status hb_policy_check(const struct hb_policy *policy, const char **field)
{
    const struct bound bounds[] = {
        { "kind", policy->kind, 0.0, HB_POLICY_COUNT - 1, 0 },
        { "steer_early", policy->steer_early, 0.0, 1.0, 0 },
        { "deviation_km", policy->deviation_km, 0.0, INFINITY, 0 },
        { "gain_ms", policy->gain_ms, 0.0, INFINITY, 0 },
        { "confidence_min", policy->confidence_min, 0.0, 1.0, 0 },
        { "worth_factor", policy->worth_factor, 0.0, INFINITY, 0 },
        { "stay_s", policy->stay_s, 0.0, s_max, 0 },
        { "hysteresis", policy->hysteresis, 0.0, 1.0, 0 },
        { "cooldown_s", policy->cooldown_s, 0.0, s_max, 0 },
        { "interval_s", policy->interval_s, 0.0, s_max, 1 },
        { "grace_s", policy->grace_s, 0.0, s_max, 0 },
        { "trust_lambda", policy->trust_lambda, 0.0, 1.0, 1 },
        { "v", policy->v, 0.0, INFINITY, 0 },
        { "debt_target_ms", policy->debt_target_ms, 0.0, INFINITY, 0 },
        { "linger_s", policy->linger_s, 0.0, s_max, 0 },
        { "sustain_s", policy->sustain_s, 0.0, s_max, 0 },
        { "dns_ttl_s", policy->dns_ttl_s, 0.0, 604800.0, 0 }, /* a week: RFC 8767's cap */
        { "provision_timeout_s", policy->provision_timeout_s, 0.0, s_max, 1 },
        { "copy_timeout_s", policy->copy_timeout_s, 0.0, s_max, 1 },
        { "dns_timeout_s", policy->dns_timeout_s, 0.0, s_max, 1 },
        { "fence_timeout_s", policy->fence_timeout_s, 0.0, s_max, 1 },
        { "backoff_s", policy->backoff_s, 0.0, s_max, 1 },
        { "backoff_max_s", policy->backoff_max_s, 0.0, s_max, 1 },
        { "retry_max", policy->retry_max, 0.0, 100.0, 0 },
        { "react", policy->react, 0.0, 1.0, 0 },
        { "probe_rise", policy->probe_rise, 1.0, 255.0, 0 },
        { "probe_fall", policy->probe_fall, 1.0, 127.0, 0 },
        { "detector", policy->detector, 0.0, HB_HEALTH_DETECTOR_COUNT - 1, 0 },
        { "failover", policy->failover, 0.0, HB_FAILOVER_COUNT - 1, 0 },
        { "backup", policy->backup, 0.0, policy->kind == HB_POLICY_STATIC ? 0.0 : 1.0, 0 },
        { "phi_window", policy->phi_window, 2.0, HB_HEALTH_WINDOW_MAX, 0 },
        { "phi_down", policy->phi_down, 0.0, 1000.0, 1 },
        { "phi_sd_min_s", policy->phi_sd_min_s, 0.0, HB_HEALTH_ARRIVAL_MAX_S, 1 },
        { "probe_interval_s", policy->probe_interval_s, probe_interval_min_s(policy),
            HB_HEALTH_ARRIVAL_MAX_S, 0 },
        { "probe_timeout_s", policy->probe_timeout_s, 0.0, probe_timeout_max_s(policy), 1 },
        { "hold_down_s", policy->hold_down_s, 0.0, s_max, 0 },
        { "route", policy->route, 0.0, HB_ROUTE_COUNT - 1, 0 },
        { "route_levels", policy->route_levels, 1.0, HB_ROUTE_LEVELS_MAX, 0 },
        { "route_near_ms", policy->route_near_ms, 0.0, 1e6, 1 },
        { "route_interval_s", policy->route_interval_s, 0.0, s_max, 1 },
        { "drain_s", policy->drain_s, 0.0, s_max, 0 },
        { "failback_s", policy->failback_s, 0.0, s_max, 0 },
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (!is_within(&bounds[i])) {
            if (field != NULL) {
                *field = bounds[i].field;
            }
            return HB_ERR_RANGE;
        }
    }
    enum hb_status status = check_horizons(policy);
    if (status != HB_OK && field != NULL) {
        *field = "horizon_s";
    }
    return status;
}

static const char *const names[HB_POLICY_COUNT] = {
#define X(name, text) [HB_POLICY_##name] = text,
    HB_POLICY_LIST(X)
#undef X
};

const char *hb_policy_name(enum hb_policy_kind kind)
{
    return (size_t)kind < HB_POLICY_COUNT ? names[kind] : NULL;
}

enum hb_status hb_policy_kind_of(const char *name, enum hb_policy_kind *out)
{
    for (int kind = 0; kind < HB_POLICY_COUNT; kind++) {
        if (strcmp(name, names[kind]) == 0) {
            *out = (enum hb_policy_kind)kind;
            return HB_OK;
        }
    }
    return HB_ERR_NOT_FOUND;
}

int hb_policy_is_forecasting(const struct hb_policy *policy)
{
    return policy->kind == HB_POLICY_PREDICTIVE || policy->kind == HB_POLICY_SKI_RENTAL;
}
