/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/routes.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A place in the window of the present routing change. */
struct spot {
    int64_t out_ns;      /* without answer since; HB_NEVER_NS: not */
    double out_s;        /* so far in this window */
    uint32_t head;       /* of its clients */
    uint32_t connected;  /* of them, now */
    uint32_t weight;     /* of them, when the window opened */
    uint32_t was_site;
};

struct window {
    int64_t at_ns;
    struct sim_catchment_counts counts; /* when it opened */
    uint32_t site;
    uint8_t change; /* enum data_change */
    bool is_open;
};

struct sim_routes {
    struct spot *spots;  /* [place_count] */
    uint32_t *next, *before; /* [client_count] neighbours in the list of a place */
    struct window window;
    uint64_t booked; /* messages in the ledger */
    struct data_mrt *mrt;
    uint32_t place_count;
};

enum hb_status sim_routes_create(struct sim_episode *episode, struct sim_routes **out)
{
    const struct sim_stage *stage = episode->stage;
    const char *mrt = episode->scenario->topology.mrt;
    if (stage->topo == NULL) {
        return HB_OK;
    }
    struct sim_routes *routes = calloc(1, sizeof *routes);
    if (routes == NULL) {
        return HB_ERR_MEMORY;
    }
    routes->place_count = stage->map.place_count;
    routes->spots = calloc(routes->place_count, sizeof *routes->spots);
    routes->next = malloc(stage->client_count * sizeof *routes->next);
    routes->before = malloc(stage->client_count * sizeof *routes->before);
    *out = routes; /* freed by the episode, whatever follows */
    if (routes->spots == NULL || routes->next == NULL || routes->before == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t place = 0; place < routes->place_count; place++) {
        routes->spots[place] = (struct spot) { .out_ns = HB_NEVER_NS, .head = HB_NONE,
            .was_site = HB_NONE };
    }
    bool is_written = episode->options.has_mrt && mrt[0] != '\0';
    return is_written ? data_mrt_create(mrt, &routes->mrt, episode->problem) : HB_OK;
}

enum hb_status sim_routes_close(struct sim_routes *routes, bool keep,
    struct data_problem *problem)
{
    if (routes == NULL || routes->mrt == NULL) {
        return HB_OK;
    }
    enum hb_status status = data_mrt_close(routes->mrt, keep, problem);
    routes->mrt = NULL;
    return status;
}

void sim_routes_free(struct sim_routes *routes)
{
    if (routes == NULL) {
        return;
    }
    struct data_problem ignored = { .text = "" };
    (void)sim_routes_close(routes, false, &ignored); /* the run has failed already */
    free(routes->before);
    free(routes->next);
    free(routes->spots);
    free(routes);
}

struct data_mrt *sim_routes_mrt(const struct sim_routes *routes)
{
    return routes != NULL ? routes->mrt : NULL;
}

static bool is_reached(const struct sim_catchment_view *view)
{
    return view->fate == SIM_CATCHMENT_SERVED || view->fate == SIM_CATCHMENT_STALE;
}

/* Ends, or begins, a place's time without answer. */
static void note_spot(struct sim_episode *episode, uint32_t place)
{
    struct spot *spot = &episode->routes->spots[place];
    struct sim_catchment_view view = sim_catchment_view(episode->catchment, place);
    int64_t now_ns = sim_episode_now_ns(episode);
    if (!is_reached(&view) && spot->out_ns == HB_NEVER_NS) {
        spot->out_ns = now_ns;
    } else if (is_reached(&view) && spot->out_ns != HB_NEVER_NS) {
        spot->out_s += hb_units_s(now_ns - spot->out_ns);
        spot->out_ns = HB_NEVER_NS;
    }
}

static uint64_t messages_of(const struct sim_catchment_counts *counts)
{
    return counts->announcements + counts->withdrawals;
}

