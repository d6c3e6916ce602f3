/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include <stddef.h>
#include <string.h>

const char *hb_record_command_name(enum hb_command_kind kind)
{
    static const char *const names[HB_COMMAND_COUNT] = {
#define X(name, text) [HB_COMMAND_##name] = text,
        HB_COMMAND_LIST(X)
#undef X
    };
    return (unsigned)kind < HB_COMMAND_COUNT ? names[kind] : "unknown command";
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

int hb_record_is_same_command(const struct hb_command *a, const struct hb_command *b)
{
    return a->kind == b->kind && a->req == b->req && a->at_ns == b->at_ns
        && a->wake_ns == b->wake_ns && a->epoch == b->epoch
        && bits_of(a->value) == bits_of(b->value) && a->client == b->client
        && a->site == b->site && a->from == b->from
        && a->route.local_pref == b->route.local_pref && a->route.med == b->route.med
        && a->route.prepend_count == b->route.prepend_count
        && a->route.community == b->route.community
        && a->route.more_specific == b->route.more_specific;
}

/* One 64-bit word into the digest: xor, then the finalizer of splitmix64,
 * which is a bijection, so that no word is ever lost. */
static uint64_t fold(uint64_t digest, uint64_t word)
{
    uint64_t mixed = (digest ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint64_t hb_record_digest(uint64_t digest, const struct hb_command *command)
{
    const uint64_t words[] = {
        command->kind,
        command->req,
        (uint64_t)command->at_ns,
        (uint64_t)command->wake_ns,
        command->epoch,
        bits_of(command->value),
        (uint64_t)command->client << 32 | command->site,
        (uint64_t)command->from << 32 | command->route.local_pref,
        (uint64_t)command->route.med << 32 | command->route.prepend_count,
        (uint64_t)command->route.community << 32 | command->route.more_specific,
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        digest = fold(digest, words[i]);
    }
    return digest;
}

static void note(struct hb_record_tap *tap, struct hb_command command)
{
    command.at_ns = tap->at_ns;
    tap->digest = hb_record_digest(tap->digest, &command);
    tap->command_count++;
    if (tap->on_command != NULL) {
        tap->on_command(tap->ctx, &command);
    }
}

static const struct hb_command empty = { .client = HB_NONE, .site = HB_NONE, .from = HB_NONE };

static int64_t tap_now_ns(void *ctx)
{
    const struct hb_record_tap *tap = ctx;
    return tap->at_ns;
}

static void tap_wake_at(void *ctx, uint64_t req, int64_t at_ns)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_WAKE_AT;
    command.req = req;
    command.wake_ns = at_ns;
    note(tap, command);
    if (tap->inner.wake_at != NULL) {
        tap->inner.wake_at(tap->inner.ctx, req, at_ns);
    }
}

static void tap_wake_cancel(void *ctx, uint64_t req)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_WAKE_CANCEL;
    command.req = req;
    note(tap, command);
    if (tap->inner.wake_cancel != NULL) {
        tap->inner.wake_cancel(tap->inner.ctx, req);
    }
}

static void tap_predict(void *ctx, uint64_t req, uint32_t client, double horizon_s)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_PREDICT;
    command.req = req;
    command.client = client;
    command.value = horizon_s;
    note(tap, command);
    if (tap->inner.predict != NULL) {
        tap->inner.predict(tap->inner.ctx, req, client, horizon_s);
    }
}

static void note_instance(struct hb_record_tap *tap, enum hb_command_kind kind, uint64_t req,
    uint32_t client, uint32_t site)
{
    struct hb_command command = empty;
    command.kind = kind;
    command.req = req;
    command.client = client;
    command.site = site;
    note(tap, command);
}

static void tap_provision(void *ctx, uint64_t req, uint32_t client, uint32_t site)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_PROVISION, req, client, site);
    if (tap->inner.provision != NULL) {
        tap->inner.provision(tap->inner.ctx, req, client, site);
    }
}

static void tap_stop(void *ctx, uint64_t req, uint32_t client, uint32_t site)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_STOP, req, client, site);
    if (tap->inner.stop != NULL) {
        tap->inner.stop(tap->inner.ctx, req, client, site);
    }
}

static void tap_standby(void *ctx, uint64_t req, uint32_t client, uint32_t site)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_STANDBY, req, client, site);
    if (tap->inner.standby != NULL) {
        tap->inner.standby(tap->inner.ctx, req, client, site);
    }
}

