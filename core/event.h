/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_EVENT_H
#define HB_EVENT_H

#include <stdint.h>

#include "core/map.h"

/* Everything that can happen to the controller, as one tagged struct.
 * Fields that a kind does not name are zero (client, place, site: HB_NONE).
 *   CONNECTED     client at place, served by site (what anycast gave it)
 *   SEEN          client now at place (on every change of place)
 *   SERVED        client's requests reach site since at_ns (on every change)
 *   DISCONNECTED  client
 *   CONSENT       client; value 1 given, 0 withdrawn
 *   DONE          req ended with result; site; value: see ports.h per command
 *   PREDICTED     req, client; prediction (NULL unless result is OK)
 *   SITE_CAPACITY site has value free slots
 *   SITE_DRAIN    operations take site out of use (value 1) or back (0)
 *   PROBE_ANSWERED, PROBE_MISSED   site; value: RTT in ms of the answer. With the
 *                 req of a probe command, its answer (MISSED: it failed at once;
 *                 no event at all: the time-out tells). req 0: the host watches
 *                 by itself. client, if not HB_NONE: of its instance alone, as
 *                 the site's own supervisor sees it
 *   TIMER         req of the wake_at that is due */
#define HB_EVENT_LIST(X)                                                   \
    X(CONNECTED) X(SEEN) X(SERVED) X(DISCONNECTED) X(CONSENT) X(DONE)      \
    X(PREDICTED) X(SITE_CAPACITY) X(PROBE_ANSWERED) X(PROBE_MISSED) X(TIMER) X(SITE_DRAIN)

enum hb_event_kind {
#define X(name) HB_EVENT_##name,
    HB_EVENT_LIST(X)
#undef X
        HB_EVENT_COUNT
};

/* How a command ended. */
#define HB_RESULT_LIST(X) X(OK) X(FAILED) X(NO_ROOM) X(TIMED_OUT) X(ABORTED)

enum hb_result {
#define X(name) HB_RESULT_##name,
    HB_RESULT_LIST(X)
#undef X
        HB_RESULT_COUNT
};

#define HB_GUESS_MAX 10

/* One place of a forecast and its calibrated probability, 0..1. */
struct hb_guess {
    uint32_t place;
    float confidence;
};

/* Where a client will be horizon_s after the instant of the question: the
 * guess_count likeliest places, best first; elsewhere is the left-over mass. */
struct hb_prediction {
    float horizon_s;
    float elsewhere;
    uint32_t guess_count;
    struct hb_guess guesses[HB_GUESS_MAX];
};

struct hb_event {
    int64_t at_ns;
    uint64_t req; /* 0 where no request is answered */
    const struct hb_prediction *prediction;
    double value;
    uint32_t client, place, site;
    uint16_t kind;   /* enum hb_event_kind */
    uint16_t result; /* enum hb_result */
};

#endif