/* Messages since the last booking, at the site whose change is under way. */
static void book_messages(struct sim_episode *episode)
{
    struct sim_routes *routes = episode->routes;
    struct sim_catchment_counts counts = sim_catchment_counts(episode->catchment);
    uint64_t messages = messages_of(&counts);
    if (messages > routes->booked) {
        sim_ledger_book_item(sim_infra_ledger(episode->infra), SIM_LEDGER_ITEM_BGP_MESSAGE,
            routes->window.is_open ? routes->window.site : HB_NONE, messages - routes->booked);
        routes->booked = messages;
    }
}

/* What the window's change has done, over the clients that were connected then. */
static void close_window(struct sim_episode *episode, bool has_settled)
{
    struct sim_routes *routes = episode->routes;
    struct window *window = &routes->window;
    double total = 0.0, moved = 0.0, concerned = 0.0, out_s = 0.0, still = 0.0;
    int64_t now_ns = sim_episode_now_ns(episode);
    book_messages(episode);
    if (!window->is_open) {
        return;
    }
    window->is_open = false;
    for (uint32_t place = 0; place < routes->place_count; place++) {
        struct spot *spot = &routes->spots[place];
        if (spot->weight == 0) {
            continue;
        }
        bool is_out = spot->out_ns != HB_NEVER_NS;
        if (is_out) {
            spot->out_s += hb_units_s(now_ns - spot->out_ns);
            spot->out_ns = now_ns;
        }
        bool has_moved = sim_catchment_site(episode->catchment, place) != spot->was_site;
        total += spot->weight;
        moved += has_moved ? spot->weight : 0.0;
        concerned += has_moved || is_out || spot->out_s > 0.0 ? spot->weight : 0.0;
        still += is_out ? spot->weight : 0.0;
        out_s += spot->weight * spot->out_s;
    }
    struct sim_catchment_counts counts = sim_catchment_counts(episode->catchment);
    double took_s = counts.changed_ns > window->at_ns
        ? hb_units_s(counts.changed_ns - window->at_ns) : 0.0;
    uint64_t messages = messages_of(&counts) - messages_of(&window->counts);
    struct data_bgp_row row = { .at_ns = window->at_ns, .site = window->site,
        .change = window->change, .messages = messages,
        .converged_s = has_settled ? took_s : (double)NAN,
        .moved = total > 0.0 ? (float)(moved / total) : NAN,
        .unreachable_s = concerned > 0.0 ? (float)(out_s / concerned) : NAN,
        .censored = concerned > 0.0 ? (float)(still / concerned) : NAN };
    data_rows_add(episode->options.rows, DATA_TABLE_BGP, &row);
}

void sim_routes_open(struct sim_episode *episode, uint32_t site, enum data_change change)
{
    struct sim_routes *routes = episode->routes;
    if (routes == NULL) {
        return;
    }
    int64_t now_ns = sim_episode_now_ns(episode);
    close_window(episode, sim_catchment_is_settled(episode->catchment));
    for (uint32_t place = 0; place < routes->place_count; place++) {
        struct spot *spot = &routes->spots[place];
        spot->weight = spot->connected;
        spot->was_site = sim_catchment_site(episode->catchment, place);
        spot->out_s = 0.0;
        spot->out_ns = spot->out_ns != HB_NEVER_NS ? now_ns : HB_NEVER_NS;
    }
    routes->window = (struct window) { .at_ns = now_ns, .site = site, .change = (uint8_t)change,
        .counts = sim_catchment_counts(episode->catchment), .is_open = true };
}

/* Routes of these places have changed, or (count 0) have settled. */
static void routes_changed(void *ctx, const uint32_t *places, size_t count)
{
    struct sim_episode *episode = ctx;
    const struct sim_routes *routes = episode->routes;
    if (count == 0) {
        close_window(episode, true);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t client = routes->spots[places[i]].head;
        note_spot(episode, places[i]);
        for (; client != HB_NONE; client = routes->next[client]) {
            if (episode->riders[client].is_connected) {
                sim_serve_touch(episode, client);
            }
        }
    }
    sim_serve_settle(episode);
}

