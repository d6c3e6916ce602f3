/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/catchment_routed.h"

#define EQUALS_MAX 1024U /* equally good neighbours that hot potato chooses from */

/* Longest match: the region's own prefix where the router has it. */
static uint32_t next_hop(const struct catchment_routed *self, uint32_t node, uint32_t prefix)
{
    uint32_t via = prefix > 0 ? sim_bgp_via(self->bgp, node, prefix) : HB_NONE;
    return via != HB_NONE ? via : sim_bgp_via(self->bgp, node, 0);
}

static enum sim_catchment_fate arrive(const struct catchment_routed *self, uint32_t site,
    bool is_own)
{
    if (self->sites[site].is_cut) {
        return SIM_CATCHMENT_DEAD;
    }
    return is_own ? SIM_CATCHMENT_SERVED : SIM_CATCHMENT_STALE;
}

/* Where the packets of node, at hub *here of it, go next. */
static uint32_t next_from(const struct catchment_routed *self, uint32_t node, uint32_t prefix,
    uint32_t *here)
{
    const struct sim_topo *topo = self->config.topo;
    uint32_t edges[EQUALS_MAX];
    uint32_t most_specific
        = prefix > 0 && sim_bgp_via(self->bgp, node, prefix) != HB_NONE ? prefix : 0;
    uint32_t count = topo->presence == NULL
        ? 0 : sim_bgp_equals(self->bgp, node, most_specific, edges, EQUALS_MAX);
    if (count == 0) {
        return next_hop(self, node, prefix);
    }
    return topo->topology->peer[sim_topo_exit(topo, node, *here, edges, count, here)];
}

/* Follows the packets, router by router. Answers how many there are in self->way. */
static uint32_t follow(struct catchment_routed *self, uint32_t index, uint32_t prefix,
    struct catchment_vantage *vantage)
{
    const struct sim_topo *topo = self->config.topo;
    uint32_t count = 0, node = topo->vantage_node[index], here = topo->vantage_hub[index];
    self->seen_mark++;
    vantage->site = HB_NONE;
    for (;;) {
        if (self->seen[node] == self->seen_mark) {
            vantage->fate = SIM_CATCHMENT_LOOP;
            return count;
        }
        self->seen[node] = self->seen_mark;
        self->way[count++] = node;
        uint32_t site = topo->site_of[node], next = next_from(self, node, prefix, &here);
        bool is_own = next == node;
        if (site != HB_NONE && (is_own || next == HB_NONE || self->sites[site].is_cut)) {
            vantage->site = site;
            vantage->fate = (uint8_t)arrive(self, site, is_own);
            return count;
        }
        if (next == HB_NONE) {
            vantage->fate = SIM_CATCHMENT_BLACKHOLE;
            return count;
        }
        node = next;
    }
}

static void watch_way(struct catchment_routed *self, const struct catchment_vantage *vantage,
    int step)
{
    uint32_t most = CATCHMENT_WATCHED_MAX;
    uint32_t count = vantage->count < most ? vantage->count : most;
    for (uint32_t i = 0; i < count; i++) {
        self->watch[vantage->nodes[i]] = (uint16_t)(self->watch[vantage->nodes[i]] + step);
    }
}

static bool is_same_way(const struct sim_topo_way *a, const struct sim_topo_way *b)
{
    return !(a->middle_ms < b->middle_ms) && !(a->middle_ms > b->middle_ms)
        && !(a->first.lat_deg < b->first.lat_deg) && !(a->first.lat_deg > b->first.lat_deg);
}

static void look_again(struct catchment_routed *self, uint32_t index)
{
    const struct sim_topo *topo = self->config.topo;
    struct catchment_vantage *vantage = &self->vantages[index];
    uint32_t was_site = vantage->site, region = topo->vantage_region[index];
    struct sim_topo_way was_way = vantage->way;
    uint8_t was_fate = vantage->fate;
    bool has_own = region != HB_NONE && region + 1 < self->config.prefix_count;
    watch_way(self, vantage, -1);
    vantage->count
        = follow(self, index, has_own ? region + 1 : 0, vantage);
    for (uint32_t i = 0; i < vantage->count && i < CATCHMENT_WATCHED_MAX; i++) {
        vantage->nodes[i] = self->way[i];
    }
    watch_way(self, vantage, 1);
    bool is_reached = vantage->fate == SIM_CATCHMENT_SERVED || vantage->fate == SIM_CATCHMENT_STALE;
    if (is_reached) {
        sim_topo_way_of(topo, index, self->way, vantage->count, &vantage->way);
    }
    vantage->has_changed = vantage->fate != was_fate || vantage->site != was_site
        || (is_reached && !is_same_way(&vantage->way, &was_way));
}

static bool is_touched(const struct catchment_routed *self, const struct catchment_vantage *vantage)
{
    for (uint32_t i = 0; i < vantage->count && i < CATCHMENT_WATCHED_MAX; i++) {
        if (self->touched[vantage->nodes[i]] == self->touched_mark) {
            return true;
        }
    }
    return vantage->count > CATCHMENT_WATCHED_MAX;
}

void sim_catchment_routed_refresh(struct catchment_routed *self, bool is_all)
{
    const struct sim_topo *topo = self->config.topo;
    bool has_changed = false;
    if (!self->is_dirty && !is_all) {
        return;
    }
    for (uint32_t i = 0; i < topo->vantage_count; i++) {
        self->vantages[i].has_changed = false;
        if (is_all || is_touched(self, &self->vantages[i])) {
            look_again(self, i);
            has_changed = has_changed || self->vantages[i].has_changed;
        }
    }
    self->is_dirty = false;
    self->touched_mark++;
    size_t count = 0;
    for (uint32_t place = 0; has_changed && place < topo->map->place_count; place++) {
        if (self->vantages[topo->vantage_of[place]].has_changed) {
            self->changed[count++] = place;
        }
    }
    if (count > 0 && self->listener != NULL) {
        self->listener(self->listener_ctx, self->changed, count);
    }
}
