/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_HABIT_H
#define HB_HABIT_H

#include "core/history.h"

#define HB_HABIT_PLACES 14
#define HB_HABIT_MOVES 18

/* One client's own places and where it went from them, in 176 bytes: places
 * by the number of grid instants spent there, moves between two of them by the
 * number of times and the steps (15..60 minutes) taken. The rarest makes room;
 * counts are halved when one is full, so habits fade. All zero: nothing known. */
struct hb_habit {
    uint32_t places[HB_HABIT_PLACES];
    uint16_t visits[HB_HABIT_PLACES]; /* 0: free */
    uint8_t from_to[HB_HABIT_MOVES]; /* 16 x from + to, indices of places */
    uint8_t counts[HB_HABIT_MOVES][HB_HISTORY_STEPS]; /* all 0: free */
};

/* A grid instant spent in place. */
void hb_habit_visit(struct hb_habit *habit, uint32_t place);

/* Was in from, and step + 1 grid steps later in to; ignored unless both are
 * among the own places. */
void hb_habit_move(struct hb_habit *habit, unsigned step, uint32_t from, uint32_t to);

/* Index of place, or HB_HABIT_PLACES. */
unsigned hb_habit_index(const struct hb_habit *habit, uint32_t place);

#endif
