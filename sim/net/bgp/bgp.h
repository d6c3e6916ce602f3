/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_H
#define SIM_NET_BGP_H

#include <stddef.h>

#include "data/topology.h"
#include "sim/net/bgp/bgp_profile.h"

/* BGP, message by message, on one topology. Every node is a router (by default
 * an AS of its own). Nothing happens but in sim_bgp_run, which carries out what
 * is due; whatever is asked for takes effect at the instant the clock shows. */
struct sim_bgp;

#define SIM_BGP_NONE UINT32_MAX

/* Attributes that an origin gives its route; all zero is the default. */
struct sim_bgp_attributes {
    uint32_t med, community, prepend_count;
    uint32_t local_pref; /* within the origin's own AS; 0: 100 */
    uint8_t origin;      /* 0 IGP, 1 EGP, 2 INCOMPLETE */
};

#define SIM_BGP_NO_EXPORT UINT32_C(0xFFFFFF01)         /* RFC 1997 */
#define SIM_BGP_NO_ADVERTISE UINT32_C(0xFFFFFF02)      /* RFC 1997 */
#define SIM_BGP_GRACEFUL_SHUTDOWN UINT32_C(0xFFFF0000) /* RFC 8326: local preference 0 */

/* An explicit policy: node accepts the path hops [hop_count] (nearest first,
 * node indices) with that preference. A node with permits accepts nothing else. */
struct sim_bgp_permit {
    uint32_t node, local_pref, hop_count;
    const uint32_t *hops;
};

struct sim_bgp_change { /* a router's best route, from at_ns on */
    int64_t at_ns;
    uint32_t node, prefix;
    uint32_t via; /* neighbour; the node itself: its own route; SIM_BGP_NONE: no route */
};

struct sim_bgp_message { /* an UPDATE on the wire */
    int64_t at_ns;
    uint32_t from, to, prefix;
    bool is_withdrawal;
    uint8_t origin;          /* and what follows: of an announcement */
    uint32_t med, community; /* 0: none */
    uint32_t path;           /* for sim_bgp_message_path, during the call */
};

struct sim_bgp_options {
    const struct data_topology *topology;   /* borrowed for life, as all that follows */
    const struct sim_bgp_profile *profiles; /* [profile_count >= 1] */
    uint32_t profile_count;
    const uint8_t *profile_of;     /* [node_count], or NULL: all the first */
    const uint32_t *local_pref;    /* [DATA_RELATION_COUNT], or NULL: 300, 200, 100, 100, 100 */
    const uint32_t *as_of;         /* [node_count] AS index of a router, or NULL: one each */
    const uint32_t *igp_cost;      /* [edge_count] of the internal links, or NULL */
    const struct sim_bgp_permit *permits;
    size_t permit_count;
    uint32_t prefix_count;         /* 0: one; at most 255 */
    size_t message_capacity;       /* in flight, 0: enough for the topology */
    size_t path_capacity;          /* distinct paths, 0: enough for the topology */
    uint32_t change_limit;         /* of one best route, see sim_bgp_run; 0: 2000 */
    uint64_t seed;
    uint32_t processors; /* that the routers share (an emulation on one machine); 0: one each */
    bool check; /* every best path is verified to be loop-free and valley-free */
    void *ctx;
    void (*changed)(void *ctx, const struct sim_bgp_change *change); /* or NULL */
    void (*heard)(void *ctx, uint32_t node); /* or NULL: what a neighbour tells has changed */
    void (*sent)(void *ctx, const struct sim_bgp_message *message);  /* or NULL */
};

struct sim_bgp_counts {
    uint64_t announcements, withdrawals, changes, events;
};

/* HB_ERR_RANGE (profile, capacity, permits), HB_ERR_MEMORY. */
enum hb_status sim_bgp_create(const struct sim_bgp_options *options, struct sim_bgp **out);
void sim_bgp_free(struct sim_bgp *bgp);

/* node announces prefix, anew or with other attributes; NULL: the default. */
void sim_bgp_announce(struct sim_bgp *bgp, uint32_t node, uint32_t prefix,
    const struct sim_bgp_attributes *attributes);
