/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/loop.h"

#include <stdio.h>
#include <string.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "tests/support/assert_near.h"

enum { ticks = 3, other = 4 }; /* kinds of event */

static struct sim_loop *loop_of(const struct sim_loop_options *options)
{
    struct sim_loop *loop = NULL;
    assert_int_equal(sim_loop_create(options, &loop), HB_OK);
    return loop;
}

struct log {
    struct sim_loop *loop;
    int count;
    int64_t at_ns[16];
    uint8_t kinds[16];
    int stop_at; /* event number, 0: never */
};

static void note(void *ctx, const struct sim_event *event)
{
    struct log *log = ctx;
    assert_true(sim_loop_now_ns(log->loop) == event->at_ns);
    log->at_ns[log->count % 16] = event->at_ns;
    log->kinds[log->count % 16] = event->kind;
    log->count++;
    if (log->count == log->stop_at) {
        sim_loop_stop(log->loop, HB_OK);
    }
}

/* A loop of two kinds, both noted. */
static struct sim_loop *noting_loop(struct log *log, const struct sim_loop_options *options)
{
    *log = (struct log) { .loop = loop_of(options) };
    struct sim_loop_handler handler = { .handle = note, .ctx = log };
    sim_loop_handle(log->loop, ticks, &handler);
    sim_loop_handle(log->loop, other, &handler);
    return log->loop;
}

static void push(struct sim_loop *loop, int64_t at_ns, uint8_t kind)
{
    struct sim_event event = { .at_ns = at_ns, .entity = kind, .kind = kind };
    sim_loop_push(loop, &event);
}

static void the_clock_stops_at_each_event_and_at_the_end(void **state)
{
    (void)state;
    struct log log;
    struct sim_loop *loop
        = noting_loop(&log, &(struct sim_loop_options) { .event_capacity = 9, .check = true });
    push(loop, 731, ticks);
    push(loop, 17, other);
    push(loop, 1000, ticks);
    assert_int_equal(sim_loop_run(loop, 731), HB_OK);
    assert_int_equal(log.count, 2);
    assert_true(log.at_ns[0] == 17);
    assert_int_equal(log.kinds[0], other);
    assert_true(log.at_ns[1] == 731);
    assert_int_equal(sim_loop_run(loop, 999), HB_OK);
    assert_true(sim_loop_now_ns(loop) == 999);
    assert_int_equal(log.count, 2);
    assert_int_equal(sim_loop_run(loop, 1000), HB_OK);
    struct sim_loop_counts counts = sim_loop_counts(loop);
    assert_int_equal(counts.pushed, 3);
    assert_int_equal(counts.popped, 3);
    assert_int_equal(counts.pending, 0);
    assert_string_equal(sim_loop_failure(loop), "");
    sim_loop_free(loop);
}

static void a_stop_lets_the_run_go_on_later(void **state)
{
    (void)state;
    struct log log;
    struct sim_loop *loop = noting_loop(&log, &(struct sim_loop_options) { .event_capacity = 9 });
    log.stop_at = 2;
    for (int64_t i = 1; i <= 4; i++) {
        push(loop, i * 10, i % 2 == 0 ? ticks : other);
    }
    assert_int_equal(sim_loop_run(loop, 100), HB_OK);
    assert_int_equal(log.count, 2);
    assert_true(sim_loop_now_ns(loop) == 20);
    assert_int_equal(sim_loop_run(loop, 100), HB_OK);
    assert_int_equal(log.count, 4);
    assert_true(sim_loop_now_ns(loop) == 100);
    sim_loop_free(loop);
}

