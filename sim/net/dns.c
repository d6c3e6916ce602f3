/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/dns_impl.h"

/* The cache of a name that a connected client asks is refreshed at fill, fill + cycle,
 * fill + 2 cycle ... with cycle = TTL as the resolver keeps it + gap, and each refresh takes
 * over what the authoritative servers say at that instant. Between two calls at
 * most one change becomes effective, so `settle` jumps over whole cycles. */

/* count lookups by each who asks, the last at at_ns. A name's own answer comes from
 * the authoritative servers each time, for all who ask; the common name's is in the
 * cache of its resolver already if another client asked less than a TTL ago. */
static void count_lookups(struct sim_dns *dns, struct sim_dns_name *name, uint64_t count,
    int64_t at_ns)
{
    struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    uint64_t asked = count * sim_dns_askers(dns, name);
    dns->counts.lookups += asked;
    bool is_missing = dns->config.negative_ttl_s > 0.0 && name->cached.site == SIM_DNS_NOWHERE;
    dns->counts.negative += is_missing && dns->config.naming == SIM_DNS_NAMING_CLIENT ? asked : 0;
    if (dns->config.naming == SIM_DNS_NAMING_CLIENT || resolver->sends_subnet) {
        dns->counts.misses += count;
        return;
    }
    int64_t kept = sim_dns_kept_ns(dns, resolver, (struct sim_dns_one) { .site = SIM_DNS_NOWHERE });
    if (resolver->shared_fill_ns == INT64_MIN) {
        resolver->shared_fill_ns = at_ns;
        dns->counts.misses++;
    } else if (at_ns - resolver->shared_fill_ns >= kept) {
        uint64_t elapsed = (uint64_t)((at_ns - resolver->shared_fill_ns) / kept);
        uint64_t refills = elapsed < count ? elapsed : count;
        resolver->shared_fill_ns = refills < elapsed
            ? at_ns : resolver->shared_fill_ns + (int64_t)elapsed * kept;
        dns->counts.misses += refills;
    }
}

static uint32_t site_of(struct sim_dns_one answer)
{
    return answer.site == SIM_DNS_NOWHERE ? SIM_DNS_ANYCAST : answer.site;
}

static void take_effect(struct sim_dns_name *name, int64_t now_ns)
{
    if (name->effective_ns <= now_ns) {
        name->said = name->next;
        name->effective_ns = HB_NEVER_NS;
    }
}

static void refresh(struct sim_dns_name *name, int64_t at_ns)
{
    take_effect(name, at_ns);
    name->cached = name->said;
    name->fill_ns = at_ns;
    name->resolver |= SIM_DNS_FILLED;
    name->resolver &= ~SIM_DNS_IS_FAILED;
}

/* Whether the client's look-ups get no answer now. */
static bool is_cut_off(const struct sim_dns *dns, const struct sim_dns_resolver *resolver)
{
    return dns->is_down || resolver->is_down;
}

/* An expired answer is all that there is, and the resolver gives it (RFC 8767). */
static bool is_stale_given(const struct sim_dns *dns, const struct sim_dns_name *name,
    int64_t now_ns)
{
    const struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    int64_t end_ns = hb_units_after(dns->down_since_ns, dns->config.stale_max_s);
    return !resolver->is_down && resolver->serves_stale && now_ns < end_ns
        && (name->resolver & SIM_DNS_FILLED) != 0
        && (name->resolver & SIM_DNS_IS_FAILED) == 0;
}

/* Between two tries while there is no authoritative answer. */
static int64_t retry_ns(const struct sim_dns *dns, const struct sim_dns_name *name,
    int64_t now_ns)
{
    double wait_s = is_stale_given(dns, name, now_ns) ? dns->config.stale_answer_s
                                                        : dns->config.failure_ttl_s;
    return hb_units_ns(wait_s) + dns->gap_ns;
}

static int64_t due_at_ns(const struct sim_dns *dns, const struct sim_dns_name *name)
{
    const struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    return name->fill_ns + sim_dns_kept_ns(dns, resolver, name->cached) + dns->gap_ns;
}

/* Look-ups of a connected client up to now_ns that get no answer of the
 * authoritative servers: a stale one, or none. Two rounds at most: while stale
 * answers are given, and after their last day. */
