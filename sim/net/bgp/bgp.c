/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"


void sim_bgp_fault(struct sim_bgp *bgp, enum hb_status status, const char *format, ...)
{
    if (bgp->status != HB_OK) {
        return;
    }
    bgp->status = status;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(bgp->failure, sizeof bgp->failure, format, arguments); /* may be cut */
    va_end(arguments);
}

void sim_bgp_push(struct sim_bgp *bgp, const struct sim_event *event)
{
    if (event->at_ns == HB_NEVER_NS || bgp->status != HB_OK) {
        return;
    }
    if (sim_queue_push(bgp->queue, event) != HB_OK) {
        sim_bgp_fault(bgp, HB_ERR_FULL, "found %zu messages and timers pending: "
            "expected message_capacity to do", sim_queue_len(bgp->queue));
    }
}

uint32_t sim_bgp_attributes_of(struct sim_bgp *bgp, const struct bgp_attributes *attributes)
{
    for (uint32_t i = 0; i < bgp->attribute_count; i++) {
        const struct bgp_attributes *known = &bgp->attributes[i];
        if (known->med == attributes->med && known->community == attributes->community
            && known->local_pref == attributes->local_pref
            && known->origin == attributes->origin && known->source == attributes->source) {
            return i;
        }
    }
    if (bgp->attribute_count == BGP_ATTRIBUTES_MAX) {
        sim_bgp_fault(
            bgp, HB_ERR_FULL, "found more than %u sets of attributes", BGP_ATTRIBUTES_MAX);
        return 0;
    }
    uint32_t index = bgp->attribute_count++;
    bgp->attributes[index] = *attributes;
    struct bgp_attributes told = { .community = attributes->community,
        .origin = attributes->origin };
    bool is_bare = attributes->med == 0 && attributes->local_pref == 0 && attributes->source == 0;
    bgp->attributes[index].stripped = (uint16_t)index; /* its own, unless there is more to strip */
    if (!is_bare) {
        uint32_t stripped = sim_bgp_attributes_of(bgp, &told);
        bgp->attributes[index].stripped = (uint16_t)stripped;
    }
    bgp->rich = bgp->rich || attributes->med != 0;
    return index;
}

void sim_bgp_mark_paths(void *ctx)
{
    struct sim_bgp *bgp = ctx;
    size_t edges = (size_t)bgp->prefix_count * bgp->edge_count;
    size_t nodes = (size_t)bgp->prefix_count * bgp->node_count;
    for (size_t i = 0; i < edges; i++) {
        sim_bgp_path_mark(&bgp->paths, bgp->in[i].path);
        sim_bgp_path_mark(&bgp->paths, bgp->queued[i]);
        sim_bgp_path_mark(&bgp->paths, bgp->told[i]);
    }
    for (size_t i = 0; i < nodes; i++) {
        sim_bgp_path_mark(&bgp->paths, bgp->best[i].path);
        sim_bgp_path_mark(&bgp->paths, bgp->best[i].own);
    }
}

static void own_route_set(struct sim_bgp *bgp, uint32_t node, uint32_t prefix, uint32_t path)
{
    assert(node < bgp->node_count);
    assert(prefix < bgp->prefix_count);
    bgp->stamp_ns = bgp->now_ns;
    bgp_best_of(bgp, prefix, node)->own = path;
    sim_bgp_rib_decide(bgp, node, prefix);
}

void sim_bgp_announce(struct sim_bgp *bgp, uint32_t node, uint32_t prefix,
    const struct sim_bgp_attributes *attributes)
{
    static const struct sim_bgp_attributes none = { 0 };
    const struct sim_bgp_attributes *with = attributes == NULL ? &none : attributes;
    struct bgp_attributes own = { .med = with->med, .community = with->community,
        .local_pref = with->local_pref, .origin = with->origin };
    uint32_t index = sim_bgp_attributes_of(bgp, &own), path = SIM_BGP_PATH_EMPTY;
    if (index != 0) {
        path = sim_bgp_path_of(&bgp->paths, UINT32_MAX, SIM_BGP_PATH_EMPTY, (uint16_t)index);
    }
    struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    uint8_t prepend = with->prepend_count > 255 ? 255 : (uint8_t)with->prepend_count;
    if (best->prepend != prepend && best->path == path) {
        best->path = SIM_BGP_PATH_NONE; /* the same path, told otherwise: a change */
    }
    best->prepend = prepend;
    own_route_set(bgp, node, prefix, path);
}

