/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is connected where: the trace's visits and the clients' sessions. A
 * client that is nowhere (in the air, no fix) loses its connection. */
#include "sim/run/episode_impl.h"

#include <assert.h>

#include "sim/run/registry.h"
#include "sim/run/routes.h"

/* Visits to come stand in the trace, so only those of the present window are pending. */
static const int64_t window_ns = 600 * HB_NS_PER_S;

static void push_visit(struct sim_episode *episode, uint32_t client)
{
    const struct data_trace *trace = episode->stage->trace;
    struct sim_rider *rider = &episode->riders[client];
    uint64_t visit = trace->first[client] + rider->visit;
    if (visit >= trace->first[client + 1]) {
        return;
    }
    int64_t at_ns = sim_episode_visit_ns(episode->stage, visit);
    if (at_ns < episode->window_end_ns && at_ns < episode->end_ns) {
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = at_ns, .entity = client, .order = rider->visit,
                .rank = SIM_RANK_VISIT, .kind = SIM_EPISODE_VISIT });
    }
}

/* Just before a window ends, as visits are at whole seconds, the next one begins. */
static void open_window(struct sim_episode *episode, uint32_t number)
{
    episode->window_end_ns += window_ns;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        push_visit(episode, client);
    }
    sim_loop_push(episode->loop,
        &(struct sim_event) { .at_ns = episode->window_end_ns - 1,
            .entity = SIM_EPISODE_SITE_BIT, .order = number, .rank = SIM_RANK_VISIT,
            .kind = SIM_EPISODE_WINDOW });
}

void sim_presence_window(void *ctx, const struct sim_event *event)
{
    open_window(ctx, event->order + 1);
}

static void push_session(struct sim_episode *episode, uint32_t client,
    const struct sim_session *session)
{
    if (session->until_ns < episode->end_ns) {
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = session->until_ns, .entity = client,
                .order = session->drawn, .rank = SIM_RANK_SESSION,
                .kind = SIM_EPISODE_SESSION });
    }
}

/* The client shows its device to the registry at each connection. */
static void admit(struct sim_episode *episode, uint32_t client)
{
    uint32_t core = HB_NONE;
    enum hb_status status = sim_registry_admit(episode->stage->registry, client,
        sim_episode_now_ns(episode), &core);
    assert(status == HB_OK || status == HB_ERR_DENIED);
    assert(core == episode->core_of[client]);
    if (core != HB_NONE && !episode->riders[client].has_met) {
        sim_episode_tell_of(episode, client,
            (struct hb_event) { .kind = HB_EVENT_CONSENT, .value = 1.0, .place = HB_NONE,
                .site = HB_NONE });
    }
}

static void connect_client(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    rider->is_connected = true;
    sim_routes_count(episode, rider->place, 1);
    rider->segment_ns = sim_episode_now_ns(episode);
    admit(episode, client);
    rider->has_met = true;
    episode->sums.connections++;
    uint32_t front = sim_serve_open(episode, client);
    sim_ask_observe(episode, client);
    sim_episode_tell_of(episode, client,
        (struct hb_event) { .kind = HB_EVENT_CONNECTED, .place = rider->place,
            .site = front });
    sim_serve_touch(episode, client);
}

static void disconnect_client(struct sim_episode *episode, uint32_t client)
{
    sim_account_end(episode, client);
    sim_routes_count(episode, episode->riders[client].place, -1);
    sim_harvest_connection(episode, client);
    sim_serve_close(episode, client);
    sim_ask_lose(episode, client);
    sim_episode_tell_of(episode, client,
        (struct hb_event) { .kind = HB_EVENT_DISCONNECTED, .place = HB_NONE, .site = HB_NONE });
    sim_harvest_path(episode, client);
}

static void update(struct sim_episode *episode, uint32_t client, bool has_moved)
{
    struct sim_rider *rider = &episode->riders[client];
    bool is_wanted = rider->is_on && rider->place != HB_NONE;
    if (is_wanted && !rider->is_connected) {
        connect_client(episode, client);
    } else if (!is_wanted && rider->is_connected) {
        disconnect_client(episode, client);
    } else if (is_wanted && has_moved) {
        sim_ask_observe(episode, client);
        sim_episode_tell_of(episode, client,
            (struct hb_event) { .kind = HB_EVENT_SEEN, .place = rider->place, .site = HB_NONE });
        sim_serve_touch(episode, client);
    }
    sim_serve_settle(episode);
}

static void enter(struct sim_episode *episode, uint32_t client, uint64_t visit)
{
    const struct data_visit *here = &episode->stage->trace->visits[visit];
    struct sim_rider *rider = &episode->riders[client];
    uint32_t was = rider->place;
    rider->place = here->place == DATA_NOWHERE ? HB_NONE : here->place;
    sim_routes_move(episode, client, was);
}

void sim_presence_begin(struct sim_episode *episode)
{
    const struct data_trace *trace = episode->stage->trace;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        struct sim_rider *rider = &episode->riders[client];
        uint64_t visit = data_trace_visit_at(trace, client, episode->stage->origin_s);
        rider->visit = visit == UINT64_MAX ? 0 : (uint32_t)(visit + 1 - trace->first[client]);
        rider->place = HB_NONE;
        if (visit != UINT64_MAX) {
            enter(episode, client, visit);
        }
        struct sim_session session = sim_session_start(episode->stage, client);
        rider->is_on = session.is_on;
        rider->visible_ns = HB_NEVER_NS;
        rider->serve = rider->home = rider->source = rider->primary = HB_NONE;
        if (sim_episode_is_sampled(episode, client)) {
            sim_episode_sampled(episode, client)->mirror = HB_NONE;
        }
        push_session(episode, client, &session);
    }
    open_window(episode, 0);
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        update(episode, client, false);
        sim_harvest_path(episode, client);
    }
    sim_loop_push(episode->loop,
        &(struct sim_event) { .at_ns = 3600 * HB_NS_PER_S, .rank = SIM_RANK_HOUR,
            .kind = SIM_EPISODE_HOUR });
}

void sim_presence_visit(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    struct sim_rider *rider = &episode->riders[event->entity];
    if (rider->is_connected) {
        sim_account_end(episode, event->entity);
    }
    uint32_t was = rider->place;
    enter(episode, event->entity, episode->stage->trace->first[event->entity] + event->order);
    rider->visit = event->order + 1;
    push_visit(episode, event->entity);
    update(episode, event->entity, rider->place != was);
    if (rider->is_connected && rider->place == was) {
        sim_serve_touch(episode, event->entity); /* same place, another activity: access line */
        sim_serve_settle(episode);
    }
    sim_harvest_path(episode, event->entity);
}

void sim_presence_session(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    struct sim_rider *rider = &episode->riders[event->entity];
    struct sim_session session
        = { .until_ns = event->at_ns, .drawn = event->order, .is_on = rider->is_on };
    sim_session_next(episode->stage, event->entity, &session);
    rider->is_on = session.is_on;
    push_session(episode, event->entity, &session);
    update(episode, event->entity, false);
}

void sim_presence_finish(struct sim_episode *episode)
{
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        if (episode->riders[client].is_connected) {
            sim_account_end(episode, client);
            sim_harvest_connection(episode, client);
        }
    }
}
