/* SPDX-License-Identifier: Apache-2.0 */
#include "core/replay.h"

#include <stdlib.h>

#include "core/units.h"

/* An answer to come. order keeps those of one instant as they were given. */
struct due {
    int64_t at_ns;
    uint64_t order, req;
    uint32_t kind; /* enum hb_event_kind */
    uint32_t client, site;
    double ttl_s; /* DONE of dns_point: SERVED follows after it; < 0: nothing does */
};

/* When a site last answered a probe of the recording, and how long after the one before. */
struct voice {
    int64_t heard_ns, gap_ns;
};

struct hb_replay {
    struct hb_record_tap tap;
    void *listener;
    void (*listen)(void *listener, const struct hb_command *command);
    struct hb_controller *controller;
    uint32_t client_capacity;
    struct hb_replay_answers answers;
    int is_what_if;
    enum hb_status status; /* of the answers kept during an event */
    uint64_t order;
    struct voice *voices; /* [site_count] */
    uint32_t site_count;
    int64_t interval_ns; /* of the controller's own probes; 0: the recording's count */
    uint64_t *questions; /* [client_capacity] req of the open question; 0: none */
    struct due *heap;    /* least first, by instant and order */
    size_t heap_count, heap_capacity;
};

static int is_before(const struct due *a, const struct due *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order);
}

static void push(struct hb_replay *replay, struct due due)
{
    if (replay->heap_count == replay->heap_capacity) {
        size_t capacity = replay->heap_capacity == 0 ? 256 : 2 * replay->heap_capacity;
        struct due *heap = realloc(replay->heap, capacity * sizeof *heap);
        if (heap == NULL) {
            replay->status = HB_ERR_MEMORY;
            return;
        }
        replay->heap = heap;
        replay->heap_capacity = capacity;
    }
    due.order = replay->order++;
    size_t at = replay->heap_count++;
    while (at > 0 && is_before(&due, &replay->heap[(at - 1) / 2])) {
        replay->heap[at] = replay->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    replay->heap[at] = due;
}

static struct due pop(struct hb_replay *replay)
{
    struct due top = replay->heap[0];
    struct due last = replay->heap[--replay->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < replay->heap_count
            && is_before(&replay->heap[child + 1], &replay->heap[child])) {
            child++;
        }
        if (child >= replay->heap_count || !is_before(&replay->heap[child], &last)) {
            break;
        }
        replay->heap[at] = replay->heap[child];
        at = child;
    }
    replay->heap[at] = last;
    return top;
}

/* The plain world: when is the command answered? < 0: not by a delay. */
static double delay_s(const struct hb_replay_answers *answers, enum hb_command_kind kind)
{
    switch (kind) {
    case HB_COMMAND_PROVISION:
        return answers->provision_s;
    case HB_COMMAND_RESUME:
        return answers->resume_s;
    case HB_COMMAND_STANDBY:
        return answers->standby_s;
    case HB_COMMAND_STOP:
        return answers->stop_s;
    case HB_COMMAND_COPY:
        return answers->copy_s;
    case HB_COMMAND_FENCE:
        return answers->fence_s;
    case HB_COMMAND_DNS_POINT:
    case HB_COMMAND_DNS_CLEAR:
        return answers->dns_s;
    case HB_COMMAND_ROUTE_ANNOUNCE:
    case HB_COMMAND_ROUTE_WITHDRAW:
        return answers->route_s;
    case HB_COMMAND_WAKE_AT:
    case HB_COMMAND_WAKE_CANCEL:
    case HB_COMMAND_PREDICT:
    case HB_COMMAND_COPY_ABORT:
    case HB_COMMAND_PROBE:
    case HB_COMMAND_COUNT:
        break;
    }
    return -1.0;
}

/* What if: the site answers a probe if it answered the recorded ones lately. */
static int is_answering(const struct hb_replay *replay, uint32_t site, int64_t now_ns)
{
    const struct voice *voice = &replay->voices[site];
    int64_t gap_ns = voice->gap_ns > replay->interval_ns ? voice->gap_ns : replay->interval_ns;
    return voice->heard_ns == INT64_MIN || now_ns - voice->heard_ns <= 2 * gap_ns;
}

static void note_voice(struct hb_replay *replay, const struct hb_event *event)
{
    struct voice *voice = &replay->voices[event->site];
    if (event->kind == HB_EVENT_PROBE_ANSWERED) {
        voice->gap_ns = voice->heard_ns == INT64_MIN ? 0 : event->at_ns - voice->heard_ns;
        voice->heard_ns = event->at_ns;
    }
}

/* A cancelled timer comes all the same: its req is no longer waited for. */
static void answer(struct hb_replay *replay, const struct hb_command *command)
{
    enum hb_command_kind kind = (enum hb_command_kind)command->kind;
    double wait_s = delay_s(&replay->answers, kind);
    struct due due = { .req = command->req, .client = command->client, .site = command->site,
        .kind = HB_EVENT_DONE, .ttl_s = -1.0 };
    if (kind == HB_COMMAND_PREDICT) {
        replay->questions[command->client] = command->req;
    } else if (kind == HB_COMMAND_WAKE_AT) {
        due.kind = HB_EVENT_TIMER;
        due.at_ns = command->wake_ns;
        push(replay, due);
    } else if (kind == HB_COMMAND_PROBE) {
        due.kind = HB_EVENT_PROBE_ANSWERED;
        due.at_ns = command->at_ns;
        if (is_answering(replay, command->site, command->at_ns)) {
            push(replay, due);
        }
    } else if (wait_s >= 0.0) {
        due.at_ns = hb_units_after(command->at_ns, wait_s);
        due.ttl_s = kind == HB_COMMAND_DNS_POINT ? command->value : -1.0;
        push(replay, due);
    }
}