static void fail_until(struct sim_dns *dns, struct sim_dns_name *name, int64_t now_ns)
{
    int64_t due_ns = due_at_ns(dns, name);
    while (due_ns <= now_ns) {
        bool is_given = is_stale_given(dns, name, due_ns);
        int64_t step_ns = retry_ns(dns, name, due_ns), until_ns = now_ns;
        int64_t end_ns = hb_units_after(dns->down_since_ns, dns->config.stale_max_s);
        until_ns = is_given && end_ns - 1 < now_ns ? end_ns - 1 : now_ns;
        int64_t tries = (until_ns - due_ns) / step_ns + 1;
        uint64_t asked = (uint64_t)tries * sim_dns_askers(dns, name);
        dns->counts.lookups += asked;
        dns->counts.stale += is_given ? asked : 0;
        dns->counts.failed += is_given ? 0 : asked;
        name->resolver |= is_given ? 0 : SIM_DNS_IS_FAILED;
        name->fill_ns += tries * step_ns;
        due_ns += tries * step_ns;
    }
}

/* At most three rounds, see the top. */
static void ask_until(struct sim_dns *dns, struct sim_dns_name *name, int64_t now_ns)
{
    const struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    int64_t due_ns = due_at_ns(dns, name);
    while (due_ns <= now_ns) {
        refresh(name, due_ns);
        int64_t cycle_ns = sim_dns_kept_ns(dns, resolver, name->cached) + dns->gap_ns;
        int64_t same_until_ns = name->effective_ns <= now_ns
            ? name->effective_ns - 1 : now_ns;
        int64_t skipped = same_until_ns > due_ns ? (same_until_ns - due_ns) / cycle_ns : 0;
        name->fill_ns += skipped * cycle_ns;
        count_lookups(dns, name, (uint64_t)skipped + 1, name->fill_ns);
        due_ns = name->fill_ns + cycle_ns;
    }
}

/* Whether look-ups are answered does not change on the way: outages settle all. */
void sim_dns_settle(struct sim_dns *dns, struct sim_dns_name *name, int64_t now_ns)
{
    if (name->resolver & SIM_DNS_CONNECTED) {
        if (is_cut_off(dns, sim_dns_resolver_of(dns, name))) {
            fail_until(dns, name, now_ns);
        } else {
            ask_until(dns, name, now_ns);
        }
    }
    take_effect(name, now_ns);
}

/* Looks the name up now: what its resolver has is too old, or a failure. */
static void look_up(struct sim_dns *dns, uint32_t client, int64_t now_ns)
{
    struct sim_dns_name *name = sim_dns_name_of(dns, client);
    const struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    if (is_cut_off(dns, resolver)) {
        name->fill_ns = now_ns - dns->gap_ns
            - sim_dns_kept_ns(dns, resolver, name->cached); /* a try is due now */
        fail_until(dns, name, now_ns);
    } else {
        refresh(name, now_ns);
        count_lookups(dns, name, 1, now_ns);
    }
    if (now_ns == 0 && dns->config.stagger) {
        struct sim_stream draws = sim_stream_of(dns->config.seed, SIM_STREAM_DNS, client);
        int64_t cycle_ns = sim_dns_kept_ns(dns, resolver, name->cached) + dns->gap_ns;
        name->fill_ns = -(int64_t)(sim_draw_uniform(&draws) * (double)cycle_ns);
    }
}

/* One more asks by a shared name that is in the cache, if it can ask at all. */
static void hit(struct sim_dns *dns, uint32_t client)
{
    bool is_down = sim_dns_resolver_of(dns, sim_dns_name_of(dns, client))->is_down;
    dns->counts.lookups++;
    dns->counts.failed += is_down;
    dns->subnets.name_of[client] |= is_down ? SIM_DNS_IS_WITHOUT : 0;
}

bool sim_dns_connect(struct sim_dns *dns, uint32_t client, int64_t now_ns)
{
    assert(client < dns->config.client_count);
    struct sim_dns_name *name = sim_dns_name_of(dns, client);
    sim_dns_settle(dns, name, now_ns);
    bool was_asked = (name->resolver & SIM_DNS_CONNECTED) != 0;
    if (sim_dns_is_shared(dns) ? !sim_dns_share_join(dns, client) : was_asked) {
        return false;
    }
    const struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    bool is_live = (name->resolver & (SIM_DNS_FILLED | SIM_DNS_IS_FAILED)) == SIM_DNS_FILLED
        && name->fill_ns + sim_dns_kept_ns(dns, resolver, name->cached) > now_ns;
    if (!is_live) {
        look_up(dns, client, now_ns);
    } else if (sim_dns_is_shared(dns)) {
        hit(dns, client);
    }
    name->resolver |= SIM_DNS_CONNECTED;
    return was_asked && !is_live;
}

