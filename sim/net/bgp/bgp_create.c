/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "sim/net/bgp/bgp_state.h"

#define SECOND_NS 1000000000U

static const uint32_t local_pref_default[DATA_RELATION_COUNT] = { 300, 200, 100, 100, 100 };

static bool options_are_good(const struct sim_bgp_options *options)
{
    if (options->topology == NULL || options->profiles == NULL || options->profile_count == 0
        || options->profile_count > 255 || options->prefix_count > 255 || options->processors > 8) {
        return false;
    }
    for (uint32_t i = 0; i < options->topology->node_count && options->profile_of != NULL; i++) {
        if (options->profile_of[i] >= options->profile_count) {
            return false;
        }
    }
    for (size_t i = 0; i < options->permit_count; i++) {
        if (options->permits[i].node >= options->topology->node_count
            || options->permits[i].local_pref == 0) {
            return false;
        }
    }
    return true;
}

static bool profiles_alloc(struct sim_bgp *bgp)
{
    const struct sim_bgp_options *options = &bgp->options;
    bgp->profiles = malloc(options->profile_count * sizeof *bgp->profiles);
    if (bgp->profiles == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < options->profile_count; i++) {
        bgp->profiles[i] = options->profiles[i];
        bgp->rich = bgp->rich || bgp->profiles[i].prefer_oldest;
    }
    for (uint32_t e = 0; e < options->topology->edge_count && options->as_of != NULL; e++) {
        bgp->has_internal
            = bgp->has_internal || options->topology->relation[e] == DATA_RELATION_INTERNAL;
    }
    bgp->rich = bgp->rich || bgp->has_internal || options->permits != NULL;
    return true;
}

static bool ribs_alloc(struct sim_bgp *bgp)
{
    size_t edges = (size_t)bgp->prefix_count * bgp->edge_count;
    size_t nodes = (size_t)bgp->prefix_count * bgp->node_count;
    bgp->in = malloc(edges * sizeof *bgp->in);
    bgp->queued = calloc(edges, sizeof *bgp->queued);
    bgp->told = calloc(edges, sizeof *bgp->told);
    bgp->waiting = calloc(edges, 1);
    bgp->best = malloc(nodes * sizeof *bgp->best);
    bgp->mrai_ns = calloc(bgp->edge_count, sizeof *bgp->mrai_ns);
    bgp->edge_flags = malloc(bgp->edge_count);
    bgp->epoch = calloc(bgp->edge_count, sizeof *bgp->epoch);
    bgp->attributes = malloc(BGP_ATTRIBUTES_MAX * sizeof *bgp->attributes);
    if (bgp->in == NULL || bgp->queued == NULL || bgp->told == NULL
        || bgp->waiting == NULL || bgp->best == NULL || bgp->mrai_ns == NULL
        || bgp->edge_flags == NULL || bgp->epoch == NULL
        || bgp->attributes == NULL) {
        return false;
    }
    memset(bgp->edge_flags, EDGE_UP | EDGE_CARRIER | EDGE_DUMPED, bgp->edge_count);
    for (size_t i = 0; i < nodes; i++) {
        bgp->best[i] = (struct bgp_best){ .key = BGP_KEY_NONE, .edge = SIM_BGP_NONE,
            .challenger = SIM_BGP_NONE };
    }
    for (uint32_t node = 0; node < bgp->node_count; node++) {
        for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
            for (uint32_t prefix = 0; prefix < bgp->prefix_count; prefix++) {
                bgp->in[bgp_at(bgp, prefix, e)]
                    = (struct bgp_in){ .key = BGP_KEY_NONE, .owner = node };
            }
        }
    }
    return true;
}

/* Sockets and rounds cost memory per edge; only profiles with them have them. */
static bool details_alloc(struct sim_bgp *bgp)
{
    bool is_detailed = false;
    for (uint32_t i = 0; i < bgp->options.profile_count; i++) {
        is_detailed = is_detailed || bgp->profiles[i].nagle
            || bgp->profiles[i].round_sockets != 0 || bgp->profiles[i].mrai_by_group;
    }
    if (!is_detailed) {
        return true;
    }
    bgp->pool_capacity = bgp->edge_count < 1024 ? 65536 : 64 * bgp->edge_count;
    if (bgp->pool_capacity > SIM_EVENT_PAYLOAD_MAX) {
        bgp->pool_capacity = SIM_EVENT_PAYLOAD_MAX;
    }
    bgp->io = calloc(bgp->edge_count, sizeof *bgp->io);
    bgp->nodes = calloc(bgp->node_count, sizeof *bgp->nodes);
    bgp->pieces = malloc(bgp->pool_capacity * sizeof *bgp->pieces);
    bgp->segments = malloc(bgp->pool_capacity * sizeof *bgp->segments);
    bgp->piece_count = bgp->segment_count = 1; /* 0 is none */
    if (bgp->io == NULL || bgp->nodes == NULL || bgp->pieces == NULL || bgp->segments == NULL) {
        return false;
    }
    for (uint32_t edge = 0; edge < bgp->edge_count; edge++) {
        bgp->io[edge].tcp.ato_ticks = BGP_ATO_TICKS;
        bgp->io[edge].tcp.round_trip_ns = 2 * (int64_t)bgp->topology->delay_ns[edge];
        bgp->io[edge].tcp.received_tick = INT32_MIN;
        bgp->mrai_ns[edge] = -1000 * (int64_t)SECOND_NS; /* the last write, long ago */
    }
    for (uint32_t node = 0; node < bgp->node_count; node++) {
        bgp->nodes[node].first = SIM_BGP_NONE;
        bgp->nodes[node].group_due_ns[0] = bgp->nodes[node].group_due_ns[1] = INT64_MAX;
    }
    sim_bgp_turn_init(bgp);
    return sim_bgp_keepalive_init(bgp);
}