static void on_command(void *ctx, const struct hb_command *command)
{
    struct hb_replay *replay = ctx;
    if (replay->listen != NULL) {
        replay->listen(replay->listener, command);
    }
    if (replay->is_what_if) {
        answer(replay, command);
    }
}

enum hb_status hb_replay_create(const struct hb_controller_setup *setup,
    const struct hb_replay_answers *answers, void *ctx,
    void (*listen)(void *ctx, const struct hb_command *command), struct hb_replay **out)
{
    struct hb_replay *replay = malloc(sizeof *replay);
    if (replay == NULL) {
        return HB_ERR_MEMORY;
    }
    *replay = (struct hb_replay) { .listener = ctx, .listen = listen,
        .client_capacity = setup->client_capacity, .site_count = setup->map->site_count,
        .interval_ns = hb_units_ns(setup->policy.probe_interval_s) };
    replay->tap = (struct hb_record_tap) { .ctx = replay, .on_command = on_command };
    enum hb_status status = HB_OK;
    if (answers != NULL) {
        replay->is_what_if = 1;
        replay->answers = *answers;
        replay->questions = calloc(setup->client_capacity, sizeof *replay->questions);
        replay->voices = calloc(replay->site_count, sizeof *replay->voices);
        status = replay->questions == NULL || replay->voices == NULL ? HB_ERR_MEMORY : HB_OK;
    }
    for (uint32_t site = 0; replay->voices != NULL && site < replay->site_count; site++) {
        replay->voices[site].heard_ns = INT64_MIN;
    }
    struct hb_ports ports = hb_record_tap_ports(&replay->tap);
    if (status == HB_OK) {
        status = hb_controller_create(setup, &ports, &replay->controller);
    }
    if (status != HB_OK) {
        hb_replay_free(replay);
        return status;
    }
    *out = replay;
    return HB_OK;
}

void hb_replay_free(struct hb_replay *replay)
{
    if (replay == NULL) {
        return;
    }
    hb_controller_free(replay->controller);
    free(replay->heap);
    free(replay->voices);
    free(replay->questions);
    free(replay);
}

static enum hb_status hand_over(struct hb_replay *replay, const struct hb_event *event)
{
    hb_record_tap_event(&replay->tap, event);
    enum hb_status status = hb_controller_handle(replay->controller, event);
    return status != HB_OK ? status : replay->status;
}

static enum hb_status deliver(struct hb_replay *replay, const struct due *due)
{
    struct hb_event event = { .at_ns = due->at_ns, .req = due->req, .kind = (uint16_t)due->kind,
        .client = due->client, .place = HB_NONE, .site = due->site };
    if (due->kind == HB_EVENT_DONE && due->ttl_s >= 0.0) {
        struct due served = { .at_ns = hb_units_after(due->at_ns, due->ttl_s),
            .kind = HB_EVENT_SERVED, .client = due->client, .site = due->site };
        push(replay, served);
    }
    return hand_over(replay, &event);
}

enum hb_status hb_replay_finish(struct hb_replay *replay, int64_t until_ns)
{
    enum hb_status status = replay->status;
    while (status == HB_OK && replay->heap_count > 0 && replay->heap[0].at_ns <= until_ns) {
        struct due due = pop(replay);
        status = deliver(replay, &due);
    }
    return status;
}

static int is_of_the_world(enum hb_event_kind kind)
{
    switch (kind) {
    case HB_EVENT_CONNECTED:
    case HB_EVENT_SEEN:
    case HB_EVENT_DISCONNECTED:
    case HB_EVENT_CONSENT:
    case HB_EVENT_PREDICTED:
    case HB_EVENT_PROBE_ANSWERED:
    case HB_EVENT_PROBE_MISSED:
    case HB_EVENT_SITE_DRAIN:
        return 1;
    case HB_EVENT_SERVED:
    case HB_EVENT_DONE:
    case HB_EVENT_SITE_CAPACITY:
    case HB_EVENT_TIMER:
    case HB_EVENT_COUNT:
        break;
    }
    return 0;
}

enum hb_status hb_replay_feed(struct hb_replay *replay, const struct hb_event *event)
{
    if (!replay->is_what_if) {
        return hand_over(replay, event);
    }
    enum hb_status status = hb_replay_finish(replay, event->at_ns);
    if (status != HB_OK || !is_of_the_world((enum hb_event_kind)event->kind)) {
        return status;
    }
    struct hb_event own = *event;
    if (event->kind == HB_EVENT_PREDICTED) {
        if (event->client >= replay->client_capacity) {
            return HB_ERR_RANGE;
        }
        own.req = replay->questions[event->client];
        replay->questions[event->client] = 0;
    }
    if (event->kind == HB_EVENT_PROBE_ANSWERED || event->kind == HB_EVENT_PROBE_MISSED) {
        if (event->site >= replay->site_count) {
            return HB_ERR_RANGE;
        }
        note_voice(replay, event);
        own.req = 0;
        if (replay->interval_ns > 0 && event->client == HB_NONE) {
            return HB_OK; /* it asks by itself */
        }
    }
    return hand_over(replay, &own);
}

uint64_t hb_replay_digest(const struct hb_replay *replay)
{
    return replay->tap.digest;
}

uint64_t hb_replay_command_count(const struct hb_replay *replay)
{
    return replay->tap.command_count;
}
