/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_path.h"

#include <assert.h>
#include <stdlib.h>

static uint32_t chain_of(
    const struct sim_bgp_paths *paths, uint32_t as, uint32_t rest, uint16_t attributes)
{
    uint64_t word = ((uint64_t)rest << 32 | as) ^ ((uint64_t)attributes << 48);
    word *= UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(word >> 33) & paths->chain_mask;
}

enum hb_status sim_bgp_path_init(struct sim_bgp_paths *paths, uint32_t capacity)
{
    assert(capacity >= 2);
    assert(capacity <= SIM_BGP_PATH_MAX);
    uint32_t chain_count = 16;
    while (chain_count < capacity / 4) {
        chain_count *= 2;
    }
    *paths = (struct sim_bgp_paths){ .capacity = capacity, .used = 2, .live = 2,
        .chain_mask = chain_count - 1,
        .hops = malloc(capacity * sizeof *paths->hops),
        .chains = calloc(chain_count, sizeof *paths->chains) };
    if (paths->hops == NULL || paths->chains == NULL) {
        sim_bgp_path_fini(paths);
        return HB_ERR_MEMORY;
    }
    paths->hops[SIM_BGP_PATH_NONE] = (struct sim_bgp_hop){ .as = UINT32_MAX };
    paths->hops[SIM_BGP_PATH_EMPTY] = (struct sim_bgp_hop){ .as = UINT32_MAX };
    return HB_OK;
}

void sim_bgp_path_fini(struct sim_bgp_paths *paths)
{
    free(paths->chains);
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
    for (uint32_t i = 0; i <= paths->chain_mask; i++) {
        paths->chains[i] = SIM_BGP_PATH_NONE;
    }
    paths->free_list = SIM_BGP_PATH_NONE;
    paths->live = 2;
    for (uint32_t i = paths->used; i-- > 2;) {
        struct sim_bgp_hop *hop = &paths->hops[i];
        if (hop->marked == 0) {
            hop->next = paths->free_list;
            paths->free_list = i;
            continue;
        }
        hop->marked = 0;
        paths->live++;
        uint32_t chain = chain_of(paths, hop->as, hop->rest, hop->attributes);
        hop->next = paths->chains[chain];
        paths->chains[chain] = i;
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
    if (paths->free_list != SIM_BGP_PATH_NONE) {
        uint32_t id = paths->free_list;
        paths->free_list = paths->hops[id].next;
        return id;
    }
    return paths->used < paths->capacity ? paths->used++ : SIM_BGP_PATH_NONE;
}

uint32_t sim_bgp_path_of(
    struct sim_bgp_paths *paths, uint32_t as, uint32_t rest, uint16_t attributes)
{
    uint32_t chain = chain_of(paths, as, rest, attributes);
    for (uint32_t id = paths->chains[chain]; id != SIM_BGP_PATH_NONE; id = paths->hops[id].next) {
        const struct sim_bgp_hop *hop = &paths->hops[id];
        if (hop->rest == rest && hop->as == as && hop->attributes == attributes) {
            return id;
        }
    }
    uint32_t id = entry_taken(paths, rest);
    if (id == SIM_BGP_PATH_NONE) {
        return id;
    }
    const struct sim_bgp_hop *behind = &paths->hops[rest];
    bool is_hop = as != UINT32_MAX;
    paths->hops[id] = (struct sim_bgp_hop){ .rest = rest, .as = as, .attributes = attributes,
        .length = (uint16_t)(behind->length + is_hop),
        .members = is_hop ? behind->members | sim_bgp_path_bit(as) : 0,
        .next = paths->chains[chain] };
    paths->chains[chain] = id;
    paths->live++;
    return id;
}
