/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The controller's commands carried out in the simulated world. The core
 * speaks of its own client indices; everything below of the trace's. A req is
 * sequence << 32 | lane << 28 | client or site, and travels through events in
 * these parts; lane 15 is the host's own. */
#include "sim/run/episode_impl.h"

#include <assert.h>

#include "sim/run/routes.h"

static const double route_s = 1.0; /* until a router has an announcement: our choice */

#define NUMBER_MASK ((UINT32_C(1) << 28) - 1)

uint64_t sim_ports_host_req(uint32_t client, uint32_t sequence)
{
    return (uint64_t)sequence << 32 | (uint64_t)SIM_PORTS_LANE_HOST << 28 | client;
}

static uint32_t lane_of(uint64_t req)
{
    return (uint32_t)(req >> 28) & 15u;
}

/* Lanes from 9 on are of sites, but for the host's own (core/controller_impl.h). */
static bool is_of_site(uint64_t req)
{
    return lane_of(req) > 8 && lane_of(req) != SIM_PORTS_LANE_HOST;
}

static uint64_t req_of(const struct sim_event *event)
{
    return (uint64_t)event->order << 32 | (uint64_t)event->payload << 28
        | (event->entity & ~SIM_EPISODE_SITE_BIT);
}

static void push(struct sim_episode *episode, uint64_t req, int64_t at_ns, uint8_t kind,
    uint8_t rank)
{
    int64_t now_ns = sim_episode_now_ns(episode);
    if (at_ns < episode->end_ns) {
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = at_ns > now_ns ? at_ns : now_ns,
                .entity = ((uint32_t)req & NUMBER_MASK)
                    | (is_of_site(req) ? SIM_EPISODE_SITE_BIT : 0), .order = (uint32_t)(req >> 32),
                .payload = lane_of(req), .rank = rank, .kind = kind });
    }
}

static void answer_at(struct sim_episode *episode, uint64_t req, int64_t at_ns)
{
    push(episode, req, at_ns, SIM_EPISODE_ANSWER, SIM_RANK_ANSWER);
}

static uint32_t touched(struct sim_episode *episode, uint32_t core)
{
    uint32_t client = episode->trace_of[core];
    sim_serve_touch(episode, client);
    return client;
}

static int64_t now_ns(void *ctx)
{
    return sim_episode_now_ns(ctx);
}

static void wake_at(void *ctx, uint64_t req, int64_t at_ns)
{
    push(ctx, req, at_ns, SIM_EPISODE_TIMER, SIM_RANK_TIMER);
}

/* "May come too late": a timer that nobody waits for is ignored when it is due. */
static void wake_cancel(void *ctx, uint64_t req)
{
    (void)ctx;
    (void)req;
}

static void predict(void *ctx, uint64_t req, uint32_t core, double horizon_s)
{
    sim_ask_question(ctx, req, core, horizon_s);
}

static void provision(void *ctx, uint64_t req, uint32_t core, uint32_t site)
{
    struct sim_episode *episode = ctx;
    sim_infra_provision(episode->infra, req, touched(episode, core), site);
}

static void stop(void *ctx, uint64_t req, uint32_t core, uint32_t site)
{
    struct sim_episode *episode = ctx;
    sim_infra_stop(episode->infra, req, touched(episode, core), site);
}

static void standby(void *ctx, uint64_t req, uint32_t core, uint32_t site)
{
    struct sim_episode *episode = ctx;
    sim_infra_standby(episode->infra, req, touched(episode, core), site);
}

static void resume(void *ctx, uint64_t req, uint32_t core, uint32_t site)
{
    struct sim_episode *episode = ctx;
    sim_infra_resume(episode->infra, req, touched(episode, core), site);
}

static void copy(void *ctx, uint64_t req, uint32_t core, uint32_t from, uint32_t to)
{
    struct sim_episode *episode = ctx;
    struct sim_infra_copy order
        = { .req = req, .client = touched(episode, core), .from = from, .to = to };
    sim_infra_copy(episode->infra, &order);
}

