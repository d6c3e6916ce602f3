/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_MARKOV_H
#define HB_MARKOV_H

#include "core/predictor.h"

struct hb_markov_config {
    uint32_t client_capacity;
    uint32_t order;            /* 1..3 places of context; 0: 1 */
    uint32_t context_capacity; /* counted over all clients; 0: 16384, or order x places */
    int population_only;       /* 1: a client's own counts are not used */
    int ignores_dwell;         /* 1: the chance to stay knows neither dwell nor hour */
    const struct hb_map *map;  /* for the places' clocks, kept; NULL: all clocks are UTC */
    int64_t unix_epoch_s;      /* calendar of instant 0 */
};

/* Where was who was here, h later: counts of (context, place 15, 30, 45, 60
 * minutes later) on the 15-minute grid, from the client's own moves to
 * everybody's order-k, ..., order-1, down to the client's own places; the chance to
 * stay also knows the dwell so far (semi-Markov) unless told to ignore it. Other horizons
 * are interpolated (beyond 60 min: as at 60). At most 256 bytes a client. HB_ERR_RANGE if
 * client_capacity is 0 or order > 3, HB_ERR_MEMORY. Derivation in markov.c. */
HB_API enum hb_status hb_markov_create(const struct hb_markov_config *config,
    struct hb_predictor **out);

#endif
