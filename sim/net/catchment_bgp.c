/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/catchment_bgp.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_solver.h"
#include "sim/net/catchment_routed.h"

#define LONG_AGO_S 86400.0 /* timers of the start are over: RFC 4271's are minutes */

static void note_change(void *ctx, const struct sim_bgp_change *change)
{
    struct catchment_routed *self = ctx;
    self->changed_ns = change->at_ns - self->offset_ns;
    self->touched[change->node] = self->touched_mark;
    self->is_dirty = self->is_dirty || self->watch[change->node] > 0;
}

static void note_heard(void *ctx, uint32_t node)
{
    struct catchment_routed *self = ctx;
    self->touched[node] = self->touched_mark;
    self->is_dirty = self->is_dirty || self->watch[node] > 0;
}

static void note_message(void *ctx, const struct sim_bgp_message *message)
{
    struct catchment_routed *self = ctx;
    if (self->has_begun && self->mrt.file != NULL) {
        sim_bgp_mrt_sent(&self->mrt, message);
    }
}

static void arm(struct catchment_routed *self)
{
    int64_t next_ns = sim_bgp_next_ns(self->bgp);
    if (next_ns == HB_NEVER_NS) {
        return;
    }
    next_ns -= self->offset_ns;
    if (self->wake_ns <= next_ns) {
        return;
    }
    self->wake_ns = next_ns;
    sim_loop_push(self->config.loop,
        &(struct sim_event){ .at_ns = next_ns, .order = self->order++,
            .rank = self->config.rank, .kind = self->config.kind });
}

static void note_status(struct catchment_routed *self, enum hb_status status)
{
    if (status == HB_OK && self->mrt.status != HB_OK) {
        status = self->mrt.status;
    }
    if (status != HB_OK && self->status == HB_OK) {
        self->status = status;
        sim_loop_stop(self->config.loop, status);
    }
}

static void wake(void *ctx, const struct sim_event *event)
{
    struct catchment_routed *self = ctx;
    if (event->at_ns != self->wake_ns) {
        return; /* something earlier came in between */
    }
    self->wake_ns = HB_NEVER_NS;
    note_status(self, sim_bgp_step(self->bgp, event->at_ns + self->offset_ns));
    sim_catchment_routed_refresh(self, false);
    arm(self);
    bool is_settled = sim_bgp_is_settled(self->bgp);
    if (is_settled && !self->was_settled && self->listener != NULL) {
        self->listener(self->listener_ctx, NULL, 0);
    }
    self->was_settled = is_settled;
}

/* Brings the routers' clock to now; changes of routes count from here. */
static void catch_up(struct catchment_routed *self, int64_t now_ns)
{
    note_status(self, sim_bgp_run(self->bgp, now_ns + self->offset_ns));
}

static void let_go(struct catchment_routed *self, bool is_all)
{
    self->was_settled = false;
    sim_catchment_routed_refresh(self, is_all);
    if (self->status == HB_OK) {
        arm(self);
    }
}

static void tell_router(struct catchment_routed *self, uint32_t site)
{
    const struct hb_route *route = &self->sites[site].route;
    uint32_t local_pref = route->local_pref == 100 ? 0 : route->local_pref; /* the default */
    struct sim_bgp_attributes attributes = { .local_pref = local_pref,
        .med = route->med, .community = route->community,
        .prepend_count = route->prepend_count };
    uint32_t node = self->config.topo->site_node[site];
    sim_bgp_announce(self->bgp, node, 0, &attributes);
    if (route->more_specific > 0 && route->more_specific < self->config.prefix_count) {
        attributes.prepend_count = 0;
        sim_bgp_announce(self->bgp, node, route->more_specific, &attributes);
    }
}

static void drop_own_prefix(struct catchment_routed *self, uint32_t site)
{
    uint32_t prefix = self->sites[site].route.more_specific;
    if (prefix > 0 && prefix < self->config.prefix_count) {
        sim_bgp_withdraw(self->bgp, self->config.topo->site_node[site], prefix);
    }
}

