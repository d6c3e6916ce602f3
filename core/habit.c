/* SPDX-License-Identifier: Apache-2.0 */
#include "core/habit.h"

#include <assert.h>

unsigned hb_habit_index(const struct hb_habit *habit, uint32_t place)
{
    unsigned i = 0;
    while (i < HB_HABIT_PLACES && (habit->visits[i] == 0 || habit->places[i] != place)) {
        i++;
    }
    return i;
}

static void forget_moves_of(struct hb_habit *habit, unsigned index)
{
    for (int i = 0; i < HB_HABIT_MOVES; i++) {
        if (habit->from_to[i] >> 4 == index || (habit->from_to[i] & 15) == index) {
            for (int step = 0; step < HB_HISTORY_STEPS; step++) {
                habit->counts[i][step] = 0;
            }
        }
    }
}

void hb_habit_visit(struct hb_habit *habit, uint32_t place)
{
    unsigned index = hb_habit_index(habit, place);
    if (index == HB_HABIT_PLACES) {
        index = 0;
        for (unsigned i = 1; i < HB_HABIT_PLACES; i++) {
            index = habit->visits[i] < habit->visits[index] ? i : index;
        }
        forget_moves_of(habit, index);
        habit->places[index] = place;
        habit->visits[index] = 0;
    }
    if (habit->visits[index] == UINT16_MAX) {
        for (int i = 0; i < HB_HABIT_PLACES; i++) {
            habit->visits[i] = (uint16_t)((habit->visits[i] + 1) / 2);
        }
    }
    habit->visits[index]++;
}

static unsigned total_of(const struct hb_habit *habit, int move)
{
    unsigned total = 0;
    for (int step = 0; step < HB_HISTORY_STEPS; step++) {
        total += habit->counts[move][step];
    }
    return total;
}

static int rarest_of(const struct hb_habit *habit)
{
    int rarest = 0;
    for (int i = 1; i < HB_HABIT_MOVES; i++) {
        rarest = total_of(habit, i) < total_of(habit, rarest) ? i : rarest;
    }
    return rarest;
}

/* All moves from one place together, so that their shares stay. */
static void fade(struct hb_habit *habit, unsigned from)
{
    for (int i = 0; i < HB_HABIT_MOVES; i++) {
        for (int step = 0; habit->from_to[i] >> 4 == from && step < HB_HISTORY_STEPS; step++) {
            habit->counts[i][step] /= 2;
        }
    }
}

void hb_habit_move(struct hb_habit *habit, unsigned step, uint32_t from, uint32_t to)
{
    assert(step < HB_HISTORY_STEPS);
    unsigned a = hb_habit_index(habit, from), b = hb_habit_index(habit, to);
    if (a == HB_HABIT_PLACES || b == HB_HABIT_PLACES) {
        return;
    }
    uint8_t key = (uint8_t)(a << 4 | b);
    int move = 0;
    while (move < HB_HABIT_MOVES && (habit->from_to[move] != key || total_of(habit, move) == 0)) {
        move++;
    }
    if (move == HB_HABIT_MOVES) {
        move = rarest_of(habit);
        habit->from_to[move] = key;
        for (int i = 0; i < HB_HISTORY_STEPS; i++) {
            habit->counts[move][i] = 0;
        }
    }
    if (habit->counts[move][step] == UINT8_MAX) {
        fade(habit, a);
    }
    habit->counts[move][step]++;
}