static void a_full_queue_ends_the_run_and_says_so(void **state)
{
    (void)state;
    struct log log;
    struct sim_loop *loop = noting_loop(&log, &(struct sim_loop_options) { .event_capacity = 2 });
    push(loop, 1, ticks);
    push(loop, 2, ticks);
    push(loop, 3, ticks);
    assert_int_equal(sim_loop_run(loop, 100), HB_ERR_FULL);
    assert_string_equal(sim_loop_failure(loop), "more than 2 events pending at 0.000000000 s");
    assert_int_equal(sim_loop_run(loop, 100), HB_ERR_FULL);
    assert_int_equal(log.count, 0);
    sim_loop_free(loop);
}

/* Pushes itself again and again. */
static void again(void *ctx, const struct sim_event *event)
{
    struct log *log = ctx;
    struct sim_event next = *event;
    next.at_ns++;
    next.order++;
    log->count++;
    sim_loop_push(log->loop, &next);
}

static void an_interrupt_is_seen_soon(void **state)
{
    (void)state;
    volatile int interrupt = 1;
    struct sim_loop_options options = { .event_capacity = 9, .interrupt = &interrupt };
    struct log log = { .loop = loop_of(&options) };
    sim_loop_handle(log.loop, ticks, &(struct sim_loop_handler) { .handle = again, .ctx = &log });
    push(log.loop, 0, ticks);
    assert_int_equal(sim_loop_run(log.loop, INT64_MAX), HB_ERR_INTERRUPTED);
    assert_in_range(log.count, 1, 1 << 11);
    assert_non_null(strstr(sim_loop_failure(log.loop), "interrupted at 0.000002047 s"));
    sim_loop_free(log.loop);
}

static void two_events_of_one_key_fail_the_order_check(void **state)
{
    (void)state;
    struct log log;
    struct sim_loop *loop
        = noting_loop(&log, &(struct sim_loop_options) { .event_capacity = 9, .check = true });
    push(loop, 5, ticks);
    push(loop, 5, ticks);
    assert_int_equal(sim_loop_run(loop, 100), HB_ERR_STATE);
    assert_string_equal(sim_loop_failure(loop),
        "check order: event (5 ns, rank 0, entity 3, order 0) after (5 ns, 0, 3, 0)");
    sim_loop_free(loop);
}

static bool holds_until_three(void *ctx, char *why, size_t why_bytes)
{
    const struct log *log = ctx;
    (void)snprintf(why, why_bytes, "%d ticks: expected <= 3", log->count);
    return log->count <= 3;
}

static void an_added_check_is_asked_and_named(void **state)
{
    (void)state;
    for (int is_checked = 0; is_checked < 2; is_checked++) {
        struct log log;
        struct sim_loop *loop = noting_loop(
            &log, &(struct sim_loop_options) { .event_capacity = 9, .check = is_checked == 1 });
        assert_int_equal(sim_loop_add_check(loop, "ticks", holds_until_three, &log), HB_OK);
        for (int64_t i = 1; i <= 4; i++) {
            push(loop, i, ticks);
        }
        assert_int_equal(sim_loop_run(loop, 3), HB_OK);
        assert_int_equal(sim_loop_run(loop, 9), is_checked ? HB_ERR_STATE : HB_OK);
        assert_string_equal(sim_loop_failure(loop),
            is_checked ? "check ticks at 0.000000009 s: 4 ticks: expected <= 3" : "");
        sim_loop_free(loop);
    }
}

static void the_33rd_check_does_not_fit(void **state)
{
    (void)state;
    struct log log = { 0 };
    struct sim_loop *loop = loop_of(&(struct sim_loop_options) { .event_capacity = 9 });
    for (int i = 0; i < 33; i++) {
        assert_int_equal(sim_loop_add_check(loop, "c", holds_until_three, &log),
            i < 32 ? HB_OK : HB_ERR_FULL);
    }
    sim_loop_free(loop);
}

static void refuses_no_capacity(void **state)
{
    (void)state;
    struct sim_loop *loop = NULL;
    assert_int_equal(sim_loop_create(&(struct sim_loop_options) { 0 }, &loop), HB_ERR_RANGE);
    assert_null(loop);
}