static enum hb_status announce(void *ctx, uint32_t site, const struct hb_route *route,
    int64_t now_ns)
{
    struct catchment_routed *self = ctx;
    static const struct hb_route plain = { .local_pref = 100 };
    const struct hb_route *wanted = route != NULL ? route : &plain;
    if (site >= self->config.topo->map->site_count) {
        return HB_ERR_RANGE;
    }
    struct catchment_site *it = &self->sites[site];
    if (self->has_begun) {
        catch_up(self, now_ns);
        if (it->is_announced && it->route.more_specific != wanted->more_specific) {
            drop_own_prefix(self, site);
        }
    }
    it->route = *wanted;
    it->is_announced = true;
    if (self->has_begun) {
        tell_router(self, site);
        let_go(self, false);
    }
    return HB_OK;
}

static enum hb_status withdraw(void *ctx, uint32_t site, int64_t now_ns)
{
    struct catchment_routed *self = ctx;
    if (site >= self->config.topo->map->site_count) {
        return HB_ERR_RANGE;
    }
    struct catchment_site *it = &self->sites[site];
    if (it->is_announced && self->has_begun) {
        catch_up(self, now_ns);
        drop_own_prefix(self, site);
        sim_bgp_withdraw(self->bgp, self->config.topo->site_node[site], 0);
        let_go(self, false);
    }
    it->is_announced = false;
    return HB_OK;
}

static enum hb_status fault_of(void *ctx, uint32_t site, enum sim_catchment_fault fault,
    int64_t now_ns)
{
    struct catchment_routed *self = ctx;
    const struct sim_topo *topo = self->config.topo;
    if (site >= topo->map->site_count) {
        return HB_ERR_RANGE;
    }
    uint32_t node = topo->site_node[site];
    catch_up(self, now_ns);
    for (uint32_t e = topo->topology->first[node]; e < topo->topology->first[node + 1]; e++) {
        switch (fault) {
        case SIM_CATCHMENT_CUT:
            sim_bgp_fail(self->bgp, e);
            break;
        case SIM_CATCHMENT_SILENCE:
            sim_bgp_silence(self->bgp, e);
            break;
        case SIM_CATCHMENT_RESTORE:
            sim_bgp_restore(self->bgp, e);
            break;
        case SIM_CATCHMENT_RESET:
            sim_bgp_reset(self->bgp, e);
            break;
        }
    }
    bool is_lost = fault == SIM_CATCHMENT_CUT || fault == SIM_CATCHMENT_SILENCE;
    self->sites[site].is_cut = is_lost
        || (self->sites[site].is_cut && fault != SIM_CATCHMENT_RESTORE);
    let_go(self, true);
    return HB_OK;
}

/* The solver's routes, where its rules are those of the routers.
 * HB_ERR_UNSUPPORTED: they are not. */
static enum hb_status seed(struct catchment_routed *self)
{
    const struct sim_topo *topo = self->config.topo;
    uint32_t count = 0, sites = topo->map->site_count;
    struct sim_bgp_solver *solver = NULL;
    for (uint32_t site = 0; site < sites; site++) {
        const struct hb_route *route = &self->sites[site].route;
        bool is_plain = route->med == 0 && route->community == 0 && route->more_specific == 0;
        if (self->sites[site].is_announced && !is_plain) {
            return HB_ERR_UNSUPPORTED;
        }
    }
    enum hb_status status = topo->permit_count == 0
        ? sim_bgp_solver_create(topo->topology, &solver) : HB_ERR_UNSUPPORTED;
    if (status != HB_OK) {
        return status;
    }
    struct sim_bgp_origin *origins = calloc(sites, sizeof *origins);
    struct sim_bgp_solved *solved = calloc(topo->node_count, sizeof *solved);
    status = origins != NULL && solved != NULL ? HB_OK : HB_ERR_MEMORY;
    for (uint32_t site = 0; site < sites && status == HB_OK; site++) {
        if (self->sites[site].is_announced) {
            origins[count++] = (struct sim_bgp_origin){ topo->site_node[site],
                self->sites[site].route.prepend_count };
        }
    }
    status = status == HB_OK ? sim_bgp_solver_solve(solver, origins, count, solved) : status;
    for (uint32_t site = 0; site < sites && status == HB_OK; site++) {
        if (!self->sites[site].is_announced) {
            solved[topo->site_node[site]] = (struct sim_bgp_solved){ .edge = HB_NONE };
        }
    }
    status = status == HB_OK ? sim_bgp_seed(self->bgp, 0, origins, solved) : status;
    free(solved);
    free(origins);
    sim_bgp_solver_free(solver);
    return status;
}

