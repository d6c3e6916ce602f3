/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_DNS_IMPL_H
#define SIM_NET_DNS_IMPL_H

#include "sim/net/dns.h"

/* Inside the name service: dns_create.c makes it, dns.c answers, dns_authority.c
 * is the authoritative side: how changes spread over its servers, and outages;
 * dns_subnet.c is about who shares a record. */

/* Flags beside a name's resolver. */
#define SIM_DNS_CONNECTED UINT32_C(0x80000000)
#define SIM_DNS_FILLED UINT32_C(0x40000000)
#define SIM_DNS_IS_FAILED UINT32_C(0x20000000)  /* the last look-up got no answer */
#define SIM_DNS_IS_WAITING UINT32_C(0x10000000) /* a change waits for the end of the outage */
#define SIM_DNS_RESOLVER_MASK UINT32_C(0x0fffffff)

/* Flags beside a client's name, where names are shared. */
#define SIM_DNS_IS_ON UINT32_C(0x80000000)      /* the client is connected */
#define SIM_DNS_IS_WITHOUT UINT32_C(0x40000000) /* its resolver was down when it connected */
#define SIM_DNS_NAME_MASK UINT32_C(0x0fffffff)

#define SIM_DNS_NOWHERE UINT16_MAX /* the site of an answer that is none */

/* A record: a site, and its TTL as an index of the few that are in use. */
struct sim_dns_one {
    uint16_t site, ttl_index;
};

/* A name as one resolver has it: a client's own, or that of all clients behind the
 * resolver who send one subnet. */
struct sim_dns_name {
    int64_t fill_ns;      /* last refresh of the cache; while look-ups fail: so that the
                           * next try is when the answer's life and a gap are over */
    int64_t effective_ns; /* when next replaces record; HB_NEVER_NS: nothing pending */
    struct sim_dns_one cached;
    struct sim_dns_one said; /* by the authoritative servers */
    struct sim_dns_one next;
    uint32_t resolver; /* and the flags */
};
_Static_assert(sizeof(struct sim_dns_name) == 32, "a client's name takes 32 bytes");

/* A name that may be shared. Names of one subnet, and clients of one name, are neighbours
 * in their lists; one more at the end closes them. */
struct sim_dns_share {
    uint32_t first_client; /* in sim_dns_subnets.clients */
    uint32_t subnet;
    uint32_t connected;    /* of the name's clients, now */
};

struct sim_dns_subnets {
    uint32_t *name_of;            /* [client_count] and the flags */
    uint32_t *clients;            /* [client_count] by name */
    uint32_t *first_name;         /* [subnet_count + 1] */
    struct sim_dns_share *shares; /* [name_count + 1] */
    uint32_t subnet_count;
};

struct sim_dns_resolver {
    uint32_t floor_ms; /* TTLs are extended to this; 0: honoured */
    uint16_t server;   /* the authoritative one that it asks; 0: the primary */
    uint8_t sends_subnet, serves_stale, is_down;
    int64_t shared_fill_ns; /* of the common name, for clients without an answer of their own */
};

struct sim_dns {
    struct sim_dns_name *names; /* [name_count] */
    struct sim_dns_resolver *resolvers;
    struct sim_dns_subnets subnets; /* all NULL: client i has name i */
    uint32_t name_count;
    struct sim_dns_config config;
    uint32_t resolver_count;
    int64_t gap_ns, update_delay_ns;
    uint32_t ttl_ms[SIM_DNS_TTLS_MAX]; /* the first is that of the answer without a record */
    uint32_t ttl_count;
    uint64_t serial;        /* of the zone */
    bool is_down;           /* the authoritative servers */
    int64_t down_since_ns;
    struct sim_dns_counts counts;
};

static inline struct sim_dns_resolver *sim_dns_resolver_of(const struct sim_dns *dns,
    const struct sim_dns_name *name)
{
    return &dns->resolvers[name->resolver & SIM_DNS_RESOLVER_MASK];
}

static inline bool sim_dns_is_shared(const struct sim_dns *dns)
{
    return dns->subnets.name_of != NULL;
}

static inline struct sim_dns_name *sim_dns_name_of(const struct sim_dns *dns, uint32_t client)
{
    return &dns->names[sim_dns_is_shared(dns) ? dns->subnets.name_of[client] & SIM_DNS_NAME_MASK
                                              : client];
}

/* How long the answer is kept. */
static inline int64_t sim_dns_kept_ns(const struct sim_dns *dns,
    const struct sim_dns_resolver *resolver, struct sim_dns_one answer)
{
    uint32_t ttl_ms = dns->ttl_ms[answer.ttl_index];
    uint32_t kept_ms = ttl_ms > resolver->floor_ms ? ttl_ms : resolver->floor_ms;
    return (int64_t)kept_ms * 1000000;
}

/* dns.c: brings a name up to now_ns. */
void sim_dns_settle(struct sim_dns *dns, struct sim_dns_name *name, int64_t now_ns);

/* dns_subnet.c: who shares what; names [name_count] are made. resolvers [client_count].
 * HB_ERR_MEMORY. */
enum hb_status sim_dns_subnets_create(struct sim_dns *dns, const uint32_t *client_regions,
    const uint32_t *resolvers);
void sim_dns_subnets_free(struct sim_dns_subnets *subnets);
size_t sim_dns_subnets_bytes(const struct sim_dns *dns);
/* The names that hold the client's record: [first, end). */
struct sim_dns_range {
    uint32_t first, end;
};
struct sim_dns_range sim_dns_names_of(const struct sim_dns *dns, uint32_t client);
/* The client is, or is no longer, connected by its shared name; false: so it was already. */
bool sim_dns_share_join(struct sim_dns *dns, uint32_t client);
bool sim_dns_share_leave(struct sim_dns *dns, uint32_t client);
/* How many clients ask by the name: 1 where names are not shared. */
uint32_t sim_dns_askers(const struct sim_dns *dns, const struct sim_dns_name *name);

/* dns_authority.c: from the change with this serial at now_ns to server having it. */
int64_t sim_dns_lag_ns(const struct sim_dns *dns, uint32_t server, uint64_t serial,
    int64_t now_ns);
/* ... and to all servers having it. */
int64_t sim_dns_lag_max_ns(const struct sim_dns *dns, uint64_t serial, int64_t now_ns);

#endif