void sim_dns_disconnect(struct sim_dns *dns, uint32_t client, int64_t now_ns)
{
    assert(client < dns->config.client_count);
    struct sim_dns_name *name = sim_dns_name_of(dns, client);
    sim_dns_settle(dns, name, now_ns);
    if (sim_dns_is_shared(dns) && (!sim_dns_share_leave(dns, client)
            || sim_dns_askers(dns, name) > 0)) {
        return;
    }
    name->resolver &= ~SIM_DNS_CONNECTED;
}

/* Index of the TTL among those in use; false: the table is full. */
static bool note_ttl(struct sim_dns *dns, uint32_t ttl_ms, uint16_t *out)
{
    uint32_t i = 0;
    while (i < dns->ttl_count && dns->ttl_ms[i] != ttl_ms) {
        i++;
    }
    if (i == SIM_DNS_TTLS_MAX) {
        return false;
    }
    if (i == dns->ttl_count) {
        dns->ttl_ms[dns->ttl_count++] = ttl_ms;
    }
    *out = (uint16_t)i;
    return true;
}

/* The name's resolver sees the change as soon as the server that it asks has
 * it. While the servers are out, changes wait. */
static void change(struct sim_dns *dns, struct sim_dns_name *name, struct sim_dns_one next,
    int64_t now_ns)
{
    sim_dns_settle(dns, name, now_ns);
    uint32_t server = sim_dns_resolver_of(dns, name)->server;
    name->resolver &= ~SIM_DNS_IS_WAITING;
    name->resolver |= dns->is_down ? SIM_DNS_IS_WAITING : 0;
    name->effective_ns = dns->is_down || now_ns > HB_NEVER_NS - dns->update_delay_ns
        ? HB_NEVER_NS : now_ns + sim_dns_lag_ns(dns, server, dns->serial, now_ns);
    name->next = next;
    take_effect(name, now_ns);
}

enum hb_status sim_dns_point(struct sim_dns *dns, uint32_t client, uint32_t site,
    double ttl_s, int64_t now_ns, int64_t *effective_ns)
{
    assert(client < dns->config.client_count);
    if (dns->config.naming == SIM_DNS_NAMING_COMMON
        && !sim_dns_resolver_of(dns, sim_dns_name_of(dns, client))->sends_subnet) {
        dns->counts.updates++;
        dns->counts.refused++;
        if (effective_ns != NULL) {
            *effective_ns = now_ns + dns->update_delay_ns;
        }
        return HB_ERR_UNSUPPORTED;
    }
    uint16_t ttl_index = 0;
    uint32_t ttl_ms = (uint32_t)llround(fmin(fmax(ttl_s * 1e3, 1.0), 4e9));
    if (site != SIM_DNS_ANYCAST && site >= SIM_DNS_SITES_MAX) {
        return HB_ERR_RANGE;
    }
    if (!note_ttl(dns, ttl_ms, &ttl_index)) {
        return HB_ERR_FULL;
    }
    struct sim_dns_one next = { .ttl_index = ttl_index,
        .site = site == SIM_DNS_ANYCAST ? SIM_DNS_NOWHERE : (uint16_t)site };
    dns->counts.updates++;
    dns->serial++;
    struct sim_dns_range names = sim_dns_names_of(dns, client);
    for (uint32_t i = names.first; i < names.end; i++) {
        change(dns, &dns->names[i], next, now_ns);
    }
    if (effective_ns != NULL) { /* when all servers have it */
        bool is_held = dns->is_down || now_ns > HB_NEVER_NS - dns->update_delay_ns;
        *effective_ns = is_held ? HB_NEVER_NS
                                : now_ns + sim_dns_lag_max_ns(dns, dns->serial, now_ns);
    }
    return HB_OK;
}

enum hb_status sim_dns_clear(struct sim_dns *dns, uint32_t client, int64_t now_ns,
    int64_t *effective_ns)
{
    return sim_dns_point(dns, client, SIM_DNS_ANYCAST, dns->ttl_ms[0] * 1e-3, now_ns,
        effective_ns);
}

/* The client came while its resolver was down, and still is. */
static bool is_without(const struct sim_dns *dns, uint32_t client)
{
    return sim_dns_is_shared(dns) && (dns->subnets.name_of[client] & SIM_DNS_IS_WITHOUT) != 0;
}