void sim_bgp_withdraw(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    own_route_set(bgp, node, prefix, SIM_BGP_PATH_NONE);
}

static void arrive(struct sim_bgp *bgp, const struct sim_event *event)
{
    uint32_t edge = event->entity, path = event->payload;
    uint8_t flags = bgp->edge_flags[edge];
    if ((flags & EDGE_CARRIER) != 0 && event->order >> 8 == bgp->epoch[edge]) {
        if ((flags & EDGE_SILENT) != 0) { /* lost; TCP sends it again */
            struct sim_event again = *event;
            again.at_ns += HB_NS_PER_S;
            sim_bgp_push(bgp, &again);
            return;
        }
        sim_bgp_rib_learn(bgp, edge, event->order & 0xFFU, path);
    }
    bgp->paths.hops[path].held--;
}

static void flush(struct sim_bgp *bgp, uint32_t node)
{
    struct bgp_node *state = &bgp->nodes[node];
    sim_bgp_export_flush(bgp, node);
    state->busy = false;
    if (state->first != SIM_BGP_NONE) {
        sim_bgp_round_wake(bgp, node);
    }
}

static void handle(struct sim_bgp *bgp, const struct sim_event *event)
{
    switch ((enum sim_bgp_kind)event->kind) {
    case SIM_BGP_ARRIVE:
        arrive(bgp, event);
        return;
    case SIM_BGP_DECIDE:
        sim_bgp_rib_decide(bgp, event->entity, event->order);
        return;
    case SIM_BGP_MRAI:
        if ((uint16_t)event->order == bgp->epoch[event->entity]) {
            sim_bgp_export_mrai(bgp, event->entity);
        }
        return;
    case SIM_BGP_GROUP:
        if (bgp->nodes[event->entity].group_order[event->payload] == event->order) {
            sim_bgp_export_group(bgp, event->entity, event->payload);
        }
        return;
    case SIM_BGP_ROUND:
        sim_bgp_round_run(bgp, event->entity);
        return;
    case SIM_BGP_FLUSH:
        flush(bgp, event->entity);
        return;
    case SIM_BGP_SEGMENT:
    case SIM_BGP_ACK:
    case SIM_BGP_DELACK:
        sim_bgp_tcp_event(bgp, event);
        return;
    case SIM_BGP_LOST:
    case SIM_BGP_CLEAR:
    case SIM_BGP_CONNECT:
    case SIM_BGP_UP:
    case SIM_BGP_DUMP:
        sim_bgp_session_event(bgp, event);
        return;
    case SIM_BGP_REUSE:
        sim_bgp_damp_reuse(bgp, event->entity, event->payload);
        return;
    }
}

enum hb_status sim_bgp_run(struct sim_bgp *bgp, int64_t until_ns)
{
    size_t best_count = (size_t)bgp->prefix_count * bgp->node_count;
    for (size_t i = 0; i < best_count; i++) {
        bgp->best[i].changes = 0;
    }
    return sim_bgp_step(bgp, until_ns);
}

int64_t sim_bgp_next_ns(const struct sim_bgp *bgp)
{
    return sim_queue_next_ns(bgp->queue);
}