static enum hb_status exchange(struct catchment_routed *self)
{
    for (uint32_t site = 0; site < self->config.topo->map->site_count; site++) {
        if (self->sites[site].is_announced) {
            tell_router(self, site);
        }
    }
    enum hb_status status = sim_bgp_run(self->bgp, HB_NEVER_NS);
    return status == HB_OK
        ? sim_bgp_run(self->bgp, hb_units_after(sim_bgp_now_ns(self->bgp), LONG_AGO_S)) : status;
}

static enum hb_status begin(void *ctx)
{
    struct catchment_routed *self = ctx;
    assert(!self->has_begun);
    enum hb_status status = seed(self);
    if (status == HB_ERR_UNSUPPORTED) {
        status = exchange(self);
    }
    self->status = status;
    if (status != HB_OK) {
        return status;
    }
    struct sim_bgp_counts counts = sim_bgp_counts(self->bgp);
    self->base = (struct sim_catchment_counts){ .announcements = counts.announcements,
        .withdrawals = counts.withdrawals, .changes = counts.changes };
    self->offset_ns = sim_bgp_now_ns(self->bgp);
    self->mrt.epoch_ns = self->config.epoch_ns - self->offset_ns;
    self->has_begun = self->was_settled = true;
    self->changed_ns = 0;
    sim_catchment_routed_refresh(self, true);
    return HB_OK;
}

static struct sim_catchment_view view_of(const void *ctx, uint32_t place)
{
    const struct catchment_routed *self = ctx;
    const struct sim_topo *topo = self->config.topo;
    const struct catchment_vantage *vantage = &self->vantages[topo->vantage_of[place]];
    struct sim_catchment_view view = { vantage->site, (enum sim_catchment_fate)vantage->fate,
        (double)NAN };
    if (view.fate == SIM_CATCHMENT_SERVED || view.fate == SIM_CATCHMENT_STALE) {
        view.rtt_ms = sim_topo_rtt_ms(topo, place, view.site, &vantage->way);
    }
    return view;
}

static bool is_cut(const void *ctx, uint32_t site)
{
    const struct catchment_routed *self = ctx;
    return self->sites[site].is_cut;
}

static bool is_settled(const void *ctx)
{
    const struct catchment_routed *self = ctx;
    return sim_bgp_is_settled(self->bgp);
}

static struct sim_catchment_counts counts_of(const void *ctx)
{
    const struct catchment_routed *self = ctx;
    struct sim_bgp_counts counts = sim_bgp_counts(self->bgp);
    return (struct sim_catchment_counts){
        .announcements = counts.announcements - self->base.announcements,
        .withdrawals = counts.withdrawals - self->base.withdrawals,
        .changes = counts.changes - self->base.changes, .changed_ns = self->changed_ns };
}

static const char *failure_of(const void *ctx)
{
    const struct catchment_routed *self = ctx;
    if (self->mrt.status != HB_OK) {
        return "the MRT file could not be written: expected room on the disk";
    }
    return sim_bgp_failure(self->bgp);
}

static void listen_to(void *ctx, sim_catchment_changed_fn *changed, void *changed_ctx)
{
    struct catchment_routed *self = ctx;
    self->listener = changed;
    self->listener_ctx = changed_ctx;
}

static size_t bytes_of(const void *ctx)
{
    const struct catchment_routed *self = ctx;
    const struct sim_topo *topo = self->config.topo;
    return sizeof *self + sim_bgp_bytes(self->bgp)
        + topo->map->site_count * sizeof *self->sites
        + topo->vantage_count * sizeof *self->vantages
        + topo->node_count * (3 * sizeof(uint32_t) + sizeof *self->watch)
        + topo->map->place_count * sizeof *self->changed;
}

