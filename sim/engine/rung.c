/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/rung.h"

#include "sim/engine/order.h"

void sim_rung_lay_out(struct sim_rung *rung, const struct sim_rung_layout *layout)
{
    const struct sim_bucket_bounds *bounds = &layout->bounds;
    rung->by_tag = bounds->at_min == bounds->at_max;
    rung->instant = bounds->at_max;
    rung->start = rung->by_tag ? bounds->tag_min : bounds->at_min;
    uint64_t span = (rung->by_tag ? bounds->tag_max : bounds->at_max) - rung->start;
    assert(span > 0); /* no two events have the same key */
    bool is_even = !layout->is_open || rung->by_tag || bounds->distance_mean > span;
    uint64_t typical = is_even ? span : bounds->distance_mean;
    uint64_t reach = typical < span / 4 ? 4 * typical : span;
    uint32_t width_bits = sim_order_bit_length(typical / (layout->count / layout->per_bucket));
    uint32_t reach_bits = sim_order_bit_length(reach);
    uint32_t shift_min = reach_bits > rung->fan_bits ? reach_bits - rung->fan_bits : 0;
    rung->shift = width_bits > shift_min + 1 ? width_bits - 1 : shift_min;
    uint64_t last_max = (UINT64_C(1) << rung->fan_bits) - 1;
    uint64_t last = span >> rung->shift;
    rung->last = last < last_max ? last : last_max;
    rung->turn = rung->last;
    rung->first = 0;
    rung->current = 0;
    rung->laid = layout->count;
    rung->taken = 0;
}

struct sim_bucket_bounds sim_rung_bounds(const struct sim_rung *rung, uint64_t index,
    const struct sim_bucket_pool *pool, uint64_t now)
{
    struct sim_bucket bucket = *sim_rung_bucket(rung, index);
    bool is_whole = bucket.count > rung->laid / 2; /* of one instant, maybe */
    if (index == rung->first || index == rung->last || rung->shift == 0 || is_whole) {
        struct sim_bucket_bounds bounds = sim_bucket_bounds_of(pool, bucket);
        bool is_open_below = index == rung->first && index < rung->last;
        bounds.at_min = is_open_below ? now : bounds.at_min;
        bounds.tag_min = is_open_below ? 0 : bounds.tag_min;
        return bounds;
    }
    uint64_t first = rung->start + (index << rung->shift);
    uint64_t last = first + ((UINT64_C(1) << rung->shift) - 1);
    if (rung->by_tag) {
        return (struct sim_bucket_bounds) { rung->instant, rung->instant, first, last, 0 };
    }
    return (struct sim_bucket_bounds) { first, last, 0, UINT64_MAX, 0 };
}

void sim_rung_slide(struct sim_rung *rung)
{
    assert(!rung->by_tag);
    assert(rung->current > 0);
    struct sim_bucket open = *sim_rung_bucket(rung, rung->last);
    sim_rung_bucket(rung, rung->last)->count = 0;
    rung->first = rung->current - 1; /* taken, maybe spread over finer rungs */
    rung->last = rung->first + (UINT64_C(1) << rung->fan_bits) - 1;
    *sim_rung_bucket(rung, rung->last) = open;
}