static void tap_resume(void *ctx, uint64_t req, uint32_t client, uint32_t site)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_RESUME, req, client, site);
    if (tap->inner.resume != NULL) {
        tap->inner.resume(tap->inner.ctx, req, client, site);
    }
}

static void tap_copy(void *ctx, uint64_t req, uint32_t client, uint32_t from, uint32_t to)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_COPY;
    command.req = req;
    command.client = client;
    command.from = from;
    command.site = to;
    note(tap, command);
    if (tap->inner.copy != NULL) {
        tap->inner.copy(tap->inner.ctx, req, client, from, to);
    }
}

static void tap_copy_abort(void *ctx, uint64_t req, uint32_t client)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_COPY_ABORT, req, client, HB_NONE);
    if (tap->inner.copy_abort != NULL) {
        tap->inner.copy_abort(tap->inner.ctx, req, client);
    }
}

static void tap_fence(void *ctx, uint64_t req, uint32_t client, uint32_t site, uint64_t epoch)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_FENCE;
    command.req = req;
    command.client = client;
    command.site = site;
    command.epoch = epoch;
    note(tap, command);
    if (tap->inner.fence != NULL) {
        tap->inner.fence(tap->inner.ctx, req, client, site, epoch);
    }
}

static void tap_dns_point(void *ctx, uint64_t req, uint32_t client, uint32_t site, double ttl_s)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_DNS_POINT;
    command.req = req;
    command.client = client;
    command.site = site;
    command.value = ttl_s;
    note(tap, command);
    if (tap->inner.dns_point != NULL) {
        tap->inner.dns_point(tap->inner.ctx, req, client, site, ttl_s);
    }
}

static void tap_dns_clear(void *ctx, uint64_t req, uint32_t client)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_DNS_CLEAR, req, client, HB_NONE);
    if (tap->inner.dns_clear != NULL) {
        tap->inner.dns_clear(tap->inner.ctx, req, client);
    }
}

static void tap_route_announce(void *ctx, uint64_t req, uint32_t site,
    const struct hb_route *route)
{
    struct hb_record_tap *tap = ctx;
    struct hb_command command = empty;
    command.kind = HB_COMMAND_ROUTE_ANNOUNCE;
    command.req = req;
    command.site = site;
    command.route = *route;
    note(tap, command);
    if (tap->inner.route_announce != NULL) {
        tap->inner.route_announce(tap->inner.ctx, req, site, route);
    }
}

static void tap_route_withdraw(void *ctx, uint64_t req, uint32_t site)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_ROUTE_WITHDRAW, req, HB_NONE, site);
    if (tap->inner.route_withdraw != NULL) {
        tap->inner.route_withdraw(tap->inner.ctx, req, site);
    }
}

static void tap_probe(void *ctx, uint64_t req, uint32_t site)
{
    struct hb_record_tap *tap = ctx;
    note_instance(tap, HB_COMMAND_PROBE, req, HB_NONE, site);
    if (tap->inner.probe != NULL) {
        tap->inner.probe(tap->inner.ctx, req, site);
    }
}

static void tap_emit(void *ctx, const struct hb_sample *sample)
{
    const struct hb_record_tap *tap = ctx;
    if (tap->inner.emit != NULL) {
        tap->inner.emit(tap->inner.ctx, sample);
    }
}

struct hb_ports hb_record_tap_ports(struct hb_record_tap *tap)
{
    return (struct hb_ports) {
        .ctx = tap,
        .now_ns = tap_now_ns,
        .wake_at = tap_wake_at,
        .wake_cancel = tap_wake_cancel,
        .predict = tap_predict,
        .provision = tap_provision,
        .stop = tap_stop,
        .standby = tap_standby,
        .resume = tap_resume,
        .copy = tap_copy,
        .copy_abort = tap_copy_abort,
        .fence = tap_fence,
        .dns_point = tap_dns_point,
        .dns_clear = tap_dns_clear,
        .route_announce = tap_route_announce,
        .route_withdraw = tap_route_withdraw,
        .probe = tap_probe,
        .emit = tap_emit,
    };
}

void hb_record_tap_event(struct hb_record_tap *tap, const struct hb_event *event)
{
    tap->at_ns = event->at_ns;
}
