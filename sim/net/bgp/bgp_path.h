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

/* One AS path with its attributes: an AS in front of another path. Equal paths
 * are one entry, so comparing ids compares whole routes. */
struct sim_bgp_hop {
    uint64_t members; /* a bit per AS of the path, for a quick "not in it" */
    uint32_t rest;    /* the path behind this AS */
    uint32_t as;
    uint32_t next;    /* in the hash chain or the list of free entries */
    uint16_t length;
    uint16_t attributes;
    uint32_t held;    /* messages that carry it; the sweep spares those */
    uint32_t marked;
};

struct sim_bgp_paths {
    struct sim_bgp_hop *hops; /* [capacity] */
    uint32_t *chains;         /* [chain_mask + 1] */
    uint32_t capacity, used, live, chain_mask, free_list;
    void *ctx;
    void (*mark)(void *ctx); /* calls sim_bgp_path_mark for all that is in use */
};

/* capacity 2..SIM_BGP_PATH_MAX; the memory is reserved at once, touched as used. */
enum hb_status sim_bgp_path_init(struct sim_bgp_paths *paths, uint32_t capacity);
void sim_bgp_path_fini(struct sim_bgp_paths *paths);

/* The path of as in front of rest (or of the empty path with attributes, if
 * as is UINT32_MAX). When the table is full, what nobody uses is swept out; NONE
 * if nothing can be. */
uint32_t sim_bgp_path_of(struct sim_bgp_paths *paths, uint32_t as, uint32_t rest,
    uint16_t attributes);

void sim_bgp_path_mark(struct sim_bgp_paths *paths, uint32_t path);

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