void sim_bgp_withdraw(struct sim_bgp *bgp, uint32_t node, uint32_t prefix);

/* Puts the routers where the solver says they settle for origins, as if the
 * messages had been exchanged long ago. With default policies only.
 *   HB_ERR_STATE  the prefix is announced already, or a message is on its way; check:
 *   solved has a loop or a valley
 *   HB_ERR_UNSUPPORTED  permits, iBGP, other preferences
 * Routers that are one AS without iBGP must be stubs, and those of them that are no
 * origin be without route in solved: they refuse paths with their own AS.
 *   HB_ERR_FULL, HB_ERR_MEMORY */
struct sim_bgp_origin;
struct sim_bgp_solved;
enum hb_status sim_bgp_seed(struct sim_bgp *bgp, uint32_t prefix,
    const struct sim_bgp_origin *origins, const struct sim_bgp_solved *solved);

/* edge: either half-link. fail: both ends see it at once. silence: packets are
 * lost, and hold timers find out. restore ends either; sessions that are down
 * are set up again. reset: the session drops and comes back, the link stays. */
void sim_bgp_fail(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_silence(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_restore(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_reset(struct sim_bgp *bgp, uint32_t edge);

/* Carries out all that is due by until_ns and sets the clock there;
 * HB_NEVER_NS: until nothing is left to happen (the clock stays at the last event).
 *   HB_ERR_DIVERGES  a best route changed more than change_limit times in one
 *                    call: a policy oscillation, told by sim_bgp_failure
 *   HB_ERR_FULL      more messages or paths than the capacities
 *   HB_ERR_STATE     check: an invariant does not hold */
enum hb_status sim_bgp_run(struct sim_bgp *bgp, int64_t until_ns);
/* The same, but best routes' changes count on from the last sim_bgp_run: for a run
 * in many steps. */
enum hb_status sim_bgp_step(struct sim_bgp *bgp, int64_t until_ns);

/* Instant at which something is due next; HB_NEVER_NS: nothing is. */
int64_t sim_bgp_next_ns(const struct sim_bgp *bgp);
const char *sim_bgp_failure(const struct sim_bgp *bgp);

int64_t sim_bgp_now_ns(const struct sim_bgp *bgp);

/* The next tick of the kernels' clock (4 ms), on which delayed acknowledgements
 * are sent: its phase is one draw per sim_bgp. */
int64_t sim_bgp_tick_ns(const struct sim_bgp *bgp);

/* Whether no message is on its way, no decision or advertisement is due. */
bool sim_bgp_is_settled(const struct sim_bgp *bgp);
struct sim_bgp_counts sim_bgp_counts(const struct sim_bgp *bgp);
size_t sim_bgp_bytes(const struct sim_bgp *bgp);

/* The neighbour that node sends the prefix's packets to, node itself or NONE. */
uint32_t sim_bgp_via(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix);

/* Half-links of node whose routes are as good as the one in use up to the steps that
 * compare places (IGP cost, router id): that one first, then ascending, up to
 * capacity. 0: no route, or its own. A whole AS sends packets by whichever is nearest. */
uint32_t sim_bgp_equals(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix,
    uint32_t *edges, uint32_t capacity);

/* Whether node has told, or is about to tell, any neighbour a route. */
bool sim_bgp_has_told(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix);

/* AS path of node's best route, nearest first, up to capacity of it into hops;
 * answers its length (0: own route or none). */
uint32_t sim_bgp_path(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix,
    uint32_t *hops, uint32_t capacity);

/* The AS path in a message, nearest first, prepended ASes as often as they stand
 * there (node indices, or as_of); its length, of which capacity are written. */
uint32_t sim_bgp_message_path(const struct sim_bgp *bgp, const struct sim_bgp_message *message,
    uint32_t *hops, uint32_t capacity);

/* Where packets of node for prefix end, router by router: the origin's index,
 * or NONE: dropped, or caught in a loop. */
uint32_t sim_bgp_catchment(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix);

#endif
