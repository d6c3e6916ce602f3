/* SPDX-License-Identifier: Apache-2.0 */
#include "core/blend.h"

#include <assert.h>

void hb_blend_add(struct hb_blend *blend, uint32_t place, double share)
{
    uint32_t i = 0;
    while (i < blend->count && blend->places[i] != place) {
        i++;
    }
    if (i == blend->count) {
        assert(blend->count < HB_BLEND_PLACES);
        blend->places[i] = place;
        blend->shares[i] = 0.0;
        blend->count++;
    }
    blend->shares[i] += share;
}

void hb_blend_level_add(struct hb_blend_level *level, uint32_t place, double count)
{
    assert(level->count < HB_BLEND_LEVEL_PLACES);
    level->places[level->count] = place;
    level->counts[level->count] = count;
    level->count++;
    level->all += count;
}

void hb_blend_refine(struct hb_blend *blend, const struct hb_blend_level *level)
{
    double seen = level->all + level->lost;
    if (!(seen > 0.0)) {
        return;
    }
    double kinds = level->count + (level->lost > 0.0 ? 1.0 : 0.0);
    double weight = seen + kinds;
    blend->elsewhere *= kinds / weight;
    for (uint32_t i = 0; i < blend->count; i++) {
        blend->shares[i] *= kinds / weight;
    }
    for (uint32_t i = 0; i < level->count; i++) {
        hb_blend_add(blend, level->places[i], level->counts[i] / weight);
    }
    blend->elsewhere += level->lost / weight;
}

static uint32_t best_of(const struct hb_blend *blend)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < blend->count; i++) {
        if (blend->shares[i] > blend->shares[best]
            || (blend->shares[i] >= blend->shares[best]
                && blend->places[i] < blend->places[best])) {
            best = i;
        }
    }
    return best;
}

void hb_blend_take(struct hb_blend *blend, struct hb_prediction *out)
{
    double left = 1.0;
    out->guess_count = 0;
    while (out->guess_count < HB_GUESS_MAX && blend->count > 0) {
        uint32_t best = best_of(blend), last = blend->count - 1;
        out->guesses[out->guess_count++] = (struct hb_guess){ .place = blend->places[best],
            .confidence = (float)blend->shares[best] };
        left -= blend->shares[best];
        blend->places[best] = blend->places[last];
        blend->shares[best] = blend->shares[last];
        blend->count = last;
    }
    out->elsewhere = (float)(left > 0.0 ? left : 0.0);
}
