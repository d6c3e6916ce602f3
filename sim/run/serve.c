/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which endpoint a client's requests reach. Its resolver answers with a site
 * or with the anycast address, which leads to the catchment's site. There, and at
 * the site that a common name's record tells a whole subnet, unless the client's own
 * instance runs there,
 *   - a client whose primary lives elsewhere is passed on to it (its record is
 *     not visible yet), at the price of the way between the two sites;
 *   - a client whose primary is there waits for it while it resumes, or until
 *     somebody notices that it has died: the host never opens a second one;
 *   - a client that nobody manages has an instance that the host opens; when
 *     its catchment changes, the new site opens one and pulls the state, and
 *     until it has it, its answers are stale. */
#include "sim/run/episode_impl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

struct target {
    uint32_t heading; /* of the packets, dead or not: the last site on their way */
    bool is_anycast, is_unnamed; /* by the common address; without any */
    uint32_t front, serve;
    bool is_proxied;
    enum sim_catchment_fate fate;
    double rtt_ms; /* to the front along anycast's route; NaN: as the map says */
};

static bool has_running_primary(const struct sim_episode *episode, uint32_t client)
{
    uint32_t primary = episode->riders[client].primary;
    return primary != HB_NONE && sim_infra_is_running(episode->infra, client, primary);
}

/* The host's instance at site is wanted no more. The controller may have asked for one
 * there meanwhile, and was told that it runs: then it is the controller's. */
static void stop_own(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    uint32_t core = episode->core_of[client];
    if (core != HB_NONE) {
        struct hb_client_view view = hb_controller_client(episode->controller, core);
        if (view.primary == site || view.mirror == site) {
            return;
        }
    }
    sim_infra_stop(episode->infra, sim_ports_host_req(client, 0), client, site);
}

static void stop_home(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    if (rider->source != HB_NONE) {
        sim_infra_copy_end(episode->infra, client, rider->home, false);
        stop_own(episode, client, rider->source);
        rider->source = HB_NONE;
    }
    stop_own(episode, client, rider->home);
    rider->home = HB_NONE;
}

static void pull(struct sim_episode *episode, uint32_t client)
{
    const struct sim_rider *rider = &episode->riders[client];
    struct sim_infra_copy order = { .req = sim_ports_host_req(client, 1), .client = client,
        .from = rider->source, .to = rider->home };
    sim_infra_copy(episode->infra, &order);
}

/* The anycast instance is wanted at site: opened there, with the state pulled
 * from where it is. A full table (which ends the run) leaves it where it was. */
static void move_home(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    struct sim_rider *rider = &episode->riders[client];
    uint32_t state_at = rider->source != HB_NONE ? rider->source : rider->home;
    if (rider->source != HB_NONE) {
        sim_infra_copy_end(episode->infra, client, rider->home, false);
        stop_own(episode, client, rider->home);
        rider->source = HB_NONE;
    }
    rider->home = state_at;
    if (sim_infra_open(episode->infra, client, site) != HB_OK || site == state_at) {
        return;
    }
    rider->home = site;
    if (state_at != HB_NONE) {
        rider->source = state_at;
        pull(episode, client);
    }
}

void sim_serve_pulled(struct sim_episode *episode, uint32_t client, uint32_t site,
    enum hb_result result)
{
    struct sim_rider *rider = &episode->riders[client];
    if (rider->source == HB_NONE || rider->home != site) {
        return;
    }
    bool is_cut = sim_catchment_is_cut(episode->catchment, site)
        || sim_catchment_is_cut(episode->catchment, rider->source);
    if (result == HB_RESULT_FAILED && is_cut
        && sim_infra_is_running(episode->infra, client, site)) {
        pull(episode, client); /* until it gets through */
        return;
    }
    sim_infra_copy_end(episode->infra, client, site, true);
    stop_own(episode, client, rider->source);
    rider->source = HB_NONE;
    sim_serve_touch(episode, client);
}

void sim_serve_primary(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    struct sim_rider *rider = &episode->riders[client];
    rider->primary = site;
    if (site != HB_NONE && site == rider->home && rider->source == HB_NONE) {
        rider->home = HB_NONE; /* the controller's from now on */
    }
    sim_serve_touch(episode, client);
}

/* By a record of its own: the site, unless nothing gets through to it. */
static struct target target_of_record(const struct sim_episode *episode, uint32_t site)
{
    bool is_cut = sim_catchment_is_cut(episode->catchment, site);
    return (struct target) { .front = site, .serve = is_cut ? HB_NONE : site, .heading = site,
        .fate = is_cut ? SIM_CATCHMENT_DEAD : SIM_CATCHMENT_SERVED, .rtt_ms = (double)NAN };
}

/* The packets reach target->front, where the client need not have an instance. Servers
 * that are dead pass nothing on, even if their router still draws packets there. */