enum hb_status sim_bgp_step(struct sim_bgp *bgp, int64_t until_ns)
{
    assert(until_ns >= bgp->now_ns);
    struct sim_event event;
    while (bgp->status == HB_OK && sim_queue_pop(bgp->queue, until_ns, &event)) {
        bgp->now_ns = bgp->stamp_ns = event.at_ns;
        bgp->counts.events++;
        handle(bgp, &event);
    }
    if (bgp->status == HB_OK && until_ns != HB_NEVER_NS) {
        bgp->now_ns = until_ns;
    }
    return bgp->status;
}

const char *sim_bgp_failure(const struct sim_bgp *bgp)
{
    return bgp->failure;
}

int64_t sim_bgp_tick_ns(const struct sim_bgp *bgp)
{
    return (sim_bgp_tcp_tick(bgp, bgp->now_ns) + 1) * BGP_TICK_NS - bgp->tick_phase_ns;
}

int64_t sim_bgp_now_ns(const struct sim_bgp *bgp)
{
    return bgp->now_ns;
}

bool sim_bgp_is_settled(const struct sim_bgp *bgp)
{
    return sim_queue_len(bgp->queue) == 0;
}

struct sim_bgp_counts sim_bgp_counts(const struct sim_bgp *bgp)
{
    return bgp->counts;
}

uint32_t sim_bgp_via(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    uint32_t edge = bgp_best_of(bgp, prefix, node)->edge;
    if (edge == BGP_OWN) {
        return node;
    }
    return edge == SIM_BGP_NONE ? edge : bgp->topology->peer[edge];
}

uint32_t sim_bgp_equals(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix,
    uint32_t *edges, uint32_t capacity)
{
    const struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    const struct bgp_in *in = &bgp->in[bgp_at(bgp, prefix, 0)];
    uint32_t count = 0;
    if (best->edge == BGP_OWN || best->edge == SIM_BGP_NONE || capacity == 0) {
        return 0;
    }
    edges[count++] = best->edge;
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        if (in[e].key == best->key && e != best->edge && count < capacity
            && (!bgp->rich || !sim_bgp_rib_is_beaten(bgp, prefix, node, e))) {
            edges[count++] = e;
        }
    }
    return count;
}

bool sim_bgp_has_told(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    size_t at = bgp_at(bgp, prefix, 0);
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        if ((bgp->told[at + e] | bgp->queued[at + e]) != SIM_BGP_PATH_NONE) {
            return true;
        }
    }
    return false;
}

static uint32_t path_told(
    const struct sim_bgp *bgp, uint32_t path, uint32_t *hops, uint32_t capacity)
{
    uint32_t length = bgp->paths.hops[path].length;
    for (uint32_t i = 0; i < length && i < capacity; i++) {
        hops[i] = bgp->paths.hops[path].as;
        path = bgp->paths.hops[path].rest;
    }
    return length;
}

uint32_t sim_bgp_path(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix,
    uint32_t *hops, uint32_t capacity)
{
    return path_told(bgp, bgp_best_of(bgp, prefix, node)->path, hops, capacity);
}

uint32_t sim_bgp_message_path(const struct sim_bgp *bgp, const struct sim_bgp_message *message,
    uint32_t *hops, uint32_t capacity)
{
    return path_told(bgp, message->path, hops, capacity);
}

void sim_bgp_tell_sent(struct sim_bgp *bgp, const struct sim_bgp_message *message)
{
    struct sim_bgp_message told = *message;
    const struct bgp_attributes *has
        = &bgp->attributes[bgp->paths.hops[message->path].attributes];
    told.is_withdrawal = message->path == SIM_BGP_PATH_NONE;
    if (!told.is_withdrawal) {
        told.origin = has->origin;
        told.med = has->med;
        told.community = has->community;
    }
    bgp->options.sent(bgp->options.ctx, &told);
}

uint32_t sim_bgp_catchment(const struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    for (uint32_t step = 0; step <= bgp->node_count; step++) {
        uint32_t via = sim_bgp_via(bgp, node, prefix);
        if (via == node || via == SIM_BGP_NONE) {
            return via;
        }
        node = via;
    }
    return SIM_BGP_NONE;
}
