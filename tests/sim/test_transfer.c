/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/infra/transfer.h"

enum { SITES = 5, ORDERS = 400, TRANSFER_KIND = 1, COMMAND_KIND = 2 };

/* What happens, drawn beforehand so that both sides see the same. */
struct plan {
    double start_s, abort_s, mb; /* abort_s < 0: never */
    uint32_t from, to;
};

struct run {
    struct sim_loop *loop;
    struct sim_transfer *transfer;
    struct plan plans[ORDERS];
    double end_s[ORDERS], moved_mb[ORDERS]; /* end_s < 0: not arrived */
    uint32_t ids[ORDERS];
    double stream_mb_s, stream_from_s, stream_to_s; /* site 0 to 1 */
};

static const struct sim_transfer_line lines[SITES] = { { 10.0, 30.0 }, { 25.0, 7.3 },
    { 100.0, 100.0 }, { 4.1, 12.0 }, { 50.0, 9.0 } };
static const double registry_mb_s = 40.0;

static void arrived(void *ctx, uint32_t id, uint64_t tag)
{
    struct run *run = ctx;
    assert_int_equal(run->ids[tag], id);
    run->end_s[tag] = hb_units_s(sim_loop_now_ns(run->loop));
}

/* payload: 2 i start, 2 i + 1 abort of order i; from 2 ORDERS on: stream. */
static void command(void *ctx, const struct sim_event *event)
{
    struct run *run = ctx;
    uint32_t i = event->payload / 2;
    if (i >= ORDERS) {
        double sign = event->payload % 2 == 0 ? 1.0 : -1.0;
        sim_transfer_stream(run->transfer, 0, 1, sign * run->stream_mb_s);
    } else if (event->payload % 2 == 0) {
        struct sim_transfer_order order = { .from = run->plans[i].from, .to = run->plans[i].to,
            .mb = run->plans[i].mb, .tag = i, .arrived = arrived, .ctx = run };
        assert_int_equal(sim_transfer_start(run->transfer, &order, &run->ids[i]), HB_OK);
    } else if (run->end_s[i] < 0.0) {
        run->moved_mb[i] = sim_transfer_abort(run->transfer, run->ids[i]);
    }
}

static void open_run(struct run *run, uint32_t capacity)
{
    struct sim_loop_options options = { .event_capacity = 100000, .check = true };
    assert_int_equal(sim_loop_create(&options, &run->loop), HB_OK);
    struct sim_transfer_config config = { .loop = run->loop, .kind = TRANSFER_KIND, .rank = 1,
        .site_count = SITES, .lines = lines, .registry_mb_s = registry_mb_s,
        .capacity = capacity };
    assert_int_equal(sim_transfer_create(&config, &run->transfer), HB_OK);
    struct sim_loop_handler handler = { .handle = command, .ctx = run };
    sim_loop_handle(run->loop, COMMAND_KIND, &handler);
}

static void close_run(struct run *run)
{
    sim_transfer_free(run->transfer);
    sim_loop_free(run->loop);
}

static void schedule(struct run *run, double at_s, uint32_t payload)
{
    struct sim_event event = { .at_ns = hb_units_ns(at_s), .entity = 7, .order = payload,
        .payload = payload, .rank = 2, .kind = COMMAND_KIND };
    sim_loop_push(run->loop, &event);
}

/* ---- the oracle: fluid, from one instant at which anything changes to the next ---- */

static double capacity_mb_s(uint32_t site, int is_out, const struct run *run, double now_s)
{
    double line = site == HB_NONE ? registry_mb_s
        : is_out ? lines[site].egress_mb_s : lines[site].ingress_mb_s;
    int has_stream = site == (is_out ? 0u : 1u) && now_s >= run->stream_from_s
        && now_s < run->stream_to_s;
    return has_stream ? fmax(0.1 * line, line - run->stream_mb_s) : line;
}

struct fluid {
    double left_mb[ORDERS], end_s[ORDERS], moved_mb[ORDERS];
    int is_active[ORDERS];
};

static double rate_of(const struct run *run, const struct fluid *f, int i, double now_s)
{
    int out = 0, in = 0;
    for (int k = 0; k < ORDERS; k++) {
        out += f->is_active[k] && run->plans[k].from == run->plans[i].from;
        in += f->is_active[k] && run->plans[k].to == run->plans[i].to;
    }
    return fmin(capacity_mb_s(run->plans[i].from, 1, run, now_s) / out,
        capacity_mb_s(run->plans[i].to, 0, run, now_s) / in);
}

