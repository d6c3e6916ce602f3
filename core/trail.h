/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_TRAIL_H
#define HB_TRAIL_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* One client's recent past: its last visits, 5 bytes each, in a ring of fixed
 * size. Time is the 15-minute grid: slot = Unix time / 900 s. A session is a
 * stretch without a gap. Everything that a predictor knows of a client's own
 * habits is worked out from this: of when a visit was it asks only the time of day. */
#define HB_TRAIL_SLOT_S 900
#define HB_TRAIL_PLACE_MAX 0xffffeu /* places are 0..HB_TRAIL_PLACE_MAX */
#define HB_TRAIL_UNKNOWN 0xfffffu   /* some place outside the model's table */
#define HB_TRAIL_COUNT_MAX 2047     /* slots of one visit; longer ones read as this long */
#define HB_TRAIL_DAY_SLOTS 96
#define HB_TRAIL_VISITS_MAX UINT16_MAX
#define HB_TRAIL_VISIT_BYTES 5

struct hb_trail {
    uint16_t visit_capacity, visit_count; /* of the ring */
    uint16_t next;                        /* where the next visit goes */
    uint32_t slots_seen;                  /* ever, saturating; the ring forgets, this does not */
    int32_t end_slot;                     /* the first after the latest visit */
    uint8_t visits[];                     /* packed: see trail.c */
};

/* One visit: so many slots in place, one after the other. */
struct hb_trail_visit {
    uint32_t place; /* HB_TRAIL_UNKNOWN: outside the table */
    uint32_t count;
    uint32_t clock;    /* of its first slot: slot of the day, UTC, 0..95 */
    uint32_t is_first; /* of its session */
    uint32_t is_next;  /* it began in the slot after the visit before */
};

/* The slot that is being looked at, which the trail does not hold yet. */
struct hb_trail_now {
    int32_t slot;
    uint32_t place;
    uint32_t is_observed; /* 0: a filled stay */
    uint32_t is_first;    /* of its session: nothing is known just before */
    uint32_t was_observed; /* the slot before */
};

/* Bytes of a trail of so many visits. */
HB_API size_t hb_trail_bytes(uint32_t visit_capacity);
/* Nothing known. visit_capacity 1..HB_TRAIL_VISITS_MAX. */
HB_API void hb_trail_init(struct hb_trail *trail, uint32_t visit_capacity);

/* The slot is over: it joins the last visit if it goes on there (same place
 * and session, next slot), else begins one, the oldest making room. */
HB_API void hb_trail_add(struct hb_trail *trail, const struct hb_trail_now *slot);
/* The same for a sequence of visits instead of slots (next-place data): never
 * joins, so that counts, ages and transitions are in visits. */
HB_API void hb_trail_add_visit(struct hb_trail *trail, const struct hb_trail_now *visit);

/* Visit i, 0 the oldest. */
HB_API struct hb_trail_visit hb_trail_visit(const struct hb_trail *trail, uint32_t i);

/* Slots in now's place up to and including now. */
HB_API uint32_t hb_trail_dwell(const struct hb_trail *trail, const struct hb_trail_now *now);
/* The back-th place before now's in its session, back 1 or 2; HB_TRAIL_UNKNOWN: none or not
 * in the table. */
HB_API uint32_t hb_trail_before(const struct hb_trail *trail, const struct hb_trail_now *now,
    uint32_t back);

#endif