/* One server, one line: the smallest model there is. */
struct station {
    struct sim_loop *loop;
    struct sim_stream arrivals, services;
    double arrival_s_mean, service_s_mean;
    uint32_t in_system, order;
    int64_t changed_ns;
    double area_s, empty_s; /* integrals of the number, and of being empty */
};

static void account(struct station *station)
{
    int64_t now_ns = sim_loop_now_ns(station->loop);
    double spell_s = hb_units_s(now_ns - station->changed_ns);
    station->area_s += spell_s * station->in_system;
    station->empty_s += station->in_system == 0 ? spell_s : 0.0;
    station->changed_ns = now_ns;
}

static void schedule(struct station *station, uint8_t kind, double after_s)
{
    struct sim_event event = {
        .at_ns = hb_units_after(sim_loop_now_ns(station->loop), after_s),
        .order = station->order++,
        .kind = kind,
    };
    sim_loop_push(station->loop, &event);
}

static void arrive(void *ctx, const struct sim_event *event)
{
    struct station *station = ctx;
    account(station);
    schedule(station, event->kind,
        sim_draw_exponential(&station->arrivals, station->arrival_s_mean));
    if (station->in_system++ == 0) {
        schedule(station, other, sim_draw_exponential(&station->services, station->service_s_mean));
    }
}

static void depart(void *ctx, const struct sim_event *event)
{
    struct station *station = ctx;
    account(station);
    if (--station->in_system > 0) {
        schedule(station, event->kind,
            sim_draw_exponential(&station->services, station->service_s_mean));
    }
}

/* M/M/1 at load 0.7: L = rho / (1 - rho), P(empty) = 1 - rho. The time average
 * of the number has the asymptotic variance 2 rho (1 + rho) / (1 - rho)^4 in
 * service times (Whitt, Management Science 35(11), 1989); the bound is 5 sd:
 * error rate 6e-7. */
static void a_queue_of_one_server_has_its_closed_form_length(void **state)
{
    (void)state;
    const double rho = 0.7, service_s = 0.731, services = 2e6;
    struct station station = {
        .loop = loop_of(&(struct sim_loop_options) { .event_capacity = 4, .check = true }),
        .arrivals = sim_stream_of(731, SIM_STREAM_TEST, 1),
        .services = sim_stream_of(731, SIM_STREAM_TEST, 2),
        .arrival_s_mean = service_s / rho,
        .service_s_mean = service_s,
    };
    sim_loop_handle(
        station.loop, ticks, &(struct sim_loop_handler) { .handle = arrive, .ctx = &station });
    sim_loop_handle(
        station.loop, other, &(struct sim_loop_handler) { .handle = depart, .ctx = &station });
    schedule(&station, ticks, 0.0);
    double end_s = services * service_s;
    assert_int_equal(sim_loop_run(station.loop, hb_units_ns(end_s)), HB_OK);
    account(&station);
    double sd = sqrt(2.0 * rho * (1.0 + rho) / pow(1.0 - rho, 4.0) / services);
    assert_true(fabs(station.area_s / end_s - rho / (1.0 - rho)) < 5.0 * sd);
    assert_near(station.empty_s / end_s, 1.0 - rho, 0.005);
    sim_loop_free(station.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_stops_at_each_event_and_at_the_end),
        cmocka_unit_test(a_stop_lets_the_run_go_on_later),
        cmocka_unit_test(a_full_queue_ends_the_run_and_says_so),
        cmocka_unit_test(an_interrupt_is_seen_soon),
        cmocka_unit_test(two_events_of_one_key_fail_the_order_check),
        cmocka_unit_test(an_added_check_is_asked_and_named),
        cmocka_unit_test(the_33rd_check_does_not_fit),
        cmocka_unit_test(refuses_no_capacity),
        cmocka_unit_test(a_queue_of_one_server_has_its_closed_form_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