static uint32_t customer_count(const struct sim_bgp *bgp, uint32_t node)
{
    uint32_t count = 0;
    for (uint32_t e = bgp->topology->first[node]; e < bgp->topology->first[node + 1]; e++) {
        count += bgp->topology->relation[e] == DATA_RELATION_CUSTOMER;
    }
    return count;
}

/* What differs from AS to AS, each by its own stream. */
static bool mix_alloc(struct sim_bgp *bgp)
{
    bool is_mixed = false;
    for (uint32_t i = 0; i < bgp->options.profile_count; i++) {
        is_mixed = is_mixed || bgp->profiles[i].mrai_share > 0.0
            || bgp->profiles[i].process_as_s > 0.0;
    }
    if (!is_mixed) {
        return true;
    }
    bgp->mrai_s = malloc(bgp->node_count * sizeof *bgp->mrai_s);
    bgp->extra_s = malloc(bgp->node_count * sizeof *bgp->extra_s);
    bgp->holds = malloc(bgp->node_count);
    bgp->busy = malloc(bgp->node_count);
    if (bgp->mrai_s == NULL || bgp->extra_s == NULL || bgp->holds == NULL
        || bgp->busy == NULL) {
        return false;
    }
    for (uint32_t node = 0; node < bgp->node_count; node++) {
        const struct sim_bgp_profile *profile = bgp_profile(bgp, node);
        struct sim_stream stream = sim_stream_of(bgp->options.seed, SIM_STREAM_BGP, node + 1U);
        bool has_mrai = profile->mrai_share <= 0.0
            || sim_draw_chance(&stream, profile->mrai_share);
        bgp->mrai_s[node] = has_mrai ? profile->mrai_ebgp_s : 0.0;
        bgp->busy[node] = customer_count(bgp, node) >= profile->mrai_busy_customers;
        bgp->holds[node] = profile->mrai_hold_share <= 0.0
            || sim_draw_chance(&stream, profile->mrai_hold_share);
        bgp->extra_s[node] = profile->process_as_s <= 0.0 ? 0.0
            : sim_draw_lognormal(&stream, profile->process_as_s, profile->process_as_sigma);
    }
    return true;
}

static bool damping_alloc(struct sim_bgp *bgp)
{
    bool is_damped = false;
    for (uint32_t i = 0; i < bgp->options.profile_count; i++) {
        is_damped = is_damped || bgp->profiles[i].damping.suppress > 0.0;
    }
    size_t edges = is_damped ? (size_t)bgp->prefix_count * bgp->edge_count : 0;
    if (edges == 0) {
        return true;
    }
    bgp->penalty = calloc(edges, sizeof *bgp->penalty);
    bgp->penalty_ns = calloc(edges, sizeof *bgp->penalty_ns);
    bgp->suppressed = calloc(edges, 1);
    return bgp->penalty != NULL && bgp->penalty_ns != NULL && bgp->suppressed != NULL;
}

static bool permits_alloc(struct sim_bgp *bgp)
{
    size_t count = bgp->options.permit_count;
    if (count == 0) {
        return true;
    }
    bgp->permit_first = calloc((size_t)bgp->node_count + 2, sizeof *bgp->permit_first);
    bgp->permit_order = malloc(count * sizeof *bgp->permit_order);
    if (bgp->permit_first == NULL || bgp->permit_order == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bgp->permit_first[bgp->options.permits[i].node + 2]++;
    }
    for (uint32_t node = 1; node <= bgp->node_count; node++) {
        bgp->permit_first[node + 1] += bgp->permit_first[node];
    }
    for (size_t i = 0; i < count; i++) {
        const struct sim_bgp_permit *permit = &bgp->options.permits[i];
        bgp->permit_order[bgp->permit_first[permit->node + 1]++] = permit;
    }
    return true;
}

