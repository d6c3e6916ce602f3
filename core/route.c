/* SPDX-License-Identifier: Apache-2.0 */
#include "core/route.h"

#include <assert.h>

static const uint32_t usual_local_pref = 100; /* the default of routers */
static const uint32_t local_pref_step = 10, med_step = 10;

double hb_route_nearness(double near_ms, double rtt_ms)
{
    assert(near_ms > 0.0);
    assert(rtt_ms >= 0.0);
    return near_ms / (near_ms + rtt_ms);
}

uint32_t hb_route_class(const struct hb_route_rule *rule, double weight)
{
    if (!(rule->weight_max > 0.0) || weight >= rule->weight_max) {
        return 0;
    }
    return (uint32_t)((double)rule->levels * (1.0 - weight / rule->weight_max));
}

static struct hb_route last_resort(const struct hb_route_rule *rule)
{
    return (struct hb_route) { .local_pref = usual_local_pref / 2,
        .med = med_step * (rule->levels + 1),
        .prepend_count = rule->levels,
        .community = HB_ROUTE_GRACEFUL_SHUTDOWN };
}

int hb_route_plan(const struct hb_route_rule *rule, const struct hb_route_site *site,
    struct hb_route *out)
{
    uint32_t class = hb_route_class(rule, site->weight);
    struct hb_route route = { .local_pref = usual_local_pref };
    if (!site->is_up || site->drain == HB_ROUTE_DRAINED) {
        return 0;
    }
    if (site->drain == HB_ROUTE_DRAINING) {
        *out = last_resort(rule);
        return 1;
    }
    switch ((enum hb_route_kind)rule->kind) {
    case HB_ROUTE_LOCAL_PREF:
        route.local_pref += rule->weight_max > 0.0 ? local_pref_step * (rule->levels - class) : 0;
        break;
    case HB_ROUTE_MED:
        route.med = med_step * class;
        break;
    case HB_ROUTE_PREPEND:
        route.prepend_count = class;
        break;
    case HB_ROUTE_COMMUNITY:
        route.community = class == rule->levels ? HB_ROUTE_GRACEFUL_SHUTDOWN : 0;
        break;
    case HB_ROUTE_MORE_SPECIFIC:
        if (class == 0 && site->weight > 0.0 && site->region != HB_NONE) {
            route.more_specific = site->region + 1;
        }
        break;
    case HB_ROUTE_PLAIN:
    case HB_ROUTE_COUNT:
        break;
    }
    *out = route;
    return 1;
}

int hb_route_is_same(const struct hb_route *a, const struct hb_route *b)
{
    return a->local_pref == b->local_pref && a->med == b->med
        && a->prepend_count == b->prepend_count && a->community == b->community
        && a->more_specific == b->more_specific;
}

const char *hb_route_name(enum hb_route_kind kind)
{
    static const char *const names[HB_ROUTE_COUNT] = {
#define X(name, text) [HB_ROUTE_##name] = text,
        HB_ROUTE_LIST(X)
#undef X
    };
    return (unsigned)kind < HB_ROUTE_COUNT ? names[kind] : "unknown route policy";
}
