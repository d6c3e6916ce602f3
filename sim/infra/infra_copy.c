/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/operations.h"

#include <assert.h>
#include <math.h>

#include "core/precopy.h"
#include "core/units.h"

#define NONE SIM_OPERATIONS_NONE

static int64_t now_of(const struct sim_infra *infra)
{
    return sim_loop_now_ns(infra->config.loop);
}

static uint64_t bytes_of(double mb)
{
    return (uint64_t)llround(fmax(0.0, mb) * 1e6);
}

void sim_operations_book_stream(struct sim_infra *infra, struct sim_instances_one *one,
    enum sim_ledger_purpose purpose)
{
    uint32_t until_ms = sim_operations_delivered_ms(infra, one);
    double sent_mb = (until_ms - one->stream_since_ms) * 1e-3 * infra->config.service.dirty_mb_s;
    sim_ledger_book_bytes(infra->ledger, purpose, one->stream_from, one->site,
        bytes_of(sent_mb));
    one->stream_since_ms = until_ms;
}

void sim_operations_end_stream(struct sim_infra *infra, struct sim_instances_one *one, bool kept)
{
    if (one->stream_from == HB_NONE) {
        return;
    }
    sim_operations_book_stream(infra, one,
        kept ? SIM_LEDGER_PURPOSE_STREAM : SIM_LEDGER_PURPOSE_WASTED);
    sim_transfer_stream(infra->transfer, one->stream_from, one->site,
        -infra->config.service.dirty_mb_s);
    one->stream_from = HB_NONE;
}

static void begin_stream(struct sim_infra *infra, struct sim_instances_one *one,
    const struct sim_operations_one *copy)
{
    if (copy->from == one->site) {
        return;
    }
    one->stream_from = copy->from;
    one->stream_since_ms = (uint32_t)(now_of(infra) / HB_NS_PER_MS);
    if (infra->stream_reqs != NULL) {
        infra->stream_reqs[sim_instances_find(infra->instances, copy->client, one->site)]
            = copy->req;
    }
    sim_transfer_stream(infra->transfer, copy->from, one->site,
        infra->config.service.dirty_mb_s);
}

static void begin_round(struct sim_infra *infra, uint32_t operation, double mb);

static struct sim_instances_one *target_of(struct sim_infra *infra,
    const struct sim_operations_one *copy)
{
    uint32_t i = sim_instances_find(infra->instances, copy->client, copy->site);
    assert(i != SIM_INSTANCES_NONE);
    return sim_instances_at(infra->instances, i);
}

static void end_copy(struct sim_infra *infra, uint32_t operation, enum hb_result result)
{
    struct sim_operations_one *copy = &infra->operations[operation];
    struct sim_instances_one *one = target_of(infra, copy);
    one->operation = SIM_INSTANCES_NONE;
    enum sim_ledger_purpose purpose = result == HB_RESULT_OK ? SIM_LEDGER_PURPOSE_STATE
        : SIM_LEDGER_PURPOSE_WASTED;
    sim_ledger_book_bytes(infra->ledger, purpose, copy->from, copy->site, bytes_of(copy->value));
    infra->counts.copies += result == HB_RESULT_OK;
    infra->counts.copies_failed += result == HB_RESULT_FAILED;
    if (result == HB_RESULT_OK) {
        begin_stream(infra, one, copy);
    }
}

void sim_operations_fail_copy(struct sim_infra *infra, uint32_t operation)
{
    end_copy(infra, operation, HB_RESULT_FAILED);
    sim_operations_finish(infra, operation, HB_RESULT_FAILED,
        infra->operations[operation].value * 1e6);
}

/* After the last live round the stream itself catches up: what is left plus
 * what is written meanwhile, until no more than the target is on the way. */
static double catching_up_mb(const struct sim_infra *infra, const struct sim_operations_one *copy,
    double left_mb)
{
    const struct sim_infra_service *service = &infra->config.service;
    struct hb_precopy_stream stream = { .lag_mb = left_mb, .write_mb_s = service->dirty_mb_s,
        .link_mb_s = sim_transfer_share_mb_s(infra->transfer, copy->from, copy->site) };
    double drain_s;
    if (hb_precopy_drain_s(&stream, service->lag_target_mb, &drain_s) != HB_OK) {
        return -1.0;
    }
    return stream.link_mb_s * drain_s;
}

