/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/dns.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"

/* A connected client's cache is refreshed at fill, fill + cycle, fill + 2 cycle
 * ... with cycle = TTL as the resolver keeps it + gap, and each refresh takes
 * over what the authoritative servers say at that instant. Between two calls at
 * most one change becomes effective, so `settle` jumps over whole cycles. */

#define CONNECTED UINT32_C(0x80000000)
#define FILLED UINT32_C(0x40000000)
#define RESOLVER_MASK UINT32_C(0x3fffffff)

static const uint32_t resolvers_max = UINT32_C(1) << 24;

#define ANYCAST UINT16_MAX /* the site of an answer that is none */

/* A record: a site, and its TTL as an index of the few that are in use. */
struct answer {
    uint16_t site, ttl_index;
};

struct client {
    int64_t fill_ns;      /* last refresh of the cache */
    int64_t effective_ns; /* when next replaces what is said; HB_NEVER_NS: nothing pending */
    struct answer cached;
    struct answer said; /* by the authoritative servers */
    struct answer next;
    uint32_t resolver; /* and the two flags */
};
_Static_assert(sizeof(struct client) == 32, "a client's name takes 32 bytes");

struct resolver {
    uint32_t floor_ms;     /* TTLs are extended to this; 0: honoured */
    uint32_t sends_subnet; /* 1 or 0 */
    int64_t shared_fill_ns; /* of the common name, for clients without an answer of their own */
};

struct sim_dns {
    struct client *clients;
    struct resolver *resolvers;
    uint32_t client_count, resolver_count;
    enum sim_dns_naming naming;
    uint64_t seed;
    int64_t gap_ns, update_delay_ns;
    uint32_t ttl_ms[SIM_DNS_TTLS_MAX]; /* the first is the anycast record's */
    uint32_t ttl_count;
    bool stagger;
    struct sim_dns_counts counts;
};

void sim_dns_default(struct sim_dns_config *out)
{
    *out = (struct sim_dns_config){
        .region_count = 1,
        .resolvers_per_region = 4,
        .naming = SIM_DNS_NAMING_CLIENT,
        .ecs_share = 0.0,
        .anycast_ttl_s = 60.0,
        .update_delay_s = 1.0,
        .request_gap_s = 1.0,
        .extend_share = 0.0874, /* of 8,524 resolvers, Bhowmick et al., PAM 2023 */
        .extend_floor_s = 300.0,
        .extend_sigma = 1.0,
        .stagger = true,
    };
}

static bool is_share(double x)
{
    return x >= 0.0 && x <= 1.0;
}

static bool is_within(double x, double low, double high)
{
    return x >= low && x <= high;
}

static enum hb_status checked(const struct sim_dns_config *config)
{
    static const double day_s = 86400.0;
    bool is_good = config->client_count > 0 && config->region_count > 0
        && config->resolvers_per_region > 0
        && config->region_count < resolvers_max / config->resolvers_per_region
        && is_share(config->ecs_share) && is_share(config->extend_share)
        && is_within(config->anycast_ttl_s, 1.0, 30.0 * day_s)
        && is_within(config->update_delay_s, 0.0, 30.0 * day_s)
        && is_within(config->request_gap_s, 0.0, 30.0 * day_s)
        && is_within(config->extend_floor_s, 0.0, 30.0 * day_s)
        && is_within(config->extend_sigma, 0.0, 10.0);
    return is_good ? HB_OK : HB_ERR_RANGE;
}

static void draw_resolvers(struct sim_dns *dns, const struct sim_dns_config *config)
{
    for (uint32_t r = 0; r < dns->resolver_count; r++) {
        struct sim_stream draws = sim_stream_of(config->seed, SIM_STREAM_RESOLVER,
            UINT64_C(1) << 32 | r);
        double extends = sim_draw_uniform(&draws), subnet = sim_draw_uniform(&draws);
        double floor_s = sim_draw_lognormal(&draws, 1.0, config->extend_sigma)
            * config->extend_floor_s;
        struct resolver *resolver = &dns->resolvers[r];
        resolver->floor_ms = extends < config->extend_share
            ? (uint32_t)lround(fmin(fmax(floor_s, 0.001), 4e6) * 1e3) : 0;
        resolver->sends_subnet = subnet < config->ecs_share;
        resolver->shared_fill_ns = INT64_MIN;
    }
}

/* Zipf with exponent 1 over the region's resolvers: the k-th has weight 1/k. */
static uint32_t chosen_resolver(const struct sim_dns_config *config, uint32_t client)
{
    struct sim_stream draws = sim_stream_of(config->seed, SIM_STREAM_RESOLVER, client);
    double sum = 0.0;
    for (uint32_t k = 0; k < config->resolvers_per_region; k++) {
        sum += 1.0 / (k + 1.0);
    }
    double left = sim_draw_uniform(&draws) * sum;
    uint32_t chosen = 0;
    while (chosen + 1 < config->resolvers_per_region && left >= 1.0 / (chosen + 1.0)) {
        left -= 1.0 / (chosen + 1.0);
        chosen++;
    }
    uint32_t region = config->client_regions == NULL ? 0 : config->client_regions[client];
    region = region < config->region_count ? region : config->region_count;
    return region * config->resolvers_per_region + chosen;
}

