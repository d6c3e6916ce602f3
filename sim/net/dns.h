/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_DNS_H
#define SIM_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"

#define SIM_DNS_ANYCAST HB_NONE      /* the answer is the common anycast address */
#define SIM_DNS_FAILED (HB_NONE - 1) /* there is no answer */
#define SIM_DNS_SECONDARIES_MAX 15

/* The names of one run: what the authoritative servers say, what each client's
 * resolver has in its cache, and when the client will see a change. Each
 * connected client asks whenever its answer has expired and a request is due,
 * so its cache is refreshed every TTL + request gap; nothing is simulated in
 * between, all of it follows from the last refresh. 32 bytes a client.
 * Clients who share a subnet share its record, and those of them behind one
 * resolver also its cached answer: the first look-up after it has expired is a
 * miss and serves them all, so they see every change together. */
struct sim_dns;

#define SIM_DNS_SITES_MAX UINT16_MAX /* sites have indices below it */
#define SIM_DNS_TTLS_MAX 64          /* different TTLs of one run */

/* Whose name is asked. */
enum sim_dns_naming {
    SIM_DNS_NAMING_CLIENT, /* each client's own: every resolver can be told apart */
    SIM_DNS_NAMING_COMMON  /* one name for all: only resolvers that send the client's subnet
                            * (ECS, RFC 7871) can be given an answer for one client */
};

struct sim_dns_config {
    uint64_t seed;
    uint32_t client_count;
    const uint32_t *client_regions; /* [client_count], borrowed for create; NULL: one region */
    uint32_t region_count;          /* > 0 */
    uint32_t resolvers_per_region;  /* > 0; clients choose by Zipf's law with exponent 1 */
    enum sim_dns_naming naming;
    double ecs_share;      /* of resolvers that send the client's subnet, 0..1 */
    /* SIM_DNS_NAMING_COMMON: how many clients of a region send the same subnet, in the mean
     * (each chooses one by lot); 1: each has its own. >= 1 */
    uint32_t subnet_clients;
    double anycast_ttl_s;  /* of the record before any point and after clear, >= 1 */
    double update_delay_s; /* from a change to all authoritative servers having it */
    double request_gap_s;  /* mean time between a client's requests */
    /* Resolvers that extend TTLs, 0..1, and what to: their floor is lognormal. */
    double extend_share, extend_floor_s, extend_sigma;
    /* The authoritative side: a primary, and secondaries that are notified (RFC 1996)
     * and transfer the zone, each after an exponential time of its own; a share of the
     * notifications is lost, and the secondary finds out at its SOA refresh. A
     * resolver always asks the same server. Changes are published every publish_s; 0: at once. */
    uint32_t secondaries; /* at most SIM_DNS_SECONDARIES_MAX */
    double publish_s, transfer_s, notify_loss, refresh_s;
    /* Names without a record of their own: 0: they exist and lead to anycast; else they
     * do not (RFC 2308): the answer is negative, is kept this long, and the client
     * goes by the common name meanwhile. SIM_DNS_NAMING_CLIENT only. */
    double negative_ttl_s;
    /* While the authoritative servers are out: the share of resolvers that go on with
     * stale answers (RFC 8767), how long each is kept, and until how long after the
     * outage's begin. The others keep the failure for failure_ttl_s (RFC 2308 s. 7). */
    double stale_share, stale_answer_s, stale_max_s, failure_ttl_s;
    bool stagger; /* clients connected from the start have a refresh in the past */
};

/* Per-client names, 4 resolvers a region, anycast TTL 60 s, update delay 1 s,
 * request gap 1 s, 8.74 % of resolvers extend (PAM 2023) to at least 300 s
 * (median; sigma 1: our choice, the paper's abstract gives no distribution). */
void sim_dns_default(struct sim_dns_config *out);

/* HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status sim_dns_create(const struct sim_dns_config *config, struct sim_dns **out);
void sim_dns_free(struct sim_dns *dns);

/* Outages; begun or ended twice they do nothing. The authoritative servers, all:
 * look-ups that miss the caches fail or are answered stale, changes wait for the end.
 * The resolvers of a region (region_count: of clients without region): their clients'
 * look-ups fail; what a client has it keeps for its TTL. Costs a look at all clients. */
