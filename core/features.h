/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_FEATURES_H
#define HB_FEATURES_H

#include <stddef.h>

#include "core/candidates.h"

/* What a trained predictor may look at, by name. Each name owns places among the inputs of
 * core/candidates.h; a model may be trained and served without some of them: a masked name's
 * inputs are 0 and the candidates that it brings are not offered, so that it cannot influence
 * an answer. An input that two names own is 0 if either is masked.
 *
 *   name        step     context    of a candidate            candidates
 *   clock       0 1 2    0 1 2      6 16 18                   -
 *   dwell       3        3          -                         -
 *   move        4 5 6 8  4 5 6      11 12 13                  -
 *   observed    7        7 10       -                         -
 *   session     9        -          -                         -
 *   own         -        8 9 11     1 2 3 4 5 6 14 15 17 18   own places
 *   population  -        -          7 8 9 16 17               where others went
 *   neighbours  -        -          -                         places near by
 *   distance    -        -          10 11 19                  -
 *
 * The last four names are slots kept for the feeds of struct hb_context; no input takes them
 * up yet, so a model has them masked (HB_FEATURES_FEEDS) and stays what it is once there are. */
#define HB_FEATURES_LIST(X)                                                                  \
    X(CLOCK, clock) X(DWELL, dwell) X(MOVE, move) X(OBSERVED, observed) X(SESSION, session)  \
    X(OWN, own) X(POPULATION, population) X(NEIGHBOURS, neighbours) X(DISTANCE, distance)    \
    X(TRAFFIC, traffic) X(WEATHER, weather) X(CROWD, crowd) X(TRANSIT, transit)

enum hb_features_name {
#define X(NAME, name) HB_FEATURES_INDEX_##NAME,
    HB_FEATURES_LIST(X)
#undef X
        HB_FEATURES_COUNT
};

/* One bit a name. */
enum hb_features {
#define X(NAME, name) HB_FEATURES_##NAME = 1 << HB_FEATURES_INDEX_##NAME,
    HB_FEATURES_LIST(X)
#undef X
        HB_FEATURES_ALL = (1 << HB_FEATURES_COUNT) - 1,
    HB_FEATURES_FEEDS = HB_FEATURES_TRAFFIC | HB_FEATURES_WEATHER | HB_FEATURES_CROWD
        | HB_FEATURES_TRANSIT
};

/* "clock,own" as bits. HB_ERR_NOT_FOUND: *wrong is where a name begins that there is not. */
HB_API enum hb_status hb_features_parse(const char *text, uint32_t *masked, const char **wrong);

/* Names of the bits set, with commas, in the list's order; cut if bytes is too small. */
#define HB_FEATURES_TEXT_BYTES 128
HB_API void hb_features_text(uint32_t masked, char *text, size_t bytes);

/* Inputs that are 0, bit i for input i. */
struct hb_features_hidden {
    uint32_t step, context, candidate;
};
HB_API struct hb_features_hidden hb_features_hidden(uint32_t masked);

#endif
