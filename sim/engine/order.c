/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/order.h"

enum { index_bits = 6, word_bits = 25, lanes = 8 };

/* What the order is guessed from: the leading bits of the instants (of the
 * tags, if all share one instant), made unique by the index. */
static void guess_keys(const struct sim_bucket_record *records, uint32_t count, int32_t *keys)
{
    uint64_t at_min = UINT64_MAX, at_max = 0, tag_min = UINT64_MAX, tag_max = 0;
    for (uint32_t i = 0; i < count; i++) {
        at_min = records[i].at < at_min ? records[i].at : at_min;
        at_max = records[i].at > at_max ? records[i].at : at_max;
        tag_min = records[i].tag < tag_min ? records[i].tag : tag_min;
        tag_max = records[i].tag > tag_max ? records[i].tag : tag_max;
    }
    bool by_tag = at_min == at_max;
    uint64_t start = by_tag ? tag_min : at_min;
    uint32_t bits = sim_order_bit_length((by_tag ? tag_max : at_max) - start);
    uint32_t shift = bits > word_bits ? bits - word_bits : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = (by_tag ? records[i].tag : records[i].at) - start;
        keys[i] = (int32_t)(word >> shift << index_bits | i);
    }
}

/* Counts for each record how many are later by the guess: more comparisons
 * than a sort makes, but eight at a time and none that a processor can predict
 * wrongly. What the guess could not tell, insertion then puts right. */
void sim_order_latest_first(const struct sim_bucket_record *records, uint32_t count,
    uint8_t *order)
{
    int32_t keys[SIM_ORDER_MAX + lanes];
    assert(count <= SIM_ORDER_MAX);
    guess_keys(records, count, keys);
    uint32_t padded = (count + lanes - 1) / lanes * lanes;
    for (uint32_t i = count; i < padded; i++) {
        keys[i] = -1; /* later than none */
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t later_count = 0;
        for (uint32_t j = 0; j < padded; j++) {
            later_count += keys[j] > keys[i];
        }
        order[later_count] = (uint8_t)i;
    }
    for (uint32_t k = 1; k < count; k++) {
        uint8_t index = order[k];
        uint32_t i = k;
        for (; i > 0 && sim_bucket_is_before(&records[order[i - 1]], &records[index]); i--) {
            order[i] = order[i - 1];
        }
        order[i] = index;
    }
}
