/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/order.h"

#include <assert.h>
#include <string.h>

enum {
    index_bits = 6, /* of a guessed key: index and leading bits of the instant */
    word_bits = 25,
    lanes = 8,
    bins_max = 1024, /* > SIM_ORDER_EVEN_MAX, a power of two */
    crowd_max = 12,  /* records in a bin; insertion takes its square */
};

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

/* ---- many records, evenly spread ---- */

/* bins [bucket.count] of the records, the latest instants in bin 0, and how
 * many are in each of counts [bin_count], zero before. */
static void fill_bins(const struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_order_span span, uint16_t *bins, uint16_t *counts)
{
    uint32_t bin_bits = sim_order_bit_length(bucket.count);
    uint32_t shift = span.bits > bin_bits ? span.bits - bin_bits : 0;
    uint32_t bin_last = (1U << bin_bits) - 1;
    struct sim_bucket_walk walk = sim_bucket_walk_of(pool, bucket);
    while (sim_bucket_walk_on(pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            uint64_t bin = (sim_bucket_read(&walk, i).at - span.start) >> shift;
            assert(bin <= bin_last);
            *bins = (uint16_t)(bin_last - bin);
            counts[*bins++]++;
        }
    }
}

/* Turns counts [count] into the place of each bin's first; returns the greatest. */
static uint32_t place_bins(uint16_t *counts, uint32_t count)
{
    uint32_t place = 0, crowd = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t here = counts[i];
        crowd = here > crowd ? here : crowd;
        counts[i] = (uint16_t)place;
        place += here;
    }
    return crowd;
}

/* Has all records [count] a gap apart latest first, by insertion. */
static inline void insert_by(struct sim_bucket_record *records, uint32_t count, uint32_t gap)
{
    for (uint32_t k = gap; k < count; k++) {
        struct sim_bucket_record record = records[k];
        uint32_t i = k;
        for (; i >= gap && sim_bucket_is_before(&records[i - gap], &record); i -= gap) {
            records[i] = records[i - gap];
        }
        records[i] = record;
    }
}

/* A bin takes a record or less on average; insertion does the rest. */
bool sim_order_even(struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_order_span span, struct sim_bucket_record *sorted)
{
    uint16_t bins[SIM_ORDER_EVEN_MAX], places[bins_max];
    assert(bucket.count <= SIM_ORDER_EVEN_MAX);
    uint32_t bin_count = 1U << sim_order_bit_length(bucket.count);
    memset(places, 0, bin_count * sizeof(places[0]));
    fill_bins(pool, bucket, span, bins, places);
    if (place_bins(places, bin_count) > crowd_max) {
        return false;
    }
    const uint16_t *bin = bins;
    struct sim_bucket_walk walk = sim_bucket_walk_of(pool, bucket);
    while (sim_bucket_walk_on(pool, &walk)) {
        for (uint32_t i = 0; i < walk.count; i++) {
            sorted[places[*bin++]++] = sim_bucket_load(sim_bucket_walk_slot(&walk, i));
        }
        sim_bucket_give_block(pool, walk.block);
    }
    insert_by(sorted, bucket.count, 1);
    return true;
}

/* ---- many records, crowded ---- */

/* Shell's sort, CACM 2(7), 1959; gaps of Ciura, FCT 2001. */
void sim_order_any(struct sim_bucket_pool *pool, struct sim_bucket bucket,
    struct sim_bucket_record *sorted)
{
    static const uint32_t gaps[] = { 301, 132, 57, 23, 10, 4, 1 };
    sim_bucket_drain(pool, bucket, sorted);
    for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
        insert_by(sorted, bucket.count, gaps[g]);
    }
}
