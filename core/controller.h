/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_CONTROLLER_H
#define HB_CONTROLLER_H

#include <stddef.h>

#include "core/cost.h"
#include "core/policy.h"
#include "core/ports.h"
#include "core/telemetry.h"

/* All that a controller is made of. Clients and places are indices below
 * client_capacity and map->place_count. */
struct hb_controller_setup {
    const struct hb_map *map; /* kept for the controller's life */
    struct hb_policy policy;
    struct hb_prices prices;
    struct hb_service service;
    uint32_t client_capacity;
    uint32_t has_predictor; /* 1: ports->predict is answered */
};

struct hb_controller;

/* Sizes every table; nothing is allocated afterwards. *ports is copied.
 *   HB_ERR_RANGE        policy, prices, service or capacity (1..2^28) out of range; of the map:
 *                       counts (of sites below 2^28), coordinates, RTTs and price factors
 *                       (each finite, >= 0)
 *   HB_ERR_UNSUPPORTED  predictive without a predictor
 *   HB_ERR_MEMORY */
HB_API enum hb_status hb_controller_create(const struct hb_controller_setup *setup,
    const struct hb_ports *ports, struct hb_controller **out);
HB_API void hb_controller_free(struct hb_controller *controller);
/* Heap touched so far. */
HB_API size_t hb_controller_bytes(const struct hb_controller *controller);

/* The only way in. Commands go out through the ports during the call. A client
 * counts only after CONSENT with value 1 (it holds until withdrawn); before,
 * it is connected or not, and nothing else is kept of it. Events come in order
 * of at_ns. An event that means nothing in the client's phase, or answers a
 * req that is no longer waited for, changes nothing and is HB_OK.
 *   HB_ERR_RANGE  kind, client, place or site outside the setup; a forecast whose
 *                 confidences are negative or exceed 1 in sum; a value that is not a number
 *                 >= 0 where one is told; at_ns before an earlier event's or 146 years from
 *                 instant 0: nothing has changed */
HB_API enum hb_status hb_controller_handle(struct hb_controller *controller,
    const struct hb_event *event);

/* One client as it stands. Sites are HB_NONE where there is none. */
struct hb_client_view {
    uint32_t phase; /* enum hb_phase */
    uint32_t primary, mirror, spare;
    uint32_t place, served;
    uint64_t epoch; /* of the latest fence sent */
    uint32_t is_connected, has_consent;
};

/* client < client_capacity (asserted). */
HB_API struct hb_client_view hb_controller_client(const struct hb_controller *controller,
    uint32_t client);

/* What the controller believes of a site. site < site_count (asserted). */
HB_API uint32_t hb_controller_site_free(const struct hb_controller *controller, uint32_t site);
HB_API int hb_controller_site_is_up(const struct hb_controller *controller, uint32_t site);

HB_API const char *hb_controller_phase_name(enum hb_phase phase);
HB_API const char *hb_controller_outcome_name(enum hb_outcome outcome);
HB_API const char *hb_controller_reason_text(enum hb_reason reason);
HB_API const char *hb_controller_cause_text(enum hb_cause cause);

#endif
