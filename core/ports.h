/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_PORTS_H
#define HB_PORTS_H

#include "core/event.h"

/* BGP attributes of one site's announcement of the common prefix. */
struct hb_route {
    uint32_t local_pref, med, prepend_count;
    uint32_t community;    /* 0: none */
    uint32_t more_specific; /* n > 0: announce longer prefix n too, that of region n - 1 */
};

struct hb_sample; /* core/telemetry.h */

/* What the host does for the controller. Every call returns at once and never
 * calls back; the outcome arrives later as one DONE (or PREDICTED, TIMER)
 * event with the same req. A req is never reused; one that the controller no
 * longer waits for may still be answered and is ignored. Commands for one
 * client take effect in the order in which they are given.
 *   wake_at          TIMER(req) at at_ns; wake_cancel may come too late
 *   predict          PREDICTED(req): where will client be in horizon_s seconds
 *   provision        DONE: an instance for client runs at site. NO_ROOM: none
 *                    does, and the site counts as full until SITE_CAPACITY
 *   stop, standby, resume   DONE: that instance has changed its power state
 *   copy             DONE when site to holds client's state within the live
 *                    stream's lag; value: bytes sent. Streams on until fenced,
 *                    aborted or one side is stopped; if the stream breaks, a
 *                    second DONE that is not OK.
 *   copy_abort       no answer is owed; req is the copy's
 *   fence            DONE: only site may write, with epoch; all else is refused.
 *                    Given for a client's first instance too: who was fenced in
 *                    last is the primary. Repeated with the same epoch it is the
 *                    same fence.
 *   dns_point        DONE: the authoritative servers answer client's name with site
 *   dns_clear        DONE: the name follows anycast again
 *   route_announce, route_withdraw  DONE: the site's router has the change. At
 *                    first all sites are up and announced.
 *   probe            PROBE_ANSWERED(req) as soon as site answers; nothing if it does not.
 *                    Only given if policy.probe_interval_s > 0; may be NULL else
 *   emit             telemetry; never fails */
struct hb_ports {
    void *ctx;
    int64_t (*now_ns)(void *ctx);
    void (*wake_at)(void *ctx, uint64_t req, int64_t at_ns);
    void (*wake_cancel)(void *ctx, uint64_t req);
    void (*predict)(void *ctx, uint64_t req, uint32_t client, double horizon_s);
    void (*provision)(void *ctx, uint64_t req, uint32_t client, uint32_t site);
    void (*stop)(void *ctx, uint64_t req, uint32_t client, uint32_t site);
    void (*standby)(void *ctx, uint64_t req, uint32_t client, uint32_t site);
    void (*resume)(void *ctx, uint64_t req, uint32_t client, uint32_t site);
    void (*copy)(void *ctx, uint64_t req, uint32_t client, uint32_t from, uint32_t to);
    void (*copy_abort)(void *ctx, uint64_t req, uint32_t client);
    void (*fence)(void *ctx, uint64_t req, uint32_t client, uint32_t site, uint64_t epoch);
    void (*dns_point)(void *ctx, uint64_t req, uint32_t client, uint32_t site, double ttl_s);
    void (*dns_clear)(void *ctx, uint64_t req, uint32_t client);
    void (*route_announce)(void *ctx, uint64_t req, uint32_t site, const struct hb_route *route);
    void (*route_withdraw)(void *ctx, uint64_t req, uint32_t site);
    void (*probe)(void *ctx, uint64_t req, uint32_t site);
    void (*emit)(void *ctx, const struct hb_sample *sample);
};

#endif