static void copy_abort(void *ctx, uint64_t req, uint32_t core)
{
    struct sim_episode *episode = ctx;
    (void)req;
    sim_infra_copy_end(episode->infra, touched(episode, core), HB_NONE, false);
}

static void fence(void *ctx, uint64_t req, uint32_t core, uint32_t site, uint64_t epoch)
{
    struct sim_episode *episode = ctx;
    (void)epoch;
    sim_infra_fence(episode->infra, touched(episode, core), site);
    answer_at(episode, req,
        hb_units_after(sim_episode_now_ns(episode), episode->scenario->service.fence_s));
}

/* An update has been sent: how long will the client stay on the old address? */
static void note_update(struct sim_episode *episode, uint32_t client, int64_t effective_ns)
{
    sim_ledger_book_item(sim_infra_ledger(episode->infra), SIM_LEDGER_ITEM_DNS_UPDATE, HB_NONE, 1);
    sim_outage_said(episode, client, effective_ns);
    sim_serve_touch_subnet(episode, client);
    if (!episode->riders[client].is_connected) {
        return;
    }
    int64_t visible_ns
        = sim_dns_visible_at(episode->dns, client, sim_episode_now_ns(episode));
    if (visible_ns != HB_NEVER_NS && visible_ns > effective_ns) {
        episode->sums.stale_s += hb_units_s(visible_ns - effective_ns);
        episode->sums.stale_answers++;
    }
}

static void dns_point(void *ctx, uint64_t req, uint32_t core, uint32_t site, double ttl_s)
{
    struct sim_episode *episode = ctx;
    uint32_t client = touched(episode, core);
    int64_t effective_ns = sim_episode_now_ns(episode);
    enum hb_status status = sim_dns_point(episode->dns, client, site, ttl_s,
        sim_episode_now_ns(episode), &effective_ns);
    episode->sums.dns_refused += status == HB_ERR_UNSUPPORTED;
    note_update(episode, client, effective_ns);
    answer_at(episode, req, effective_ns);
}

static void dns_clear(void *ctx, uint64_t req, uint32_t core)
{
    struct sim_episode *episode = ctx;
    uint32_t client = touched(episode, core);
    int64_t effective_ns = sim_episode_now_ns(episode);
    (void)sim_dns_clear(episode->dns, client, sim_episode_now_ns(episode),
        &effective_ns); /* a refusal leaves the anycast record that is there */
    note_update(episode, client, effective_ns);
    answer_at(episode, req, effective_ns);
}

static void answer_route(struct sim_episode *episode, uint64_t req, uint32_t site)
{
    sim_ledger_book_item(sim_infra_ledger(episode->infra), SIM_LEDGER_ITEM_ROUTE_UPDATE, site, 1);
    push(episode, req, hb_units_after(sim_episode_now_ns(episode), route_s), SIM_EPISODE_ROUTED,
        SIM_RANK_ROUTED);
}

static void route_announce(void *ctx, uint64_t req, uint32_t site, const struct hb_route *route)
{
    struct sim_episode *episode = ctx;
    sim_routes_open(episode, site, DATA_CHANGE_ANNOUNCE);
    enum hb_status status = sim_catchment_announce(episode->catchment, site, route,
        sim_episode_now_ns(episode));
    assert(status == HB_OK);
    answer_route(episode, req, site);
}

static void route_withdraw(void *ctx, uint64_t req, uint32_t site)
{
    struct sim_episode *episode = ctx;
    sim_routes_open(episode, site, DATA_CHANGE_WITHDRAW);
    enum hb_status status
        = sim_catchment_withdraw(episode->catchment, site, sim_episode_now_ns(episode));
    assert(status == HB_OK);
    answer_route(episode, req, site);
}

static void probe(void *ctx, uint64_t req, uint32_t site)
{
    sim_failure_probe(ctx, req, site);
}

void sim_ports_probed(struct sim_episode *episode, uint64_t req, uint32_t site, int64_t at_ns)
{
    (void)site; /* the req's */
    push(episode, req, at_ns, SIM_EPISODE_PROBED, SIM_RANK_ANSWER);
}

