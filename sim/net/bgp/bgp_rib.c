/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

static const uint32_t default_local_pref = 100; /* every vendor's; RFC 4271 has none */

/* The explicit preference of path at node, or 0. */
static uint32_t permitted_pref(const struct sim_bgp *bgp, uint32_t node, uint32_t path)
{
    for (uint32_t i = bgp->permit_first[node]; i < bgp->permit_first[node + 1]; i++) {
        const struct sim_bgp_permit *permit = bgp->permit_order[i];
        uint32_t at = path, hop = 0;
        while (at > SIM_BGP_PATH_EMPTY && hop < permit->hop_count
            && bgp->paths.hops[at].as == permit->hops[hop]) {
            at = bgp->paths.hops[at].rest;
            hop++;
        }
        if (at <= SIM_BGP_PATH_EMPTY && hop == permit->hop_count) {
            return permit->local_pref;
        }
    }
    return 0;
}

/* Preference of a route, less is better: local preference, path length and
 * origin, the steps that compare any two routes; or KEY_NONE. */
static uint64_t key_of(
    const struct sim_bgp *bgp, uint32_t prefix, uint32_t edge, uint32_t path)
{
    uint32_t node = bgp->in[edge].owner;
    if (path == SIM_BGP_PATH_NONE || sim_bgp_path_has(&bgp->paths, path, bgp_as(bgp, node))) {
        return BGP_KEY_NONE;
    }
    if (bgp->suppressed != NULL && bgp->suppressed[bgp_at(bgp, prefix, edge)] != 0) {
        return BGP_KEY_NONE;
    }
    const struct sim_bgp_hop *hop = &bgp->paths.hops[path];
    const struct bgp_attributes *attributes = &bgp->attributes[hop->attributes];
    uint32_t relation = bgp->topology->relation[edge];
    uint32_t local_pref = bgp->local_pref[relation];
    if (relation == DATA_RELATION_INTERNAL) {
        local_pref = attributes->local_pref != 0 ? attributes->local_pref : default_local_pref;
    } else if (attributes->community == SIM_BGP_GRACEFUL_SHUTDOWN) {
        local_pref = 0;
    }
    if (bgp->permit_first != NULL && bgp->permit_first[node] < bgp->permit_first[node + 1]) {
        local_pref = permitted_pref(bgp, node, path);
        if (local_pref == 0) {
            return BGP_KEY_NONE;
        }
    }
    uint32_t length = hop->length > 4095 ? 4095 : hop->length;
    return (uint64_t)(UINT32_MAX - local_pref) << 32 | length << 20
        | (uint32_t)attributes->origin << 18;
}

void sim_bgp_rib_soon(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    if (profile->round_sockets != 0) {
        sim_bgp_rib_decide(bgp, node, prefix);
        return;
    }
    if ((best->flags & BEST_SCHEDULED) != 0) {
        return;
    }
    best->flags |= BEST_SCHEDULED;
    double delay_s = profile->process_s + profile->batch_s;
    if (profile->process_sd_s > 0.0) {
        delay_s += sim_draw_exponential(&bgp->stream, profile->process_sd_s);
    }
    if (bgp->extra_s != NULL) {
        delay_s += sim_draw_exponential(&bgp->stream, bgp->extra_s[node]);
    }
    int64_t delay_ns = hb_units_ns(delay_s);
    /* At least one tick: two messages of one instant are one decision. */
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_DECIDE, .rank = 2, .entity = node,
        .order = prefix, .at_ns = bgp->stamp_ns + (delay_ns > 0 ? delay_ns : 1) });
}

/* Whether a route with key over edge could replace the one in use. */
static bool is_candidate(const struct bgp_best *best, uint64_t key, uint32_t edge)
{
    return key < best->key || (key == best->key && key != BGP_KEY_NONE && edge < best->edge);
}

