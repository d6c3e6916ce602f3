/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

enum { READY = 1, HELD = 2 }; /* of sim_bgp.waiting */

/* What every neighbour of a kind is told of the best route; 0: nothing. */
struct offer {
    uint32_t external, internal;
    uint32_t via;  /* edge the route came by */
    bool to_all;   /* else to customers and siblings only */
    bool echo;
};

static uint16_t attributes_out(
    struct sim_bgp *bgp, const struct bgp_best *best, enum data_relation source, bool internal)
{
    uint16_t index = bgp->paths.hops[best->path].attributes;
    if (!internal) {
        return best->edge == BGP_OWN ? index : bgp->attributes[index].stripped;
    }
    struct bgp_attributes told = bgp->attributes[index];
    if (best->edge != BGP_OWN) {
        told.local_pref = UINT32_MAX - (uint32_t)(best->key >> 32);
        told.source = (uint8_t)source;
    }
    return (uint16_t)sim_bgp_attributes_of(bgp, &told);
}

static uint32_t path_made(struct sim_bgp *bgp, uint32_t as, uint32_t rest, uint16_t attributes)
{
    uint32_t path = sim_bgp_path_of(&bgp->paths, as, rest, attributes);
    if (path == SIM_BGP_PATH_NONE) {
        sim_bgp_fault(bgp, HB_ERR_FULL, "found more than %u paths: expected path_capacity to do",
            bgp->paths.capacity);
    }
    return path;
}

/* The path to eBGP neighbours: own AS in front, as often as the origin asks. */
static uint32_t external_path(
    struct sim_bgp *bgp, uint32_t node, const struct bgp_best *best, enum data_relation source)
{
    uint16_t attributes = attributes_out(bgp, best, source, false);
    uint32_t as = bgp_as(bgp, node);
    bool is_bare = bgp->paths.hops[best->path].length == 0; /* of the own AS */
    uint32_t rest = is_bare ? SIM_BGP_PATH_EMPTY : best->path;
    uint32_t path = path_made(bgp, as, rest, attributes);
    uint32_t more = best->edge == BGP_OWN ? best->prepend : 0;
    for (uint32_t i = 0; i < more && path != SIM_BGP_PATH_NONE; i++) {
        path = path_made(bgp, as, path, attributes);
    }
    return path;
}

static uint32_t internal_path(
    struct sim_bgp *bgp, const struct bgp_best *best, enum data_relation source)
{
    const struct sim_bgp_hop *hop = &bgp->paths.hops[best->path];
    uint32_t as = hop->as;
    uint32_t rest = best->path == SIM_BGP_PATH_EMPTY ? SIM_BGP_PATH_EMPTY : hop->rest;
    return path_made(bgp, as, rest, attributes_out(bgp, best, source, true));
}

/* Gao-Rexford: routes of customers, siblings and one's own go to everybody,
 * those of peers and providers to customers and siblings. */
static struct offer offer_made(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    const struct bgp_best *best = bgp_best_of(bgp, prefix, node);
    struct offer offer = { .via = best->edge, .echo = bgp_profile(bgp, node)->echo };
    if (best->path == SIM_BGP_PATH_NONE) {
        return offer;
    }
    const struct bgp_attributes *has = &bgp->attributes[bgp->paths.hops[best->path].attributes];
    bool is_own = best->edge == BGP_OWN;
    enum data_relation relation = DATA_RELATION_CUSTOMER, source = DATA_RELATION_CUSTOMER;
    if (!is_own) {
        relation = bgp->topology->relation[best->edge];
        source = relation == DATA_RELATION_INTERNAL ? has->source : relation;
    }
    bool is_kept = has->community == SIM_BGP_NO_ADVERTISE
        || (has->community == SIM_BGP_NO_EXPORT && relation != DATA_RELATION_INTERNAL);
    if (is_kept && !is_own) {
        return offer;
    }
    if (is_own || has->community != SIM_BGP_NO_EXPORT) {
        offer.external = external_path(bgp, node, best, source);
    }
    offer.to_all = source == DATA_RELATION_CUSTOMER || source == DATA_RELATION_SIBLING;
    if (bgp->has_internal && relation != DATA_RELATION_INTERNAL) {
        offer.internal = internal_path(bgp, best, source);
    }
    /* A router with one neighbour forms no group and echoes nothing. */
    offer.echo = offer.echo
        && bgp->topology->first[node + 1] - bgp->topology->first[node] > 1;
    return offer;
}

