/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trail.h"

#include <assert.h>

/* A visit is a number of 40 bits, the lowest byte first: place (20 bits), count (11), clock (7),
 * whether it is the first of its session, whether it goes on where the one before ended. */
enum { count_shift = 20, clock_shift = 31, first_shift = 38, next_shift = 39 };
enum { place_mask = 0xfffff, count_mask = 0x7ff, clock_mask = 0x7f };

size_t hb_trail_bytes(uint32_t visit_capacity)
{
    return sizeof(struct hb_trail) + (size_t)visit_capacity * HB_TRAIL_VISIT_BYTES;
}

void hb_trail_init(struct hb_trail *trail, uint32_t visit_capacity)
{
    assert(visit_capacity >= 1);
    assert(visit_capacity <= HB_TRAIL_VISITS_MAX);
    *trail = (struct hb_trail) { .visit_capacity = (uint16_t)visit_capacity };
}

/* Where visit i stands, 0 the oldest. */
static uint32_t ring_at(const struct hb_trail *trail, uint32_t i)
{
    uint32_t capacity = trail->visit_capacity;
    uint32_t at = trail->next + capacity - trail->visit_count + i;
    return (at >= capacity ? at - capacity : at) * HB_TRAIL_VISIT_BYTES;
}

static void put(uint8_t *at, const struct hb_trail_visit *visit)
{
    uint64_t word = (uint64_t)visit->place | (uint64_t)visit->count << count_shift
        | (uint64_t)visit->clock << clock_shift | (uint64_t)(visit->is_first != 0) << first_shift
        | (uint64_t)(visit->is_next != 0) << next_shift;
    for (int i = 0; i < HB_TRAIL_VISIT_BYTES; i++) {
        at[i] = (uint8_t)(word >> 8 * i);
    }
}

struct hb_trail_visit hb_trail_visit(const struct hb_trail *trail, uint32_t i)
{
    assert(i < trail->visit_count);
    const uint8_t *at = &trail->visits[ring_at(trail, i)];
    uint64_t word = at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24
        | (uint64_t)at[4] << 32;
    return (struct hb_trail_visit) {
        .place = (uint32_t)word & place_mask,
        .count = (uint32_t)(word >> count_shift) & count_mask,
        .clock = (uint32_t)(word >> clock_shift) & clock_mask,
        .is_first = (uint32_t)(word >> first_shift) & 1,
        .is_next = (uint32_t)(word >> next_shift),
    };
}

static uint32_t clock_of(int32_t slot)
{
    int32_t rest = slot % HB_TRAIL_DAY_SLOTS;
    return (uint32_t)(rest < 0 ? rest + HB_TRAIL_DAY_SLOTS : rest);
}

static void note_slot(struct hb_trail *trail, int32_t slot)
{
    trail->end_slot = slot + 1;
    trail->slots_seen += trail->slots_seen < UINT32_MAX;
}

void hb_trail_add_visit(struct hb_trail *trail, const struct hb_trail_now *visit)
{
    struct hb_trail_visit fresh = {
        .place = visit->place > HB_TRAIL_PLACE_MAX ? HB_TRAIL_UNKNOWN : visit->place,
        .count = 1,
        .clock = clock_of(visit->slot),
        .is_first = visit->is_first,
        .is_next = trail->visit_count > 0 && trail->end_slot == visit->slot,
    };
    put(&trail->visits[(size_t)trail->next * HB_TRAIL_VISIT_BYTES], &fresh);
    int is_last = trail->next + 1 == trail->visit_capacity;
    trail->next = is_last ? 0 : (uint16_t)(trail->next + 1);
    if (trail->visit_count < trail->visit_capacity) {
        trail->visit_count++;
    }
    note_slot(trail, visit->slot);
}

void hb_trail_add(struct hb_trail *trail, const struct hb_trail_now *slot)
{
    if (!slot->is_first && trail->visit_count > 0) {
        uint32_t latest = trail->visit_count - 1u;
        struct hb_trail_visit last = hb_trail_visit(trail, latest);
        if (last.place == slot->place && last.count < HB_TRAIL_COUNT_MAX
            && trail->end_slot == slot->slot) {
            last.count++;
            put(&trail->visits[ring_at(trail, latest)], &last);
            note_slot(trail, slot->slot);
            return;
        }
    }
    hb_trail_add_visit(trail, slot);
}

/* A stay of over HB_TRAIL_COUNT_MAX slots is several visits in a row. */
uint32_t hb_trail_dwell(const struct hb_trail *trail, const struct hb_trail_now *now)
{
    uint32_t dwell = 1;
    int is_open = !now->is_first && trail->end_slot == now->slot;
    for (uint32_t i = trail->visit_count; is_open && i-- > 0;) {
        struct hb_trail_visit visit = hb_trail_visit(trail, i);
        if (visit.place != now->place) {
            break;
        }
        dwell += visit.count;
        is_open = !visit.is_first && visit.is_next;
    }
    return dwell;
}

uint32_t hb_trail_before(const struct hb_trail *trail, const struct hb_trail_now *now,
    uint32_t back)
{
    assert(back >= 1);
    uint32_t place = now->place;
    int is_open = !now->is_first;
    for (uint32_t i = trail->visit_count; is_open && i-- > 0;) {
        struct hb_trail_visit visit = hb_trail_visit(trail, i);
        back -= visit.place != place;
        if (back == 0) {
            return visit.place;
        }
        place = visit.place;
        is_open = !visit.is_first;
    }
    return HB_TRAIL_UNKNOWN;
}
