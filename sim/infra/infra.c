/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/operations.h"

#include <assert.h>
#include <math.h>

#include "core/units.h"

#define NONE SIM_OPERATIONS_NONE

/* Commands and what becomes of them; creation and queries are in
 * infra_state.c, copies and streams in infra_copy.c. */

static int64_t now_of(const struct sim_infra *infra)
{
    return sim_loop_now_ns(infra->config.loop);
}

void sim_operations_start_timer(struct sim_infra *infra, uint32_t operation, double duration_s)
{
    int64_t at_ns = hb_units_after(now_of(infra), duration_s);
    sim_timer_start(&infra->timers, operation, at_ns > 0 ? at_ns : 1);
}

uint32_t sim_operations_begin(struct sim_infra *infra, enum sim_operations_kind kind,
    uint64_t req, uint32_t client)
{
    uint32_t operation = infra->free_operation;
    if (operation != NONE) {
        infra->free_operation = infra->operations[operation].next;
    } else if (infra->fresh_operation < infra->config.operation_capacity) {
        operation = infra->fresh_operation++;
    } else {
        sim_loop_stop(infra->config.loop, HB_ERR_FULL);
        return NONE;
    }
    struct sim_operations_one *one = &infra->operations[operation];
    *one = (struct sim_operations_one){ .timer = one->timer, .req = req, .client = client,
        .site = HB_NONE, .from = HB_NONE, .sub = NONE, .kind = (uint8_t)kind };
    return operation;
}

void sim_operations_release(struct sim_infra *infra, uint32_t operation)
{
    struct sim_operations_one *one = &infra->operations[operation];
    sim_timer_cancel(&one->timer);
    one->next = infra->free_operation;
    infra->free_operation = operation;
}

void sim_operations_finish(struct sim_infra *infra, uint32_t operation, enum hb_result result,
    double value)
{
    struct sim_operations_one *one = &infra->operations[operation];
    uint64_t req = one->req;
    uint32_t client = one->client, site = one->site;
    sim_operations_release(infra, operation);
    infra->config.host.done(infra->config.host.ctx, req, client, site, result, value);
}

void sim_operations_finish_soon(struct sim_infra *infra, uint32_t operation,
    enum hb_result result, double value)
{
    struct sim_operations_one *one = &infra->operations[operation];
    one->kind = SIM_OPERATIONS_ANSWER;
    one->result = (uint8_t)result;
    one->value = value;
    sim_operations_start_timer(infra, operation, 0.0);
}

static void answer(struct sim_infra *infra, const struct sim_infra_copy *who,
    enum hb_result result)
{
    uint32_t operation = sim_operations_begin(infra, SIM_OPERATIONS_ANSWER, who->req, who->client);
    if (operation != NONE) {
        infra->operations[operation].site = who->to;
        sim_operations_finish_soon(infra, operation, result, 0.0);
    }
}

/* ---- instances begin and end to run ---- */

static void run(struct sim_infra *infra, uint32_t client, uint32_t i)
{
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    one->phase = SIM_INSTANCES_RUNNING;
    one->operation = SIM_INSTANCES_NONE;
    sim_instances_set_power(infra->instances, i,
        infra->served[client] == one->site ? HB_POWER_BUSY : HB_POWER_IDLE, now_of(infra));
}

static void book_image(struct sim_infra *infra, uint32_t site)
{
    double pulled_mb = sim_provision_pulled_mb(infra->provision, site);
    double new_mb = pulled_mb - infra->sites[site].image_booked_mb;
    if (new_mb > 0.0) {
        infra->sites[site].image_booked_mb = pulled_mb;
        sim_ledger_book_bytes(infra->ledger, SIM_LEDGER_PURPOSE_IMAGE, HB_NONE, site,
            (uint64_t)llround(new_mb * 1e6));
    }
}