static void pass_on(struct sim_episode *episode, uint32_t client, struct target *target)
{
    const struct sim_rider *rider = &episode->riders[client];
    if (sim_infra_is_dead(episode->infra, target->front)) {
        return;
    }
    if (has_running_primary(episode, client)) {
        bool is_cut = sim_catchment_is_cut(episode->catchment, rider->primary);
        target->serve = is_cut ? HB_NONE : rider->primary;
        target->heading = rider->primary;
        target->is_proxied = target->front != rider->primary && !is_cut;
        target->fate = is_cut ? SIM_CATCHMENT_DEAD : target->fate;
    } else if (rider->home != target->front && rider->primary != target->front) {
        move_home(episode, client, target->front);
    }
}

/* The record's address is the site's, not the client's: others of its subnet may have
 * been meant. */
static struct target target_of_subnet(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    struct target target = target_of_record(episode, site);
    if (target.serve != HB_NONE && !sim_infra_is_running(episode->infra, client, site)) {
        pass_on(episode, client, &target);
    }
    return target;
}

static struct target target_of(struct sim_episode *episode, uint32_t client)
{
    const struct sim_rider *rider = &episode->riders[client];
    uint32_t answer = sim_dns_answer(episode->dns, client, sim_episode_now_ns(episode));
    if (answer == SIM_DNS_FAILED) {
        return (struct target) { .front = HB_NONE, .serve = HB_NONE, .heading = HB_NONE,
            .is_unnamed = true, .fate = SIM_CATCHMENT_BLACKHOLE, .rtt_ms = (double)NAN };
    }
    if (answer != SIM_DNS_ANYCAST) {
        bool is_common = episode->scenario->network.naming == SIM_DNS_NAMING_COMMON;
        return is_common ? target_of_subnet(episode, client, answer)
                         : target_of_record(episode, answer);
    }
    struct sim_catchment_view view = sim_catchment_view(episode->catchment, rider->place);
    bool is_reached = view.fate == SIM_CATCHMENT_SERVED || view.fate == SIM_CATCHMENT_STALE;
    struct target target = { .front = is_reached ? view.site : HB_NONE, .fate = view.fate,
        .rtt_ms = view.rtt_ms, .heading = view.site, .is_anycast = true };
    target.serve = target.front;
    if (is_reached) {
        pass_on(episode, client, &target);
    }
    return target;
}

/* Sends the client's requests to another site; both sites' loads change. */
static void redirect(struct sim_episode *episode, uint32_t client, uint32_t site)
{
    struct sim_rider *rider = &episode->riders[client];
    if (rider->serve != HB_NONE) {
        sim_account_advance(episode, rider->serve);
    }
    if (site != HB_NONE) {
        sim_account_advance(episode, site);
    }
    sim_infra_serve(episode->infra, client, site);
    rider->serve = site;
}

static void await_visible(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    int64_t now_ns = sim_episode_now_ns(episode);
    int64_t at_ns = sim_dns_visible_at(episode->dns, client, now_ns);
    if (at_ns == HB_NEVER_NS || at_ns == rider->visible_ns || at_ns >= episode->end_ns) {
        return;
    }
    rider->visible_ns = at_ns > now_ns ? at_ns : now_ns + 1;
    sim_loop_push(episode->loop,
        &(struct sim_event) { .at_ns = rider->visible_ns, .entity = client,
            .order = rider->anew++, .rank = SIM_RANK_VISIBLE, .kind = SIM_EPISODE_VISIBLE });
}

static double base_ms(const struct sim_episode *episode, uint32_t client,
    const struct target *target)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_rider *rider = &episode->riders[client];
    uint64_t visit = stage->trace->first[client] + rider->visit - 1;
    double ms = sim_stage_access_ms(stage, client, visit) + episode->scenario->service.service_ms;
    if (target->front != HB_NONE && !isnan(target->rtt_ms)) {
        sim_stage_see_rtt(stage, rider->place, target->front, target->rtt_ms);
        ms += target->rtt_ms;
    } else if (target->front != HB_NONE) {
        ms += hb_map_rtt_ms(&stage->map, rider->place, target->front);
    }
    if (target->is_proxied) {
        ms += sim_path_rtt_ms(&stage->path, stage->map.sites[target->front].at,
            stage->map.sites[target->serve].at);
    }
    return ms;
}

static void note_conditions(struct sim_episode *episode, uint32_t client,
    const struct target *target)
{
    struct sim_rider *rider = &episode->riders[client];
    rider->fate = (uint32_t)target->fate & 15;
    rider->is_failing = target->serve == HB_NONE
        || !sim_infra_is_running(episode->infra, client, target->serve);
    rider->is_stale = target->serve == rider->home && rider->source != HB_NONE;
    rider->base_ms = (float)base_ms(episode, client, target);
    struct sim_outage_view view = { .site = target->heading, .is_anycast = target->is_anycast,
        .is_failed = target->is_unnamed,
        .is_proxied = target->heading != target->front && target->front != HB_NONE };
    sim_outage_look(episode, client, &view);
}

