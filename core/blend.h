/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_BLEND_H
#define HB_BLEND_H

#include "core/event.h"

#define HB_BLEND_PLACES 128
#define HB_BLEND_LEVEL_PLACES 24

/* A distribution under construction: shares of named places, and elsewhere. */
struct hb_blend {
    double elsewhere;
    uint32_t count;
    uint32_t places[HB_BLEND_PLACES];
    double shares[HB_BLEND_PLACES];
};

/* What one level of a back-off has counted; lost: seen, but no longer known where. */
struct hb_blend_level {
    uint32_t count;
    double all, lost;
    uint32_t places[HB_BLEND_LEVEL_PLACES];
    double counts[HB_BLEND_LEVEL_PLACES];
};

/* More of place. At most HB_BLEND_PLACES different ones (asserted). */
void hb_blend_add(struct hb_blend *blend, uint32_t place, double share);

/* Count > 0 of a place that the level does not hold yet. */
void hb_blend_level_add(struct hb_blend_level *level, uint32_t place, double count);

/* Witten-Bell: (count(q) + kinds x blend(q)) / (all + kinds), where kinds is how
 * many different places the level has seen (lost ones together are one more).
 * An empty level changes nothing. Source: Witten, Bell, IEEE Trans. Inf. Theory 1991. */
void hb_blend_refine(struct hb_blend *blend, const struct hb_blend_level *level);

/* Writes guesses, best first (the lower place among equals), and the rest as
 * elsewhere; uses the blend up. */
void hb_blend_take(struct hb_blend *blend, struct hb_prediction *out);

#endif