static double next_change(const struct run *run, const struct fluid *f, const double *rate,
    double now_s)
{
    double next_s = INFINITY;
    for (int i = 0; i < ORDERS; i++) {
        const struct plan *plan = &run->plans[i];
        next_s = plan->start_s > now_s ? fmin(next_s, plan->start_s) : next_s;
        next_s = plan->abort_s > now_s ? fmin(next_s, plan->abort_s) : next_s;
        next_s = f->is_active[i] ? fmin(next_s, now_s + f->left_mb[i] / rate[i]) : next_s;
    }
    next_s = run->stream_from_s > now_s ? fmin(next_s, run->stream_from_s) : next_s;
    return run->stream_to_s > now_s ? fmin(next_s, run->stream_to_s) : next_s;
}

static void flow(const struct run *run, struct fluid *f)
{
    double now_s = 0.0, rate[ORDERS];
    for (;;) {
        for (int i = 0; i < ORDERS; i++) {
            const struct plan *plan = &run->plans[i];
            if (plan->start_s >= now_s && plan->start_s <= now_s && f->end_s[i] < 0.0) {
                f->is_active[i] = 1;
                f->left_mb[i] = plan->from == plan->to ? 0.0 : plan->mb;
            }
        }
        for (int i = 0; i < ORDERS; i++) {
            rate[i] = f->is_active[i] ? rate_of(run, f, i, now_s) : 0.0;
        }
        double next_s = next_change(run, f, rate, now_s);
        if (isinf(next_s)) {
            return;
        }
        for (int i = 0; i < ORDERS; i++) {
            if (!f->is_active[i]) {
                continue;
            }
            f->left_mb[i] -= rate[i] * (next_s - now_s);
            if (f->left_mb[i] <= 1e-9) {
                f->is_active[i] = 0;
                f->end_s[i] = next_s;
            } else if (run->plans[i].abort_s <= next_s && run->plans[i].abort_s > 0.0) {
                f->is_active[i] = 0;
                f->moved_mb[i] = run->plans[i].mb - f->left_mb[i];
            }
        }
        now_s = next_s;
    }
}

static void draw_plans(struct run *run, uint64_t seed)
{
    struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 0);
    for (int i = 0; i < ORDERS; i++) {
        struct plan *plan = &run->plans[i];
        /* whole microseconds, so that both sides mean the same instants */
        plan->start_s = floor(sim_draw_between(&draws, 1.0, 300.0) * 1e6) * 1e-6;
        plan->abort_s = sim_draw_chance(&draws, 0.2)
            ? floor((plan->start_s + sim_draw_exponential(&draws, 5.0)) * 1e6) * 1e-6 + 1e-6 : -1.0;
        plan->mb = sim_draw_exponential(&draws, 20.0);
        plan->from = sim_draw_below(&draws, SITES + 1);
        plan->from = plan->from == SITES ? HB_NONE : plan->from;
        plan->to = sim_draw_below(&draws, SITES);
        run->end_s[i] = run->moved_mb[i] = -1.0;
    }
}

static void equals_the_fluid_from_change_to_change(void **state)
{
    (void)state;
    static struct run run;
    static struct fluid f;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run = (struct run){ .stream_mb_s = 6.5, .stream_from_s = 50.0, .stream_to_s = 200.0 };
        f = (struct fluid){ .left_mb = { 0 } };
        draw_plans(&run, seed);
        open_run(&run, ORDERS);
        for (uint32_t i = 0; i < ORDERS; i++) {
            f.end_s[i] = f.moved_mb[i] = -1.0;
            schedule(&run, run.plans[i].start_s, 2 * i);
            if (run.plans[i].abort_s > 0.0) {
                schedule(&run, run.plans[i].abort_s, 2 * i + 1);
            }
        }
        schedule(&run, run.stream_from_s, 2 * ORDERS);
        schedule(&run, run.stream_to_s, 2 * ORDERS + 1);
        flow(&run, &f);
        assert_int_equal(sim_loop_run(run.loop, hb_units_ns(1e6)), HB_OK);
        int ended = 0, aborted = 0;
        for (int i = 0; i < ORDERS; i++) {
            assert_near(run.end_s[i], f.end_s[i], 1e-7);
            assert_near(run.moved_mb[i], f.moved_mb[i], 1e-6);
            ended += run.end_s[i] >= 0.0;
            aborted += run.moved_mb[i] >= 0.0;
        }
        assert_int_equal(ended + aborted, ORDERS);
        assert_true(aborted > 20);
        assert_int_equal(sim_transfer_len(run.transfer), 0);
        close_run(&run);
    }
}