static void note_change(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint64_t key)
{
    struct bgp_best *best = bgp_best_of(bgp, prefix, bgp->in[edge].owner);
    const struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, 0)];
    if (bgp->rich || edge == best->challenger || (edge == best->edge && key > best->key)) {
        best->flags |= BEST_RESCAN;
    } else if (edge != best->edge) {
        uint32_t rival = best->challenger;
        bool is_rival = is_candidate(best, key, edge);
        if (is_rival && (rival == SIM_BGP_NONE || key < in[rival].key
            || (key == in[rival].key && edge < rival))) {
            best->challenger = edge;
        }
        /* A batch opens with any news, even of a route that is not used. */
        if (!is_rival && bgp_profile(bgp, bgp->in[edge].owner)->batch_s <= 0.0) {
            return;
        }
    }
    if (best->own == SIM_BGP_PATH_NONE) {
        sim_bgp_rib_soon(bgp, bgp->in[edge].owner, prefix);
    }
}

void sim_bgp_rib_rekey(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix)
{
    size_t at = bgp_at(bgp, prefix, edge);
    uint64_t key = key_of(bgp, prefix, edge, bgp->in[at].path);
    if (key != bgp->in[at].key) {
        bgp->in[at].key = key;
        note_change(bgp, edge, prefix, key);
    }
}

void sim_bgp_rib_learn(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path)
{
    size_t at = bgp_at(bgp, prefix, edge);
    /* Only daemons that send what they have sent before cost a comparison. */
    uint32_t known = bgp->in[at].path;
    __builtin_prefetch(bgp_best_of(bgp, prefix, bgp->in[at].owner));
    if (known == path || (bgp->io != NULL && sim_bgp_path_is_same(&bgp->paths, known, path))) {
        return;
    }
    if (bgp->penalty != NULL) {
        sim_bgp_damp_flap(bgp, edge, prefix, path == SIM_BGP_PATH_NONE);
    }
    uint64_t old = bgp->in[at].key, key = key_of(bgp, prefix, edge, path);
    bgp->in[at].path = path;
    bgp->in[at].key = key;
    if (bgp->options.heard != NULL) {
        bgp->options.heard(bgp->options.ctx, bgp->in[edge].owner);
    }
    if (key != BGP_KEY_NONE || old != BGP_KEY_NONE) {
        note_change(bgp, edge, prefix, key);
    }
}

void sim_bgp_rib_seed(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path)
{
    struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, edge)];
    in->path = path;
    in->key = key_of(bgp, prefix, edge, path);
}

void sim_bgp_rib_drop(struct sim_bgp *bgp, uint32_t edge)
{
    for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
        sim_bgp_rib_learn(bgp, edge, prefix, SIM_BGP_PATH_NONE);
    }
}

static uint32_t least_key(const struct bgp_in *in, uint32_t first, uint32_t end)
{
    uint64_t least = BGP_KEY_NONE;
    uint32_t found = SIM_BGP_NONE;
    for (uint32_t edge = first; edge < end; edge++) {
        if (in[edge].key < least) {
            least = in[edge].key;
            found = edge;
        }
    }
    return found;
}

/* The AS that a route was heard from, whoever carried it through the own AS. */
static uint32_t neighbour_as(const struct sim_bgp *bgp, uint32_t path)
{
    return path > SIM_BGP_PATH_EMPTY ? bgp->paths.hops[path].as : UINT32_MAX;
}

static uint32_t med_of(const struct sim_bgp *bgp, uint32_t path)
{
    return bgp->attributes[bgp->paths.hops[path].attributes].med;
}

bool sim_bgp_rib_is_beaten(
    const struct sim_bgp *bgp, uint32_t prefix, uint32_t node, uint32_t edge)
{
    const struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, 0)];
    uint32_t as = neighbour_as(bgp, in[edge].path);
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        if (in[e].key == in[edge].key && neighbour_as(bgp, in[e].path) == as
            && med_of(bgp, in[e].path) < med_of(bgp, in[edge].path)) {
            return true;
        }
    }
    return false;
}