static enum hb_status queue_alloc(struct sim_bgp *bgp)
{
    size_t edges = (size_t)bgp->prefix_count * bgp->edge_count;
    size_t capacity = bgp->options.message_capacity;
    if (capacity == 0) {
        capacity = 4 * edges + 4 * (size_t)bgp->node_count + 65536;
    }
    bgp->touches[SIM_BGP_ARRIVE] = (struct sim_queue_touch){ bgp->in, sizeof *bgp->in };
    bgp->touches[SIM_BGP_DECIDE] = (struct sim_queue_touch){ bgp->best, sizeof *bgp->best };
    struct sim_queue_options options = { .capacity = capacity, .touches = bgp->touches };
    return sim_queue_create(&options, &bgp->queue);
}

static enum hb_status paths_alloc(struct sim_bgp *bgp)
{
    size_t edges = (size_t)bgp->prefix_count * bgp->edge_count;
    size_t capacity = bgp->options.path_capacity;
    if (capacity == 0) {
        capacity = 4 * edges + 65536;
    }
    capacity = capacity > SIM_BGP_PATH_MAX ? SIM_BGP_PATH_MAX : capacity;
    return sim_bgp_path_init(&bgp->paths, (uint32_t)(capacity < 64 ? 64 : capacity));
}

static enum hb_status build(struct sim_bgp *bgp)
{
    if (!profiles_alloc(bgp) || !ribs_alloc(bgp) || !details_alloc(bgp) || !damping_alloc(bgp)
        || !permits_alloc(bgp) || !mix_alloc(bgp)) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = paths_alloc(bgp);
    if (status == HB_OK) {
        status = queue_alloc(bgp);
    }
    return status;
}

enum hb_status sim_bgp_create(const struct sim_bgp_options *options, struct sim_bgp **out)
{
    if (!options_are_good(options)) {
        return HB_ERR_RANGE;
    }
    struct sim_bgp *bgp = calloc(1, sizeof *bgp);
    if (bgp == NULL) {
        return HB_ERR_MEMORY;
    }
    bgp->options = *options;
    bgp->topology = options->topology;
    bgp->node_count = options->topology->node_count;
    bgp->edge_count = options->topology->edge_count;
    bgp->prefix_count = options->prefix_count == 0 ? 1 : options->prefix_count;
    if (bgp->options.change_limit == 0) {
        bgp->options.change_limit = 2000;
    }
    memcpy(bgp->local_pref, options->local_pref == NULL ? local_pref_default
        : options->local_pref, sizeof bgp->local_pref);
    bgp->stream = sim_stream_of(options->seed, SIM_STREAM_BGP, 0);
    bgp->tick_phase_ns = (int64_t)sim_draw_below(&bgp->stream, BGP_TICK_NS);
    bgp->second_phase_ns = (int64_t)sim_draw_below(&bgp->stream, SECOND_NS);
    enum hb_status status = build(bgp);
    if (status != HB_OK) {
        sim_bgp_free(bgp);
        return status;
    }
    static const struct bgp_attributes bare = { 0 };
    (void)sim_bgp_attributes_of(bgp, &bare); /* index 0 */
    bgp->paths.ctx = bgp;
    bgp->paths.mark = sim_bgp_mark_paths;
    *out = bgp;
    return HB_OK;
}

void sim_bgp_free(struct sim_bgp *bgp)
{
    if (bgp == NULL) {
        return;
    }
    sim_queue_free(bgp->queue);
    sim_bgp_path_fini(&bgp->paths);
    free(bgp->busy);
    free(bgp->holds);
    free(bgp->extra_s);
    free(bgp->mrai_s);
    free(bgp->permit_order);
    free(bgp->permit_first);
    free(bgp->suppressed);
    free(bgp->penalty_ns);
    free(bgp->penalty);
    free(bgp->segments);
    free(bgp->pieces);
    free(bgp->nodes);
    free(bgp->io);
    free(bgp->attributes);
    free(bgp->epoch);
    free(bgp->edge_flags);
    free(bgp->mrai_ns);
    free(bgp->best);
    free(bgp->waiting);
    free(bgp->told);
    free(bgp->queued);
    free(bgp->in);
    free(bgp->profiles);
    free(bgp);
}

size_t sim_bgp_bytes(const struct sim_bgp *bgp)
{
    size_t edges = (size_t)bgp->prefix_count * bgp->edge_count;
    size_t nodes = (size_t)bgp->prefix_count * bgp->node_count;
    size_t bytes = edges * (2 * sizeof(uint32_t) + sizeof *bgp->in + 1)
        + nodes * sizeof *bgp->best + (size_t)bgp->edge_count * 11
        + bgp->paths.used * sizeof *bgp->paths.hops
        + sim_queue_used_bytes(bgp->queue);
    if (bgp->io != NULL) {
        bytes += bgp->edge_count * sizeof *bgp->io + bgp->node_count * sizeof *bgp->nodes
            + bgp->piece_count * sizeof *bgp->pieces + bgp->segment_count * sizeof *bgp->segments;
    }
    return bytes + (bgp->penalty == NULL ? 0 : edges * 17);
}
