/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "sim/engine/draw.h"
#include "sim/net/dns_impl.h"

/* Who shares a record, and a cached answer. A resolver that sends the client's subnet
 * (RFC 7871) keeps an answer for each subnet, and the authoritative servers tell no
 * more than subnets apart: a record a subnet, and for each resolver of its clients
 * a name of it. A client whose resolver sends none has a name to itself. */

struct member {
    uint64_t subnet; /* beyond all drawn: of a client whose resolver sends none */
    uint32_t resolver, client;
};

static int by_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->subnet != y->subnet) {
        return x->subnet < y->subnet ? -1 : 1;
    }
    if (x->resolver != y->resolver) {
        return x->resolver < y->resolver ? -1 : 1;
    }
    return x->client < y->client ? -1 : 1;
}

static uint32_t region_of(const struct sim_dns_config *config, const uint32_t *client_regions,
    uint32_t client)
{
    uint32_t region = client_regions == NULL ? 0 : client_regions[client];
    return region < config->region_count ? region : config->region_count;
}

/* counts [region_count + 1]: the clients of each region, then the subnets. */
static void count_subnets(const struct sim_dns_config *config, const uint32_t *client_regions,
    uint32_t *counts)
{
    for (uint32_t c = 0; c < config->client_count; c++) {
        counts[region_of(config, client_regions, c)]++;
    }
    for (uint32_t region = 0; region <= config->region_count; region++) {
        uint32_t clients = counts[region];
        counts[region] = clients / config->subnet_clients
            + (clients % config->subnet_clients > 0 ? 1u : 0u);
    }
}

static void draw_members(const struct sim_dns *dns, const uint32_t *client_regions,
    const uint32_t *counts, const uint32_t *resolvers, struct member *members)
{
    const struct sim_dns_config *config = &dns->config;
    for (uint32_t c = 0; c < config->client_count; c++) {
        struct sim_stream draws = sim_stream_of(config->seed, SIM_STREAM_RESOLVER,
            UINT64_C(2) << 32 | c);
        uint32_t region = region_of(config, client_regions, c);
        uint64_t subnet
            = (uint64_t)region << 32 | sim_draw_below(&draws, counts[region]);
        bool is_sent = dns->resolvers[resolvers[c]].sends_subnet != 0;
        members[c] = (struct member){ .subnet = is_sent ? subnet : UINT64_C(1) << 63 | c,
            .resolver = resolvers[c], .client = c };
    }
    qsort(members, config->client_count, sizeof *members, by_name);
}

/* Numbers names and subnets in the order of members; returns how many names there are. */
static uint32_t number_names(struct sim_dns_subnets *subnets, const struct member *members,
    uint32_t count)
{
    uint32_t names = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_new_subnet = i == 0 || members[i].subnet != members[i - 1].subnet;
        if (is_new_subnet) {
            subnets->first_name[subnets->subnet_count++] = names;
        }
        if (is_new_subnet || members[i].resolver != members[i - 1].resolver) {
            subnets->shares[names++] = (struct sim_dns_share){ .first_client = i,
                .subnet = subnets->subnet_count - 1 };
        }
        subnets->name_of[members[i].client] = names - 1;
        subnets->clients[i] = members[i].client;
    }
    subnets->first_name[subnets->subnet_count] = names;
    subnets->shares[names] = (struct sim_dns_share){ .first_client = count,
        .subnet = subnets->subnet_count };
    return names;
}

enum hb_status sim_dns_subnets_create(struct sim_dns *dns, const uint32_t *client_regions,
    const uint32_t *resolvers)
{
    uint32_t clients = dns->config.client_count;
    struct sim_dns_subnets *subnets = &dns->subnets;
    uint32_t *counts = calloc(dns->config.region_count + 1, sizeof *counts);
    struct member *members = malloc(clients * sizeof *members);
    subnets->name_of = malloc(clients * sizeof *subnets->name_of);
    subnets->clients = malloc(clients * sizeof *subnets->clients);
    subnets->first_name = malloc((clients + UINT64_C(1)) * sizeof *subnets->first_name);
    subnets->shares = malloc((clients + UINT64_C(1)) * sizeof *subnets->shares);
    bool is_made = counts != NULL && members != NULL && subnets->name_of != NULL
        && subnets->clients != NULL && subnets->first_name != NULL && subnets->shares != NULL;
    if (is_made) {
        count_subnets(&dns->config, client_regions, counts);
        draw_members(dns, client_regions, counts, resolvers, members);
        dns->name_count = number_names(subnets, members, clients);
    }
    free(members);
    free(counts);
    return is_made ? HB_OK : HB_ERR_MEMORY;
}

void sim_dns_subnets_free(struct sim_dns_subnets *subnets)
{
    free(subnets->shares);
    free(subnets->first_name);
    free(subnets->clients);
    free(subnets->name_of);
}

size_t sim_dns_subnets_bytes(const struct sim_dns *dns)
{
    const struct sim_dns_subnets *subnets = &dns->subnets;
    return !sim_dns_is_shared(dns) ? 0
        : dns->config.client_count * (sizeof *subnets->name_of + sizeof *subnets->clients)
            + subnets->subnet_count * sizeof *subnets->first_name
            + dns->name_count * sizeof *subnets->shares;
}

struct sim_dns_range sim_dns_names_of(const struct sim_dns *dns, uint32_t client)
{
    if (!sim_dns_is_shared(dns)) {
        return (struct sim_dns_range){ client, client + 1 };
    }
    const struct sim_dns_subnets *subnets = &dns->subnets;
    uint32_t subnet = subnets->shares[subnets->name_of[client] & SIM_DNS_NAME_MASK].subnet;
    return (struct sim_dns_range){ subnets->first_name[subnet], subnets->first_name[subnet + 1] };
}

struct sim_dns_neighbours sim_dns_neighbours(const struct sim_dns *dns, uint32_t client)
{
    if (!sim_dns_is_shared(dns)) {
        return (struct sim_dns_neighbours){ .clients = NULL };
    }
    struct sim_dns_range names = sim_dns_names_of(dns, client);
    uint32_t first = dns->subnets.shares[names.first].first_client;
    return (struct sim_dns_neighbours){ .clients = &dns->subnets.clients[first],
        .count = dns->subnets.shares[names.end].first_client - first };
}

bool sim_dns_share_join(struct sim_dns *dns, uint32_t client)
{
    uint32_t *name = &dns->subnets.name_of[client];
    bool is_new = (*name & SIM_DNS_IS_ON) == 0;
    dns->subnets.shares[*name & SIM_DNS_NAME_MASK].connected += is_new;
    *name |= SIM_DNS_IS_ON;
    return is_new;
}

bool sim_dns_share_leave(struct sim_dns *dns, uint32_t client)
{
    uint32_t *name = &dns->subnets.name_of[client];
    bool was_on = (*name & SIM_DNS_IS_ON) != 0;
    dns->subnets.shares[*name & SIM_DNS_NAME_MASK].connected -= was_on;
    *name &= ~(SIM_DNS_IS_ON | SIM_DNS_IS_WITHOUT);
    return was_on;
}

uint32_t sim_dns_askers(const struct sim_dns *dns, const struct sim_dns_name *name)
{
    return sim_dns_is_shared(dns) ? dns->subnets.shares[name - dns->names].connected : 1;
}