static void free_routed(void *ctx)
{
    struct catchment_routed *self = ctx;
    if (self == NULL) {
        return;
    }
    sim_bgp_free(self->bgp);
    free(self->changed);
    free(self->watch);
    free(self->touched);
    free(self->seen);
    free(self->way);
    free(self->vantages);
    free(self->sites);
    free(self);
}

static enum hb_status size_tables(struct catchment_routed *self)
{
    const struct sim_topo *topo = self->config.topo;
    self->sites = calloc(topo->map->site_count, sizeof *self->sites);
    self->vantages = calloc(topo->vantage_count, sizeof *self->vantages);
    self->way = calloc(topo->node_count, sizeof *self->way);
    self->seen = calloc(topo->node_count, sizeof *self->seen);
    self->touched = calloc(topo->node_count, sizeof *self->touched);
    self->watch = calloc(topo->node_count, sizeof *self->watch);
    self->changed = calloc(topo->map->place_count, sizeof *self->changed);
    bool is_whole = self->sites != NULL && self->vantages != NULL && self->way != NULL
        && self->seen != NULL && self->touched != NULL && self->watch != NULL
        && self->changed != NULL;
    return is_whole ? HB_OK : HB_ERR_MEMORY;
}

static enum hb_status find_receiver(struct catchment_routed *self)
{
    const struct sim_topo *topo = self->config.topo;
    self->mrt = (struct sim_bgp_mrt){ .file = self->config.mrt, .topology = topo->topology,
        .as_number = topo->as_number, .receiver = SIM_BGP_NONE };
    for (uint32_t node = 0; node < topo->node_count && self->config.mrt_as != 0; node++) {
        if (topo->as_number[node] == self->config.mrt_as) {
            self->mrt.receiver = node;
            return HB_OK;
        }
    }
    return self->config.mrt_as == 0 ? HB_OK : HB_ERR_RANGE;
}

static enum hb_status create_routers(struct catchment_routed *self)
{
    const struct sim_topo *topo = self->config.topo;
    enum hb_status status = find_receiver(self);
    if (status != HB_OK) {
        return status;
    }
    struct sim_bgp_options options = { .topology = topo->topology,
        .profiles = &self->config.profile, .profile_count = 1, .as_of = topo->as_of,
        .igp_cost = topo->igp_cost, .permits = topo->permits, .permit_count = topo->permit_count,
        .prefix_count = self->config.prefix_count, .seed = self->config.seed,
        .check = self->config.check, .ctx = self, .changed = note_change,
        .heard = topo->presence != NULL ? note_heard : NULL,
        .sent = self->config.mrt != NULL ? note_message : NULL };
    status = sim_bgp_create(&options, &self->bgp);
    self->mrt.bgp = self->bgp;
    return status;
}

enum hb_status sim_catchment_create_bgp(const struct sim_catchment_bgp *config,
    struct sim_catchment **out)
{
    static const struct sim_catchment_kind kind = { .name = "bgp", .announce = announce,
        .withdraw = withdraw, .fault = fault_of, .begin = begin, .view = view_of,
        .is_cut = is_cut, .is_settled = is_settled, .counts = counts_of, .failure = failure_of,
        .listen = listen_to, .bytes = bytes_of, .free = free_routed };
    if (config->prefix_count < 1 || config->prefix_count > 255) {
        return HB_ERR_RANGE;
    }
    struct catchment_routed *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return HB_ERR_MEMORY;
    }
    self->config = *config;
    self->touched_mark = 1;
    self->wake_ns = HB_NEVER_NS;
    enum hb_status status = size_tables(self);
    status = status == HB_OK ? create_routers(self) : status;
    status = status == HB_OK ? sim_catchment_create(&kind, self, out) : status;
    if (status != HB_OK) {
        free_routed(self);
        return status;
    }
    sim_loop_handle(config->loop, config->kind,
        &(struct sim_loop_handler){ .handle = wake, .ctx = self });
    return HB_OK;
}
