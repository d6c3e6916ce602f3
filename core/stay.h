/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_STAY_H
#define HB_STAY_H

#include <stddef.h>

#include "core/history.h"

/* How likely a client is in the same place 15, 30, 45, 60 minutes later,
 * counted over all clients by the time spent in place so far, by clock, and by place. */
struct hb_stay;

#define HB_STAY_CLOCKS 16 /* three-hour classes, work days then weekends */

/* place_capacity 0: only by dwell and clock. HB_ERR_MEMORY. */
enum hb_status hb_stay_create(uint32_t place_capacity, struct hb_stay **out);
void hb_stay_free(struct hb_stay *stay);
size_t hb_stay_bytes(const struct hb_stay *stay);

/* Who was in place, since a time of class dwell, at clock. step: 0 for 15 minutes .. 3 for 60. */
struct hb_stay_case {
    uint32_t place;
    unsigned step, dwell, clock;
};
void hb_stay_count(struct hb_stay *stay, const struct hb_stay_case *seen, int has_stayed);

/* Share that stayed: of this dwell and clock over all places; of this place
 * over all dwells; and of this place and dwell. All strictly within 0..1. */
struct hb_stay_rates {
    double anywhere, place, here;
};
struct hb_stay_rates hb_stay_rates_of(const struct hb_stay *stay, const struct hb_stay_case *asked);

/* Clock class of local second local_unix_s. */
unsigned hb_stay_clock(int64_t local_unix_s);

#endif
