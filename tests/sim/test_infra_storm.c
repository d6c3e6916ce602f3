/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/infra/infra.h"

/* Random commands against the promises of sim/infra/infra.h. */
enum { SITES = 4, CLIENTS = 300, COMMANDS = 60000 };

struct storm {
    struct sim_loop *loop;
    struct sim_infra *infra;
    struct sim_stream draws;
    uint8_t times[COMMANDS + 1]; /* each req was answered */
    uint32_t req;
    uint32_t copied, by_result[HB_RESULT_COUNT];
    int is_inside; /* a command: nothing may be told now */
};

static void done(void *ctx, uint64_t req, uint32_t client, uint32_t site, enum hb_result result,
    double value)
{
    struct storm *storm = ctx;
    assert_false(storm->is_inside);
    assert_in_range(req, 1, storm->req);
    assert_in_range(client, 0, CLIENTS - 1);
    assert_in_range(site, 0, SITES - 1);
    assert_int_equal(storm->times[req]++, 0);
    storm->by_result[result]++;
    storm->copied += value > 2.9e6;
}

static void capacity(void *ctx, uint32_t site, uint32_t free_slots)
{
    struct storm *storm = ctx;
    assert_false(storm->is_inside);
    assert_int_equal(free_slots, sim_infra_free_slots(storm->infra, site));
}

static void open_storm(struct storm *storm, const struct hb_site *sites, bool shared)
{
    static const struct sim_transfer_line lines[SITES] = { { 10.0, 10.0 }, { 10.0, 10.0 },
        { 10.0, 10.0 }, { 10.0, 10.0 } };
    struct sim_loop_options options = { .event_capacity = 1000000, .check = true };
    assert_int_equal(sim_loop_create(&options, &storm->loop), HB_OK);
    struct sim_infra_config config;
    sim_infra_default(&config);
    config.loop = storm->loop;
    config.client_count = CLIENTS;
    config.sites = sites;
    config.site_count = SITES;
    config.lines = lines;
    config.host = (struct sim_infra_host){ .ctx = storm, .done = done, .capacity = capacity };
    config.seed = 5;
    config.provision.failure_share = 0.1;
    config.service.dirty_mb_s = 0.05;
    config.service.state_mb = 3.0;
    config.service.shared = shared;
    assert_int_equal(sim_infra_create(&config, &storm->infra), HB_OK);
    assert_int_equal(sim_loop_add_check(storm->loop, "infra", sim_infra_is_consistent,
        storm->infra), HB_OK);
}

static void command(struct storm *storm)
{
    struct sim_stream *draws = &storm->draws;
    uint32_t client = sim_draw_below(draws, CLIENTS), site = sim_draw_below(draws, SITES);
    struct sim_infra *infra = storm->infra;
    uint32_t what = sim_draw_below(draws, 8);
    uint32_t from = sim_draw_below(draws, SITES);
    storm->req += what < 6;
    if (what < 2) {
        sim_infra_provision(infra, storm->req, client, site);
    } else if (what == 2) {
        sim_infra_stop(infra, storm->req, client, site);
    } else if (what == 3) {
        sim_infra_standby(infra, storm->req, client, site);
    } else if (what == 4) {
        sim_infra_resume(infra, storm->req, client, site);
    } else if (what == 5) {
        struct sim_infra_copy order = { storm->req, client, from, site };
        sim_infra_copy(infra, &order);
    } else if (what == 6) {
        sim_infra_serve(infra, client, sim_draw_chance(draws, 0.1) ? HB_NONE : site);
    } else {
        sim_infra_copy_end(infra, client, site, sim_draw_chance(draws, 0.5));
    }
}

/* Every command is answered once, later and from the loop, unless a later
 * provision took its place; the invariants hold, the books balance. */
static void rage(bool shared)
{
    static struct storm storm;
    storm = (struct storm){ .draws = sim_stream_of(77, SIM_STREAM_TEST, shared) };
    struct hb_site sites[SITES];
    for (int i = 0; i < SITES; i++) {
        sites[i] = (struct hb_site){ .slots = UINT32_MAX, .price_factor = 1.0f };
    }
    sites[1].slots = shared ? 0 : 40;
    sites[2].slots = shared ? 1 : 90;
    open_storm(&storm, sites, shared);
    double now_s = 1.0;
    char why[256] = "";
    for (int i = 0; i < COMMANDS; i++) {
        now_s += sim_draw_exponential(&storm.draws, 0.05);
        assert_int_equal(sim_loop_run(storm.loop, hb_units_ns(now_s)), HB_OK);
        storm.is_inside = 1;
        command(&storm);
        storm.is_inside = 0;
        assert_true(i % 100 != 0 || sim_infra_is_consistent(storm.infra, why, sizeof why));
    }
    assert_int_equal(sim_loop_run(storm.loop, hb_units_ns(now_s + 36000.0)), HB_OK);
    uint32_t answered = 0;
    for (uint32_t req = 1; req <= storm.req; req++) {
        answered += storm.times[req];
    }
    assert_true(answered > storm.req / 100 * 95); /* the others were superseded */
    assert_true(storm.copied > 100);
    for (int result = 0; result < HB_RESULT_COUNT; result++) {
        assert_true(storm.by_result[result] > 0 || result == HB_RESULT_TIMED_OUT);
    }
    sim_infra_settle(storm.infra);
    assert_true(sim_infra_is_consistent(storm.infra, why, sizeof why));
    /* 4 instances a client of 32 bytes, its 8, and what was under way at once */
    assert_true(sim_infra_bytes(storm.infra) < CLIENTS * (4 * 32 + 8 + 600));
    sim_infra_free(storm.infra);
    sim_loop_free(storm.loop);
}

static void every_command_is_answered_once(void **state)
{
    (void)state;
    rage(false);
}

static void also_of_a_shared_service(void **state)
{
    (void)state;
    rage(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_answered_once),
        cmocka_unit_test(also_of_a_shared_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