static void end_start(struct sim_infra *infra, uint32_t operation, enum hb_result result,
    double lead_s)
{
    struct sim_operations_one *one = &infra->operations[operation];
    uint32_t i = sim_instances_find(infra->instances, one->client, one->site);
    assert(i != SIM_INSTANCES_NONE);
    infra->counts.provisioned += result == HB_RESULT_OK;
    infra->counts.failed += result == HB_RESULT_FAILED;
    if (result == HB_RESULT_OK) {
        run(infra, one->client, i);
    } else {
        sim_instances_remove(infra->instances, one->client, i, now_of(infra));
    }
    sim_operations_finish(infra, operation, result, lead_s);
}

/* tag: an operation, or, shared, a site with all the operations that wait. */
void sim_operations_provisioned(void *ctx, uint32_t job, uint64_t tag, enum hb_result result,
    double lead_s)
{
    (void)job; /* known by its tag */
    struct sim_infra *infra = ctx;
    if (!infra->config.service.shared) {
        book_image(infra, infra->operations[tag].site);
        end_start(infra, (uint32_t)tag, result, lead_s);
        return;
    }
    struct sim_infra_site *site = &infra->sites[tag];
    uint32_t waiting = site->shared_waiting;
    site->shared_waiting = site->shared_job = NONE;
    book_image(infra, (uint32_t)tag);
    while (waiting != NONE) {
        uint32_t operation = waiting;
        waiting = infra->operations[operation].sub;
        end_start(infra, operation, result, lead_s);
    }
}

static enum hb_status start_job(struct sim_infra *infra, uint32_t operation)
{
    struct sim_operations_one *one = &infra->operations[operation];
    struct sim_infra_site *site = &infra->sites[one->site];
    bool is_shared = infra->config.service.shared;
    struct sim_provision_order order = { .client = one->client, .site = one->site,
        .tag = is_shared ? one->site : operation };
    if (!is_shared) {
        return sim_provision_start(infra->provision, &order, &one->sub);
    }
    enum hb_status status = HB_OK;
    if (site->shared_job == NONE) {
        status = sim_provision_start(infra->provision, &order, &site->shared_job);
    }
    if (status == HB_OK) {
        one->sub = site->shared_waiting;
        site->shared_waiting = operation;
    }
    return status;
}

void sim_operations_cancel_job(struct sim_infra *infra, uint32_t operation)
{
    struct sim_operations_one *one = &infra->operations[operation];
    infra->counts.cancelled++;
    if (!infra->config.service.shared) {
        sim_provision_cancel(infra->provision, one->sub);
        return;
    }
    struct sim_infra_site *site = &infra->sites[one->site];
    uint32_t *link = &site->shared_waiting;
    while (*link != operation) {
        link = &infra->operations[*link].sub;
    }
    *link = one->sub;
    if (site->shared_waiting == NONE) {
        sim_provision_cancel(infra->provision, site->shared_job);
        site->shared_job = NONE;
    }
}

/* Whether a shared service runs at the site already, for somebody. */
static bool is_shared_running(const struct sim_infra *infra, uint32_t site)
{
    return infra->config.service.shared && infra->sites[site].shared_job == NONE
        && sim_instances_used(infra->instances, site) > 0;
}

static uint32_t add_instance(struct sim_infra *infra, uint32_t client, uint32_t site)
{
    uint32_t i = sim_instances_add(infra->instances, client, site, now_of(infra));
    if (i == SIM_INSTANCES_NONE) {
        sim_loop_stop(infra->config.loop, HB_ERR_FULL);
    }
    return i;
}

/* Who had it stopped hears that it is; from now on it is the opener's. */
static void revive(struct sim_infra *infra, uint32_t client, uint32_t i)
{
    sim_operations_finish_soon(infra, sim_instances_at(infra->instances, i)->operation,
        HB_RESULT_OK, 0.0);
    run(infra, client, i);
}

enum hb_status sim_infra_open(struct sim_infra *infra, uint32_t client, uint32_t site)
{
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (i != SIM_INSTANCES_NONE) {
        if (sim_instances_at(infra->instances, i)->phase == SIM_INSTANCES_STOPPING) {
            revive(infra, client, i);
        }
        return HB_OK;
    }
    if (infra->sites[site].is_dead) {
        return HB_ERR_STATE;
    }
    infra->counts.overbooked += !sim_instances_has_room(infra->instances, site);
    i = add_instance(infra, client, site);
    if (i == SIM_INSTANCES_NONE) {
        return HB_ERR_FULL;
    }
    infra->counts.opened++;
    run(infra, client, i);
    return HB_OK;
}

