/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_PERSISTENCE_H
#define HB_PERSISTENCE_H

#include "core/predictor.h"

/* "Stays where it is": one guess, the place of the last observation. Its
 * confidence is the share of all clients that were in place after this horizon
 * and this dwell so far, counted while observing (0.5 before any count).
 * HB_ERR_RANGE if client_capacity is 0, HB_ERR_MEMORY. */
HB_API enum hb_status hb_persistence_create(uint32_t client_capacity, struct hb_predictor **out);

#endif
