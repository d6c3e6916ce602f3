/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_PATH_H
#define SIM_NET_BGP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define SIM_BGP_PATH_NONE 0U  /* no route: a withdrawal */
#define SIM_BGP_PATH_EMPTY 1U /* the path of an own route without attributes */
#define SIM_BGP_PATH_MAX ((UINT32_C(1) << 24) - 1) /* what an event's payload holds */

/* One AS path with its attributes: an AS in front of another path, which all
 * paths through it share. A hash table of paths would find equal ones again, but
 * a look-up costs more than the few words of a second copy. */
struct sim_bgp_hop {
    uint64_t members; /* a bit per AS of the path, for a quick "not in it" */
    uint32_t rest;    /* the path behind this AS; the next free entry */
    uint32_t as;      /* UINT32_MAX: nothing in front, attributes of an own route */
    uint16_t length, attributes;
    uint32_t held : 31; /* messages that carry it; the sweep spares those */
    uint32_t marked : 1;
};

struct sim_bgp_paths {
    struct sim_bgp_hop *hops; /* [capacity] */
    uint32_t capacity, used, live, free_list;
    void *ctx;
    void (*mark)(void *ctx); /* calls sim_bgp_path_mark for all that is in use */
};

/* capacity 2..SIM_BGP_PATH_MAX; the memory is reserved at once, touched as used. */
enum hb_status sim_bgp_path_init(struct sim_bgp_paths *paths, uint32_t capacity);
void sim_bgp_path_fini(struct sim_bgp_paths *paths);

/* A path of as in front of rest (or of the empty path with attributes, if as is
 * UINT32_MAX). When the table is full, what nobody uses is swept out; NONE if
 * too little can be. */
uint32_t sim_bgp_path_of(struct sim_bgp_paths *paths, uint32_t as, uint32_t rest,
    uint16_t attributes);

void sim_bgp_path_mark(struct sim_bgp_paths *paths, uint32_t path);

/* Whether two different entries are the same path, with the same attributes. */
bool sim_bgp_path_is_copy(const struct sim_bgp_paths *paths, uint32_t a, uint32_t b);

static inline bool sim_bgp_path_is_same(const struct sim_bgp_paths *paths, uint32_t a, uint32_t b)
{
    return a == b || sim_bgp_path_is_copy(paths, a, b);
}

static inline uint64_t sim_bgp_path_bit(uint32_t as)
{
    return UINT64_C(1) << ((as * UINT32_C(0x9E3779B1)) >> 26);
}

static inline bool sim_bgp_path_has(const struct sim_bgp_paths *paths, uint32_t path, uint32_t as)
{
    if ((paths->hops[path].members & sim_bgp_path_bit(as)) == 0) {
        return false;
    }
    while (path > SIM_BGP_PATH_EMPTY && paths->hops[path].as != as) {
        path = paths->hops[path].rest;
    }
    return path > SIM_BGP_PATH_EMPTY;
}

#endif