void sim_ports_probe_answered(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    struct hb_event heard = { .at_ns = event->at_ns, .req = req_of(event),
        .kind = HB_EVENT_PROBE_ANSWERED, .client = HB_NONE, .place = HB_NONE,
        .site = event->entity & ~SIM_EPISODE_SITE_BIT };
    sim_episode_tell(episode, &heard);
    sim_serve_settle(episode);
}

static void emit(void *ctx, const struct hb_sample *sample)
{
    sim_harvest_sample(ctx, sample);
}

struct hb_ports sim_ports(struct sim_episode *episode)
{
    return (struct hb_ports) { .ctx = episode,
        .now_ns = now_ns,
        .wake_at = wake_at,
        .wake_cancel = wake_cancel,
        .predict = predict,
        .provision = provision,
        .stop = stop,
        .standby = standby,
        .resume = resume,
        .copy = copy,
        .copy_abort = copy_abort,
        .fence = fence,
        .dns_point = dns_point,
        .dns_clear = dns_clear,
        .route_announce = route_announce,
        .route_withdraw = route_withdraw,
        .probe = probe,
        .emit = emit };
}

void sim_ports_answer(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    bool is_route = event->kind == SIM_EPISODE_ROUTED;
    struct hb_event done = { .at_ns = event->at_ns, .req = req_of(event), .kind = HB_EVENT_DONE,
        .client = is_route ? HB_NONE : event->entity, .place = HB_NONE,
        .site = is_route ? event->entity & ~SIM_EPISODE_SITE_BIT : HB_NONE,
        .result = HB_RESULT_OK };
    sim_episode_tell(episode, &done);
    if (episode->outage != NULL && !is_route) {
        sim_serve_touch(episode, episode->trace_of[event->entity]); /* its record may be told now */
    }
    sim_serve_settle(episode);
}

void sim_ports_timer(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    struct hb_event due = { .at_ns = event->at_ns, .req = req_of(event), .kind = HB_EVENT_TIMER,
        .client = is_of_site(req_of(event)) ? HB_NONE : event->entity, .place = HB_NONE,
        .site = HB_NONE };
    sim_episode_tell(episode, &due);
    sim_serve_settle(episode);
}

void sim_ports_done(void *ctx, uint64_t req, uint32_t client, uint32_t site,
    enum hb_result result, double value)
{
    struct sim_episode *episode = ctx;
    if (lane_of(req) == SIM_PORTS_LANE_HOST) {
        if (req >> 32 != 0) {
            sim_serve_pulled(episode, client, site, result);
        }
    } else {
        struct hb_event done = { .at_ns = sim_episode_now_ns(episode), .req = req,
            .kind = HB_EVENT_DONE, .client = episode->core_of[client], .place = HB_NONE,
            .site = site, .result = (uint16_t)result, .value = value };
        episode->loads[site].refused += result == HB_RESULT_NO_ROOM ? 1.0f : 0.0f;
        sim_episode_tell(episode, &done);
    }
    uint32_t used = sim_infra_used_slots(episode->infra, site);
    struct sim_site_load *load = &episode->loads[site];
    load->busy_max = (float)used > load->busy_max ? (float)used : load->busy_max;
    sim_serve_touch(episode, client);
    sim_serve_settle(episode);
}

/* Told from inside commands, so the controller hears of it by an event. */
void sim_ports_capacity(void *ctx, uint32_t site, uint32_t free_slots)
{
    struct sim_episode *episode = ctx;
    struct sim_site_load *load = &episode->loads[site];
    (void)free_slots;
    if (!load->is_told) {
        load->is_told = true;
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = sim_episode_now_ns(episode), .entity = site,
                .order = load->told_count++, .rank = SIM_RANK_CAPACITY,
                .kind = SIM_EPISODE_CAPACITY });
    }
}

void sim_ports_room(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    uint32_t site = event->entity;
    struct hb_event told = { .at_ns = event->at_ns, .kind = HB_EVENT_SITE_CAPACITY,
        .client = HB_NONE, .place = HB_NONE, .site = site,
        .value = sim_infra_free_slots(episode->infra, site) };
    episode->loads[site].is_told = false;
    sim_episode_tell(episode, &told);
    sim_serve_settle(episode);
}