static void look(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    if (!rider->is_connected) {
        return;
    }
    sim_account_end(episode, client);
    struct target target = target_of(episode, client);
    bool is_elsewhere = target.serve != rider->serve;
    if (is_elsewhere) {
        redirect(episode, client, target.serve);
    }
    note_conditions(episode, client, &target);
    sim_account_begin(episode, client);
    await_visible(episode, client);
    if (rider->home != HB_NONE && rider->primary != HB_NONE && target.serve != rider->home) {
        stop_home(episode, client);
    }
    if (is_elsewhere) {
        sim_harvest_path(episode, client);
    }
    if (is_elsewhere && target.serve != HB_NONE) {
        sim_episode_tell_of(episode, client,
            (struct hb_event) { .kind = HB_EVENT_SERVED, .place = HB_NONE, .site = target.serve });
    }
}

void sim_serve_touch(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    if (!rider->is_dirty) {
        rider->is_dirty = true;
        episode->dirty[episode->dirty_count++] = client;
    }
}

void sim_serve_touch_subnet(struct sim_episode *episode, uint32_t client)
{
    struct sim_dns_neighbours shared = sim_dns_neighbours(episode->dns, client);
    for (uint32_t i = 0; i < shared.count; i++) {
        if (episode->riders[shared.clients[i]].is_connected) {
            sim_serve_touch(episode, shared.clients[i]);
        }
    }
}

void sim_serve_settle(struct sim_episode *episode)
{
    while (episode->dirty_count > 0) {
        uint32_t client = episode->dirty[--episode->dirty_count];
        episode->riders[client].is_dirty = false;
        look(episode, client);
    }
}

uint32_t sim_serve_open(struct sim_episode *episode, uint32_t client)
{
    int64_t now_ns = sim_episode_now_ns(episode);
    if (sim_dns_connect(episode->dns, client, now_ns)) {
        sim_serve_touch_subnet(episode, client);
    }
    struct target target = target_of(episode, client);
    redirect(episode, client, target.serve);
    note_conditions(episode, client, &target);
    sim_account_begin(episode, client);
    if (sim_episode_is_sampled(episode, client)) {
        struct sim_sampled *sampled = sim_episode_sampled(episode, client);
        *sampled = (struct sim_sampled) { .connected_ns = now_ns,
            .place = episode->riders[client].place, .site = target.serve,
            .mirror = sampled->mirror };
    }
    return target.front;
}

void sim_serve_close(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    sim_outage_close(episode, client);
    sim_dns_disconnect(episode->dns, client, sim_episode_now_ns(episode));
    redirect(episode, client, HB_NONE);
    if (rider->home != HB_NONE) {
        stop_home(episode, client);
    }
    rider->is_connected = false;
    rider->visible_ns = HB_NEVER_NS;
}

void sim_serve_visible(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    struct sim_rider *rider = &episode->riders[event->entity];
    if (rider->visible_ns != event->at_ns) {
        return; /* another change has come since */
    }
    rider->visible_ns = HB_NEVER_NS;
    sim_serve_touch(episode, event->entity);
    sim_serve_settle(episode);
}

bool sim_serve_check(void *ctx, char *why, size_t why_bytes)
{
    struct sim_episode *episode = ctx;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        const struct sim_rider *rider = &episode->riders[client];
        bool is_served = rider->is_connected && !rider->is_failing;
        if (is_served && !sim_infra_is_running(episode->infra, client, rider->serve)) {
            snprintf(why, why_bytes, "client %u is served by a stopped instance at site %u",
                client, rider->serve);
            return false;
        }
        if (episode->core_of[client] == HB_NONE) {
            continue;
        }
        struct hb_client_view view = hb_controller_client(episode->controller,
            episode->core_of[client]);
        bool is_settled = view.phase != HB_PHASE_STARTING && view.phase != HB_PHASE_PROMOTING
            && view.phase != HB_PHASE_REVERTING;
        bool is_endpoint = view.phase >= HB_PHASE_SERVED && view.phase <= HB_PHASE_MONITORING;
        if (is_endpoint && episode->outage == NULL
            && !sim_infra_is_running(episode->infra, client, view.primary)) {
            snprintf(why, why_bytes, "client %u: nothing fails, and no instance runs at its "
                "primary's site %u", client, view.primary);
            return false;
        }
        if (is_settled && view.primary != rider->primary) {
            snprintf(why, why_bytes, "client %u: the controller's primary is %u, the last told %u",
                client, view.primary, rider->primary);
            return false;
        }
    }
    return true;
}