void sim_routes_move(struct sim_episode *episode, uint32_t client, uint32_t was)
{
    struct sim_routes *routes = episode->routes;
    uint32_t now = episode->riders[client].place;
    if (routes == NULL || was == now) {
        return;
    }
    bool is_connected = episode->riders[client].is_connected;
    if (was != HB_NONE) {
        uint32_t next = routes->next[client], before = routes->before[client];
        if (before != HB_NONE) {
            routes->next[before] = next;
        } else {
            routes->spots[was].head = next;
        }
        if (next != HB_NONE) {
            routes->before[next] = before;
        }
        routes->spots[was].connected -= is_connected;
    }
    if (now != HB_NONE) {
        uint32_t head = routes->spots[now].head;
        routes->next[client] = head;
        routes->before[client] = HB_NONE;
        if (head != HB_NONE) {
            routes->before[head] = client;
        }
        routes->spots[now].head = client;
        routes->spots[now].connected += is_connected;
    } else if (is_connected) {
        assert(was != HB_NONE); /* it disconnects next, counted there by its place: none */
    }
}

void sim_routes_count(struct sim_episode *episode, uint32_t place, int step)
{
    if (episode->routes != NULL && place != HB_NONE) {
        struct spot *spot = &episode->routes->spots[place];
        spot->connected = (uint32_t)((int)spot->connected + step);
    }
}

/* Clients whose packets go to the site by a record of their own, or on to it:
 * none of this is known of those that fail, so all are looked at. */
static void touch_all(struct sim_episode *episode)
{
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        if (episode->riders[client].is_connected) {
            sim_serve_touch(episode, client);
        }
    }
    sim_serve_settle(episode);
}

enum hb_status sim_routes_fault(struct sim_episode *episode, uint32_t site,
    enum sim_catchment_fault fault)
{
    static const enum data_change changes[] = { [SIM_CATCHMENT_CUT] = DATA_CHANGE_LINK_DOWN,
        [SIM_CATCHMENT_SILENCE] = DATA_CHANGE_LINK_DOWN,
        [SIM_CATCHMENT_RESTORE] = DATA_CHANGE_LINK_UP,
        [SIM_CATCHMENT_RESET] = DATA_CHANGE_SESSION_RESET };
    sim_routes_open(episode, site, changes[fault]);
    enum hb_status status
        = sim_catchment_fault(episode->catchment, site, fault, sim_episode_now_ns(episode));
    sim_infra_cut(episode->infra, site, sim_catchment_is_cut(episode->catchment, site));
    return status;
}

static void change_line(struct sim_episode *episode, uint32_t site,
    enum sim_catchment_fault fault)
{
    enum hb_status status = sim_routes_fault(episode, site, fault);
    assert(status == HB_OK);
    touch_all(episode);
}

static void withdraw(struct sim_episode *episode, uint32_t site)
{
    sim_routes_open(episode, site, DATA_CHANGE_WITHDRAW);
    enum hb_status status
        = sim_catchment_withdraw(episode->catchment, site, sim_episode_now_ns(episode));
    assert(status == HB_OK);
}

static void announce(struct sim_episode *episode, uint32_t site,
    const struct sim_scenario_routing *change)
{
    struct hb_route route = { .local_pref = 100, .med = change->med,
        .prepend_count = change->prepend, .community = change->community };
    sim_routes_open(episode, site, DATA_CHANGE_ANNOUNCE);
    enum hb_status status = sim_catchment_announce(episode->catchment, site, &route,
        sim_episode_now_ns(episode));
    assert(status == HB_OK);
}