void sim_dns_authority_outage(struct sim_dns *dns, bool is_down, int64_t now_ns);
void sim_dns_resolver_outage(struct sim_dns *dns, uint32_t region, bool is_down, int64_t now_ns);

/* The client looks its name up now if what its resolver has is too old, and
 * goes on doing so until it disconnects. True: neighbours (sim_dns_neighbours) who
 * are connected see what it was told from now on too. */
bool sim_dns_connect(struct sim_dns *dns, uint32_t client, int64_t now_ns);
void sim_dns_disconnect(struct sim_dns *dns, uint32_t client, int64_t now_ns);

/* The clients who share client's record, itself among them; lent for the life of dns. */
struct sim_dns_neighbours {
    const uint32_t *clients; /* [count]; NULL: it has its own, count is 0 */
    uint32_t count;
};
struct sim_dns_neighbours sim_dns_neighbours(const struct sim_dns *dns, uint32_t client);

/* Changes the client's record, and so that of its whole subnet: the last command for
 * one of its clients holds for all; *effective_ns (may be NULL) is when the
 * authoritative servers all answer with it: the DONE of dns_point; HB_NEVER_NS while
 * they are out: then it takes effect some time after the end. A change that is
 * not yet effective is replaced. ttl_s is rounded to milliseconds, 1 ms at least.
 * HB_ERR_RANGE, HB_ERR_FULL: beyond the two maxima above; nothing changes.
 * HB_ERR_UNSUPPORTED: common name, and the client's resolver sends no subnet;
 * nothing changes, and *effective_ns is written all the same. */
enum hb_status sim_dns_point(struct sim_dns *dns, uint32_t client, uint32_t site, double ttl_s,
    int64_t now_ns, int64_t *effective_ns);
enum hb_status sim_dns_clear(struct sim_dns *dns, uint32_t client, int64_t now_ns,
    int64_t *effective_ns);

/* The address that the client's requests go to now: a site, SIM_DNS_ANYCAST, or
 * SIM_DNS_FAILED: its look-up got none.
 * Times must not decrease for a client. */
uint32_t sim_dns_answer(struct sim_dns *dns, uint32_t client, int64_t now_ns);

/* When sim_dns_answer will next change, if nothing else is commanded;
 * HB_NEVER_NS if it will not. A disconnected client sees nothing. */
int64_t sim_dns_visible_at(struct sim_dns *dns, uint32_t client, int64_t now_ns);

/* What happened so far, all clients together, up to each one's last call. */
struct sim_dns_counts {
    uint64_t lookups;       /* by clients, of a name that had expired for them */
    uint64_t misses;        /* of these, that went to the authoritative servers */
    uint64_t updates;       /* point and clear */
    uint64_t negative;      /* lookups answered: no such name (RFC 2308) */
    uint64_t stale;         /* ... with an expired answer (RFC 8767) */
    uint64_t failed;        /* ... not at all */
    uint64_t refused;       /* updates that had no effect, see sim_dns_point */
    uint64_t violator_clients, ecs_clients; /* by their resolver */
};

struct sim_dns_counts sim_dns_counts(const struct sim_dns *dns);

/* The client's answer as it was at its last call, and what the server says. */
struct sim_dns_record {
    uint32_t site, ttl_ms; /* of the answer in the client's cache */
    uint32_t now_site;     /* what the server says now */
    int64_t fill_ns;       /* when the cached answer was looked up */
};
struct sim_dns_record sim_dns_record(const struct sim_dns *dns, uint32_t client);

/* Whether the client's resolver extends TTLs. */
bool sim_dns_is_violator(const struct sim_dns *dns, uint32_t client);
/* Whether it gives stale answers while the authoritative servers are out. */
bool sim_dns_serves_stale(const struct sim_dns *dns, uint32_t client);
uint32_t sim_dns_resolver(const struct sim_dns *dns, uint32_t client);

uint32_t sim_dns_region_count(const struct sim_dns *dns);
size_t sim_dns_bytes(const struct sim_dns *dns);

#endif