static void place_clients(struct sim_dns *dns, const struct sim_dns_config *config)
{
    for (uint32_t c = 0; c < dns->client_count; c++) {
        dns->clients[c] = (struct client){
            .fill_ns = INT64_MIN,
            .effective_ns = HB_NEVER_NS,
            .cached = { .site = ANYCAST },
            .said = { .site = ANYCAST },
            .resolver = chosen_resolver(config, c),
        };
        const struct resolver *resolver = &dns->resolvers[dns->clients[c].resolver];
        dns->counts.violator_clients += resolver->floor_ms > 0;
        dns->counts.ecs_clients += resolver->sends_subnet;
    }
}

enum hb_status sim_dns_create(const struct sim_dns_config *config, struct sim_dns **out)
{
    enum hb_status status = checked(config);
    if (status != HB_OK) {
        return status;
    }
    struct sim_dns *dns = calloc(1, sizeof *dns);
    if (dns == NULL) {
        return HB_ERR_MEMORY;
    }
    dns->client_count = config->client_count;
    /* one more group for clients of no region */
    dns->resolver_count = (config->region_count + 1) * config->resolvers_per_region;
    dns->clients = calloc(dns->client_count, sizeof *dns->clients);
    dns->resolvers = calloc(dns->resolver_count, sizeof *dns->resolvers);
    if (dns->clients == NULL || dns->resolvers == NULL) {
        sim_dns_free(dns);
        return HB_ERR_MEMORY;
    }
    dns->naming = config->naming;
    dns->seed = config->seed;
    dns->gap_ns = hb_units_ns(config->request_gap_s);
    dns->update_delay_ns = hb_units_ns(config->update_delay_s);
    dns->ttl_ms[0] = (uint32_t)lround(config->anycast_ttl_s * 1e3);
    dns->ttl_count = 1;
    dns->stagger = config->stagger;
    draw_resolvers(dns, config);
    place_clients(dns, config);
    *out = dns;
    return HB_OK;
}

void sim_dns_free(struct sim_dns *dns)
{
    if (dns == NULL) {
        return;
    }
    free(dns->resolvers);
    free(dns->clients);
    free(dns);
}

static struct resolver *resolver_of(struct sim_dns *dns, const struct client *client)
{
    return &dns->resolvers[client->resolver & RESOLVER_MASK];
}

static int64_t kept_ns(const struct sim_dns *dns, const struct resolver *resolver,
    struct answer answer)
{
    uint32_t ttl_ms = dns->ttl_ms[answer.ttl_index];
    uint32_t kept_ms = ttl_ms > resolver->floor_ms ? ttl_ms : resolver->floor_ms;
    return (int64_t)kept_ms * HB_NS_PER_MS;
}

/* count lookups, the last at at_ns. An answer of the client's own comes from
 * the authoritative servers each time; the common name's is in the cache of
 * its resolver already if another client asked less than a TTL ago. */