static uint64_t late_key(const struct sim_bgp *bgp, uint32_t edge)
{
    bool is_internal = bgp->topology->relation[edge] == DATA_RELATION_INTERNAL;
    uint32_t cost = is_internal && bgp->options.igp_cost != NULL ? bgp->options.igp_cost[edge] : 0;
    return (uint64_t)is_internal << 32 | cost;
}

/* The steps after origin: MED, eBGP over iBGP, IGP cost, the present one if it
 * is kept, router id. */
static uint32_t rich_choice(
    const struct sim_bgp *bgp, uint32_t prefix, uint32_t node, uint32_t least)
{
    const struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, 0)];
    const struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    bool keeps = bgp_profile(bgp, node)->prefer_oldest;
    uint32_t found = SIM_BGP_NONE;
    uint64_t found_late = UINT64_MAX;
    for (uint32_t edge = least; edge < bgp->topology->first[node + 1]; edge++) {
        if (in[edge].key != in[least].key || sim_bgp_rib_is_beaten(bgp, prefix, node, edge)) {
            continue;
        }
        uint64_t late = late_key(bgp, edge);
        if (late < found_late || (late == found_late && keeps && edge == best->edge)) {
            found = edge;
            found_late = late;
        }
    }
    return found;
}

static uint32_t choice(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    const struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    const struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, 0)];
    if (best->own != SIM_BGP_PATH_NONE) {
        return BGP_OWN;
    }
    if ((best->flags & BEST_RESCAN) != 0 || best->edge == BGP_OWN) {
        uint32_t least = least_key(
            in, bgp->topology->first[node], bgp->topology->first[node + 1]);
        return least == SIM_BGP_NONE || !bgp->rich ? least : rich_choice(bgp, prefix, node, least);
    }
    uint32_t rival = best->challenger;
    if (rival == SIM_BGP_NONE) {
        return best->edge;
    }
    uint64_t key = best->edge == SIM_BGP_NONE ? BGP_KEY_NONE : in[best->edge].key;
    return in[rival].key < key || (in[rival].key == key && rival < best->edge) ? rival : best->edge;
}

static void report_oscillation(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    const struct data_topology *topology = bgp->topology;
    uint32_t edge = bgp_best_of(bgp, prefix, node)->edge;
    bool is_via = edge < bgp->edge_count;
    sim_bgp_fault(bgp, HB_ERR_DIVERGES,
        "found the route of node %u for prefix %u to change %u times (now by way of %u): "
        "expected policies with a stable solution, they oscillate",
        topology->number[node], prefix, bgp_best_of(bgp, prefix, node)->changes,
        topology->number[is_via ? topology->peer[edge] : node]);
}

static void tell_change(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    struct sim_bgp_change change = { .at_ns = bgp->stamp_ns, .node = node, .prefix = prefix,
        .via = sim_bgp_via(bgp, node, prefix) };
    bgp->options.changed(bgp->options.ctx, &change);
}

void sim_bgp_rib_decide(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    uint32_t edge = choice(bgp, node, prefix), path = SIM_BGP_PATH_NONE;
    uint64_t key = BGP_KEY_NONE;
    if (edge == BGP_OWN) {
        path = best->own;
        key = 0;
    } else if (edge != SIM_BGP_NONE) {
        path = bgp->in[bgp_at(bgp, prefix, edge)].path;
        key = bgp->in[bgp_at(bgp, prefix, edge)].key;
    }
    best->flags = 0;
    best->challenger = SIM_BGP_NONE;
    bool is_same = edge == best->edge && path == best->path;
    best->key = key;
    best->edge = edge;
    best->path = path;
    if (is_same) {
        return;
    }
    bgp->counts.changes++;
    if (++best->changes > bgp->options.change_limit) {
        report_oscillation(bgp, node, prefix);
        return;
    }
    if (bgp->options.check) {
        sim_bgp_check_path(bgp, node, prefix);
    }
    if (bgp->options.changed != NULL) {
        tell_change(bgp, node, prefix);
    }
    sim_bgp_export_all(bgp, node, prefix);
}