static void start_anew(struct sim_infra *infra, const struct sim_infra_copy *who)
{
    bool is_running = is_shared_running(infra, who->to);
    uint32_t i = add_instance(infra, who->client, who->to);
    if (i == SIM_INSTANCES_NONE) {
        return;
    }
    if (is_running) {
        run(infra, who->client, i);
        answer(infra, who, HB_RESULT_OK);
        return;
    }
    uint32_t operation = sim_operations_begin(infra, SIM_OPERATIONS_START, who->req, who->client);
    if (operation == NONE) {
        return;
    }
    infra->operations[operation].site = who->to;
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    one->phase = SIM_INSTANCES_PROVISIONING;
    one->operation = operation;
    if (start_job(infra, operation) != HB_OK) {
        sim_instances_remove(infra->instances, who->client, i, now_of(infra));
        infra->counts.failed++;
        sim_operations_finish_soon(infra, operation, HB_RESULT_FAILED, 0.0);
    }
}

void sim_infra_provision(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site)
{
    struct sim_infra_copy who = { .req = req, .client = client, .to = site };
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (infra->sites[site].is_dead) {
        answer(infra, &who, HB_RESULT_FAILED);
        return;
    }
    if (i == SIM_INSTANCES_NONE) {
        if (sim_instances_has_room(infra->instances, site)) {
            start_anew(infra, &who);
        } else {
            infra->counts.refused++;
            answer(infra, &who, HB_RESULT_NO_ROOM);
        }
        return;
    }
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    switch ((enum sim_instances_phase)one->phase) {
    case SIM_INSTANCES_RUNNING:
        answer(infra, &who, HB_RESULT_OK);
        break;
    case SIM_INSTANCES_STANDBY:
        sim_infra_resume(infra, req, client, site);
        break;
    case SIM_INSTANCES_PROVISIONING:
    case SIM_INSTANCES_RESUMING:
        infra->operations[one->operation].req = req; /* the later request is the current one */
        break;
    case SIM_INSTANCES_SUSPENDING:
    case SIM_INSTANCES_STOPPING:
        answer(infra, &who, HB_RESULT_FAILED);
        break;
    }
}

/* ---- power states ---- */

/* Ends what is under way at an instance, and the streams at both its ends. */
void sim_operations_interrupt(struct sim_infra *infra, uint32_t client, uint32_t i)
{
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    uint32_t operation = one->operation;
    one->operation = SIM_INSTANCES_NONE;
    if (operation != SIM_INSTANCES_NONE) {
        if (infra->operations[operation].kind == SIM_OPERATIONS_COPY) {
            sim_operations_abort_copy(infra, operation);
        }
        sim_operations_finish_soon(infra, operation, HB_RESULT_ABORTED, 0.0);
    }
    sim_operations_end_stream(infra, one, false);
    for (uint32_t k = sim_instances_first(infra->instances, client); k != SIM_INSTANCES_NONE;
         k = sim_instances_at(infra->instances, k)->next) {
        struct sim_instances_one *other = sim_instances_at(infra->instances, k);
        uint32_t copy = other->operation;
        if (copy != SIM_INSTANCES_NONE && infra->operations[copy].kind == SIM_OPERATIONS_COPY
            && infra->operations[copy].from == one->site) {
            sim_operations_abort_copy(infra, copy);
            sim_operations_finish_soon(infra, copy, HB_RESULT_FAILED, 0.0);
        }
        if (other->stream_from == one->site) {
            sim_operations_end_stream(infra, other, true);
        }
    }
}

static void change(struct sim_infra *infra, const struct sim_infra_copy *who, uint32_t i,
    enum sim_instances_phase phase)
{
    const struct sim_infra_service *service = &infra->config.service;
    uint32_t operation = sim_operations_begin(infra, SIM_OPERATIONS_CHANGE, who->req, who->client);
    if (operation == NONE) {
        return;
    }
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    infra->operations[operation].site = who->to;
    one->operation = operation;
    one->phase = (uint8_t)phase;
    double takes_s = phase == SIM_INSTANCES_STOPPING ? service->stop_s
        : phase == SIM_INSTANCES_SUSPENDING ? service->standby_s : service->resume_s;
    sim_operations_start_timer(infra, operation, takes_s);
}

