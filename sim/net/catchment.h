/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_CATCHMENT_H
#define SIM_NET_CATCHMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "core/ports.h"

/* Who answers the common anycast prefix: place -> site among the announced
 * ones. One interface for the first form (lowest path latency, at once) and
 * for BGP (routes that converge in simulated time). */
struct sim_catchment; /* opaque; each kind has its own create */

/* Told after the answers of places [count] have changed (sorted, each once);
 * places is lent for the call. Must not call the catchment's announce or withdraw. */
typedef void sim_catchment_changed_fn(void *ctx, const uint32_t *places, size_t count);

/* A kind of catchment: what catchment.c dispatches to. */
struct sim_catchment_kind {
    const char *name;
    enum hb_status (*announce)(void *self, uint32_t site, const struct hb_route *route,
        int64_t now_ns);
    enum hb_status (*withdraw)(void *self, uint32_t site, int64_t now_ns);
    uint32_t (*site)(const void *self, uint32_t place);
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

/* The site that packets from place to the anycast address reach now; HB_NONE: none. */
uint32_t sim_catchment_site(const struct sim_catchment *catchment, uint32_t place);

/* At most one listener; NULL ends it. */
void sim_catchment_listen(struct sim_catchment *catchment, sim_catchment_changed_fn *changed,
    void *ctx);

const char *sim_catchment_name(const struct sim_catchment *catchment);
size_t sim_catchment_bytes(const struct sim_catchment *catchment);

/* First form: the announced site of least RTT, the lowest index among equals,
 * from the instant of the announcement on. Prefixes and attributes of the route
 * are ignored except prepend_count, each of which counts prepend_ms. */
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