static uint32_t offered_to(const struct sim_bgp *bgp, const struct offer *offer, uint32_t edge)
{
    uint32_t relation = bgp->topology->relation[edge];
    if (relation == DATA_RELATION_INTERNAL) {
        return edge == offer->via ? SIM_BGP_PATH_NONE : offer->internal;
    }
    if (edge == offer->via && !offer->echo) {
        return SIM_BGP_PATH_NONE;
    }
    bool is_open = offer->to_all || relation == DATA_RELATION_CUSTOMER
        || relation == DATA_RELATION_SIBLING;
    return is_open ? offer->external : SIM_BGP_PATH_NONE;
}

static double mrai_of(struct sim_bgp *bgp, uint32_t node, uint32_t edge)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    double mrai_s = bgp->topology->relation[edge] == DATA_RELATION_INTERNAL ? profile->mrai_ibgp_s
        : bgp->mrai_s != NULL ? bgp->mrai_s[node] : profile->mrai_ebgp_s;
    if (mrai_s > 0.0 && profile->mrai_jitter > 0.0) {
        mrai_s *= 1.0 - profile->mrai_jitter * sim_draw_uniform(&bgp->stream);
    }
    return mrai_s;
}

/* Onto the wire, or into the socket. */
static void transmit(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix)
{
    size_t at = bgp_at(bgp, prefix, edge);
    uint32_t path = bgp->queued[at], back = bgp->topology->back[edge];
    bgp->waiting[at] = 0;
    bgp->told[at] = path;
    if (bgp->io != NULL) {
        sim_bgp_tcp_write(bgp, edge, prefix, path);
        return;
    }
    if (path == SIM_BGP_PATH_NONE) {
        bgp->counts.withdrawals++;
    } else {
        bgp->counts.announcements++;
    }
    if (bgp->options.sent != NULL) {
        struct sim_bgp_message message = { .at_ns = bgp->now_ns, .from = bgp->in[edge].owner,
            .to = bgp->in[back].owner, .prefix = prefix, .path = path };
        sim_bgp_tell_sent(bgp, &message);
    }
    bgp->paths.hops[path].held++;
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_ARRIVE, .rank = 1, .entity = back,
        .order = (uint32_t)bgp->epoch[edge] << 8 | prefix, .payload = path,
        .at_ns = bgp->now_ns + bgp->topology->delay_ns[edge] });
}

static bool is_held_back(const struct sim_bgp *bgp, uint32_t edge, size_t at)
{
    return bgp->now_ns < bgp->mrai_ns[edge]
        && (bgp->queued[at] != SIM_BGP_PATH_NONE
            || bgp_holds_withdrawals(bgp, bgp->in[edge].owner));
}

static void start_interval(struct sim_bgp *bgp, uint32_t edge, bool was_withdrawal)
{
    uint32_t node = bgp->in[edge].owner;
    if (was_withdrawal && !bgp_holds_withdrawals(bgp, node)) {
        return;
    }
    double mrai_s = mrai_of(bgp, node, edge);
    if (mrai_s > 0.0) {
        bgp->mrai_ns[edge] = hb_units_after(bgp->now_ns, mrai_s);
    }
}

static bool is_busy(const struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t node = bgp->in[edge].owner;
    return bgp_profile(bgp, node)->mrai_busy_customers != 0
        && (bgp->topology->relation[edge] == DATA_RELATION_CUSTOMER
            || (bgp->busy != NULL && bgp->busy[node] != 0));
}

