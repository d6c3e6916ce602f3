/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_CANDIDATES_IMPL_H
#define HB_CANDIDATES_IMPL_H

/* Shared by candidates.c and candidates_features.c only. */
#include "core/features.h"

/* ThreadSanitizer cannot run before main, where clones are chosen; clang 14 calls
 * them by a name that other files do not know. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) \
    && !defined(__SANITIZE_THREAD__)
#define HB_CANDIDATES_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HB_CANDIDATES_CLONES
#endif

/* One visit as looked at. position counts the slots of the trail, without gaps. */
struct hb_candidates_visit {
    int32_t start; /* slot; of visits before now's any with the same time of day */
    uint32_t place, count, position, session, own; /* own: index into the own places */
    int32_t days16;                                /* 16 x midnights passed */
    uint8_t clock_start, clock_end;                /* local slot of the day, 0..95 */
};

/* What is known of the client's own places; index 0 stands for a place never visited. */
struct hb_candidates_own {
    uint32_t place, slots, visits, last;  /* last: position of the last slot there */
    uint32_t moves[HB_CANDIDATES_KNOTS];  /* from now's place to this, by lag - 1 */
    int32_t hour_halves;                  /* slots about an hour, in halves */
    float score;
};

struct hb_candidates {
    struct hb_candidates_tables tables;
    struct hb_features_hidden hidden; /* by tables.masked */
    uint32_t visit_max, row_max;
    uint64_t stamp; /* of this look, in the upper half */
    uint64_t *own_of, *candidate_of; /* [place_count] stamp | index, if of this look */
    struct hb_candidates_visit *visits; /* [visit_max + 1] */
    struct hb_candidates_own *owns;     /* [visit_max + 2] */
    uint64_t *keys;      /* [max(visit_max, row_max) + 2] to select by */
    uint8_t hour_sums[24][97]; /* halves before a slot of the day, by hour */
    /* The look. */
    struct hb_trail_now now;
    const struct hb_candidates_counts *own_counts;
    uint32_t own_row; /* of now's place in own_counts; HB_NONE: none */
    uint32_t visit_count, own_count, slot_total, slots_seen, dwell;
    uint32_t before[2], clock; /* local slot of the week x, see clock_of */
    uint32_t own_totals[HB_CANDIDATES_KNOTS], others_totals[HB_CANDIDATES_KNOTS];
    float east_km, north_km, jump_km; /* last displacement */
    uint32_t count; /* of candidates */
    uint32_t places[HB_CANDIDATES_MAX], own_index[HB_CANDIDATES_MAX];
    /* Per candidate, as floats for the vector units; 0 beyond count. */
    float others_moves[HB_CANDIDATES_KNOTS][HB_CANDIDATES_MAX];
    float own_moves[HB_CANDIDATES_KNOTS][HB_CANDIDATES_MAX];
    float own_slots[HB_CANDIDATES_MAX];
    float fixed[HB_CANDIDATES_FEATURES][HB_CANDIDATES_MAX]; /* those without a horizon */
};

/* Slots since a Sunday midnight in local time, never negative. */
uint32_t hb_candidates_clock(const struct hb_candidates_tables *tables, uint32_t place,
    int32_t slot);
/* Row of place, HB_TRAIL_UNKNOWN if there is none. */
uint32_t hb_candidates_row(const struct hb_candidates_counts *counts, uint32_t place);
/* Fills fixed: all features that do not depend on the horizon. */
void hb_candidates_fix(struct hb_candidates *work);

#endif
