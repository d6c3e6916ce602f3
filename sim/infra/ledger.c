/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Instants are cut to whole microseconds before they are subtracted, so the
 * intervals of one instance still add up to its life exactly; 64 bits hold
 * 290,000 instance-years. */

struct entries {
    uint64_t time_us[HB_POWER_COUNT];
    uint64_t in_bytes[SIM_LEDGER_PURPOSE_COUNT], out_bytes[SIM_LEDGER_PURPOSE_COUNT];
    uint64_t items[SIM_LEDGER_ITEM_COUNT];
};

struct sim_ledger {
    struct sim_ledger_config config;
    struct entries *sites; /* [site_count + 1]: the last is outside */
    struct entries total;  /* the purposes' side; in_bytes only */
};

void sim_ledger_power_default(struct sim_ledger_power *out)
{
    static const double per_server = 16.0; /* instances, our choice */
    *out = (struct sim_ledger_power){
        .instance_w = { [HB_POWER_OFF] = 0.0,
            [HB_POWER_STANDBY] = 10.0 / per_server + 0.375 * 0.5, /* half a GB kept */
            [HB_POWER_IDLE] = 95.0 / per_server,
            [HB_POWER_BUSY] = 200.0 / per_server },
        .byte_j = 0.06 * 3.6e6 / 1e9, /* 0.06 kWh per GB */
    };
}

static enum hb_status checked(const struct sim_ledger_config *config)
{
    struct hb_service service;
    struct hb_prices ignored;
    hb_cost_default(&ignored, &service);
    double last_w = 0.0;
    for (int i = 0; i < HB_POWER_COUNT; i++) {
        double w = config->power.instance_w[i];
        if (!(w >= last_w && w <= 1e6)) {
            return HB_ERR_RANGE;
        }
        last_w = w;
    }
    if (!(config->power.byte_j >= 0.0 && config->power.byte_j <= 1.0)
        || !(config->bgp_message >= 0.0 && config->bgp_message <= 1e6)) {
        return HB_ERR_RANGE;
    }
    return hb_cost_check(&config->prices, &service);
}

enum hb_status sim_ledger_create(const struct sim_ledger_config *config, struct sim_ledger **out)
{
    enum hb_status status = checked(config);
    if (status != HB_OK) {
        return status;
    }
    struct sim_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) {
        return HB_ERR_MEMORY;
    }
    ledger->config = *config;
    ledger->sites = calloc((size_t)config->site_count + 1, sizeof *ledger->sites);
    if (ledger->sites == NULL) {
        free(ledger);
        return HB_ERR_MEMORY;
    }
    *out = ledger;
    return HB_OK;
}

void sim_ledger_free(struct sim_ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    free(ledger->sites);
    free(ledger);
}

static struct entries *entries_of(const struct sim_ledger *ledger, uint32_t site)
{
    uint32_t outside = ledger->config.site_count;
    assert(site < outside || site == HB_NONE);
    return &ledger->sites[site == HB_NONE ? outside : site];
}

void sim_ledger_book_time(struct sim_ledger *ledger, uint32_t site, enum hb_power state,
    int64_t from_ns, int64_t to_ns)
{
    assert(from_ns >= 0);
    assert(from_ns <= to_ns);
    uint64_t us = (uint64_t)(to_ns / 1000 - from_ns / 1000);
    entries_of(ledger, site)->time_us[state] += us;
    ledger->total.time_us[state] += us;
}

void sim_ledger_book_bytes(struct sim_ledger *ledger, enum sim_ledger_purpose purpose,
    uint32_t from, uint32_t to, uint64_t bytes)
{
    entries_of(ledger, from)->out_bytes[purpose] += bytes;
    entries_of(ledger, to)->in_bytes[purpose] += bytes;
    ledger->total.in_bytes[purpose] += bytes;
}

void sim_ledger_book_item(struct sim_ledger *ledger, enum sim_ledger_item item, uint32_t site,
    uint64_t count)
{
    entries_of(ledger, site)->items[item] += count;
    ledger->total.items[item] += count;
}

double sim_ledger_item_price(const struct sim_ledger *ledger, enum sim_ledger_item item)
{
    const struct hb_prices *prices = &ledger->config.prices;
    switch (item) {
    case SIM_LEDGER_ITEM_DNS_UPDATE:
        return prices->dns_update;
    case SIM_LEDGER_ITEM_ROUTE_UPDATE:
        return prices->route_update;
    case SIM_LEDGER_ITEM_FAILED_REQUEST:
        return prices->failed_request;
    case SIM_LEDGER_ITEM_BGP_MESSAGE:
        return ledger->config.bgp_message;
    case SIM_LEDGER_ITEM_COUNT:
        break;
    }
    return 0.0;
}