static void round_arrived(void *ctx, uint32_t transfer, uint64_t tag)
{
    (void)transfer; /* the operation's */
    struct sim_infra *infra = ctx;
    uint32_t operation = (uint32_t)tag;
    struct sim_operations_one *copy = &infra->operations[operation];
    const struct sim_infra_service *service = &infra->config.service;
    double took_s = hb_units_s(now_of(infra) - copy->round_begun_ns);
    double left_mb = fmin(service->working_set_mb, service->dirty_mb_s * took_s);
    copy->value += copy->round_mb;
    copy->round++;
    int is_last = copy->result;
    if (is_last || left_mb <= service->lag_target_mb || copy->from == copy->site) {
        end_copy(infra, operation, HB_RESULT_OK);
        sim_operations_finish(infra, operation, HB_RESULT_OK, copy->value * 1e6);
        return;
    }
    double next_mb = left_mb;
    if (copy->round >= service->copy_rounds || left_mb >= copy->round_mb) {
        next_mb = catching_up_mb(infra, copy, left_mb);
        copy->result = 1;
    }
    if (next_mb < 0.0) {
        sim_operations_fail_copy(infra, operation);
        return;
    }
    begin_round(infra, operation, next_mb);
}

static void begin_round(struct sim_infra *infra, uint32_t operation, double mb)
{
    struct sim_operations_one *copy = &infra->operations[operation];
    copy->round_mb = copy->from == copy->site ? 0.0 : mb;
    copy->round_begun_ns = now_of(infra);
    struct sim_transfer_order order = { .from = copy->from, .to = copy->site,
        .mb = copy->round_mb, .tag = operation, .arrived = round_arrived, .ctx = infra };
    if (sim_transfer_start(infra->transfer, &order, &copy->sub) != HB_OK) {
        end_copy(infra, operation, HB_RESULT_FAILED);
        sim_operations_finish_soon(infra, operation, HB_RESULT_FAILED, copy->value * 1e6);
    } else if (sim_operations_is_cut(infra, copy->from, copy->site)) {
        sim_operations_start_timer(infra, operation, infra->config.service.stall_timeout_s);
    }
}

void sim_infra_copy(struct sim_infra *infra, const struct sim_infra_copy *order)
{
    uint32_t i = sim_instances_find(infra->instances, order->client, order->to);
    struct sim_instances_one *one = i == SIM_INSTANCES_NONE ? NULL
        : sim_instances_at(infra->instances, i);
    int is_possible = one != NULL && one->phase == SIM_INSTANCES_RUNNING
        && one->operation == SIM_INSTANCES_NONE && order->from != HB_NONE;
    uint32_t operation = sim_operations_begin(infra,
        is_possible ? SIM_OPERATIONS_COPY : SIM_OPERATIONS_ANSWER, order->req, order->client);
    if (operation == NONE) {
        return;
    }
    struct sim_operations_one *copy = &infra->operations[operation];
    copy->site = order->to;
    copy->from = order->from;
    if (!is_possible) {
        sim_operations_finish_soon(infra, operation, HB_RESULT_FAILED, 0.0);
        return;
    }
    sim_operations_end_stream(infra, one, true); /* it starts anew */
    one->operation = operation;
    begin_round(infra, operation, infra->config.service.state_mb);
}

void sim_operations_abort_copy(struct sim_infra *infra, uint32_t operation)
{
    struct sim_operations_one *copy = &infra->operations[operation];
    assert(copy->kind == SIM_OPERATIONS_COPY);
    copy->value += sim_transfer_abort(infra->transfer, copy->sub);
    end_copy(infra, operation, HB_RESULT_ABORTED);
}

void sim_infra_copy_end(struct sim_infra *infra, uint32_t client, uint32_t to, bool kept)
{
    uint32_t next;
    for (uint32_t i = sim_instances_first(infra->instances, client); i != SIM_INSTANCES_NONE;
         i = next) {
        struct sim_instances_one *one = sim_instances_at(infra->instances, i);
        next = one->next;
        if (to != HB_NONE && one->site != to) {
            continue;
        }
        uint32_t operation = one->operation;
        if (operation != SIM_INSTANCES_NONE
            && infra->operations[operation].kind == SIM_OPERATIONS_COPY) {
            sim_operations_abort_copy(infra, operation);
            sim_operations_finish_soon(infra, operation, HB_RESULT_ABORTED, 0.0);
        }
        sim_operations_end_stream(infra, one, kept);
    }
}

double sim_infra_lag_mb(struct sim_infra *infra, uint32_t client, uint32_t site)
{
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (i == SIM_INSTANCES_NONE) {
        return 0.0;
    }
    const struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    return one->stream_from == HB_NONE ? 0.0 : sim_transfer_lag_mb(infra->transfer,
        one->stream_from, site, infra->config.service.dirty_mb_s);
}
