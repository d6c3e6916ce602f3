/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trail.h"

#include <assert.h>

/* A visit is one word: start slot (32 bits, two's complement), place (20), count (11) and
 * whether it is the first of its session (1). */
enum { place_shift = 12, count_shift = 1, place_mask = 0xfffff, count_mask = 0x7ff };

size_t hb_trail_bytes(uint32_t visit_capacity)
{
    return sizeof(struct hb_trail) + (size_t)visit_capacity * sizeof(uint64_t);
}

void hb_trail_init(struct hb_trail *trail, uint32_t visit_capacity)
{
    assert(visit_capacity >= 1);
    *trail = (struct hb_trail) { .visit_capacity = visit_capacity };
}

static uint64_t pack(const struct hb_trail_visit *visit)
{
    return (uint64_t)(uint32_t)visit->start << 32 | (uint64_t)visit->place << place_shift
        | (uint64_t)visit->count << count_shift | (uint64_t)(visit->is_first != 0);
}

static uint64_t *word_of(struct hb_trail *trail, uint32_t i)
{
    uint32_t at = trail->next + trail->visit_capacity - trail->visit_count + i;
    return &trail->visits[at >= trail->visit_capacity ? at - trail->visit_capacity : at];
}

struct hb_trail_visit hb_trail_visit(const struct hb_trail *trail, uint32_t i)
{
    assert(i < trail->visit_count);
    uint32_t at = trail->next + trail->visit_capacity - trail->visit_count + i;
    at = at >= trail->visit_capacity ? at - trail->visit_capacity : at;
    uint64_t word = trail->visits[at];
    return (struct hb_trail_visit) {
        .start = (int32_t)(uint32_t)(word >> 32),
        .place = (uint32_t)(word >> place_shift) & place_mask,
        .count = (uint32_t)(word >> count_shift) & count_mask,
        .is_first = (uint32_t)(word & 1),
    };
}

void hb_trail_add_visit(struct hb_trail *trail, const struct hb_trail_now *visit)
{
    struct hb_trail_visit fresh = {
        .start = visit->slot,
        .place = visit->place > HB_TRAIL_PLACE_MAX ? HB_TRAIL_UNKNOWN : visit->place,
        .count = 1,
        .is_first = visit->is_first,
    };
    trail->visits[trail->next] = pack(&fresh);
    trail->next = trail->next + 1 == trail->visit_capacity ? 0 : trail->next + 1;
    trail->visit_count += trail->visit_count < trail->visit_capacity;
    trail->slots_seen += trail->slots_seen < UINT32_MAX;
}

void hb_trail_add(struct hb_trail *trail, const struct hb_trail_now *slot)
{
    if (!slot->is_first && trail->visit_count > 0) {
        struct hb_trail_visit last = hb_trail_visit(trail, trail->visit_count - 1);
        if (last.place == slot->place && last.count < HB_TRAIL_COUNT_MAX
            && last.start + (int32_t)last.count == slot->slot) {
            last.count++;
            *word_of(trail, trail->visit_count - 1) = pack(&last);
            trail->slots_seen += trail->slots_seen < UINT32_MAX;
            return;
        }
    }
    hb_trail_add_visit(trail, slot);
}

/* A stay of over HB_TRAIL_COUNT_MAX slots is several visits in a row. */
uint32_t hb_trail_dwell(const struct hb_trail *trail, const struct hb_trail_now *now)
{
    uint32_t dwell = 1;
    int32_t begin = now->slot;
    int is_open = !now->is_first;
    for (uint32_t i = trail->visit_count; is_open && i-- > 0;) {
        struct hb_trail_visit visit = hb_trail_visit(trail, i);
        if (visit.place != now->place || visit.start + (int32_t)visit.count != begin) {
            break;
        }
        dwell += visit.count;
        begin = visit.start;
        is_open = !visit.is_first;
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
