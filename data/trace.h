/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TRACE_H
#define DATA_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "core/map.h"

/* What a client is doing during a visit; decides its access technology. */
#define DATA_ACTIVITY_LIST(X)                                              \
    X(UNKNOWN, "unknown") X(HOME, "home") X(WORK, "work")                  \
    X(LEISURE, "leisure") X(WALK, "walk") X(CAR, "car")                    \
    X(TRANSIT, "transit") X(RAIL, "rail") X(AIR, "air")

enum data_activity {
#define X(name, text) DATA_ACTIVITY_##name,
    DATA_ACTIVITY_LIST(X)
#undef X
        DATA_ACTIVITY_COUNT
};

#define DATA_NOWHERE ((UINT32_C(1) << 26) - 1) /* absent: in the air, no fix */

/* The client is at place from start_s (since the trace's epoch) until its
 * next visit starts. 8 bytes. */
struct data_visit {
    uint32_t start_s;
    uint32_t place : 26;   /* index into places, or DATA_NOWHERE */
    uint32_t activity : 6; /* enum data_activity */
};

/* Movement of a population: the generator's output, the importers' output and
 * all that a policy's run reads. Visits of client i are
 * visits[first[i] .. first[i + 1]), strictly increasing in start_s, no two
 * successive ones at the same place with the same activity. */
struct data_trace {
    int64_t epoch_unix_s; /* of second 0 */
    uint32_t end_s;       /* nothing is known after it */
    uint32_t client_count, place_count, region_count;
    const struct hb_place *places;       /* [place_count] */
    const char *const *region_names;     /* [region_count] */
    const uint64_t *first;               /* [client_count + 1] */
    const struct data_visit *visits;
};

#endif
