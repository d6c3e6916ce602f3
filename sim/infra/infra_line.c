/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/operations.h"

#include <assert.h>

#include "core/units.h"

#define NONE SIM_OPERATIONS_NONE

/* Lines that carry nothing for a while. Copies over them wait, each with the timer of its
 * operation; of the streams of a site all break at once, with the timer of one. */

bool sim_operations_is_cut(const struct sim_infra *infra, uint32_t from, uint32_t to)
{
    return from != to && (infra->sites[from].is_cut || infra->sites[to].is_cut);
}

uint32_t sim_operations_delivered_ms(const struct sim_infra *infra,
    const struct sim_instances_one *one)
{
    uint32_t until_ms = (uint32_t)(sim_loop_now_ns(infra->config.loop) / HB_NS_PER_MS);
    const uint32_t ends[2] = { one->stream_from, one->site };
    for (int i = 0; i < 2; i++) {
        const struct sim_infra_site *end = &infra->sites[ends[i]];
        until_ms = end->is_cut && end->cut_ms < until_ms ? end->cut_ms : until_ms;
    }
    return until_ms > one->stream_since_ms ? until_ms : one->stream_since_ms;
}

static bool is_at(uint32_t site, uint32_t from, uint32_t to)
{
    return from != to && (from == site || to == site);
}

/* The instance's copy over the site's line begins to wait, or goes on. */
static void turn_copy(struct sim_infra *infra, const struct sim_instances_one *one, uint32_t site)
{
    if (one->operation == NONE || infra->operations[one->operation].kind != SIM_OPERATIONS_COPY) {
        return;
    }
    struct sim_operations_one *copy = &infra->operations[one->operation];
    if (!is_at(site, copy->from, copy->site)) {
        return;
    }
    if (!sim_operations_is_cut(infra, copy->from, copy->site)) {
        sim_timer_cancel(&copy->timer);
    } else if (copy->timer.deadline_ns == 0) { /* else the other end was cut before */
        sim_operations_start_timer(infra, one->operation, infra->config.service.stall_timeout_s);
    }
}

void sim_infra_cut(struct sim_infra *infra, uint32_t site, bool is_cut)
{
    struct sim_infra_site *at = &infra->sites[site];
    assert(infra->stream_reqs != NULL);
    if (at->is_cut == is_cut) {
        return;
    }
    at->is_cut = is_cut;
    at->cut_ms = (uint32_t)(sim_loop_now_ns(infra->config.loop) / HB_NS_PER_MS);
    sim_transfer_cut(infra->transfer, site, is_cut);
    for (uint32_t client = 0; client < infra->config.client_count; client++) {
        uint32_t i = sim_instances_first(infra->instances, client);
        while (i != SIM_INSTANCES_NONE) {
            turn_copy(infra, sim_instances_at(infra->instances, i), site);
            i = sim_instances_at(infra->instances, i)->next;
        }
    }
    if (at->break_operation != NONE) {
        sim_operations_release(infra, at->break_operation);
        at->break_operation = NONE;
    }
    if (!is_cut) {
        return;
    }
    at->break_operation = sim_operations_begin(infra, SIM_OPERATIONS_BREAK, 0, 0);
    if (at->break_operation != NONE) {
        infra->operations[at->break_operation].site = site;
        sim_operations_start_timer(infra, at->break_operation,
            infra->config.service.stall_timeout_s);
    }
}

/* Who waits for the stream hears of it at the next turn. */
static void break_stream(struct sim_infra *infra, uint32_t client, uint32_t i)
{
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    uint32_t operation
        = sim_operations_begin(infra, SIM_OPERATIONS_ANSWER, infra->stream_reqs[i], client);
    sim_operations_end_stream(infra, one, false);
    if (operation != NONE) {
        infra->operations[operation].site = one->site;
        sim_operations_finish_soon(infra, operation, HB_RESULT_FAILED, 0.0);
    }
}

void sim_operations_break(struct sim_infra *infra, uint32_t operation)
{
    struct sim_operations_one *due = &infra->operations[operation];
    if (due->kind == SIM_OPERATIONS_COPY) {
        due->value += sim_transfer_abort(infra->transfer, due->sub);
        sim_operations_fail_copy(infra, operation);
        return;
    }
    for (uint32_t client = 0; client < infra->config.client_count; client++) {
        uint32_t i = sim_instances_first(infra->instances, client);
        while (i != SIM_INSTANCES_NONE) {
            const struct sim_instances_one *one = sim_instances_at(infra->instances, i);
            uint32_t next = one->next;
            if (one->stream_from != HB_NONE && is_at(due->site, one->stream_from, one->site)) {
                break_stream(infra, client, i);
            }
            i = next;
        }
    }
}
