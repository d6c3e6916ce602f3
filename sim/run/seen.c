/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/seen.h"

#include <stdbool.h>
#include <string.h>

#include "core/units.h"
#include "sim/run/session.h"

/* Visits of one client as they are found; at NULL: only counted. */
struct log {
    struct data_visit *at;
    uint64_t count;
    struct data_visit last, before; /* the last two, for what shorter than a second */
};

static bool is_same(struct data_visit a, struct data_visit b)
{
    return a.place == b.place && a.activity == b.activity;
}

/* Starts never fall; what began in the same second is replaced. */
static void add(struct log *log, struct data_visit visit)
{
    if (log->count > 0 && log->last.start_s == visit.start_s) {
        log->count--;
        log->last = log->before;
    }
    if (log->count > 0 && is_same(log->last, visit)) {
        return;
    }
    if (log->at != NULL) {
        log->at[log->count] = visit;
    }
    log->before = log->last;
    log->last = visit;
    log->count++;
}

static uint32_t second_of(const struct sim_seen_config *config, const struct sim_session *session)
{
    double at_s = session->until_ns == HB_NEVER_NS ? (double)UINT32_MAX
        : config->origin_s + hb_units_s(session->until_ns);
    return at_s < (double)UINT32_MAX ? (uint32_t)at_s : UINT32_MAX;
}

/* Visits and sessions in turn, whichever begins or ends first. */
static void follow(const struct sim_seen_config *config, const struct data_trace *part,
    uint32_t client, struct log *log)
{
    const struct sim_stage stage = { .scenario = config->scenario, .seed = config->seed };
    struct sim_session session = sim_session_start(&stage, config->first + client);
    struct data_visit here = { .place = DATA_NOWHERE };
    uint64_t next = part->first[client], end = part->first[client + 1];
    for (; next < end && part->visits[next].start_s < config->origin_s; next++) {
        here = part->visits[next];
        add(log, here);
    }
    uint32_t now_s = config->origin_s;
    bool has_begun = next > part->first[client];
    while (now_s <= part->end_s) {
        for (; next < end && part->visits[next].start_s <= now_s; next++) {
            here = part->visits[next];
            has_begun = true;
        }
        struct data_visit seen = { .start_s = now_s, .place = DATA_NOWHERE };
        if (session.is_on) {
            seen.place = here.place;
            seen.activity = here.activity;
        }
        if (has_begun) {
            add(log, seen);
        }
        uint32_t until_s = second_of(config, &session);
        uint32_t visit_s = next < end ? part->visits[next].start_s : UINT32_MAX;
        if (until_s == UINT32_MAX && visit_s == UINT32_MAX) {
            return;
        }
        if (until_s <= visit_s) {
            sim_session_next(&stage, config->first + client, &session);
        }
        uint32_t then_s = until_s <= visit_s ? until_s : visit_s;
        now_s = then_s > now_s ? then_s : now_s;
    }
}

static void copy_places(const struct data_trace *part, struct data_trace_store *store,
    struct data_trace_arrays *arrays)
{
    *arrays = data_trace_arrays(store);
    memcpy(arrays->places, part->places, part->place_count * sizeof *part->places);
    data_trace_span(store, part->epoch_unix_s, part->end_s);
}

enum hb_status sim_seen_create(const struct sim_seen_config *config,
    const struct data_trace *part, struct data_trace_store **out)
{
    struct data_trace_sizes sizes = { .client_count = part->client_count,
        .place_count = part->place_count, .region_count = part->region_count };
    for (uint32_t client = 0; client < part->client_count; client++) {
        struct log log = { .at = NULL };
        follow(config, part, client, &log);
        sizes.visit_count += log.count;
    }
    struct data_trace_store *store = NULL;
    enum hb_status status = data_trace_create(&sizes, &store);
    if (status != HB_OK) {
        return status;
    }
    struct data_trace_arrays arrays;
    copy_places(part, store, &arrays);
    for (uint32_t client = 0; client < part->client_count; client++) {
        struct log log = { .at = arrays.visits + arrays.first[client] };
        follow(config, part, client, &log);
        arrays.first[client + 1] = arrays.first[client] + log.count;
    }
    for (uint32_t i = 0; i < part->region_count && status == HB_OK; i++) {
        status = data_trace_name_region(store, i, part->region_names[i]);
    }
    if (status != HB_OK) {
        data_trace_free(store);
        return status;
    }
    *out = store;
    return HB_OK;
}
