/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/dns_impl.h"

/* The primary publishes a change at the next multiple of publish_s after
 * update_delay_s. A secondary has it after an exponential transfer time, drawn by
 * (server, serial); or, if the NOTIFY was lost, at its next SOA refresh, whose
 * phase is uniform. */
int64_t sim_dns_lag_ns(const struct sim_dns *dns, uint32_t server, uint64_t serial,
    int64_t now_ns)
{
    const struct sim_dns_config *config = &dns->config;
    int64_t lag_ns = dns->update_delay_ns;
    int64_t publish_ns = hb_units_ns(config->publish_s);
    if (publish_ns > 0) {
        int64_t past_ns = (now_ns + lag_ns) % publish_ns;
        lag_ns += past_ns > 0 ? publish_ns - past_ns : 0;
    }
    if (server == 0) {
        return lag_ns;
    }
    struct sim_stream draws = sim_stream_of(config->seed, SIM_STREAM_DNS,
        (uint64_t)server << 48 | serial);
    double transfer_s = config->transfer_s > 0.0
        ? sim_draw_exponential(&draws, config->transfer_s) : 0.0;
    double polled_s = sim_draw_between(&draws, 0.0, config->refresh_s);
    bool is_lost = sim_draw_chance(&draws, config->notify_loss);
    return lag_ns + hb_units_ns(transfer_s + (is_lost ? polled_s : 0.0));
}

int64_t sim_dns_lag_max_ns(const struct sim_dns *dns, uint64_t serial, int64_t now_ns)
{
    int64_t most_ns = 0;
    for (uint32_t server = 0; server <= dns->config.secondaries; server++) {
        int64_t lag_ns = sim_dns_lag_ns(dns, server, serial, now_ns);
        most_ns = lag_ns > most_ns ? lag_ns : most_ns;
    }
    return most_ns;
}

/* Everybody's state up to now, under the conditions that end here. */
static void settle_all(struct sim_dns *dns, int64_t now_ns)
{
    for (uint32_t i = 0; i < dns->name_count; i++) {
        sim_dns_settle(dns, &dns->names[i], now_ns);
    }
}

void sim_dns_authority_outage(struct sim_dns *dns, bool is_down, int64_t now_ns)
{
    if (dns->is_down == is_down) {
        return;
    }
    settle_all(dns, now_ns);
    dns->is_down = is_down;
    dns->down_since_ns = now_ns;
    for (uint32_t i = 0; !is_down && i < dns->name_count; i++) {
        struct sim_dns_name *name = &dns->names[i];
        if (name->resolver & SIM_DNS_IS_WAITING) {
            name->resolver &= ~SIM_DNS_IS_WAITING;
            name->effective_ns = now_ns
                + sim_dns_lag_ns(dns, sim_dns_resolver_of(dns, name)->server, ++dns->serial,
                    now_ns);
        }
    }
}

void sim_dns_resolver_outage(struct sim_dns *dns, uint32_t region, bool is_down, int64_t now_ns)
{
    assert(region <= dns->config.region_count);
    settle_all(dns, now_ns);
    uint32_t first = region * dns->config.resolvers_per_region;
    for (uint32_t k = 0; k < dns->config.resolvers_per_region; k++) {
        dns->resolvers[first + k].is_down = is_down;
    }
    for (uint32_t i = 0; !is_down && sim_dns_is_shared(dns) && i < dns->config.client_count; i++) {
        uint32_t resolver = sim_dns_resolver(dns, i);
        bool is_of_these = resolver - first < dns->config.resolvers_per_region;
        dns->subnets.name_of[i] &= is_of_these ? ~SIM_DNS_IS_WITHOUT : UINT32_MAX;
    }
}
