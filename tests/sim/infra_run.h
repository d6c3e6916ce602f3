/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SIM_INFRA_RUN_H
#define TESTS_SIM_INFRA_RUN_H

/* A loop with an infra of four sites in it, and what it told of each req. */
#include <string.h>

#include "core/units.h"
#include "sim/infra/infra.h"
#include "tests/support/assert_near.h"

enum { SITES = 4, ANSWERS = 16 };

struct told {
    int64_t at_ns;
    double value;
    uint32_t client, site, times;
    enum hb_result result;
};

struct run {
    struct sim_loop *loop;
    struct sim_infra *infra;
    struct hb_site sites[SITES];
    struct sim_transfer_line lines[SITES];
    struct told told[ANSWERS]; /* by req */
    uint32_t free_slots[SITES], capacity_calls;
    int is_inside; /* a command: nothing may be told now */
};

static struct run run;

static inline void done(void *ctx, uint64_t req, uint32_t client, uint32_t site,
    enum hb_result result, double value)
{
    struct run *r = ctx;
    assert_false(r->is_inside);
    assert_true(req < ANSWERS);
    struct told *told = &r->told[req];
    *told = (struct told){ sim_loop_now_ns(r->loop), value, client, site, told->times + 1, result };
}

static inline void capacity(void *ctx, uint32_t site, uint32_t free_slots)
{
    struct run *r = ctx;
    assert_false(r->is_inside);
    r->free_slots[site] = free_slots;
    r->capacity_calls++;
}

static inline void settings(struct sim_infra_config *config)
{
    memset(&run, 0, sizeof run);
    sim_infra_default(config);
    for (int i = 0; i < SITES; i++) {
        run.sites[i] = (struct hb_site){ .slots = UINT32_MAX, .price_factor = 1.0f };
        run.lines[i] = (struct sim_transfer_line){ 10.0, 10.0 };
    }
    config->client_count = 300;
    config->sites = run.sites;
    config->site_count = SITES;
    config->lines = run.lines;
    config->provision.lead_s = 7.3;
    config->host = (struct sim_infra_host){ .ctx = &run, .done = done, .capacity = capacity };
    config->seed = 5;
    config->service.dirty_mb_s = 0.4;
}

static inline void open_run(struct sim_infra_config *config)
{
    struct sim_loop_options options = { .event_capacity = 1000000, .check = true };
    assert_int_equal(sim_loop_create(&options, &run.loop), HB_OK);
    config->loop = run.loop;
    assert_int_equal(sim_infra_create(config, &run.infra), HB_OK);
    assert_int_equal(sim_loop_add_check(run.loop, "infra", sim_infra_is_consistent, run.infra),
        HB_OK);
}

static inline void close_run(void)
{
    sim_infra_free(run.infra);
    sim_loop_free(run.loop);
}

static inline void until(double at_s)
{
    assert_int_equal(sim_loop_run(run.loop, hb_units_ns(at_s)), HB_OK);
}

#define COMMAND(call)      \
    do {                   \
        run.is_inside = 1; \
        call;              \
        run.is_inside = 0; \
    } while (0)

static inline void assert_told(uint64_t req, double at_s, enum hb_result result)
{
    assert_int_equal(run.told[req].times, 1);
    assert_int_equal(run.told[req].result, result);
    assert_near(hb_units_s(run.told[req].at_ns), at_s, 1e-8);
}

static inline struct sim_infra_copy copy_order(uint64_t req, uint32_t client, uint32_t from,
    uint32_t to)
{
    return (struct sim_infra_copy){ .req = req, .client = client, .from = from, .to = to };
}

#endif