static double traffic_price(const struct hb_prices *prices, enum sim_ledger_purpose purpose,
    double bytes)
{
    return purpose == SIM_LEDGER_PURPOSE_IMAGE ? hb_cost_image(prices, bytes)
        : hb_cost_state(prices, bytes);
}

/* Everything but the money of instances, which depends on the site. */
static void convert(const struct sim_ledger *ledger, const struct entries *entries,
    struct sim_ledger_account *out)
{
    const struct sim_ledger_config *config = &ledger->config;
    *out = (struct sim_ledger_account){ .energy_j = 0.0 };
    for (int i = 0; i < HB_POWER_COUNT; i++) {
        out->instance_s[i] = (double)entries->time_us[i] * 1e-6;
        out->energy_j += out->instance_s[i] * config->power.instance_w[i];
    }
    for (int i = 0; i < SIM_LEDGER_PURPOSE_COUNT; i++) {
        double bytes = (double)entries->in_bytes[i];
        out->in_bytes[i] = entries->in_bytes[i];
        out->out_bytes[i] = entries->out_bytes[i];
        out->energy_j += bytes * config->power.byte_j;
        out->traffic_money += traffic_price(&config->prices, (enum sim_ledger_purpose)i, bytes);
    }
    for (int i = 0; i < SIM_LEDGER_ITEM_COUNT; i++) {
        out->items[i] = entries->items[i];
        out->item_money += (double)entries->items[i]
            * sim_ledger_item_price(ledger, (enum sim_ledger_item)i);
    }
}

static double instance_money(const struct sim_ledger *ledger, uint32_t site)
{
    const struct sim_ledger_config *config = &ledger->config;
    double factor = (double)config->sites[site].price_factor, sum = 0.0;
    for (int i = 0; i < HB_POWER_COUNT; i++) {
        sum += hb_cost_instance(&config->prices, (enum hb_power)i, factor,
            (double)ledger->sites[site].time_us[i] * 1e-6);
    }
    return sum;
}

void sim_ledger_site(const struct sim_ledger *ledger, uint32_t site,
    struct sim_ledger_account *out)
{
    convert(ledger, entries_of(ledger, site), out);
    out->instance_money = site == HB_NONE ? 0.0 : instance_money(ledger, site);
}

void sim_ledger_total(const struct sim_ledger *ledger, struct sim_ledger_account *out)
{
    convert(ledger, &ledger->total, out);
    for (int i = 0; i < SIM_LEDGER_PURPOSE_COUNT; i++) {
        out->out_bytes[i] = out->in_bytes[i];
    }
    for (uint32_t site = 0; site < ledger->config.site_count; site++) {
        out->instance_money += instance_money(ledger, site);
    }
}

static void add(struct entries *sum, const struct entries *one)
{
    for (int i = 0; i < HB_POWER_COUNT; i++) {
        sum->time_us[i] += one->time_us[i];
    }
    for (int i = 0; i < SIM_LEDGER_PURPOSE_COUNT; i++) {
        sum->in_bytes[i] += one->in_bytes[i];
        sum->out_bytes[i] += one->out_bytes[i];
    }
    for (int i = 0; i < SIM_LEDGER_ITEM_COUNT; i++) {
        sum->items[i] += one->items[i];
    }
}

bool sim_ledger_is_balanced(void *ctx, char *why, size_t why_bytes)
{
    const struct sim_ledger *ledger = ctx;
    struct entries sum = { .time_us = { 0 } };
    for (uint32_t site = 0; site <= ledger->config.site_count; site++) {
        add(&sum, &ledger->sites[site]);
    }
    for (int i = 0; i < HB_POWER_COUNT; i++) {
        if (sum.time_us[i] != ledger->total.time_us[i]) {
            (void)snprintf(why, why_bytes, "instance time in power state %d: sites have %llu us, "
                "the purpose %llu", i, (unsigned long long)sum.time_us[i],
                (unsigned long long)ledger->total.time_us[i]);
            return false;
        }
    }
    for (int i = 0; i < SIM_LEDGER_PURPOSE_COUNT; i++) {
        uint64_t total = ledger->total.in_bytes[i];
        if (sum.in_bytes[i] != total || sum.out_bytes[i] != total) {
            (void)snprintf(why, why_bytes, "bytes of purpose %d: %llu sent, %llu arrived, "
                "%llu booked", i, (unsigned long long)sum.out_bytes[i],
                (unsigned long long)sum.in_bytes[i], (unsigned long long)total);
            return false;
        }
    }
    for (int i = 0; i < SIM_LEDGER_ITEM_COUNT; i++) {
        if (sum.items[i] != ledger->total.items[i]) {
            (void)snprintf(why, why_bytes, "items of kind %d: sites have %llu, the purpose %llu",
                i, (unsigned long long)sum.items[i], (unsigned long long)ledger->total.items[i]);
            return false;
        }
    }
    return true;
}
