/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/engine/models.h"

#include <assert.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/engine/loop.h"
#include "sim/engine/timer.h"

enum { arrival, departure }; /* kinds of event */

static struct sim_loop *loop_of(size_t event_capacity)
{
    struct sim_loop *loop = NULL;
    enum hb_status status
        = sim_loop_create(&(struct sim_loop_options) { .event_capacity = event_capacity }, &loop);
    assert(status == HB_OK);
    return loop;
}

static void run(struct sim_loop *loop, int64_t until_ns)
{
    enum hb_status status = sim_loop_run(loop, until_ns);
    assert(status == HB_OK);
}

/* ---- M/M/1 ---- */

struct station {
    struct mm1 model;
    struct sim_loop *loop;
    uint32_t order;
};

static void schedule(struct station *station, uint8_t kind, double after_s)
{
    int64_t now_ns = sim_loop_now_ns(station->loop);
    struct sim_event event = {
        .at_ns = station->model.is_whole_ns ? now_ns + mm1_whole_ns(after_s)
                                            : hb_units_after(now_ns, after_s),
        .order = station->order++,
        .kind = kind,
    };
    sim_loop_push(station->loop, &event);
}

static void arrive(void *ctx, const struct sim_event *event)
{
    struct station *station = ctx;
    mm1_account(&station->model, hb_units_s(event->at_ns));
    schedule(station, arrival, mm1_arrival_s(&station->model));
    if (station->model.in_system++ == 0) {
        schedule(station, departure, mm1_service_s(&station->model));
    }
}

static void depart(void *ctx, const struct sim_event *event)
{
    struct station *station = ctx;
    mm1_account(&station->model, hb_units_s(event->at_ns));
    if (--station->model.in_system > 0) {
        schedule(station, departure, mm1_service_s(&station->model));
    }
}

static double draw(void *stream, double mean)
{
    return sim_draw_exponential(stream, mean);
}

uint64_t loop_mm1(struct mm1 *model, double until_s)
{
    struct station station = { .model = *model, .loop = loop_of(4) };
    struct sim_stream stream = sim_stream_of(model->picker, SIM_STREAM_TEST, 0);
    station.model.draw = model->is_own ? draw : NULL;
    station.model.draw_ctx = &stream;
    struct sim_loop_handler arriving = { .handle = arrive, .ctx = &station };
    struct sim_loop_handler departing = { .handle = depart, .ctx = &station };
    sim_loop_handle(station.loop, arrival, &arriving);
    sim_loop_handle(station.loop, departure, &departing);
    schedule(&station, arrival, mm1_arrival_s(&station.model));
    run(station.loop, hb_units_ns(until_s));
    mm1_account(&station.model, until_s);
    uint64_t events = sim_loop_counts(station.loop).popped;
    sim_loop_free(station.loop);
    *model = station.model;
    return events;
}

/* ---- keepalive timers ---- */

static void expire(void *ctx, const struct sim_event *event)
{
    struct keepalive *model = ctx;
    model->expired_count += event->entity < model->client_count;
}

void loop_keepalive(struct keepalive *model)
{
    struct sim_timer *timers = calloc(model->client_count, sizeof(*timers));
    assert(timers != NULL);
    model->expired_count = 0;
    struct sim_timer_set set = {
        .loop = loop_of(model->client_count),
        .first = timers,
        .stride_bytes = sizeof(*timers),
        .expire = expire,
        .ctx = model,
    };
    sim_timer_attach(&set);
    for (uint32_t batch = 0; batch < model->batch_count; batch++) {
        int64_t now_ns = sim_loop_now_ns(set.loop);
        for (uint32_t i = 0; i < model->batch_messages; i++) {
            sim_timer_start(&set, keepalive_next_client(model), now_ns + model->timeout_ns);
        }
        run(set.loop, now_ns + model->gap_ns * model->batch_messages);
    }
    sim_loop_free(set.loop);
    free(timers);
}
