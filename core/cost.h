/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_COST_H
#define HB_COST_H

#include "core/status.h"

/* The one cost model: policies weigh with it, the simulator's ledger books
 * with it, the clairvoyant optimum minimises it. Money has no currency; the
 * defaults are of the size of US dollars in 2024. */

/* Power states of an instance, cheapest first. */
#define HB_POWER_LIST(X) X(OFF, "off") X(STANDBY, "standby") X(IDLE, "idle") X(BUSY, "busy")

enum hb_power {
#define X(name, text) HB_POWER_##name,
    HB_POWER_LIST(X)
#undef X
        HB_POWER_COUNT
};

/* Prices; 0 means free. hb_cost_default fills in:
 *   request_ms       1e-6   a client's wait; 1e-6 = 3.60 an hour of waiting (our choice)
 *   over_target_request_ms  0, target_ms 0: no extra penalty
 *   hour[]           0, 0.0010, 0.0104, 0.0104: disk alone, then a small
 *                    on-demand virtual machine (list prices of 2024, recalled)
 *   state_gb, image_gb  0.02  traffic between regions (list price of 2024, recalled)
 *   dns_update       4e-7   one query of a hosted zone (recalled)
 *   route_update     1e-4, failed_request 1e-4 (our choice: 100 ms of wait) */
struct hb_prices {
    double request_ms;             /* per request and ms of round trip */
    double target_ms;              /* the penalty starts here */
    double over_target_request_ms; /* on top, per request and ms beyond target_ms */
    double hour[HB_POWER_COUNT];   /* per instance-hour; 0 <= off <= standby <= idle <= busy */
    double state_gb, image_gb;     /* per 1e9 bytes moved */
    double dns_update, route_update, failed_request; /* each */
};

/* What one client's endpoint is, as operations expect it. hb_cost_default:
 * 1 request/s, image 200 MB, state 50 MB, lead 60 s. */
struct hb_service {
    double request_rate_hz; /* of a connected client */
    double image_mb, state_mb;
    double lead_s; /* from decision to being served: provisioning + copy + DNS */
};

HB_API void hb_cost_default(struct hb_prices *prices, struct hb_service *service);

/* HB_ERR_RANGE: a price or size negative or not finite, or the hours not ascending. */
HB_API enum hb_status hb_cost_check(const struct hb_prices *prices,
    const struct hb_service *service);

/* One request of round trip rtt_ms. */
HB_API double hb_cost_request(const struct hb_prices *prices, double rtt_ms);

/* A second of a connected client's requests at rtt_ms. */
HB_API double hb_cost_latency_rate(const struct hb_prices *prices,
    const struct hb_service *service, double rtt_ms);

/* An instance held in a power state; price_factor is the site's. */
HB_API double hb_cost_instance(const struct hb_prices *prices, enum hb_power power,
    double price_factor, double duration_s);

/* bytes of state or image. */
HB_API double hb_cost_state(const struct hb_prices *prices, double bytes);
HB_API double hb_cost_image(const struct hb_prices *prices, double bytes);

/* An instance anew: the image, and idle for service->lead_s until it is of use. */
HB_API double hb_cost_provision(const struct hb_prices *prices, const struct hb_service *service,
    double price_factor);

/* What one mirror costs whatever comes of it: an instance anew at the new site,
 * the state and one DNS update. */
HB_API double hb_cost_mirror(const struct hb_prices *prices, const struct hb_service *service,
    double price_factor);

/* Being served at rtt_ms by a busy instance of a site of that price. */
struct hb_stay {
    double rtt_ms, price_factor;
};

/* Saving per second of being served as `to` instead of as `from` (may be < 0). */
HB_API double hb_cost_saving_rate(const struct hb_prices *prices,
    const struct hb_service *service, struct hb_stay from, struct hb_stay to);

/* Ski rental of a mirror no longer needed: the time on standby after which its
 * rent has reached buy (what it is expected to save); 0 if buy <= 0, INFINITY
 * if standby is free. */
HB_API double hb_cost_standby_s(const struct hb_prices *prices, double price_factor, double buy);

#endif
