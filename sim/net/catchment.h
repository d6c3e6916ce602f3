/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_CATCHMENT_H
#define SIM_NET_CATCHMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "core/ports.h"

/* Who answers the common anycast prefix: place -> site among the announced
 * ones. One interface for the first form (lowest path latency, at once) and
 * for BGP (catchment_bgp.h: routes that converge in simulated time, so that a
 * place may be without answer for a while). Whatever changes it, from the
 * controller's command to a router that dies, comes through the calls below;
 * what it means for the clients of a place is asked by sim_catchment_view. */
struct sim_catchment; /* opaque; each kind has its own create */

/* How packets to the anycast address fare. SERVED and STALE reach a site. */
#define SIM_CATCHMENT_FATE_LIST(X)                                               \
    X(SERVED, "served")       /* a site that announces */                       \
    X(STALE, "stale")         /* a site that has withdrawn: the news is on its way */ \
    X(BLACKHOLE, "blackhole") /* dropped: a router on the way has no route */   \
    X(LOOP, "loop")           /* routers send them round */                     \
    X(DEAD, "dead")           /* lost on the cut line of the site they head for */

enum sim_catchment_fate {
#define X(name, text) SIM_CATCHMENT_##name,
    SIM_CATCHMENT_FATE_LIST(X)
#undef X
        SIM_CATCHMENT_FATE_COUNT
};

struct sim_catchment_view {
    uint32_t site; /* that packets reach, DEAD: head for; HB_NONE */
    enum sim_catchment_fate fate;
    double rtt_ms; /* along the route, without access line; NaN: as the map says */
};

/* What happens to the lines between a site and the network.
 *   CUT      no packets; the routers at both ends see it at once
 *   SILENCE  no packets; only hold timers notice (where there are any)
 *   RESTORE  the line is whole again; sessions are set up anew
 *   RESET    sessions drop and come back, the line is whole throughout */
enum sim_catchment_fault {
    SIM_CATCHMENT_CUT,
    SIM_CATCHMENT_SILENCE,
    SIM_CATCHMENT_RESTORE,
    SIM_CATCHMENT_RESET
};

/* Of the routing system since the start; all zero where there are no messages. */
struct sim_catchment_counts {
    uint64_t announcements, withdrawals; /* updates on the wire */
    uint64_t changes;   /* of routers' best routes */
    int64_t changed_ns; /* instant of the last of these */
};

/* Told after the answers of places [count] have changed (sorted, each once);
 * places is lent for the call. count 0: routes have settled, nothing is on its
 * way. Must not call what changes the catchment. */
typedef void sim_catchment_changed_fn(void *ctx, const uint32_t *places, size_t count);

/* A kind of catchment: what catchment.c dispatches to. */
struct sim_catchment_kind {
    const char *name;
    enum hb_status (*announce)(void *self, uint32_t site, const struct hb_route *route,
        int64_t now_ns);
    enum hb_status (*withdraw)(void *self, uint32_t site, int64_t now_ns);
    enum hb_status (*fault)(void *self, uint32_t site, enum sim_catchment_fault fault,
        int64_t now_ns);
    enum hb_status (*begin)(void *self);
    struct sim_catchment_view (*view)(const void *self, uint32_t place);
    bool (*is_cut)(const void *self, uint32_t site);
    bool (*is_settled)(const void *self);
    struct sim_catchment_counts (*counts)(const void *self);
    const char *(*failure)(const void *self);
    void (*listen)(void *self, sim_catchment_changed_fn *changed, void *ctx);
    size_t (*bytes)(const void *self);
    void (*free)(void *self);
};

/* Wraps a kind; takes over self. HB_ERR_MEMORY (self is then still the caller's). */
enum hb_status sim_catchment_create(const struct sim_catchment_kind *kind, void *self,
    struct sim_catchment **out);
void sim_catchment_free(struct sim_catchment *catchment);

/* The site's router has (or has no longer) the route from now_ns on. Announcing
 * twice replaces the route; withdrawing what is not announced does nothing.
 * HB_ERR_RANGE: no such site; a kind may add its own. */
enum hb_status sim_catchment_announce(struct sim_catchment *catchment, uint32_t site,
    const struct hb_route *route, int64_t now_ns);
enum hb_status sim_catchment_withdraw(struct sim_catchment *catchment, uint32_t site,
    int64_t now_ns);

/* A fault of the site's lines, or its end. HB_ERR_RANGE: no such site. */
enum hb_status sim_catchment_fault(struct sim_catchment *catchment, uint32_t site,
    enum sim_catchment_fault fault, int64_t now_ns);

/* Once, before the clock starts: what has been announced so far counts as
 * announced long ago, routes have settled. HB_ERR_DIVERGES: they never do, see
 * sim_catchment_failure; HB_ERR_FULL, HB_ERR_MEMORY. */
enum hb_status sim_catchment_begin(struct sim_catchment *catchment);

/* How packets from place to the anycast address fare now. */
struct sim_catchment_view sim_catchment_view(const struct sim_catchment *catchment,
    uint32_t place);

/* The site that they reach (SERVED, STALE); HB_NONE: none. */
uint32_t sim_catchment_site(const struct sim_catchment *catchment, uint32_t place);

/* Whether the site's lines carry nothing now: no packet reaches it by any address. */
bool sim_catchment_is_cut(const struct sim_catchment *catchment, uint32_t site);

/* Whether no message is on its way and no decision is due. */
bool sim_catchment_is_settled(const struct sim_catchment *catchment);
struct sim_catchment_counts sim_catchment_counts(const struct sim_catchment *catchment);

/* One sentence on what has gone wrong; "" if nothing has. */
const char *sim_catchment_failure(const struct sim_catchment *catchment);
const char *sim_catchment_fate_name(enum sim_catchment_fate fate);

/* At most one listener; NULL ends it. */
void sim_catchment_listen(struct sim_catchment *catchment, sim_catchment_changed_fn *changed,
    void *ctx);

const char *sim_catchment_name(const struct sim_catchment *catchment);
size_t sim_catchment_bytes(const struct sim_catchment *catchment);

/* First form: the announced site of least RTT, the lowest index among equals,
 * from the instant of the announcement on. Prefixes and attributes of the route
 * are ignored except prepend_count, each of which counts prepend_ms. A site
 * whose line is CUT answers nobody; one whose line is SILENT attracts its places
 * as before, until it is withdrawn, and they are DEAD. RESET does nothing. */
struct sim_catchment_nearest {
    const struct hb_map *map; /* borrowed for the catchment's life */
    uint64_t seed;
    /* Share of places that anycast sends to a worse site than the nearest; 0.2 is
     * what Calder et al. (IMC 2015) measured. Such a place goes to its second
     * site with probability 1/2, to the third with 1/4 and so on, always the same. */
    double suboptimal;
    double prepend_ms;
};

/* HB_ERR_RANGE: suboptimal outside 0..1, prepend_ms negative. HB_ERR_MEMORY. */
enum hb_status sim_catchment_create_nearest(const struct sim_catchment_nearest *config,
    struct sim_catchment **out);

#endif
