/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_FREQUENCY_H
#define HB_FREQUENCY_H

#include "core/predictor.h"

struct hb_frequency_config {
    uint32_t client_capacity;
    uint32_t place_capacity; /* places counted over all clients; 0: 4096 */
};

/* "Goes where it is most": the client's own places by time spent, backed off
 * to everybody's places by the share of time that was spent in new ones. Deaf to the
 * horizon and to the present place. 14 own places a client (the rarest
 * makes room). HB_ERR_RANGE if client_capacity is 0, HB_ERR_MEMORY. */
HB_API enum hb_status hb_frequency_create(const struct hb_frequency_config *config,
    struct hb_predictor **out);

#endif