/* The plain sender: at once, or when the neighbour's interval is over. */
static void post(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix)
{
    size_t at = bgp_at(bgp, prefix, edge);
    if (bgp->now_ns >= bgp->mrai_ns[edge] && is_busy(bgp, edge)) {
        /* Somewhere in an interval that another prefix has started. */
        double left_s = mrai_of(bgp, bgp->in[edge].owner, edge) * sim_draw_uniform(&bgp->stream);
        bgp->mrai_ns[edge] = hb_units_after(bgp->now_ns, left_s);
    }
    if (!is_held_back(bgp, edge, at)) {
        bool is_withdrawal = bgp->queued[at] == SIM_BGP_PATH_NONE;
        transmit(bgp, edge, prefix);
        start_interval(bgp, edge, is_withdrawal);
        return;
    }
    bgp->edge_flags[edge] |= EDGE_WAITING;
    if ((bgp->edge_flags[edge] & EDGE_TIMER) == 0) {
        bgp->edge_flags[edge] |= EDGE_TIMER;
        sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_MRAI, .rank = 3, .entity = edge,
            .order = bgp->epoch[edge], .at_ns = bgp->mrai_ns[edge] });
    }
}

void sim_bgp_export_mrai(struct sim_bgp *bgp, uint32_t edge)
{
    bgp->edge_flags[edge] &= (uint8_t)~(EDGE_TIMER | EDGE_WAITING);
    bool was_sent = false, was_withdrawal = true;
    for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
        size_t at = bgp_at(bgp, prefix, edge);
        if (bgp->waiting[at] != 0) {
            was_withdrawal = was_withdrawal && bgp->queued[at] == SIM_BGP_PATH_NONE;
            transmit(bgp, edge, prefix);
            was_sent = true;
        }
    }
    if (was_sent) {
        start_interval(bgp, edge, was_withdrawal);
    }
}

/* Coarse clock of a daemon that counts whole seconds. */
static int64_t whole_s(const struct sim_bgp *bgp, int64_t at_ns)
{
    return (at_ns + bgp->second_phase_ns) / HB_NS_PER_S;
}

static uint32_t group_of(const struct sim_bgp *bgp, uint32_t edge)
{
    uint32_t relation = bgp->topology->relation[edge];
    return relation == DATA_RELATION_PEER || relation == DATA_RELATION_PROVIDER;
}

/* The update group sends to all when the first of its neighbours may. mrai_ns
 * holds the last write here, not the end of an interval. */
static void arm_group(struct sim_bgp *bgp, uint32_t node, uint32_t group, double mrai_s)
{
    int64_t due_ns = HB_NEVER_NS, mrai_whole_s = (int64_t)mrai_s;
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        if ((bgp->edge_flags[e] & EDGE_UP) == 0 || group_of(bgp, e) != group) {
            continue;
        }
        int64_t passed_s = whole_s(bgp, bgp->stamp_ns) - whole_s(bgp, bgp->mrai_ns[e]);
        int64_t left_s = passed_s > mrai_whole_s ? 0 : mrai_whole_s - passed_s;
        int64_t at_ns = bgp->stamp_ns + left_s * HB_NS_PER_S;
        due_ns = at_ns < due_ns ? at_ns : due_ns;
    }
    struct bgp_node *state = &bgp->nodes[node];
    if (due_ns < state->group_due_ns[group]) {
        state->group_due_ns[group] = due_ns;
        state->group_order[group] = ++bgp->order;
        sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_GROUP, .rank = 4, .entity = node,
            .payload = group, .order = bgp->order, .at_ns = due_ns });
    }
}

static void flush_after(struct sim_bgp *bgp, uint32_t node, double wait_s)
{
    struct bgp_node *state = &bgp->nodes[node];
    if (state->flush_due || state->in_round) {
        return;
    }
    state->flush_due = true;
    sim_bgp_push(bgp, &(struct sim_event){ .kind = SIM_BGP_FLUSH, .rank = 5, .entity = node,
        .order = ++bgp->order,
        .at_ns = hb_units_after(bgp->stamp_ns, wait_s) });
}

static void flush_soon(struct sim_bgp *bgp, uint32_t node)
{
    flush_after(bgp, node, bgp_profile(bgp, node)->send_s);
}

void sim_bgp_export_group(struct sim_bgp *bgp, uint32_t node, uint32_t group)
{
    bgp->nodes[node].group_due_ns[group] = HB_NEVER_NS;
    for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
        uint8_t *waiting = &bgp->waiting[bgp_at(bgp, prefix, 0)];
        for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
            if (waiting[e] == HELD && group_of(bgp, e) == group) {
                waiting[e] = READY;
            }
        }
    }
    flush_soon(bgp, node);
}

