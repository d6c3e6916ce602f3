/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/dns_impl.h"

static const uint32_t resolvers_max = UINT32_C(1) << 24;

void sim_dns_default(struct sim_dns_config *out)
{
    *out = (struct sim_dns_config){
        .region_count = 1,
        .resolvers_per_region = 4,
        .naming = SIM_DNS_NAMING_CLIENT,
        .ecs_share = 0.0,
        .subnet_clients = 1,
        .anycast_ttl_s = 60.0,
        .update_delay_s = 1.0,
        .request_gap_s = 1.0,
        .extend_share = 0.0874, /* of 8,524 resolvers, Bhowmick et al., PAM 2023 */
        .extend_floor_s = 300.0,
        .extend_sigma = 1.0,
        .stagger = true,
        .transfer_s = 1.0,
        .refresh_s = 3600.0,
        .stale_answer_s = 30.0, /* RFC 8767 s. 4 */
        .stale_max_s = 86400.0, /* RFC 8767 s. 5: between one and three days */
        .failure_ttl_s = 5.0,   /* RFC 9520: from 1 s to 5 min; Unbound's is 5 s */
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
        && config->subnet_clients > 0 && config->client_count < SIM_DNS_NAME_MASK
        && is_share(config->ecs_share) && is_share(config->extend_share)
        && is_within(config->anycast_ttl_s, 1.0, 30.0 * day_s)
        && is_within(config->update_delay_s, 0.0, 30.0 * day_s)
        && is_within(config->request_gap_s, 0.0, 30.0 * day_s)
        && is_within(config->extend_floor_s, 0.0, 30.0 * day_s)
        && is_within(config->extend_sigma, 0.0, 10.0)
        && config->secondaries <= SIM_DNS_SECONDARIES_MAX && is_share(config->notify_loss)
        && is_within(config->publish_s, 0.0, day_s) && is_within(config->transfer_s, 0.0, day_s)
        && is_within(config->refresh_s, 1.0, 30.0 * day_s)
        && is_within(config->negative_ttl_s, 0.0, 7.0 * day_s) && is_share(config->stale_share)
        && is_within(config->stale_answer_s, 0.001, day_s)
        && is_within(config->stale_max_s, 0.0, 30.0 * day_s)
        && is_within(config->failure_ttl_s, 0.001, day_s);
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
        struct sim_dns_resolver *resolver = &dns->resolvers[r];
        resolver->floor_ms = extends < config->extend_share
            ? (uint32_t)lround(fmin(fmax(floor_s, 0.001), 4e6) * 1e3) : 0;
        resolver->sends_subnet = subnet < config->ecs_share;
        resolver->server = (uint16_t)sim_draw_below(&draws, config->secondaries + 1);
        resolver->serves_stale = sim_draw_uniform(&draws) < config->stale_share;
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

static enum hb_status place_clients(struct sim_dns *dns, const struct sim_dns_config *config)
{
    uint32_t *resolvers = malloc(config->client_count * sizeof *resolvers);
    if (resolvers == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t c = 0; c < config->client_count; c++) {
        resolvers[c] = chosen_resolver(config, c);
        dns->counts.violator_clients += dns->resolvers[resolvers[c]].floor_ms > 0;
        dns->counts.ecs_clients += dns->resolvers[resolvers[c]].sends_subnet;
    }
    enum hb_status status = HB_OK;
    if (config->naming == SIM_DNS_NAMING_COMMON && config->subnet_clients > 1) {
        status = sim_dns_subnets_create(dns, config->client_regions, resolvers);
    }
    dns->names = status == HB_OK ? calloc(dns->name_count, sizeof *dns->names) : NULL;
    for (uint32_t c = 0; dns->names != NULL && c < config->client_count; c++) {
        *sim_dns_name_of(dns, c) = (struct sim_dns_name){
            .fill_ns = INT64_MIN,
            .effective_ns = HB_NEVER_NS,
            .cached = { .site = SIM_DNS_NOWHERE },
            .said = { .site = SIM_DNS_NOWHERE },
            .resolver = resolvers[c],
        };
    }
    free(resolvers);
    return dns->names == NULL ? HB_ERR_MEMORY : HB_OK;
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
    dns->config = *config;
    dns->config.client_regions = NULL; /* lent for this call */
    /* one more group for clients of no region */
    dns->resolver_count = (config->region_count + 1) * config->resolvers_per_region;
    dns->name_count = config->client_count;
    dns->resolvers = calloc(dns->resolver_count, sizeof *dns->resolvers);
    if (dns->resolvers == NULL) {
        sim_dns_free(dns);
        return HB_ERR_MEMORY;
    }
    dns->gap_ns = hb_units_ns(config->request_gap_s);
    dns->update_delay_ns = hb_units_ns(config->update_delay_s);
    bool is_missing = config->negative_ttl_s > 0.0 && config->naming == SIM_DNS_NAMING_CLIENT;
    dns->ttl_count = 1;
    dns->ttl_ms[0]
        = (uint32_t)lround((is_missing ? config->negative_ttl_s : config->anycast_ttl_s) * 1e3);
    draw_resolvers(dns, config);
    status = place_clients(dns, config);
    if (status != HB_OK) {
        sim_dns_free(dns);
        return status;
    }
    *out = dns;
    return HB_OK;
}

void sim_dns_free(struct sim_dns *dns)
{
    if (dns == NULL) {
        return;
    }
    free(dns->names);
    sim_dns_subnets_free(&dns->subnets);
    free(dns->resolvers);
    free(dns);
}