/* By hand: two over a 10 MB/s line, one of 5 and one of 20 MB: the first ends
 * after 1 s at half rate, the second after 1 s + 15 / 10 s. */
static void a_line_is_shared_equally(void **state)
{
    (void)state;
    static struct run run;
    run = (struct run){ .stream_to_s = 0.0 };
    open_run(&run, 4);
    run.plans[0] = (struct plan){ .mb = 5.0, .from = 0, .to = 2 };
    run.plans[1] = (struct plan){ .mb = 20.0, .from = 0, .to = 2 };
    schedule(&run, 3.0, 0);
    schedule(&run, 3.0, 2);
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(3.5)), HB_OK);
    assert_near(sim_transfer_rate_mb_s(run.transfer, run.ids[1]), 5.0, 1e-12);
    assert_near(sim_transfer_share_mb_s(run.transfer, 0, 2), 10.0 / 3.0, 1e-12);
    assert_near(sim_transfer_share_mb_s(run.transfer, 2, 1), 7.3, 1e-12);
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(30.0)), HB_OK);
    assert_near(run.end_s[0], 4.0, 1e-8);
    assert_near(run.end_s[1], 5.5, 1e-8);
    close_run(&run);
}

/* By hand: nine tenths of the 10 MB/s line carry 12 MB/s of streams for 20 s:
 * 60 MB pile up, a third of them the 4 MB/s stream's; when the other ends it
 * takes its 40 MB along, and 4 MB/s leave 5 MB/s to drain 20 MB in 4 s. */
static void streams_beyond_the_line_pile_up_and_drain(void **state)
{
    (void)state;
    static struct run run;
    run = (struct run){ .stream_to_s = 0.0 };
    open_run(&run, 4);
    sim_transfer_stream(run.transfer, 0, 2, 4.0);
    sim_transfer_stream(run.transfer, 0, 2, 8.0);
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(20.0)), HB_OK);
    assert_near(sim_transfer_lag_mb(run.transfer, 0, 2, 4.0), 20.0, 1e-9);
    assert_near(sim_transfer_share_mb_s(run.transfer, 0, 2), 1.0, 1e-12);
    sim_transfer_stream(run.transfer, 0, 2, -8.0);
    assert_near(sim_transfer_lag_mb(run.transfer, 0, 2, 4.0), 20.0, 1e-9);
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(22.0)), HB_OK);
    assert_near(sim_transfer_lag_mb(run.transfer, 0, 2, 4.0), 10.0, 1e-9);
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(24.5)), HB_OK);
    assert_near(sim_transfer_lag_mb(run.transfer, 0, 2, 4.0), 0.0, 1e-9);
    close_run(&run);
}

static void a_full_table_and_bad_lines_are_refused(void **state)
{
    (void)state;
    static struct run run;
    run = (struct run){ .stream_to_s = 0.0 };
    open_run(&run, 2);
    struct sim_transfer_order order = { .from = 0, .to = 1, .mb = 1.0, .arrived = arrived,
        .ctx = &run };
    uint32_t id = 731;
    assert_int_equal(sim_transfer_start(run.transfer, &order, &run.ids[0]), HB_OK);
    assert_int_equal(sim_transfer_start(run.transfer, &order, &run.ids[1]), HB_OK);
    assert_int_equal(sim_transfer_start(run.transfer, &order, &id), HB_ERR_FULL);
    assert_int_equal(id, 731);
    assert_near(sim_transfer_abort(run.transfer, run.ids[0]), 0.0, 0.0);
    assert_int_equal(sim_transfer_start(run.transfer, &order, &run.ids[0]), HB_OK);
    close_run(&run);
    struct sim_transfer *none = NULL;
    struct sim_transfer_line bad = { 10.0, 0.0 };
    struct sim_transfer_config config = { .site_count = 1, .lines = &bad, .registry_mb_s = 1.0,
        .capacity = 1 };
    assert_int_equal(sim_transfer_create(&config, &none), HB_ERR_RANGE);
    bad.ingress_mb_s = 3.0;
    config.registry_mb_s = NAN;
    assert_int_equal(sim_transfer_create(&config, &none), HB_ERR_RANGE);
    config.registry_mb_s = 3.0;
    config.capacity = 0;
    assert_int_equal(sim_transfer_create(&config, &none), HB_ERR_RANGE);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_fluid_from_change_to_change),
        cmocka_unit_test(a_line_is_shared_equally),
        cmocka_unit_test(streams_beyond_the_line_pile_up_and_drain),
        cmocka_unit_test(a_full_table_and_bad_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