static void count_lookups(struct sim_dns *dns, struct client *client, uint64_t count,
    int64_t at_ns)
{
    struct resolver *resolver = resolver_of(dns, client);
    dns->counts.lookups += count;
    if (dns->naming == SIM_DNS_NAMING_CLIENT || resolver->sends_subnet) {
        dns->counts.misses += count;
        return;
    }
    int64_t kept = kept_ns(dns, resolver, (struct answer) { .site = ANYCAST });
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

static uint32_t site_of(struct answer answer)
{
    return answer.site == ANYCAST ? SIM_DNS_ANYCAST : answer.site;
}

static void take_effect(struct client *client, int64_t now_ns)
{
    if (client->effective_ns <= now_ns) {
        client->said = client->next;
        client->effective_ns = HB_NEVER_NS;
    }
}

static void refresh(struct client *client, int64_t at_ns)
{
    take_effect(client, at_ns);
    client->cached = client->said;
    client->fill_ns = at_ns;
    client->resolver |= FILLED;
}

/* Brings a client up to now_ns: at most three rounds, see the top. */
static void settle(struct sim_dns *dns, struct client *client, int64_t now_ns)
{
    if (client->resolver & CONNECTED) {
        const struct resolver *resolver = resolver_of(dns, client);
        int64_t due_ns = client->fill_ns + kept_ns(dns, resolver, client->cached) + dns->gap_ns;
        while (due_ns <= now_ns) {
            refresh(client, due_ns);
            int64_t cycle_ns = kept_ns(dns, resolver, client->cached) + dns->gap_ns;
            int64_t same_until_ns = client->effective_ns <= now_ns
                ? client->effective_ns - 1 : now_ns;
            int64_t skipped = same_until_ns > due_ns ? (same_until_ns - due_ns) / cycle_ns : 0;
            client->fill_ns += skipped * cycle_ns;
            count_lookups(dns, client, (uint64_t)skipped + 1, client->fill_ns);
            due_ns = client->fill_ns + cycle_ns;
        }
    }
    take_effect(client, now_ns);
}

void sim_dns_connect(struct sim_dns *dns, uint32_t client_index, int64_t now_ns)
{
    assert(client_index < dns->client_count);
    struct client *client = &dns->clients[client_index];
    settle(dns, client, now_ns);
    if (client->resolver & CONNECTED) {
        return;
    }
    const struct resolver *resolver = resolver_of(dns, client);
    bool is_live = (client->resolver & FILLED) != 0
        && client->fill_ns + kept_ns(dns, resolver, client->cached) > now_ns;
    if (!is_live) {
        refresh(client, now_ns);
        count_lookups(dns, client, 1, now_ns);
    }
    if (!is_live && now_ns == 0 && dns->stagger) {
        struct sim_stream draws = sim_stream_of(dns->seed, SIM_STREAM_DNS, client_index);
        int64_t cycle_ns = kept_ns(dns, resolver, client->cached) + dns->gap_ns;
        client->fill_ns = -(int64_t)(sim_draw_uniform(&draws) * (double)cycle_ns);
    }
    client->resolver |= CONNECTED;
}

void sim_dns_disconnect(struct sim_dns *dns, uint32_t client_index, int64_t now_ns)
{
    assert(client_index < dns->client_count);
    struct client *client = &dns->clients[client_index];
    settle(dns, client, now_ns);
    client->resolver &= ~CONNECTED;
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

static void change(struct sim_dns *dns, struct client *client, int64_t now_ns,
    int64_t *effective_ns)
{
    settle(dns, client, now_ns);
    dns->counts.updates++;
    client->effective_ns = now_ns > HB_NEVER_NS - dns->update_delay_ns
        ? HB_NEVER_NS : now_ns + dns->update_delay_ns;
    if (effective_ns != NULL) {
        *effective_ns = client->effective_ns;
    }
}

enum hb_status sim_dns_point(struct sim_dns *dns, uint32_t client_index, uint32_t site,
    double ttl_s, int64_t now_ns, int64_t *effective_ns)
{
    assert(client_index < dns->client_count);
    struct client *client = &dns->clients[client_index];
    if (dns->naming == SIM_DNS_NAMING_COMMON && !resolver_of(dns, client)->sends_subnet) {
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
    change(dns, client, now_ns, effective_ns);
    client->next = (struct answer) { .ttl_index = ttl_index,
        .site = site == SIM_DNS_ANYCAST ? ANYCAST : (uint16_t)site };
    take_effect(client, now_ns);
    return HB_OK;
}

enum hb_status sim_dns_clear(struct sim_dns *dns, uint32_t client_index, int64_t now_ns,
    int64_t *effective_ns)
{
    return sim_dns_point(dns, client_index, SIM_DNS_ANYCAST, dns->ttl_ms[0] * 1e-3, now_ns,
        effective_ns);
}

uint32_t sim_dns_answer(struct sim_dns *dns, uint32_t client_index, int64_t now_ns)
{
    assert(client_index < dns->client_count);
    struct client *client = &dns->clients[client_index];
    settle(dns, client, now_ns);
    return site_of(client->cached);
}

int64_t sim_dns_visible_at(struct sim_dns *dns, uint32_t client_index, int64_t now_ns)
{
    assert(client_index < dns->client_count);
    struct client *client = &dns->clients[client_index];
    settle(dns, client, now_ns);
    if ((client->resolver & CONNECTED) == 0) {
        return HB_NEVER_NS;
    }
    const struct resolver *resolver = resolver_of(dns, client);
    int64_t due_ns = client->fill_ns + kept_ns(dns, resolver, client->cached) + dns->gap_ns;
    uint16_t seen = client->effective_ns <= due_ns ? client->next.site : client->said.site;
    if (seen != client->cached.site) {
        return due_ns;
    }
    if (client->effective_ns <= due_ns || client->effective_ns == HB_NEVER_NS
        || client->next.site == client->cached.site) {
        return HB_NEVER_NS;
    }
    int64_t cycle_ns = kept_ns(dns, resolver, client->said) + dns->gap_ns;
    int64_t cycles = (client->effective_ns - due_ns + cycle_ns - 1) / cycle_ns;
    return due_ns + cycles * cycle_ns;
}

struct sim_dns_counts sim_dns_counts(const struct sim_dns *dns)
{
    return dns->counts;
}

bool sim_dns_is_violator(const struct sim_dns *dns, uint32_t client)
{
    return dns->resolvers[sim_dns_resolver(dns, client)].floor_ms > 0;
}

uint32_t sim_dns_resolver(const struct sim_dns *dns, uint32_t client)
{
    assert(client < dns->client_count);
    return dns->clients[client].resolver & RESOLVER_MASK;
}

size_t sim_dns_bytes(const struct sim_dns *dns)
{
    return sizeof *dns + dns->client_count * sizeof *dns->clients
        + dns->resolver_count * sizeof *dns->resolvers;
}
