/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_path.h"

#include <assert.h>
#include <stdlib.h>

enum hb_status sim_bgp_path_init(struct sim_bgp_paths *paths, uint32_t capacity)
{
    assert(capacity >= 2);
    assert(capacity <= SIM_BGP_PATH_MAX);
    *paths = (struct sim_bgp_paths){ .capacity = capacity, .used = 2, .live = 2,
        .hops = malloc(capacity * sizeof *paths->hops) };
    if (paths->hops == NULL) {
        return HB_ERR_MEMORY;
    }
    paths->hops[SIM_BGP_PATH_NONE] = (struct sim_bgp_hop){ .as = UINT32_MAX };
    paths->hops[SIM_BGP_PATH_EMPTY] = (struct sim_bgp_hop){ .as = UINT32_MAX };
    return HB_OK;
}

void sim_bgp_path_fini(struct sim_bgp_paths *paths)
{
    free(paths->hops);
    *paths = (struct sim_bgp_paths){ 0 };
}

void sim_bgp_path_mark(struct sim_bgp_paths *paths, uint32_t path)
{
    while (path > SIM_BGP_PATH_EMPTY && paths->hops[path].marked == 0) {
        paths->hops[path].marked = 1;
        path = paths->hops[path].rest;
    }
}

static void sweep(struct sim_bgp_paths *paths)
{
    for (uint32_t i = 2; i < paths->used; i++) {
        if (paths->hops[i].held != 0) {
            sim_bgp_path_mark(paths, i);
        }
    }
    paths->mark(paths->ctx);
    paths->free_list = SIM_BGP_PATH_NONE;
    paths->live = 2;
    for (uint32_t i = paths->used; i-- > 2;) {
        struct sim_bgp_hop *hop = &paths->hops[i];
        if (hop->marked != 0) {
            hop->marked = 0;
            paths->live++;
        } else {
            hop->rest = paths->free_list;
            paths->free_list = i;
        }
    }
}

static uint32_t entry_taken(struct sim_bgp_paths *paths, uint32_t rest)
{
    if (paths->free_list == SIM_BGP_PATH_NONE && paths->used == paths->capacity) {
        paths->hops[rest].held++;
        sweep(paths);
        paths->hops[rest].held--;
        /* Nearly full after a sweep: the next would come at once, and again. */
        if (paths->live > paths->capacity - paths->capacity / 16) {
            return SIM_BGP_PATH_NONE;
        }
    }
    uint32_t id = paths->free_list;
    if (id != SIM_BGP_PATH_NONE) {
        paths->free_list = paths->hops[id].rest;
        return id;
    }
    return paths->used++;
}

uint32_t sim_bgp_path_of(
    struct sim_bgp_paths *paths, uint32_t as, uint32_t rest, uint16_t attributes)
{
    uint32_t id = entry_taken(paths, rest);
    if (id == SIM_BGP_PATH_NONE) {
        return id;
    }
    const struct sim_bgp_hop *behind = &paths->hops[rest];
    bool is_hop = as != UINT32_MAX;
    uint16_t length = (uint16_t)(behind->length + is_hop);
    paths->hops[id] = (struct sim_bgp_hop){ .rest = rest, .as = as, .attributes = attributes,
        .length = length, .members = is_hop ? behind->members | sim_bgp_path_bit(as) : 0 };
    paths->live++;
    return id;
}

bool sim_bgp_path_is_copy(const struct sim_bgp_paths *paths, uint32_t a, uint32_t b)
{
    while (a != b) {
        const struct sim_bgp_hop *x = &paths->hops[a], *y = &paths->hops[b];
        if (x->members != y->members || x->as != y->as || x->length != y->length
            || x->attributes != y->attributes || a <= SIM_BGP_PATH_EMPTY
            || b <= SIM_BGP_PATH_EMPTY) {
            return false;
        }
        a = x->rest;
        b = y->rest;
    }
    return true;
}