static bool is_on(const struct sim_dns *dns, uint32_t client)
{
    uint32_t flags = sim_dns_is_shared(dns) ? dns->subnets.name_of[client] & SIM_DNS_IS_ON
                                            : dns->names[client].resolver & SIM_DNS_CONNECTED;
    return flags != 0;
}

uint32_t sim_dns_answer(struct sim_dns *dns, uint32_t client, int64_t now_ns)
{
    assert(client < dns->config.client_count);
    struct sim_dns_name *name = sim_dns_name_of(dns, client);
    sim_dns_settle(dns, name, now_ns);
    bool is_failed = (name->resolver & SIM_DNS_IS_FAILED) != 0 || is_without(dns, client);
    return is_failed ? SIM_DNS_FAILED : site_of(name->cached);
}

/* The first try that gets no answer at all. */
static int64_t failing_at_ns(const struct sim_dns *dns, const struct sim_dns_name *name,
    int64_t due_ns)
{
    if (!is_stale_given(dns, name, due_ns)) {
        return due_ns;
    }
    int64_t end_ns = hb_units_after(dns->down_since_ns, dns->config.stale_max_s);
    int64_t step_ns = retry_ns(dns, name, due_ns);
    return due_ns + (end_ns - due_ns + step_ns - 1) / step_ns * step_ns;
}

int64_t sim_dns_visible_at(struct sim_dns *dns, uint32_t client, int64_t now_ns)
{
    assert(client < dns->config.client_count);
    struct sim_dns_name *name = sim_dns_name_of(dns, client);
    sim_dns_settle(dns, name, now_ns);
    if (!is_on(dns, client) || is_without(dns, client)) {
        return HB_NEVER_NS;
    }
    const struct sim_dns_resolver *resolver = sim_dns_resolver_of(dns, name);
    int64_t due_ns = due_at_ns(dns, name);
    bool is_failed = (name->resolver & SIM_DNS_IS_FAILED) != 0;
    if (is_cut_off(dns, resolver)) {
        return is_failed ? HB_NEVER_NS : failing_at_ns(dns, name, due_ns);
    }
    if (is_failed) {
        return due_ns;
    }
    uint16_t seen = name->effective_ns <= due_ns ? name->next.site : name->said.site;
    if (seen != name->cached.site) {
        return due_ns;
    }
    if (name->effective_ns <= due_ns || name->effective_ns == HB_NEVER_NS
        || name->next.site == name->cached.site) {
        return HB_NEVER_NS;
    }
    int64_t cycle_ns = sim_dns_kept_ns(dns, resolver, name->said) + dns->gap_ns;
    int64_t cycles = (name->effective_ns - due_ns + cycle_ns - 1) / cycle_ns;
    return due_ns + cycles * cycle_ns;
}

struct sim_dns_record sim_dns_record(const struct sim_dns *dns, uint32_t client)
{
    assert(client < dns->config.client_count);
    const struct sim_dns_name *name = sim_dns_name_of(dns, client);
    return (struct sim_dns_record) { .site = site_of(name->cached),
        .ttl_ms = dns->ttl_ms[name->cached.ttl_index], .now_site = site_of(name->said),
        .fill_ns = name->fill_ns };
}

struct sim_dns_counts sim_dns_counts(const struct sim_dns *dns)
{
    return dns->counts;
}

bool sim_dns_is_violator(const struct sim_dns *dns, uint32_t client)
{
    return dns->resolvers[sim_dns_resolver(dns, client)].floor_ms > 0;
}

bool sim_dns_serves_stale(const struct sim_dns *dns, uint32_t client)
{
    return dns->resolvers[sim_dns_resolver(dns, client)].serves_stale != 0;
}

uint32_t sim_dns_resolver(const struct sim_dns *dns, uint32_t client)
{
    assert(client < dns->config.client_count);
    return sim_dns_name_of(dns, client)->resolver & SIM_DNS_RESOLVER_MASK;
}

uint32_t sim_dns_region_count(const struct sim_dns *dns)
{
    return dns->config.region_count;
}

size_t sim_dns_bytes(const struct sim_dns *dns)
{
    return sizeof *dns + dns->name_count * sizeof *dns->names
        + dns->resolver_count * sizeof *dns->resolvers + sim_dns_subnets_bytes(dns);
}
