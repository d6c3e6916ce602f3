/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_ROUTE_H
#define HB_ROUTE_H

#include "core/ports.h"

/* Routing policy: with which BGP attributes each site announces the common prefix,
 * so that sites with the mirrored endpoints of near clients are preferred.
 *   plain          all alike
 *   local_pref     100 + 10 x levels for the best class down to 100: decides inside
 *                  the sites' own AS
 *   med            10 x class: decides between sites behind the same neighbouring AS
 *   prepend        class x the own AS in front: decides everywhere, where neither
 *                  preference nor distance does
 *   community      GRACEFUL_SHUTDOWN (RFC 8326: preference 0) for sites of the last class
 *   more_specific  a site of class 0 announces the longer prefix of the region that most
 *                  of its endpoints' clients are in; the longest match decides first
 * A site's weight is the sum over its endpoints of near_ms / (near_ms + RTT to the
 * client's place): 1 for a client next door, 1/2 at near_ms. Its class is
 * floor(levels x (1 - weight / greatest weight)), 0 the best; all are of class 0 while
 * there is no endpoint. */
#define HB_ROUTE_LIST(X)                                                            \
    X(PLAIN, "plain") X(LOCAL_PREF, "local_pref") X(MED, "med") X(PREPEND, "prepend") \
    X(COMMUNITY, "community") X(MORE_SPECIFIC, "more_specific")

enum hb_route_kind {
#define X(name, text) HB_ROUTE_##name,
    HB_ROUTE_LIST(X)
#undef X
        HB_ROUTE_COUNT
};

#define HB_ROUTE_GRACEFUL_SHUTDOWN UINT32_C(0xFFFF0000) /* RFC 8326 */
#define HB_ROUTE_LEVELS_MAX 16

enum hb_route_drain {
    HB_ROUTE_IN_USE,
    HB_ROUTE_DRAINING, /* announced so that anything else is preferred */
    HB_ROUTE_DRAINED   /* withdrawn */
};

struct hb_route_site {
    double weight;
    uint32_t region; /* of most of its clients; HB_NONE: none */
    uint8_t is_up;   /* healthy: a site that is not ready is never announced */
    uint8_t drain;   /* enum hb_route_drain */
};

struct hb_route_rule {
    uint32_t kind;   /* enum hb_route_kind */
    uint32_t levels; /* 1..HB_ROUTE_LEVELS_MAX */
    double weight_max; /* greatest weight of any site */
};

/* A client's share in the weight of its endpoint's site; near_ms > 0, rtt_ms >= 0. */
HB_API double hb_route_nearness(double near_ms, double rtt_ms);

/* 0..levels, see above. */
HB_API uint32_t hb_route_class(const struct hb_route_rule *rule, double weight);

/* Whether the site announces at all; if so *out is how. A draining site does it with
 * GRACEFUL_SHUTDOWN, the least local preference, the greatest MED and levels prepended. */
HB_API int hb_route_plan(const struct hb_route_rule *rule, const struct hb_route_site *site,
    struct hb_route *out);

HB_API int hb_route_is_same(const struct hb_route *a, const struct hb_route *b);
HB_API const char *hb_route_name(enum hb_route_kind kind);

#endif