static void schedule(struct sim_episode *episode, uint32_t index, uint32_t order, double at_s)
{
    int64_t at_ns = hb_units_after(0, at_s);
    if (at_ns < episode->end_ns) {
        sim_loop_push(episode->loop, &(struct sim_event) { .at_ns = at_ns, .entity = index,
            .order = order, .rank = SIM_RANK_CHANGE, .kind = SIM_EPISODE_CHANGE });
    }
}

/* Operations tell the controller. */
static void tell_drain(struct sim_episode *episode, uint32_t site, double value)
{
    struct hb_event event = { .at_ns = sim_episode_now_ns(episode), .kind = HB_EVENT_SITE_DRAIN,
        .client = HB_NONE, .place = HB_NONE, .site = site, .value = value };
    sim_episode_tell(episode, &event);
}

static void undo(struct sim_episode *episode, uint32_t site,
    const struct sim_scenario_routing *change)
{
    switch ((enum sim_routing_kind)change->kind) {
    case SIM_ROUTING_WITHDRAW:
        announce(episode, site, change);
        break;
    case SIM_ROUTING_CUT:
    case SIM_ROUTING_SILENCE:
        change_line(episode, site, SIM_CATCHMENT_RESTORE);
        break;
    case SIM_ROUTING_DRAIN:
        tell_drain(episode, site, 0.0);
        break;
    case SIM_ROUTING_ANNOUNCE:
    case SIM_ROUTING_RESTORE:
    case SIM_ROUTING_RESET:
        break;
    }
}

void sim_routes_change(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    const struct sim_scenario_routing *change = &episode->scenario->topology.changes[event->entity];
    uint32_t site = sim_sites_find(episode->stage->sites, change->site);
    if (event->order == 1) {
        undo(episode, site, change);
        sim_serve_settle(episode);
        return;
    }
    switch ((enum sim_routing_kind)change->kind) {
    case SIM_ROUTING_WITHDRAW:
        withdraw(episode, site);
        break;
    case SIM_ROUTING_ANNOUNCE:
        announce(episode, site, change);
        break;
    case SIM_ROUTING_CUT:
        change_line(episode, site, SIM_CATCHMENT_CUT);
        break;
    case SIM_ROUTING_SILENCE:
        change_line(episode, site, SIM_CATCHMENT_SILENCE);
        break;
    case SIM_ROUTING_RESTORE:
        change_line(episode, site, SIM_CATCHMENT_RESTORE);
        break;
    case SIM_ROUTING_RESET:
        change_line(episode, site, SIM_CATCHMENT_RESET);
        break;
    case SIM_ROUTING_DRAIN:
        tell_drain(episode, site, 1.0);
        break;
    }
    sim_serve_settle(episode);
    if (sim_scenario_is_given(change->for_s)) {
        schedule(episode, event->entity, 1, change->at_s + change->for_s);
    }
}

void sim_routes_begin(struct sim_episode *episode)
{
    if (episode->routes == NULL) {
        return;
    }
    sim_catchment_listen(episode->catchment, routes_changed, episode);
    for (uint32_t place = 0; place < episode->routes->place_count; place++) {
        note_spot(episode, place);
    }
    for (uint32_t i = 0; i < episode->scenario->topology.change_count; i++) {
        schedule(episode, i, 0, episode->scenario->topology.changes[i].at_s);
    }
}

void sim_routes_finish(struct sim_episode *episode)
{
    if (episode->routes != NULL) {
        close_window(episode, sim_catchment_is_settled(episode->catchment));
    }
}

bool sim_routes_check(void *ctx, char *why, size_t why_bytes)
{
    struct sim_episode *episode = ctx;
    bool is_settled = sim_catchment_is_settled(episode->catchment);
    for (uint32_t place = 0; is_settled && place < episode->routes->place_count; place++) {
        struct sim_catchment_view view = sim_catchment_view(episode->catchment, place);
        if (view.fate == SIM_CATCHMENT_LOOP) {
            snprintf(why, why_bytes, "packets from place %u go round in circles", place);
            return false;
        }
    }
    return true;
}