/* The detailed sender: everything that is ready leaves at the end of a round. A
 * withdrawal is ready at once, unless it replaces an announcement that waits:
 * then it takes over that one's place in the line. */
static void queue_up(struct sim_bgp *bgp, uint32_t node, uint32_t edge, uint32_t prefix)
{
    size_t at = bgp_at(bgp, prefix, edge);
    double mrai_s = mrai_of(bgp, node, edge);
    bool is_withdrawal = bgp->queued[at] == SIM_BGP_PATH_NONE;
    if (mrai_s <= 0.0 || (is_withdrawal && bgp->waiting[at] != HELD)) {
        bgp->waiting[at] = READY;
        flush_soon(bgp, node);
        return;
    }
    bgp->waiting[at] = HELD;
    if (!is_withdrawal) {
        arm_group(bgp, node, group_of(bgp, edge), mrai_s);
    }
}

void sim_bgp_export_flush(struct sim_bgp *bgp, uint32_t node)
{
    const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
    int64_t step_ns = hb_units_ns(profile->send_next_s);
    bgp->nodes[node].flush_due = false;
    for (uint32_t i = bgp->topology->first[node]; i < bgp->topology->first[node + 1]; i++) {
        uint32_t e = bgp->io[i].turn;
        for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
            if (bgp->waiting[bgp_at(bgp, prefix, e)] == READY) {
                transmit(bgp, e, prefix);
                bgp->mrai_ns[e] = bgp->stamp_ns;
                bgp->stamp_ns += step_ns;
            }
        }
    }
}

/* Queues path for the neighbour unless it has heard, or will hear, just that. */
static void tell(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path)
{
    size_t at = bgp_at(bgp, prefix, edge);
    if (sim_bgp_path_is_same(&bgp->paths, bgp->queued[at], path)) {
        return;
    }
    bgp->queued[at] = path;
    uint32_t node = bgp->in[edge].owner, told = bgp->told[at];
    enum sim_bgp_resend resend = bgp_profile(bgp, node)->resend;
    if ((resend == SIM_BGP_KEEP_QUIET && sim_bgp_path_is_same(&bgp->paths, path, told))
        || (resend == SIM_BGP_REPEAT && path == SIM_BGP_PATH_NONE && told == path)) {
        bgp->waiting[at] = 0;
        return;
    }
    if (bgp->io != NULL) {
        queue_up(bgp, node, edge, prefix);
        return;
    }
    bgp->waiting[at] = READY;
    post(bgp, edge, prefix);
}

void sim_bgp_export_all(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    struct offer offer = offer_made(bgp, node, prefix);
    uint32_t end = bgp->topology->first[node + 1];
    for (uint32_t edge = bgp->topology->first[node]; edge < end; edge++) {
        if ((bgp->edge_flags[edge] & EDGE_DUMPED) != 0) {
            tell(bgp, edge, prefix, offered_to(bgp, &offer, edge));
        }
    }
}

void sim_bgp_export_dump(struct sim_bgp *bgp, uint32_t edge, uint32_t answers)
{
    bgp->edge_flags[edge] |= EDGE_DUMPED;
    if (bgp->io != NULL) {
        /* Ordered before anything is queued, which would order an earlier one;
         * the end that is established second has one more message to read. */
        double wait_s = bgp_profile(bgp, bgp->in[edge].owner)->first_send_s * (1.0 + answers);
        flush_after(bgp, bgp->in[edge].owner, wait_s);
    }
    for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
        struct offer offer = offer_made(bgp, bgp->in[edge].owner, prefix);
        tell(bgp, edge, prefix, offered_to(bgp, &offer, edge));
    }
}

void sim_bgp_export_seed(struct sim_bgp *bgp, uint32_t node, uint32_t prefix)
{
    struct offer offer = offer_made(bgp, node, prefix);
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        uint32_t path = offered_to(bgp, &offer, e);
        size_t at = bgp_at(bgp, prefix, e);
        bgp->queued[at] = bgp->told[at] = path;
        sim_bgp_rib_seed(bgp, bgp->topology->back[e], prefix, path);
    }
}
