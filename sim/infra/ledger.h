/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_LEDGER_H
#define SIM_INFRA_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cost.h"
#include "core/map.h"

/* What bytes were moved for. */
#define SIM_LEDGER_PURPOSE_LIST(X)                                          \
    X(IMAGE, "image") X(STATE, "state") X(STREAM, "stream") X(WASTED, "wasted")

enum sim_ledger_purpose {
#define X(name, text) SIM_LEDGER_PURPOSE_##name,
    SIM_LEDGER_PURPOSE_LIST(X)
#undef X
        SIM_LEDGER_PURPOSE_COUNT
};

/* Countable things that have a price each. */
#define SIM_LEDGER_ITEM_LIST(X)                                             \
    X(DNS_UPDATE, "dns_update") X(ROUTE_UPDATE, "route_update")             \
    X(FAILED_REQUEST, "failed_request") X(BGP_MESSAGE, "bgp_message")

enum sim_ledger_item {
#define X(name, text) SIM_LEDGER_ITEM_##name,
    SIM_LEDGER_ITEM_LIST(X)
#undef X
        SIM_LEDGER_ITEM_COUNT
};

/* Power of one instance by state and of the site it stands on. Watts.
 * sim_ledger_power_default: a server of 95 W idle, 200 W full, 10 W off
 * (SimGrid's example, FACTS) shared by 16 instances: busy 200/16, idle 95/16,
 * standby 10/16 + memory kept (0.375 W a GB, recalled), off 0. */
struct sim_ledger_power {
    double instance_w[HB_POWER_COUNT]; /* 0 <= off <= standby <= idle <= busy */
    double byte_j; /* of network, per byte moved: 0.06 kWh/GB (Aslan 2018, for 2015, R) */
};

void sim_ledger_power_default(struct sim_ledger_power *out);

/* The books of one run. Everything is booked in integers, instance time in
 * microseconds of whole instants, so that totals over sites and over purposes
 * agree exactly and money and energy follow from them at the end.
 * Every booking is entered twice: at its site and in its purpose's account;
 * bytes leave one site (or the registry, HB_NONE) and arrive at another. */
struct sim_ledger;

/* HB_ERR_RANGE: power states or prices not ascending, or negative. HB_ERR_MEMORY.
 * sites [site_count] borrowed for the ledger's life. */
struct sim_ledger_config {
    const struct hb_site *sites;
    uint32_t site_count;
    struct hb_prices prices;
    double bgp_message; /* price of one between two routers; nobody who decides weighs it */
    struct sim_ledger_power power;
};

enum hb_status sim_ledger_create(const struct sim_ledger_config *config, struct sim_ledger **out);
void sim_ledger_free(struct sim_ledger *ledger);

/* An instance at site was in state from from_ns to to_ns (0 <= from <= to). */
void sim_ledger_book_time(struct sim_ledger *ledger, uint32_t site, enum hb_power state,
    int64_t from_ns, int64_t to_ns);
void sim_ledger_book_bytes(struct sim_ledger *ledger, enum sim_ledger_purpose purpose,
    uint32_t from, uint32_t to, uint64_t bytes);
/* site: HB_NONE for what belongs to no site. */
void sim_ledger_book_item(struct sim_ledger *ledger, enum sim_ledger_item item, uint32_t site,
    uint64_t count);

/* What one site, or with HB_NONE everything outside sites, took part in. */
struct sim_ledger_account {
    double instance_s[HB_POWER_COUNT];
    uint64_t in_bytes[SIM_LEDGER_PURPOSE_COUNT], out_bytes[SIM_LEDGER_PURPOSE_COUNT];
    uint64_t items[SIM_LEDGER_ITEM_COUNT];
    double energy_j; /* instances and the bytes that arrived */
    double instance_money, traffic_money, item_money; /* traffic is paid where it arrives */
};

void sim_ledger_site(const struct sim_ledger *ledger, uint32_t site,
    struct sim_ledger_account *out);
/* Of the whole run, from the purposes' accounts (not by adding up sites). */
void sim_ledger_total(const struct sim_ledger *ledger, struct sim_ledger_account *out);

/* The price of one item. */
double sim_ledger_item_price(const struct sim_ledger *ledger, enum sim_ledger_item item);

/* Whether sites and purposes agree to the last microsecond and byte; if not,
 * why [why_bytes] says where. For sim_loop_add_check (ctx = the ledger). */
bool sim_ledger_is_balanced(void *ledger, char *why, size_t why_bytes);

#endif