void sim_infra_stop(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site)
{
    struct sim_infra_copy who = { .req = req, .client = client, .to = site };
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (i == SIM_INSTANCES_NONE) {
        answer(infra, &who, HB_RESULT_OK);
        return;
    }
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    if (one->phase == SIM_INSTANCES_PROVISIONING) {
        sim_operations_cancel_job(infra, one->operation);
        sim_operations_finish_soon(infra, one->operation, HB_RESULT_ABORTED, 0.0);
        sim_instances_remove(infra->instances, client, i, now_of(infra));
        answer(infra, &who, HB_RESULT_OK);
        return;
    }
    sim_operations_interrupt(infra, client, i);
    change(infra, &who, i, SIM_INSTANCES_STOPPING);
}

void sim_infra_standby(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site)
{
    struct sim_infra_copy who = { .req = req, .client = client, .to = site };
    uint32_t i = sim_instances_find(infra->instances, client, site);
    int phase = i == SIM_INSTANCES_NONE ? -1 : sim_instances_at(infra->instances, i)->phase;
    if (phase == SIM_INSTANCES_RUNNING) {
        sim_operations_interrupt(infra, client, i);
        change(infra, &who, i, SIM_INSTANCES_SUSPENDING);
    } else {
        answer(infra, &who, phase == SIM_INSTANCES_STANDBY ? HB_RESULT_OK : HB_RESULT_FAILED);
    }
}

void sim_infra_resume(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site)
{
    struct sim_infra_copy who = { .req = req, .client = client, .to = site };
    uint32_t i = sim_instances_find(infra->instances, client, site);
    int phase = i == SIM_INSTANCES_NONE ? -1 : sim_instances_at(infra->instances, i)->phase;
    if (phase == SIM_INSTANCES_STANDBY) {
        sim_instances_set_power(infra->instances, i, HB_POWER_IDLE, now_of(infra));
        change(infra, &who, i, SIM_INSTANCES_RESUMING);
    } else {
        answer(infra, &who, phase == SIM_INSTANCES_RUNNING ? HB_RESULT_OK : HB_RESULT_FAILED);
    }
}

static void end_change(struct sim_infra *infra, uint32_t operation)
{
    struct sim_operations_one *change_of = &infra->operations[operation];
    uint32_t client = change_of->client;
    uint32_t i = sim_instances_find(infra->instances, client, change_of->site);
    assert(i != SIM_INSTANCES_NONE);
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    one->operation = SIM_INSTANCES_NONE;
    if (one->phase == SIM_INSTANCES_STOPPING) {
        sim_instances_remove(infra->instances, client, i, now_of(infra));
    } else if (one->phase == SIM_INSTANCES_SUSPENDING) {
        one->phase = SIM_INSTANCES_STANDBY;
        sim_instances_set_power(infra->instances, i, HB_POWER_STANDBY, now_of(infra));
    } else {
        run(infra, client, i);
    }
    sim_operations_finish(infra, operation, HB_RESULT_OK, 0.0);
}

void sim_operations_expire(void *ctx, const struct sim_event *event)
{
    struct sim_infra *infra = ctx;
    struct sim_operations_one *one = &infra->operations[event->entity];
    switch ((enum sim_operations_kind)one->kind) {
    case SIM_OPERATIONS_CHANGE:
        end_change(infra, event->entity);
        break;
    case SIM_OPERATIONS_ANSWER:
        sim_operations_finish(infra, event->entity, (enum hb_result)one->result, one->value);
        break;
    case SIM_OPERATIONS_COPY:
    case SIM_OPERATIONS_BREAK:
        sim_operations_break(infra, event->entity);
        break;
    case SIM_OPERATIONS_START:
        assert(false); /* it has no timer */
        break;
    }
}
